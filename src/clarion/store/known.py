"""What a graph may name: lists, journeys, and the attributes people have."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.tables import journeys, lists, senders

_SAMPLE = 2_000
"""People whose attributes are all looked at; beyond them only for those that are asked for."""


async def list_names(tx: Tx, workspace: int) -> frozenset[str]:
    """Every list."""
    rows = await tx.all(
        sa.select(lists.c.name).where(lists.c.workspace_id == workspace, lists.c.deleted_at == 0)
    )
    return frozenset(row.name for row in rows)


async def sender_ids(tx: Tx, workspace: int) -> list[int]:
    """Every sender."""
    rows = await tx.all(sa.select(senders.c.id).where(senders.c.workspace_id == workspace))
    return [row.id for row in rows]


async def journey_names(tx: Tx, workspace: int) -> frozenset[str]:
    """Every journey, published or not: two that lead to each other could never be published otherwise."""
    rows = await tx.all(sa.select(journeys.c.name).where(journeys.c.workspace_id == workspace))
    return frozenset(row.name for row in rows)


async def attribute_names(
    tx: Tx, workspace: int, on: Sequence[str], wanted: Collection[str]
) -> frozenset[str] | None:
    """Attributes that people on these lists (of the workspace, if none is named) have; None if there is nobody.

    All names of the first people, and whichever of `wanted` anybody has.
    """
    people, values = _people(on)
    values["workspace"] = workspace
    if not await tx.scalar(f"SELECT count(*) FROM ({people} LIMIT 1) AS c", values):
        return None
    rows = await tx.all(
        f"SELECT DISTINCT k.key FROM ({people} LIMIT :sample) AS c "
        f"CROSS JOIN {dialect.json_keys(tx.name, 'c.attributes')}",
        {**values, "sample": _SAMPLE},
    )
    names = {row.key for row in rows}
    for name in sorted(set(wanted) - names):
        if dialect.safe_key(name) and await tx.scalar(
            f"SELECT 1 FROM ({people}) AS c WHERE {dialect.attribute(tx.name, 'c.attributes', name)} IS NOT NULL "
            "LIMIT 1",
            values,
        ):
            names.add(name)
    return frozenset(names)


def _people(on: Sequence[str]) -> tuple[str, dict[str, object]]:
    if not on:
        return "SELECT attributes FROM contacts WHERE workspace_id = :workspace", {}
    places = ", ".join(f":list{n}" for n in range(len(on)))
    return (
        "SELECT c.attributes FROM lists l JOIN list_members m ON m.list_id = l.id "
        f"JOIN contacts c ON c.id = m.contact_id WHERE l.workspace_id = :workspace AND l.name IN ({places})",
        {f"list{n}": name for n, name in enumerate(on)},
    )
