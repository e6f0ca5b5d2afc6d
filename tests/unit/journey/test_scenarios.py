"""Journeys as files: a graph, what happens to one person in it, and what each event must do.

A file has `about`, `graph`, `facts` (over BASE) and `events`. Each event has its `event`, `facts` that are new from
here on, and `expect`: the verdict, where the position stands, the effects without what is at its default, and the
key of the last edge taken. `variables`, `outcome`, `reason` and `tried` are compared where they are written, or
when the position has them. Instants are written in ISO form.
"""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest

from clarion.domain.content import to_json
from clarion.domain.journey.edges import AnyEdge
from clarion.domain.journey.effects import Effect, Send
from clarion.domain.journey.events import from_json
from clarion.domain.journey.graph import Graph, read_graph
from clarion.domain.journey.nodes import KINDS
from clarion.domain.journey.position import Facts, Position
from clarion.domain.journey.step import Step, step

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.json"))
BASE = {"now": "2026-03-02T12:00:00Z", "person": "p1", "address": "+5581999990001", "run": "spring"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_event_does_what_the_scenario_expects(file: Path) -> None:
    for scene, done in played(file):
        expected = scene["expect"]
        assert shown(done, expected) == expected, f"{file.name}: {scene['event']}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_graph_of_each_scenario_is_in_order(file: Path) -> None:
    graph = load(file)[1]
    for node in graph.nodes:
        edges = graph.leaving(node.id)
        assert list(node.check(edges)) == []
        assert {edge.on for edge in edges} <= set(node.ports)


@pytest.mark.parametrize("kind", [node.model_fields["kind"].default for node in KINDS])
def test_each_kind_of_node_has_a_scenario(kind: str) -> None:
    assert kind in passed()[0]


@pytest.mark.parametrize("on", [edge.model_fields["on"].default for edge in get_args(get_args(AnyEdge)[0])])
def test_each_kind_of_edge_has_a_scenario(on: str) -> None:
    assert on in passed()[1]


def load(file: Path) -> tuple[dict[str, Any], Graph]:
    told = orjson.loads(file.read_bytes())
    graph = read_graph({"format": "clarion.journey/1", "name": file.stem, **told["graph"]})
    return told, graph


def played(file: Path) -> Iterator[tuple[dict[str, Any], Step]]:
    told, graph = load(file)
    known = {**BASE, **told.get("facts", {})}
    position = Position(graph.start)
    for scene in told["events"]:
        known = {**known, **scene.get("facts", {})}
        event = dict(scene["event"])
        done = step(graph, position, from_json(event.pop("kind"), event), facts(known))
        position = done.position
        yield scene, done


@cache
def passed() -> tuple[set[str], set[str]]:
    """The kinds of nodes that scenarios pass, and of edges that they take."""
    nodes, edges = set(), set()
    for file in FILES:
        graph = load(file)[1]
        for _, done in played(file):
            for left in done.trail:
                nodes.add(graph.by_id[left.node].kind)
                edges |= {edge.on for edge in graph.leaving(left.node) if graph.key(edge) == left.edge}
    return nodes, edges


def facts(known: Mapping[str, Any]) -> Facts:
    named = {name: frozenset(known.get(name, ())) for name in ("tags", "lists")}
    until = known.get("window_until")
    return Facts(**{**known, **named, "now": micros(known["now"]), "window_until": until and micros(until)})


def shown(done: Step, expected: Mapping[str, Any]) -> dict[str, Any]:
    """What the step did, in the words of a scenario."""
    at = done.position
    told: dict[str, Any] = {"verdict": done.verdict.value, "node": at.node, "visit": at.visit}
    told["effects"] = [effect_shown(effect) for effect in done.effects]
    told["edge"] = next((left.edge for left in reversed(done.trail) if left.edge), "")
    if at.outcome or "outcome" in expected:
        told["outcome"] = at.outcome
    if at.reason or "reason" in expected:
        told["reason"] = at.reason
    if "variables" in expected:
        told["variables"] = dict(at.variables)
    if "tried" in expected:
        told["tried"] = [[each.edge, each.taken, each.why] for left in done.trail for each in left.tried]
    return told


def effect_shown(effect: Effect) -> dict[str, Any]:
    told: dict[str, Any] = {"effect": type(effect).__name__}
    for field in fields(effect):
        value = getattr(effect, field.name)
        default = field.default if field.default_factory is MISSING else field.default_factory()
        if value != default:
            told[field.name] = list(value) if isinstance(value, tuple) else value
    if isinstance(effect, Send):
        told["content"] = to_json(effect.content)
    if "at" in told:
        told["at"] = (EPOCH + timedelta(microseconds=told["at"])).isoformat().replace("+00:00", "Z")
    return told


def micros(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)
