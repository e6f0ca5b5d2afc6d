"""What can happen to a position. Events bound to a visit mean nothing once the position has left it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Arrived:
    """The position has just come to the node (or to the journey's start)."""

    kind: ClassVar[str] = "arrived"


@dataclass(frozen=True, slots=True)
class Replied:
    """The person wrote, or pressed a button or list row. `about` is the reply's own kind (text, button, image, ...).

    `visit` is where the position stood when the reply came (0: not known): a second quick reply to the same
    question is late once the first one was used.
    """

    kind: ClassVar[str] = "replied"
    text: str = ""
    payload: str = ""
    about: str = "text"
    reply_id: int = 0
    visit: int = 0


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The timer that was set on this visit is over."""

    kind: ClassVar[str] = "timer"
    visit: int


@dataclass(frozen=True, slots=True)
class Called:
    """The HTTP call of this visit has its answer, or will get none (`status` 0).

    `error` says why there is none, or why the one there is cannot be used (broken JSON, too large), and then keeps
    its status. `body` is the parsed JSON of the answer, or its text.
    """

    kind: ClassVar[str] = "called"
    visit: int
    status: int = 0
    body: Any = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class MessageStatus:
    """The message that was sent on `visit` now stands at `status` (domain.message.Status).

    `code` and `reason` tell why it failed. Only the newest message of a position speaks.
    """

    kind: ClassVar[str] = "message"
    visit: int
    status: str
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Returned:
    """The journey that this visit sent the person into has ended for them. `outcome` is "" when it never began."""

    kind: ClassVar[str] = "returned"
    visit: int
    outcome: str = ""
    reason: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Closed:
    """A person closed the conversation that this visit handed over."""

    kind: ClassVar[str] = "closed"
    visit: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """The person must not be written to any more, or the position was ended by the operator: `outcome` says which."""

    kind: ClassVar[str] = "stopped"
    outcome: str
    reason: str = ""


Event = Arrived | Replied | TimerFired | Called | MessageStatus | Returned | Closed | Stopped

_KINDS: dict[str, type[Any]] = {
    each.kind: each
    for each in (Arrived, Replied, TimerFired, Called, MessageStatus, Returned, Closed, Stopped)
}


def to_json(event: Event) -> dict[str, Any]:
    """The stored form, without the kind."""
    return asdict(event)


def from_json(kind: str, data: Mapping[str, Any]) -> Event:
    """The event a stored row describes. Raises KeyError for a kind this release does not know."""
    event: Event = _KINDS[kind](**data)
    return event
