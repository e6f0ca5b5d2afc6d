"""Workspaces: one customer of an installation each; everything belongs to one."""

from clarion.domain.errors import AlreadyExists, NotFound
from clarion.store import workspaces
from clarion.store.db import Database


async def find_workspace(db: Database, name: str) -> int:
    """The id of the workspace with this name. Raises NotFound."""
    async with db.reading() as tx:
        found = await workspaces.by_name(tx, name)
    if found is None:
        raise NotFound("workspace", name)
    return found


async def add_workspace(db: Database, name: str) -> int:
    """Make a workspace and tell its id; repeating it raises AlreadyExists."""
    async with db.transaction() as tx:
        if await workspaces.by_name(tx, name) is not None:
            raise AlreadyExists("workspace", name)
        return await workspaces.add(tx, name)
