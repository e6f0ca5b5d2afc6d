"""When each request of one sender starts: at its slot, never bunched, whatever delayed the process."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from clarion.domain.content import Content
from clarion.domain.pacing import Stagger, Start
from clarion.store.outbox.claim import Claim, Reading

_CLOSE_ENOUGH = 300  # microseconds: below what a timer can aim at


# Counts the time a suspended machine slept, so that a mark made before it is seen to be old (macOS's own does).
_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def clock() -> int:
    """Microseconds on a clock that only goes forward; comparable only with itself."""
    return time.clock_gettime_ns(_BOOT) // 1_000


class Offset:
    """How far the database's clock is ahead of this process's, in microseconds, as well as can be known.

    Each reading proves an interval. The estimate moves only as far as the newest interval forces it, so slots
    of several processes interleave to a fraction of a round trip, and a clock that was set is followed at once.
    """

    def __init__(self) -> None:
        self._held: int | None = None

    def after(self, reading: Reading) -> int:
        """The offset after one more reading."""
        least, most = reading.now - reading.after, reading.now - reading.before
        held = (least + most) // 2 if self._held is None else self._held
        self._held = min(max(held, least), most)
        return self._held


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
    asked: bool = False  # its provider was
    start: Start | None = None

    def leaves(self) -> None:
        """Its first byte goes now: the seconds after it are counted from here."""
        if self.start is not None:
            self.start.at = clock()


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
