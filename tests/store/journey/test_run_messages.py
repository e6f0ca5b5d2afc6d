"""Messages of runs in the outbox: a pause is obeyed at the mark, a stop cancels, hidden numbers are written to."""

import time

import pytest

from clarion.providers.base import Reply
from clarion.services.journeys.runs import pause_run, resume_run, stop_run
from clarion.services.receiving import people
from clarion.store.counts import Moves
from clarion.store.db import Database
from clarion.store.inbox import Stored
from clarion.store.outbox.claim import Claim, claim
from clarion.store.outbox.mark import Mark, mark, release
from tests.support.journey_engine import Stage

SECOND = 1_000_000

TELLS = {
    "name": "test",
    "sender": "main",
    "nodes": [
        {"id": "start", "kind": "audience", "triggers": [{"words": ["hello"]}]},
        {"id": "tell", "kind": "message", "content": {"type": "template", "name": "news", "language": "en"}},
        {"id": "done", "kind": "end"},
    ],
    "edges": [{"from": "start", "to": "tell"}, {"from": "tell", "to": "done"}],
}


@pytest.fixture
async def stage(db: Database) -> Stage:
    """Three people who are to be told something."""
    stage = Stage(db)
    await stage.set(TELLS, [{"name": f"N{n}"} for n in range(3)])
    return stage


async def claimed(stage: Stage) -> list[Claim]:
    async with stage.db.transaction() as tx:
        found = await claim(
            tx,
            stage.sender,
            worker="w",
            want=10,
            horizon=SECOND,
            lead=0,
            hurry=0,
            lease=60 * SECOND,
            headroom=0,
            clock=lambda: time.monotonic_ns() // 1_000,
        )
    assert found is not None
    return list(found.claims)


def marks_of(claims: list[Claim]) -> list[Mark]:
    return [
        Mark(c.message_id, c.token, f"a{c.message_id}", c.sender_id, c.campaign_id, c.run_id) for c in claims
    ]


async def states(stage: Stage) -> list[str]:
    async with stage.db.reading() as tx:
        return [row.state for row in await tx.all("SELECT state FROM outbox ORDER BY message_id")]


async def test_no_mark_passes_once_the_run_is_paused(stage: Stage) -> None:
    run = await stage.start()
    claims = await claimed(stage)
    assert [c.run_id for c in claims] == [run] * 3
    await pause_run(stage.db, run)
    async with stage.db.transaction() as tx:
        assert await mark(tx, marks_of(claims), deadline=60 * SECOND) == set()
        await release(tx, marks_of(claims))
    assert await states(stage) == ["queued"] * 3
    assert await claimed(stage) == []  # whoever meets them sets them aside
    assert await states(stage) == ["held"] * 3
    await resume_run(stage.db, stage.woken, run)
    again = await claimed(stage)
    async with stage.db.transaction() as tx:
        allowed = await mark(tx, marks_of(again), deadline=60 * SECOND)
    assert len(allowed) == 3


async def test_a_stopped_runs_messages_are_cancelled_and_told(stage: Stage) -> None:
    run = await stage.start()
    await claimed(stage)
    await stop_run(stage.db, stage.woken, run)
    await stage.clear(run)
    assert await states(stage) == []
    async with stage.db.reading() as tx:
        rows = await tx.all("SELECT status, count(*) AS n FROM messages GROUP BY status")
    assert [(row.status, row.n) for row in rows] == [("cancelled", 3)]
    assert await stage.books() == []


async def test_who_hides_their_number_enters_and_is_written_to_by_the_providers_id(stage: Stage) -> None:
    reply = Reply(
        provider_id="in.1",
        address="",
        user_id="US.13491208655302741918",
        to="",
        at=0,
        kind="text",
        text="Hello",
    )
    stored = Stored(1, "whatsapp", "a", "reply", "k", "{}", frozenset({stage.sender}), 0, 0)
    async with stage.db.transaction() as tx:
        await people.take_replies(tx, [(stored, reply)], Moves())
    await stage.step()
    (found,) = await claimed(stage)
    assert (found.address, found.person) == ("", "user:US.13491208655302741918")
    assert await stage.routed() == "trigger"
