"""Webhook intake of one process: status events stored for good before they are answered, while their lane reads them.

python -m bench.intake sqlite
"""

import asyncio
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import aiohttp

from bench.lab import Lab, add_people, database, lab
from clarion.store.db import Database
from tests.support.crowd import NUMBER, SECRET
from tests.support.server import sender_of

FACTS = ("sent", "delivered", "read")
BATCH = 500  # events in one webhook, as Meta sends them under load
CONNECTIONS = 64

Hook = tuple[bytes, dict[str, str]]


def measure(kind: str, *, events: int = 30_000, batched: int = 120_000, seconds: int = 10) -> dict[str, Any]:
    """The most events per second, one and BATCH in a webhook; then answers' times at half of the budget."""
    with database(kind) as url:
        return asyncio.run(_measure(url, events, batched, seconds))


async def _measure(url: str, events: int, batched: int, seconds: int) -> dict[str, Any]:
    slow, quick = 1_000 * seconds, 10_000 * seconds
    people = (events + batched + slow + quick) // len(FACTS) + BATCH
    async with lab(url) as held:
        db = await Database.open(url, pool=3)
        try:
            await _accepted(db, await sender_of(db, held.folder), await add_people(db, people))
            happened = _statuses(people)
            single = [_hook([next(happened)]) for _ in range(events)]
            grouped = [_hook([next(happened) for _ in range(BATCH)]) for _ in range(batched // BATCH)]
            paced = [_hook([next(happened)]) for _ in range(slow)]
            paced_grouped = [_hook([next(happened) for _ in range(BATCH)]) for _ in range(quick // BATCH)]
            found: dict[str, Any] = {
                "database": url.split(":", maxsplit=1)[0],
                "events": events + batched + slow + quick,
            }
            found["single_per_s"] = round(events / await _as_fast_as_it_goes(held, single))
            await _read(db)
            found["batched_per_s"] = round(batched / await _as_fast_as_it_goes(held, grouped, at_once=8))
            await _read(db)
            for name, hooks, rate in (("single", paced, 1_000.0), ("batched", paced_grouped, 10_000 / BATCH)):
                took = sorted(await _at(held, hooks, rate))
                found[f"{name}_p50_ms"] = round(took[len(took) // 2] * 1_000, 1)
                found[f"{name}_p99_ms"] = round(took[int(len(took) * 0.99)] * 1_000, 1)
                await _read(db)
            async with db.reading() as tx:
                found["stored"] = await tx.scalar("SELECT count(*) FROM inbox")
                found["applied"] = await tx.scalar("SELECT count(*) FROM messages WHERE read_at > 0")
        finally:
            await db.close()
    return found


async def _accepted(db: Database, sender: int, name: str) -> None:
    """A message to everybody that the provider has taken."""
    async with db.transaction() as tx:
        await tx.run(
            "INSERT INTO messages (workspace_id, contact_id, sender_id, address, person, status, attempts, "
            "provider_id, created_at, accepted_at) "
            "SELECT 1, m.contact_id, cast(:sender AS bigint), c.address, c.person, 'accepted', 1, "
            "'wamid.' || c.person, 1, 1 FROM list_members m JOIN lists l ON l.id = m.list_id AND l.name = :name "
            "JOIN contacts c ON c.id = m.contact_id ORDER BY m.id",
            {"sender": sender, "name": name},
        )
    async with db.transaction() as tx:
        await tx.run("ANALYZE")


def _statuses(people: int) -> Iterator[dict[str, Any]]:
    for n in range(people):
        person = f"4477{n:08}"
        for fact in FACTS:
            yield {
                "id": f"wamid.{person}",
                "status": fact,
                "timestamp": str(int(time.time())),
                "recipient_id": person,
            }


def _hook(statuses: Sequence[dict[str, Any]]) -> Hook:
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550001111", "phone_number_id": NUMBER},
        "statuses": statuses,
    }
    entry = {"id": "200000000000001", "changes": [{"value": value, "field": "messages"}]}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return body, {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}


async def _as_fast_as_it_goes(held: Lab, hooks: Sequence[Hook], *, at_once: int = CONNECTIONS) -> float:
    """Seconds until all are answered, with so many connections that each waits for its answer."""
    waiting = iter(hooks)
    url = held.ask("config")["whatsapp"]["webhook_url"]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as http:

        async def work() -> None:
            for body, headers in waiting:
                async with http.post(url, data=body, headers=headers) as answer:
                    assert answer.status == 200, answer.status

        began = time.monotonic()
        await asyncio.gather(*(work() for _ in range(at_once)))
        return time.monotonic() - began


async def _at(held: Lab, hooks: Sequence[Hook], rate: float) -> list[float]:
    """Seconds of each answer, when they are sent at `rate` whether or not earlier ones are answered."""
    url = held.ask("config")["whatsapp"]["webhook_url"]
    took: list[float] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1_000)) as http:

        async def post(body: bytes, headers: dict[str, str], due: float) -> None:
            async with http.post(url, data=body, headers=headers) as answer:
                assert answer.status == 200, answer.status
            took.append(
                time.monotonic() - due
            )  # from when it was due: a late start is our client's fault, and counts

        began, tasks = time.monotonic(), []
        for n, (body, headers) in enumerate(hooks):
            due = began + n / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            tasks.append(asyncio.create_task(post(body, headers, due)))
        await asyncio.gather(*tasks)
    return took


async def _read(db: Database) -> None:
    """Wait until the lane has read everything."""
    for _ in range(3_000):
        async with db.reading() as tx:
            if not await tx.scalar("SELECT EXISTS (SELECT 1 FROM inbox WHERE state IN ('new', 'orphan'))"):
                return
        await asyncio.sleep(0.2)
    raise TimeoutError("the inbox was not read within ten minutes")


if __name__ == "__main__":
    print(measure(sys.argv[1] if len(sys.argv) > 1 else "postgresql"))
