"""Receipts: any order, any number of times, one result; on both databases."""

import asyncio
import random
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clarion.domain.message import Status
from clarion.domain.sending import Accepted, Fault, FaultKind, Outcome, Unknown
from clarion.store import receipts
from clarion.store.counts import Moves
from clarion.store.db import Database
from clarion.store.outbox import doubts
from clarion.store.outbox.mark import Mark
from clarion.store.outbox.settle import Result, settle
from clarion.store.receipts import Applied, Heard, make_echo
from tests.store.test_outbox import claimed, marked, marks_of, on_the_wire
from tests.support.world import World, balanced, count_row, make_world

SECOND = 1_000_000
UNREACHABLE = Fault(FaultKind.RECIPIENT, "131026", "Not on WhatsApp.")
BLOCKED = Fault(FaultKind.RECIPIENT, "131050", "Stopped.", opt_out=True)
T = TypeVar("T")
_ids = count(1)


def heard(world: World, mark: Mark, status: Status, *, at: int = 7, **changes: Any) -> Heard:
    values: dict[str, Any] = {
        "inbox_id": next(_ids),
        "senders": frozenset({world.sender}),
        "provider_id": f"p{mark.message_id}",
        "echo": make_echo(mark.message_id, mark.attempt_id),
        "status": status,
        "at": at,
        "fault": UNREACHABLE if status is Status.FAILED else None,
    }
    return Heard(**{**values, **changes})


async def apply(db: Database, *found: Heard) -> Applied:
    async with db.transaction() as tx:
        return await receipts.apply(tx, found, Moves())


async def settled(db: Database, mark: Mark, outcome: Outcome) -> None:
    async with db.transaction() as tx:
        result = Result(mark.message_id, mark.attempt_id, outcome)
        await settle(tx, [result], limit=3, first_look=SECOND, chance=random.random)


async def message(db: Database, ident: int) -> Any:
    async with db.reading() as tx:
        return await tx.first("SELECT * FROM messages WHERE id = :id", {"id": ident})


async def queued(db: Database) -> int:
    async with db.reading() as tx:
        return int(await tx.scalar("SELECT count(*) FROM outbox"))


