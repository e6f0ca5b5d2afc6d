"""The JSON Schema (draft 2020-12) of a graph and of each kind of node: what the builder and other programs go by."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import to_jsonable_python

from clarion.domain.journey.edges import AnyEdge
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.nodes import KINDS
from clarion.domain.journey.nodes.base import Node

DIALECT = GenerateJsonSchema.schema_dialect


def node_schemas() -> dict[str, dict[str, Any]]:
    """The schema of each kind of node, in the order of the documentation."""
    schemas = [node.model_json_schema(by_alias=True) for node in KINDS]
    return {schema["title"]: {"$schema": DIALECT, **schema} for schema in schemas}


@dataclass(frozen=True, slots=True)
class NodeKind:
    """One kind of node for a builder. `ports`: which edges may leave it (their `on`), `needs`: which must be drawn.

    `defaults`: the fields that may be left out, and what they then are.
    """

    kind: str
    title: str
    about: str
    ports: tuple[str, ...]
    needs: tuple[str, ...]
    listens: bool
    defaults: Mapping[str, Any]
    example: Mapping[str, Any]
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EdgeKind:
    """One kind of edge. `answers`: a reply decides about it."""

    on: str
    about: str
    answers: bool
    schema: Mapping[str, Any]


@cache
def node_kinds() -> tuple[NodeKind, ...]:
    """Every kind of node, in the order of the documentation."""
    return tuple(_node_kind(node, *each) for node, each in zip(KINDS, node_schemas().items(), strict=True))


@cache
def edge_kinds() -> tuple[EdgeKind, ...]:
    """Every kind of edge, in the order of the documentation."""
    found = []
    for edge in get_args(get_args(AnyEdge)[0]):
        schema = {"$schema": DIALECT, **edge.model_json_schema(by_alias=True)}
        found.append(
            EdgeKind(edge.model_fields["on"].default, str(schema["description"]), edge.answers, schema)
        )
    return tuple(found)


def _node_kind(node: type[Node], kind: str, schema: Mapping[str, Any]) -> NodeKind:
    optional = {
        name: field for name, field in node.model_fields.items() if not field.is_required() and name != "kind"
    }
    return NodeKind(
        kind=kind,
        title=kind.capitalize(),
        about=str(schema["description"]),
        ports=node.ports,
        needs=node.needs,
        listens=node.listens,
        defaults=to_jsonable_python(
            {
                field.alias or name: field.get_default(call_default_factory=True)
                for name, field in optional.items()
            }
        ),
        example=node.example,
        schema=schema,
    )


def graph_schema() -> dict[str, Any]:
    """The schema of a whole journey."""
    return {"$schema": DIALECT, **Graph.model_json_schema(by_alias=True), "title": "Journey"}
