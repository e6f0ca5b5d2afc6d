"""What is different between two graphs, in the words people edit them with. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clarion.domain.journey.edges import Edge
from clarion.domain.journey.graph import Graph

SETTINGS = ("name", "description", "sender", "timezone")
"""What a graph says beside its nodes and edges."""
ORDER = "order"
"""The field of an edge that is tried at another place among the others of its node."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A node or an edge that both have, and the fields in which it differs. `key` is "" for a node."""

    node: str
    key: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """Edges are told apart by the node they leave and by their label: [node, key]."""

    added: tuple[tuple[str, str], ...]
    removed: tuple[tuple[str, str], ...]
    changed: tuple[Changed, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """From one graph to another. `settings`: the graph's own fields that differ; nodes are ids."""

    settings: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[Changed, ...]
    edges: Ways

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(
            self.settings
            or self.added
            or self.removed
            or self.changed
            or self.edges.added
            or self.edges.removed
            or self.edges.changed
        )


def difference(old: Graph, new: Graph) -> Difference:
    """What must be done to `old` to make it `new`. The order in which nodes are written is none of it."""
    before, after = old.by_id, new.by_id
    return Difference(
        settings=tuple(name for name in SETTINGS if getattr(old, name) != getattr(new, name)),
        added=tuple(node for node in after if node not in before),
        removed=tuple(node for node in before if node not in after),
        changed=tuple(
            Changed(node, "", fields)
            for node, held in before.items()
            if node in after and (fields := _fields(_plain(held), _plain(after[node])))
        ),
        edges=_ways(_edges(old), _edges(new)),
    )


def _edges(graph: Graph) -> dict[tuple[str, str], Edge]:
    sources = dict.fromkeys(edge.source for edge in graph.edges)
    return {(source, graph.key(edge)): edge for source in sources for edge in graph.leaving(source)}


def _ways(before: Mapping[tuple[str, str], Edge], after: Mapping[tuple[str, str], Edge]) -> Ways:
    moved = _moved([each for each in before if each in after], [each for each in after if each in before])
    changed = []
    for each, edge in before.items():
        if each in after:
            fields = _fields(_plain(edge), _plain(after[each]))
            fields += (ORDER,) if each in moved else ()
            if fields:
                changed.append(Changed(*each, fields))
    return Ways(
        added=tuple(each for each in after if each not in before),
        removed=tuple(each for each in before if each not in after),
        changed=tuple(changed),
    )


def _moved(before: Sequence[tuple[str, str]], after: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Edges that stand at another place among those of their node that both graphs have."""
    places: list[dict[tuple[str, str], int]] = []
    for edges in (before, after):
        counted: dict[str, int] = {}
        at: dict[tuple[str, str], int] = {}
        for each in edges:
            at[each] = counted[each[0]] = counted.get(each[0], -1) + 1
        places.append(at)
    return {each for each in before if places[0][each] != places[1][each]}


def _plain(part: Any) -> dict[str, Any]:
    plain: dict[str, Any] = part.model_dump(mode="json", by_alias=True)
    return plain


def _fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    missing = object()
    names = dict.fromkeys([*old, *new])
    return tuple(name for name in names if old.get(name, missing) != new.get(name, missing))
