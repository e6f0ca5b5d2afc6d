"""kill -9 while people answer: every event counts once, on real processes and both databases."""

import asyncio
import random
import signal
from collections import Counter
from pathlib import Path

import aiohttp

from clarion.services.journeys.runs import start_run
from clarion.sim.config import merged
from clarion.sim.server import Simulator
from clarion.store.books import check_books
from clarion.store.db import Database
from tests.support.crowd import gather, phone, webhook
from tests.support.journey_engine import Stage
from tests.support.people import a_list
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


PEOPLE = 200
ANSWERED, SILENT = "Thank you for your answer.", "visit_reminder"

ASKS = {
    "name": "visits",
    "sender": "wa",
    "nodes": [
        {"id": "start", "kind": "audience"},
        {
            "id": "ask",
            "kind": "message",
            "content": {
                "type": "template",
                "name": "visit_question",
                "language": "en_US",
                "body": [{"name": "1", "value": "{{ name }}"}, {"name": "2", "value": "visit"}],
                "buttons": [
                    {"index": 0, "kind": "quick_reply", "value": "YES"},
                    {"index": 1, "kind": "quick_reply", "value": "NO"},
                ],
            },
        },
        {"id": "answer", "kind": "wait", "timeout": "8s"},
        {"id": "breath", "kind": "delay", "for": "1s"},
        {"id": "thank", "kind": "message", "content": {"type": "text", "body": ANSWERED}},
        {
            "id": "remind",
            "kind": "message",
            "content": {
                "type": "template",
                "name": SILENT,
                "language": "en_US",
                "body": [{"name": "1", "value": "{{ name }}"}],
            },
        },
        {"id": "thanked", "kind": "end", "outcome": "thanked"},
        {"id": "reminded", "kind": "end", "outcome": "reminded"},
    ],
    "edges": [
        {"from": "start", "to": "ask"},
        {"from": "ask", "to": "answer"},
        {"from": "answer", "to": "breath", "on": "payload", "value": "YES"},
        {"from": "answer", "to": "breath", "on": "fallback"},
        {"from": "answer", "to": "remind", "on": "timeout"},
        {"from": "breath", "to": "thank"},
        {"from": "thank", "to": "thanked"},
        {"from": "remind", "to": "reminded"},
    ],
}


async def test_killed_while_people_answer_nobody_gets_a_step_twice_and_nobody_is_stuck(
    database_url: str, tmp_path: Path
) -> None:
    port = free_port()
    replying = {"reply_share": 0.7, "replies": [{"button": 0}, {"text": "maybe"}]}
    replying["reply"] = {"low_ms": 500, "high_ms": 3_000}
    config = merged(simulated(port), {"people": replying})
    async with Simulator(config) as sim:
        db = await Database.open(database_url, pool=3)
        stage = Stage(db, sender=await sender_of(db, tmp_path, rate=100))
        await a_list(db, "people", [{"name": f"P{n}"} for n in range(PEOPLE)])
        await stage.publish(ASKS)
        with closing(Server(database_url, tmp_path, sim.url, port)) as server:
            await start_run(db, stage.woken, "visits", lists=("people",))
            for _ in range(4):
                await server.start()
                await asyncio.sleep(1.5)
                await server.end(signal.SIGKILL)
            await server.start()
            await _until_only_doubts_wait(stage)
            assert await server.end(signal.SIGTERM) == 0
        rows = [sim.world.ledger.row(n) for n in range(1, len(sim.world.ledger) + 1)]
        taken = [(row["recipient"], row["content"]) for row in rows if row["outcome"] == "accepted"]
        assert len(taken) == len(set(taken)), "somebody got a message twice"
        per_person = Counter(person for person, _ in taken)
        assert max(per_person.values()) == 2, "a question and one answer, never both answers"
        places = await stage.where()
        assert sum(places.values()) == PEOPLE
        assert set(places) <= {"=thanked", "=reminded", "ask", "thank", "remind"}, (
            places,
            await _reasons(stage),
        )
        # Who stands at a message is there because nobody knows whether it left: the ledger has not got it.
        held = sum(n for place, n in places.items() if not place.startswith("="))
        assert held == await _doubts(stage), places
        assert await check_books(db) == []
        await db.close()


async def _reasons(stage: Stage) -> list[str]:
    async with stage.db.reading() as tx:
        return [
            row.reason for row in await tx.all("SELECT DISTINCT reason FROM positions WHERE reason <> ''")
        ]


async def _doubts(stage: Stage) -> int:
    async with stage.db.reading() as tx:
        return int(await tx.scalar("SELECT count(*) FROM outbox WHERE state = 'unknown'"))


async def _until_only_doubts_wait(stage: Stage) -> None:
    """Nobody else is under way, and that lasts: a receipt that comes late sends its person on."""
    places: dict[str, int] = {}
    lasted = 0
    for _ in range(700):
        places = await stage.where()
        under_way = sum(n for place, n in places.items() if not place.startswith("="))
        settled = sum(places.values()) == PEOPLE and under_way == await _doubts(stage)
        lasted = lasted + 1 if settled else 0
        if lasted == 30:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"still {places}, {await _doubts(stage)} in doubt")
