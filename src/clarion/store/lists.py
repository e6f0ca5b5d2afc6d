"""Lists of contacts, and who is on them."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from clarion.domain.errors import AlreadyExists, NotFound
from clarion.store.db import Tx
from clarion.store.tables import contacts, list_members, lists, suppressions


async def get(tx: Tx, workspace_id: int, name: str) -> int:
    """The list's id. Raises NotFound."""
    found = await tx.scalar(
        sa.select(lists.c.id).where(lists.c.workspace_id == workspace_id, lists.c.name == name)
    )
    if found is None:
        raise NotFound("list", name)
    return int(found)


async def ensure(tx: Tx, workspace_id: int, name: str) -> int:
    """The id of the list with this name, made if it is new."""
    await tx.run(
        "INSERT INTO lists (workspace_id, name, created_at) VALUES (:workspace, :name, :now) "
        "ON CONFLICT (workspace_id, name) DO NOTHING",
        {"workspace": workspace_id, "name": name, "now": await tx.now()},
    )
    return await get(tx, workspace_id, name)


async def lock(tx: Tx, list_id: int) -> None:
    """Hold the list's row until commit, against others who do the same."""
    await tx.first(sa.select(lists.c.id).where(lists.c.id == list_id).with_for_update())


async def create(tx: Tx, workspace_id: int, name: str) -> int:
    """A new list's id. Raises AlreadyExists."""
    made = await tx.run(
        "INSERT INTO lists (workspace_id, name, created_at) VALUES (:workspace, :name, :now) "
        "ON CONFLICT (workspace_id, name) DO NOTHING",
        {"workspace": workspace_id, "name": name, "now": await tx.now()},
    )
    if made == 0:
        raise AlreadyExists("list", name)
    return await get(tx, workspace_id, name)


async def overview(tx: Tx, workspace_id: int) -> Sequence[sa.Row[Any]]:
    """Every list with `id`, `name`, `created_at`, `members` and how many of them are `opted_out`, by name."""
    return await tx.all(
        sa.select(
            lists.c.id,
            lists.c.name,
            lists.c.created_at,
            sa.func.count(list_members.c.id).label("members"),
            sa.func.count(suppressions.c.person).label("opted_out"),
        )
        .select_from(
            lists.outerjoin(list_members, list_members.c.list_id == lists.c.id)
            .outerjoin(contacts, contacts.c.id == list_members.c.contact_id)
            .outerjoin(
                suppressions,
                (suppressions.c.workspace_id == lists.c.workspace_id)
                & (suppressions.c.person == contacts.c.person)
                & (suppressions.c.until == 0),
            )
        )
        .where(lists.c.workspace_id == workspace_id)
        .group_by(lists.c.id, lists.c.name, lists.c.created_at)
        .order_by(lists.c.name)
    )


async def add(tx: Tx, list_id: int, contact_id: int) -> None:
    """Put a contact on the list; already there is fine."""
    await tx.run(
        "INSERT INTO list_members (list_id, contact_id) VALUES (:list, :contact) "
        "ON CONFLICT (list_id, contact_id) DO NOTHING",
        {"list": list_id, "contact": contact_id},
    )


async def remove(tx: Tx, list_id: int, contact_id: int) -> bool:
    """Take a contact off the list; True if it was there."""
    gone = await tx.run(
        sa.delete(list_members).where(
            list_members.c.list_id == list_id, list_members.c.contact_id == contact_id
        )
    )
    return gone > 0


async def of_contact(tx: Tx, contact_id: int) -> list[str]:
    """The names of the lists a contact is on."""
    rows = await tx.all(
        sa.select(lists.c.name)
        .join(list_members, list_members.c.list_id == lists.c.id)
        .where(list_members.c.contact_id == contact_id)
        .order_by(lists.c.name)
    )
    return [row.name for row in rows]
