"""What stands inside a node, however deep: its texts, and the tests of its conditions."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel

from clarion.domain.journey.conditions import DEEPEST, All, Listed, Not, Some, Value
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.nodes.base import Node
from clarion.domain.journey.problem import Problem

_NOT_FILLED_IN = ("id", "kind", "name", "at")


def texts(node: Node) -> Iterator[str]:
    """Every text of a node that may hold variables."""
    for name, value in _fields(node):
        if name not in _NOT_FILLED_IN:
            yield from (leaf for leaf in _leaves(value) if isinstance(leaf, str))


def tests(node: Node) -> Iterator[Value | Listed]:
    """What its conditions ask of variables, attributes and lists."""
    for _, value in _fields(node):
        yield from (leaf for leaf in _leaves(value) if isinstance(leaf, Value | Listed))


def too_deep(graph: Graph) -> Iterator[Problem]:
    """Conditions with more levels than anybody can follow."""
    for node in graph.nodes:
        for name, value in _fields(node):
            if (levels := _levels(value)) > DEEPEST:
                words = (
                    f"has a condition of {levels} levels of all, any and not, at most {DEEPEST} are allowed"
                )
                yield Problem(node.id, name, words)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, str | Value | Listed):
        yield value
    elif isinstance(value, BaseModel):
        for _, part in _fields(value):
            yield from _leaves(part)
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _leaves(part)
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _leaves(part)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from _leaves(getattr(value, field.name))


def _levels(value: Any) -> int:
    if isinstance(value, tuple):
        return max(map(_levels, value), default=0)
    if not isinstance(value, BaseModel):
        return 0
    inside = max((_levels(part) for _, part in _fields(value)), default=0)
    return inside + isinstance(value, All | Some | Not)


def _fields(model: BaseModel) -> Iterator[tuple[str, Any]]:
    return ((name, getattr(model, name)) for name in type(model).model_fields)
