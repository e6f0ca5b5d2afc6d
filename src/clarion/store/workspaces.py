"""Workspaces: whose rows are whose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from clarion.store.db import Tx
from clarion.store.tables import workspaces


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace with its settings. `created_at` in microseconds since 1970, 0: with the installation."""

    id: int
    name: str
    opt_out_words: list[str]
    created_at: int


_SHOWN = [workspaces.c[each] for each in Workspace.__dataclass_fields__]


async def by_name(tx: Tx, name: str) -> int | None:
    """The workspace's id."""
    found = await tx.scalar("SELECT id FROM workspaces WHERE name = :name", {"name": name})
    return None if found is None else int(found)


async def add(tx: Tx, name: str) -> int:
    """A new workspace's id. The name must be free."""
    created = await tx.scalar(
        "INSERT INTO workspaces (name, created_at) VALUES (:name, :now) RETURNING id",
        {"name": name, "now": await tx.now()},
    )
    return int(created)


async def senders_elsewhere(tx: Tx, prefix: str) -> list[str]:
    """Names of senders in workspaces whose name does not begin with `prefix`."""
    rows = await tx.all(
        "SELECT s.name FROM senders s JOIN workspaces w ON w.id = s.workspace_id "
        "WHERE substr(w.name, 1, length(:prefix)) <> :prefix ORDER BY s.id LIMIT 5",
        {"prefix": prefix},
    )
    return [row.name for row in rows]


async def senders_within(tx: Tx, prefix: str) -> list[int]:
    """Ids of active senders in workspaces whose name begins with `prefix`."""
    rows = await tx.all(
        "SELECT s.id FROM senders s JOIN workspaces w ON w.id = s.workspace_id "
        "WHERE substr(w.name, 1, length(:prefix)) = :prefix AND s.state = 'active' ORDER BY s.id",
        {"prefix": prefix},
    )
    return [row.id for row in rows]


async def first(tx: Tx) -> int:
    """The id of the workspace that an installation begins with, whatever it is called now."""
    return int(await tx.scalar("SELECT min(id) FROM workspaces"))


async def name_of(tx: Tx, workspace: int) -> str:
    """A workspace's name."""
    return str(await tx.scalar("SELECT name FROM workspaces WHERE id = :id", {"id": workspace}))


async def find(tx: Tx, workspace: int) -> Workspace | None:
    """One workspace with its settings."""
    row = await tx.first(sa.select(*_SHOWN).where(workspaces.c.id == workspace))
    return None if row is None else Workspace(**row._mapping)


async def every(tx: Tx) -> Sequence[Workspace]:
    """Every workspace, the oldest first."""
    return [Workspace(**row._mapping) for row in await tx.all(sa.select(*_SHOWN).order_by(workspaces.c.id))]


async def change(tx: Tx, workspace: int, values: Mapping[str, Any]) -> None:
    """Set columns of a workspace."""
    await tx.run(sa.update(workspaces).where(workspaces.c.id == workspace).values(**values))
