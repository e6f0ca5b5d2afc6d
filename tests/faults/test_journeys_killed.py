"""kill -9 while people answer: every event counts once, on real processes and both databases."""

import asyncio
import random
import signal
from pathlib import Path

import aiohttp

from clarion.sim.server import Simulator
from clarion.store.books import check_books
from clarion.store.db import Database
from tests.support.crowd import gather, phone, webhook
from tests.support.server import Server, closing, sender_of, simulated
from tests.support.stack import free_port

EVENTS = 10_000
IN_ONE = 100  # WhatsApp batches

COUNTS = {
    "name": "count",
    "sender": "wa",
    "nodes": [
        {"id": "start", "kind": "audience"},
        {"id": "ask", "kind": "wait", "timeout": "30d"},
        {"id": "done", "kind": "end"},
        {"id": "late", "kind": "end", "outcome": "late"},
    ],
    "edges": [
        {"from": "start", "to": "ask"},
        {"from": "ask", "to": "done", "on": "keywords", "words": ["yes"]},
        {"from": "ask", "to": "late", "on": "timeout"},
    ],
}


async def test_F6_ten_thousand_answers_three_times_each_in_any_order_count_once(
    postgresql_url: str, tmp_path: Path
) -> None:
    ports = [free_port() for _ in range(4)]
    async with Simulator(simulated(ports[0])) as sim:
        db = await Database.open(postgresql_url, pool=3)
        sender = await sender_of(db, tmp_path)
        run = await gather(db, COUNTS, EVENTS, node="ask", sender=sender)
        servers = [Server(postgresql_url, tmp_path, sim.url, port) for port in ports]
        with closing(servers[0]), closing(servers[1]), closing(servers[2]), closing(servers[3]):
            await asyncio.gather(*(server.start() for server in servers))
            killing = asyncio.create_task(_kill_now_and_then(servers, times=4))
            await _deliver(ports)
            await killing
            await _until_all_ended(db, run)
        async with db.reading() as tx:
            assert await tx.scalar("SELECT count(*) FROM replies") == EVENTS
            assert await tx.scalar("SELECT count(*) FROM trails WHERE edge <> ''") == EVENTS
            assert await tx.scalar("SELECT count(*) FROM position_events") == 0
            assert await tx.scalar("SELECT count(*) FROM timers") == 0
        assert await check_books(db) == []
        await db.close()


async def _deliver(ports: list[int]) -> None:
    """Every answer three times, shuffled, to whichever server is there; repeated until one says 200."""
    chance = random.Random(6)
    answers = [(f"wamid.{n}", n, "yes") for n in range(EVENTS)] * 3
    chance.shuffle(answers)
    batches = [answers[at : at + IN_ONE] for at in range(0, len(answers), IN_ONE)]
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as http:

        async def post(batch: list[tuple[str, int, str]]) -> None:
            body, headers = webhook(batch)
            while True:
                url = f"http://127.0.0.1:{chance.choice(ports)}/webhooks/whatsapp"
                try:
                    async with http.post(url, data=body, headers=headers) as answer:
                        if answer.status == 200:
                            return
                except (aiohttp.ClientError, TimeoutError):
                    pass
                await asyncio.sleep(0.1)

        todo = iter(batches)

        async def work() -> None:
            for batch in todo:
                await post(batch)

        await asyncio.gather(*(work() for _ in range(8)))


async def _kill_now_and_then(servers: list[Server], *, times: int) -> None:
    for n in range(times):
        await asyncio.sleep(1.0)
        server = servers[n % len(servers)]
        await server.end(signal.SIGKILL)
        await server.start()


async def _until_all_ended(db: Database, run: int) -> None:
    left = 0
    for _ in range(600):
        async with db.reading() as tx:
            left = await tx.scalar(
                "SELECT count(*) FROM positions WHERE run_id = :run AND outcome = ''", {"run": run}
            )
        if not left:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{left} people still wait, the first is {phone(0)}")
