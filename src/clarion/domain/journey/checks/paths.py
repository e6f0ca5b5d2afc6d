"""Who can come where: what all checks that follow people through the graph share."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from clarion.domain.journey.edges import Edge
from clarion.domain.journey.graph import Graph


@dataclass(frozen=True, slots=True)
class Arc:
    """One way from a node to another that exists; `edge` is None for a goto."""

    source: str
    to: str
    edge: Edge | None


class Paths:
    """The arcs of a graph, and its nodes in an order in which causes come before what follows from them."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        ends = [
            *((edge.source, edge.to, edge) for edge in graph.edges),
            *((node.id, to, None) for node in graph.nodes for to in node.leads_to()),
        ]
        self.arcs = [Arc(*each) for each in ends if each[0] in graph.by_id and each[1] in graph.by_id]

    @cached_property
    def after(self) -> Mapping[str, Sequence[str]]:
        """The nodes that follow each node directly."""
        return following((arc.source, arc.to) for arc in self.arcs)

    @cached_property
    def reached(self) -> frozenset[str]:
        """The nodes that somebody can come to; empty without a start."""
        return reachable([self.graph.start] if self.graph.start else [], self.after)


def following(pairs: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    """What follows each node directly, given pairs of neighbours."""
    after: dict[str, list[str]] = {}
    for source, to in pairs:
        after.setdefault(source, []).append(to)
    return after


def reachable(starts: Iterable[str], after: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """The starts and everything that follows from them."""
    found = set(starts)
    waiting = list(found)
    while waiting:
        new = set(after.get(waiting.pop(), ())) - found
        found |= new
        waiting.extend(new)
    return frozenset(found)


def knots(nodes: Iterable[str], after: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """The nodes, those that lead to each other together; each such knot before all that follow from it.

    Tarjan's strongly connected components, without recursion.
    """
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_nodes: list[str] = []
    closed: set[str] = set()
    found: list[list[str]] = []
    for root in nodes:
        if root in number:
            continue
        number[root] = lowest[root] = len(number)
        open_nodes.append(root)
        way = [(root, iter(after.get(root, ())))]
        while way:
            node, rest = way[-1]
            to = next(rest, None)
            if to is None:
                way.pop()
                if way:
                    lowest[way[-1][0]] = min(lowest[way[-1][0]], lowest[node])
                if lowest[node] == number[node]:
                    knot = [open_nodes.pop()]
                    while knot[-1] != node:
                        knot.append(open_nodes.pop())
                    closed.update(knot)
                    found.append(knot[::-1])
            elif to not in number:
                number[to] = lowest[to] = len(number)
                open_nodes.append(to)
                way.append((to, iter(after.get(to, ()))))
            elif to not in closed:
                lowest[node] = min(lowest[node], number[to])
    return found[::-1]


def circle(knot: Sequence[str], after: Mapping[str, Sequence[str]]) -> list[str]:
    """A shortest way from the first node of a knot back to it, both named; empty if there is none."""
    first, inside = knot[0], set(knot)
    before: dict[str, str] = {}
    waiting = deque([first])
    while waiting:
        node = waiting.popleft()
        for to in after.get(node, ()):
            if to == first:
                way = [node]
                while way[-1] != first:
                    way.append(before[way[-1]])
                return [*way[::-1], first]
            if to in inside and to not in before:
                before[to] = node
                waiting.append(to)
    return []
