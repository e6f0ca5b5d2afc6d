"""Claim, mark, settle, recover: the steps of a send, on both databases."""

import itertools
import random
from typing import Any

import pytest
from sqlalchemy import TextClause

from clarion.domain.message import Status
from clarion.domain.sending import Accepted, Fault, FaultKind, NotSent, Outcome, Rejected, Unknown
from clarion.services.sending.starts import clock
from clarion.store import due, suppressions
from clarion.store.counts import Moves, apply
from clarion.store.db import Database, Tx
from clarion.store.outbox import doubts
from clarion.store.outbox.claim import Claim, Claimed, claim, next_due
from clarion.store.outbox.claim import close as claim_close
from clarion.store.outbox.mark import Mark, mark, release
from clarion.store.outbox.recover import recover
from clarion.store.outbox.settle import Result, Settlement, settle
from tests.support.world import World, add_message, balanced, count_row, make_world

SECOND = 1_000_000


async def claimed(db: Database, sender: int, *, want: int = 100) -> Claimed:
    async with db.transaction() as tx:
        found = await claim(
            tx,
            sender,
            worker="w",
            want=want,
            horizon=SECOND,
            lead=0,
            hurry=0,
            lease=60 * SECOND,
            headroom=0,
            clock=clock,
        )
    assert found is not None
    return found


def marks_of(claims: list[Claim]) -> list[Mark]:
    return [
        Mark(c.message_id, c.token, f"a{c.message_id}-{c.token}", c.sender_id, c.campaign_id) for c in claims
    ]


async def marked(db: Database, marks: list[Mark]) -> set[int]:
    async with db.transaction() as tx:
        return await mark(tx, marks, deadline=60 * SECOND)


async def settled(db: Database, marks: list[Mark], outcome: Outcome) -> Settlement:
    results = [Result(m.message_id, m.attempt_id, outcome) for m in marks]
    async with db.transaction() as tx:
        return await settle(tx, results, limit=3, first_look=30 * SECOND, chance=random.random)


async def on_the_wire(db: Database, world: World) -> list[Mark]:
    marks = marks_of(list((await claimed(db, world.sender)).claims))
    assert await marked(db, marks) == {m.message_id for m in marks}
    return marks


async def test_a_message_goes_from_queued_to_accepted_and_the_books_balance_at_every_step(
    db: Database,
) -> None:
    world = await make_world(db)
    marks = marks_of(list((await claimed(db, world.sender)).claims))
    assert await count_row(db, world.campaign) == {"audience": 3, "leased": 3}
    await marked(db, marks)
    assert await count_row(db, world.campaign) == {"audience": 3, "sending": 3}
    await settled(db, marks, Accepted("p"))
    assert await count_row(db, world.campaign) == {"audience": 3, "accepted": 3}
    assert await balanced(db, world.campaign)


async def test_two_claims_never_get_the_same_message(db: Database) -> None:
    world = await make_world(db, people=10)
    first = await claimed(db, world.sender, want=6)
    second = await claimed(db, world.sender, want=100)
    ids = [c.message_id for c in (*first.claims, *second.claims)]
    assert sorted(ids) == world.messages


async def test_slots_are_a_gap_apart_over_several_claims(db: Database) -> None:
    world = await make_world(db, people=10, rate=10)
    first = await claimed(db, world.sender, want=3)
    second = await claimed(db, world.sender, want=3)
    waits = [c.slot for c in first.claims]
    assert [b - a for a, b in itertools.pairwise(waits)] == [100_000, 100_000]
    assert second.line.free_at - first.line.free_at == 300_000


async def test_a_claim_takes_no_more_than_the_horizon_holds(db: Database) -> None:
    world = await make_world(db, people=50, rate=10)
    assert len((await claimed(db, world.sender)).claims) == 11
    assert (await claimed(db, world.sender)).full_for > 0


async def test_campaigns_of_one_sender_share_it_evenly_and_single_messages_go_first(db: Database) -> None:
    one = await make_world(db, people=50, name="one")
    two = await make_world(db, people=50, name="two", first=100, sender=one.sender)
    async with db.transaction() as tx:
        single = await add_message(tx, sender=one.sender, campaign=None, contact=999, priority=0)
    claims = (await claimed(db, one.sender, want=21)).claims
    assert claims[0].message_id == single
    assert [sum(c.campaign_id == w.campaign for c in claims) for w in (one, two)] == [10, 10]


