"""How the engine does: what waits, who works, what providers told, and whether the process is ready."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from clarion.services.health.process import LoopLag, Process
from clarion.services.health.readiness import Readiness
from clarion.store import dialect, presence
from clarion.store.db import Database
from tests.support.api import Api

LATE = 30_000_000


async def test_what_waits_is_told_by_lane_and_is_the_workspace_s_own(api: Api) -> None:
    other, theirs = await api.other_workspace()
    await _fill(api.db, 1)
    await _fill(api.db, other)
    await _fill(api.db, other, again=1)
    for key, times in ((api.key, 1), (theirs, 2)):
        seen = (await api.get("/engine", key=key)).data
        lanes = {lane["kind"]: lane for lane in seen["lanes"]}
        assert lanes["send"]["due"] == times * (1 + 40)  # a single message, and a campaign's by its counter
        assert {kind: lane["due"] for kind, lane in lanes.items() if kind != "send"} == {
            "expand": times,
            "import": times,
            "run": times,
            "step": 2 * times,
            "call": times,
            "inbox": times,
            "replies": times,
            "notify": 2 * times,
        }
        assert all(29 < lane["oldest_s"] < 120 for lane in lanes.values()), lanes
        assert not any(lane["more"] for lane in lanes.values())
        assert seen["doubts"]["due"] == times


async def test_what_could_be_millions_is_counted_up_to_a_limit(api: Api) -> None:
    sender = await _sender(api.db, 1, "many")
    async with api.db.transaction() as tx:
        await tx.run(
            "INSERT INTO outbox (message_id, workspace_id, sender_id, contact_id, person, priority, due_at) "
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1050) "
            "SELECT i, 1, cast(:sender as bigint), i, '1', 0, 1 FROM n",
            {"sender": sender},
        )
    lanes = {lane["kind"]: lane for lane in (await api.get("/engine")).data["lanes"]}
    assert (lanes["send"]["due"], lanes["send"]["more"]) == (1_000, True)


async def test_processes_that_send_are_listed(api: Api) -> None:
    async with api.db.transaction() as tx:
        await presence.beat(tx, "a-1", host="a", pid=1, version="1.2.3")
        await presence.beat(tx, "b-2", host="b", pid=2, version="1.2.4")
    seen = (await api.get("/engine")).data
    assert [(w["name"], w["host"], w["version"], w["here"]) for w in seen["workers"]] == [
        ("a-1", "a", "1.2.3", False),
        ("b-2", "b", "1.2.4", False),
    ]
    assert (seen["database"]["kind"], seen["database"]["at_head"]) == (api.db.name, True)
    assert seen["disk_free"] > 0
    weak = await api.key_with("contacts:read")
    assert (await api.get("/engine", key=weak)).status == 403


async def test_notices_are_read_page_by_page_newest_first(api: Api) -> None:
    other, theirs = await api.other_workspace()
    async with api.db.transaction() as tx:
        for n in range(5):
            await tx.run(
                "INSERT INTO notices (workspace_id, about, event, detail, created_at) "
                "VALUES (:w, 'sender:1', 'PAUSED', :detail, :at)",
                {"w": other if n == 4 else 1, "detail": f"notice {n}", "at": 1_000_000 * (1 + n // 2)},
            )
    page = (await api.get("/engine/notices", limit=3)).data
    assert [each["detail"] for each in page["items"]] == ["notice 3", "notice 2", "notice 1"]
    rest = (await api.get("/engine/notices", limit=3, cursor=page["next_cursor"])).data
    assert ([each["detail"] for each in rest["items"]], rest["next_cursor"]) == (["notice 0"], None)
    assert [n["detail"] for n in (await api.get("/engine/notices", key=theirs)).data["items"]] == ["notice 4"]


class Watched:
    """A sweep that is as old as it says."""

    def __init__(self, age: float | None = 0.0) -> None:
        self._age = age

    def age(self) -> float | None:
        return self._age

    def silence(self) -> dict[str, float]:
        return {}


def _readiness(db: Database, folder: Path, age: float | None = 0.0) -> Readiness:
    async def write() -> None:
        async with db.transaction() as tx:
            await presence.beat(tx, "here", host="h", pid=1)

    return Readiness(db, Process("here", Watched(age)), write=write, data_dir=folder, sweep=1.0)


@pytest.fixture(name="db")
async def db_fixture(database_url: str) -> AsyncIterator[Database]:
    found = await Database.open(database_url)
    yield found
    await found.close()


async def test_a_process_is_ready_when_it_can_write_and_looks_for_work(db: Database, tmp_path: Path) -> None:
    assert await _readiness(db, tmp_path).problems() == {}
    late = await _readiness(db, tmp_path, age=60).problems()
    assert "60 seconds ago" in late["sweep"]
    missing = await _readiness(db, tmp_path / "gone").problems()
    assert "mend or mount" in missing["disk"]


async def test_tables_of_an_older_release_are_told_and_newer_ones_are_not(
    db: Database, tmp_path: Path
) -> None:
    ready = _readiness(db, tmp_path)
    for revision, fits in (("0001", False), ("0999", True)):
        async with db.transaction() as tx:
            await tx.run("UPDATE alembic_version SET version_num = :v", {"v": revision})
        found = await ready.problems()
        assert ("clarion db upgrade" in found.get("database", "")) is not fits


async def test_R30_a_locked_a_read_only_and_a_full_sqlite_file_are_told(
    sqlite_url: str, tmp_path: Path
) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    db = await Database.open(sqlite_url)
    ready = _readiness(db, tmp_path)
    assert await ready.problems() == {}
    began = asyncio.get_running_loop().time()
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        asked = await asyncio.gather(*(ready.problems() for _ in range(5)))
        assert asyncio.get_running_loop().time() - began < 4
        assert all("did not take a write within 2 seconds" in found["database"] for found in asked)
        other.execute("ROLLBACK")
    other.close()
    async with asyncio.timeout(20):
        while await ready.problems():
            await asyncio.sleep(0.05)

    async def full() -> None:
        async with db.transaction() as tx:
            pages = await tx.scalar("SELECT page_count FROM pragma_page_count()")
            await tx.all(f"PRAGMA max_page_count = {pages}")
            for _ in range(200):
                await tx.run("INSERT INTO links (digest, purpose) VALUES (hex(randomblob(2000)), 'x')")

    stuffed = Readiness(db, Process("here", Watched()), write=full, data_dir=tmp_path, sweep=1.0)
    assert "has no room left" in (await stuffed.problems())["database"]
    await db.close()
    only_read = await Database.open(f"sqlite:///file:{path}?mode=ro&uri=true")
    try:
        assert "read-only" in (await _readiness(only_read, tmp_path).problems())["database"]
    finally:
        await only_read.close()


async def test_a_read_only_postgresql_is_told(postgresql_url: str, tmp_path: Path) -> None:
    db = await Database.open(postgresql_url)

    async def write() -> None:
        async with db.transaction() as tx:
            await tx.run("SET TRANSACTION READ ONLY")
            await presence.beat(tx, "here", host="h", pid=1)

    ready = Readiness(db, Process("here", Watched()), write=write, data_dir=tmp_path, sweep=1.0)
    assert "connect to the primary" in (await ready.problems())["database"]
    await db.close()


async def test_a_loop_that_stood_still_is_noticed() -> None:
    lag = LoopLag()
    lag.start()
    await asyncio.sleep(0.3)
    blocked = asyncio.get_running_loop().time() + 0.5
    while asyncio.get_running_loop().time() < blocked:
        pass
    async with asyncio.timeout(5):
        while lag.worst < 0.2:
            await asyncio.sleep(0.02)
    lag.stop()


async def test_health_and_readiness_are_told_to_anybody(api: Api) -> None:
    root = api.url.removesuffix("/api/v1")
    async with aiohttp.ClientSession() as http:
        for path in ("/healthz", "/readyz"):
            async with http.get(root + path) as answer:
                assert answer.status == 200


async def _sender(db: Database, workspace: int, name: str) -> int:
    async with db.transaction() as tx:
        ident = await tx.scalar(
            "INSERT INTO senders (workspace_id, name, provider, account, secrets) "
            "VALUES (:w, :name, 'whatsapp', :account, '') RETURNING id",
            {"w": workspace, "name": name, "account": f"{workspace}"},
        )
        await tx.run("INSERT INTO timelines (sender_id, rate, pace) VALUES (:id, 80, 80)", {"id": ident})
    return int(ident)


async def _fill(db: Database, w: int, *, again: int = 0) -> None:
    """One row of everything that can be due, half a minute old."""
    sender = await _sender(db, w, f"sender {again}")
    async with db.transaction() as tx:
        at = await tx.now() - LATE
        run = f"{w}{again}"
        values = {"w": w, "at": at, "s": sender, "n": run, "id": int(run) * 10, "p": int(run)}

        async def add(statement: str, **more: object) -> int:
            given = {**values, **more}
            used = {name: value for name, value in given.items() if f":{name}" in statement}
            return int(await tx.scalar(statement, used) or 0)

        campaign = await add(
            "INSERT INTO campaigns (workspace_id, name, sender_id, content, status, launched_at) "
            "VALUES (:w, :n, :s, '{}', 'running', :at) RETURNING id"
        )
        await tx.run("INSERT INTO campaign_counts (campaign_id, queued) VALUES (:c, 40)", {"c": campaign})
        outbox = (
            "INSERT INTO outbox (message_id, workspace_id, sender_id, campaign_id, contact_id, person, priority, "
            "state, due_at, doubted_at) VALUES (:m, :w, :s, {}, 1, '1', 0, '{}', :at, :at) RETURNING 1"
        )
        await add(outbox.format(0, "queued"), m=int(run) * 10)
        await add(outbox.format(campaign, "queued"), m=int(run) * 10 + 1)
        await add(outbox.format(0, "unknown"), m=int(run) * 10 + 2)
        journey = await add(
            "INSERT INTO journeys (workspace_id, name, draft) VALUES (:w, :n, '{}') RETURNING id"
        )
        version = await add(
            "INSERT INTO journey_versions (journey_id, number, graph) VALUES (:j, 1, '{}') RETURNING id",
            j=journey,
        )
        ident = await add(
            "INSERT INTO runs (workspace_id, journey_id, version_id, kind, created_at) "
            "VALUES (:w, :j, :v, 'audience', :at) RETURNING id",
            j=journey,
            v=version,
        )
        await add(
            "INSERT INTO position_events (position_id, run_id, kind, at) VALUES (:p, :r, 'replied', :at) RETURNING 1",
            r=ident,
        )
        await add(
            "INSERT INTO timers (position_id, run_id, visit, due_at) VALUES (:p, :r, 1, :at) RETURNING 1",
            r=ident,
        )
        await add(
            "INSERT INTO calls (position_id, run_id, visit, request, due_at) VALUES (:p, :r, 1, '{}', :at) RETURNING 1",
            r=ident,
        )
        for kind in ("status", "reply"):
            await add(
                "INSERT INTO inbox (provider, account, kind, key, senders, body, received_at, due_at) "
                "VALUES ('whatsapp', :account, :kind, :key, '[]', '', :at, :at) RETURNING 1",
                account=str(w),
                kind=kind,
                key=f"{run}{kind}",
            )
        await add("INSERT INTO news (workspace_id, event, about, at) VALUES (:w, 'x', 1, :at) RETURNING 1")
        told = await add(
            "INSERT INTO subscriptions (workspace_id, url, secrets) VALUES (:w, 'https://x', '') RETURNING id"
        )
        await add(
            "INSERT INTO deliveries (workspace_id, subscription_id, event, body, due_at) "
            "VALUES (:w, :told, 'x', '', :at) RETURNING 1",
            told=told,
        )
        people = await add("INSERT INTO lists (workspace_id, name) VALUES (:w, :n) RETURNING id")
        await add(
            "INSERT INTO imports (workspace_id, list_id, file, name, status, created_at) "
            "VALUES (:w, :l, 'f', 'f', 'running', :at) RETURNING 1",
            l=people,
        )


def test_words_of_both_databases_are_understood() -> None:
    said = {
        "attempt to write a readonly database": "read-only",
        "database or disk is full": "full",
        "database is locked": "locked",
        "no such table": "",
    }
    for words, meaning in said.items():
        assert dialect.trouble("sqlite", sqlite3.OperationalError(words)) == meaning
