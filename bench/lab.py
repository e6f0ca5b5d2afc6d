"""Real processes to measure: one simulator, any number of `clarion serve`, a database of either kind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from clarion.domain.content import Parameter, Template
from clarion.services import campaigns
from clarion.services.secrets import SecretBox, load_or_create_key
from clarion.services.senders import add_sender
from clarion.store import dialect, migrate
from clarion.store.db import Database
from tests.support import postgres
from tests.support.stack import free_port

NUMBER = "100000000000001"
CONTENT = Template(
    "order_update",
    "en_US",
    body=(Parameter("1", "{{ name }}"), Parameter("2", "{{ order }}"), Parameter("3", "on its way")),
)


class Nobody:
    """A waker for a process without lanes: the serving processes find the rows by their sweep."""

    def wake(self, lane: str, *, after: int = 0) -> None:
        """Nothing."""


@contextmanager
def database(kind: str) -> Iterator[str]:
    """A fresh, migrated database of this kind, as its URL."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/clarion.db"
            migrate.upgrade(url)
            yield url
        return
    held, local = postgres.start()
    url = held.create_database()
    migrate.upgrade(url)
    try:
        yield url
    finally:
        held.drop_database(url)
        if local is not None:
            local.stop()


@dataclass(slots=True)
class Lab:
    """Processes under measurement. `sim` is the simulator's base URL, `servers` the serving processes."""

    url: str
    folder: Path
    sim: str
    servers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    simulator: subprocess.Popen[bytes] | None = None

    def ask(self, path: str, *, method: str = "GET", body: Any = None) -> Any:
        """One call of the simulator's control."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.sim}/_sim/{path}", data=data, method=method)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def cpu(self) -> float:
        """Seconds of CPU the serving processes have used so far."""
        total = 0.0
        for each in self.servers:
            times = psutil.Process(each.pid).cpu_times()
            total += times.user + times.system
        return total

    def memory(self) -> int:
        """Largest resident size among the serving processes, bytes."""
        return max(psutil.Process(each.pid).memory_info().rss for each in self.servers)


@asynccontextmanager
async def lab(
    url: str, *, workers: int = 1, sim: Mapping[str, Any] | None = None, **environment: str
) -> AsyncIterator[Lab]:
    """Start everything; end everything, by PID, whatever happens."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port, ports = free_port(), [free_port() for _ in range(workers)]
        hook = f"http://127.0.0.1:{ports[0]}/webhooks/whatsapp"
        config: dict[str, Any] = {"delivery": {"batch_max": 500, "batch_wait_ms": 200}, **(sim or {})}
        config["whatsapp"] = {"webhook_url": hook, "window": "off", **config.get("whatsapp", {})}
        (folder / "sim.json").write_text(json.dumps(config))
        command = [
            sys.executable,
            "-m",
            "clarion.sim",
            "--port",
            str(port),
            "--config",
            str(folder / "sim.json"),
        ]
        held = Lab(url, folder, f"http://127.0.0.1:{port}")
        try:
            held.simulator = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            await _ready(f"{held.sim}/healthz")
            for each in ports:
                held.servers.append(_serve(held, each, ports[0], environment))
            for each in ports:
                await _ready(f"http://127.0.0.1:{each}/readyz")
            yield held
        finally:
            for process in [*held.servers, *([held.simulator] if held.simulator is not None else [])]:
                process.send_signal(signal.SIGTERM)
            for process in [*held.servers, *([held.simulator] if held.simulator is not None else [])]:
                try:
                    process.wait(40)
                except subprocess.TimeoutExpired:
                    process.kill()


