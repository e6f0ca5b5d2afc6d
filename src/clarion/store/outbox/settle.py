"""Step three: what the requests ended in, for a whole group in one transaction."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clarion.domain import breaker
from clarion.domain.message import Status
from clarion.domain.news import Event
from clarion.domain.sending import (
    RESULTS,
    Accepted,
    Doubted,
    Failed,
    Fault,
    FollowUp,
    NotSent,
    Outcome,
    Rejected,
    Requeued,
    Settled,
    follow_up,
)
from clarion.store import counts, dialect, minutes, news, suppressions
from clarion.store.db import Tx
from clarion.store.runs import told

DAY = 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class Result:
    """One request's outcome. Applying it twice changes nothing.

    `sender_id`: whose request it was, to be counted; 0: no request was made, or it was counted before.
    """

    message_id: int
    attempt_id: str
    outcome: Outcome
    sender_id: int = 0


@dataclass(slots=True)
class Settlement:
    """What follows outside the transaction."""

    due: dict[int, int] = field(default_factory=dict)
    """Sender -> microseconds until its earliest requeued message."""
    histories: dict[int, str] = field(default_factory=dict)
    """Campaign -> its breaker history now."""
    told: bool = False
    """Whether messages of runs were among them: their positions may go on."""


@dataclass(slots=True)
class _Batch:
    accepted: list[list[Any]] = field(default_factory=list)
    failed: list[list[Any]] = field(default_factory=list)
    requeued: list[list[Any]] = field(default_factory=list)
    doubted: list[list[Any]] = field(default_factory=list)
    notes: list[list[Any]] = field(default_factory=list)
    learnt: list[list[Any]] = field(default_factory=list)
    stops: list[suppressions.Stop] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    letters: dict[int, str] = field(default_factory=dict)
    news: list[told.News] = field(default_factory=list)


_ACCEPTED = dialect.Rows({"id": "int", "provider": "text", "attempt": "text", "attempts": "int"})
_FAILED = dialect.Rows(
    {"id": "int", "attempt": "text", "attempts": "int", "kind": "text", "code": "text", "reason": "text"}
)
_REQUEUED = dialect.Rows({"id": "int", "due": "int", "attempts": "int", "throttles": "int"})
_NOTES = dialect.Rows(
    {"attempt": "text", "id": "int", "outcome": "text", "code": "text", "reason": "text", "provider": "text"}
)
_DOUBTED = dialect.Rows({"id": "int", "attempt": "text"})
_IDS = dialect.Rows({"id": "int"})
_NEVER_SENT = "('cancelled', 'expired', 'suppressed')"


async def settle(
    tx: Tx, results: Sequence[Result], *, limit: int, first_look: int, chance: Callable[[], float]
) -> Settlement:
    """Apply outcomes by attempt id. An outcome of an attempt that is not the latest is kept as a fact.

    `limit` requests per message that count; `first_look` microseconds until a doubt is looked into; `chance`
    spreads retries. Locks outbox rows in order of message id, then messages, then counters.
    """
    first = {result.message_id: result for result in reversed(results)}
    again = [result for result in results if first[result.message_id] is not result]
    rows = {row.message_id: row for row in await _lock(tx, sorted(first))}
    now = await tx.now()
    moves, batch, settlement = counts.Moves(), _Batch(), Settlement()
    for ident, result in first.items():
        row = rows.get(ident)
        if row is not None and row.attempt_id == result.attempt_id and row.state in ("sending", "unknown"):
            what = follow_up(
                result.outcome, attempts=row.attempts, throttles=row.throttles, limit=limit, chance=chance()
            )
            if isinstance(what, Failed) and (doubt := await _earlier_doubt(tx, row)):
                _note_refused(batch, moves, row, what.fault, doubt)
            else:
                _note_live(batch, moves, settlement, row, result, what, now)
        elif isinstance(result.outcome, Accepted):
            _note_late(batch, moves, row, result)
        elif isinstance(result.outcome, Rejected | NotSent):
            fault = result.outcome.fault
            batch.learnt.append([result.attempt_id, ident, "not_sent", fault.code, fault.reason, ""])
    await _tell_the_unsent(tx, [ident for ident, *_ in batch.accepted if ident not in rows], moves)
    await _write(tx, batch, now=now, first_look=first_look)
    await suppressions.stop(tx, batch.stops, moves)
    await told.tell(tx, batch.news)
    settlement.told = bool(batch.news)
    if await news.wanted(tx):
        await _tell_customers(tx, batch, rows, now)
    settlement.histories = await counts.apply(tx, moves.deltas, batch.letters)
    await minutes.add(tx, _counted(first.values()), now)
    if again:
        rest = await settle(tx, again, limit=limit, first_look=first_look, chance=chance)
        settlement.due |= rest.due
        settlement.histories |= rest.histories
        settlement.told = settlement.told or rest.told
    return settlement


def _counted(results: Iterable[Result]) -> dict[int, Counter[str]]:
    """What the senders' requests ended in. By the request: receipts may have closed its message meanwhile."""
    found: dict[int, Counter[str]] = {}
    for result in results:
        if result.sender_id:
            found.setdefault(result.sender_id, Counter())[RESULTS[type(result.outcome)]] += 1
    return found


