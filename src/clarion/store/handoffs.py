"""The inbox: conversations that were put before people, and replies that no journey wanted."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from clarion.domain.errors import NotFound
from clarion.store.db import Tx
from clarion.store.tables import handoffs


async def listed(tx: Tx, workspace: int, *, after: int = 0, limit: int = 100) -> Sequence[Any]:
    """Open handoffs, oldest first, with who it is and what they wrote last."""
    return await tx.all(
        """
        SELECT h.id, c.address, h.contact_id, h.sender_id, h.position_id,
               coalesce(s.name, '') AS sender, coalesce(j.name, '') AS journey,
               coalesce(p.run_id, 0) AS run_id, h.note, h.waits, h.opened_at,
               coalesce((SELECT r.text FROM replies r WHERE r.workspace_id = h.workspace_id
                         AND r.person = c.person ORDER BY r.at DESC, r.id DESC LIMIT 1), '') AS last_text
        FROM handoffs h JOIN contacts c ON c.id = h.contact_id
        LEFT JOIN senders s ON s.id = h.sender_id
        LEFT JOIN positions p ON p.id = h.position_id LEFT JOIN journeys j ON j.id = p.journey_id
        WHERE h.workspace_id = :workspace AND h.state = 'open' AND h.id > :after ORDER BY h.id LIMIT :limit
        """,
        {"workspace": workspace, "after": after, "limit": limit},
    )


async def unwanted(tx: Tx, workspace: int, *, before: int = 0, limit: int = 100) -> Sequence[Any]:
    """Replies that no journey wanted and nobody has read, newest first."""
    earlier = "AND r.id < :before" if before else ""
    return await tx.all(
        f"""
        SELECT r.id, coalesce(c.address, r.person) AS address, r.contact_id, r.sender_id, s.name AS sender, r.kind,
               r.text, r.payload, r.maybe_opt_out, r.why, r.at
        FROM replies r JOIN senders s ON s.id = r.sender_id LEFT JOIN contacts c ON c.id = r.contact_id
        WHERE r.workspace_id = :workspace AND r.routed = 'inbox' AND r.read_at = 0 {earlier}
        ORDER BY r.id DESC LIMIT :limit
        """,
        {"workspace": workspace, "limit": limit, **({"before": before} if before else {})},
    )


async def lock(tx: Tx, workspace: int, handoff_id: int) -> sa.Row[Any]:
    """One handoff, held until the transaction ends. Raises NotFound."""
    query = sa.select(handoffs).where(handoffs.c.workspace_id == workspace, handoffs.c.id == handoff_id)
    row = await tx.first(query.with_for_update())
    if row is None:
        raise NotFound("handoff", handoff_id)
    return row


async def close(tx: Tx, handoff_id: int) -> None:
    """Mark a locked handoff as closed."""
    await tx.run(
        "UPDATE handoffs SET state = 'closed', closed_at = :now WHERE id = :id",
        {"now": await tx.now(), "id": handoff_id},
    )
