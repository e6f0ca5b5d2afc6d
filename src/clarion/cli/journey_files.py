"""`clarion journey` and files: check a graph, write it to a file, bring in one from elsewhere."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from clarion.bootstrap import Installation
from clarion.cli.base import BadOption, Json, found_problems, json_wanted, print_json, show, with_database
from clarion.cli.journey_text import problem_lines, saved_lines, told
from clarion.domain.journey.lift import Note
from clarion.domain.journey.problem import Problem
from clarion.domain.journey.problems import check_graph
from clarion.services.journeys import journeys
from clarion.services.journeys.bringing import bring
from clarion.services.journeys.journeys import JourneyView

Name = Annotated[str, typer.Argument(metavar="NAME", help="The journey's name.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="A graph as JSON; - reads standard input.")]


def mount(app: typer.Typer) -> None:
    """Put these commands into the `journey` app."""
    for name, command in (("validate", validate), ("export", export), ("import", import_one)):
        app.command(name)(command)


def validate(
    ctx: typer.Context,
    file: File,
    offline: Annotated[
        bool,
        typer.Option("--offline", help="Look at the file alone: no senders, templates, lists, attributes."),
    ] = False,
    json: Json = False,
) -> None:
    """Name everything that is wrong with a graph, each by its node. Stores nothing."""
    found = _look(ctx, read(file), offline=offline)
    broken = any(each.level == "error" for each in found)
    show(
        {"ok": not broken, "problems": found},
        lambda: "\n".join(problem_lines(found)) or f"{file}: nothing is wrong.",
    )
    if broken:
        found_problems()


def export(
    ctx: typer.Context,
    name: Name,
    version: Annotated[int | None, typer.Option(min=1, help="Which one. Default: the draft.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file to write. Default: standard output.")
    ] = None,
    json: Json = False,
) -> None:
    """Write the graph as JSON: the same graph gives the same bytes, so that it can be kept in git."""

    async def work(installed: Installation) -> dict[str, Any]:
        return await journeys.export_journey(
            installed.db, name, workspace=installed.workspace, version=version or 0
        )

    graph = with_database(ctx, work)
    if output is not None:
        _write(output, pretty(graph))
        show({"file": output, "nodes": len(graph["nodes"])}, lambda: f"{name} is in {output}.")
    elif json_wanted():
        print_json(graph)
    else:
        sys.stdout.write(pretty(graph))


def import_one(
    ctx: typer.Context,
    file: File,
    name: Annotated[str, typer.Option(help="What the journey is called. Default: as in the file.")] = "",
    sender: Annotated[str, typer.Option(help="The sender its messages leave from.")] = "",
    check: Annotated[bool, typer.Option("--check", help="Report and store nothing.")] = False,
    json: Json = False,
) -> None:
    """Save a graph as a draft: Clarion's own, or a Twilio Studio flow or an older platform's, with a report."""
    brought = bring(read(file), name, sender)
    lost = brought.lost

    async def work(installed: Installation) -> JourneyView:
        return await journeys.save_journey(installed.db, brought.graph, workspace=installed.workspace)

    saved = None if check else with_database(ctx, work)
    show(
        {"kind": brought.kind, "lost": lost, "report": told(brought.report), "journey": told(saved)},
        lambda: "\n".join([*_report(brought.report), saved_lines(saved) if saved else "Nothing was stored."]),
    )
    if lost:
        found_problems()


def pretty(graph: dict[str, Any]) -> str:
    """The graph as files hold it: two spaces, a line end at the end."""
    return orjson.dumps(graph, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _look(ctx: typer.Context, source: bytes, *, offline: bool) -> list[Problem]:
    if offline:
        return check_graph(source)[1]

    async def work(installed: Installation) -> list[Problem]:
        return await journeys.check_journey(installed.db, source, workspace=installed.workspace)

    return with_database(ctx, work)


def read(file: Path) -> bytes:
    """The bytes of a file, or of standard input. Raises BadOption."""
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise BadOption(f"The file {file} cannot be read: {error.strerror}.") from None


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadOption(f"The file {file} cannot be written: {error.strerror}.") from None


def _report(report: Sequence[Note]) -> list[str]:
    return [f"{each.level:<8} {f'{each.where}: ' if each.where else ''}{each.text}" for each in report]
