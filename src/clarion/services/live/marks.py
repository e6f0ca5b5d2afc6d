"""How far somebody has heard: the id of an event, the same on every process and after a restart."""

import re
from dataclasses import dataclass

WINDOW = 3_600_000_000
"""Who was away for longer, in microseconds, is told to read everything anew."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Everything up to `at` (microseconds, the database's clock) was told, and every reply up to this id."""

    at: int
    reply: int

    def __str__(self) -> str:
        return f"{self.at}-{self.reply}"

    @classmethod
    def read(cls, text: str) -> "Mark | None":
        """The mark of an event's id; None for what is none."""
        found = re.fullmatch(r"([0-9]{1,18})-([0-9]{1,18})", text)
        return cls(int(found[1]), int(found[2])) if found else None

    def usable(self, now: int) -> bool:
        """Whether what happened since can be told."""
        return now - WINDOW <= self.at <= now
