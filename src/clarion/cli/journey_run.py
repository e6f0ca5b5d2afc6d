"""`clarion journey` and its runs: send people in, hold them, end them, move them to another version."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from clarion.bootstrap import Installation
from clarion.cli.base import BadOption, Json, figure, say, show, with_database
from clarion.cli.contacts import Country, Phone
from clarion.cli.journey_files import Name
from clarion.cli.journey_text import move_lines, run_json, told
from clarion.domain.errors import BadMapping
from clarion.domain.mapping import parse_mapping
from clarion.services.importing.run import run_import
from clarion.services.importing.start import inspect, start_import
from clarion.services.journeys import moving, reports, runs
from clarion.services.journeys.moving import Moved, MovePreview
from clarion.store.run_reports import Run

RunId = Annotated[int, typer.Argument(metavar="RUN", help="The run's number: see `clarion journey runs`.")]


def mount(app: typer.Typer) -> None:
    """Put these commands into the `journey` app."""
    for name, command in (
        ("start", start),
        ("enter", enter),
        ("pause", pause),
        ("resume", resume),
        ("stop", stop),
        ("move", move),
    ):
        app.command(name)(command)


def start(
    ctx: typer.Context,
    name: Name,
    on: Annotated[
        list[str] | None, typer.Option("--list", help="Instead of the journey's own lists; repeatable.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="A CSV or .xlsx file: it becomes a list first, which is the audience.")
    ] = None,
    columns: Annotated[
        str, typer.Option("--map", metavar="ATTRIBUTE=COLUMN,...", help="Of the file. Default: guessed.")
    ] = "",
    country: Country = "",
    run_name: Annotated[str, typer.Option("--name", help="What the run is called.")] = "",
    json: Json = False,
) -> None:
    """Send everybody on the lists into the published version. Each start is a run of its own."""
    if (columns or country) and file is None:
        raise BadOption("--map and --country say how to read --file: name one.")

    async def work(installed: Installation) -> Run:
        lists = list(on or ())
        if file is not None:
            lists.append(await _import(installed, _Incoming(file, columns, country)))
        run_id = await runs.start_run(
            installed.db,
            installed.waker,
            name,
            workspace=installed.workspace,
            lists=lists,
            run_name=run_name,
        )
        return await reports.find_run(installed.db, run_id, workspace=installed.workspace)

    run = with_database(ctx, work)
    show(
        run_json(run),
        lambda: (
            f"Run {run.id} of {run.journey} (version {run.number}) is {run.status}. "
            f"Watch it: clarion journey watch {run.id}"
        ),
    )


def enter(
    ctx: typer.Context,
    name: Name,
    phone: Phone,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A variable of this journey; repeatable."),
    ] = None,
    country: Country = "",
    json: Json = False,
) -> None:
    """Send one person into the published version."""
    variables = dict(_pair(text, "--set", "NAME=VALUE") for text in given or ())

    async def work(installed: Installation) -> int:
        return await runs.enter(
            installed.db,
            installed.waker,
            name,
            phone,
            variables,
            workspace=installed.workspace,
            country=country,
        )

    made = with_database(ctx, work)
    show({"position_id": made, "name": name}, lambda: f"{phone} is in {name}.")


def pause(
    ctx: typer.Context,
    run: RunId,
    reason: Annotated[str, typer.Option(help="Shown wherever the run is.")] = "paused by an operator",
    json: Json = False,
) -> None:
    """Hold a run: nobody moves, nothing starts; replies are kept. Says how many requests are on the wire."""

    async def work(installed: Installation) -> int:
        return await runs.pause_run(installed.db, run, workspace=installed.workspace, reason=reason)

    draining = with_database(ctx, work)
    show(
        {"id": run, "status": "paused", "draining": draining},
        lambda: f"Run {run} is paused; {figure(draining)} requests are in flight.",
    )


def resume(ctx: typer.Context, run: RunId, json: Json = False) -> None:
    """Go on with a paused run: what came due meanwhile happens now."""

    async def work(installed: Installation) -> None:
        await runs.resume_run(installed.db, installed.waker, run, workspace=installed.workspace)

    with_database(ctx, work)
    show({"id": run, "status": "running"}, lambda: f"Run {run} is running.")


def stop(
    ctx: typer.Context,
    run: RunId,
    reason: Annotated[str, typer.Option(help="Kept with everybody's end.")] = "stopped by an operator",
    json: Json = False,
) -> None:
    """End a run for good: everybody in it ends as `stopped`, what was not sent is cancelled."""

    async def work(installed: Installation) -> int:
        return await runs.stop_run(
            installed.db, installed.waker, run, workspace=installed.workspace, reason=reason
        )

    draining = with_database(ctx, work)
    show(
        {"id": run, "status": "stopped", "draining": draining},
        lambda: f"Run {run} is stopped; {figure(draining)} requests are in flight.",
    )


def move(
    ctx: typer.Context,
    run: RunId,
    to_version: Annotated[int, typer.Option(min=1, help="The version they go over to.")],
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="OLD=NEW", help="People at OLD land at NEW, of the same kind; repeatable."
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without, only show who would land where.")
    ] = False,
    json: Json = False,
) -> None:
    """Bring people under way over to another version, where they stand. Nobody is written to by that."""
    pairs = dict(_pair(text, "--map", "OLD=NEW") for text in mapping or ())

    async def work(installed: Installation) -> tuple[MovePreview, Moved | None]:
        where = {"workspace": installed.workspace}
        preview = await moving.preview_move(installed.db, run, to_version, pairs, **where)
        moved = await moving.move_run(installed.db, run, to_version, pairs, **where) if yes else None
        return preview, moved

    preview, moved = with_database(ctx, work)

    def text() -> str:
        done = (
            f"Done: {figure(moved.moved)} moved, {figure(moved.stayed)} stayed."
            if moved
            else "Nothing was changed: add --yes to move them."
        )
        return "\n".join([move_lines(preview), *([done] if preview.landings else [])])

    show({"preview": told(preview), "done": told(moved)}, text)


@dataclass(frozen=True, slots=True)
class _Incoming:
    """A file of people as the options describe it."""

    path: Path
    columns: str
    country: str


async def _import(installed: Installation, incoming: _Incoming) -> str:
    """Bring the file's people in; the list they are on. Going on with an interrupted import of the same file."""
    found = await inspect(incoming.path, country=incoming.country)
    chosen = {**(found.guessed or {}), **parse_mapping(incoming.columns)}
    if "phone" not in chosen:
        raise BadMapping([found.doubt])
    import_id = await start_import(
        installed.db,
        workspace=installed.workspace,
        path=incoming.path,
        list_name=incoming.path.stem,
        mapping=chosen,
        country=incoming.country,
    )
    done = await run_import(installed.db, import_id, workspace=installed.workspace)
    say(
        f"Import {done.id} into list {done.list_name!r}: {figure(done.rows)} rows, {figure(done.accepted)} accepted, "
        f"{figure(done.corrected)} corrected, {figure(done.invalid)} invalid."
    )
    return done.list_name


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise BadOption(f"{option} {text!r}: write {form}.")
    return name.strip(), value
