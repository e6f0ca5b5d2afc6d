"""delay: stay for a while, or until a moment on the person's own calendar."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from clarion.domain.journey.edges import Edge
from clarion.domain.journey.effects import SetTimer
from clarion.domain.journey.events import Arrived, Event, Replied, TimerFired
from clarion.domain.journey.nodes.base import Answer, Example, Ignore, Node, Scene, Stay
from clarion.domain.journey.schedule import find_zone, instant, later, next_at, not_on, zone_named
from clarion.domain.journey.span import Span, on_calendar

_WAYS = ("for", "until", "until_time", "until_attribute")

Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["09:00"])]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _dated(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a date: write it as 2026-12-24") from None
    return text


def _moment(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        text = ""
    if len(text) <= len("2026-12-24"):
        raise ValueError(
            "is not a date and time: write 2026-12-24T09:00, or 2026-12-24T09:00-03:00"
        ) from None
    return text


def _offset(text: str) -> str:
    on_calendar(text.removeprefix("-"))
    return text


def _zone(name: str) -> str:
    if name not in ("contact", "journey"):
        zone_named(name)
    return name


class Delay(Node):
    """Stay for a while, or until a moment. Say which with exactly one of `for` and the fields `until…`.

    Days and weeks go by the calendar: `for: 1d` ends tomorrow at the same local time. `24h` is 24 hours. A local
    time that clocks skip stands for the moment they skip it (02:30 for 03:00 on that night), one that they show
    twice for the first of the two. A moment that has passed does not hold anybody up.
    """

    ports = ("next", "failure")
    example: ClassVar[Example] = {
        "id": "before",
        "kind": "delay",
        "until_attribute": "appointment",
        "offset": "-1d",
        "time": "09:00",
        "skip_days": ["sun"],
    }

    kind: Literal["delay"] = "delay"
    for_: Span = Field("", alias="for", description="How long.")
    until: Annotated[str, AfterValidator(_moment)] | None = Field(
        None, description="Until this date and time: with an offset from UTC, or local in the `zone`."
    )
    until_time: Clock | None = Field(None, description="Until clocks next show this local time.")
    until_attribute: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Until the date, or date and time, that this attribute (or variable) holds in ISO form.",
    )
    offset: Annotated[str, AfterValidator(_offset)] | None = Field(
        None, description="So much later than the attribute says, or earlier with a minus: `2h`, `-1d`."
    )
    time: Clock | None = Field(
        None, description="The local time when the attribute holds a date alone; empty: 09:00."
    )
    zone: Annotated[str, AfterValidator(_zone)] = Field(
        "contact",
        description="Whose calendar: `contact` (the journey's where it is not known), `journey`, or an IANA name.",
    )
    skip_days: tuple[Weekday, ...] = Field(
        (), max_length=6, description="Weekdays it never ends on: it ends at the same time on a later day."
    )
    skip_dates: tuple[Annotated[str, AfterValidator(_dated)], ...] = Field(
        (), max_length=400, description="Dates it never ends on, such as holidays."
    )

    @property
    def pauses(self) -> bool:
        # Neither no time at all nor a date holds anybody up who comes a second time.
        return not self.until and (not self.for_ or any(on_calendar(self.for_)))

    @model_validator(mode="after")
    def _one_way(self) -> "Delay":
        said = [name for name in _WAYS if getattr(self, "for_" if name == "for" else name)]
        if len(said) != 1:
            raise ValueError(f"a delay has exactly one of {', '.join(_WAYS)}; this one has {len(said)}")
        if not self.until_attribute and (self.offset or self.time):
            raise ValueError("`offset` and `time` belong to `until_attribute`")
        if len(set(self.skip_days)) == 7:
            raise ValueError("every weekday is skipped: it would never end")
        return self

    def hear(self, event: Event, scene: Scene) -> Answer:
        match event:
            case Arrived():
                return self._arrive(scene)
            case TimerFired():
                return scene.leave("next")
            case Replied():
                return Ignore("nobody waits for a reply here")
        return Ignore("it says nothing to a delay")

    def _arrive(self, scene: Scene) -> Answer:
        try:
            due = self.due(scene)
        except (ValueError, OverflowError) as problem:
            return scene.leave("failure", otherwise=str(problem))
        if due <= scene.facts.now:
            return scene.leave("next")
        return Stay((SetTimer(scene.visit, due),))

    def due(self, scene: Scene) -> int:
        """When it ends. Raises ValueError if the attribute cannot be read, OverflowError past the year 9999."""
        zone, now = self._calendar(scene), scene.facts.now
        if self.for_:
            at = later(now, *on_calendar(self.for_), zone)
        elif self.until_time:
            at = next_at(time.fromisoformat(self.until_time), now, zone)
        elif self.until:
            at = _read(self.until, "00:00", zone)
        else:
            at = self._attribute(scene.variables.get(self.until_attribute or ""), zone)
        return not_on(at, zone, self.skip_days, self._holidays)

    @cached_property
    def _holidays(self) -> frozenset[date]:
        return frozenset(map(date.fromisoformat, self.skip_dates))

    def _calendar(self, scene: Scene) -> ZoneInfo:
        theirs = find_zone(scene.facts.timezone) if self.zone == "contact" and scene.facts.timezone else None
        # An import may have brought in a name that is none: the journey's is the next best.
        return theirs or zone_named(
            scene.graph.timezone if self.zone in ("contact", "journey") else self.zone
        )

    def _attribute(self, value: Any, zone: ZoneInfo) -> int:
        if not value:
            raise ValueError(f"{self.until_attribute} holds no date")
        sign = -1 if (self.offset or "").startswith("-") else 1
        days, rest = on_calendar((self.offset or "0d").removeprefix("-"))
        try:
            at = _read(str(value).strip(), self.time or "09:00", zone)
            return later(at, sign * days, sign * rest, zone)
        except (ValueError, OverflowError):
            shown = str(value)[:40]
            raise ValueError(f"{self.until_attribute} is {shown!r}, not a date such as 2026-12-24") from None

    def reads(self) -> frozenset[str]:
        return frozenset({self.until_attribute} if self.until_attribute else ())

    def check(self, edges: Sequence[Edge]) -> Iterator[str]:
        if not self.until_attribute and any(edge.on == "failure" for edge in edges):
            yield "has an edge `failure` that is never taken: only a delay by an attribute can fail"


def _read(text: str, clock: str, zone: ZoneInfo) -> int:
    """The instant of an ISO date (at `clock`) or date and time. Raises ValueError."""
    if len(text) <= len("2026-12-24"):
        text = f"{date.fromisoformat(text).isoformat()}T{clock}"
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        return instant(moment, zone)
    return instant(moment.astimezone(zone_named("UTC")).replace(tzinfo=None), zone_named("UTC"))
