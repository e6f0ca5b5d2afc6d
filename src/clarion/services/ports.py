"""What services need from the world around them, as protocols. bootstrap.py gives the real ones."""

from typing import Protocol

LINGER = 40_000
"""Microseconds that what nobody waits for (the fate of a journey's message) may wait for company in its lane."""


class Waker(Protocol):
    """Says "look at this lane". May lose, repeat or delay what it says: the sweep finds due rows anyway."""

    def wake(self, lane: str, *, after: int = 0) -> None:
        """Have the lane looked at in `after` microseconds. Call after the commit that made rows due."""