async def test_messages_to_one_contact_leave_one_after_another(db: Database) -> None:
    one = await make_world(db, people=1, name="one")
    two = await make_world(db, people=1, name="two", sender=one.sender)
    marks = marks_of(list((await claimed(db, one.sender)).claims))
    assert len(marks) == 1
    assert not (await claimed(db, one.sender)).claims
    await marked(db, marks)
    await settled(db, marks, Accepted("p"))
    assert len((await claimed(db, one.sender)).claims) == 1
    assert two.sender == one.sender


async def test_a_stale_lease_cannot_be_marked(db: Database) -> None:
    world = await make_world(db, people=1)
    stale = marks_of(list((await claimed(db, world.sender)).claims))
    async with db.transaction() as tx:
        await release(tx, stale)
    fresh = marks_of(list((await claimed(db, world.sender)).claims))
    assert await marked(db, stale) == set()
    assert await marked(db, fresh) == set(world.messages)


async def test_no_mark_passes_once_the_campaign_is_paused(db: Database) -> None:
    world = await make_world(db)
    marks = marks_of(list((await claimed(db, world.sender)).claims))
    async with db.transaction() as tx:
        await tx.run("UPDATE campaigns SET status = 'paused' WHERE id = :id", {"id": world.campaign})
    assert await marked(db, marks) == set()


async def test_no_mark_passes_once_the_sender_is_paused(db: Database) -> None:
    world = await make_world(db)
    marks = marks_of(list((await claimed(db, world.sender)).claims))
    async with db.transaction() as tx:
        await tx.run("UPDATE senders SET state = 'paused' WHERE id = :id", {"id": world.sender})
    assert await marked(db, marks) == set()


async def test_after_a_stop_is_stored_nothing_to_that_person_is_marked(db: Database) -> None:
    world = await make_world(db, people=2)
    found = await claimed(db, world.sender)
    stop = suppressions.Stop(1, found.claims[0].address[1:], suppressions.OPT_OUT, "reply")
    async with db.transaction() as tx:
        moves = Moves()
        await suppressions.stop(tx, [stop], moves)
        await apply(tx, moves.deltas)
    assert await marked(db, marks_of(list(found.claims))) == {found.claims[1].message_id}
    assert await count_row(db, world.campaign) == {"audience": 2, "suppressed": 1, "sending": 1}
    assert await balanced(db, world.campaign)


async def test_people_who_stopped_before_and_messages_past_their_time_are_closed_by_the_claim(
    db: Database,
) -> None:
    world = await make_world(db, people=1)
    async with db.transaction() as tx:
        await add_message(tx, sender=world.sender, campaign=world.campaign, contact=50, expires_at=1)
        moves = Moves()
        moves.add(world.campaign, "audience")
        moves.add(world.campaign, "queued")
        await apply(tx, moves.deltas)
        now = await tx.now()
        await tx.run(
            "INSERT INTO suppressions (workspace_id, person, reason, until) VALUES (1, '447700900000', 'cap', :u)",
            {"u": now + SECOND * 1_000},
        )
    assert not (await claimed(db, world.sender)).claims
    assert await count_row(db, world.campaign) == {"audience": 2, "suppressed": 1, "expired": 1}
    assert await balanced(db, world.campaign)


async def test_a_passing_fault_goes_back_with_a_backoff_and_fails_the_third_time(db: Database) -> None:
    world = await make_world(db, people=1)
    fault = NotSent(Fault(FaultKind.TRANSIENT, "131016", "The provider is down."))
    for _ in range(2):
        settlement = await settled(db, await on_the_wire(db, world), fault)
        assert settlement.due[world.sender] > SECOND
        async with db.transaction() as tx:
            await tx.run("UPDATE outbox SET due_at = 0")
    await settled(db, await on_the_wire(db, world), fault)
    assert await count_row(db, world.campaign) == {"audience": 1, "failed": 1}
    async with db.reading() as tx:
        row = await tx.first("SELECT fault_code, attempts FROM messages")
        kept = await tx.scalar("SELECT count(*) FROM attempts")
    assert row is not None
    assert (row.fault_code, row.attempts, kept) == ("131016", 3, 2)


async def test_a_throttled_message_loses_no_attempt(db: Database) -> None:
    world = await make_world(db, people=1)
    for _ in range(5):
        await settled(
            db, await on_the_wire(db, world), NotSent(Fault(FaultKind.THROTTLE_SENDER, "130429", "slow"))
        )
        async with db.transaction() as tx:
            await tx.run("UPDATE outbox SET due_at = 0")
    assert await count_row(db, world.campaign) == {"audience": 1, "queued": 1}


