"""`clarion import`: a file of people becomes contacts on a list."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from clarion.bootstrap import Installation
from clarion.cli.base import Json, console, group, json_wanted, moment, say, show, table, with_database
from clarion.cli.contacts import Country, create
from clarion.domain.errors import BadMapping
from clarion.domain.mapping import parse_mapping
from clarion.services.importing import overview
from clarion.services.importing.check import FileCheck, check_file
from clarion.services.importing.overview import ImportRow, ImportSummary
from clarion.services.importing.rejects import write_rejects
from clarion.services.importing.run import ImportResult, run_import, stop_import
from clarion.services.importing.run import Progress as Done
from clarion.services.importing.shape import Hints
from clarion.services.importing.start import Inspection, fit, inspect, start_import

app = group("Bring people in from CSV and Excel files.")

_COUNTS = ("rows", "accepted", "corrected", "duplicate", "invalid", "opted_out")

Which = Annotated[int, typer.Argument(metavar="ID", help="The import's number.")]


@app.command("contacts")
def import_contacts(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A CSV or .xlsx file.")],
    to_list: Annotated[str, typer.Option("--list", help="The list to fill. Default: the file's name.")] = "",
    columns: Annotated[
        str, typer.Option("--map", metavar="ATTRIBUTE=COLUMN,...", help="Such as phone=telefone,name=nome.")
    ] = "",
    guess: Annotated[
        bool, typer.Option("--guess", help="Guess the mapping from names and contents.")
    ] = False,
    mapping: Annotated[str, typer.Option(help="A mapping saved before.")] = "",
    save_mapping: Annotated[str, typer.Option(help="Save the mapping under this name.")] = "",
    country: Country = "",
    keep_rest: Annotated[
        bool, typer.Option("--keep-rest", help="Keep the other columns as attributes too.")
    ] = False,
    overwrite_blanks: Annotated[
        bool, typer.Option("--overwrite-blanks", help="Blank cells erase what a contact had.")
    ] = False,
    require: Annotated[
        str, typer.Option(metavar="NAME,...", help="Attributes that must have a column.")
    ] = "",
    for_campaign: Annotated[str, typer.Option(help="Require what this campaign's text needs.")] = "",
    encoding: Annotated[str, typer.Option(help="Such as utf-8 or cp1252. Default: found out.")] = "",
    delimiter: Annotated[str, typer.Option(help="Default: found out.")] = "",
    sheet: Annotated[str, typer.Option(help="The sheet of an .xlsx file. Default: the first.")] = "",
    header: Annotated[
        bool | None, typer.Option(help="Whether line 1 names columns. Default: found out.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Judge every row and store nothing.")] = False,
    json: Json = False,
) -> None:
    """Import a file. The same file again goes on where an interrupted import stood."""
    hints = Hints(encoding, delimiter, sheet, header)

    async def work(installed: Installation) -> ImportResult | FileCheck:
        db, workspace = installed.db, installed.workspace
        found = await inspect(file, country=country, hints=hints)
        saved = await overview.load_mapping(db, mapping, workspace=workspace) if mapping else {}
        chosen = _choose(found, {**saved, **parse_mapping(columns)}, guess=guess)
        needed = [name.strip() for name in require.split(",") if name.strip()]
        if for_campaign:
            needed += await overview.needed_by(db, for_campaign, workspace=workspace)
        if check:
            fitted = fit(file, found, chosen, required=needed, keep_rest=keep_rest)
            return await check_file(file, found.shape, fitted, country=country.upper())
        import_id = await start_import(
            db,
            workspace=workspace,
            path=file,
            list_name=to_list or file.stem,
            mapping=chosen,
            country=country,
            required=needed,
            keep_rest=keep_rest,
            overwrite_blanks=overwrite_blanks,
            hints=hints,
        )
        if save_mapping:
            await overview.keep_mapping(db, save_mapping, chosen, workspace=workspace)
        with _bar(import_id) as progress:
            return await run_import(db, import_id, progress, workspace=workspace)

    result = with_database(ctx, work)
    if isinstance(result, FileCheck):
        show(result, lambda: _check_lines(result))
    else:
        show(result, lambda: _result_lines(result))


@app.command("list")
def list_all(ctx: typer.Context, json: Json = False) -> None:
    """The newest imports."""

    async def work(installed: Installation) -> list[ImportSummary]:
        return await overview.list_imports(installed.db, workspace=installed.workspace)

    found = with_database(ctx, work)
    show(
        [_told(each) for each in found],
        lambda: table(
            (
                "id",
                "file",
                "list",
                "status",
                "rows",
                "accepted",
                "corrected",
                "duplicate",
                "invalid",
                "opted out",
            ),
            [
                (str(i.id), i.name, i.list_name, i.status, *(getattr(i, count) for count in _COUNTS))
                for i in found
            ],
            empty="Nothing was imported yet: run `clarion import contacts FILE`.",
        ),
    )


@app.command("show")
def show_one(
    ctx: typer.Context,
    which: Which,
    verdict: Annotated[str, typer.Option(help="Only corrected, duplicate, invalid or opted_out rows.")] = "",
    limit: Annotated[int, typer.Option(min=0, max=1_000_000, help="At most so many rows.")] = 100,
    json: Json = False,
) -> None:
    """One import: counts, and every row that needs telling, with its line."""

    async def work(installed: Installation) -> tuple[ImportSummary, list[ImportRow]]:
        summary = await overview.find_import(installed.db, which, workspace=installed.workspace)
        rows = await overview.told_rows(
            installed.db, which, workspace=installed.workspace, verdict=verdict, limit=limit
        )
        return summary, rows

    summary, rows = with_database(ctx, work)
    say(_summary_line(summary))
    show(
        {**_told(summary), "told": [asdict(row) for row in rows]},
        lambda: table(
            ("line", "verdict", "why"),
            [(str(row.line), row.verdict.replace("_", " "), row.detail) for row in rows],
            empty="No row needs telling.",
        ),
    )


@app.command()
def resume(ctx: typer.Context, which: Which, json: Json = False) -> None:
    """Go on with an interrupted import; a finished one is only told about."""

    async def work(installed: Installation) -> ImportResult:
        with _bar(which) as progress:
            return await run_import(installed.db, which, progress, workspace=installed.workspace)

    result = with_database(ctx, work)
    show(result, lambda: _result_lines(result))


@app.command()
def stop(ctx: typer.Context, which: Which, json: Json = False) -> None:
    """End an interrupted import for good; what it stored stays."""

    async def work(installed: Installation) -> ImportResult:
        return await stop_import(installed.db, which, workspace=installed.workspace)

    result = with_database(ctx, work)
    show(result, lambda: _result_lines(result))


@app.command()
def rejects(
    ctx: typer.Context,
    which: Which,
    out: Annotated[
        Path | None,
        typer.Option(help="Where to write; - for standard output. Default: import-ID-rejects.csv."),
    ] = None,
    json: Json = False,
) -> None:
    """Write the invalid rows, each with its line and problem, to mend and import again with the same options."""
    path = out or Path(f"import-{which}-rejects.csv")

    async def work(installed: Installation) -> int:
        if str(path) == "-":
            return await write_rejects(installed.db, which, sys.stdout, workspace=installed.workspace)
        await overview.find_import(installed.db, which, workspace=installed.workspace)
        with create(path) as file:
            return await write_rejects(installed.db, which, file, workspace=installed.workspace)

    written = with_database(ctx, work)
    if str(path) != "-":
        show({"file": path, "rows": written}, lambda: f"{written:,} rows written to {path}.")


def _choose(found: Inspection, given: Mapping[str, str], *, guess: bool) -> dict[str, str]:
    """What was given, and with --guess what was guessed for the columns that nothing was said about."""
    if not guess:
        if given:
            return dict(given)
        hint = "no mapping was given"
        if found.guessed is None:
            raise BadMapping([hint, found.doubt])
        pairs = ",".join(f"{attribute}={column}" for attribute, column in found.guessed.items())
        raise BadMapping([f'{hint}: use --map "{pairs}" or, for just that, --guess'])
    if found.guessed is None and "phone" not in given:
        raise BadMapping([found.doubt])
    taken = set(given.values())
    rest = {a: c for a, c in (found.guessed or {}).items() if a not in given and c not in taken}
    return {**given, **rest}


@contextmanager
def _bar(import_id: int) -> Iterator[Callable[[Done], None] | None]:
    """A progress bar on a terminal, silence elsewhere."""
    if json_wanted() or not sys.stderr.isatty():
        yield None
        return
    parts = (TextColumn("import {task.fields[number]}"), BarColumn(), TaskProgressColumn())
    rows = TextColumn("{task.fields[rows]:,} rows")
    with Progress(*parts, rows, TimeRemainingColumn(), console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, number=import_id, rows=0)

        def move(done: Done) -> None:
            bar.update(task, completed=done.share, total=1 if done.share else None, rows=done.rows)

        yield move


def _told(summary: ImportSummary) -> dict[str, Any]:
    times = {"created_at": moment(summary.created_at), "finished_at": moment(summary.finished_at)}
    return {**asdict(summary), **times}


def _counts(result: ImportResult | ImportSummary) -> str:
    return (
        f"{result.rows:,} rows: {result.accepted:,} accepted, {result.corrected:,} corrected, "
        f"{result.duplicate:,} duplicate, {result.invalid:,} invalid, {result.opted_out:,} opted out."
    )


def _summary_line(summary: ImportSummary) -> str:
    why = f" ({summary.error})" if summary.error else ""
    what = f"Import {summary.id} of {summary.name} into {summary.list_name!r}"
    return f"{what}, {summary.status}{why}. {_counts(summary)}"


def _result_lines(result: ImportResult) -> str:
    lines = [f"Import {result.id} into list {result.list_name!r} is {result.status}. {_counts(result)}"]
    if result.invalid:
        lines.append(f"Mend the invalid ones: clarion import rejects {result.id}")
    if result.rows > result.accepted:
        lines.append(f"Row by row: clarion import show {result.id}")
    return "\n".join(lines)


def _check_lines(check: FileCheck) -> str:
    lines = [
        f"{check.rows:,} rows: {check.usable:,} usable ({check.corrected:,} of them corrected), "
        f"{check.invalid:,} invalid. Nothing was stored.",
        *(f"line {line}: {problem}" for line, problem in check.problems),
    ]
    if check.invalid > len(check.problems):
        lines.append(f"... and {check.invalid - len(check.problems):,} more")
    return "\n".join(lines)
