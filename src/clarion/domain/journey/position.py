"""Where one person stands in one run, and what a step may know about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Position:
    """One person in one run. `visit` grows with every arrival at a node; nothing else tells two arrivals apart.

    `message_visit` is the visit that sent the newest message (0: none yet), `answered` the visit at which a reply
    was last used, `events` how many events it has taken. An `outcome` means that it has ended.
    """

    node: str
    visit: int = 0
    variables: Mapping[str, Any] = field(default_factory=dict)
    message_visit: int = 0
    answered: int = 0
    events: int = 0
    outcome: str = ""
    reason: str = ""

    def but(self, **changes: Any) -> "Position":
        """The same position with these fields changed. A third of the time of dataclasses.replace, at every step."""
        return Position(**{name: changes.get(name, getattr(self, name)) for name in _FIELDS})


_FIELDS = tuple(field.name for field in fields(Position))


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known from outside at the moment of a step. Instants are microseconds since 1970, UTC.

    `person` is the contact's key, the same for all spellings. `window_until`: until when free text may be sent
    (0: closed), None where the sender has no such window. `message_status` is that of the newest message.
    `timezone` is the contact's own, "" when unknown.
    """

    now: int
    person: str
    address: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    language: str = ""
    timezone: str = ""
    tags: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    opted_out: bool = False
    window_until: int | None = None
    message_status: str = ""
    message_code: str = ""
    run: str = ""


OPTED_OUT = "opted_out"
FAILED = "failed"
STOPPED = "stopped"
"""Outcomes that no author writes: the person stopped, something went wrong, the operator ended it."""
