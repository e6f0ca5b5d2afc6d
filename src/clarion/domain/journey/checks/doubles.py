"""Edges that are never taken, because one before them on the same node always fits first."""

from collections.abc import Iterator

from clarion.domain.journey.edges import Edge, Keywords, Payload, Regex
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.problem import Problem
from clarion.domain.journey.words import fold

_LONGEST = 20
"""Words of a phrase up to which it is looked for inside others."""

_Phrase = tuple[str, ...]


def never_taken(graph: Graph) -> Iterator[Problem]:
    """A Problem for each edge that an earlier one hides."""
    for node in graph.nodes:
        seen = _Seen()
        for edge in graph.leaving(node.id):
            if edge.on == "branch":
                continue  # the split looks at its branches itself
            if hidden := seen.hides(edge):
                drawn = f"{edge.source} → {edge.to}"
                words = f"`{_short(edge.label)}` is never taken: {hidden}. Remove it, or put it first"
                yield Problem(node.id, "", words, edge=drawn)


class _Seen:
    """The edges of one node that were looked at."""

    def __init__(self) -> None:
        self.conditions: set[tuple[object, ...]] = set()
        self.anywhere: set[_Phrase] = set()
        self.exactly: set[_Phrase] = set()

    def hides(self, edge: Edge) -> str:
        """Why the edge is never taken after those before it; "" if it may be."""
        phrases = [fold(word) for word in edge.words] if isinstance(edge, Keywords) else []
        condition = _condition(edge, phrases)
        why = ""
        if condition in self.conditions:
            why = "the edge before it is the same"
        elif isinstance(edge, Keywords) and self._all_caught(phrases, edge.match):
            why = "all its words are caught by edges before it"
        self.conditions.add(condition)
        if isinstance(edge, Keywords):
            self._remember(phrases, edge.match)
        return why

    def _remember(self, phrases: list[_Phrase], match: str) -> None:
        if match == "exact":
            self.exactly.update(phrases)
        elif match == "any" or len(set(phrases)) == 1:
            self.anywhere.update(phrases)

    def _all_caught(self, phrases: list[_Phrase], match: str) -> bool:
        caught = (self._caught(each) or (match == "exact" and each in self.exactly) for each in phrases)
        return any(caught) if match == "all" else all(caught)

    def _caught(self, phrase: _Phrase) -> bool:
        """Whether every text with this phrase has one that an earlier edge looks for anywhere."""
        if not self.anywhere or len(phrase) > _LONGEST:
            return phrase in self.anywhere
        starts = range(len(phrase))
        return any(phrase[a:z] in self.anywhere for a in starts for z in range(a + 1, len(phrase) + 1))


def _condition(edge: Edge, phrases: list[_Phrase]) -> tuple[object, ...]:
    match edge:
        case Payload(value=value):
            return ("payload", value)
        case Regex(pattern=pattern):
            return ("regex", pattern)
        case Keywords(match=match):
            return ("keywords", frozenset(phrases), match)
    return (edge.on,)


def _short(label: str) -> str:
    return label if len(label) <= 60 else f"{label[:59]}…"
