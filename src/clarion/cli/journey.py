"""`clarion journey`: drafts are saved, published, removed. Files, runs and reports are in journey_*.py."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from clarion.bootstrap import Installation
from clarion.cli import journey_files, journey_look, journey_play, journey_run
from clarion.cli.base import (
    BadOption,
    Json,
    group,
    moment,
    show,
    table,
    with_database,
)
from clarion.cli.journey_files import File, Name, read
from clarion.cli.journey_text import journey_lines, problem_lines, saved_lines, told
from clarion.services.journeys import journeys
from clarion.services.journeys.journeys import JourneyView, Published
from clarion.store.journeys import Overview, Version

app = group("Write journeys, publish them, send people through them and see how they go.")


@app.command()
def save(
    ctx: typer.Context,
    file: File,
    name: Annotated[str, typer.Option(help="Instead of the name in the file.")] = "",
    json: Json = False,
) -> None:
    """Make the graph the draft of the journey of its name. Nobody meets it before it is published."""
    source = read(file)

    async def work(installed: Installation) -> JourneyView:
        return await journeys.save_journey(installed.db, source, workspace=installed.workspace, name=name)

    view = with_database(ctx, work)
    show(told(view), lambda: saved_lines(view))


@app.command("list")
def list_all(ctx: typer.Context, json: Json = False) -> None:
    """Every journey."""

    async def work(installed: Installation) -> Sequence[Overview]:
        return await journeys.list_journeys(installed.db, workspace=installed.workspace)

    found = with_database(ctx, work)
    show(
        told(list(found)),
        lambda: table(
            ("journey", "version", "draft differs", "nodes", "runs", "under way", "changed"),
            [
                (e.name, e.version, e.changed, e.nodes, e.runs, e.under_way, moment(e.updated_at))
                for e in found
            ],
            empty="No journey yet: `clarion journey save FILE` makes one.",
        ),
    )


@app.command("show")
def show_one(ctx: typer.Context, name: Name, json: Json = False) -> None:
    """One journey: its draft, what is wrong with it, and what is published."""

    async def work(installed: Installation) -> tuple[JourneyView, Sequence[Version]]:
        view = await journeys.find_journey(installed.db, name, workspace=installed.workspace)
        return view, await journeys.versions_of(installed.db, name, workspace=installed.workspace)

    view, versions = with_database(ctx, work)
    show(
        {**told(view), "versions": [_version(each) for each in versions]},
        lambda: "\n".join([journey_lines(view), *_version_lines(versions)]),
    )


@app.command()
def publish(
    ctx: typer.Context,
    name: Name,
    note: Annotated[str, typer.Option(help="What is new, for whoever looks at the versions later.")] = "",
    json: Json = False,
) -> None:
    """Freeze the draft as the next version. Who is under way stays on theirs: see `clarion journey move`."""

    async def work(installed: Installation) -> Published:
        return await journeys.publish_journey(installed.db, name, workspace=installed.workspace, note=note)

    made = with_database(ctx, work)
    what = "Published" if made.fresh else "Nothing is new: still"
    show(
        {"name": name, **told(made)},
        lambda: "\n".join([*problem_lines(made.warnings), f"{what} version {made.number} of {name}."]),
    )


@app.command()
def remove(
    ctx: typer.Context,
    name: Name,
    yes: Annotated[
        bool, typer.Option("--yes", help="Needed: its runs and the ways people went are lost.")
    ] = False,
    json: Json = False,
) -> None:
    """Forget a journey in which nobody is under way, with its versions and runs. Messages stay in the books."""
    if not yes:
        raise BadOption(
            f"The versions of {name!r}, its runs and how people went through them would be lost: add --yes."
        )

    async def work(installed: Installation) -> None:
        await journeys.remove_journey(installed.db, name, workspace=installed.workspace)

    with_database(ctx, work)
    show({"name": name, "removed": True}, lambda: f"{name} is removed.")


def _version(version: Version) -> dict[str, Any]:
    return {"number": version.number, "note": version.note, "published_at": moment(version.published_at)}


def _version_lines(versions: Sequence[Version]) -> list[str]:
    return [f"version {each.number:<3} {moment(each.published_at)} {each.note}".rstrip() for each in versions]


for part in (journey_files, journey_run, journey_look, journey_play):
    part.mount(app)
