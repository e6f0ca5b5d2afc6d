"""Outcomes are never dropped: the journal beside the database, on both databases."""

import asyncio
import os
from pathlib import Path

import pytest

from clarion.domain.sending import Accepted, Fault, FaultKind, NotSent, Outcome, Rejected, Unknown
from clarion.services.sending.journal import Journal
from clarion.services.sending.ledger import Ledger
from clarion.store.db import Database
from clarion.store.outbox.settle import Result
from tests.store.test_outbox import on_the_wire
from tests.support.people import Woken
from tests.support.world import balanced, count_row, make_world

SECOND = 1_000_000

OUTCOMES: list[Outcome] = [
    Accepted("wamid.1", held=True),
    Rejected(Fault(FaultKind.RECIPIENT, "21610", "Stopped.", "detail", opt_out=True, cap=True)),
    NotSent(Fault(FaultKind.NETWORK, "connect", "No connection."), 5),
    Unknown("read timeout"),
]


def a_ledger(db: Database, folder: Path, worker: str = "w") -> Ledger:
    return Ledger(db, Woken(), Journal(folder, worker), deadline=60 * SECOND, first_look=30 * SECOND, limit=3)


async def break_down(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.run("ALTER TABLE outbox RENAME TO away")


async def mend(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.run("ALTER TABLE away RENAME TO outbox")


def lines_in(folder: Path) -> list[str]:
    return [line for file in folder.glob("outcomes*") for line in file.read_text().splitlines()]


async def until_accepted(db: Database, campaign: int, n: int) -> None:
    for _ in range(200):
        if (await count_row(db, campaign)).get("accepted") == n:
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"still {await count_row(db, campaign)}")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    results = [Result(n, f"a{n}", outcome) for n, outcome in enumerate(OUTCOMES)]
    journal = Journal(tmp_path, "w")
    journal.append(results)
    assert journal.read() == results
    journal.applied()
    assert journal.read() == []
    assert list(tmp_path.iterdir()) == []


def test_what_is_added_while_the_rest_is_applied_stays(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "w")
    journal.append([Result(1, "a1", OUTCOMES[0])])
    journal.read()
    journal.append([Result(2, "a2", OUTCOMES[1])])
    journal.applied()
    assert [r.message_id for r in journal.read()] == [2]
    journal.close()


def test_a_dead_process_journal_is_adopted_and_a_living_one_is_not(tmp_path: Path) -> None:
    living = Journal(tmp_path, "living")
    living.append([Result(1, "a1", OUTCOMES[0])])
    (tmp_path / "outcomes-dead.jsonl").write_text(
        '{"message": 2, "attempt": "a2", "outcome": "Unknown", "values": {"reason": "r"}}\n{"message": 3, "att'
    )
    mine = Journal(tmp_path, "mine")
    mine.adopt()
    assert mine.read() == [Result(2, "a2", Unknown("r"))]
    assert living.read() == [Result(1, "a1", OUTCOMES[0])]
    living.close()
    mine.close()
    assert (tmp_path / "outcomes.unreadable").read_text() == '{"message": 3, "att\n'
    assert not (tmp_path / "outcomes-dead.jsonl").exists()


async def test_every_outcome_of_an_outage_is_on_disk_at_once_and_applied_afterwards(
    db: Database, tmp_path: Path
) -> None:
    world = await make_world(db, people=3)
    marks = await on_the_wire(db, world)
    ledger = a_ledger(db, tmp_path)
    await break_down(db)
    for mark in marks:
        async with asyncio.timeout(5):
            await ledger.settle([Result(mark.message_id, mark.attempt_id, Accepted(f"p{mark.message_id}"))])
    assert [line.count("Accepted") for line in lines_in(tmp_path)] == [1, 1, 1]
    await mend(db)
    await until_accepted(db, world.campaign, 3)
    await ledger.close()
    assert lines_in(tmp_path) == []
    assert await balanced(db, world.campaign)


async def test_outcomes_left_by_a_process_that_died_are_applied_by_the_next(
    db: Database, tmp_path: Path
) -> None:
    world = await make_world(db, people=2)
    marks = await on_the_wire(db, world)
    pid = os.fork()
    if not pid:
        Journal(tmp_path, "died").append([Result(m.message_id, m.attempt_id, Accepted("p")) for m in marks])
        os._exit(0)
    await asyncio.to_thread(os.waitpid, pid, 0)
    ledger = a_ledger(db, tmp_path, "next")
    await ledger.replay()
    assert await count_row(db, world.campaign) == {"audience": 2, "accepted": 2}
    await ledger.close()


async def test_an_outcome_the_database_refuses_holds_up_no_other(db: Database, tmp_path: Path) -> None:
    world = await make_world(db, people=3)
    marks = await on_the_wire(db, world)
    ledger = a_ledger(db, tmp_path)
    ids = ["\ud800", "p1", "p2"]
    await asyncio.gather(
        *(
            ledger.settle([Result(m.message_id, m.attempt_id, Accepted(p))])
            for m, p in zip(marks, ids, strict=True)
        )
    )
    await until_accepted(db, world.campaign, 2)
    await ledger.close()
    assert await count_row(db, world.campaign) == {"audience": 3, "accepted": 2, "sending": 1}


async def test_a_full_disk_beside_a_database_that_is_away_drops_no_outcome(
    db: Database, tmp_path: Path
) -> None:
    world = await make_world(db, people=1)
    (mark,) = await on_the_wire(db, world)
    ledger = a_ledger(db, tmp_path / "not" / "there")  # cannot be written, like a full disk
    await break_down(db)
    async with asyncio.timeout(5):
        await ledger.settle([Result(mark.message_id, mark.attempt_id, Accepted("p"))])
    await mend(db)
    await until_accepted(db, world.campaign, 1)
    await ledger.close()
