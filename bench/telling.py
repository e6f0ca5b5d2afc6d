"""What telling customers costs: outcomes and receipts with and without a subscriber, and deliveries per second.

python -m bench.telling sqlite
"""

import asyncio
import random
import sys
import time
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from bench.lab import add_people, database
from clarion.domain.addresses import Allowed
from clarion.domain.message import Status
from clarion.domain.news import Event
from clarion.domain.sending import Accepted
from clarion.net.client import GuardedClient
from clarion.services.secrets import SecretBox, generate_key
from clarion.services.telling.deliver import Telling
from clarion.services.telling.subscribing import subscribe
from clarion.store import news, receipts
from clarion.store.counts import Moves
from clarion.store.db import Database
from clarion.store.news import News
from clarion.store.outbox.settle import Result, settle
from clarion.store.receipts import Heard, make_echo
from tests.support.stack import free_port

GROUP = 500
"""Outcomes or receipts in one transaction, as under load."""


class _Nobody:
    def wake(self, lane: str, *, after: int = 0) -> None: ...


def measure(kind: str, *, groups: int = 24, deliveries: int = 4_000) -> dict[str, Any]:
    """Milliseconds for a group of outcomes and of receipts, nobody subscribed and everything wanted; deliveries."""
    with database(kind) as url:
        return asyncio.run(_measure(url, groups, deliveries))


async def _measure(url: str, groups: int, count: int) -> dict[str, Any]:
    db = await Database.open(url, pool=4)
    box = SecretBox.from_setting(generate_key())
    port = free_port()
    client = GuardedClient(Allowed.parse(["127.0.0.1"]), ports=[port])
    try:
        await add_people(db, 2 * groups * GROUP)
        await _on_the_wire(db)
        found: dict[str, Any] = {"database": url.split(":", maxsplit=1)[0]}
        quiet = await _handled(db, range(groups))
        made = await subscribe(
            db, box, client, workspace=1, url=f"http://127.0.0.1:{port}/", events=list(Event)
        )
        db.memory.clear()
        heard = await _handled(db, range(groups, 2 * groups))
        for name, (without, with_one) in {
            "settle": (quiet[0], heard[0]), "receipts": (quiet[1], heard[1]),
        }.items():  # fmt: skip
            found[f"{name}_{GROUP}_ms"] = _median(without)
            found[f"{name}_{GROUP}_subscribed_ms"] = _median(with_one)
        async with db.transaction() as tx:
            await tx.run("DELETE FROM news")
            ids = [
                row.id for row in await tx.all("SELECT id FROM messages ORDER BY id LIMIT :n", {"n": count})
            ]
            await news.tell(tx, [News(1, Event.MESSAGE_DELIVERED, each) for each in ids])
        found["fan_out_and_deliver_per_s"] = round(
            count / await _delivered(db, client, box, port, made.id, count)
        )
        return found
    finally:
        await client.close()
        await db.close()


async def _on_the_wire(db: Database) -> None:
    """Every contact has a message whose request was made."""
    async with db.transaction() as tx:
        await tx.run(
            "INSERT INTO senders (id, workspace_id, name, provider, account, config, secrets) "
            "VALUES (1, 1, 'wa', 'whatsapp', '1', '{}', '')"
        )
        await tx.run(
            "INSERT INTO messages (workspace_id, contact_id, sender_id, address, person, variables, status) "
            "SELECT 1, id, 1, address, person, '{}', 'queued' FROM contacts ORDER BY id"
        )
        await tx.run(
            "INSERT INTO outbox (message_id, workspace_id, sender_id, contact_id, person, priority, state, "
            "attempt_id, attempts, until) SELECT id, 1, 1, contact_id, person, 0, 'sending', 'a' || id, 1, 9e15 "
            "FROM messages"
        )


async def _handled(db: Database, groups: range) -> tuple[list[float], list[float]]:
    """Seconds for each group of outcomes, and of receipts `delivered`."""
    async with db.reading() as tx:
        ids = [row.id for row in await tx.all("SELECT id FROM messages ORDER BY id")]
    settled, received = [], []
    for group in groups:
        some = ids[group * GROUP : (group + 1) * GROUP]
        results = [Result(each, f"a{each}", Accepted(f"p{each}")) for each in some]
        heard = [
            Heard(each, frozenset({1}), f"p{each}", make_echo(each, f"a{each}"), Status.DELIVERED, 7, None)
            for each in some
        ]
        began = time.perf_counter()
        async with db.transaction() as tx:
            await settle(tx, results, limit=3, first_look=30_000_000, chance=random.random)
        settled.append(time.perf_counter() - began)
        began = time.perf_counter()
        async with db.transaction() as tx:
            await receipts.apply(tx, heard, Moves())
        received.append(time.perf_counter() - began)
    return settled, received


async def _delivered(
    db: Database, client: GuardedClient, box: SecretBox, port: int, ident: int, count: int
) -> float:
    """Seconds until an endpoint that answers at once was told of `count` news."""
    heard, all_heard = 0, asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        nonlocal heard
        await request.read()
        heard += 1
        if heard >= count:
            all_heard.set()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    telling = Telling(db, client, box, _Nobody(), worker="bench")
    began = time.perf_counter()
    while not all_heard.is_set():
        await telling.work()
        await asyncio.sleep(0.001)
    took = time.perf_counter() - began
    await telling.stop()
    await runner.cleanup()
    return took


def _median(seconds: Sequence[float]) -> float:
    return round(sorted(seconds)[len(seconds) // 2] * 1_000, 1)


if __name__ == "__main__":
    for name, value in measure(sys.argv[1] if len(sys.argv) > 1 else "sqlite").items():
        print(f"{name}: {value}")
