"""Workspaces: one customer of an installation each; everything belongs to one."""

import unicodedata
from collections.abc import Sequence
from typing import Any

from clarion.domain.access import Role
from clarion.domain.errors import AlreadyExists, BadField, NotFound
from clarion.domain.opt_out import fold
from clarion.store import workspaces
from clarion.store.access import memberships
from clarion.store.db import Database
from clarion.store.workspaces import Workspace


async def find_workspace(db: Database, name: str = "") -> int:
    """The id of the workspace with this name, or of the first one. Raises NotFound."""
    async with db.reading() as tx:
        found = await workspaces.by_name(tx, name) if name else await workspaces.first(tx)
    if found is None:
        raise NotFound("workspace", name)
    return found


async def add_workspace(db: Database, name: str, *, owner: int = 0) -> int:
    """Make a workspace, with a user as its owner, and tell its id; repeating it raises AlreadyExists. Or BadField."""
    name = _named(name)
    async with db.transaction() as tx:
        if await workspaces.by_name(tx, name) is not None:
            raise AlreadyExists("workspace", name)
        made = await workspaces.add(tx, name)
        if owner:
            await memberships.put(tx, made, owner, Role.OWNER, await tx.now())
        return made


async def list_workspaces(db: Database) -> Sequence[Workspace]:
    """Every workspace, the oldest first."""
    async with db.reading() as tx:
        return await workspaces.every(tx)


async def show_workspace(db: Database, workspace: int) -> Workspace:
    """One workspace with its settings. Raises NotFound."""
    async with db.reading() as tx:
        found = await workspaces.find(tx, workspace)
    if found is None:
        raise NotFound("workspace", workspace)
    return found


async def change_workspace(
    db: Database, workspace: int, *, name: str | None = None, opt_out_words: Sequence[str] | None = None
) -> Workspace:
    """Change what is given. `opt_out_words` are asked for a stop beside the usual ones, from the next reply on.

    Raises NotFound, AlreadyExists (the name), BadField.
    """
    values: dict[str, Any] = {}
    if opt_out_words is not None:
        values["opt_out_words"] = _words(opt_out_words)
    if name is not None:
        values["name"] = _named(name)
    async with db.transaction() as tx:
        if name is not None and await workspaces.by_name(tx, values["name"]) not in (None, workspace):
            raise AlreadyExists("workspace", values["name"])
        if values:
            await workspaces.change(tx, workspace, values)
    return await show_workspace(db, workspace)


def _named(name: str) -> str:
    if not name.strip() or any(unicodedata.category(letter) == "Cc" for letter in name):
        raise BadField("name", "give it a name on one line")
    return name.strip()


def _words(words: Sequence[str]) -> list[str]:
    """The words without repetitions. Raises BadField for one that is nothing once compared."""
    kept: dict[str, str] = {}
    for n, word in enumerate(words):
        if not fold(word):
            raise BadField(f"opt_out_words/{n}", "this has no letters or digits to compare")
        kept.setdefault(fold(word), word.strip())
    return list(kept.values())
