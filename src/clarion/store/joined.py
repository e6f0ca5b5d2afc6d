"""One request, one transaction: what its services write commits together, or not at all."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from clarion.store.db import Database, Tx

T = TypeVar("T")


class Joined(Database):
    """A database whose transactions are all one, begun by the first of them and ended by `commit` or `abandon`.

    So the effects of a request, its idempotency key and its line in the audit log are stored together. Until
    the first write, reading is as ever; from then on it sees what was written. Not for concurrent tasks.
    `first` runs at the beginning of the transaction; what it raises ends it.
    """

    def __init__(self, db: Database, first: Callable[[Tx], Awaitable[None]]) -> None:
        self.__dict__.update(db.__dict__)
        self._db, self._first = db, first
        self._open: Tx | None = None
        self._stack = AsyncExitStack()

    @property
    def wrote(self) -> bool:
        """Whether the transaction has begun."""
        return self._open is not None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """The one transaction: leaving the block commits nothing yet."""
        if self._open is None:
            self._open = await self._stack.enter_async_context(self._db.transaction())
            await self._first(self._open)
        yield self._open

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Tx]:
        """The last commit, or the transaction's own view once it has begun."""
        if self._open is not None:
            yield self._open
            return
        async with self._db.reading() as tx:
            yield tx

    async def persist(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run `work` once: whoever joined the transactions repeats them all."""
        return await work()

    async def commit(self) -> None:
        """Make everything durable."""
        self._open = None
        await self._stack.aclose()

    async def abandon(self, error: BaseException) -> None:
        """Undo everything."""
        self._open = None
        await self._stack.__aexit__(type(error), error, error.__traceback__)
