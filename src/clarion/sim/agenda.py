"""Things to do later, many thousands at a time, on one timer of the event loop."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count

_TICK = 0.002
"""Seconds: actions due closer together than this run together."""


class Agenda:
    """Runs actions at their instants, in order of these. Closing it drops the rest."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None
        self._wake_at = float("inf")

    def later(self, delay: float, action: Callable[[], None]) -> None:
        """Run `action` in `delay` seconds."""
        due = self._loop.time() + delay
        heapq.heappush(self._heap, (due, next(self._numbers), action))
        if due < self._wake_at:
            self._wake(due)

    def _wake(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._wake_at = at
        self._timer = self._loop.call_at(at, self._run)

    def _run(self) -> None:
        self._timer, self._wake_at = None, float("-inf")  # what is added meanwhile needs no timer of its own
        now = self._loop.time()
        try:
            while self._heap and self._heap[0][0] <= now:
                heapq.heappop(self._heap)[2]()
        finally:
            self._wake_at = float("inf")
            if self._heap:
                self._wake(max(self._heap[0][0], now + _TICK))

    def close(self) -> None:
        """Drop what is not done."""
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()