def _note_live(
    batch: _Batch,
    moves: counts.Moves,
    settlement: Settlement,
    row: Any,
    result: Result,
    what: FollowUp,
    now: int,
) -> None:
    campaign, ident, attempt = row.campaign_id, row.message_id, result.attempt_id
    match what:
        case Settled(provider_id):
            batch.accepted.append([ident, provider_id, attempt, row.attempts])
            batch.closed.append(ident)
            batch.letters[campaign] = batch.letters.get(campaign, "") + breaker.TAKEN
            moves.move(campaign, row.state, Status.ACCEPTED)
            if row.run_id:
                batch.news.append(told.News(ident, Status.ACCEPTED))
        case Failed(fault):
            batch.failed.append([ident, attempt, row.attempts, fault.kind.value, fault.code, fault.reason])
            batch.closed.append(ident)
            batch.letters[campaign] = batch.letters.get(campaign, "") + breaker.letter(fault.kind)
            batch.stops += stops_of(fault, row.workspace_id, row.person, now)
            moves.move(campaign, row.state, Status.FAILED)
            if row.run_id:
                batch.news.append(told.News(ident, Status.FAILED, fault.code, fault.reason))
        case Requeued(after, counted, fault):
            attempts = row.attempts if counted else row.attempts - 1
            pair = fault.kind.value == "throttle_recipient"
            batch.requeued.append([ident, now + after, attempts, row.throttles + 1 if pair else 0])
            batch.notes.append([attempt, ident, "not_sent", fault.code, fault.reason, ""])
            settlement.due[row.sender_id] = min(after, settlement.due.get(row.sender_id, after))
            moves.move(campaign, row.state, Status.QUEUED)
        case Doubted(reason):
            batch.notes.append([attempt, ident, "unknown", "", reason, ""])
            if row.state != "unknown":
                batch.doubted.append([ident, attempt])
                moves.move(campaign, row.state, Status.UNKNOWN)


def _note_refused(batch: _Batch, moves: counts.Moves, row: Any, fault: Fault, doubt: str) -> None:
    """This attempt failed for good, an earlier one may have arrived: the message is as doubtful as that one."""
    campaign, ident = row.campaign_id, row.message_id
    batch.notes.append([row.attempt_id, ident, "rejected", fault.code, fault.reason, ""])
    batch.letters[campaign] = batch.letters.get(campaign, "") + breaker.letter(fault.kind)
    batch.doubted.append([ident, doubt])
    moves.move(campaign, row.state, Status.UNKNOWN)


def _note_late(batch: _Batch, moves: counts.Moves, row: Any, result: Result) -> None:
    """An acceptance for a message that moved on: whatever else was planned for it is cancelled."""
    assert isinstance(result.outcome, Accepted)
    provider_id = result.outcome.provider_id
    batch.accepted.append([result.message_id, provider_id, result.attempt_id, row.attempts if row else 0])
    if row is not None:
        if row.run_id:
            batch.news.append(told.News(result.message_id, Status.ACCEPTED))
        batch.notes.append([result.attempt_id, result.message_id, "accepted", "", "", provider_id])
        batch.closed.append(result.message_id)
        moves.move(row.campaign_id, row.state, Status.ACCEPTED)


async def _earlier_doubt(tx: Tx, row: Any) -> str:
    """The newest attempt before the latest whose end nobody knows; "" if there is none."""
    if row.attempts < 2:
        return ""
    found = await tx.scalar(
        "SELECT attempt_id FROM attempts WHERE message_id = :id AND attempt_id <> :attempt "
        "AND outcome = 'unknown' ORDER BY ended_at DESC LIMIT 1",
        {"id": row.message_id, "attempt": row.attempt_id},
    )
    return str(found or "")


async def _tell_the_unsent(tx: Tx, ids: Sequence[int], moves: counts.Moves) -> None:
    """Count as accepted what was thought never to be sent and is found accepted after all."""
    if not ids:
        return
    rows = await tx.all(
        f"SELECT id, campaign_id, status FROM messages WHERE id IN (SELECT id FROM {_IDS.sql(tx.name)}) "
        f"AND status IN {_NEVER_SENT} ORDER BY id {dialect.for_update(tx.name)}",
        _IDS.params(tx.name, [[i] for i in sorted(ids)]),
    )
    for row in rows:
        moves.move(row.campaign_id, row.status, Status.ACCEPTED)


