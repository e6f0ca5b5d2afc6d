"""Raw webhook events: stored once under a unique key, read later."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clarion.store import dialect
from clarion.store.db import Tx

SECOND = 1_000_000
ORPHAN_DAYS = 7
_ORPHAN_WAITS = (2, 10, 60, 600, 3_600)  # seconds; the HTTP answer that makes an orphan known is usually near


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event as it came. `senders` are the ids it may touch."""

    provider: str
    account: str
    kind: str
    key: str
    body: str
    senders: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """An event waiting to be read. `tries` counts earlier readings."""

    id: int
    provider: str
    account: str
    kind: str
    key: str
    body: str
    senders: frozenset[int]
    tries: int
    received_at: int


_ARRIVALS = dialect.Rows(
    {"provider": "text", "account": "text", "kind": "text", "key": "text", "senders": "json", "body": "text"}
)
_IDS = dialect.Rows({"id": "int"})
_ASIDE = dialect.Rows({"id": "int", "reason": "text"})
_WAITS = dialect.Rows({"id": "int", "wait": "int"})


async def add(tx: Tx, arrivals: Sequence[Arrival]) -> None:
    """Store events; one that is there already changes nothing."""
    rows = [[a.provider, a.account, a.kind, a.key, json.dumps(list(a.senders)), a.body] for a in arrivals]
    now = dialect.now_sql(tx.name)
    await tx.run(
        f"""
        INSERT INTO inbox (provider, account, kind, key, senders, body, received_at, due_at)
        SELECT v.provider, v.account, v.kind, v.key, v.senders, v.body, {now}, {now}
        FROM {_ARRIVALS.sql(tx.name)} WHERE true
        ON CONFLICT (provider, account, key) DO NOTHING
        """,
        _ARRIVALS.params(tx.name, rows),
    )


REPLY = "reply"
"""The kind of event that every provider calls a person's message to us."""


def _of(replies: bool) -> str:
    # In the very words of the indexes' own conditions: SQLite uses a partial index only then.
    return f"state IN ('new', 'orphan') AND kind {'=' if replies else '<>'} '{REPLY}'"


async def take(tx: Tx, limit: int, *, replies: bool = False) -> list[Stored] | None:
    """Lock up to `limit` due events, oldest first: people's replies, or all the others.

    Other readers skip them until this transaction ends. Replies are for one reader at a time, so that each
    person's are read in the order they came: None while another transaction reads them.
    """
    if replies and not await tx.scalar(dialect.try_exclusive(tx.name), {"what": "replies"}):
        return None
    rows = await tx.all(
        "SELECT id, provider, account, kind, key, body, senders, tries, received_at FROM inbox "
        f"WHERE {_of(replies)} AND due_at <= {dialect.now_sql(tx.name)} "
        f"ORDER BY due_at, id LIMIT :limit {dialect.for_update(tx.name, skip_locked=True)}",
        {"limit": limit},
    )
    return [
        Stored(
            r.id,
            r.provider,
            r.account,
            r.kind,
            r.key,
            r.body,
            frozenset(dialect.json_value(r.senders)),
            r.tries,
            r.received_at,
        )
        for r in rows
    ]


async def done(tx: Tx, ids: Sequence[int]) -> None:
    """These events have had their effect."""
    if ids:
        await tx.run(
            f"UPDATE inbox SET state = 'done' FROM {_IDS.sql(tx.name)} WHERE inbox.id = v.id",
            _IDS.params(tx.name, [[i] for i in ids]),
        )


async def aside(tx: Tx, reasons: Sequence[tuple[int, str]]) -> None:
    """These events cannot be used; each is kept with its reason."""
    if reasons:
        await tx.run(
            f"UPDATE inbox SET state = 'aside', reason = v.reason FROM {_ASIDE.sql(tx.name)} WHERE inbox.id = v.id",
            _ASIDE.params(tx.name, [list(r) for r in reasons]),
        )


async def orphans(tx: Tx, events: Sequence[Stored]) -> None:
    """These name a message we do not know (yet): looked at again, less and less often, for seven days."""
    if not events:
        return
    now = await tx.now()
    waits = [[e.id, _ORPHAN_WAITS[min(e.tries, len(_ORPHAN_WAITS) - 1)] * SECOND] for e in events]
    await tx.run(
        "UPDATE inbox SET tries = tries + 1, reason = 'no such message', "
        "due_at = :now + v.wait, state = CASE WHEN received_at < :old THEN 'aside' ELSE 'orphan' END "
        f"FROM {_WAITS.sql(tx.name)} WHERE inbox.id = v.id",
        {"now": now, "old": now - ORPHAN_DAYS * 86_400 * SECOND, **_WAITS.params(tx.name, waits)},
    )


async def failed(tx: Tx, event_id: int, reason: str) -> None:
    """Reading the event broke us: tried three times in all, then set aside for a person. One that is read stays so."""
    await tx.run(
        "UPDATE inbox SET tries = tries + 1, reason = :reason, due_at = :due, "
        "state = CASE WHEN tries >= 2 THEN 'aside' ELSE state END WHERE id = :id AND state IN ('new', 'orphan')",
        {"id": event_id, "reason": reason, "due": await tx.now() + SECOND},
    )


async def due(tx: Tx) -> Any:
    """Microseconds until the earliest event that waits, and is no reply, is due; None if none waits."""
    row = await tx.first(
        f"SELECT min(due_at) AS due_at, {dialect.now_sql(tx.name)} AS now FROM inbox WHERE {_of(False)}"
    )
    return None if row is None or row.due_at is None else max(0, row.due_at - row.now)


async def forget(tx: Tx, *, older_than: int) -> int:
    """Delete read events received before `older_than`; their keys have done their duty."""
    return await tx.run("DELETE FROM inbox WHERE state = 'done' AND received_at < :old", {"old": older_than})
