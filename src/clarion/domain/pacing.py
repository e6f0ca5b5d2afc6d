"""A sender's future, cut into slots by its rate; how a throttle answer slows it and how it climbs back.

Rates are messages per second, instants and durations microseconds. Rate 0 means as fast as it goes.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

SECOND = 1_000_000

FLOOR = 0.5  # messages per second: slow enough to leave a provider alone, fast enough to notice its return
FREE = 1_000.0  # what an unlimited sender is held to after a throttle answer, until it has climbed past it
CLIMB = 20  # seconds from nothing to the full rate
ALONE = (
    10 * SECOND
)  # a throttle answer with none this long before it is jitter on the way more often than a limit


@dataclass(frozen=True, slots=True)
class Timeline:
    """One sender's pace. `pace` is what it runs at now; below `rate` after the provider asked to slow down."""

    rate: float
    pace: float
    paced_at: int
    throttled_at: int
    free_at: int
    hold_until: int = 0

    def gap(self, headroom: float) -> float:
        """Microseconds from one slot to the next; 0 when unlimited.

        `headroom` (0.007 = 0.7 %) is kept free below the rate, so that a request delayed by a few
        milliseconds on its way does not make the provider count one too many in a second.
        """
        return SECOND / (self.pace * (1 - headroom)) if self.pace else 0.0


def reserve(
    line: Timeline, *, now: int, want: int, horizon: int, headroom: float, lead: int = 0
) -> tuple[Timeline, Sequence[int]]:
    """Take up to `want` slots starting within `horizon` of `now`, none earlier than `now + lead`.

    A line that fell behind starts again at `now`: what was not sent in time is not made up for by a burst.
    """
    line = climb(line, now=now)
    start = max(line.free_at, line.hold_until, now + lead)
    gap = line.gap(headroom)
    if start > now + max(horizon, lead):
        return line, ()
    room = want if not gap else min(want, int((now + horizon - start) / gap) + 1)
    if room <= 0:
        return line, ()
    slots = [start + round(n * gap) for n in range(room)]
    return replace(line, free_at=start + round(room * gap)), slots


def climb(line: Timeline, *, now: int) -> Timeline:
    """Additive increase: the pace after the time that has passed without a throttle answer."""
    if line.pace == line.rate:
        return line
    top = line.rate or FREE
    pace = line.pace + top / CLIMB * max(0, now - line.paced_at) / SECOND
    if pace >= top:
        pace = line.rate  # for an unlimited sender this is 0: free again
    return replace(line, pace=pace, paced_at=now)


def slow_down(line: Timeline, *, now: int, hold: int = 0) -> Timeline:
    """Multiplicative decrease, at most once a second, and nothing before `now + hold`.

    The first answer after a while takes a tenth off the pace, each one that follows takes half.
    """
    line = climb(line, now=now)
    if hold:
        line = replace(line, hold_until=max(line.hold_until, now + hold))
    if now - line.throttled_at < SECOND:
        return line
    left = 0.5 if now - line.throttled_at < ALONE else 0.9
    pace = max(FLOOR, (line.pace or FREE) * left)
    # Slots already given out stand; the line itself moves at least one new gap away from now.
    free_at = max(line.free_at, now + round(SECOND / pace))
    return replace(line, pace=pace, paced_at=now, throttled_at=now, free_at=free_at)


@dataclass(slots=True)
class Start:
    """One start and when it happened."""

    at: int


class Stagger:
    """Keeps one process from bunching starts, whatever delayed it: asks no clock, is told the time.

    Slots are exact, timers are not. A start is allowed when the `rate`-th start before it is at least a second
    old (so no second ever holds more than the rate), and when a few starts before it lie far enough back that
    what was late is caught up gently.
    """

    def __init__(self, rate: float, headroom: float) -> None:
        self.rate = rate
        self._gap = SECOND / (rate * (1 - headroom)) if rate else 0.0
        self._few = max(1, round(5_000 / self._gap)) if rate else 1
        whole = max(1, math.floor(rate)) if rate else 1
        # For 2.5/s: two starts per second at the most would be too slow, so the window grows to whole starts.
        # Most of the headroom stays unused even while catching up: the way to the provider jitters then too.
        self._window = round(whole * SECOND / rate * (1 + 0.65 * headroom)) if rate else 0
        self._starts: deque[Start] = deque(maxlen=max(whole, self._few))
        self._whole = whole

    def earliest(self) -> int:
        """The first instant the next start is allowed."""
        if not self.rate:
            return 0
        earliest = 0
        if len(self._starts) >= self._few:
            earliest = self._starts[-self._few].at + int(0.8 * self._few * self._gap)
        if len(self._starts) >= self._whole:
            earliest = max(earliest, self._starts[-self._whole].at + self._window)
        return earliest

    def started(self, at: int) -> "Start":
        """A start is on its way since `at`; whoever carries it out sets the instant it really left."""
        start = Start(at)
        self._starts.append(start)
        return start
