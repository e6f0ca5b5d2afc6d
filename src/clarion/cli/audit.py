"""`clarion audit`: who did what, and that nobody changed the record of it."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from clarion.bootstrap import Installation
from clarion.cli.base import Json, found_problems, group, moment, plain, show, table, with_database
from clarion.domain.audit import Entry
from clarion.services.access import auditing
from clarion.services.access.auditing import Verdict

app = group("Who did what, when and from where.")


@app.command("list")
def list_all(
    ctx: typer.Context,
    actor: Annotated[str, typer.Option(help="Only what this one did, such as user:3 or cli.")] = "",
    action: Annotated[str, typer.Option(help="Only this, such as launch_campaign.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most entries.")] = 50,
    json: Json = False,
) -> None:
    """The newest entries of the workspace's log."""

    async def work(installed: Installation) -> Sequence[Entry]:
        return await auditing.list_entries(
            installed.db, workspace=installed.workspace, actor=actor, action=action, limit=limit
        )

    found = with_database(ctx, work)
    show(
        [_told(each) for each in found],
        lambda: table(
            ("no.", "when", "who", "what", "to what", "detail", "from"),
            [
                (
                    each.seq,
                    moment(each.at),
                    each.actor_name or each.actor,
                    each.action,
                    each.target,
                    ", ".join(f"{name} {value}" for name, value in each.detail.items()),
                    each.address,
                )
                for each in found
            ],
            empty="Nothing was done yet.",
        ),
    )


@app.command()
def verify(ctx: typer.Context, json: Json = False) -> None:
    """Walk the log's chain of hashes, and say whether an entry was changed, moved or removed."""

    async def work(installed: Installation) -> Verdict:
        return await auditing.verify(installed.db, workspace=installed.workspace)

    found = with_database(ctx, work)
    show(
        {"intact": found.intact, **plain(found)},
        lambda: (
            f"All {found.entries:,} entries are as they were written; the newest one's hash is {found.hash or 'none'}."
            if found.intact
            else f"Entry {found.first_broken:,} does not follow from the one before: it, or that one, was changed, "
            "moved or removed."
        ),
    )
    if not found.intact:
        found_problems()


def _told(entry: Entry) -> dict[str, Any]:
    return {**plain(entry), "at": moment(entry.at)}
