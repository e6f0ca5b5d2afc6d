"""`clarion key`: API keys, for programs."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer

from clarion.bootstrap import Installation
from clarion.cli.audited import audited
from clarion.cli.base import BadOption, Json, group, moment, show, table, with_database
from clarion.domain.access import Permission
from clarion.services.access import keys
from clarion.store.access.keys import ApiKey

app = group("API keys: what programs sign in with.")


@app.command("list")
def list_all(ctx: typer.Context, json: Json = False) -> None:
    """Every key of the workspace, newest first; also those that have ended."""

    async def work(installed: Installation) -> Sequence[ApiKey]:
        return await keys.list_keys(installed.db, workspace=installed.workspace)

    found = with_database(ctx, work)
    show(
        [_told(each) for each in found],
        lambda: table(
            ("id", "name", "begins with", "scopes", "made", "last used", "ends", "revoked"),
            [
                (
                    each.id,
                    each.name,
                    each.hint,
                    "all" if set(each.scopes) == set(Permission) else " ".join(each.scopes),
                    *(moment(at) for at in (each.created_at, each.used_at, each.expires_at, each.revoked_at)),
                )
                for each in found
            ],
            empty="No key yet: run `clarion key create NAME --scope messages:send`.",
        ),
    )


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    scope: Annotated[
        list[str], typer.Option(help="What it may do, such as messages:send; repeatable. `all`: everything.")
    ],
    expires: Annotated[
        str, typer.Option(help="When it ends by itself, such as 2027-12-31T00:00:00+00:00; default: never.")
    ] = "",
    json: Json = False,
) -> None:
    """Make a key. It is printed once, and cannot be shown again."""
    wanted = list(Permission) if "all" in scope else scope
    ends = _instant(expires) if expires else 0

    async def work(installed: Installation) -> keys.MadeKey:
        async with audited(installed, "create_key", scopes=sorted(scope)) as deed:
            made = await keys.make_key(
                deed.db, workspace=installed.workspace, name=name, scopes=wanted, expires_at=ends
            )
            deed.target = f"key_{made.id}"
            return made

    made = with_database(ctx, work)
    show({"id": made.id, "name": name, "secret": made.secret}, lambda: made.secret)


@app.command()
def revoke(
    ctx: typer.Context,
    key_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="The key's number.")],
    json: Json = False,
) -> None:
    """End a key: no request with it is answered any more, by any process."""

    async def work(installed: Installation) -> None:
        async with audited(installed, "revoke_key", f"key_{key_id}") as deed:
            await keys.revoke_key(deed.db, key_id, workspace=installed.workspace)

    with_database(ctx, work)
    show({"revoked": key_id}, lambda: f"Key {key_id} is revoked.")


def _instant(text: str) -> int:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise BadOption(
            f"--expires {text!r}: write a time with its offset, such as 2027-12-31T00:00:00+00:00."
        )
    return round(read.timestamp()) * 1_000_000


def _told(key: ApiKey) -> dict[str, Any]:
    names = ("created_at", "expires_at", "used_at", "revoked_at")
    return {**asdict(key), **{name: moment(getattr(key, name)) for name in names}}