async def test_a_refusal_that_is_an_opt_out_stops_the_person(db: Database) -> None:
    world = await make_world(db, people=1)
    fault = Fault(FaultKind.RECIPIENT, "21610", "This person unsubscribed.", opt_out=True)
    await settled(db, await on_the_wire(db, world), Rejected(fault))
    async with db.reading() as tx:
        assert await tx.scalar("SELECT reason FROM suppressions WHERE person = '447700900000'") == "opt_out"


async def test_settling_twice_changes_nothing(db: Database) -> None:
    world = await make_world(db)
    marks = await on_the_wire(db, world)
    for _ in range(2):
        await settled(db, marks, Accepted("p"))
    assert await count_row(db, world.campaign) == {"audience": 3, "accepted": 3}


async def test_an_unclear_answer_becomes_a_doubt_and_late_acceptance_settles_it(db: Database) -> None:
    world = await make_world(db)
    marks = await on_the_wire(db, world)
    await settled(db, marks, Unknown("read timeout"))
    assert await count_row(db, world.campaign) == {"audience": 3, "unknown": 3}
    assert not (await claimed(db, world.sender)).claims
    await settled(db, marks, Accepted("p"))
    assert await count_row(db, world.campaign) == {"audience": 3, "accepted": 3}


async def test_what_a_dead_worker_leased_returns_and_what_it_marked_is_in_doubt(db: Database) -> None:
    world = await make_world(db, people=4)
    found = list((await claimed(db, world.sender)).claims)
    await marked(db, marks_of(found[:1]))
    async with db.transaction() as tx:
        assert (await recover(tx, first_look=SECOND, dead=["somebody else"])).returned == 0
    async with db.transaction() as tx:
        gone = await recover(tx, first_look=SECOND, dead=["w"])
    assert (gone.returned, gone.doubted, set(gone.senders)) == (3, 1, {world.sender})
    assert await count_row(db, world.campaign) == {"audience": 4, "queued": 3, "unknown": 1}
    assert await balanced(db, world.campaign)


async def test_an_engine_that_is_alone_takes_over_at_once(db: Database) -> None:
    world = await make_world(db, people=2)
    await on_the_wire(db, world)
    async with db.transaction() as tx:
        assert (await recover(tx, first_look=SECOND, everybody_but="me")).doubted == 2
    assert await count_row(db, world.campaign) == {"audience": 2, "unknown": 2}


async def test_a_sender_that_is_paused_gives_no_claim(db: Database) -> None:
    world = await make_world(db)
    async with db.transaction() as tx:
        await tx.run("UPDATE senders SET state = 'paused'")
    async with db.transaction() as tx:
        assert (
            await claim(
                tx,
                world.sender,
                worker="w",
                want=1,
                horizon=1,
                lead=0,
                hurry=0,
                lease=1,
                headroom=0,
                clock=clock,
            )
            is None
        )


async def test_the_breakers_history_tells_refusals_from_acceptances(db: Database) -> None:
    world = await make_world(db, people=4)
    marks = await on_the_wire(db, world)
    await settled(db, marks[:2], Accepted("p"))
    settlement = await settled(
        db, marks[2:], Rejected(Fault(FaultKind.RECIPIENT, "131026", "Not on WhatsApp."))
    )
    assert settlement.histories == {world.campaign: "..rr"}
    assert (await count_row(db, world.campaign))[Status.FAILED.value] == 2


async def a_second_attempt(db: Database) -> tuple[World, Mark, Mark]:
    """A message whose first attempt nobody knows about and whose second is on the wire."""
    world = await make_world(db, people=1)
    first = await on_the_wire(db, world)
    await settled(db, first, Unknown("read timeout"))
    async with db.transaction() as tx:
        await tx.run("UPDATE outbox SET until = 0")
    async with db.transaction() as tx:
        await doubts.requeue(tx, (await doubts.due(tx, limit=1))[0], absent=False)
    return world, first[0], (await on_the_wire(db, world))[0]


