"""Everything stored of one person, for the person to see."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa

from clarion.store import dialect
from clarion.store.db import Tx

Rows: TypeAlias = Sequence[Mapping[str, Any]]

_JSON = ("content", "variables")


async def messages(tx: Tx, workspace_id: int, person: str) -> Rows:
    """What we sent them, oldest first; `content` is the message's own or its campaign's, as the text stands there."""
    rows = await tx.all(
        """
        SELECT m.id, m.campaign_id, coalesce(c.name, '') AS campaign, m.address,
               coalesce(o.state, m.status) AS status, coalesce(m.content, c.content) AS content, m.variables,
               m.created_at, m.accepted_at, m.sent_at, m.delivered_at, m.read_at, m.failed_at
        FROM messages m LEFT JOIN campaigns c ON c.id = m.campaign_id LEFT JOIN outbox o ON o.message_id = m.id
        WHERE m.workspace_id = :workspace AND m.person = :person ORDER BY m.id
        """,
        {"workspace": workspace_id, "person": person},
    )
    return [_decoded(row) for row in rows]


async def replies(tx: Tx, workspace_id: int, person: str) -> Rows:
    """What they wrote to us, oldest first."""
    rows = await tx.all(
        "SELECT id, kind, text, payload, routed, opt_out, at FROM replies "
        "WHERE workspace_id = :workspace AND person = :person ORDER BY at, id",
        {"workspace": workspace_id, "person": person},
    )
    return [_decoded(row) for row in rows]


async def positions(tx: Tx, workspace_id: int, person: str) -> Rows:
    """The journeys they are or were in, oldest first."""
    rows = await tx.all(
        """
        SELECT p.id, j.name AS journey, p.run_id, p.node, p.outcome, p.variables, p.entered_at, p.moved_at, p.ended_at
        FROM positions p JOIN journeys j ON j.id = p.journey_id
        WHERE j.workspace_id = :workspace AND p.person = :person ORDER BY p.id
        """,
        {"workspace": workspace_id, "person": person},
    )
    return [_decoded(row) for row in rows]


def _decoded(row: sa.Row[Any]) -> Mapping[str, Any]:
    named = row._asdict().items()
    return {name: dialect.json_value(value) if name in _JSON else value for name, value in named}
