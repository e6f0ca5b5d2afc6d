"""`clarion serve` as a process to be killed, and a campaign for it to send."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from clarion.services import campaigns
from clarion.services.secrets import SecretBox, load_or_create_key
from clarion.services.senders import add_sender
from clarion.sim.config import SimConfig, check, merged
from clarion.sim.server import Simulator
from clarion.store.db import Database
from tests.support.people import a_list
from tests.support.stack import FAST


class Nobody:
    def wake(self, lane: str, *, after: int = 0) -> None: ...


class Server:
    """`clarion serve` as a process of its own, killed and started again at will."""

    def __init__(self, url: str, folder: Path, sim: str, port: int) -> None:
        self.log = (folder / "serve.log").open("ab")
        self._environment = {
            **os.environ,
            "CLARION_DATABASE_URL": url,
            "CLARION_DATA_DIR": str(folder),
            "CLARION_HTTP__PORT": str(port),
            "CLARION_HTTP__PUBLIC_URL": f"http://127.0.0.1:{port}",
            "CLARION_WHATSAPP__BASE_URL": sim,
            "CLARION_ENGINE__SWEEP": "PT0.3S",
            "CLARION_ENGINE__HEARTBEAT": "PT0.3S",
            "CLARION_ENGINE__DEAD_AFTER": "PT1S",
        }
        self._health = f"http://127.0.0.1:{port}/readyz"
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "clarion", "serve"],
            env=self._environment,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        async with aiohttp.ClientSession() as http:
            for _ in range(400):
                try:
                    async with http.get(self._health) as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)
        raise AssertionError("the server did not become ready: " + Path(self.log.name).read_text()[-2_000:])

    async def end(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return await asyncio.to_thread(self.process.wait, 40)


@contextmanager
def closing(server: Server) -> Iterator[Server]:
    try:
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.process.kill()
            server.process.wait()
        server.log.close()


async def sender_of(db: Database, folder: Path, *, rate: float = 0) -> int:
    """The sender `wa`, with credentials that servers on `folder` can open."""
    box = SecretBox.from_setting(load_or_create_key(folder / "secret.key"))
    return await add_sender(
        db,
        box,
        workspace=1,
        name="wa",
        provider="whatsapp",
        account="100000000000001",
        config={"waba_id": "200000000000001"},
        secrets={"token": "sim-token", "app_secret": "sim-app-secret", "verify_token": "sim-verify"},
        rate=rate,
    )


async def prepare(db: Database, folder: Path, *, people: int, rate: float) -> int:
    """A launched campaign to `people` at `rate`; its id."""
    sender = await sender_of(db, folder, rate=rate)
    audience = await a_list(db, "people", [{"name": f"P{n}"} for n in range(people)])
    ident = await campaigns.create_campaign(
        db,
        workspace=1,
        name="c",
        sender=sender,
        lists=[audience],
        content={"type": "text", "body": "Hi {{ name }}"},
    )
    await campaigns.launch_campaign(db, Nobody(), ident)
    return ident


async def counts_of(db: Database, campaign: int) -> dict[str, int]:
    async with db.reading() as tx:
        row = await tx.first("SELECT * FROM campaign_counts WHERE campaign_id = :id", {"id": campaign})
    assert row is not None
    return {k: v for k, v in row._mapping.items() if v and k not in ("campaign_id", "breaker")}


async def finished(db: Database, campaign: int, people: int, *, seconds: float = 40) -> dict[str, int]:
    for _ in range(int(seconds / 0.1)):
        counts = await counts_of(db, campaign)
        moving = ("queued", "leased", "sending", "accepted", "sent")
        if counts.get("audience") == people and not any(counts.get(s) for s in moving):
            return counts
        await asyncio.sleep(0.1)
    raise AssertionError(f"still {await counts_of(db, campaign)}")


def accepted(sim: Simulator) -> list[str]:
    rows = [sim.world.ledger.row(n) for n in range(len(sim.world.ledger))]
    return [str(row["recipient"]) for row in rows if row["outcome"] == "accepted"]


def simulated(port: int) -> SimConfig:
    patch: dict[str, Any] = {
        "latency": {"kind": "uniform", "low_ms": 100, "high_ms": 300},
        "whatsapp": {"webhook_url": f"http://127.0.0.1:{port}/webhooks/whatsapp"},
        "delivery": {"retry_ms": 200, "retry_factor": 1},
    }
    return merged(check(SimConfig, FAST), patch)
