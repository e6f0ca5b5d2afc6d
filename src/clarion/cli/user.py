"""`clarion user`: the people who sign in."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from clarion import bootstrap
from clarion.bootstrap import Installation
from clarion.cli.audited import audited
from clarion.cli.base import Json, group, moment, secret_file, show, table, with_database
from clarion.domain.access import Role
from clarion.domain.users import check_password, read_email
from clarion.services.access import accounts, invitations, members
from clarion.services.access.passwords import Hasher
from clarion.store.access.memberships import Member

app = group("The users of the workspace, and their roles.")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The user's e-mail address.")]


@app.command("list")
def list_all(ctx: typer.Context, json: Json = False) -> None:
    """Every user of the workspace."""

    async def work(installed: Installation) -> Sequence[Member]:
        return await members.list_members(installed.db, workspace=installed.workspace, limit=10_000)

    found = with_database(ctx, work)
    show(
        [_told(each) for each in found],
        lambda: table(
            ("id", "user", "name", "role", "second factor", "last signed in"),
            [
                (each.id, each.email, each.name, each.role, each.second_factor, moment(each.signed_in_at))
                for each in found
            ],
            empty="No user yet: run `clarion user add EMAIL --role owner`.",
        ),
    )


@app.command()
def add(
    ctx: typer.Context,
    email: Email,
    role: Annotated[Role, typer.Option(help="What they are in the workspace.")] = Role.VIEWER,
    name: Annotated[str, typer.Option(help="Their name, with a password.")] = "",
    password_file: Annotated[
        Path | None,
        typer.Option(help="A file with their password; without it, a one-time link is printed for them."),
    ] = None,
    json: Json = False,
) -> None:
    """Let somebody in. Who is a user of another workspace is added at once, with the password they have."""
    password = secret_file(password_file, "--password-file") if password_file else ""

    async def work(installed: Installation) -> dict[str, Any]:
        address = read_email(email)
        hashed = ""
        if password:
            check_password(password, email=address)
            hashed = await Hasher().hash(password)
        async with audited(installed, "invite_user", role=str(role)) as deed:
            made = await invitations.invite(
                deed.db, address, role, workspace=installed.workspace, name=name, password=hashed
            )
            deed.target = f"inv_{made.link.id}" if made.link else f"usr_{made.user_id}"
        url = bootstrap.public_url(installed.settings)
        return {
            "id": made.user_id or None,
            "email": made.email,
            "role": str(made.role),
            "link": url + made.path if made.path else None,
        }

    made = with_database(ctx, work)
    show(
        made,
        lambda: (
            f"For {made['email']} alone, once, within seven days: {made['link']}"
            if made["link"]
            else f"{made['email']} is {made['role']} of the workspace."
        ),
    )


@app.command("role")
def set_role(
    ctx: typer.Context,
    email: Email,
    role: Annotated[Role, typer.Argument(metavar="ROLE", help="owner, admin, editor, sender or viewer.")],
    json: Json = False,
) -> None:
    """Give a user another role; it counts from their next request on."""

    async def work(installed: Installation) -> Member:
        held = await members.find_by_email(installed.db, email, workspace=installed.workspace)
        async with audited(installed, "change_role", f"usr_{held.id}", role=str(role)) as deed:
            return await members.change_role(deed.db, held.id, role, workspace=installed.workspace)

    changed = with_database(ctx, work)
    show(_told(changed), lambda: f"{changed.email} is {changed.role} of the workspace.")


@app.command()
def remove(ctx: typer.Context, email: Email, json: Json = False) -> None:
    """Take a user out of the workspace; their sessions there end at once."""

    async def work(installed: Installation) -> Member:
        held = await members.find_by_email(installed.db, email, workspace=installed.workspace)
        async with audited(installed, "remove_user", f"usr_{held.id}") as deed:
            return await members.remove_member(deed.db, held.id, workspace=installed.workspace)

    gone = with_database(ctx, work)
    show({"removed": gone.email}, lambda: f"{gone.email} is not a user of the workspace any more.")


@app.command()
def link(
    ctx: typer.Context,
    email: Email,
    forget_second_factor: Annotated[
        bool, typer.Option("--forget-second-factor", help="For somebody who lost phone and recovery codes.")
    ] = False,
    json: Json = False,
) -> None:
    """Print a one-time link by which a user chooses a new password and signs in, whatever guessers do meanwhile."""

    async def work(installed: Installation) -> dict[str, Any]:
        async with audited(installed, "make_password_link") as deed:
            user_id, path, expires_at = await accounts.make_link_for(
                deed.db, email, forget_second_factor=forget_second_factor
            )
            deed.target = f"usr_{user_id}"
            deed.detail = {"forgot_second_factor": forget_second_factor}
        return {"link": bootstrap.public_url(installed.settings) + path, "expires_at": moment(expires_at)}

    made = with_database(ctx, work)
    show(made, lambda: f"For {email} alone, once, until {made['expires_at']}: {made['link']}")


def _told(member: Member) -> dict[str, Any]:
    times = {name: moment(getattr(member, name)) for name in ("joined_at", "signed_in_at")}
    return {**asdict(member), **times}
