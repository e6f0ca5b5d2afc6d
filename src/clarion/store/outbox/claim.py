"""Step one: lease due messages and reserve the slots they will use, in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from clarion.domain.message import Status
from clarion.domain.news import of_status
from clarion.domain.pacing import Timeline, reserve
from clarion.store import counts, dialect, news, timelines
from clarion.store.db import Tx
from clarion.store.runs import told


@dataclass(frozen=True, slots=True)
class Claim:
    """One leased message. `slot` is when its request starts, by the database's clock."""

    message_id: int
    campaign_id: int
    sender_id: int
    token: int
    attempts: int
    throttles: int
    slot: int
    address: str
    variables: dict[str, Any]
    content: dict[str, Any] | None
    epoch: int
    run_id: int = 0
    person: str = ""
    due_at: int = 0


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim gave. `line` is the sender's timeline after it."""

    line: Timeline
    claims: Sequence[Claim]
    clock: "Reading"
    shared: bool = False
    """Whether another worker claimed on this line since our last claim."""
    full_for: int = 0
    """Microseconds until the line has a free slot within the horizon; 0 while it has one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The database's clock, read at some instant between `before` and `after` on the process's own clock."""

    now: int
    before: int
    after: int


PRIORITIES = (0, 10, 20)
"""Replies and single messages, journeys, campaigns: lower goes first."""

_IDS = dialect.Rows({"id": "int"})


async def claim(
    tx: Tx,
    sender_id: int,
    *,
    worker: str,
    want: int,
    horizon: int,
    lead: int,
    hurry: int,
    lease: int,
    headroom: float,
    clock: Callable[[], int],
) -> Claimed | None:
    """Lease up to `want` due messages whose slots begin within `horizon`; None if the sender is not active.

    Locks the sender's timeline, so workers take turns; reads the clock after the lock. `clock` is the process's
    own, to tell slots in its terms. No slot begins before `lead` from now (`hurry` when a single message is due),
    so that the first ones are marked in time and none is late. Messages of running
    campaigns share the slots evenly; single messages go first. People who stopped and messages past their
    time are closed here, before they cost a slot.
    """
    held = await timelines.lock(tx, sender_id)
    if held is None or held.state != "active":
        return None
    before = clock()
    now = await tx.now()
    reading = Reading(now, before, clock())
    room = len(reserve(held.line, now=now, want=want, horizon=horizon, headroom=headroom, lead=lead)[1])
    if not room:
        free_at = max(held.line.free_at, held.line.hold_until)
        return Claimed(held.line, (), reading, full_for=max(10_000, free_at - horizon - now))
    moves = counts.Moves()
    due = await _leave_runs_alone(tx, await _due(tx, sender_id, now=now, limit=room))
    due = await _close_the_stopped(tx, due, moves)
    urgent = bool(due) and not due[0].campaign_id
    line, slots = reserve(
        held.line,
        now=now,
        want=len(due),
        horizon=horizon,
        headroom=headroom,
        lead=hurry if urgent else lead,
    )
    claims: list[Claim] = []
    if due:
        ids = [row.message_id for row in due]
        await tx.run(
            "UPDATE outbox SET state = 'leased', until = :until, token = token + 1, worker = :worker "
            f"FROM {_IDS.sql(tx.name)} WHERE outbox.message_id = v.id",
            {"until": now + lease, "worker": worker, **_IDS.params(tx.name, [[i] for i in ids])},
        )
        for row in due:
            moves.move(row.campaign_id, Status.QUEUED, Status.LEASED)
        wide = await _contents(tx, ids)
        claims = [
            Claim(
                message_id=row.message_id,
                campaign_id=row.campaign_id,
                sender_id=sender_id,
                token=row.token + 1,
                attempts=row.attempts,
                throttles=row.throttles,
                slot=slot,
                address=wide[row.message_id].address,
                variables=dialect.json_value(wide[row.message_id].variables) or {},
                content=dialect.json_value(wide[row.message_id].content),
                epoch=row.epoch,
                run_id=row.run_id,
                person=row.person,
                due_at=row.due_at,
            )
            for row, slot in zip(due, slots, strict=True)
        ]
    await timelines.keep(tx, sender_id, line, worker=worker)
    await counts.apply(tx, moves.deltas)
    return Claimed(line, claims, reading, shared=held.worker not in ("", worker))


