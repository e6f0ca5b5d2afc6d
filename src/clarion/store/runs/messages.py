"""The messages that steps ask for: one for each visit, whatever is repeated."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from clarion.store import dialect
from clarion.store.db import Tx

URGENT = 0
"""A message that answers a reply goes before everything else of its sender."""
PRIORITY = 10
"""Other messages of journeys: after replies (0), before campaigns (20)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One message of a position's visit. `expires_at` 0 = never."""

    position_id: int
    visit: int
    sender_id: int
    content: dict[str, Any]
    policy: str
    priority: int
    expires_at: int


_WANTED = dialect.Rows(
    {
        "position": "int",
        "visit": "int",
        "sender": "int",
        "content": "json",
        "policy": "text",
        "priority": "int",
        "expires": "int",
    }
)


async def queue(tx: Tx, wanted: Sequence[Wanted], now: int) -> dict[int, tuple[int, int]]:
    """Write messages and outbox rows, due now; position -> its newest message and that one's sender."""
    if not wanted:
        return {}
    rows = [
        [
            w.position_id,
            w.visit,
            w.sender_id,
            orjson.dumps(w.content).decode(),
            w.policy,
            w.priority,
            w.expires_at,
        ]
        for w in wanted
    ]
    made = await tx.all(
        f"""
        INSERT INTO messages (workspace_id, run_id, position_id, visit, contact_id, sender_id, address, person,
                              content, status, created_at)
        SELECT p.workspace_id, p.run_id, p.id, v.visit, p.contact_id, v.sender, c.address, p.person, v.content,
               'queued', cast(:now AS bigint)
        FROM {_WANTED.sql(tx.name)} JOIN positions p ON p.id = v.position JOIN contacts c ON c.id = p.contact_id
        WHERE true ORDER BY p.id, v.visit
        ON CONFLICT (position_id, visit) WHERE position_id <> 0 DO NOTHING
        RETURNING id, position_id, visit, sender_id
        """,
        {"now": now, **_WANTED.params(tx.name, rows)},
    )
    asked = {(w.position_id, w.visit): w for w in wanted}
    outbox = dialect.Rows({"id": "int", "policy": "text", "priority": "int", "expires": "int"})
    due = [
        [row.id, asked[row.position_id, row.visit].policy, asked[row.position_id, row.visit].priority,
         asked[row.position_id, row.visit].expires_at]
        for row in sorted(made, key=lambda row: int(row.id))
    ]  # fmt: skip
    await tx.run(
        f"""
        INSERT INTO outbox (message_id, workspace_id, sender_id, run_id, contact_id, person, priority, policy,
                            due_at, expires_at)
        SELECT m.id, m.workspace_id, m.sender_id, m.run_id, m.contact_id, m.person, v.priority, v.policy,
               cast(:now AS bigint), v.expires
        FROM {outbox.sql(tx.name)} JOIN messages m ON m.id = v.id WHERE true ORDER BY m.id
        """,
        {"now": now, **outbox.params(tx.name, due)},
    )
    newest = {row.position_id: row for row in sorted(made, key=lambda row: int(row.visit))}
    return {position: (int(row.id), int(row.sender_id)) for position, row in newest.items()}
