"""Receipts applied to messages: any order, any number of times, one result."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from clarion.domain import breaker
from clarion.domain.message import HEARD, Status, advance
from clarion.domain.news import Event
from clarion.domain.sending import Fault, FaultKind
from clarion.store import counts, dialect, news, suppressions
from clarion.store.db import Tx
from clarion.store.outbox.settle import note, stops_of
from clarion.store.runs import told


@dataclass(frozen=True, slots=True)
class Heard:
    """One receipt from the inbox. It may touch only messages of `senders`: those its signature proved."""

    inbox_id: int
    senders: frozenset[int]
    provider_id: str
    echo: str
    status: Status
    at: int
    fault: Fault | None


@dataclass(slots=True)
class Applied:
    """Inbox ids of receipts that found their message, of those that did not (yet), and what follows outside.

    `told`: messages of runs were among them, whose positions may go on.
    """

    found: list[int] = field(default_factory=list)
    orphans: list[int] = field(default_factory=list)
    histories: dict[int, str] = field(default_factory=dict)
    told: bool = False


@dataclass(slots=True)
class _Message:
    """A message while receipts are applied to it."""

    row: Any
    outbox: Any | None
    status: Status
    provider_id: str
    attempt_id: str
    times: dict[str, int]
    fault: Fault | None = None


_IDS = dialect.Rows({"id": "int"})
_TEXTS = dialect.Rows({"text": "text"})
_FACTS = dialect.Rows(
    {
        "id": "int",
        "status": "text",
        "provider": "text",
        "attempt": "text",
        "accepted": "int",
        "sent": "int",
        "delivered": "int",
        "read": "int",
        "failed": "int",
        "kind": "text",
        "code": "text",
        "reason": "text",
        "conflict": "int",
        "attempts": "int",
    }
)


def make_echo(message_id: int, attempt_id: str) -> str:
    """What travels to the provider and back: finds the message by its key, proves itself by the attempt."""
    return f"{message_id}.{attempt_id}"


def read_echo(echo: str) -> tuple[int, str] | None:
    """The message and attempt an echo names; None if it is not one of ours."""
    ident, dot, attempt = echo.partition(".")
    return (
        (int(ident), attempt)
        if dot and attempt and ident.isascii() and ident.isdigit() and len(ident) < 19
        else None
    )


async def apply(tx: Tx, receipts: Sequence[Heard], moves: counts.Moves) -> Applied:
    """Apply receipts in one transaction, with `moves` of the same transaction so far.

    Locks outbox rows by message id, then messages, then counters.
    """
    applied = Applied()
    if not receipts:
        applied.histories = await counts.apply(tx, moves.deltas)
        return applied
    by_provider = await _ids_of(tx, [r.provider_id for r in receipts if read_echo(r.echo) is None])
    wanted = {r.inbox_id: _target(r, by_provider) for r in receipts}
    messages = await _load(tx, sorted({ident for ident, _ in wanted.values() if ident}))
    older = await _older_attempts(tx, [attempt for _, attempt in wanted.values() if attempt])
    now = await tx.now()
    touched: dict[int, _Message] = {}
    for receipt in receipts:
        ident, attempt = wanted[receipt.inbox_id]
        message = messages.get(ident)
        if message is None or not _belongs(message, receipt, attempt, older):
            applied.orphans.append(receipt.inbox_id)
            continue
        applied.found.append(receipt.inbox_id)
        _hear(message, receipt, attempt, now)
        touched[ident] = message
    await _write(tx, list(touched.values()), now, applied, moves)
    return applied


def _target(receipt: Heard, by_provider: dict[str, int]) -> tuple[int, str]:
    named = read_echo(receipt.echo)
    return named if named else (by_provider.get(receipt.provider_id, 0), "")


def _belongs(message: _Message, receipt: Heard, attempt: str, older: dict[str, int]) -> bool:
    if message.row.sender_id not in receipt.senders:
        return False
    if not attempt:
        return bool(message.provider_id == receipt.provider_id)
    known = {message.row.attempt_id, message.outbox.attempt_id if message.outbox else ""} - {""}
    return attempt in known or older.get(attempt) == message.row.id


def _hear(message: _Message, receipt: Heard, attempt: str, now: int) -> None:
    held = message.status if message.status in HEARD else Status.ACCEPTED
    message.status = advance(held, receipt.status)
    message.provider_id = message.provider_id or receipt.provider_id
    message.attempt_id = message.attempt_id or attempt
    at = receipt.at or now
    facts = [receipt.status.value]
    if receipt.status is Status.READ:
        facts.append(Status.DELIVERED.value)  # the provider may skip it when the chat is open
    for fact in facts:
        if fact != Status.ACCEPTED.value:
            message.times[fact] = min(at, message.times[fact] or at)
    message.times["accepted"] = message.times["accepted"] or now
    if receipt.fault is not None and (message.fault is None or receipt.fault.code < message.fault.code):
        message.fault = receipt.fault


async def _write(
    tx: Tx, touched: Sequence[_Message], now: int, applied: Applied, moves: counts.Moves
) -> None:
    letters: dict[int, str] = {}
    stops: list[suppressions.Stop] = []
    rows, notes, closed, of_runs = [], [], [], []
    for message in sorted(touched, key=lambda m: m.row.id):
        row, campaign = message.row, message.row.campaign_id
        before = message.outbox.state if message.outbox is not None else row.status
        if message.outbox is not None:
            closed.append([row.id])
        moves.move(campaign, before, message.status)
        fault = message.fault
        if fault is not None:
            stops += stops_of(fault, row.workspace_id, row.person, now)
            if message.status is Status.FAILED and row.status != Status.FAILED.value:
                letters[campaign or 0] = letters.get(campaign or 0, "") + breaker.letter(fault.kind)
        if message.attempt_id and message.attempt_id != row.attempt_id:
            notes.append([message.attempt_id, row.id, "accepted", "", "", message.provider_id])
        if row.run_id and before != message.status:
            why = message.fault if message.status is Status.FAILED else None
            of_runs.append(
                told.News(row.id, message.status, why.code if why else "", why.reason if why else "")
            )
        rows.append(_fact_row(message))
    if rows:
        await tx.run(_UPDATE.format(v=_FACTS.sql(tx.name)), _FACTS.params(tx.name, rows))
    if closed:
        await tx.run(
            f"DELETE FROM outbox WHERE message_id IN (SELECT id FROM {_IDS.sql(tx.name)})",
            _IDS.params(tx.name, closed),
        )
    await _keep_known(tx, notes, now)
    await told.tell(tx, of_runs)
    applied.told = bool(of_runs)
    if await news.wanted(tx):
        await news.tell(tx, [each for message in touched for each in _news(message)])
    await suppressions.stop(tx, stops, moves)
    applied.histories = await counts.apply(tx, moves.deltas, letters)


def _news(message: _Message) -> Iterator[news.News]:
    """What was not known of the message before: each fact once, whatever order receipts come in."""
    row = message.row
    for fact in (Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.READ):
        at = message.times[fact.value]
        if at and not getattr(row, f"{fact.value}_at"):
            yield news.News(row.workspace_id, Event(f"message.{fact}"), row.id, at)
    if message.status is Status.FAILED and row.status != Status.FAILED.value:
        yield news.News(row.workspace_id, Event.MESSAGE_FAILED, row.id, message.times["failed"])


_UPDATE = """
UPDATE messages SET status = v.status, provider_id = v.provider, attempt_id = v.attempt,
  accepted_at = v.accepted, sent_at = v.sent, delivered_at = v.delivered, read_at = v.read, failed_at = v.failed,
  fault_kind = v.kind, fault_code = v.code, fault_reason = v.reason, conflict = (v.conflict = 1),
  attempts = v.attempts
