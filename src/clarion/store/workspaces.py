"""Workspaces: whose rows are whose."""

from clarion.store.db import Tx


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
