"""What a dry run found, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class NodeForecast:
    """One node: `entered` = the sums of `left` (by edge) and `ended` (by outcome) and who is `here` at the end.

    Of those here `stuck` wait for something that never comes. `replies` by kind were heard here, `unmatched`
    of them fitted no edge. `failures` are the reasons people ended here as failed, the most frequent first.
    """

    id: str
    kind: str
    name: str
    entered: int
    left: Mapping[str, int]
    ended: Mapping[str, int]
    here: int
    stuck: int = 0
    replies: Mapping[str, int] = field(default_factory=dict)
    unmatched: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)
    outside_window: int = 0
    circles: int = 0


@dataclass(frozen=True, slots=True)
class Missing:
    """A variable that a message needs and `people` do not have; `examples` are contact ids."""

    name: str
    node: str
    people: int
    examples: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """Messages of one sender and category to one country (its calling code).

    `in_window`: within 24 hours of the person's last message. `parts`: SMS segments, else one per message.
    """

    sender: str
    provider: str
    category: str
    country: str
    in_window: bool
    messages: int
    parts: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """A dry run from `started_at` to `until` (microseconds since 1970).

    `finished_at` is when the last person ended, None while somebody is under way. `replies` by kind; `unheard`
    came where no node listens. `skipped` people never entered. `sub_journeys` were not played: people came back
    from them at once.
    """

    people: int
    skipped: Mapping[str, int]
    outcomes: Mapping[str, int]
    here: int
    nodes: tuple[NodeForecast, ...]
    replies: Mapping[str, int]
    unheard: int
    missing: tuple[Missing, ...]
    sent: tuple[Sent, ...]
    sub_journeys: Mapping[str, int]
    started_at: int
    until: int
    finished_at: int | None
