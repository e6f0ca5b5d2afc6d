"""Transactions, on both databases: what fails or is cut off leaves nothing behind."""

import asyncio

import pytest
import sqlalchemy as sa

from clarion.store.db import Database


async def names(db: Database) -> list[str]:
    async with db.reading() as tx:
        return [row.name for row in await tx.all("SELECT name FROM workspaces WHERE id > 1 ORDER BY id")]


async def add(db: Database, name: str) -> None:
    async with db.transaction() as tx:
        await tx.run("INSERT INTO workspaces (name) VALUES (:name)", {"name": name})


async def fail_to_commit(db: Database) -> None:
    """A transaction whose foreign keys are checked, and found wrong, only by its commit."""
    late = (
        "PRAGMA defer_foreign_keys = ON"
        if db.name == "sqlite"
        else "ALTER TABLE imports ALTER CONSTRAINT fk_imports_list_id DEFERRABLE INITIALLY DEFERRED"
    )
    async with db.transaction() as tx:
        await tx.run(late)
        await tx.run("INSERT INTO imports (workspace_id, list_id, file, name) VALUES (1, 999, 'x', 'x')")


async def test_a_commit_that_fails_keeps_nobody_from_writing_afterwards(db: Database) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        await fail_to_commit(db)
    await add(db, "after")
    assert await names(db) == ["after"]


async def test_a_cancelled_writer_leaves_nothing_behind(db: Database) -> None:
    inside = asyncio.Event()

    async def cut_off() -> None:
        async with db.transaction() as tx:
            await tx.run("INSERT INTO workspaces (name) VALUES ('cut off')")
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(cut_off())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await add(db, "after")
    assert await names(db) == ["after"]
