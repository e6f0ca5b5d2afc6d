"""A journey's graph: one JSON format for the builder, the API, the command line, files and the engine."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clarion.domain.errors import BadGraph
from clarion.domain.journey.edges import AnyEdge, Edge
from clarion.domain.journey.limits import DEEPEST, LARGEST, MOST_EDGES, MOST_NODES, too_much
from clarion.domain.journey.nodes import AnyNode
from clarion.domain.journey.nodes.base import Node
from clarion.domain.journey.problem import Problem, explain


class Graph(BaseModel):
    """Nodes and edges. Frozen: a published version never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    format: Literal["clarion.journey/1"] = Field("clarion.journey/1", description="What this file is.")
    name: str = Field(min_length=1, max_length=200, description="Unique in the workspace.")
    description: str = Field("", max_length=2_000, description="For people only.")
    sender: str = Field("", max_length=200, description="The name of the sender its messages leave from.")
    timezone: str = Field("UTC", description="For people whose own is not known: an IANA name.")
    nodes: tuple[AnyNode, ...] = Field(max_length=MOST_NODES, description="The places.")
    edges: tuple[AnyEdge, ...] = Field(
        (),
        max_length=MOST_EDGES,
        description="The ways between them; those of one node in the order they are tried.",
    )

    @cached_property
    def by_id(self) -> Mapping[str, Node]:
        """Nodes by their id; of two with the same id the first."""
        return {node.id: node for node in reversed(self.nodes)}

    @cached_property
    def start(self) -> str:
        """The id of the audience node, "" if there is none."""
        return next((node.id for node in self.nodes if node.kind == "audience"), "")

    @cached_property
    def _leaving(self) -> Mapping[str, tuple[Edge, ...]]:
        found: dict[str, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(edge.source, []).append(edge)
        return {node: tuple(sorted(edges, key=lambda e: e.on == "fallback")) for node, edges in found.items()}

    @cached_property
    def _keys(self) -> Mapping[int, str]:
        keys: dict[int, str] = {}
        for edges in self._leaving.values():
            seen: dict[str, int] = {}
            for edge in edges:
                label = edge.label if len(edge.label) <= 60 else f"{edge.label[:59]}…"
                seen[label] = seen.get(label, 0) + 1
                keys[id(edge)] = label if seen[label] == 1 else f"{label} #{seen[label]}"
        return keys

    def leaving(self, node: str) -> tuple[Edge, ...]:
        """The node's edges in the order they are tried."""
        return self._leaving.get(node, ())

    def key(self, edge: Edge) -> str:
        """What traces and counts call the edge: its label, told apart from others like it on the node."""
        return self._keys[id(edge)]

    def listens(self, node: str) -> bool:
        """Whether replies are meant for a position at this node."""
        return self.by_id[node].listens

    def awaits(self, node: str) -> frozenset[str]:
        """The statuses of the newest message a position at this node wants to hear of."""
        return self.by_id[node].awaits(self.leaving(node))

    def to_json(self) -> dict[str, Any]:
        """The stored form: only what says something, in a stable order."""
        data = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        nodes = [
            {"id": n.id, "kind": n.kind, **n.model_dump(mode="json", by_alias=True, exclude_defaults=True)}
            for n in self.nodes
        ]
        edges = [
            {
                "from": e.source,
                "to": e.to,
                "on": e.on,
                **e.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            }
            for e in self.edges
        ]
        return {"format": self.format, "name": self.name, **data, "nodes": nodes, "edges": edges}


def read_graph(source: bytes | str | Mapping[str, Any]) -> Graph:
    """The graph in a file's bytes or in parsed JSON. Raises BadGraph with every problem of shape, named by place."""
    if isinstance(source, Mapping):
        # Deep or unstorable values are looked for first: the JSON writer would refuse them without saying where.
        _refuse(too_much(source))
        data = _parsed(_written(source))
    else:
        data = _parsed(source)
        _refuse(too_much(data))
    for edge in data["edges"] if isinstance(data.get("edges"), list) else ():
        if isinstance(edge, dict):
            edge.setdefault("on", "next")
    try:
        # Through JSON, because only there strict means what people write: a list is a tuple, "1" is not 1.
        return Graph.model_validate_json(orjson.dumps(data), strict=True)
    except ValidationError as error:
        raise BadGraph(explain(error, data)) from None


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise BadGraph(problems)


def _written(data: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(data)
    except TypeError as error:
        raise BadGraph([Problem("", "", f"is not JSON: {error}")]) from None


def _parsed(source: bytes | str) -> dict[str, Any]:
    if len(source) > LARGEST:
        raise BadGraph([Problem("", "", f"is larger than {LARGEST >> 20} MiB")])
    try:
        data = orjson.loads(source)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        if "depth limit" in error.msg:
            raise BadGraph([Problem("", where, f"is nested more than {DEEPEST} levels deep")]) from None
        if "surrogate" in error.msg:
            raise BadGraph([Problem("", where, "is not UTF-8, or holds half of a surrogate pair")]) from None
        raise BadGraph([Problem("", where, f"is not JSON: {error.msg}")]) from None
    if not isinstance(data, dict):
        raise BadGraph([Problem("", "", "must be a JSON object with nodes and edges")])
    return data
