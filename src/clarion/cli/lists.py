"""`clarion list`: named sets of contacts."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from clarion.bootstrap import Installation
from clarion.cli.base import Json, group, moment, show, table, with_database
from clarion.cli.contacts import Country
from clarion.services import lists
from clarion.services.lists import ContactList

app = group("The lists that campaigns are sent to.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The list's name.")]


@app.command("list")
def list_all(ctx: typer.Context, json: Json = False) -> None:
    """Every list with the number of its members."""

    async def work(installed: Installation) -> list[ContactList]:
        return await lists.all_lists(installed.db, workspace=installed.workspace)

    found = with_database(ctx, work)
    show(
        [_told(each) for each in found],
        lambda: table(
            ("list", "members", "opted out", "made"),
            [(each.name, each.members, each.opted_out, moment(each.created_at)) for each in found],
            empty="No list yet: run `clarion import contacts FILE`.",
        ),
    )


@app.command("show")
def show_one(ctx: typer.Context, name: Name, json: Json = False) -> None:
    """One list; `clarion contacts list --list NAME` shows who is on it."""

    async def work(installed: Installation) -> ContactList:
        return await lists.find_list(installed.db, name, workspace=installed.workspace)

    found = with_database(ctx, work)
    show(_told(found), lambda: f"{found.name}: {found.members:,} members, {found.opted_out:,} opted out.")


@app.command()
def create(ctx: typer.Context, name: Name, json: Json = False) -> None:
    """Make an empty list."""

    async def work(installed: Installation) -> int:
        return await lists.create_list(installed.db, name, workspace=installed.workspace)

    made = with_database(ctx, work)
    show({"id": made, "name": name}, lambda: f"List {name!r} made.")


@app.command()
def remove(
    ctx: typer.Context,
    name: Name,
    phone: Annotated[str, typer.Argument(metavar="PHONE", help="A phone number in any spelling.")],
    country: Country = "",
    json: Json = False,
) -> None:
    """Take one person off a list; the contact stays."""

    async def work(installed: Installation) -> bool:
        return await lists.remove_member(
            installed.db, name, phone, workspace=installed.workspace, country=country
        )

    gone = with_database(ctx, work)
    show({"removed": gone}, lambda: "Removed." if gone else "Was not on the list: nothing changed.")


def _told(found: ContactList) -> dict[str, Any]:
    return {**asdict(found), "created_at": moment(found.created_at)}
