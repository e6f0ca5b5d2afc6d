"""Database: transaction() to change, reading() to look. Both give a Tx; neither knows any table.

PostgreSQL goes through SQLAlchemy's asyncpg pool. SQLite has one writer connection on a thread of its own
(several writers would only wait for each other) and a few readers that see the last commit.
"""

import asyncio
import copy
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from clarion.store import dialect

Statement: TypeAlias = str | sa.Executable
Params: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]]


T = TypeVar("T")


class Tx:
    """One open transaction. `name` is the dialect's; statements are Core or plain SQL with :named values.

    `workspace`: the only one it is for, 0: it sees all. `memory`: what the process keeps in mind about the database,
    by topic; shared by all its transactions.
    """

    def __init__(
        self,
        name: dialect.Name,
        execute: Callable[[Any, Any], Any],
        *,
        workspace: int = 0,
        memory: dict[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.workspace = workspace
        self.memory: dict[str, Any] = {} if memory is None else memory
        self._execute = execute

    async def all(self, statement: Statement, params: Params | None = None) -> Sequence[sa.Row[Any]]:
        """Every row the statement returns."""
        rows: Sequence[sa.Row[Any]] = (await self._execute(_text(statement), params))[0]
        return rows

    async def first(self, statement: Statement, params: Params | None = None) -> sa.Row[Any] | None:
        """The first row, or None."""
        rows = await self.all(statement, params)
        return rows[0] if rows else None

    async def scalar(self, statement: Statement, params: Params | None = None) -> Any:
        """The first column of the first row, or None."""
        row = await self.first(statement, params)
        return None if row is None else row[0]

    async def run(self, statement: Statement, params: Params | None = None) -> int:
        """Execute and tell how many rows were touched (-1 when the driver does not know)."""
        return int((await self._execute(_text(statement), params))[1])

    async def now(self) -> int:
        """Microseconds since 1970 by the database's clock, read now."""
        return int(await self.scalar(f"SELECT {dialect.now_sql(self.name)}"))


class Database:
    """Open with `await Database.open(url)`, close with `await db.close()`.

    `confined`: PostgreSQL itself keeps the transactions of `within(workspace)` to that workspace's rows.
    """

    def __init__(self, url: str, *, readers: int = 2, pool: int = 10) -> None:
        self.url = url
        self.name: dialect.Name = "sqlite" if url.startswith("sqlite") else "postgresql"
        self.single_writer = self.name == "sqlite"  # a long transaction keeps every other writer waiting
        self.confined = False
        self.workspace = 0
        self.memory: dict[str, Any] = {}
        self._store: _Sqlite | _Postgres
        self._store = _Sqlite(url, readers) if self.name == "sqlite" else _Postgres(url, pool)

    @classmethod
    async def open(cls, url: str, *, readers: int = 2, pool: int = 10) -> "Database":
        """Connect and check that the database answers. Raises the driver's error with its own words."""
        db = cls(url, readers=readers, pool=pool)
        async with db.reading() as tx:
            db.confined = bool(await tx.scalar(dialect.may_confine(db.name)))
        return db

    def within(self, workspace: int) -> "Database":
        """The same database as one workspace sees it: the API's view. Shares the connections; never closed itself.

        On PostgreSQL other workspaces' rows do not exist in it, whatever a query forgot (row-level security);
        on SQLite queries alone keep workspaces apart.
        """
        view = copy.copy(self)
        view.workspace = workspace
        return view

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """All or nothing; durable when the block ends. Keep it short: on SQLite everybody else waits."""
        async with self._store.writing() as execute:
            yield await self._confine(execute)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Tx]:
        """One consistent view of the last commit; never waits for writers."""
        async with self._store.reading() as execute:
            yield await self._confine(execute)

    async def _confine(self, execute: Callable[[Any, Any], Any]) -> Tx:
        tx = Tx(self.name, execute, workspace=self.workspace, memory=self.memory)
        if self.workspace and self.confined:
            await tx.run(dialect.CONFINE, {"workspace": str(self.workspace)})
        return tx

    async def persist(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run `work`, a whole transaction, again when the database asks for it: it lost a race and stored nothing."""
        for attempt in range(5):
            try:
                return await work()
            except sa.exc.DBAPIError as error:
                if attempt == 4 or not dialect.lost_a_race(self.name, error.orig):
                    raise
                await asyncio.sleep(0.01 * 2**attempt)
        raise AssertionError

    async def changed_by_others(self) -> int:
        """A number that moves when another process commits to the SQLite file; always 0 on PostgreSQL."""
        return await self._store.data_version()

    async def close(self) -> None:
        await self._store.close()


_TEXTS: dict[str, sa.TextClause] = {}


def _text(statement: Statement) -> sa.Executable:
    # Parsing :names costs more than running a small statement; texts are few and fixed.
    if not isinstance(statement, str):
        return statement
    clause = _TEXTS.get(statement)
    if clause is None:
        if len(_TEXTS) > 2_000:
            _TEXTS.clear()
        clause = _TEXTS[statement] = sa.text(statement)
    return clause


def _rows(result: sa.CursorResult[Any]) -> tuple[Sequence[sa.Row[Any]], int]:
    return (result.all(), -1) if result.returns_rows else ((), result.rowcount)


class _Postgres:
    def __init__(self, url: str, pool: int) -> None:
        self._engine: AsyncEngine = create_async_engine(
            dialect.async_url(url),
            pool_size=pool,
            max_overflow=0,
            hide_parameters=True,
            pool_recycle=1_800,
            connect_args={"prepared_statement_cache_size": 1_000},
        )

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Callable[[Any, Any], Any]]:
        async with self._engine.begin() as connection:
            yield self._executor(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Callable[[Any, Any], Any]]:
        async with self._engine.connect() as connection:
            view = await connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            yield self._executor(view)

    @staticmethod
    def _executor(connection: AsyncConnection) -> Callable[[Any, Any], Any]:
        async def execute(statement: Any, params: Any) -> Any:
            return _rows(await connection.execute(statement, params))

        return execute

    async def data_version(self) -> int:
        return 0

    async def close(self) -> None:
        await self._engine.dispose()


class _Sqlite:
    def __init__(self, url: str, readers: int) -> None:
        self._writer = _SqliteThread(url, writer=True)
        self._readers = [_SqliteThread(url, writer=False) for _ in range(readers)]
        self._free: asyncio.Queue[_SqliteThread] = asyncio.Queue()
        for reader in self._readers:
            self._free.put_nowait(reader)
        self._write_lock = asyncio.Lock()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Callable[[Any, Any], Any]]:
        async with self._write_lock, self._writer.transaction() as execute:
            yield execute

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Callable[[Any, Any], Any]]:
        reader = await self._free.get()
        try:
            async with reader.transaction() as execute:
                yield execute
        finally:
            self._free.put_nowait(reader)

    async def data_version(self) -> int:
        async with self._write_lock:
            return await self._writer.pragma("data_version")

    async def close(self) -> None:
        for thread in [self._writer, *self._readers]:
            await thread.close()


class _SqliteThread:
    """One connection and the one thread that may touch it."""

    def __init__(self, url: str, *, writer: bool) -> None:
        self._engine = sa.create_engine(
            dialect.async_url(url),
            poolclass=sa.StaticPool,
            connect_args={"check_same_thread": False},
            hide_parameters=True,  # an error text must not carry people's addresses
        )
        self._writer = writer
        sa.event.listen(self._engine, "connect", self._prepare)
        # SQLAlchemy must not begin by itself: pysqlite would do so lazily and as a reader.
        sa.event.listen(self._engine, "begin", self._begin)
        self._thread = ThreadPoolExecutor(
            1, thread_name_prefix="sqlite-writer" if writer else "sqlite-reader"
        )
        self._connection: sa.Connection | None = None
        self._fresh = True

    def _prepare(self, connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        connection.create_function("clarion_now", 0, lambda: time.time_ns() // 1_000)
        connection.execute("PRAGMA busy_timeout = 30000")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -32768")
        connection.execute("PRAGMA temp_store = MEMORY")
        if self._writer:
            connection.execute("PRAGMA journal_mode = WAL")
            # FULL: with NORMAL a power cut can forget the mark of a request that did go out.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA wal_autocheckpoint = 4000")
        else:
            connection.execute("PRAGMA query_only = ON")

    def _begin(self, connection: sa.Connection) -> None:
        # A transaction that reads first and writes later fails at once when another one wrote in between.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if self._writer else "BEGIN")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Callable[[Any, Any], Any]]:
        self._fresh = True
        try:
            yield self._run
        except BaseException:
            await asyncio.shield(self._call(self._finish, False))
            raise
        await asyncio.shield(self._call(self._finish, True))

    async def _run(self, statement: Any, params: Any) -> Any:
        return await self._call(self._execute, statement, params)

    def _start(self) -> None:
        if self._connection is None:
            self._connection = self._engine.connect()
        self._connection.rollback()  # what a cancelled caller left open; else nothing
        self._connection.begin()

    def _execute(self, statement: Any, params: Any) -> Any:
        # Begun with the first statement: one change of threads less per transaction.
        if self._fresh:
            self._start()
            self._fresh = False
        assert self._connection is not None
        return _rows(self._connection.execute(statement, params))

    def _finish(self, commit: bool) -> None:
        if self._connection is None:
            return
        if not commit:
            self._connection.rollback()
            return
        try:
            self._connection.commit()
        except BaseException:
            self._connection.rollback()
            driver = self._connection.connection.driver_connection
            assert driver is not None
            driver.rollback()  # SQLite leaves the transaction open, SQLAlchemy takes it for ended
            raise

    async def pragma(self, name: str) -> int:
        def ask() -> int:
            if self._connection is None:
                self._connection = self._engine.connect()
            raw = self._connection.connection.driver_connection
            assert raw is not None
            return int(raw.execute(f"PRAGMA {name}").fetchone()[0])

        return int(await self._call(ask))

    async def _call(self, work: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    async def close(self) -> None:
        def end() -> None:
            if self._connection is not None:
                self._connection.close()
            self._engine.dispose()

        await self._call(end)
        self._thread.shutdown(wait=True)