def _serve(held: Lab, port: int, public: int, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    settings = {
        "CLARION_DATABASE_URL": held.url,
        "CLARION_DATA_DIR": str(held.folder),
        "CLARION_HTTP__PORT": str(port),
        "CLARION_HTTP__PUBLIC_URL": f"http://127.0.0.1:{public}",
        "CLARION_WHATSAPP__BASE_URL": held.sim,
        "CLARION_LOG__LEVEL": "warning",
        "CLARION_ENGINE__SWEEP": "PT0.5S",
        **environment,
    }
    log = (held.folder / f"serve-{port}.log").open("wb")
    program = "from clarion import server, settings; server.serve(settings.load_settings())"
    return subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, **settings}, stdout=log, stderr=subprocess.STDOUT
    )


async def _ready(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)


_PEOPLE = dialect.Rows({"address": "text", "person": "text", "attributes": "json"})


async def add_people(db: Database, count: int, *, list_name: str = "people") -> str:
    """`count` contacts on a list, set-based."""
    async with db.transaction() as tx:
        ident = await tx.scalar(
            "INSERT INTO lists (workspace_id, name) VALUES (1, :name) RETURNING id", {"name": list_name}
        )
    for first in range(0, count, 20_000):
        rows = [
            [f"+4477{n:08}", f"4477{n:08}", json.dumps({"name": f"Person {n}", "order": str(n)})]
            for n in range(first, min(count, first + 20_000))
        ]
        async with db.transaction() as tx:
            await tx.run(
                "INSERT INTO contacts (workspace_id, address, person, attributes) SELECT 1, v.address, v.person, "
                f"v.attributes FROM {_PEOPLE.sql(tx.name)} WHERE true ON CONFLICT DO NOTHING",
                _PEOPLE.params(tx.name, rows),
            )
            await tx.run(
                "INSERT INTO list_members (list_id, contact_id, line) SELECT :list, c.id, c.id FROM contacts c "
                f"JOIN {_PEOPLE.sql(tx.name)} ON c.workspace_id = 1 AND v.person = c.person ORDER BY c.id",
                {"list": ident, **_PEOPLE.params(tx.name, rows)},
            )
    return list_name


async def make_campaign(db: Database, folder: Path, *, rate: float, people: str, name: str = "bench") -> int:
    """A sender at `rate`, the simulator's template cached, and a draft campaign to the list."""
    box = SecretBox.from_setting(load_or_create_key(folder / "secret.key"))
    sender = await add_sender(
        db,
        box,
        workspace=1,
        name=f"sender of {name}",
        provider="whatsapp",
        account=NUMBER,
        config={"waba_id": "200000000000001"},
        secrets={"token": "sim-token", "app_secret": "sim-app-secret", "verify_token": "sim-verify"},
        rate=rate,
    )
    async with db.transaction() as tx:
        await tx.run(
            "INSERT INTO templates (workspace_id, provider, account, provider_id, name, language, status, variables, "
            "text, content) VALUES (1, 'whatsapp', '200000000000001', '300000000000001', 'order_update', 'en_US', "
            "'APPROVED', :variables, 'Hi {{1}}, your order {{2}} is {{3}}.', '{}') ON CONFLICT DO NOTHING",
            {"variables": json.dumps(["body.1", "body.2", "body.3"])},
        )
    return await campaigns.create_campaign(
        db, workspace=1, name=name, sender=sender, lists=[people], content=CONTENT
    )


async def wait_for(db: Database, campaign: int, *, moving: tuple[str, ...], seconds: float) -> dict[str, int]:
    """Wait until no message of the campaign is in one of these states; its counters."""
    deadline = time.monotonic() + seconds
    while True:
        async with db.reading() as tx:
            row = await tx.first("SELECT * FROM campaign_counts WHERE campaign_id = :id", {"id": campaign})
            expanded = await tx.scalar("SELECT expanded FROM campaigns WHERE id = :id", {"id": campaign})
        assert row is not None
        counts = {k: v for k, v in row._mapping.items() if v and k not in ("campaign_id", "breaker")}
        if expanded and counts.get("audience") and not any(counts.get(s) for s in moving):
            return counts
        if time.monotonic() > deadline:
            raise TimeoutError(f"still {counts} after {seconds} s")
        await asyncio.sleep(0.2)
