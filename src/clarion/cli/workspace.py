"""`clarion workspace`: one for each customer of an installation."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from clarion.bootstrap import Installation
from clarion.cli.audited import audited
from clarion.cli.base import Json, group, moment, show, table, with_database
from clarion.services import workspaces
from clarion.store.workspaces import Workspace

app = group("Workspaces: everything belongs to one, and nothing to two.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The workspace's name.")]


@app.command("list")
def list_all(ctx: typer.Context, json: Json = False) -> None:
    """Every workspace, the oldest first."""

    async def work(installed: Installation) -> Sequence[Workspace]:
        return await workspaces.list_workspaces(installed.db)

    found = with_database(ctx, work)
    show(
        [_told(each) for each in found],
        lambda: table(
            ("id", "workspace", "words for a stop", "made"),
            [(each.id, each.name, ", ".join(each.opt_out_words), moment(each.created_at)) for each in found],
            empty="",
        ),
    )


@app.command()
def add(ctx: typer.Context, name: Name, json: Json = False) -> None:
    """Make a workspace; `clarion --workspace NAME ...` works in it."""

    async def work(installed: Installation) -> int:
        async with audited(installed, "create_workspace") as deed:
            made = await workspaces.add_workspace(deed.db, name)
            deed.target = f"wsp_{made}"
            return made

    made = with_database(ctx, work)
    show({"id": made, "name": name}, lambda: f"Workspace {name!r} made.")


@app.command()
def rename(
    ctx: typer.Context,
    name: Name,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
    json: Json = False,
) -> None:
    """Give a workspace another name."""

    async def work(installed: Installation) -> Workspace:
        there = replace(installed, workspace=await workspaces.find_workspace(installed.db, name))
        async with audited(there, "change_workspace", f"wsp_{there.workspace}", changed=["name"]) as deed:
            return await workspaces.change_workspace(deed.db, there.workspace, name=new)

    changed = with_database(ctx, work)
    show(_told(changed), lambda: f"Workspace {name!r} is now {changed.name!r}.")


def _told(found: Workspace) -> dict[str, Any]:
    return {**asdict(found), "created_at": moment(found.created_at)}
