"""Variables: used only where something before has given them, or contacts have an attribute of the name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from clarion.domain.errors import BadContent
from clarion.domain.journey.checks.inside import tests, texts
from clarion.domain.journey.checks.paths import Arc, Paths, knots
from clarion.domain.journey.conditions import Value
from clarion.domain.journey.edges import Edge, Regex
from clarion.domain.journey.nodes.audience import Audience
from clarion.domain.journey.nodes.base import BUILT_IN, Node
from clarion.domain.journey.nodes.goto import Goto
from clarion.domain.journey.nodes.message import Message
from clarion.domain.journey.problem import Hints, Level, Problem
from clarion.domain.journey.texts import read

_Names = frozenset[str]
_ANY = "*"
"""Stands for whatever another journey brings back."""
_MOST = 10
"""Names told of one node."""
_MOST_FOLLOWED = 2_000
"""Beyond so many names it only counts whether any node gives them, not whether it comes before."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a node looks at. Without a value for `needed` it fails; the others may be missing."""

    needed: _Names
    other: _Names
    attributes: _Names

    @property
    def names(self) -> _Names:
        """All of them."""
        return self.needed | self.other | self.attributes


def unknown(paths: Paths, attributes: _Names | None, hints: Hints) -> Iterator[Problem]:
    """A Problem for each variable that nothing gives. With `attributes` None, only where the graph itself shows it."""
    uses = {node.id: used(node) for node in paths.graph.nodes}
    given = _Given(paths, frozenset().union(*(use.names for use in uses.values())))
    handed_in = any(isinstance(node, Audience) and node.api for node in paths.graph.nodes)
    known = (attributes or frozenset()) | frozenset(given.writers)
    for node in paths.graph.nodes:
        yield from _hidden(node, paths.graph.leaving(node.id))
        if node.id not in paths.reached or given.has(node.id, _ANY):
            continue
        needed = uses[node.id].needed
        lacking = [
            name
            for name in sorted(uses[node.id].names - BUILT_IN - (attributes or frozenset()))
            if not given.has(node.id, name) and (attributes is not None or name in given.writers)
        ]
        for name in lacking[:_MOST]:
            certain = name in needed and attributes is not None and not handed_in
            words = _words(name, given.writers.get(name, []), known, hints)
            yield Problem(node.id, "", words, "error" if certain else "warning")
        if len(lacking) > _MOST:
            level: Level = "error" if attributes is not None and needed & {*lacking} else "warning"
            yield Problem(
                node.id, "", f"uses {len(lacking) - _MOST:,} more variables that nothing gives", level
            )


def used(node: Node) -> Use:
    """The variables and attributes a node looks at."""
    asked = [test for test in tests(node) if isinstance(test, Value)]
    variables = {test.variable for test in asked if test.variable}
    attributes = {test.attribute for test in asked if test.attribute}
    return Use(node.reads(), _shown(node) | variables, frozenset(attributes))


def _shown(node: Node) -> _Names:
    if isinstance(node, Message):
        try:
            return node.compiled.variables  # parsed once, for the engine too
        except BadContent:
            return frozenset()  # told with its place by the node's own check
    return frozenset().union(*(_in_text(text) for text in texts(node) if "{" in text))


def _in_text(text: str) -> _Names:
    try:
        return read(text).variables
    except ValueError:
        return frozenset()  # not Liquid but a path or an id: texts were read when the graph was


def _words(name: str, writers: list[str], known: _Names, hints: Hints) -> str:
    if writers:
        return f"uses {name!r}, which only {_listed(writers)} gives, and nobody comes here from there"
    hint = hints.nearest(name, known)
    return f"uses {name!r}, which is no attribute of any contact, and no node before gives it.{hint}"


def _listed(nodes: list[str]) -> str:
    return ", ".join(map(repr, nodes[:5])) + (", …" if len(nodes) > 5 else "")


def _hidden(node: Node, edges: tuple[Edge, ...]) -> Iterator[Problem]:
    groups = {name for edge in edges for name in _groups(edge)}
    for name in sorted((node.writes() | groups) & BUILT_IN):
        yield Problem(
            node.id, "", f"keeps something as {name!r}, which always means our own: choose another name"
        )


def _groups(edge: Edge | None) -> tuple[str, ...]:
    return edge.compiled.names if isinstance(edge, Regex) else ()


class _Given:
    """Which of the variables that are used may have been given before a person comes to a node."""

    def __init__(self, paths: Paths, used: _Names) -> None:
        self.paths, self.used = paths, used

    def has(self, node: str, name: str) -> bool:
        """Whether something on a way to the node may have given `name`."""
        if len(self._bits) > _MOST_FOLLOWED:
            return name in self.writers
        return bool(self._held[node] & self._bits.get(name, 0))

    @cached_property
    def writers(self) -> Mapping[str, list[str]]:
        """The nodes that give each variable that is used."""
        found: dict[str, list[str]] = {}
        for node in self.paths.graph.nodes:
            groups = {name for edge in self.paths.graph.leaving(node.id) for name in _groups(edge)}
            for name in (node.writes() | groups) & self.used:
                found.setdefault(name, []).append(node.id)
        return found

    @cached_property
    def _bits(self) -> Mapping[str, int]:
        return {name: 1 << n for n, name in enumerate(sorted({*self.writers, _ANY}))}

    @cached_property
    def _held(self) -> Mapping[str, int]:
        """For each node all that may have been given on some way to it, as bits."""
        order = knots((node.id for node in self.paths.graph.nodes), self.paths.after)
        knot_of = {node: n for n, knot in enumerate(order) for node in knot}
        held = [0] * len(order)
        leaving: list[list[tuple[int, int]]] = [[] for _ in order]
        for arc in self.paths.arcs:
            leaving[knot_of[arc.source]].append((knot_of[arc.to], self._gives(arc)))
        for n, ways in enumerate(leaving):
            for to, gives in ways:
                if to == n:
                    held[n] |= gives
            for to, gives in ways:
                held[to] |= held[n] | gives
        return {node: held[n] for node, n in knot_of.items()}

    def _gives(self, arc: Arc) -> int:
        node = self.paths.graph.by_id[arc.source]
        names = {*node.writes(), *_groups(arc.edge)}
        if isinstance(node, Goto) and node.returns:
            names.add(_ANY)
        bits = 0
        for name in names:
            bits |= self._bits.get(name, 0)
        return bits
