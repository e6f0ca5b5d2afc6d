"""Journeys: a million people waiting, idle and while some of them answer; and the start of a run over many.

python -m bench.journeys waiting 1000000 | python -m bench.journeys start postgresql 100000
"""

import asyncio
import json
import sys
import time
import urllib.request
from typing import Any

import aiohttp

from bench.lab import Lab, Nobody, add_people, database, lab
from clarion.services.journeys.runs import start_run
from clarion.store.db import Database
from tests.support.crowd import gather, phone, webhook
from tests.support.journey_engine import Stage
from tests.support.server import sender_of

THANKS = {
    "name": "thanks",
    "sender": "wa",
    "nodes": [
        {"id": "start", "kind": "audience"},
        {"id": "ask", "kind": "wait", "timeout": "30d", "save": "said"},
        {"id": "thank", "kind": "message", "content": {"type": "text", "body": "Thanks for {{ said }}"}},
        {"id": "more", "kind": "wait", "timeout": "30d"},
        {"id": "done", "kind": "end"},
    ],
    "edges": [
        {"from": "start", "to": "ask"},
        {"from": "ask", "to": "thank", "on": "regex", "pattern": r"\d+"},
        {"from": "ask", "to": "done", "on": "timeout"},
        {"from": "thank", "to": "more"},
        {"from": "more", "to": "done", "on": "fallback"},
        {"from": "more", "to": "done", "on": "timeout"},
    ],
}

GREETS = {
    "name": "greets",
    "sender": "wa",
    "nodes": [
        {"id": "start", "kind": "audience"},
        {"id": "greet", "kind": "message", "content": {"type": "template", "name": "order_update"}},
        {"id": "wait", "kind": "wait", "timeout": "1d"},
        {"id": "done", "kind": "end"},
    ],
    "edges": [
        {"from": "start", "to": "greet"},
        {"from": "greet", "to": "wait"},
        {"from": "wait", "to": "done", "on": "fallback"},
        {"from": "wait", "to": "done", "on": "timeout"},
    ],
}


def waiting(people: int, *, rate: int = 200, seconds: int = 30, quiet: int = 30) -> dict[str, Any]:
    """PostgreSQL: CPU and memory of one process while `people` wait, then while `rate` per second answer."""
    with database("postgresql") as url:
        return asyncio.run(_waiting(url, people, rate, seconds, quiet))


async def _waiting(url: str, people: int, rate: int, seconds: int, quiet: int) -> dict[str, Any]:
    sim = {
        "latency": {"kind": "uniform", "low_ms": 50, "high_ms": 200},
        "whatsapp": {"rate": None},
        "delivery": {"batch_wait_ms": 50},
    }
    async with lab(url, sim=sim) as held:
        db = await Database.open(url, pool=3)
        try:
            sender = await sender_of(db, held.folder, rate=1_000)
            await gather(db, THANKS, people, node="ask", sender=sender)
            async with db.transaction() as tx:
                await tx.run("ANALYZE")
            await asyncio.sleep(3)
            memory, cpu = held.memory(), held.cpu()
            await asyncio.sleep(quiet)
            idle = (held.cpu() - cpu) / quiet
            grown, cpu, began = held.memory() - memory, held.cpu(), time.monotonic()
            posted = await _answer(held, people, rate, seconds)
            await asyncio.sleep(5)
            busy = (held.cpu() - cpu) / (time.monotonic() - began)
            late = sorted(_latencies(held, posted))
            advanced = await _advanced(db)
            after = held.memory()
        finally:
            await db.close()
    return {
        "people": people,
        "idle_share_of_a_core": round(idle, 4),
        "idle_memory_growth_mb": round(grown / 2**20, 2),
        "memory_mb": round(after / 2**20, 1),
        "replies": len(posted),
        "answered": len(late),
        "share_of_a_core": round(busy, 3),
        **_spread("advanced", advanced),
        **_spread("handed", late),
    }


