"""Published versions, parsed once: they never change."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from clarion.domain.content import Template
from clarion.domain.journey.conditions import Heard, Listed, walk
from clarion.domain.journey.graph import Graph, read_graph
from clarion.domain.journey.nodes.message import Message
from clarion.store import dialect
from clarion.store.db import Tx

_PASSED = frozenset({"audience", "split", "update", "goto", "handoff"})
"""Kinds that people may pass in the same step."""


@dataclass(frozen=True)
class Version:
    """A frozen graph, and which facts its steps look at: what nobody asks for is not loaded."""

    id: int
    journey_id: int
    graph: Graph

    @cached_property
    def sender_names(self) -> frozenset[str]:
        """Every sender its messages name."""
        named = {node.sender for node in self.graph.nodes if isinstance(node, Message)}
        return frozenset({self.graph.sender, *named} - {""})

    def asks_window(self, node: str) -> bool:
        """Whether somebody at this node may be sent something that is no template before they rest again."""
        return node in self._before_free_text

    @cached_property
    def _before_free_text(self) -> frozenset[str]:
        found = {
            node.id
            for node in self.graph.nodes
            if isinstance(node, Message) and not isinstance(node.content, Template)
        }
        leads = {
            node.id: {*(edge.to for edge in self.graph.leaving(node.id)), *node.leads_to()}
            for node in self.graph.nodes
        }
        grown = found
        while grown:
            # Back over nodes that are passed at once, to the last one where people may rest.
            through = {node for node in grown if self.graph.by_id[node].kind in _PASSED or node in found}
            grown = {node for node, to in leads.items() if to & through} - found
            found |= grown
        return frozenset(found)

    @cached_property
    def asks_lists(self) -> bool:
        """Whether a condition looks at lists."""
        return self._looks_at(Listed)

    @cached_property
    def asks_status(self) -> bool:
        """Whether a node looks at how far the newest message got."""
        awaited = any(edge.on in ("delivered", "read", "failed") for edge in self.graph.edges)
        return awaited or self._looks_at(Heard)

    def _looks_at(self, kind: type) -> bool:
        return any(
            isinstance(part, kind)
            for node in self.graph.nodes
            for branch in getattr(node, "branches", ())
            if getattr(branch, "when", None) is not None
            for part in walk(branch.when)
        )


class Versions:
    """The versions in use, the least used forgotten first."""

    def __init__(self, *, keep: int = 200) -> None:
        self._keep = keep
        self._held: OrderedDict[int, Version] = OrderedDict()

    async def load(self, tx: Tx, ids: Iterable[int]) -> Mapping[int, Version]:
        """These versions by id."""
        wanted = set(ids)
        for ident in sorted(wanted - set(self._held)):
            row = await tx.first(
                "SELECT journey_id, graph FROM journey_versions WHERE id = :id", {"id": ident}
            )
            if row is not None:
                graph = read_graph(dialect.json_value(row.graph))
                self._held[ident] = Version(ident, row.journey_id, graph)
        found = {ident: self._held[ident] for ident in wanted if ident in self._held}
        for ident in found:
            self._held.move_to_end(ident)
        while len(self._held) > max(self._keep, len(wanted)):
            self._held.popitem(last=False)
        return found
