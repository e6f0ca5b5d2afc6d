"""Step two: the durable mark. Committed before the request starts; whoever is not marked is not sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clarion.domain.message import Status
from clarion.store import counts, dialect
from clarion.store.db import Tx


@dataclass(frozen=True, slots=True)
class Mark:
    """A claim about to be sent: `token` proves the lease is still ours, `attempt_id` travels with the request.

    `epoch`: the campaign's when it was claimed, and its content was read.
    """

    message_id: int
    token: int
    attempt_id: str
    sender_id: int
    campaign_id: int
    run_id: int = 0
    epoch: int = 0


_ROWS = dialect.Rows({"id": "int", "token": "int", "attempt": "text"})
_IDS = dialect.Rows({"id": "int"})


async def mark(tx: Tx, marks: Sequence[Mark], *, deadline: int) -> set[int]:
    """Turn leased rows into `sending`; the ids that may now be sent.

    A row is refused when its lease is not ours any more, its campaign was paused since it was claimed, its campaign
    or run is not running, its sender not active, its person has stopped or its time is over. The
    states of campaigns, runs and senders are held still until the commit, so that no mark commits after a pause
    did. `deadline`: microseconds until a silent attempt becomes `unknown`.
    """
    campaigns = {row.id: row for row in await _campaigns(tx, {m.campaign_id for m in marks} - {0})}
    runs = await _hold(tx, "runs", "status = 'running'", {m.run_id for m in marks} - {0})
    senders = await _hold(tx, "senders", "state = 'active'", {m.sender_id for m in marks})
    now = await tx.now()
    allowed = [
        [m.message_id, m.token, m.attempt_id]
        for m in sorted(marks, key=lambda m: m.message_id)
        if (not m.campaign_id or _goes_on(campaigns.get(m.campaign_id), m.epoch, now))
        and (not m.run_id or m.run_id in runs)
        and m.sender_id in senders
    ]
    if not allowed:
        return set()
    rows = await tx.all(
        f"""
        UPDATE outbox SET state = 'sending', until = :until, attempt_id = v.attempt, attempts = attempts + 1
        FROM {_ROWS.sql(tx.name)}
        WHERE outbox.message_id = v.id AND outbox.state = 'leased' AND outbox.token = v.token
          AND (outbox.expires_at = 0 OR outbox.expires_at > :now)
          AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.workspace_id = outbox.workspace_id
                          AND s.person = outbox.person AND (s.until = 0 OR s.until > :now))
        RETURNING outbox.message_id, outbox.campaign_id
        """,
        {"until": now + deadline, "now": now, **_ROWS.params(tx.name, allowed)},
    )
    moves = counts.Moves()
    for row in rows:
        moves.move(row.campaign_id, Status.LEASED, Status.SENDING)
    await counts.apply(tx, moves.deltas)
    return {row.message_id for row in rows}


async def release(tx: Tx, leases: Sequence[Mark]) -> None:
    """Give leased rows back unsent. Rows that are no longer ours stay as they are."""
    rows = await tx.all(
        f"UPDATE outbox SET state = 'queued', until = 0, worker = '' FROM {_ROWS.sql(tx.name)} "
        "WHERE outbox.message_id = v.id AND outbox.state = 'leased' AND outbox.token = v.token "
        "RETURNING outbox.campaign_id",
        _ROWS.params(
            tx.name, [[m.message_id, m.token, ""] for m in sorted(leases, key=lambda m: m.message_id)]
        ),
    )
    moves = counts.Moves()
    for row in rows:
        moves.move(row.campaign_id, Status.LEASED, Status.QUEUED)
    await counts.apply(tx, moves.deltas)


def _goes_on(campaign: Any, epoch: int, now: int) -> bool:
    return campaign is not None and campaign.epoch == epoch and not 0 < campaign.expires_at <= now


async def _campaigns(tx: Tx, ids: set[int]) -> Sequence[Any]:
    if not ids:
        return []
    return await tx.all(
        "SELECT id, epoch, expires_at FROM campaigns WHERE status = 'running' "
        f"AND id IN (SELECT id FROM {_IDS.sql(tx.name)}) ORDER BY id {dialect.for_share(tx.name)}",
        _IDS.params(tx.name, [[i] for i in sorted(ids)]),
    )


async def _hold(tx: Tx, table: str, condition: str, ids: set[int]) -> set[int]:
    if not ids:
        return set()
    found = await tx.all(
        f"SELECT id FROM {table} WHERE {condition} AND id IN (SELECT id FROM {_IDS.sql(tx.name)}) "  # our names
        f"ORDER BY id {dialect.for_share(tx.name)}",
        _IDS.params(tx.name, [[i] for i in sorted(ids)]),
    )
    return {row.id for row in found}
