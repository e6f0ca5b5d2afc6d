"""Any graph, and anything that looks like one: read, checked, and written back."""

import copy
from typing import Any

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from clarion.domain.journey.graph import Graph, read_graph
from clarion.domain.journey.nodes import KINDS
from clarion.domain.journey.problems import Known, SenderFacts, TemplateFacts, check_graph, problems
from tests.support.journeys import DRAWN, NAMES, graphs

FULL = Known(
    attributes=frozenset({*NAMES, "birthday"}),
    senders={"Main": SenderFacts("twilio", has_window=False)},
    templates={("hello", "pt_BR"): TemplateFacts("APPROVED", ("body.1",))},
    lists=frozenset({"customers"}),
    journeys=frozenset({"Other"}),
)
EMPTY = Known(frozenset(), {}, {}, frozenset(), frozenset())

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["", "\x00", "\ud800", "next", "wait", "{{", "{{ x | y }}", "(", "1d", "1", "start"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def test_every_kind_of_node_is_drawn() -> None:
    assert set(DRAWN) == {kind.model_fields["kind"].default for kind in KINDS}


@given(graphs())
def test_a_graph_is_the_same_after_it_was_written_and_read(graph: Graph) -> None:
    written = graph.to_json()
    assert read_graph(written) == graph
    assert read_graph(orjson.dumps(written)) == graph
    assert read_graph(orjson.dumps(written).decode()) == graph
    assert read_graph(written).to_json() == written


@given(graphs())
def test_drawn_graphs_may_be_published(graph: Graph) -> None:
    assert [str(each) for each in problems(graph, FULL) if each.level == "error"] == []


@given(graphs())
def test_every_problem_names_a_node_of_the_graph_or_the_whole_journey(graph: Graph) -> None:
    for each in problems(graph, EMPTY):
        assert each.node in graph.by_id or each.node == ""
        assert each.problem


@given(values)
@example({"nodes": [{"id": "a", "kind": "audience", "at": [float("nan"), 0]}], "name": "x"})
@example({"name": "x", "nodes": [None, [], {"kind": []}], "edges": [{"from": {}, "to": [], "on": {}}]})
def test_anything_that_is_no_graph_is_refused_with_words(value: Any) -> None:
    for source in (value, {"name": "x", "nodes": value}, {"name": "x", "nodes": [], "edges": value}):
        graph, found = check_graph(source if isinstance(source, dict) else {"": source}, EMPTY)
        assert found, "none of these has a start"
        assert all(str(each).isprintable() for each in found)
        if graph is None:
            assert all(each.level == "error" for each in found)


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_any_bytes_and_any_text_are_refused_with_words(source: bytes | str) -> None:
    graph, found = check_graph(source)
    assert graph is None
    assert found


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """A graph in whose JSON one value was replaced, renamed or removed."""
    data: dict[str, Any] = copy.deepcopy(draw(graphs(largest=5)).to_json())
    place: Any = data
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return data
        key = draw(st.sampled_from(keys))
        deeper = isinstance(place[key], dict | list)
        if deeper and draw(st.booleans()):
            place = place[key]
            continue
        match draw(st.sampled_from(["replace", "remove", "rename"])):
            case "replace":
                place[key] = draw(values)
            case "remove":
                del place[key]
            case "rename" if isinstance(place, dict):
                place[draw(st.text(max_size=8))] = place.pop(key)
        return data


@given(spoilt())
def test_a_spoilt_graph_is_read_or_refused_and_never_breaks_the_checks(data: dict[str, Any]) -> None:
    for known in (FULL, EMPTY, Known()):
        graph, found = check_graph(data, known)
        assert graph or found
        for each in found:
            assert each.problem
            assert str(each).encode()
        if graph:
            assert read_graph(graph.to_json()) == graph
