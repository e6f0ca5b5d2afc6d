"""Messages whose last request may have been sent: found when it is time to look for evidence again."""

from collections.abc import Sequence
from typing import Any

from clarion.domain.message import Status
from clarion.store import counts, dialect
from clarion.store.db import Tx
from clarion.store.outbox.recover import HELD
from clarion.store.outbox.settle import note

FAR = 2**62  # microseconds: never by itself

_IDS = dialect.Rows({"id": "int"})
_LOOKS = dialect.Rows({"id": "int", "until": "int", "unresolved": "int"})
_TEXTS = dialect.Rows({"text": "text"})


async def due(tx: Tx, *, limit: int) -> Sequence[Any]:
    """Doubts whose next look is due, oldest look first, with what is needed to decide."""
    return await tx.all(
        f"""
        SELECT o.message_id, o.campaign_id, o.sender_id, o.person, o.attempt_id, o.attempts, o.looks, o.doubted_at,
               coalesce(nullif(o.expires_at, 0), c.expires_at, 0) AS expires_at, m.created_at, m.address, m.content,
               m.variables, c.content AS campaign_content,
               coalesce(nullif(o.policy, ''), c.policy) AS policy,
               {dialect.now_sql(tx.name)} AS now,
               EXISTS (SELECT 1 FROM attempts a WHERE a.attempt_id = o.attempt_id) AS gave_up,
               (SELECT count(*) FROM attempts a WHERE a.message_id = o.message_id AND a.outcome = 'unknown'
                  AND a.attempt_id <> o.attempt_id) AS earlier_doubts
        FROM outbox o JOIN messages m ON m.id = o.message_id LEFT JOIN campaigns c ON c.id = o.campaign_id
        WHERE o.state = 'unknown' AND o.{HELD} AND o.until <= {dialect.now_sql(tx.name)}
        ORDER BY o.until LIMIT :limit
        """,
        {"limit": limit},
    )


async def next_look(tx: Tx) -> int | None:
    """Microseconds until the next doubt is due for a look; None if there is none."""
    row = await tx.first(
        f"SELECT min(until) AS until, {dialect.now_sql(tx.name)} AS now FROM outbox "
        f"WHERE state = 'unknown' AND {HELD}"
    )
    return None if row is None or row.until is None or row.until >= FAR else max(0, row.until - row.now)


async def look_again(tx: Tx, rows: Sequence[tuple[int, int, bool]]) -> None:
    """[message, next look at (FAR: never), unresolved]: the doubt stays a doubt."""
    await tx.run(
        "UPDATE outbox SET looks = looks + 1, until = v.until, unresolved = (v.unresolved = 1) "
        f"FROM {_LOOKS.sql(tx.name)} WHERE outbox.message_id = v.id AND outbox.state = 'unknown' "
        "AND outbox.until < :far",  # at FAR it was laid aside meanwhile: a retry writes to this person instead
        {**_LOOKS.params(tx.name, [[i, until, int(over)] for i, until, over in rows]), "far": FAR},
    )


async def requeue(tx: Tx, row: Any, *, absent: bool) -> None:
    """Let the message be sent again: its last attempt is proven `absent`, or the policy allows another.

    Does nothing if evidence settled it meanwhile or a retry took its place. An absent attempt does not count
    against the limit.
    """
    now = await tx.now()
    found = await tx.all(
        "UPDATE outbox SET state = 'queued', until = 0, due_at = :now, worker = '', "
        "attempts = CASE WHEN :absent = 1 AND attempts > 0 THEN attempts - 1 ELSE attempts END "
        "WHERE message_id = :id AND state = 'unknown' AND attempt_id = :attempt AND until < :far "
        "RETURNING campaign_id",
        {"far": FAR, "now": now, "absent": int(absent), "id": row.message_id, "attempt": row.attempt_id},
    )
    if found:
        outcome, reason = (
            ("absent", "not in the provider's listing") if absent else ("unknown", "sent again by policy")
        )
        await note(tx, [[row.attempt_id, row.message_id, outcome, "", reason, ""]], now)
        moves = counts.Moves()
        moves.move(found[0].campaign_id, Status.UNKNOWN, Status.QUEUED)
        await counts.apply(tx, moves.deltas)


async def strangers(tx: Tx, provider_ids: Sequence[str]) -> set[str]:
    """Those of the provider's message ids that no message or attempt of ours has."""
    if not provider_ids:
        return set()
    values = _TEXTS.params(tx.name, [[p] for p in provider_ids])
    known = await tx.all(
        f"SELECT provider_id FROM messages WHERE provider_id IN (SELECT text FROM {_TEXTS.sql(tx.name)}) "
        "UNION SELECT provider_id FROM attempts "
        f"WHERE provider_id IN (SELECT text FROM {_TEXTS.sql(tx.name)})",
        values,
    )
    return set(provider_ids) - {row.provider_id for row in known}


async def doubts_about(tx: Tx, sender_id: int, person: str) -> int:
    """How many messages to this person from this sender are in doubt."""
    return int(
        await tx.scalar(
            "SELECT count(*) FROM outbox o WHERE o.sender_id = :sender AND o.person = :person AND o.state = 'unknown'",
            {"sender": sender_id, "person": person},
        )
    )


async def heard_since(tx: Tx, sender_id: int, since: int, *, enough: int) -> bool:
    """Whether at least `enough` messages the sender got accepted after `since` have been heard of."""
    rows = await tx.all(
        "SELECT id FROM messages WHERE sender_id = :sender AND accepted_at > :since "
        "AND (sent_at > 0 OR delivered_at > 0 OR read_at > 0) ORDER BY id DESC LIMIT :enough",
        {"sender": sender_id, "since": since, "enough": enough},
    )
    return len(rows) >= enough
