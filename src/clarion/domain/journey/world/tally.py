"""Counts what happens in the virtual world. Its results do not depend on the order people come in."""

from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Mapping

from clarion.domain.content import Content
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.position import FAILED
from clarion.domain.journey.prices import segments
from clarion.domain.journey.step import MOST_EVENTS, MOST_STEPS, Step
from clarion.domain.journey.world.actor import Actor
from clarion.domain.journey.world.forecast import Forecast, Missing, NodeForecast, Sent
from clarion.domain.journey.world.obstacles import Obstacle
from clarion.domain.journey.world.sender import Sender
from clarion.domain.numbering import calling_code
from clarion.domain.preview import as_text

_EXAMPLES = 5
_REASONS = 20

Key = tuple[str, str, str, str, bool]


class _Node:
    """The counts of one node."""

    __slots__ = (
        "circles",
        "ended",
        "entered",
        "failures",
        "here",
        "left",
        "outside",
        "replies",
        "stuck",
        "unmatched",
    )

    def __init__(self) -> None:
        self.entered = self.here = self.stuck = self.unmatched = self.outside = self.circles = 0
        self.left: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        self.replies: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()


class Tally:
    """All counts of one world."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._nodes: defaultdict[str, _Node] = defaultdict(_Node)
        self._missing: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self._lacking: Counter[tuple[str, str]] = Counter()
        self._sent: defaultdict[Key, list[int]] = defaultdict(lambda: [0, 0])
        self.people = 0
        self.last_end = 0
        self.skipped: Counter[str] = Counter()
        self.replies: Counter[str] = Counter()
        self.unheard = 0
        self.sub_journeys: Counter[str] = Counter()

    def entered(self) -> None:
        """One more person stands at the start."""
        self.people += 1
        self._nodes[self._graph.start].entered += 1

    def stepped(self, step: Step, now: int) -> None:
        """A step was taken."""
        for left in step.trail:
            if left.to:
                self._nodes[left.node].left[left.edge] += 1
                self._nodes[left.to].entered += 1
            elif left.outcome:
                self._ended(step, left.node, left.outcome, left.why)
                self.last_end = max(self.last_end, now)

    def _ended(self, step: Step, at: str, outcome: str, why: str) -> None:
        node = self._nodes[at]
        node.ended[outcome] += 1
        if outcome != FAILED:
            return
        if len(node.failures) < _REASONS or why in node.failures:
            node.failures[why] += 1
        if step.position.events >= MOST_EVENTS or len(step.trail) > MOST_STEPS:
            node.circles += 1

    def replied(self, node: str, kind: str, *, heard: bool) -> None:
        """A person wrote; `heard`: their node listens."""
        self.replies[kind] += 1
        if heard:
            self._nodes[node].replies[kind] += 1
        else:
            self.unheard += 1

    def unmatched(self, node: str) -> None:
        """A reply fitted no edge."""
        self._nodes[node].unmatched += 1

    def met(self, node: str, found: Obstacle, actor: Actor) -> None:
        """A message could not be written."""
        if found.outside_window and actor.note(node, ""):
            self._nodes[node].outside += 1
        for name in found.lacking:
            if actor.note(node, name):
                self._lacking[name, node] += 1
                examples = self._missing[name, node]
                insort(examples, actor.person.id)
                del examples[_EXAMPLES:]

    def sent(self, sender: Sender, content: Content, address: str, *, in_window: bool) -> None:
        """A message left."""
        category = sender.category(content)
        country = calling_code(address[1:4])
        count = self._sent[sender.name, sender.provider, category, country, in_window]
        count[0] += 1
        count[1] += segments(as_text(content)) if category == "sms" else 1

    def rests(self, actor: Actor, *, stuck: bool) -> None:
        """The person is still there at the end."""
        node = self._nodes[actor.position.node]
        node.here += 1
        node.stuck += stuck

    def forecast(self, *, started_at: int, until: int) -> Forecast:
        """All of it as values, nodes in the order of the graph."""
        outcomes: Counter[str] = Counter()
        for node in self._nodes.values():
            outcomes.update(node.ended)
        here = sum(node.here for node in self._nodes.values())
        return Forecast(
            people=self.people,
            skipped=_sorted(self.skipped),
            outcomes=_sorted(outcomes),
            here=here,
            nodes=tuple(self._node(node_id) for node_id in dict.fromkeys(n.id for n in self._graph.nodes)),
            replies=_sorted(self.replies),
            unheard=self.unheard,
            missing=tuple(
                Missing(name, node, n, tuple(self._missing[name, node]))
                for (name, node), n in sorted(self._lacking.items(), key=lambda item: (-item[1], item[0]))
            ),
            sent=tuple(Sent(*key, *count) for key, count in sorted(self._sent.items())),
            sub_journeys=_sorted(self.sub_journeys),
            started_at=started_at,
            until=until,
            finished_at=self.last_end if self.people and not here else None,
        )

    def _node(self, node_id: str) -> NodeForecast:
        node, told = self._nodes[node_id], self._graph.by_id[node_id]
        return NodeForecast(
            node_id,
            told.kind,
            told.name,
            node.entered,
            {edge: node.left[edge] for edge in self._ways(node_id, node)},
            _sorted(node.ended),
            node.here,
            node.stuck,
            _sorted(node.replies),
            node.unmatched,
            _sorted(node.failures),
            node.outside,
            node.circles,
        )

    def _ways(self, node_id: str, node: _Node) -> list[str]:
        """Every edge drawn, in the order they are tried, and what was left by otherwise."""
        drawn = [self._graph.key(edge) for edge in self._graph.leaving(node_id)]
        return list(dict.fromkeys([*drawn, *sorted(node.left)]))


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