async def test_a_refusal_does_not_fail_a_message_whose_earlier_attempt_may_have_arrived(db: Database) -> None:
    world, first, second = await a_second_attempt(db)
    refused = Rejected(Fault(FaultKind.RECIPIENT, "131026", "Not on WhatsApp."))
    await settled(db, [second], refused)
    assert await count_row(db, world.campaign) == {"audience": 1, "unknown": 1}
    async with db.reading() as tx:
        assert await tx.scalar("SELECT attempt_id FROM outbox") == first.attempt_id
    await settled(db, [first], Rejected(Fault(FaultKind.RECIPIENT, "131026", "Not on WhatsApp.")))
    assert await count_row(db, world.campaign) == {"audience": 1, "failed": 1}
    assert await balanced(db, world.campaign)


async def test_what_is_learnt_late_about_an_earlier_attempt_lets_the_later_one_fail(db: Database) -> None:
    world, first, second = await a_second_attempt(db)
    await settled(db, [first], NotSent(Fault(FaultKind.NETWORK, "connect", "No connection was made.")))
    await settled(db, [second], Rejected(Fault(FaultKind.RECIPIENT, "131026", "Not on WhatsApp.")))
    assert await count_row(db, world.campaign) == {"audience": 1, "failed": 1}


async def test_two_results_of_one_message_in_one_group_count_once(db: Database) -> None:
    world = await make_world(db, people=1)
    (sent,) = await on_the_wire(db, world)
    both = [Result(sent.message_id, sent.attempt_id, o) for o in (Unknown("timeout"), Accepted("p"))]
    async with db.transaction() as tx:
        await settle(tx, both, limit=3, first_look=SECOND, chance=random.random)
    assert await count_row(db, world.campaign) == {"audience": 1, "accepted": 1}
    assert await balanced(db, world.campaign)


async def test_an_acceptance_that_comes_after_the_resend_was_cancelled_is_told(db: Database) -> None:
    world = await make_world(db, people=1)
    first = await on_the_wire(db, world)
    await settled(db, first, Unknown("read timeout"))
    async with db.transaction() as tx:
        await claim_close(tx, world.messages, Status.CANCELLED)
        moves = Moves()
        moves.move(world.campaign, Status.UNKNOWN, Status.CANCELLED)
        await apply(tx, moves.deltas)
    await settled(db, first, Accepted("p"))
    assert await count_row(db, world.campaign) == {"audience": 1, "accepted": 1}
    assert await balanced(db, world.campaign)


async def test_what_a_paused_campaign_has_queued_is_not_due(db: Database) -> None:
    one = await make_world(db, people=2, name="one")
    two = await make_world(db, people=2, name="two", first=100, sender=one.sender)
    async with db.transaction() as tx:
        now = await tx.now()
        await tx.run("UPDATE campaigns SET status = 'paused' WHERE id = :id", {"id": one.campaign})
        await tx.run(
            "UPDATE outbox SET due_at = :d WHERE campaign_id = :id",
            {"d": now + 9 * SECOND, "id": two.campaign},
        )
    async with db.reading() as tx:
        assert 8 * SECOND < (await next_due(tx, one.sender) or 0) <= 9 * SECOND
    async with db.transaction() as tx:
        await add_message(tx, sender=one.sender, campaign=None, contact=999, priority=0)
    async with db.reading() as tx:
        assert await next_due(tx, one.sender) == 0


@pytest.mark.parametrize("busy", [False, True])
async def test_no_sweep_or_claim_walks_the_queue(sqlite_url: str, busy: bool) -> None:
    db = await Database.open(sqlite_url)
    world = await make_world(db, people=5)
    if busy:
        await settled(db, await on_the_wire(db, world), Unknown("read timeout"))
    plans: list[str] = []

    def explained(tx: Tx) -> Tx:
        async def execute(statement: Any, params: Any) -> Any:
            if isinstance(statement, TextClause) and "outbox" in statement.text:
                told = await tx.all(f"EXPLAIN QUERY PLAN {statement.text}", params)
                plans.extend(row.detail for row in told)
            return await tx._execute(statement, params)

        return Tx(tx.name, execute)

    async with db.transaction() as tx:
        spy = explained(tx)
        await recover(spy, first_look=SECOND, dead=["somebody"])
        await recover(spy, first_look=SECOND, everybody_but="w")
        await claim(
            spy,
            world.sender,
            worker="w",
            want=5,
            horizon=1,
            lead=0,
            hurry=0,
            lease=1,
            headroom=0,
            clock=clock,
        )
        await next_due(spy, world.sender)
        await due.lanes(spy)
        await doubts.due(spy, limit=5)
        await doubts.next_look(spy)
    await db.close()
    assert plans
    assert not [
        plan for plan in plans if plan.startswith("SCAN") and "outbox" in plan.replace(" o", " outbox")
    ]
