"""Exact rate limits, as pure arithmetic over given instants (nanoseconds of a monotonic clock)."""

from collections import deque

SECOND = 1_000_000_000


class SlidingWindow:
    """The instants of the last 1.000 s, and the most that any such window ever held.

    The window at `now` is (now - 1 s, now]: an instant exactly one second old has left it.
    Instants must not go backwards.
    """

    __slots__ = ("_instants", "first", "last", "peak", "total")

    def __init__(self) -> None:
        self._instants: deque[int] = deque()
        self.peak = 0
        self.total = 0
        self.first: int | None = None
        self.last: int | None = None

    def count(self, now: int) -> int:
        """How many instants the window at `now` holds."""
        instants = self._instants
        border = now - SECOND
        while instants and instants[0] <= border:
            instants.popleft()
        return len(instants)

    def add(self, now: int) -> None:
        """Put `now` into the window."""
        self.peak = max(self.peak, self.count(now) + 1)
        self._instants.append(now)
        self.total += 1
        if self.first is None:
            self.first = now
        self.last = now

    @property
    def mean(self) -> float | None:
        """Instants per second between the first and the last; None with fewer than two."""
        if self.first is None or self.last is None or self.last == self.first:
            return None
        return (self.total - 1) * SECOND / (self.last - self.first)


class PairLimit:
    """How often one sender may write to one person: `every` nanoseconds per message, `burst` at once.

    A burst borrows from the future: each message pushes the pair's next free instant on by `every`, and a
    message is refused when that instant lies `burst` steps ahead.
    """

    def __init__(self) -> None:
        self._free_at: dict[tuple[str, str], int] = {}

    def take(self, pair: tuple[str, str], now: int, *, every: int, burst: int) -> bool:
        """Whether the pair may have one more message at `now`; if so it is counted."""
        free_at = max(self._free_at.get(pair, now), now)
        if free_at + every > now + burst * every:
            return False
        self._free_at[pair] = free_at + every
        return True
