"""The acts of `clarion demo --journey`: import, sender, journey, run, the last answers, judgement."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clarion.bootstrap import Installation
from clarion.cli.base import BadOption, figure, say
from clarion.cli.demo import sample as customers
from clarion.cli.demo.journey import sample
from clarion.cli.demo.journey.api import Shop
from clarion.cli.demo.journey.judge import Judgement, judge
from clarion.cli.demo.journey.screen import on_screen
from clarion.cli.demo.ledger import Simulator
from clarion.cli.demo.play import add_sender, all_heard, import_customers
from clarion.cli.demo.stage import Stage
from clarion.services.journeys.journeys import publish_journey, save_journey
from clarion.services.journeys.reports import RunStats, run_stats
from clarion.services.journeys.runs import start_run
from clarion.store.books import check_books
from clarion.store.db import Database

_LOOK = 0.5
_QUIET = 1.0
"""Seconds without a request before the ledger is read: a message too many would come late."""
_LAST = 120.0
"""Seconds: the longest wait for the last callbacks and for quiet."""


@dataclass(frozen=True, slots=True)
class Played:
    """What a finished run knows. `sim` holds the simulator's figures."""

    stats: RunStats
    judgement: Judgement
    sim: Mapping[str, Any]
    shop: Shop
    books: list[str]
    seconds: float


async def play(stage: Stage, installed: Installation, sim: Simulator, shop: Shop) -> Played:
    """Let everybody walk through the sample journey, and judge the simulator's ledger."""
    db, workspace = installed.db, installed.workspace
    rows = customers.customers_of(stage.options.contacts, seed=stage.options.seed)
    await import_customers(stage, installed, rows)
    journey = await _publish(stage, installed, shop)
    began = time.monotonic()
    run = await start_run(db, installed.waker, journey, workspace=workspace)
    stats = await _walk(stage, installed, run)
    seconds = time.monotonic() - began
    await _fall_silent(db, sim)
    return Played(
        stats=await run_stats(db, run, workspace=workspace) if stats.run.status == "finished" else stats,
        judgement=judge(
            [row async for row in sim.sends()],
            [row async for row in sim.replies()],
            people=stage.options.contacts,
        ),
        sim=await sim.stats(),
        shop=shop,
        books=await check_books(db),
        seconds=seconds,
    )


async def _publish(stage: Stage, installed: Installation, shop: Shop) -> str:
    """Save and publish the sample; its name."""
    provider = stage.options.provider
    await add_sender(stage, installed, channel="whatsapp")
    graph = sample.graph(sender="demo whatsapp", api=shop.url, provider=provider)
    saved = await save_journey(installed.db, graph, workspace=installed.workspace)
    published = await publish_journey(installed.db, saved.name, workspace=installed.workspace)
    kinds = sorted({node["kind"] for node in graph["nodes"]})
    say(
        f"Journey {saved.name!r}, version {published.number}: {figure(len(graph['nodes']))} nodes "
        f"({', '.join(kinds)}) and {figure(len(graph['edges']))} edges, published."
    )
    return saved.name


async def _walk(stage: Stage, installed: Installation, run: int) -> RunStats:
    """Show the run until everybody has come to an end."""
    with on_screen() as tell:
        while True:
            stats = await run_stats(installed.db, run, workspace=installed.workspace, messages=False)
            tell(stats)
            if stats.run.status in ("paused", "stopped"):
                reason = stats.run.status_reason
                raise BadOption(f"The run is {stats.run.status}: {reason} See {stage.folder}/serve.log.")
            if stats.run.status == "finished":
                return stats
            await asyncio.sleep(_LOOK)


async def _fall_silent(db: Database, sim: Simulator) -> None:
    """Until every callback was read and no request comes any more."""
    deadline, requests, since = time.monotonic() + _LAST, -1, time.monotonic()
    while time.monotonic() < deadline:
        seen = (await sim.stats())["requests"]
        if seen != requests or not await all_heard(db, sim):
            requests, since = seen, time.monotonic()
        elif time.monotonic() - since >= _QUIET:
            return
        await asyncio.sleep(0.1)
