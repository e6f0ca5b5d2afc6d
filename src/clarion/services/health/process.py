"""What this process knows of itself: how late its loop is, and how long the workers it watches have been silent."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

EVERY = 0.25  # seconds between looks at the loop
KEPT = 60.0  # seconds for which the worst lag is remembered


class LoopLag:
    """How much later than asked the event loop gets round to things. Seconds.

    One timer four times a second: what is late by more than a few milliseconds delays every start.
    """

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None
        self._worst: deque[tuple[float, float]] = deque()
        self.now = 0.0

    def start(self) -> None:
        """Begin to look. Needs a running loop."""
        loop = asyncio.get_running_loop()
        self._look_at(loop, loop.time() + EVERY)

    def stop(self) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()

    @property
    def worst(self) -> float:
        """The most within the last minute."""
        oldest = time.monotonic() - KEPT
        while self._worst and self._worst[0][0] < oldest:
            self._worst.popleft()
        return self._worst[0][1] if self._worst else 0.0

    def _look_at(self, loop: asyncio.AbstractEventLoop, when: float) -> None:
        self._timer = loop.call_at(when, self._look, loop, when)

    def _look(self, loop: asyncio.AbstractEventLoop, when: float) -> None:
        self.now = max(0.0, loop.time() - when)
        # Falling from the left: the first is always the worst of those that are left.
        while self._worst and self._worst[-1][1] <= self.now:
            self._worst.pop()
        self._worst.append((time.monotonic(), self.now))
        self._look_at(loop, loop.time() + EVERY)


class Watching(Protocol):
    """What the sweep knows. Seconds by this process's own clock, which no other host's can disturb."""

    def age(self) -> float | None:
        """Since the last sweep that went well; None before the first."""

    def silence(self) -> Mapping[str, float]:
        """How long each worker's counter has stood still, as far as it was watched."""


@dataclass(frozen=True, slots=True)
class Process:
    """The running engine of this process, `worker` by name."""

    worker: str
    watching: Watching
    loop: LoopLag = field(default_factory=LoopLag)
