"""The acts of the demo, in order: import, sender, campaign, sending, receipts, balance sheet."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import aiohttp

from clarion import bootstrap
from clarion.bootstrap import Installation
from clarion.cli.base import BadOption, figure, say
from clarion.cli.campaign_text import check_lines, ended
from clarion.cli.demo import sample
from clarion.cli.demo.ledger import Comparison, Ledger, Simulator
from clarion.cli.demo.processes import Child, child
from clarion.cli.demo.stage import WORKSPACE, Stage
from clarion.cli.template import sync_sender
from clarion.cli.watch import follow, on_screen
from clarion.domain.campaign import CampaignStatus
from clarion.domain.content import Content, Parameter, Template, Text
from clarion.services import campaigns, senders, workspaces
from clarion.services.campaigns import Progress
from clarion.services.importing.run import ImportResult, run_import
from clarion.services.importing.start import start_import
from clarion.settings import Settings
from clarion.sim.config import SimConfig
from clarion.store import workspaces as stored
from clarion.store.books import check_books
from clarion.store.campaigns import Campaign
from clarion.store.db import Database

_LAST_RECEIPTS = 120.0
"""Seconds: the longest wait for the simulator's callbacks once everything has left."""

_GREETING = "{{ name | default: 'cliente' }}"


@dataclass(frozen=True, slots=True)
class Played:
    """What a finished demo knows."""

    campaign: Campaign
    imported: ImportResult
    progress: Progress
    ledger: Ledger
    comparison: Comparison
    books: list[str]
    seconds: float


@asynccontextmanager
async def simulator(stage: Stage) -> AsyncIterator[Simulator]:
    """The simulator in a process of its own, on a free port; its ledger goes to a file in the folder."""
    config = stage.folder / "sim.json"
    config.write_text(stage.sim_config().model_dump_json(indent=2), encoding="utf-8")
    log = stage.folder / "sim.log"
    arguments = ["--port", "0", "--config", str(config), "--ledger", str(stage.folder / "ledger.jsonl")]
    async with child("sim", arguments, log=log) as process, aiohttp.ClientSession() as session:
        url = await process.says(r"ready on (http://\S+)")
        yield Simulator(session, url)


@asynccontextmanager
async def server(stage: Stage) -> AsyncIterator[Child]:
    """`clarion serve` in a process of its own, ready for work."""
    async with child("serve", [], log=stage.folder / "serve.log") as process:
        await process.answers(f"{stage.url}/readyz")
        yield process


@asynccontextmanager
async def installation(stage: Stage, settings: Settings) -> AsyncIterator[Installation]:
    """The database the demo works on; on a shared one in a new workspace. Raises BadOption for somebody's own."""
    async with bootstrap.installation(settings) as installed:
        if not stage.shared:
            yield installed
            return
        await _ours_alone(installed.db)
        own = await workspaces.add_workspace(installed.db, stage.workspace)
        say(f"Workspace {stage.workspace} is made for it in the given database.")
        yield replace(installed, workspace=own)


async def _ours_alone(db: Database) -> None:
    # `clarion serve` works for every sender of a database, and this one would hand them all to the simulator.
    async with db.reading() as tx:
        strangers = await stored.senders_elsewhere(tx, WORKSPACE)
        earlier = await stored.senders_within(tx, WORKSPACE)
    if strangers:
        raise BadOption(
            f"The given database has senders of its own ({', '.join(strangers)}), and their messages would go to "
            "the simulator: give the demo an empty database, or none."
        )
    for sender in earlier:
        await senders.pause_sender(db, sender, "a later demo uses the database")


async def play(stage: Stage, installed: Installation, sim: Simulator) -> Played:
    """Import, send, wait for the receipts, and compare with the simulator's ledger."""
    began = time.monotonic()
    rows = sample.customers(stage.options.contacts, seed=stage.options.seed)
    imported = await import_customers(stage, installed, rows)
    campaign = await _campaign(stage, installed)
    report = await campaigns.check_campaign(installed.db, campaign.id, sample=3)
    say(check_lines(campaign, report, ()))
    await campaigns.launch_campaign(installed.db, installed.waker, campaign.id)
    progress = await _send(stage, installed.db, campaign, sim)
    ledger = await sim.ledger()
    comparison = Comparison()
    async for row in campaigns.export_campaign(installed.db, campaign.id):
        comparison.add(row["address"], row["status"], ledger)
    books = await check_books(installed.db)
    return Played(campaign, imported, progress, ledger, comparison, books, time.monotonic() - began)