async def _tell_customers(tx: Tx, batch: _Batch, rows: Mapping[int, Any], now: int) -> None:
    """News of what was written at `now`; a message whose receipt came before its answer was told of then."""
    accepted = await tx.all(
        f"SELECT id, workspace_id FROM messages WHERE id IN (SELECT id FROM {_IDS.sql(tx.name)}) "
        "AND accepted_at = :now ORDER BY id",
        {"now": now, **_IDS.params(tx.name, [[ident] for ident, *_ in batch.accepted])},
    )
    failed = [rows[ident] for ident, *_ in batch.failed]
    doubted = [rows[ident] for ident, _ in batch.doubted if rows[ident].state != "unknown"]
    await news.tell(
        tx,
        [
            *(news.News(row.workspace_id, Event.MESSAGE_ACCEPTED, row.id, now) for row in accepted),
            *(news.News(row.workspace_id, Event.MESSAGE_FAILED, row.message_id, now) for row in failed),
            *(news.News(row.workspace_id, Event.MESSAGE_UNKNOWN, row.message_id, now) for row in doubted),
        ],
    )


def stops_of(fault: Fault, workspace_id: int, person: str, now: int) -> list[suppressions.Stop]:
    """The stop a refusal stands for, if any."""
    if fault.opt_out:
        return [suppressions.Stop(workspace_id, person, suppressions.OPT_OUT, f"provider:{fault.code}")]
    if fault.cap:
        source = f"provider:{fault.code}"
        return [suppressions.Stop(workspace_id, person, suppressions.MARKETING_CAP, source, now + DAY)]
    return []


async def _lock(tx: Tx, ids: Sequence[int]) -> Sequence[Any]:
    return await tx.all(
        "SELECT message_id, workspace_id, campaign_id, run_id, sender_id, person, state, attempt_id, attempts, "
        "throttles "
        f"FROM outbox WHERE message_id IN (SELECT id FROM {_IDS.sql(tx.name)}) "
        f"ORDER BY message_id {dialect.for_update(tx.name)}",
        _IDS.params(tx.name, [[i] for i in ids]),
    )


async def _write(tx: Tx, batch: _Batch, *, now: int, first_look: int) -> None:
    if batch.accepted:
        await tx.run(
            f"""
            UPDATE messages SET
              status = CASE WHEN status = 'queued' OR status IN {_NEVER_SENT} THEN 'accepted' ELSE status END,
              provider_id = coalesce(provider_id, v.provider), attempt_id = v.attempt,
              attempts = CASE WHEN v.attempts > messages.attempts THEN v.attempts ELSE messages.attempts END,
              accepted_at = CASE WHEN accepted_at = 0 THEN :now ELSE accepted_at END
            FROM {_ACCEPTED.sql(tx.name)} WHERE messages.id = v.id
            """,
            {"now": now, **_ACCEPTED.params(tx.name, batch.accepted)},
        )
    if batch.failed:
        await tx.run(
            f"""
            UPDATE messages SET status = 'failed', attempt_id = v.attempt, attempts = v.attempts, failed_at = :now,
              fault_kind = v.kind, fault_code = v.code, fault_reason = v.reason
            FROM {_FAILED.sql(tx.name)} WHERE messages.id = v.id
            """,
            {"now": now, **_FAILED.params(tx.name, batch.failed)},
        )
    if batch.closed:
        await tx.run(
            f"DELETE FROM outbox WHERE message_id IN (SELECT id FROM {_IDS.sql(tx.name)})",
            _IDS.params(tx.name, [[i] for i in batch.closed]),
        )
    if batch.requeued:
        await tx.run(
            "UPDATE outbox SET state = 'queued', until = 0, worker = '', due_at = v.due, "
            f"attempts = v.attempts, throttles = v.throttles FROM {_REQUEUED.sql(tx.name)} "
            "WHERE outbox.message_id = v.id",
            _REQUEUED.params(tx.name, batch.requeued),
        )
    if batch.doubted:
        await tx.run(
            "UPDATE outbox SET state = 'unknown', doubted_at = :now, until = :look, looks = 0, "
            f"attempt_id = v.attempt FROM {_DOUBTED.sql(tx.name)} WHERE outbox.message_id = v.id",
            {"now": now, "look": now + first_look, **_DOUBTED.params(tx.name, batch.doubted)},
        )
    await note(tx, batch.notes, now)
    if batch.learnt:
        await tx.run(
            "UPDATE attempts SET outcome = v.outcome, code = v.code, reason = v.reason "
            f"FROM {_NOTES.sql(tx.name)} WHERE attempts.attempt_id = v.attempt AND attempts.outcome = 'unknown'",
            _NOTES.params(tx.name, batch.learnt),
        )


async def note(tx: Tx, notes: Sequence[Sequence[Any]], now: int) -> None:
    """Keep attempts that need telling apart: [attempt, message, outcome, code, reason, provider id]."""
    if notes:
        await tx.run(
            f"""
            INSERT INTO attempts (attempt_id, message_id, outcome, code, reason, provider_id, ended_at)
            SELECT v.attempt, v.id, v.outcome, v.code, v.reason, v.provider, :now
            FROM {_NOTES.sql(tx.name)} WHERE true
            ON CONFLICT (attempt_id) DO UPDATE SET outcome = excluded.outcome, code = excluded.code,
              reason = excluded.reason, provider_id = excluded.provider_id
            WHERE attempts.outcome = 'unknown'
            """,
            {"now": now, **_NOTES.params(tx.name, notes)},
        )
