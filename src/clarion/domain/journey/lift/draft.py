"""Our graph while it is being made from a foreign one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from clarion.domain.journey.edges import AnyEdge
from clarion.domain.journey.lift.layout import arrange
from clarion.domain.journey.lift.names import Names
from clarion.domain.journey.lift.report import Report, brief
from clarion.domain.journey.nodes import AnyNode
from clarion.domain.journey.nodes.base import Node

NOT_CARRIED = "not carried over"
"""The outcome of placeholders: how many people came there can be counted."""

_NODE: TypeAdapter[Node] = TypeAdapter(AnyNode)
_EDGE: TypeAdapter[Any] = TypeAdapter(AnyEdge)

Json = dict[str, Any]


@dataclass(slots=True)
class Draft:
    """Nodes and edges in the order they were found. `origin` is the foreign id of each node."""

    report: Report
    ids: Names = field(default_factory=Names)
    nodes: dict[str, Json] = field(default_factory=dict)
    edges: list[Json] = field(default_factory=list)
    origin: dict[str, str] = field(default_factory=dict)
    _over: str = ""

    def add(
        self, kind: str, node: str, where: str, *, name: str = "", at: tuple[float, float], **fields: Any
    ) -> Json:
        """A node of ours for the foreign `where`. Fields that are empty are left out."""
        said = {key: value for key, value in fields.items() if value not in ("", None, [], {})}
        self.nodes[node] = made = {"id": node, "kind": kind, "name": name[:200], "at": list(at), **said}
        self.origin[node] = where
        return made

    def placeholder(self, node: str, where: str, *, name: str, at: tuple[float, float], why: str) -> None:
        """An end that stands where something could not be carried over."""
        self.add("end", node, where, name=f"{NOT_CARRIED}: {name}", at=at, outcome=NOT_CARRIED)
        self.report.lost(where, why)

    def draw(self, source: str, to: str, on: str = "next", **fields: Any) -> None:
        """An edge between two nodes of ours, which may be added later."""
        said = {key: value for key, value in fields.items() if value not in ("", None, [], {})}
        self.edges.append({"from": source, "to": to, "on": on, **said})

    def has_start(self) -> bool:
        """Whether people can enter."""
        return any(node["kind"] == "audience" for node in self.nodes.values())

    def begin(self, before: str, at: tuple[float, float]) -> None:
        """A start of our own before the node at `at`."""
        start = self.ids.fresh("start")
        self.add("audience", start, "", name="Start", at=(at[0], at[1] - 160))
        self.draw(start, before)

    def over(self) -> str:
        """The node where ways end that led nowhere."""
        if not self._over:
            self._over = self.ids.fresh("end")
            low = max((node["at"][1] for node in self.nodes.values()), default=0.0)
            self.add("end", self._over, "", name="End", at=(0.0, low + 160))
        return self._over

    def below(self, node: str) -> tuple[float, float]:
        """A place for what is put in after a node."""
        x, y = self.nodes[node]["at"]
        return (x + 40.0, y + 90.0)

    def finish(self, name: str, description: str, sender: str) -> Json:
        """The graph. What our own rules refuse becomes a placeholder, or a note for an edge."""
        for node in list(self.nodes):
            self._settle(node)
        if self._heaped():
            arrange(self.nodes, self.edges)
        graph = {"format": "clarion.journey/1", "name": name, "description": description, "sender": sender}
        said = {key: value for key, value in graph.items() if value}
        return {**said, "nodes": list(self.nodes.values()), "edges": list(self._sound())}

    def _heaped(self) -> bool:
        """Whether most of the nodes stand on top of another one: the file had no places for them."""
        spots = {tuple(node["at"]) for node in self.nodes.values()}
        return len(self.nodes) > 2 and 2 * len(spots) <= len(self.nodes) + 1

    def _settle(self, node: str) -> None:
        made = self.nodes[node]
        try:
            _NODE.validate_json(orjson.dumps(made), strict=True)
        except ValidationError as error:
            where = self.origin[node] or node
            self.placeholder(
                node,
                where,
                name=made["name"] or where,
                at=(made["at"][0], made["at"][1]),
                why=f"The {made['kind']} it became cannot be kept: {_said(error)}. An end stands in its place: put in "
                "what you need and draw its ways on again.",
            )

    def _sound(self) -> Iterator[Json]:
        """Edges that fit; those of nodes that became an end are told of and left out."""
        for edge in self.edges:
            source, to = edge["from"], edge["to"]
            where = self.origin[source] or source
            if self.nodes[source]["kind"] == "end":
                self.report.lost(where, f"Its way {edge['on']!r} to {self.origin[to] or to!r} is not drawn.")
                continue
            try:
                _EDGE.validate_json(orjson.dumps(edge), strict=True)
            except ValidationError as error:
                self.report.lost(
                    where,
                    f"Its way {edge['on']!r} to {self.origin[to] or to!r} is not drawn: {_said(error)}.",
                )
                continue
            yield edge


def _said(error: ValidationError) -> str:
    found = error.errors(include_url=False)[0]
    place = "/".join(str(part) for part in found["loc"][1:])
    words = found["msg"].removeprefix("Value error, ").rstrip(".")
    return brief(f"{place}: {words}" if place else words, 300)