class Loop:
    """An event loop and a database that outlive the many examples of one test."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self.db = self(Database.open(url))

    def __call__(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def close(self) -> None:
        self(self.db.close())
        self._runner.close()


@contextmanager
def a_loop(url: str) -> Iterator[Loop]:
    loop = Loop(url)
    try:
        yield loop
    finally:
        loop.close()


def expected(statuses: Iterable[Status]) -> Status:
    ranked = (Status.SENT, Status.FAILED, Status.DELIVERED, Status.READ)
    return max((s for s in statuses if s in ranked), key=ranked.index, default=Status.ACCEPTED)


ANSWER = "answer"
TOLD = st.lists(
    st.sampled_from([ANSWER, Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.READ, Status.FAILED]),
    min_size=1,
    max_size=8,
)


def test_R12_every_order_with_repeats_gives_one_result_and_exact_counters(database_url: str) -> None:
    with a_loop(database_url) as loop:
        numbers = count()

        @given(told=TOLD, together=st.booleans(), seed=st.randoms(use_true_random=False))
        @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
        def one_result(told: list[Any], together: bool, seed: random.Random) -> None:
            order = list(told)
            seed.shuffle(order)
            first, second = (loop(outcome_of(loop.db, next(numbers), way, together)) for way in (told, order))
            assert first == second
            assert first[0] == expected(told)

        one_result()


async def outcome_of(db: Database, n: int, told: list[Any], together: bool) -> tuple[Any, ...]:
    """A message of its own told these things in this order: what it shows in the end."""
    world = await make_world(db, people=1, name=f"world {n}", first=n)
    (mark,) = await on_the_wire(db, world)
    group: list[Heard] = []
    for word in told:
        if word == ANSWER:
            await settled(db, mark, Accepted(f"p{mark.message_id}"))
        elif together:
            group.append(heard(world, mark, word))
        else:
            await apply(db, heard(world, mark, word))
    if group:
        await apply(db, *group)
    row = await message(db, mark.message_id)
    assert await balanced(db, world.campaign)
    assert await count_row(db, world.campaign) == {"audience": 1, row.status: 1}
    facts = [bool(getattr(row, f"{fact}_at")) for fact in ("accepted", "sent", "delivered", "read", "failed")]
    return (Status(row.status), *facts, row.fault_code, row.conflict, row.provider_id == f"p{row.id}")


async def test_R13_a_status_before_the_http_answer_settles_and_the_answer_changes_nothing(
    db: Database,
) -> None:
    world = await make_world(db, people=1)
    (mark,) = await on_the_wire(db, world)
    await apply(db, heard(world, mark, Status.DELIVERED))
    before = await message(db, mark.message_id)
    assert (before.status, before.provider_id, before.attempt_id) == (
        "delivered",
        f"p{mark.message_id}",
        mark.attempt_id,
    )
    assert await queued(db) == 0
    await settled(db, mark, Accepted(f"p{mark.message_id}"))
    after = await message(db, mark.message_id)
    assert {**after._mapping, "attempts": 0} == {**before._mapping, "attempts": 0}
    assert await count_row(db, world.campaign) == {"audience": 1, "delivered": 1}


async def test_a_status_settles_what_nobody_knew(db: Database) -> None:
    world = await make_world(db, people=1)
    (mark,) = await on_the_wire(db, world)
    await settled(db, mark, Unknown("read timeout"))
    await apply(db, heard(world, mark, Status.SENT))
    assert await count_row(db, world.campaign) == {"audience": 1, "sent": 1}
    assert await queued(db) == 0


async def test_a_status_of_another_accounts_attempt_changes_nothing(db: Database) -> None:
    mine = await make_world(db, people=1, name="mine")
    other = await make_world(db, people=1, name="other", first=100)
    (mark,) = await on_the_wire(db, mine)
    before = await message(db, mark.message_id)
    foreign = heard(mine, mark, Status.FAILED, senders=frozenset({other.sender}))
    nobodys = heard(mine, mark, Status.FAILED, senders=frozenset())
    by_id = heard(mine, mark, Status.FAILED, senders=frozenset({other.sender}), echo="")
    wrong_attempt = heard(mine, mark, Status.FAILED, echo=make_echo(mark.message_id, "someone elses"))
    found = await apply(db, foreign, nobodys, by_id, wrong_attempt)
    assert found.orphans == [h.inbox_id for h in (foreign, nobodys, by_id, wrong_attempt)]
    assert await message(db, mark.message_id) == before
    assert await count_row(db, mine.campaign) == {"audience": 1, "sending": 1}


async def test_an_attempt_of_one_message_proves_nothing_about_another(db: Database) -> None:
    world = await make_world(db, people=2)
    one, two = await on_the_wire(db, world)
    crossed = heard(world, one, Status.DELIVERED, echo=make_echo(two.message_id, one.attempt_id))
    assert (await apply(db, crossed)).orphans == [crossed.inbox_id]
    assert await count_row(db, world.campaign) == {"audience": 2, "sending": 2}


async def test_read_implies_delivered_and_the_earliest_time_stands(db: Database) -> None:
    world = await make_world(db, people=1)
    (mark,) = await on_the_wire(db, world)
    await apply(db, heard(world, mark, Status.READ, at=50))
    await apply(db, heard(world, mark, Status.DELIVERED, at=40), heard(world, mark, Status.READ, at=60))
    row = await message(db, mark.message_id)
    assert (row.status, row.delivered_at, row.read_at) == ("read", 40, 50)


@pytest.mark.parametrize("happy", [Status.DELIVERED, Status.READ])
async def test_delivered_or_read_outweighs_failed_and_is_flagged(db: Database, happy: Status) -> None:
    world = await make_world(db, people=2)
    one, two = await on_the_wire(db, world)
    await apply(db, heard(world, one, Status.FAILED), heard(world, two, happy))
    assert not (await message(db, one.message_id)).conflict
    await apply(db, heard(world, one, happy))
    await apply(db, heard(world, two, Status.FAILED))
    for mark in (one, two):
        row = await message(db, mark.message_id)
        assert (row.status, row.conflict) == (happy, True)
    assert await count_row(db, world.campaign) == {"audience": 2, happy.value: 2}


async def test_of_two_reasons_the_same_one_is_shown_in_any_order(db: Database) -> None:
    world = await make_world(db, people=2)
    faults = [Fault(FaultKind.RECIPIENT, code, code) for code in ("131026", "131049")]
    for mark, order in zip(await on_the_wire(db, world), (faults, faults[::-1]), strict=True):
        for fault in order:
            await apply(db, heard(world, mark, Status.FAILED, fault=fault))
        assert (await message(db, mark.message_id)).fault_code == "131026"


async def test_an_orphan_is_applied_once_its_message_is_known(db: Database) -> None:
    world = await make_world(db, people=1)
    (mark,) = await on_the_wire(db, world)
    plain = heard(world, mark, Status.DELIVERED, echo="")
    assert (await apply(db, plain)).orphans == [plain.inbox_id]
    await settled(db, mark, Accepted(plain.provider_id))
    assert (await apply(db, plain)).found == [plain.inbox_id]
    assert await count_row(db, world.campaign) == {"audience": 1, "delivered": 1}


async def resent(db: Database) -> tuple[World, Mark]:
    """A message queued for a second attempt by its policy, and the mark of the first."""
    world = await make_world(db, people=1)
    (first,) = await on_the_wire(db, world)
    await settled(db, first, Unknown("read timeout"))
    async with db.transaction() as tx:
        await tx.run("UPDATE outbox SET until = 0")
    async with db.transaction() as tx:
        await doubts.requeue(tx, (await doubts.due(tx, limit=1))[0], absent=False)
    return world, first


async def test_an_older_attempts_acceptance_cancels_a_planned_resend(db: Database) -> None:
    world, first = await resent(db)
    await apply(db, heard(world, first, Status.SENT))
    assert await queued(db) == 0
    assert await count_row(db, world.campaign) == {"audience": 1, "sent": 1}
    assert not (await claimed(db, world.sender)).claims


async def test_an_older_attempts_acceptance_refuses_the_mark_of_its_resend(db: Database) -> None:
    world, first = await resent(db)
    again = marks_of(list((await claimed(db, world.sender)).claims))
    await apply(db, heard(world, first, Status.ACCEPTED))
    assert await marked(db, again) == set()
    assert await count_row(db, world.campaign) == {"audience": 1, "accepted": 1}
    assert await balanced(db, world.campaign)


async def test_an_older_attempt_is_known_while_the_newer_one_is_on_the_wire(db: Database) -> None:
    world, first = await resent(db)
    (second,) = await on_the_wire(db, world)
    await apply(db, heard(world, first, Status.DELIVERED))
    assert await count_row(db, world.campaign) == {"audience": 1, "delivered": 1}
    await settled(db, second, Accepted("another"))
    assert await count_row(db, world.campaign) == {"audience": 1, "delivered": 1}


async def test_a_refusal_that_is_an_opt_out_stops_the_person_everywhere(db: Database) -> None:
    one = await make_world(db, people=1, name="one")
    (mark,) = await on_the_wire(db, one)
    two = await make_world(db, people=1, name="two", sender=one.sender)
    await apply(db, heard(one, mark, Status.FAILED, fault=BLOCKED))
    counted = [await count_row(db, world.campaign) for world in (one, two)]
    assert counted == [{"audience": 1, "failed": 1}, {"audience": 1, "suppressed": 1}]
    assert await balanced(db, two.campaign)
