"""What was said in a conversation: our messages and the person's replies, merged, newest first."""

from dataclasses import dataclass
from typing import Any

from clarion.store import dialect
from clarion.store.conversations import Conversation
from clarion.store.db import Tx

REPLY, MESSAGE = 0, 1
"""Which side an entry is on; of two at one instant our message is shown as the newer one."""

Key = tuple[int, int, int]
"""(at, side, id): the order of entries."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of `messages` (side MESSAGE) or `replies` (side REPLY), and where it stands in the order."""

    key: Key
    row: dict[str, Any]


async def before(tx: Tx, held: Conversation, last: Key | None, limit: int) -> list[Entry]:
    """The next entries before `last`."""
    found = [*await _replies(tx, held, last, limit), *await _messages(tx, held, last, limit)]
    return sorted(found, key=lambda each: each.key, reverse=True)[:limit]


async def _replies(tx: Tx, held: Conversation, last: Key | None, limit: int) -> list[Entry]:
    rows = await tx.all(
        f"""
        SELECT id, kind, text, payload, quoted, opt_out, maybe_opt_out, routed, position_id, why, read_at, at,
               received_at
        FROM replies x WHERE workspace_id = :workspace AND person = :person AND sender_id = :sender
          {_earlier(last, "received_at")}
        ORDER BY received_at DESC, id DESC LIMIT :limit
        """,
        _values(held, last, REPLY, limit),
    )
    return [Entry((row.received_at, REPLY, row.id), dict(row._mapping)) for row in rows]


async def _messages(tx: Tx, held: Conversation, last: Key | None, limit: int) -> list[Entry]:
    rows = await tx.all(
        f"""
        SELECT x.id, x.campaign_id, x.run_id, x.position_id, x.variables, x.content, g.content AS shared,
               coalesce(o.state, x.status) AS status, x.fault_code AS code, x.fault_reason AS reason, x.created_at,
               x.accepted_at, x.delivered_at, x.read_at, x.failed_at
        FROM (SELECT * FROM messages WHERE workspace_id = :workspace AND person = :person AND sender_id = :sender
              {_earlier(last, "created_at")} ORDER BY created_at DESC, id DESC LIMIT :limit) AS x
        LEFT JOIN outbox o ON o.message_id = x.id LEFT JOIN campaigns g ON g.id = x.campaign_id
        """,
        _values(held, last, MESSAGE, limit),
    )
    return [Entry((row.created_at, MESSAGE, row.id), _decoded(row)) for row in rows]


def _decoded(row: Any) -> dict[str, Any]:
    decoded = {name: dialect.json_value(getattr(row, name)) for name in ("variables", "content", "shared")}
    return {**row._mapping, **decoded}


def _earlier(last: Key | None, at: str) -> str:
    return f"AND ({at} < :at OR ({at} = :at AND id < :id))" if last else ""


def _values(held: Conversation, last: Key | None, side: int, limit: int) -> dict[str, Any]:
    values = {"workspace": held.workspace_id, "person": held.person, "sender": held.sender_id, "limit": limit}
    if last:
        at, its, ident = last
        # At the same instant: all of the lower side follow, none of the higher one does.
        values |= {"at": at, "id": ident if its == side else (2**63 - 1 if side < its else 0)}
    return values
