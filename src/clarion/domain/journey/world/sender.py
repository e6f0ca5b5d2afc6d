"""A sender of the virtual world: messages wait for its slots, those that answer a reply before the others."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from clarion.domain.content import Content, Template
from clarion.domain.journey.world.actor import Actor, Mail
from clarion.domain.pacing import Timeline

UNKNOWN_TEMPLATE = "template"
"""The category of a template that is not in the cache."""


WINDOW = 86_400_000_000
"""How long free text may be sent after a person's message on WhatsApp, in microseconds."""


@dataclass(frozen=True, slots=True)
class Sender:
    """`rate` is messages per second, 0 for as fast as it goes. `channel` is whatsapp or sms.

    `window`: microseconds after a person's message in which free text may be sent, 0 = always. `categories`: what
    the provider bills its templates as, by name and language.
    """

    name: str = ""
    provider: str = "whatsapp"
    channel: str = "whatsapp"
    rate: float = 0.0
    window: int = WINDOW
    categories: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def category(self, content: Content) -> str:
        """What a message counts as on the provider's bill."""
        if self.channel == "sms":
            return "sms"
        if isinstance(content, Template):
            return self.categories.get((content.name, content.language), UNKNOWN_TEMPLATE)
        return "service"


class Queue:
    """What waits at one sender, and when its next slot is. `free_at` is 0 where slots are not limited."""

    __slots__ = ("_gap", "_urgent", "_waiting", "booked", "free_at", "sender")

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.booked = False
        self.free_at = 0
        # No headroom: it is there for requests delayed on their way, and here none is.
        self._gap = round(Timeline(sender.rate, sender.rate, 0, 0, 0).gap(0.0))
        self._urgent: deque[tuple[Actor, Mail]] = deque()
        self._waiting: deque[tuple[Actor, Mail]] = deque()

    def __bool__(self) -> bool:
        return bool(self._urgent or self._waiting)

    def left(self) -> Iterator[tuple[Actor, Mail]]:
        """All that still waits."""
        return chain(self._urgent, self._waiting)

    def add(self, actor: Actor, mail: Mail, *, urgent: bool) -> None:
        """Let a message wait for a slot."""
        (self._urgent if urgent else self._waiting).append((actor, mail))

    def take(self) -> tuple[Actor, Mail]:
        """The message that is next. Raises IndexError when none waits."""
        return (self._urgent or self._waiting).popleft()

    def use(self, now: int) -> None:
        """A message leaves now."""
        if self._gap:
            self.free_at = now + self._gap
