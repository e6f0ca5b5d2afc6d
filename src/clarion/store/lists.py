"""Lists of contacts, and who is on them.

`lists.members` is how many there are: whoever adds or removes rows of `list_members` calls `count` in the same
transaction, so that no page ever counts a million rows. A deleted list keeps its row, under another name: imports
and campaigns point at it, and SQLite would give its number to the next list.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from clarion.domain.errors import AlreadyExists, NotFound
from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.tables import campaigns, contacts, list_members, lists, runs, suppressions

_SHOWN = (lists.c.id, lists.c.name, lists.c.members, lists.c.created_at)
_IDS = dialect.Rows({"id": "int"})


async def get(tx: Tx, workspace_id: int, name: str) -> int:
    """The list's id. Raises NotFound."""
    found = await tx.scalar(
        sa.select(lists.c.id).where(
            lists.c.workspace_id == workspace_id, lists.c.name == name, lists.c.deleted_at == 0
        )
    )
    if found is None:
        raise NotFound("list", name)
    return int(found)


async def find(tx: Tx, workspace_id: int, list_id: int, *, lock: bool = False) -> sa.Row[Any]:
    """The list's `id`, `name`, `members` and `created_at`. Raises NotFound."""
    query = sa.select(*_SHOWN).where(
        lists.c.workspace_id == workspace_id, lists.c.id == list_id, lists.c.deleted_at == 0
    )
    row = await tx.first(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound("list", list_id)
    return row


async def page(tx: Tx, workspace_id: int, *, after: str = "", limit: int) -> Sequence[sa.Row[Any]]:
    """Lists as `find` gives them, by name."""
    return await tx.all(
        sa.select(*_SHOWN)
        .where(lists.c.workspace_id == workspace_id, lists.c.deleted_at == 0, lists.c.name > after)
        .order_by(lists.c.name)
        .limit(limit)
    )


async def ensure(tx: Tx, workspace_id: int, name: str) -> int:
    """The id of the list with this name, made if it is new."""
    await _insert(tx, workspace_id, name)
    return await get(tx, workspace_id, name)


async def create(tx: Tx, workspace_id: int, name: str) -> int:
    """A new list's id. Raises AlreadyExists."""
    if await _insert(tx, workspace_id, name) == 0:
        raise AlreadyExists("list", name)
    return await get(tx, workspace_id, name)


async def _insert(tx: Tx, workspace_id: int, name: str) -> int:
    return await tx.run(
        "INSERT INTO lists (workspace_id, name, created_at) VALUES (:workspace, :name, :now) "
        "ON CONFLICT (workspace_id, name) DO NOTHING",
        {"workspace": workspace_id, "name": name, "now": await tx.now()},
    )


async def rename(tx: Tx, workspace_id: int, list_id: int, name: str) -> None:
    """Give a list another name. Raises AlreadyExists."""
    taken = sa.select(lists.c.id).where(
        lists.c.workspace_id == workspace_id, lists.c.name == name, lists.c.id != list_id
    )
    if await tx.scalar(taken) is not None:
        raise AlreadyExists("list", name)
    try:
        await tx.run(sa.update(lists).where(lists.c.id == list_id).values(name=name))
    except sa.exc.IntegrityError:  # somebody else took it since we looked
        raise AlreadyExists("list", name) from None


async def lock(tx: Tx, list_id: int) -> None:
    """Hold the list's row until commit, against others who do the same."""
    await tx.first(sa.select(lists.c.id).where(lists.c.id == list_id).with_for_update())


async def users(tx: Tx, workspace_id: int, list_id: int) -> list[str]:
    """What still takes people from the list or puts them on it, in words."""
    going = await tx.all(
        sa.select(campaigns.c.name, campaigns.c.lists).where(
            campaigns.c.workspace_id == workspace_id,
            campaigns.c.status.in_(("scheduled", "running", "paused")),
        )
    )
    walking = await tx.all(
        sa.select(runs.c.name, runs.c.lists).where(
            runs.c.workspace_id == workspace_id, runs.c.status.in_(("running", "paused"))
        )
    )
    filling = await tx.scalar(
        "SELECT name FROM imports WHERE list_id = :list AND status = 'running'", {"list": list_id}
    )
    return [
        *(f"campaign {row.name!r}" for row in going if list_id in row.lists),
        *(f"run {row.name!r}" for row in walking if list_id in row.lists),
        *([f"import of {filling!r}"] if filling else []),
    ]


async def bury(tx: Tx, list_id: int, name: str) -> None:
    """The list is gone for everybody; its members are taken off by `clear`, its name is free."""
    await tx.run(
        sa.update(lists)
        .where(lists.c.id == list_id)
        .values(name=f"{name} (deleted {list_id})", deleted_at=await tx.now(), members=0)
    )


async def clear(tx: Tx, list_id: int, *, limit: int) -> int:
    """Take up to `limit` members off a buried list; how many they were."""
    return await tx.run(
        "DELETE FROM list_members WHERE id IN "
        "(SELECT id FROM list_members WHERE list_id = :list ORDER BY id LIMIT :limit)",
        {"list": list_id, "limit": limit},
    )


# --- members ----------------------------------------------------------------------------------------------


async def count(tx: Tx, grown: Mapping[int, int]) -> None:
    """These lists have so many more members. In order of id, so that nobody waits in a ring."""
    for list_id, n in sorted(grown.items()):
        if n:
            await tx.run(
                "UPDATE lists SET members = members + :n WHERE id = :list", {"list": list_id, "n": n}
            )


async def add(tx: Tx, list_id: int, contact_id: int) -> None:
    """Put a contact on the list; already there is fine."""
    await add_many(tx, list_id, [contact_id])


async def add_many(tx: Tx, list_id: int, contact_ids: Sequence[int]) -> int:
    """Put contacts on the list, in this order; how many were not there."""
    if not contact_ids:
        return 0
    added = await tx.run(
        f"INSERT INTO list_members (list_id, contact_id) SELECT :list, v.id FROM {_IDS.sql(tx.name)} WHERE true "
        "ON CONFLICT (contact_id, list_id) DO NOTHING",
        {"list": list_id, **_IDS.params(tx.name, [[each] for each in contact_ids])},
    )
    await count(tx, {list_id: added})
    return added


async def remove(tx: Tx, list_id: int, contact_id: int) -> bool:
    """Take a contact off the list; True if it was there."""
    gone = await tx.run(
        sa.delete(list_members).where(
            list_members.c.list_id == list_id, list_members.c.contact_id == contact_id
        )
    )
    await count(tx, {list_id: -gone})
    return gone > 0


async def remove_everywhere(tx: Tx, contact_id: int) -> None:
    """Take a contact off every list."""
    gone = await tx.all(
        "DELETE FROM list_members WHERE contact_id = :contact RETURNING list_id", {"contact": contact_id}
    )
    await count(tx, {row.list_id: -1 for row in gone})


async def of_contact(tx: Tx, contact_id: int) -> list[str]:
    """The names of the lists a contact is on."""
    return [row.name for row in await shown_of_contact(tx, contact_id)]


async def shown_of_contact(tx: Tx, contact_id: int) -> Sequence[sa.Row[Any]]:
    """The lists a contact is on, as `find` gives them, by name."""
    return await tx.all(
        sa.select(*_SHOWN)
        .join(list_members, list_members.c.list_id == lists.c.id)
        .where(list_members.c.contact_id == contact_id, lists.c.deleted_at == 0)
        .order_by(lists.c.name)
    )


async def overview(tx: Tx, workspace_id: int) -> Sequence[sa.Row[Any]]:
    """Every list with `id`, `name`, `created_at`, `members` and how many of them are `opted_out`, by name.

    Counts row by row: for the command line, and never for a page of the API.
    """
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
        .where(lists.c.workspace_id == workspace_id, lists.c.deleted_at == 0)
        .group_by(lists.c.id, lists.c.name, lists.c.created_at)
        .order_by(lists.c.name)
    )