async def import_customers(stage: Stage, installed: Installation, rows: bytes) -> ImportResult:
    """Import the sample file into the list `customers`."""
    path = stage.folder / "customers.csv"
    path.write_bytes(rows)
    lines = rows.count(b"\r\n") - 1  # below the header
    say(f"Importing {path.name}, {figure(lines)} rows as messy as real ones ...")
    started = await start_import(
        installed.db,
        workspace=installed.workspace,
        path=path,
        list_name="customers",
        mapping=sample.MAPPING,
        country=sample.COUNTRY,
    )
    done = await run_import(installed.db, started, workspace=installed.workspace)
    verdicts = ("accepted", "corrected", "duplicate", "invalid", "opted_out")
    told = ", ".join(f"{figure(getattr(done, name))} {name.replace('_', ' ')}" for name in verdicts)
    say(f"  {told}. Why: {command(stage, f'import show {done.id}')}")
    return done


async def _campaign(stage: Stage, installed: Installation) -> Campaign:
    options = stage.options
    sender = await add_sender(stage, installed)
    made = await campaigns.create_campaign(
        installed.db,
        workspace=installed.workspace,
        name="Order updates",
        sender=sender,
        lists=["customers"],
        content=_content(options.provider),
    )
    return await campaigns.get_campaign(installed.db, made, workspace=installed.workspace)


async def add_sender(stage: Stage, installed: Installation, *, channel: str = "sms") -> int:
    """A sender at the simulator, with its templates; its id. `channel` is Twilio's."""
    options, config = stage.options, stage.sim_config()
    if options.provider == "twilio":
        sender = await _twilio(installed, config, options.rate, channel)
    else:
        sender = await _whatsapp(installed, config, options.rate)
    synced = await sync_sender(installed, str(sender))
    limit = f"{figure(options.rate)} messages per second" if options.rate else "no limit"
    say(f"Sender {options.provider} at the simulator, {limit}; {synced.total} templates fetched.")
    return sender


async def _whatsapp(installed: Installation, config: SimConfig, rate: float) -> int:
    settings = config.whatsapp
    return await senders.add_sender(
        installed.db,
        installed.box,
        workspace=installed.workspace,
        name="demo whatsapp",
        provider="whatsapp",
        account=settings.numbers[0].id,
        config={"waba_id": settings.waba_id},
        secrets={
            "token": settings.token,
            "app_secret": settings.app_secret,
            "verify_token": settings.verify_token,
        },
        rate=rate,
    )


async def _twilio(installed: Installation, config: SimConfig, rate: float, channel: str) -> int:
    settings = config.twilio
    return await senders.add_sender(
        installed.db,
        installed.box,
        workspace=installed.workspace,
        name=f"demo {channel}",
        provider="twilio",
        account=settings.account_sid,
        config={"from": settings.senders[0].address, "channel": channel},
        secrets={"auth_token": settings.auth_token},
        rate=rate,
    )


def _content(provider: str) -> Content:
    if provider == "twilio":
        return Text(f"Oi {_GREETING}, seu pedido {{{{ order }}}} está a caminho.")
    values = (_GREETING, "{{ order }}", "a caminho")
    body = tuple(Parameter(str(n), value) for n, value in enumerate(values, start=1))
    return Template(name="order_update", language="pt_BR", body=body)


async def _send(stage: Stage, db: Database, campaign: Campaign, sim: Simulator) -> Progress:
    """Show the campaign until everything has left and the simulator has told everything it has to tell."""
    deadline: float | None = None

    async def done(progress: Progress) -> bool:
        nonlocal deadline
        if progress.status in (CampaignStatus.PAUSED, CampaignStatus.FAILED):
            raise BadOption(
                f"The campaign is {progress.shown}: {progress.reason} See {stage.folder}/serve.log."
            )
        if not ended(progress):
            return False
        deadline = deadline or time.monotonic() + _LAST_RECEIPTS
        return await all_heard(db, sim) or time.monotonic() > deadline

    with on_screen() as tell:
        return await follow(db, campaign.id, tell, done, rest=lambda: asyncio.sleep(0.5))


async def all_heard(db: Database, sim: Simulator) -> bool:
    """Whether the simulator has told everything, and all of it was read."""
    if (await sim.stats())["callbacks_pending"]:
        return False
    async with db.reading() as tx:
        return not await tx.scalar("SELECT count(*) FROM inbox WHERE state = 'new'")


def command(stage: Stage, arguments: str) -> str:
    """What to type in another terminal while everything is up."""
    if stage.shared:
        return f"clarion --workspace {stage.workspace} {arguments}"
    return f"CLARION_DATA_DIR={stage.folder / 'data'} clarion {arguments}"
