"""One person under way: position, newest message, timer."""

from collections.abc import Sequence
from dataclasses import dataclass

from clarion.domain.content import Content
from clarion.domain.journey.behaviour import News
from clarion.domain.journey.effects import Effect
from clarion.domain.journey.position import Facts, Position
from clarion.domain.journey.step import Left
from clarion.domain.journey.world.person import Person
from clarion.domain.message import NEVER_SENT, Status

_RANK = {status.value: rank for rank, status in enumerate(Status)}


@dataclass(slots=True)
class Mail:
    """One message, and what becomes of it: `news` by instant. `waits`: it has not left.

    `told_at` is the instant of the news that is under way.
    """

    visit: int
    node: str
    content: Content
    expires_at: int
    waits: bool = True
    news: tuple[tuple[int, News], ...] = ()
    told_at: int = -1

    def known(self, now: int) -> News | None:
        """What is known of it by now: the news that outranks the others, whatever order it came in."""
        come = [news for at, news in self.news if at <= now]
        return max(come, key=lambda news: _RANK.get(news.status, -1)) if come else None

    @property
    def arrives_at(self) -> int | None:
        """When it reaches the phone, or did; None if that never happens."""
        return next((at for at, news in self.news if news.status == Status.DELIVERED), None)

    def read_by(self, at: int) -> None:
        """Whoever answers at that instant has read it, where their phone says so at all."""
        self.news = tuple(
            (min(when, at) if news.status == Status.READ else when, news) for when, news in self.news
        )

    @property
    def lost(self) -> bool:
        """Whether it will never arrive."""
        return any(news.status == Status.FAILED or news.status in NEVER_SENT for _, news in self.news)


class Actor:
    """A person in the journey.

    `later` is the last visit that something beyond the horizon was promised to; `noted` the obstacles they were
    counted for, so that a circle counts them once.
    """

    __slots__ = ("effects", "later", "mail", "noted", "person", "position", "timer", "trail", "window_until")

    def __init__(self, person: Person, position: Position) -> None:
        self.person, self.position = person, position
        self.window_until = person.window_until
        self.mail: Mail | None = None
        self.timer: tuple[int, int] | None = None
        self.later = -1
        self.noted: frozenset[tuple[str, str]] = frozenset()
        self.trail: list[Left] | None = None
        self.effects: list[Effect] | None = None

    def remember(self) -> None:
        """Keep the whole trail and every effect from now on."""
        self.trail, self.effects = [], []

    def facts(self, now: int, *, windowed: bool, run: str = "") -> Facts:
        """What a step may know about them now."""
        person = self.person
        news = self.mail.known(now) if self.mail else None
        return Facts(
            now=now,
            person=person.key,
            address=person.address,
            attributes=person.attributes,
            language=person.language,
            timezone=person.timezone,
            tags=person.tags,
            lists=person.lists,
            opted_out=person.opted_out,
            window_until=self.window_until if windowed else None,
            message_status=news.status if news else "",
            message_code=news.code if news else "",
            run=run,
        )

    def note(self, node: str, what: str) -> bool:
        """Whether this is the first time the person meets this obstacle."""
        first = (node, what) not in self.noted
        self.noted |= {(node, what)}
        return first

    def keep(self, trail: Sequence[Left], effects: Sequence[Effect]) -> None:
        """Remember what a step did, if somebody wants to know."""
        if self.trail is not None and self.effects is not None:
            self.trail += trail
            self.effects += effects
