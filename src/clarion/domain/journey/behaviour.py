"""What happens beside the engine in a dry run: how people answer, messages arrive and web services reply."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from clarion.domain.content import Buttons, Choice, Content, ListPicker, Template
from clarion.domain.journey.edges import Edge
from clarion.domain.journey.effects import Call, Enter
from clarion.domain.journey.events import Called, Replied, Returned


@dataclass(frozen=True, slots=True)
class News:
    """A message now stands at `status` (domain.message.Status); `code` and `reason` tell why it failed."""

    status: str
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A node that waits for an answer. `offered` are the newest message's choices, `patience` how long it waits."""

    node: str
    visit: int
    offered: Sequence[Choice]
    edges: Sequence[Edge]
    patience: int | None = None


class Behaviour(Protocol):
    """What happens beside the engine. Delays are microseconds; None means never."""

    def delivery(self, person: str, node: str, visit: int) -> Sequence[tuple[int, News]]:
        """What becomes of a message: delays after its slot, ascending."""

    def answer(self, person: str, asked: Asked) -> tuple[int, Replied] | None:
        """What the person says at a node that listens, and how long after the message arrived."""

    def call(self, person: str, call: Call) -> tuple[int, Called] | None:
        """How an HTTP call ends."""

    def close(self, person: str, node: str, visit: int) -> int | None:
        """When somebody closes a conversation that was handed over."""

    def enter(self, person: str, enter: Enter) -> Returned | None:
        """How another journey ends for the person, at once."""


def offered(content: Content | None) -> tuple[Choice, ...]:
    """The buttons or list rows a person can press."""
    match content:
        case Buttons(buttons=buttons):
            return buttons
        case ListPicker(sections=sections):
            return tuple(row for section in sections for row in section.rows)
        case Template(buttons=parameters):
            return tuple(Choice(p.value, p.value) for p in parameters if p.kind == "quick_reply")
    return ()


class Silence:
    """Nothing happens by itself: for one person whose events are given."""

    def delivery(self, person: str, node: str, visit: int) -> Sequence[tuple[int, News]]:
        return ()

    def answer(self, person: str, asked: Asked) -> tuple[int, Replied] | None:
        return None

    def call(self, person: str, call: Call) -> tuple[int, Called] | None:
        return None

    def close(self, person: str, node: str, visit: int) -> int | None:
        return None

    def enter(self, person: str, enter: Enter) -> Returned | None:
        return None