async def next_due(tx: Tx, sender_id: int) -> int | None:
    """Microseconds until the sender's next queued message may start; 0 if now, None if nothing is queued."""
    # A look-up per campaign: walking what a paused campaign has queued would cost every other one of the sender.
    row = await tx.first(
        f"""
        SELECT min(d.due_at) AS due_at, {dialect.now_sql(tx.name)} AS now FROM (
          SELECT (SELECT o.due_at FROM outbox o WHERE o.sender_id = :sender AND o.campaign_id = r.campaign_id
                    AND o.priority = p.priority AND o.state = 'queued' ORDER BY o.due_at LIMIT 1) AS due_at
          FROM (SELECT 0 AS campaign_id UNION ALL
                SELECT c.id FROM campaigns c JOIN campaign_counts k ON k.campaign_id = c.id
                WHERE c.sender_id = :sender AND c.status = 'running' AND k.queued > 0) AS r
          CROSS JOIN ({" UNION ALL ".join(f"SELECT {p} AS priority" for p in PRIORITIES)}) AS p
        ) AS d
        """,
        {"sender": sender_id},
    )
    return None if row is None or row.due_at is None else max(0, row.due_at - row.now)


async def campaign_content(tx: Tx, campaign_id: int) -> Any:
    """A campaign's stored `content` and whether it is a `dry_run`."""
    return await tx.first("SELECT content, dry_run FROM campaigns WHERE id = :id", {"id": campaign_id})


