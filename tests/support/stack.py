"""The whole product in one event loop: simulator, engine and webhooks over real HTTP on free ports."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from clarion import bootstrap, server
from clarion.api.app import create_app
from clarion.metrics import Counted
from clarion.providers.registry import PROVIDERS
from clarion.services import campaigns
from clarion.services.secrets import SecretBox
from clarion.services.senders import add_sender
from clarion.settings import Settings, load_settings
from clarion.sim.config import SimConfig, check, merged
from clarion.sim.server import Simulator
from clarion.store import dialect
from clarion.store.books import check_books
from clarion.store.db import Database

FAST: dict[str, Any] = {
    "latency": {"kind": "uniform", "low_ms": 5, "high_ms": 30},
    "receipts": {
        "sent": {"low_ms": 1, "high_ms": 20},
        "delivered": {"low_ms": 5, "high_ms": 50},
        "read": {"low_ms": 5, "high_ms": 50},
    },
    "whatsapp": {"rate": None, "window": "off"},
    "delivery": {"batch_wait_ms": 10},
}
"""A simulator in a hurry: unlimited rate, answers within 30 ms."""

_PEOPLE = dialect.Rows({"address": "text", "person": "text", "attributes": "json"})


def free_port() -> int:
    """A port of 127.0.0.1 nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@dataclass(slots=True)
class Stack:
    """What a test holds in its hands. `box` opens the senders' credentials."""

    settings: Settings
    sim: Simulator
    engine: server.Engine
    box: SecretBox
    made: int = field(default=0)

    @property
    def db(self) -> Database:
        return self.engine.db

    def configure_sim(self, patch: Mapping[str, Any]) -> None:
        """Change the simulator from the next request on."""
        self.sim.configure(merged(self.sim.world.config, patch))

    async def whatsapp(self, *, rate: float = 0, name: str = "wa", number: str = "100000000000001") -> int:
        """A WhatsApp sender at the simulator."""
        secrets = {"token": "sim-token", "app_secret": "sim-app-secret", "verify_token": "sim-verify"}
        return await add_sender(
            self.db,
            self.box,
            workspace=1,
            name=name,
            provider="whatsapp",
            account=number,
            config={"waba_id": "200000000000001"},
            secrets=secrets,
            rate=rate,
        )

    async def twilio(self, *, rate: float = 0, name: str = "tw") -> int:
        """A Twilio SMS sender at the simulator."""
        return await add_sender(
            self.db,
            self.box,
            workspace=1,
            name=name,
            provider="twilio",
            account="AC00000000000000000000000000000001",
            config={"from": "+15005550006", "channel": "sms"},
            secrets={"auth_token": "sim-auth-token"},
            rate=rate,
        )

    async def people(self, count: int, *, list_name: str = "people", first: int = 0) -> str:
        """A list of `count` contacts; the name of the list."""
        rows = [
            [f"+4477009{n:05}", f"4477009{n:05}", f'{{"name": "Person {n}"}}']
            for n in range(first, first + count)
        ]
        async with self.db.transaction() as tx:
            await tx.run(
                "INSERT INTO contacts (workspace_id, address, person, attributes) SELECT 1, v.address, v.person, "
                f"v.attributes FROM {_PEOPLE.sql(tx.name)} WHERE true ON CONFLICT DO NOTHING",
                _PEOPLE.params(tx.name, rows),
            )
            ident = await tx.scalar(
                "INSERT INTO lists (workspace_id, name) VALUES (1, :name) RETURNING id", {"name": list_name}
            )
            await tx.run(
                "INSERT INTO list_members (list_id, contact_id, line) SELECT :list, c.id, c.id FROM contacts c "
                f"JOIN {_PEOPLE.sql(tx.name)} ON v.person = c.person ORDER BY c.id",
                {"list": ident, **_PEOPLE.params(tx.name, rows)},
            )
        return list_name

    async def campaign(self, sender: int, people: str, *, launch: bool = True, **more: Any) -> int:
        """A campaign of one text to one list, launched unless told otherwise; its id."""
        self.made += 1
        ident = await campaigns.create_campaign(
            self.db,
            workspace=1,
            name=more.pop("name", f"campaign {self.made}"),
            sender=sender,
            lists=[people],
            content=more.pop("content", {"type": "text", "body": "Hello {{ name }}"}),
            **more,
        )
        if launch:
            await campaigns.launch_campaign(self.db, self.engine.waker, ident)
        return ident

    async def counts(self, campaign: int) -> dict[str, int]:
        """The campaign's counters that are not zero."""
        async with self.db.reading() as tx:
            row = await tx.first("SELECT * FROM campaign_counts WHERE campaign_id = :id", {"id": campaign})
        assert row is not None
        return {k: v for k, v in row._mapping.items() if v and k not in ("campaign_id", "breaker")}

    async def until(
        self, campaign: int, done: Callable[[dict[str, int]], bool], *, seconds: float = 30
    ) -> dict[str, int]:
        """Wait until the counters are as `done` wants them; fails with what they are otherwise."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            found = await self.counts(campaign)
            if done(found):
                return found
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"still {found} after {seconds} s")
            await asyncio.sleep(0.05)

    async def settled(self, campaign: int, *, seconds: float = 30) -> dict[str, int]:
        """Wait until nothing is queued, leased, sending or merely accepted or sent any more."""
        return await self.until(
            campaign,
            lambda c: c.get("audience", 0) > 0 and not any(c.get(s) for s in _MOVING),
            seconds=seconds,
        )

    async def books(self) -> list[str]:
        """What does not balance."""
        return await check_books(self.db)

    def stats(self) -> dict[str, Any]:
        """The simulator's own figures, over all senders."""
        return dict(self.sim.world.ledger.stats())

    def accepted(self) -> list[str]:
        """Recipients of everything the simulator accepted, in order, with repeats."""
        rows = (self.sim.world.ledger.row(n) for n in range(len(self.sim.world.ledger)))
        return [str(row["recipient"]) for row in rows if row["outcome"] == "accepted"]


_MOVING = ("queued", "leased", "sending", "accepted", "sent")


@asynccontextmanager
async def stack(
    database_url: str,
    folder: Path,
    *,
    sim: Mapping[str, Any] | None = None,
    meters: Counted | None = None,
    **values: Any,
) -> AsyncIterator[Stack]:
    """Everything running. `sim` is merged over FAST; `values` are settings."""
    port = free_port()
    config = merged(check(SimConfig, FAST), sim or {})
    hooks = f"http://127.0.0.1:{port}/webhooks"
    config = merged(
        config,
        {"whatsapp": {"webhook_url": f"{hooks}/whatsapp"}, "twilio": {"inbound_url": f"{hooks}/twilio"}},
    )
    async with Simulator(config) as simulator:
        given: dict[str, Any] = {
            "data_dir": folder,
            "database_url": database_url,
            "http": {"port": port, "public_url": f"http://127.0.0.1:{port}"},
            "whatsapp": {"base_url": simulator.url},
            "twilio": dict.fromkeys(("base_url", "content_url", "messaging_url"), simulator.url),
        }
        settings = load_settings(None, **{**given, **values})
        async with server.running(settings, meters=meters) as engine:
            app = create_app(
                server.backend(settings, engine), intake=engine.intake, providers=list(PROVIDERS)
            )
            web = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, ws="none", lifespan="off"))
            task = asyncio.create_task(web._serve())
            while not web.started:
                await asyncio.sleep(0.01)
            try:
                yield Stack(settings, simulator, engine, await bootstrap.open_secret_box(settings, engine.db))
            finally:
                app.state.live.close()
                web.should_exit = True
                await task
