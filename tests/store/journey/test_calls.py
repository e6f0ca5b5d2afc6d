"""Calls in the tables: taken once, answered once, and put right after a death."""

import asyncio

import pytest

from clarion.store.db import Database
from clarion.store.runs import calls
from clarion.store.runs.calls import CallRow, Waiting
from tests.support.calling import a_call, a_position, a_run, asked, asking, rows, told

LEASE = 60_000_000
DONE = {"visit": 1, "status": 200, "body": {"a": [1, "ü"]}, "error": ""}


async def take(db: Database, run_id: int, limit: int = 10, *, lease: int = LEASE) -> list[CallRow]:
    async with db.transaction() as tx:
        return await calls.take(tx, {run_id: limit}, worker="w1", lease=lease)


async def answer(db: Database, position_id: int, **values: object) -> int:
    async with db.transaction() as tx:
        return await calls.answered(tx, [(position_id, {**DONE, **values})])


async def test_a_due_call_is_taken_once_with_its_request(db: Database) -> None:
    run = await a_run(db)
    (position,) = await asking(db, run, a_call(headers={"X": "ü"}, body='{"a":1}'))
    (taken,) = await take(db, run)
    assert (taken.position_id, taken.run_id, taken.visit, taken.attempts) == (position, run, 1, 1)
    assert (taken.request["headers"], taken.request["body"]) == ({"X": "ü"}, '{"a":1}')
    assert await take(db, run) == []
    (row,) = await rows(db)
    assert (row.state, row.worker, row.attempts) == ("calling", "w1", 1)


async def test_no_more_calls_of_a_run_are_taken_than_wanted_the_longest_due_first(db: Database) -> None:
    run, other = await a_run(db, "a"), await a_run(db, "b")
    first = await asking(db, run, a_call(), people=3)
    await asking(db, other, a_call(), people=3)
    async with db.transaction() as tx:
        taken = await calls.take(tx, {run: 2, other: 1}, worker="w1", lease=LEASE)
    assert [call.run_id for call in taken] == [run, run, other]
    assert {call.position_id for call in taken[:2]} <= set(first)


@pytest.mark.parametrize("status", ["paused", "stopped", "finished"])
async def test_only_running_runs_wait_for_their_calls(db: Database, status: str) -> None:
    run = await a_run(db, status=status)
    await asking(db, run, a_call())
    async with db.reading() as tx:
        assert await calls.waiting(tx) == []
        assert await calls.next_due(tx) is None


async def test_held_calls_are_not_taken(db: Database) -> None:
    run = await a_run(db)
    await asking(db, run, a_call())
    async with db.transaction() as tx:
        await tx.run("UPDATE calls SET held = true")
        assert await calls.next_due(tx) is None
    assert await take(db, run) == []


async def test_a_call_that_is_to_be_made_again_waits_for_its_time(db: Database) -> None:
    run = await a_run(db)
    await asking(db, run, a_call())
    (call,) = await take(db, run)
    async with db.transaction() as tx:
        assert await calls.next_due(tx) is None
        await calls.again(tx, [(call, 5_000_000)])
    assert await take(db, run) == []
    async with db.transaction() as tx:
        due = await calls.next_due(tx)
        assert due is not None
        assert 4_000_000 < due <= 5_000_000
        await tx.run("UPDATE calls SET due_at = due_at - 5000000")
        assert await calls.waiting(tx) == [Waiting(run, 0)]
    (second,) = await take(db, run)
    assert second.attempts == 2


async def test_an_older_attempt_does_not_put_back_a_newer_one(db: Database) -> None:
    run = await a_run(db)
    await asking(db, run, a_call())
    (first,) = await take(db, run, lease=0)
    async with db.transaction() as tx:
        await calls.recover(tx)
    await take(db, run)
    async with db.transaction() as tx:
        await calls.again(tx, [(first, 0)])
    (row,) = await rows(db)
    assert (row.state, row.attempts) == ("calling", 2)


async def test_an_answer_takes_the_place_of_the_call(db: Database) -> None:
    run = await a_run(db)
    (position,) = await asking(db, run, a_call())
    await take(db, run)
    assert await answer(db, position) == 1
    assert await rows(db) == []
    assert await told(db) == {position: DONE}