def _spread(name: str, sorted_ms: list[float]) -> dict[str, float]:
    return {
        f"{name}_{share}": round(sorted_ms[int(len(sorted_ms) * at)], 1) for share, at in _SHARES if sorted_ms
    }


_SHARES = (("p50_ms", 0.5), ("p90_ms", 0.9), ("p99_ms", 0.99), ("max_ms", 0.99999))


async def _answer(held: Lab, people: int, rate: int, seconds: int) -> dict[str, int]:
    """`rate` people per second write, each in a webhook of their own; person -> monotonic ns of the POST's begin."""
    hook = f"{held.ask('config')['whatsapp']['webhook_url']}"
    posted: dict[str, int] = {}
    tasks: list[asyncio.Task[None]] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100)) as http:

        async def post(n: int) -> None:
            body, headers = webhook([(f"wamid.in.{n}", n, f"answer {n}")])
            posted[phone(n)] = time.monotonic_ns()
            async with http.post(hook, data=body, headers=headers) as answer:
                assert answer.status == 200, answer.status

        step = people // (rate * seconds)
        began = time.monotonic()
        for n in range(rate * seconds):
            await asyncio.sleep(max(0.0, began + n / rate - time.monotonic()))
            tasks.append(asyncio.create_task(post(n * step)))
        await asyncio.gather(*tasks)
    return posted


async def _advanced(db: Database) -> list[float]:
    """Milliseconds from a reply's storing, which is answered 200, to the step that moves its person."""
    async with db.reading() as tx:
        rows = await tx.all(
            "SELECT t.at - i.received_at AS took FROM replies r "
            "JOIN inbox i ON i.key = 'whatsapp:reply:100000000000001:' || r.provider_id "
            "JOIN trails t ON t.reply_id = r.id AND t.edge <> '' ORDER BY took"
        )
    return [row.took / 1_000 for row in rows]


def _latencies(held: Lab, posted: dict[str, int]) -> list[float]:
    """Milliseconds from each person's webhook to the arrival of our next message to them at the provider."""
    with urllib.request.urlopen(f"{held.sim}/_sim/ledger", timeout=60) as answer:
        rows = [json.loads(line) for line in answer]
    found = [(row["mono_ns"], row["recipient"].removeprefix("+")) for row in rows]
    return [(at - posted[person]) / 1e6 for at, person in found if person in posted]


def start(kind: str, people: int) -> dict[str, Any]:
    """Seconds until everybody is in the run, and until everybody's first message is queued."""
    with database(kind) as url:
        return asyncio.run(_start(url, people))


async def _start(url: str, people: int) -> dict[str, Any]:
    # The sender stands still, so that only the start is measured.
    async with lab(url, sim={"whatsapp": {"rate": None}}) as held:
        db = await Database.open(url, pool=3)
        try:
            sender = await sender_of(db, held.folder, rate=60)
            stage = Stage(db, sender=sender)
            name = await add_people(db, people)
            await stage.publish(GREETS)
            async with db.transaction() as tx:
                await tx.run("UPDATE senders SET state = 'paused'")
                await tx.run("ANALYZE")
            began = time.monotonic()
            run = await start_run(db, Nobody(), "greets", lists=(name,))
            entered = queued = 0.0
            while not queued:
                await asyncio.sleep(0.2)
                async with db.reading() as tx:
                    row = await tx.first(
                        "SELECT expanded, (SELECT count(*) FROM outbox) AS queued FROM runs WHERE id = :id",
                        {"id": run},
                    )
                assert row is not None
                took = time.monotonic() - began
                entered = entered or (took if row.expanded else 0.0)
                queued = took if row.queued == people else 0.0
        finally:
            await db.close()
    return {
        "database": url.split(":", maxsplit=1)[0],
        "people": people,
        "entered_s": round(entered, 1),
        "first_messages_queued_s": round(queued, 1),
    }


if __name__ == "__main__":
    if sys.argv[1] == "waiting":
        print(waiting(int(sys.argv[2])))
    else:
        print(start(sys.argv[2], int(sys.argv[3])))
