"""`clarion journey` and its runs: what they have come to, and how one person went."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer
from rich.live import Live

from clarion.bootstrap import Installation
from clarion.cli.base import Json, console, json_wanted, moment, print_json, say, show, table, with_database
from clarion.cli.contacts import Country, Phone
from clarion.cli.journey_run import RunId
from clarion.cli.journey_text import ENDED, head, line, run_json, runs_table, stats_picture, told, trace_lines
from clarion.cli.watch import pressed, quit_key
from clarion.services.journeys import reports
from clarion.services.journeys.reports import RunStats
from clarion.services.journeys.trace import Trace, trace
from clarion.store.db import Database
from clarion.store.run_reports import Place, Run

_PLAIN_EVERY = 5_000_000  # microseconds between two lines in a log
_LEFT = "Left. The run goes on; `clarion journey pause` holds it."


def mount(app: typer.Typer) -> None:
    """Put these commands into the `journey` app."""
    for name, command in (
        ("runs", list_runs),
        ("stats", stats),
        ("watch", watch),
        ("trace", trace_one),
        ("people", people),
    ):
        app.command(name)(command)


def list_runs(
    ctx: typer.Context,
    of: Annotated[str, typer.Option("--journey", help="Only the runs of this journey.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    json: Json = False,
) -> None:
    """The newest runs."""

    async def work(installed: Installation) -> list[Run]:
        return await reports.list_runs(installed.db, workspace=installed.workspace, journey=of, limit=limit)

    found = with_database(ctx, work)
    show([run_json(run) for run in found], lambda: runs_table(found))


def stats(ctx: typer.Context, run: RunId, json: Json = False) -> None:
    """A run now: for each node who entered, who is there, how they left; messages and failures."""

    async def work(installed: Installation) -> RunStats:
        return await reports.run_stats(installed.db, run, workspace=installed.workspace)

    found = with_database(ctx, work)
    show(told(found), lambda: stats_picture(found))


def watch(
    ctx: typer.Context,
    run: RunId,
    every: Annotated[float, typer.Option(min=0.2, max=60, help="Seconds between two looks.")] = 1.0,
    json: Json = False,
) -> None:
    """Show a run's nodes until it ends: with --json a line a second. Ctrl-C or q leaves, it goes on."""

    async def work(installed: Installation) -> None:
        await _follow(installed.db, run, installed.workspace, every)

    try:
        with_database(ctx, work)
    except (KeyboardInterrupt, asyncio.CancelledError):
        say(_LEFT)


def trace_one(
    ctx: typer.Context, run: RunId, phone: Phone, country: Country = "", json: Json = False
) -> None:
    """The way of one person: every event, the edges looked at and why not, messages, replies."""

    async def work(installed: Installation) -> Trace:
        return await trace(installed.db, run, phone, workspace=installed.workspace, country=country)

    found = with_database(ctx, work)
    show(told(found), lambda: trace_lines(found))


def people(
    ctx: typer.Context,
    run: RunId,
    node: Annotated[str, typer.Option(help="Only those who stand at this node now.")] = "",
    outcome: Annotated[str, typer.Option(help="Only those who ended with this outcome.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    after: Annotated[int, typer.Option(min=0, help="Go on after this place.")] = 0,
    json: Json = False,
) -> None:
    """The people in a run, page by page."""

    async def work(installed: Installation) -> list[Place]:
        return await reports.people(
            installed.db,
            run,
            workspace=installed.workspace,
            node=node,
            outcome=outcome,
            after=after,
            limit=limit,
        )

    found = with_database(ctx, work)
    show(
        told(found),
        lambda: table(
            ("phone", "version", "node", "since", "outcome", "why"),
            [(p.address, p.number, p.node, moment(p.moved_at), p.outcome, p.reason) for p in found],
            empty="Nobody.",
        ),
    )
    if len(found) == limit:
        say(f"There may be more: --after {found[-1].id}")


async def _follow(db: Database, run_id: int, workspace: int, every: float) -> None:
    async def look() -> RunStats:
        return await reports.run_stats(db, run_id, workspace=workspace, messages=False)

    with quit_key() as quitting:

        async def rest() -> bool:
            await pressed(quitting, every)
            return not quitting.is_set()

        await _tell(look, rest)
    if quitting.is_set():
        say(_LEFT)


async def _tell(look: Callable[[], Awaitable[RunStats]], rest: Callable[[], Awaitable[bool]]) -> None:
    """Tell of every look until the run is over: JSON lines, a picture on a terminal, now and then a plain line."""
    if json_wanted():
        await _each(look, rest, lambda stats: print_json(told(stats)))
        return
    if not sys.stdout.isatty():
        await _each(look, rest, _lines())
        return
    with Live(console=console(), refresh_per_second=8) as live:
        await _each(look, rest, lambda stats: live.update(stats_picture(stats), refresh=True))


async def _each(
    look: Callable[[], Awaitable[RunStats]],
    rest: Callable[[], Awaitable[bool]],
    tell: Callable[[RunStats], Any],
) -> None:
    while True:
        stats = await look()
        tell(stats)
        if stats.run.status in ENDED or not await rest():
            return


def _lines() -> Callable[[RunStats], None]:
    told_at = 0

    def tell(stats: RunStats) -> None:
        nonlocal told_at
        over = stats.run.status in ENDED
        if over or stats.at - told_at >= _PLAIN_EVERY:
            told_at = stats.at
            say(head(stats) if over else line(stats))

    return tell
