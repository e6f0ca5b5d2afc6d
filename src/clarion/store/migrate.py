"""Bring a database to this release's tables, and tell whether it is there."""

import asyncio
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from clarion.store import dialect
from clarion.store.role import ready_role
from clarion.store.tables import metadata

T = TypeVar("T")

_LOCK = 0x636C6172  # one migrator at a time on PostgreSQL; any fixed number does


def upgrade(url: str) -> None:
    """Apply every migration the database lacks. Doing it again, or from two processes at once, does nothing."""

    def run(connection: sa.Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        command.upgrade(_config(connection), "head")
        ready_role(connection)

    _on_connection(url, run)


def revision(url: str) -> tuple[str | None, str]:
    """The database's revision (None before the first upgrade) and the one this release wants."""
    found = _on_connection(url, lambda c: MigrationContext.configure(c).get_current_revision())
    return found, head()


def head() -> str:
    """The newest migration's revision."""
    return str(ScriptDirectory.from_config(_config(None)).get_current_head())


@cache
def revisions() -> tuple[str, ...]:
    """Every migration this release knows, oldest first."""
    script = ScriptDirectory.from_config(_config(None))
    return tuple(each.revision for each in reversed(list(script.walk_revisions())))


def drift(url: str) -> list[Any]:
    """What the database has otherwise than `tables.py` says, as Alembic's comparison; empty when equal."""

    def run(connection: sa.Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))

    return _on_connection(url, run)


def _config(connection: sa.Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _on_connection(url: str, work: Callable[[sa.Connection], T]) -> T:
    if url.startswith("sqlite"):
        path = sa.make_url(dialect.async_url(url)).database
        if path:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(dialect.async_url(url))
        try:
            with engine.begin() as connection:
                return work(connection)
        finally:
            engine.dispose()

    async def run() -> T:
        engine = create_async_engine(dialect.async_url(url), poolclass=sa.NullPool)
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(work)
        finally:
            await engine.dispose()

    return asyncio.run(run())
