"""When each request of one sender starts: at its slot, never bunched, whatever delayed the process."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from clarion.domain.content import Content
from clarion.domain.pacing import Stagger, Start
from clarion.store.outbox.claim import Claim

_CLOSE_ENOUGH = 300  # microseconds: below what a timer can aim at


def clock() -> int:
    """Microseconds on this process's monotonic clock; comparable only with itself."""
    return time.monotonic_ns() // 1_000


@dataclass(slots=True)
class Ready:
    """A claimed message with its rendered content. `at` is its slot on the process's clock."""

    claim: Claim
    at: int
    attempt_id: str
    content: Content | None
    problem: str = ""
    dry_run: bool = False
    marked_at: int = 0
    start: Start | None = None


class Starts:
    """Marked messages of one sender, waiting for their moment. `start` is called for each, in order."""

    def __init__(self, start: Callable[[Ready], None]) -> None:
        self._start = start
        self._waiting: deque[Ready] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._stagger = Stagger(0, 0)

    def __len__(self) -> int:
        return len(self._waiting)

    def pace(self, rate: float, headroom: float) -> None:
        """The sender's set rate, messages per second; 0 = as fast as it goes."""
        if rate != self._stagger.rate:
            self._stagger = Stagger(rate, headroom)

    def add(self, ready: Ready) -> None:
        """Start it at its slot."""
        self._waiting.append(ready)
        if self._timer is None:
            self._tick()

    def clear(self) -> list[Ready]:
        """Take back everything that has not started."""
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting

    def _tick(self) -> None:
        self._timer = None
        while self._waiting:
            now = clock()
            at = max(self._waiting[0].at, self._stagger.earliest())
            if at > now + _CLOSE_ENOUGH:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later((at - now) / 1_000_000, self._tick)
                return
            ready = self._waiting.popleft()
            ready.start = self._stagger.started(now)
            self._start(ready)
