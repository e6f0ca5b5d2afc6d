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