async def test_a_second_answer_to_the_same_visit_is_dropped(db: Database) -> None:
    run = await a_run(db)
    (position,) = await asking(db, run, a_call())
    await take(db, run)
    await answer(db, position)
    assert await answer(db, position, status=500) == 0
    assert await told(db) == {position: DONE}


async def test_the_answer_to_a_visit_that_was_left_is_dropped(db: Database) -> None:
    run = await a_run(db)
    (position,) = await asking(db, run, a_call(visit=1))
    await take(db, run)
    await asked(db, run, position, a_call(visit=2))
    assert await answer(db, position, visit=1) == 0
    (row,) = await rows(db)
    assert (row.visit, row.state, row.attempts, row.worker, row.until) == (2, "queued", 0, "", 0)
    assert await told(db) == {}


async def test_the_answer_to_a_call_that_was_dropped_is_dropped_too(db: Database) -> None:
    run = await a_run(db)
    gone, stays = await asking(db, run, a_call(), people=2)
    await take(db, run)
    async with db.transaction() as tx:
        await calls.drop(tx, [gone])
        assert await calls.answered(tx, [(gone, DONE), (stays, DONE)]) == 1
    assert set(await told(db)) == {stays}


async def test_a_position_that_has_ended_hears_nothing(db: Database) -> None:
    run = await a_run(db)
    position = await a_position(db, run, outcome="stopped")
    await asked(db, run, position, a_call())
    await answer(db, position)
    assert (await rows(db), await told(db)) == ([], {})


async def test_answers_are_stored_in_bulk(db: Database) -> None:
    run = await a_run(db)
    people = await asking(db, run, a_call(), people=300)
    async with db.transaction() as tx:
        assert (
            await calls.answered(tx, [(p, {**DONE, "status": 200 + n}) for n, p in enumerate(people)]) == 300
        )
    assert {p: said["status"] for p, said in (await told(db)).items()} == {
        p: 200 + n for n, p in enumerate(people)
    }


async def test_workers_that_take_at_once_take_different_calls(db: Database) -> None:
    run = await a_run(db)
    await asking(db, run, a_call(), people=40)
    taken = await asyncio.gather(*(take(db, run, 10) for _ in range(4)))
    found = [call.position_id for each in taken for call in each]
    assert len(found) == len(set(found))


async def test_a_repeatable_call_of_a_dead_worker_is_made_again(db: Database) -> None:
    run = await a_run(db)
    await asking(db, run, a_call(retries=0))
    await take(db, run, lease=0)
    async with db.transaction() as tx:
        assert await calls.overdue(tx)
        found = await calls.recover(tx)
    assert (found.again, found.told) == (1, 0)
    (second,) = await take(db, run, lease=0)
    assert second.attempts == 2


async def test_a_repeatable_call_that_ends_every_worker_is_given_up(db: Database) -> None:
    run = await a_run(db)
    (position,) = await asking(db, run, a_call(retries=1))
    for _ in range(2):
        await take(db, run, lease=0)
        async with db.transaction() as tx:
            assert (await calls.recover(tx)).again == 1
    await take(db, run, lease=0)
    async with db.transaction() as tx:
        assert (await calls.recover(tx)).told == 1
    assert (await told(db))[position]["error"] == calls.LOST


async def test_a_post_of_a_dead_worker_is_not_made_again_and_its_position_hears_why(db: Database) -> None:
    run = await a_run(db)
    (position,) = await asking(db, run, a_call(method="POST", repeatable=False))
    await take(db, run, lease=0)
    async with db.transaction() as tx:
        found = await calls.recover(tx)
    assert (found.again, found.told) == (0, 1)
    assert await told(db) == {position: {"visit": 1, "status": 0, "body": None, "error": calls.LOST}}
    assert await rows(db) == []


async def test_a_call_within_its_lease_is_left_alone(db: Database) -> None:
    run = await a_run(db)
    await asking(db, run, a_call())
    await take(db, run)
    async with db.transaction() as tx:
        assert not await calls.overdue(tx)
        assert await calls.recover(tx) == calls.Recovered(0, 0)
        assert await calls.recover(tx, everybody_but="w1") == calls.Recovered(0, 0)
        assert await calls.recover(tx, everybody_but="w2") == calls.Recovered(1, 0)
