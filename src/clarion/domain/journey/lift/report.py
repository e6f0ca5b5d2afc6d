"""What became of each part of a foreign graph, told to the person who brings it."""

from dataclasses import dataclass, field
from typing import Literal

Level = Literal["carried", "changed", "lost"]


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence or two. `where` is the id of the foreign node or widget, "" for the graph as a whole.

    carried: does here what it did there. changed: goes on in another way; read it. lost: needs a hand.
    """

    level: Level
    where: str
    text: str


@dataclass(slots=True)
class Report:
    """Notes in the order they arose, each once."""

    notes: list[Note] = field(default_factory=list)
    _seen: set[Note] = field(default_factory=set)

    def carried(self, where: str, text: str) -> None:
        self._add(Note("carried", where, text))

    def changed(self, where: str, text: str) -> None:
        self._add(Note("changed", where, text))

    def lost(self, where: str, text: str) -> None:
        self._add(Note("lost", where, text))

    def _add(self, note: Note) -> None:
        if note not in self._seen:
            self._seen.add(note)
            self.notes.append(note)


def brief(text: str, most: int = 60) -> str:
    """A foreign text as a note may quote it."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
