"""The members of a list with everything a dry run of a journey must know about them."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from clarion.store.db import Tx
from clarion.store.tables import contacts, list_members, workspaces


async def page(
    tx: Tx, workspace: int, list_id: int, *, sender_id: int, after: int, limit: int
) -> Sequence[sa.Row[Any]]:
    """Contacts with `workspace_id`, `sender_id` as given, and `place`, to be given as `after` for the next page."""
    return await tx.all(
        sa.select(
            list_members.c.id.label("place"),
            contacts.c.id,
            contacts.c.workspace_id,
            contacts.c.address,
            contacts.c.person,
            contacts.c.attributes,
            contacts.c.language,
            contacts.c.timezone,
            contacts.c.tags,
            sa.literal(sender_id, sa.BigInteger).label("sender_id"),
        )
        .join(list_members, list_members.c.contact_id == contacts.c.id)
        .where(
            contacts.c.workspace_id == workspace,
            list_members.c.list_id == list_id,
            list_members.c.id > after,
        )
        .order_by(list_members.c.id)
        .limit(limit)
    )


async def stop_words(tx: Tx, workspace: int) -> tuple[str, ...]:
    """The workspace's own words for a stop."""
    return tuple(
        await tx.scalar(sa.select(workspaces.c.opt_out_words).where(workspaces.c.id == workspace)) or ()
    )
