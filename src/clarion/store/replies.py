"""What people wrote to us."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clarion.store import dialect
from clarion.store.db import Tx


@dataclass(frozen=True, slots=True)
class Owner:
    """The sender a reply was written to; `words` are its workspace's own opt-out words."""

    sender_id: int
    workspace_id: int
    words: tuple[str, ...]


Row = Sequence[Any]
"""A reply's values in the order of `COLUMNS`."""

COLUMNS = dialect.Rows(
    {
        "workspace": "int",
        "sender": "int",
        "person": "text",
        "provider": "text",
        "kind": "text",
        "text": "text",
        "payload": "text",
        "quoted": "text",
        "opt_out": "int",
        "maybe": "int",
        "at": "int",
    }
)
_IDS = dialect.Rows({"id": "int"})


async def add(tx: Tx, rows: Sequence[Row]) -> dict[tuple[int, str], int]:
    """Store replies; (sender, provider's id) -> id of those that were not there already."""
    if not rows:
        return {}
    made = await tx.all(
        f"""
        INSERT INTO replies (workspace_id, sender_id, contact_id, person, provider_id, kind, text, payload,
                             quoted, opt_out, maybe_opt_out, at, received_at)
        SELECT v.workspace, v.sender, c.id, v.person, v.provider, v.kind, v.text, v.payload, v.quoted,
               v.opt_out = 1, v.maybe = 1, v.at, {dialect.now_sql(tx.name)}
        FROM {COLUMNS.sql(tx.name)}
        LEFT JOIN contacts c ON c.workspace_id = v.workspace AND c.person = v.person
        WHERE true ON CONFLICT (sender_id, provider_id) DO NOTHING
        RETURNING id, sender_id, provider_id
        """,
        COLUMNS.params(tx.name, rows),
    )
    return {(row.sender_id, row.provider_id): row.id for row in made}


async def owners(tx: Tx, senders: Sequence[int]) -> dict[int, Owner]:
    """Who these senders belong to."""
    if not senders:
        return {}
    rows = await tx.all(
        "SELECT s.id, s.workspace_id, w.opt_out_words FROM senders s JOIN workspaces w ON w.id = s.workspace_id "
        f"WHERE s.id IN (SELECT id FROM {_IDS.sql(tx.name)})",
        _IDS.params(tx.name, [[i] for i in senders]),
    )
    return {r.id: Owner(r.id, r.workspace_id, tuple(dialect.json_value(r.opt_out_words))) for r in rows}
