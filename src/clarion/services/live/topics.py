"""What one may listen to, and what comes of it."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from clarion.domain.access import Permission

Key = tuple[str, int]
"""What an event is about: its kind, and the id of the thing."""


class Topic(NamedTuple):
    """A topic, or with an `id` only one thing of it."""

    name: str
    id: int = 0


KINDS: Mapping[str, frozenset[str]] = {
    "campaigns": frozenset({"campaign"}),
    "runs": frozenset({"run"}),
    "inbox": frozenset({"conversation", "reply"}),
    "engine": frozenset({"engine", "notice"}),
    "campaign": frozenset({"campaign"}),
    "run": frozenset({"run"}),
}
"""The kinds of events of each topic; the last two are topics of one thing."""

NEEDS: Mapping[str, Permission] = {
    "campaigns": Permission.CAMPAIGNS_READ,
    "runs": Permission.JOURNEYS_READ,
    "inbox": Permission.INBOX_READ,
    "engine": Permission.ENGINE_READ,
    "campaign": Permission.CAMPAIGNS_READ,
    "run": Permission.JOURNEYS_READ,
}
"""The permission that each topic needs."""


class Wish:
    """What one listener wants to hear."""

    def __init__(self, topics: Collection[Topic]) -> None:
        self.kinds = frozenset(kind for topic in topics if not topic.id for kind in KINDS[topic.name])
        self.things = frozenset((topic.name, topic.id) for topic in topics if topic.id)

    def __contains__(self, key: Key) -> bool:
        return key[0] in self.kinds or key in self.things

    def all_kinds(self) -> frozenset[str]:
        """Every kind that something of is wanted."""
        return self.kinds | {kind for kind, _ in self.things}
