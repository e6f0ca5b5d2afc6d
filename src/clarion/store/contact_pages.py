"""Pages of contacts, newest first or by number. Each reads a bounded piece of one index, whatever is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from clarion.store import dialect
from clarion.store.contacts import OPTED_OUT, SHOWN
from clarion.store.db import Tx
from clarion.store.tables import contacts, list_members

SCANNED = 5_000
"""Contacts looked at for one page of a filter that no index answers."""

LONGEST = 20  # digits, more than any number has


@dataclass(frozen=True, slots=True)
class Found:
    """Contacts with `opted_out` and `place`. `more`: the place to go on before; 0: there are no others."""

    rows: Sequence[sa.Row[Any]]
    more: int = 0


async def newest(
    tx: Tx,
    workspace_id: int,
    *,
    list_id: int = 0,
    tag: str = "",
    attribute: tuple[str, str] | None = None,
    before: int = 0,
    limit: int = 50,
) -> Found:
    """The newest contacts, or the newest members of a list, `before` a place.

    With `tag` or `attribute` (name, value) the next SCANNED are looked at: there may be fewer than `limit` of
    them, or none, and more beyond.
    """
    place = list_members.c.id if list_id else contacts.c.id
    walk = sa.select(place.label("place")).where(*([place < before] if before else []))
    if list_id:
        walk = walk.where(list_members.c.list_id == list_id)
    else:
        walk = walk.where(contacts.c.workspace_id == workspace_id)
    conditions = _conditions(tx.name, tag, attribute)
    floor, looked = 0, 0
    if conditions:
        window = walk.order_by(place.desc()).limit(SCANNED).subquery()
        row = await tx.first(
            sa.select(
                sa.func.min(window.c.place).label("floor"), sa.func.count().label("looked")
            ).select_from(window)
        )
        assert row is not None
        floor, looked = row.floor or 0, row.looked
    query = sa.select(*SHOWN, OPTED_OUT.label("opted_out"), place.label("place"))
    if list_id:
        query = query.join(list_members, list_members.c.contact_id == contacts.c.id).where(
            list_members.c.list_id == list_id
        )
    query = query.where(contacts.c.workspace_id == workspace_id, *conditions)
    query = query.where(*([place < before] if before else []), *([place >= floor] if floor else []))
    rows = await tx.all(query.order_by(place.desc()).limit(limit + 1), _values(tag, attribute))
    if len(rows) > limit:
        return Found(rows[:limit], rows[limit - 1].place)
    return Found(rows, floor if looked == SCANNED else 0)


def _conditions(name: dialect.Name, tag: str, attribute: tuple[str, str] | None) -> list[sa.TextClause]:
    found = []
    if tag:
        found.append(dialect.has_text(name, "contacts.tags", ":tag"))
    if attribute:
        found.append(f"cast({dialect.attribute(name, 'contacts.attributes', attribute[0])} as text) = :value")
    return [sa.text(each) for each in found]


def _values(tag: str, attribute: tuple[str, str] | None) -> dict[str, str]:
    return {**({"tag": tag} if tag else {}), **({"value": attribute[1]} if attribute else {})}


async def by_number(
    tx: Tx, workspace_id: int, digits: str, *, after: str = "", limit: int = 50
) -> Sequence[sa.Row[Any]]:
    """Contacts whose number begins with these digits, country code first, by number."""
    # Between digits only: how other characters sort beside them differs between databases' locales.
    end = digits.ljust(LONGEST, "9")
    return await tx.all(
        sa.select(*SHOWN, OPTED_OUT.label("opted_out"))
        .where(
            contacts.c.workspace_id == workspace_id,
            contacts.c.person >= max(digits, after),
            contacts.c.person != after,
            contacts.c.person <= end,
        )
        .order_by(contacts.c.person)
        .limit(limit)
    )


async def on_list(tx: Tx, list_id: int, contact_id: int) -> int:
    """The contact's place on the list; 0 when it is not on it."""
    found = await tx.scalar(
        sa.select(list_members.c.id).where(
            list_members.c.contact_id == contact_id, list_members.c.list_id == list_id
        )
    )
    return int(found or 0)