FROM {v} WHERE messages.id = v.id
"""


def _fact_row(message: _Message) -> list[Any]:
    row, times, fault = message.row, message.times, message.fault
    happy = times["delivered"] or times["read"]
    return [
        row.id,
        message.status.value,
        message.provider_id,
        message.attempt_id or row.attempt_id,
        *(times[fact] for fact in ("accepted", "sent", "delivered", "read", "failed")),
        fault.kind.value if fault else row.fault_kind,
        fault.code if fault else row.fault_code,
        fault.reason if fault else row.fault_reason,
        int(bool(times["failed"] and happy)),
        message.outbox.attempts if message.outbox is not None else row.attempts,
    ]


async def _keep_known(tx: Tx, notes: Sequence[Sequence[Any]], now: int) -> None:
    """Only attempts already told apart are updated; a first and only attempt needs no row of its own."""
    known = await _older_attempts(tx, [attempt for attempt, *_ in notes])
    await note(tx, [n for n in notes if n[0] in known], now)


async def _ids_of(tx: Tx, provider_ids: Sequence[str]) -> dict[str, int]:
    if not provider_ids:
        return {}
    rows = await tx.all(
        f"SELECT id, provider_id FROM messages WHERE provider_id IN (SELECT text FROM {_TEXTS.sql(tx.name)})",
        _TEXTS.params(tx.name, [[p] for p in sorted(set(provider_ids))]),
    )
    return {row.provider_id: row.id for row in rows}


async def _older_attempts(tx: Tx, attempts: Sequence[str]) -> dict[str, int]:
    if not attempts:
        return {}
    rows = await tx.all(
        "SELECT attempt_id, message_id FROM attempts "
        f"WHERE attempt_id IN (SELECT text FROM {_TEXTS.sql(tx.name)})",
        _TEXTS.params(tx.name, [[a] for a in sorted(set(attempts))]),
    )
    return {row.attempt_id: row.message_id for row in rows}


async def _load(tx: Tx, ids: Sequence[int]) -> dict[int, _Message]:
    if not ids:
        return {}
    values = _IDS.params(tx.name, [[i] for i in ids])
    lock = dialect.for_update(tx.name)
    outbox = await tx.all(
        "SELECT message_id, state, attempt_id, attempts FROM outbox "
        f"WHERE message_id IN (SELECT id FROM {_IDS.sql(tx.name)}) ORDER BY message_id {lock}",
        values,
    )
    rows = await tx.all(
        f"SELECT * FROM messages WHERE id IN (SELECT id FROM {_IDS.sql(tx.name)}) ORDER BY id {lock}", values
    )
    held = {row.message_id: row for row in outbox}
    return {
        row.id: _Message(
            row=row,
            outbox=held.get(row.id),
            status=Status(row.status),
            provider_id=row.provider_id or "",
            attempt_id="",
            times={
                fact: getattr(row, f"{fact}_at")
                for fact in ("accepted", "sent", "delivered", "read", "failed")
            },
            fault=Fault(FaultKind(row.fault_kind), row.fault_code, row.fault_reason)
            if row.fault_kind
            else None,
        )
        for row in rows
    }
