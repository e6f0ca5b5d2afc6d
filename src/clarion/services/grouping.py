"""Group commit: what many ask for at the same time becomes one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Grouping(Generic[T, R]):
    """`await group.submit(items)` returns the results of `flush` for exactly those items.

    While one flush runs, the next group gathers; under load groups grow, idle they are as small as the request.
    `linger` (seconds) waits a little for company before each flush. A flush that raises fails its own
    submitters and nobody else.
    """

    def __init__(
        self,
        flush: Callable[[Sequence[T]], Awaitable[Sequence[R]]],
        *,
        linger: float = 0.0,
        limit: int = 1_000,
    ) -> None:
        self._flush = flush
        self._linger = linger
        self._limit = limit
        self._waiting: list[tuple[Sequence[T], asyncio.Future[Sequence[R]]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def submit(self, items: Sequence[T]) -> Sequence[R]:
        """The results for `items`, in order, once they are durable."""
        future: asyncio.Future[Sequence[R]] = asyncio.get_running_loop().create_future()
        self._waiting.append((items, future))
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            if self._linger:
                await asyncio.sleep(self._linger)
            group = self._take()
            try:
                results = await self._flush([item for items, _ in group for item in items])
            except Exception as error:  # noqa: BLE001  # handed to the submitters, who know what it means
                for _, future in group:
                    if not future.done():
                        future.set_exception(error)
                continue
            position = 0
            for items, future in group:
                if not future.done():
                    future.set_result(results[position : position + len(items)])
                position += len(items)

    def _take(self) -> list[tuple[Sequence[T], asyncio.Future[Sequence[R]]]]:
        size, count = 0, 0
        for items, _ in self._waiting:
            if count and size + len(items) > self._limit:
                break
            size, count = size + len(items), count + 1
        group, self._waiting = self._waiting[:count], self._waiting[count:]
        return group
