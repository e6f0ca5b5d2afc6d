"""`clarion demo`: the command."""

import asyncio
import shutil
import signal
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
import uvloop

from clarion import bootstrap
from clarion.cli.base import Json, found_problems, json_wanted, print_json, quiet_log, say
from clarion.cli.demo.journey import acts, report
from clarion.cli.demo.journey.api import shop
from clarion.cli.demo.play import Played, command, installation, play, server, simulator
from clarion.cli.demo.report import balance_sheet, figures, in_order
from clarion.cli.demo.sample import ROWS
from clarion.cli.demo.stage import Options, Stage, set_stage, settings_of
from clarion.settings import load_settings

_PEOPLE = 1_000
_RATE, _JOURNEY_RATE = 60.0, 250.0
"""Messages per second. A journey's answers share their sender with the questions still leaving, and wait for it."""


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the balance sheet.")] = False,
    journey: Annotated[
        bool,
        typer.Option(
            "--journey",
            help="A journey instead of a campaign: the simulator's people answer, and are answered.",
        ),
    ] = False,
    contacts: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=5_000_000,
            help=f"Rows of the sample file ({ROWS:,} by default); with --journey people ({_PEOPLE:,}).",
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            min=0,
            help=f"Messages per second, {_RATE:g} by default, with --journey {_JOURNEY_RATE:g}; 0 is unlimited.",
        ),
    ] = None,
    provider: Annotated[
        Literal["whatsapp", "twilio"], typer.Option(help="Whom to send through.")
    ] = "whatsapp",
    faults: Annotated[
        str,
        typer.Option(
            help="none; provider: lost answers, refusals, late and repeated callbacks; "
            "bare: resets and 5xx before acceptance; or a JSON file of simulator settings."
        ),
    ] = "none",
    keep: Annotated[
        Path | None, typer.Option(help="A new folder for data and logs, kept afterwards.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another file and another luck.")] = 1,
    json: Json = False,
) -> None:
    """Send a messy file's people a message through the simulator, and compare the books with its ledger.

    With --journey they are asked, answer, and are answered, as the sample journey says. Uses a fresh folder, or the
    database of CLARION_DATABASE_URL when that is set.
    """
    quiet_log(load_settings())
    contacts = contacts or (_PEOPLE if journey else ROWS)
    if rate is None:
        rate = _JOURNEY_RATE if journey else _RATE
    stage = set_stage(Options(contacts, rate, provider, faults, seed, keep, once, journey))
    say(f"Data and logs: {stage.folder}")
    told = uvloop.run(_perform_journey(stage) if journey else _perform(stage))
    if not (report.in_order if journey else in_order)(told):
        found_problems()
    if keep is None and not told.get("unknown"):
        shutil.rmtree(stage.folder, ignore_errors=True)
        say("All is well, so data and logs are removed; --keep DIR keeps them.")


def _end_on_signals() -> None:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)


async def _perform(stage: Stage) -> dict[str, Any]:
    """Start everything, play, and end everything whatever happens; the figures."""
    _end_on_signals()
    if stage.options.faults != "none":
        say("Requests are given up after 4 s instead of 30 s, so that lost answers do not take long.")
    async with simulator(stage) as sim:
        settings = settings_of(stage.environment(sim.url))
        await asyncio.to_thread(bootstrap.upgrade_database, settings)
        async with installation(stage, settings) as installed, server(stage):
            played = await play(stage, installed, sim)
            told = figures(played, rate=stage.options.rate)
            if json_wanted():
                print_json(told)
            else:
                say(balance_sheet(played, told))
            if told["unknown"]:
                say(_doubts(stage, played, told["unknown"]))
            if not stage.options.once:
                await _stay(stage, sim.url, f"campaign show {played.campaign.id}")
    return told


async def _perform_journey(stage: Stage) -> dict[str, Any]:
    """The same with the sample journey and the web service it calls."""
    _end_on_signals()
    async with simulator(stage) as sim, shop() as service:
        settings = settings_of(stage.environment(sim.url, service.url))
        await asyncio.to_thread(bootstrap.upgrade_database, settings)
        async with installation(stage, settings) as installed, server(stage):
            played = await acts.play(stage, installed, sim, service)
            told = report.figures(played, stage, database=settings.database_url.partition(":")[0])
            if json_wanted():
                print_json(told)
            else:
                say(report.sheet(played, told))
            if not stage.options.once:
                await _stay(stage, sim.url, f"journey stats {played.stats.run.id}")
    return told


def _doubts(stage: Stage, played: Played, unknown: int) -> str:
    """Where the messages nobody knows the fate of are listed, and the command that sends them again."""
    which = played.campaign.id
    export = command(stage, f"campaign export {which} --status unknown")
    retry = command(stage, f"campaign retry {which} --status unknown --accept-duplicates")
    held = unknown - played.comparison.unknown_accepted
    return (
        f"{unknown} messages are unknown: no answer came, and no callback told of them since. "
        f"The ledger has none of {held} of them.\n"
        f"  listed by      {export}\n"
        f"  sent again by  {retry}"
    )


async def _stay(stage: Stage, sim_url: str, look: str) -> None:
    """Until Ctrl-C. `look` is the command that shows what happened."""
    say(f"\nEverything stays up for a look until Ctrl-C: {stage.url}/docs, {sim_url}/_sim")
    say(f"In another terminal: {command(stage, look)}")
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    await asked.wait()
