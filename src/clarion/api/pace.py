"""How often one caller may ask, in this process."""

import time
from collections import OrderedDict

KEPT = 20_000


class TooMany(Exception):
    """Asked too often, or for too much at once. `retry_after` in whole seconds."""

    def __init__(self, retry_after: int, said: str = "") -> None:
        super().__init__(said or f"Too many requests: wait {retry_after} s.")
        self.retry_after = retry_after


class Pace:
    """A leaky bucket for each caller: `burst` requests at once, `rate` per second in the long run; 0: no limit."""

    def __init__(self, rate: float, burst: int) -> None:
        self._gap = 1 / rate if rate else 0.0
        self._burst = burst
        self._empty: OrderedDict[str, float] = OrderedDict()

    def take(self, caller: str) -> int:
        """Count a request; how many more may follow at once. Raises TooMany."""
        now = time.monotonic()
        empty = max(self._empty.get(caller, 0.0), now) + self._gap
        over = (empty - now) - self._gap * self._burst
        if over > 1e-9:
            raise TooMany(max(1, round(over + 0.5)))
        self._empty[caller] = empty
        self._empty.move_to_end(caller)
        if len(self._empty) > KEPT:
            self._empty.popitem(last=False)
        return int(-over / self._gap) if self._gap else self._burst