async def _due(tx: Tx, sender_id: int, *, now: int, limit: int) -> list[Any]:
    """Due rows, at most one per contact: single messages first, then campaigns in even shares."""
    campaigns = await tx.all(
        """
        SELECT c.id, c.epoch, c.expires_at FROM campaigns c JOIN campaign_counts k ON k.campaign_id = c.id
        WHERE c.sender_id = :sender AND c.status = 'running' AND k.queued > 0 ORDER BY c.id
        """,
        {"sender": sender_id},
    )
    found = await _due_of(tx, sender_id, 0, now=now, limit=limit)
    waiting = list(campaigns)
    while waiting and len(found) < limit:
        # The share of a campaign that has too little due goes to those after it; who goes first turns around.
        turn = now % len(waiting)
        campaign = waiting.pop(turn)
        share = -(-(limit - len(found)) // (len(waiting) + 1))
        found += await _due_of(
            tx, sender_id, campaign.id, epoch=campaign.epoch, until=campaign.expires_at, now=now, limit=share
        )
    first_of = {row.contact_id: row for row in reversed(found)}
    return [row for row in found if first_of[row.contact_id] is row]


async def _due_of(
    tx: Tx, sender_id: int, campaign_id: int, *, epoch: int = 0, until: int = 0, now: int, limit: int
) -> list[Any]:
    """`until`: when the whole campaign is over, 0 = never."""
    rows = await tx.all(
        f"""
        SELECT o.message_id, o.campaign_id, o.run_id, o.contact_id, o.person, o.token, o.attempts, o.throttles,
               o.due_at,
               (:over = 1 OR (o.expires_at > 0 AND o.expires_at <= :now)) AS expired,
               cast(:epoch as bigint) AS epoch,
               coalesce((SELECT r.status FROM runs r WHERE r.id = o.run_id), 'running') AS run_status,
               EXISTS (SELECT 1 FROM suppressions s WHERE s.workspace_id = o.workspace_id
                       AND s.person = o.person AND (s.until = 0 OR s.until > :now)) AS stopped
        FROM outbox o
        WHERE o.sender_id = :sender AND o.campaign_id = :campaign AND o.state = 'queued' AND o.due_at <= :now
          AND NOT EXISTS (SELECT 1 FROM outbox f WHERE f.contact_id = o.contact_id
                          AND f.state IN ('leased', 'sending'))
        ORDER BY o.priority, o.due_at, o.message_id LIMIT :limit {_lock(tx)}
        """,
        {
            "sender": sender_id,
            "campaign": campaign_id,
            "epoch": epoch,
            "over": int(0 < until <= now),
            "now": now,
            "limit": limit,
        },
    )
    return list(rows)


async def _leave_runs_alone(tx: Tx, due: list[Any]) -> list[Any]:
    """Without messages of runs that are paused or stopped: they stand aside until that run goes on or is ended."""
    runs = {row.run_id for row in due if row.run_status != "running"}
    if not runs:
        return due
    # Held as they are until the commit: a run that is resumed meanwhile would not find what is set aside here.
    runs_now = await tx.all(
        f"SELECT id, status FROM runs WHERE id IN (SELECT id FROM {_IDS.sql(tx.name)}) "
        f"ORDER BY id {dialect.for_share(tx.name)}",
        _IDS.params(tx.name, [[r] for r in sorted(runs)]),
    )
    going = {*(row.run_id for row in due if row.run_id not in runs)}
    going |= {row.id for row in runs_now if row.status == "running"}
    halted = [row.message_id for row in due if row.run_id not in going]
    if halted:
        await tx.run(
            f"UPDATE outbox SET state = 'held' FROM {_IDS.sql(tx.name)} WHERE outbox.message_id = v.id",
            _IDS.params(tx.name, [[i] for i in halted]),
        )
    return [row for row in due if row.run_id in going]


def _lock(tx: Tx) -> str:
    lock = dialect.for_update(tx.name, skip_locked=True)
    return lock.replace("FOR UPDATE", "FOR UPDATE OF o") if lock else ""


async def _close_the_stopped(tx: Tx, due: list[Any], moves: counts.Moves) -> list[Any]:
    for status, rows in (
        (Status.SUPPRESSED, [row for row in due if row.stopped]),
        (Status.EXPIRED, [row for row in due if row.expired and not row.stopped]),
    ):
        await close(tx, [row.message_id for row in rows], status)
        for row in rows:
            moves.move(row.campaign_id, Status.QUEUED, status)
    return [row for row in due if not (row.stopped or row.expired)]


async def close(tx: Tx, ids: Sequence[int], status: Status) -> None:
    """End messages that were never sent: the outbox row goes, the message says why. The caller counts them."""
    if ids:
        values = _IDS.params(tx.name, [[i] for i in ids])
        await tx.run(f"DELETE FROM outbox WHERE message_id IN (SELECT id FROM {_IDS.sql(tx.name)})", values)
        rows = await tx.all(
            f"UPDATE messages SET status = :status FROM {_IDS.sql(tx.name)} WHERE messages.id = v.id "
            "RETURNING messages.id, messages.run_id, messages.workspace_id",
            {"status": status.value, **values},
        )
        await told.tell(tx, [told.News(row.id, status) for row in rows if row.run_id])
        event = of_status(status)
        if event is not None and await news.wanted(tx):
            await news.tell(tx, [news.News(row.workspace_id, event, row.id) for row in rows])


async def _contents(tx: Tx, ids: Sequence[int]) -> dict[int, Any]:
    rows = await tx.all(
        "SELECT m.id, m.address, m.variables, m.content "
        f"FROM {_IDS.sql(tx.name)} JOIN messages m ON m.id = v.id",
        _IDS.params(tx.name, [[i] for i in ids]),
    )
    return {row.id: row for row in rows}
