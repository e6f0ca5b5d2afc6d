"""Calls of journeys, from the table through real connections to what the position hears."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest

from clarion.domain.addresses import Allowed
from clarion.net.client import GuardedClient
from clarion.services.journeys.calls import Calls
from clarion.store.db import Database
from clarion.store.dialect import json_value
from clarion.store.runs import calls as table
from clarion.workers.wake import InProcess, Run
from tests.contract.servers import Request, Server, after, answer, by_path, in_turn, silence
from tests.support.calling import a_call, a_run, asking, rows, told
from tests.support.journey_engine import Stage

HERE = Allowed.parse(["127.0.0.1"])


class Lane:
    """The `call` lane of one process, and the lanes it woke."""

    def __init__(self, db: Database, client: GuardedClient, **values: Any) -> None:
        self.db = db
        self.woken: list[str] = []
        self.waker = InProcess(self._find)
        self.calls = Calls(db, client, self.waker, **{"chance": lambda: 0.0, **values})

    def _find(self, lane: str) -> Run | None:
        if lane == "call":
            return lambda news: self.calls.work()

        async def look(news: asyncio.Event) -> None:
            self.woken.append(lane)

        return look

    async def until(self, seen: Callable[[], Awaitable[object]], *, within: float = 10) -> None:
        """Wait until `seen` gives something true."""
        async with asyncio.timeout(within):
            while not await seen():
                await asyncio.sleep(0.01)

    async def all_told(self, people: Sequence[int], *, within: float = 10) -> dict[int, dict[str, Any]]:
        """Work until all these have their event; the events."""
        self.waker.wake("call")

        async def seen() -> bool:
            return set(people) <= set(await told(self.db))

        await self.until(seen, within=within)
        return await told(self.db)


MakeLane = Callable[..., Lane]


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """A fresh, migrated database, closed after the test."""
    db = await Database.open(database_url)
    yield db
    await db.close()


@pytest.fixture
async def lane(db: Database) -> AsyncIterator[MakeLane]:
    """Makes lanes that may reach the given servers; each is stopped after the test."""
    made: list[Lane] = []

    def make(*servers: Server, timeout: int = 2_000_000, resolve: Any = None, **values: Any) -> Lane:
        ports = [server.port for server in servers]
        client = GuardedClient(HERE, ports=ports, timeout=timeout, resolve=resolve)
        made.append(Lane(db, client, worker=f"w{len(made)}", **values))
        return made[-1]

    yield make
    for each in made:
        await each.calls.stop(grace=0)
        await each.waker.stop(grace=0)


async def test_an_answer_reaches_the_position_as_json(db: Database, lane: MakeLane) -> None:
    run = await a_run(db)
    reply = answer(200, {"total": 7, "note": "a\0b"}, headers={"Content-Type": "application/json"})
    async with Server(reply) as server:
        (position,) = await asking(
            db, run, a_call(visit=4, method="POST", url=server.url, headers={"X-Key": "s3"}, body="{}")
        )
        made = lane(server)
        events = await made.all_told([position])
    assert events == {position: {"visit": 4, "status": 200, "body": {"total": 7, "note": "ab"}, "error": ""}}
    assert (await rows(db), "step" in made.woken) == ([], True)
    (sent,) = server.requests
    assert (sent.method, sent.body, sent.headers["x-key"]) == ("POST", b"{}", "s3")
    assert sent.headers["idempotency-key"] == f"{position}:4:ask"


async def test_a_get_that_fails_is_made_again_with_the_same_key(db: Database, lane: MakeLane) -> None:
    run = await a_run(db)
    async with Server(in_turn(answer(503), answer(200, b"ok"))) as server:
        people = await asking(db, run, a_call(url=server.url))
        events = await lane(server).all_told(people)
    assert [said["status"] for said in events.values()] == [200]
    assert len({request.headers["idempotency-key"] for request in server.requests}) == 1
    assert len(server.requests) == 2


async def test_a_post_that_may_have_been_heard_is_made_once(db: Database, lane: MakeLane) -> None:
    run = await a_run(db)
    call: dict[str, Any] = {"method": "POST", "repeatable": False}
    async with Server(by_path({"/500": answer(500, b"no"), "/silent": silence})) as server:
        first = await asking(db, run, a_call(url=f"{server.url}/500", **call))
        second = await asking(db, run, a_call(url=f"{server.url}/silent", timeout=200_000, **call))
        events = await lane(server).all_told(first + second)
    assert server.posts == 2
    assert events[first[0]] == {"visit": 1, "status": 500, "body": "no", "error": ""}
    assert events[second[0]]["error"] == (
        "127.0.0.1 did not answer completely in time. It is not known whether the other side got it."
    )


async def test_a_post_that_was_certainly_not_sent_is_made_again(db: Database, lane: MakeLane) -> None:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        if len(asked) == 1:
            raise OSError("try again")
        return ["127.0.0.1"]

    run = await a_run(db)
    async with Server(answer(201, b"done")) as server:
        url = f"http://crm.example:{server.port}/"
        people = await asking(db, run, a_call(url=url, method="POST", repeatable=False))
        events = await lane(server, resolve=resolve).all_told(people)
    assert ([said["status"] for said in events.values()], server.posts, len(asked)) == ([201], 1, 2)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.2/", "127.0.0.2 may not be called"),
        ("http://169.254.169.254/latest/meta-data/", "169.254.169.254 may not be called"),
        ("http://2130706433/", "2130706433 may not be called"),
        ("file:///etc/passwd", "Only http:// and https:// can be called"),
    ],
)
async def test_R21_a_forbidden_address_is_an_error_at_once(
    db: Database, lane: MakeLane, url: str, words: str
) -> None:
    people = await asking(db, await a_run(db), a_call(url=url))
    events = await lane().all_told(people)
    (said,) = events.values()
    assert said["status"] == 0
    assert words in said["error"]


async def test_R24_slow_and_broken_answers_do_not_slow_other_runs(db: Database, lane: MakeLane) -> None:
    slow, broken, good = [await a_run(db, name) for name in ("slow", "broken", "good")]

    async def dripping(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.1)

    paths = {
        "/slow": dripping,
        "/broken": answer(200, b'{"a":', headers={"Content-Type": "application/json"}),
        "/good": answer(200, b"ok"),
    }
    async with Server(by_path(paths)) as server:
        await asking(db, slow, a_call(url=f"{server.url}/slow"), people=60)
        made = lane(server, timeout=60_000_000)
        made.waker.wake("call")

        async def half_are_open() -> bool:
            return len(server.requests) == 25

        await made.until(half_are_open)
        began = time.monotonic()
        bad = await asking(db, broken, a_call(url=f"{server.url}/broken"), people=5)
        quick = await asking(db, good, a_call(url=f"{server.url}/good"), people=30)
        events = await made.all_told(bad + quick)
        assert time.monotonic() - began < 5  # the slow ones would have taken a minute
    assert {events[p]["status"] for p in quick} == {200}
    assert all("says it is JSON and is not" in events[p]["error"] for p in bad)
    assert len(events) == 35


async def test_calls_run_beside_each_other(db: Database, lane: MakeLane) -> None:
    run = await a_run(db)
    async with Server(after(0.3, answer(200))) as server:
        people = await asking(db, run, a_call(url=server.url), people=25)
        began = time.monotonic()
        await lane(server).all_told(people)
        assert time.monotonic() - began < 2.5  # one after another they would take 7.5 s


async def test_a_post_of_a_process_that_was_killed_is_told_and_never_repeated(
    db: Database, lane: MakeLane
) -> None:
    run = await a_run(db)
    async with Server(after(0.5, answer(200, b"late"))) as server:
        people = await asking(db, run, a_call(method="POST", url=server.url, repeatable=False))
        dying, other = lane(server, lease=0), lane(server)
        dying.waker.wake("call")
        await server.arrived.wait()
        events = await other.all_told(people)
        await asyncio.sleep(0.7)  # the answer comes all the same, and finds nobody who waits for it
        assert await told(db) == events
    assert [said["error"] for said in events.values()] == [table.LOST]
    assert server.posts == 1


async def test_a_call_whose_run_was_stopped_ends_without_a_word(db: Database, lane: MakeLane) -> None:
    run = await a_run(db)
    async with Server(after(0.2, answer(200))) as server:
        people = await asking(db, run, a_call(url=server.url))
        made = lane(server)
        made.waker.wake("call")
        await server.arrived.wait()
        async with db.transaction() as tx:
            await table.drop(tx, people)
        await made.calls.stop()
    assert (await told(db), await rows(db)) == ({}, [])


async def test_stopping_lets_calls_end_and_begins_none(db: Database, lane: MakeLane) -> None:
    run = await a_run(db)
    async with Server(after(0.3, answer(200))) as server:
        people = await asking(db, run, a_call(url=server.url), people=2)
        made = lane(server, slots=1)
        made.waker.wake("call")
        await server.arrived.wait()
        await made.calls.stop()
        assert await made.calls.work() is None
    assert len(await told(db)) == len(server.requests) == 1
    assert [row.state for row in await rows(db)] == ["queued"]
    assert {row.position_id for row in await rows(db)} < set(people)


async def test_results_wait_for_a_database_that_went_away(db: Database, lane: MakeLane) -> None:
    run = await a_run(db)
    async with Server(after(0.2, answer(200))) as server:
        people = await asking(db, run, a_call(method="POST", url=server.url, repeatable=False))
        made = lane(server)
        made.waker.wake("call")
        await server.arrived.wait()
        async with db.transaction() as tx:
            await tx.run("ALTER TABLE calls RENAME TO calls_away")
        await asyncio.sleep(0.5)
        async with db.transaction() as tx:
            await tx.run("ALTER TABLE calls_away RENAME TO calls")
        events = await made.all_told(people)
    assert ([said["status"] for said in events.values()], server.posts) == ([200], 1)


async def test_an_api_node_takes_its_edge_by_what_the_other_side_said(db: Database, lane: MakeLane) -> None:
    reply = {"Content-Type": "application/json"}
    paths = {"/N1": answer(200, {"price": "7 €"}, headers=reply), "/N2": answer(200, b"{", headers=reply)}
    async with Server(by_path(paths)) as server:
        stage = Stage(db)
        await stage.set(
            {
                "name": "test",
                "sender": "main",
                "nodes": [
                    {"id": "start", "kind": "audience"},
                    {
                        "id": "ask",
                        "kind": "api",
                        "url": f"{server.url}/{{{{ name }}}}",
                        "save": {"price": "$.price"},
                    },
                    {"id": "won", "kind": "end", "outcome": "won"},
                    {"id": "lost", "kind": "end", "outcome": "lost"},
                ],
                "edges": [
                    {"from": "start", "to": "ask"},
                    {"from": "ask", "to": "won", "on": "success"},
                    {"from": "ask", "to": "lost", "on": "failure"},
                ],
            },
            [{"name": f"N{n}"} for n in (1, 2, 3)],
        )
        await stage.start()
        assert await stage.where() == {"ask": 3}
        people = [(await stage.position(n)).id for n in (1, 2, 3)]
        await lane(server).all_told(people)
        await stage.step()
    assert await stage.where() == {"=won": 1, "=lost": 2}
    assert json_value((await stage.position(1)).variables)["price"] == "7 €"
    assert await stage.books() == []
