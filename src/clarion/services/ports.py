"""What services need from the world around them, as protocols. bootstrap.py gives the real ones."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

LINGER = 40_000
"""Microseconds that what nobody waits for (the fate of a journey's message) may wait for company in its lane."""


class Waker(Protocol):
    """Says "look at this lane". May lose, repeat or delay what it says: the sweep finds due rows anyway."""

    def wake(self, lane: str, *, after: int = 0) -> None:
        """Have the lane looked at in `after` microseconds. Call after the commit that made rows due."""


class Span(Protocol):
    """Some work that somebody may look at later, from its beginning to its end."""

    def tell(self, name: str = "", /, **facts: str | int) -> None:
        """Add facts, and call it `name` if given. Never anything of people: ids and counts."""


class Meters(Protocol):
    """What is counted and timed for whoever watches; the names are those of src/clarion/metrics.py.

    Cheap enough for every message, and nothing depends on it. Labels are words of ours: providers, lanes,
    operations; never ids of campaigns or people.
    """

    def add(self, name: str, n: int = 1, /, *labels: str) -> None:
        """`n` more of it."""

    def time(self, name: str, seconds: float, /, *labels: str) -> None:
        """It took so long once."""

    def span(self, name: str, /, *, parent: str = "", **facts: str | int) -> AbstractContextManager[Span]:
        """The work of the block, for tracing. `parent`: a `traceparent` header of whoever asked for it."""


class _Unwatched:
    """Nobody watches."""

    def add(self, name: str, n: int = 1, /, *labels: str) -> None:
        pass

    def time(self, name: str, seconds: float, /, *labels: str) -> None:
        pass

    def span(self, name: str, /, *, parent: str = "", **facts: str | int) -> AbstractContextManager[Span]:
        return NOWHERE


class _Nowhere:
    def tell(self, name: str = "", /, **facts: str | int) -> None:
        pass


NOWHERE: AbstractContextManager[Span] = nullcontext(_Nowhere())
UNWATCHED: Meters = _Unwatched()
"""For tests and commands."""
