"""Messages that belong to no campaign: one contact, one content, sent before bulk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from clarion.store.db import Tx
from clarion.store.tables import contacts, messages, outbox

PRIORITY = 0


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a single message goes to."""

    id: int
    address: str
    person: str
    attributes: Mapping[str, Any]


async def stopped(tx: Tx, workspace: int, person: str) -> str:
    """Why the person must not be written to now; "" when they may be."""
    reason = await tx.scalar(
        "SELECT reason FROM suppressions WHERE workspace_id = :workspace AND person = :person "
        "AND (until = 0 OR until > :now)",
        {"workspace": workspace, "person": person, "now": await tx.now()},
    )
    return reason or ""


async def contact(tx: Tx, workspace: int, address: str, person: str) -> Recipient:
    """The contact with this number, added when there is none."""
    now = await tx.now()
    await tx.run(
        """
        INSERT INTO contacts (workspace_id, address, person, created_at, updated_at)
        VALUES (:workspace, :address, :person, :now, :now) ON CONFLICT (workspace_id, person) DO NOTHING
        """,
        {"workspace": workspace, "address": address, "person": person, "now": now},
    )
    row = await tx.first(
        sa.select(contacts.c.id, contacts.c.address, contacts.c.person, contacts.c.attributes).where(
            contacts.c.workspace_id == workspace, contacts.c.person == person
        )
    )
    assert row is not None
    return Recipient(row.id, row.address, row.person, row.attributes)


async def queue(tx: Tx, workspace: int, sender_id: int, to: Recipient, content: Mapping[str, Any]) -> int:
    """Write one message with its own, rendered content, due now; its id."""
    now = await tx.now()
    shared = {"workspace_id": workspace, "sender_id": sender_id, "contact_id": to.id, "person": to.person}
    row = await tx.first(
        sa.insert(messages).returning(messages.c.id),
        {**shared, "address": to.address, "content": dict(content), "status": "queued", "created_at": now},
    )
    assert row is not None
    await tx.run(sa.insert(outbox), {**shared, "message_id": row.id, "priority": PRIORITY, "due_at": now})
    return int(row.id)
