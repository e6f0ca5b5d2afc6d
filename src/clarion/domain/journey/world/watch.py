"""What a watcher of the virtual world is told, as it happens."""

from collections.abc import Callable
from dataclasses import dataclass

from clarion.domain.content import Content
from clarion.domain.journey.events import Event, Replied
from clarion.domain.journey.position import Facts
from clarion.domain.journey.step import Step
from clarion.domain.journey.world.person import Person


@dataclass(frozen=True, slots=True)
class MessageLeft:
    """A message left its sender."""

    at: int
    person: Person
    node: str
    content: Content


@dataclass(frozen=True, slots=True)
class Stepped:
    """An event was heard with these facts, whether it moved the position or not."""

    person: Person
    event: Event
    facts: Facts
    step: Step


@dataclass(frozen=True, slots=True)
class Unheard:
    """A reply came where no node listens: it is for the inbox."""

    at: int
    person: Person
    reply: Replied


Watch = Callable[[MessageLeft | Stepped | Unheard], None]
