"""Reading a graph: what is refused on save, with which place, and that nothing costs much."""

import time
from typing import Any

import orjson
import pytest

from clarion.domain.errors import BadGraph
from clarion.domain.journey.graph import read_graph
from clarion.domain.journey.limits import DEEPEST, LARGEST, MOST_EDGES, MOST_NODES
from clarion.domain.journey.problem import Problem

START = {"id": "start", "kind": "audience"}
END = {"id": "end", "kind": "end"}


def graph(
    nodes: Any = (START, END), edges: Any = ({"from": "start", "to": "end"},), **fields: Any
) -> dict[str, Any]:
    return {"name": "A journey", "nodes": list(nodes), "edges": list(edges), **fields}


def refused(source: Any) -> list[Problem]:
    """The problems that `source` is refused with; within two seconds, however hostile it is."""
    begun = time.perf_counter()
    with pytest.raises(BadGraph) as refusal:
        read_graph(source)
    assert time.perf_counter() - begun < 2
    assert str(refusal.value).encode()
    return [each for each in refusal.value.problems if isinstance(each, Problem)]


def condition(levels: int) -> Any:
    inner: Any = {"tag": "x"}
    for _ in range(levels):
        inner = {"not": inner}
    return inner


def with_edge(**edge: Any) -> dict[str, Any]:
    return graph(edges=[{"from": "start", "to": "end", **edge}])


def with_node(**node: Any) -> dict[str, Any]:
    return graph(nodes=[START, {"id": "x", **node}, END])


@pytest.mark.parametrize(
    ("source", "place", "said"),
    [
        pytest.param(with_node(kind="zork"), "node 'x'", "there is no `kind` 'zork'", id="unknown node kind"),
        pytest.param(
            with_node(kind="mesage"), "node 'x'", "Did you mean 'message'?", id="mistyped node kind"
        ),
        pytest.param(with_node(), "node 'x'", "`kind` is missing", id="no kind"),
        pytest.param(with_node(kind=["wait"]), "node 'x'", "there is no `kind`", id="a list as kind"),
        pytest.param(graph(nodes=[START, 7]), "node '#2'", "must be an object", id="a number as node"),
        pytest.param(graph(nodes=[START, {"kind": "end"}]), "node '#2', id", "is missing", id="no id"),
        pytest.param(
            with_node(kind="end", outcom="x"), "node 'x', outcom", "is not a field here", id="unknown field"
        ),
        pytest.param(
            graph(nodes=[{**START, "at": ["1", 0]}]), "node 'start', at/0", "number", id="'1' for 1"
        ),
        pytest.param(
            graph(nodes=[{**START, "at": [True, 0]}]), "node 'start', at/0", "number", id="true for 1"
        ),
        pytest.param(graph(nodes=[{**START, "api": 1}]), "node 'start', api", "boolean", id="1 for true"),
        pytest.param(
            graph(nodes=[{**START, "lists": "x"}]), "node 'start', lists", "array", id="a text for a list"
        ),
        pytest.param(graph(nodes=[{"id": 7, "kind": "end"}]), "node '7', id", "string", id="a number as id"),
        pytest.param(graph(nodes=[{"id": "a b", "kind": "end"}]), "node 'a b', id", "pattern", id="a bad id"),
        pytest.param(
            graph(nodes=[{**START, "filter": {"all": [{"attribute": "x", "matches": r"\1"}]}}]),
            "node 'start', filter/all/0/matches",
            "at character 1",
            id="a bad pattern in a condition",
        ),
        pytest.param(
            with_node(
                kind="message", content={"type": "buttons", "body": "x", "buttons": [{"id": 1, "title": "y"}]}
            ),
            "node 'x', content/buttons/0/id",
            "must be a text",
            id="a button's id",
        ),
        pytest.param(
            with_node(kind="message", content={"type": "zork"}),
            "node 'x', content/type",
            "one of text",
            id="an unknown kind of content",
        ),
        pytest.param(
            with_node(kind="wait", timeout="soon"), "node 'x', timeout", "'soon' is not a duration", id="span"
        ),
        pytest.param(
            with_edge(on="zork"), "edge 'start → end'", "there is no `on` 'zork'", id="unknown edge kind"
        ),
        pytest.param(with_edge(on="payload"), "edge 'start → end', value", "is missing", id="no payload"),
        pytest.param(
            with_edge(on="regex", pattern="ab(?=c)"),
            "edge 'start → end', pattern",
            "at character 3",
            id="a bad pattern",
        ),
        pytest.param(
            with_edge(on="keywords", words=["a", 1]),
            "words/1",
            "must be a valid string",
            id="a number as word",
        ),
        pytest.param(graph(edges=[None]), "edge '#1'", "must be an object", id="null as edge"),
        pytest.param(graph(edges={"from": "a"}) | {"edges": {}}, "edges", "array", id="edges as an object"),
        pytest.param(graph(format="clarion.journey/2"), "format", "clarion.journey/1", id="another format"),
        pytest.param(graph(extra=1), "extra", "is not a field here", id="an unknown field"),
        pytest.param({"nodes": []}, "name", "is missing", id="no name"),
        pytest.param(graph(name="x\0y"), "name", "NUL", id="NUL"),
        pytest.param(
            graph(nodes=[{**START, "na\0me": 1}]), "node 'start', na�me", "NUL", id="NUL in a field's name"
        ),
        pytest.param(
            graph(
                nodes=[START, {"id": "m", "kind": "message", "content": {"type": "text", "body": "\ud800"}}]
            ),
            "node 'm', content/body",
            "surrogate",
            id="half a surrogate pair",
        ),
        pytest.param(
            graph(nodes=[{**START, "at": [float("nan"), 0]}]), "node 'start', at/0", "nan", id="NaN"
        ),
        pytest.param(
            graph(nodes=[{**START, "at": [float("-inf"), 0]}]), "node 'start', at/0", "inf", id="infinity"
        ),
    ],
)
def test_R16_what_has_the_wrong_shape_is_refused_with_its_place(source: Any, place: str, said: str) -> None:
    found = [str(each) for each in refused(source)]
    assert any(place in each and said in each for each in found), found


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param(b"", "line 1, column 1: is not JSON", id="nothing"),
        pytest.param(b"{", "line 1, column", id="cut off"),
        pytest.param(b'{"name": "x",\n "nodes": [}', "line 2, column", id="the line is told"),
        pytest.param(b'{"name": NaN}', "is not JSON", id="NaN"),
        pytest.param(b'{"name": 1e999}', "is not JSON", id="a number without end"),
        pytest.param(b'{"name": "x"}}', "is not JSON", id="something behind it"),
        pytest.param(b'{"name": "\\ud800"}', "surrogate", id="half a surrogate pair, escaped"),
        pytest.param('{"name": "\ud800"}', "surrogate", id="half a surrogate pair"),
        pytest.param(b'\xff\xfe{"name": "x"}', "UTF-8", id="not UTF-8"),
        pytest.param(b"\0", "is not JSON", id="a NUL"),
        pytest.param(b'{"name": "\\u0000", "nodes": []}', "name: must not hold NUL", id="an escaped NUL"),
        pytest.param(b"[]", "must be a JSON object", id="a list"),
        pytest.param(b"null", "must be a JSON object", id="null"),
        pytest.param({1: 2}, "is not JSON", id="a number as a field's name"),
        pytest.param({"name": object()}, "is not JSON", id="no JSON at all"),
        pytest.param({"name": 2**70}, "is not JSON", id="a whole number without end"),
    ],
)
def test_R16_what_is_not_json_is_refused(source: Any, said: str) -> None:
    assert any(said in str(each) for each in refused(source))


def test_R16_a_condition_ten_thousand_levels_deep_is_refused() -> None:
    [told] = refused(graph(nodes=[{**START, "filter": condition(10_000)}]))
    assert told.node == "start"
    assert told.field.startswith("filter/not/not")
    assert f"more than {DEEPEST} levels" in told.problem
    deep = b'{"not":' * 10_000 + b'{"tag":"x"}' + b"}" * 10_000
    [told] = refused(b'{"name":"x","nodes":[{"id":"start","kind":"audience","filter":' + deep + b"}]}")
    assert f"more than {DEEPEST} levels" in told.problem
    assert told.field.startswith("line 1, column")


@pytest.mark.parametrize("levels", [DEEPEST - 2, DEEPEST, 200, 1_000])
def test_R16_other_depths_are_refused_without_recursion(levels: int) -> None:
    for place in (condition(levels), [condition(levels)], {"all": [condition(levels)]}):
        assert refused(graph(nodes=[{**START, "filter": place}]))
    assert refused(b"[" * 1_000_000)
    assert refused(b'{"a":' * 100_000)


def test_a_value_that_holds_itself_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["again"] = loop
    assert "levels deep" in refused(loop)[0].problem


def test_R16_a_hundred_thousand_nodes_are_refused_without_looking_at_them() -> None:
    nodes = [{"id": f"n{n}", "kind": "end"} for n in range(100_000)]
    for source in (graph(nodes), orjson.dumps(graph(nodes))):
        assert str(*refused(source)) in {
            f"nodes: has 100,000 entries, at most {MOST_NODES:,} are allowed",
            f"the journey: is larger than {LARGEST >> 20} MiB",
        }
    edges = [{"from": "start", "to": "end"}] * (MOST_EDGES + 1)
    assert str(*refused(graph(edges=edges))).startswith("edges: has 10,001 entries")


def test_more_bytes_than_any_graph_has_are_refused() -> None:
    assert str(*refused(graph(description="x" * LARGEST))) == "the journey: is larger than 4 MiB"
    assert str(*refused(b" " * (LARGEST + 1))) == "the journey: is larger than 4 MiB"


def regexes(patterns: list[str]) -> dict[str, Any]:
    return graph(edges=[{"from": "start", "to": "end", "on": "regex", "pattern": each} for each in patterns])


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param(regexes([f"a{n}" for n in range(501)]), "has 501 patterns", id="too many patterns"),
        pytest.param(
            regexes([f"{n:03}" + "a" * 900 for n in range(30)]), "27,090 characters", id="too long together"
        ),
        pytest.param(
            regexes([rf"\p{{L}}{{29}}{n}" for n in range(500)]),
            "one pattern too many",
            id="too heavy together",
        ),
        pytest.param(
            graph(
                nodes=[
                    {"id": f"n{n}", "kind": "message", "content": {"type": "text", "body": "{{a}}" * 1_900}}
                    for n in range(100)
                ]
            ),
            "texts with variables of 950,000 characters",
            id="too much Liquid",
        ),
        pytest.param(
            graph(edges=[{"from": "a", "to": "b", "on": "keywords", "words": ["x"] * 200}] * 101),
            "has 20,200 keywords",
            id="too many keywords",
        ),
    ],
)
def test_R17_what_is_too_heavy_together_is_refused(source: Any, said: str) -> None:
    assert said in str(refused(source)[0])


def test_the_same_pattern_on_many_edges_counts_once() -> None:
    assert len(read_graph(regexes(["order [0-9]+"] * 501)).edges) == 501


def test_every_problem_of_shape_is_told_at_once() -> None:
    nodes = [
        START,
        {"id": "a", "kind": "zork"},
        {"id": "b", "kind": "wait", "timeout": "x"},
        {"id": "c", "kind": "end", "x": 1},
    ]
    assert [each.node for each in refused(graph(nodes))] == ["a", "b", "c"]


def test_a_refused_entry_is_not_told_a_second_time_for_its_list() -> None:
    [told] = refused(with_edge(on="keywords", words=["..."]))
    assert "'...' has no letter" in told.problem


def test_an_edge_without_on_is_next() -> None:
    [edge] = read_graph(graph()).edges
    assert edge.on == "next"


def test_the_stored_form_names_only_what_says_something() -> None:
    source = graph(
        nodes=[START, {"id": "w", "kind": "wait", "timeout": "1d", "at": [1.0, 2.5]}, END],
        edges=[{"from": "start", "to": "w", "on": "next"}, {"from": "w", "to": "end", "on": "timeout"}],
    )
    assert read_graph(source).to_json() == {"format": "clarion.journey/1", **source}


def test_fallback_is_tried_last_wherever_it_is_drawn() -> None:
    edges = [
        {"from": "w", "to": "end", "on": "fallback"},
        {"from": "w", "to": "end", "on": "payload", "value": "b"},
        {"from": "w", "to": "end", "on": "keywords", "words": ["a"]},
    ]
    read = read_graph(graph(nodes=[START, {"id": "w", "kind": "wait"}, END], edges=edges))
    assert [edge.on for edge in read.leaving("w")] == ["payload", "keywords", "fallback"]


def test_edges_that_look_alike_are_told_apart() -> None:
    edges = [{"from": "w", "to": "end", "on": "payload", "value": "b"} for _ in range(2)]
    long = {"from": "w", "to": "end", "on": "payload", "value": "x" * 200}
    read = read_graph(graph(nodes=[START, {"id": "w", "kind": "wait"}, END], edges=[*edges, long]))
    keys = [read.key(edge) for edge in read.leaving("w")]
    assert keys[:2] == ["payload b", "payload b #2"]
    assert len(keys[2]) == 60


def test_a_large_graph_is_read_quickly() -> None:
    nodes = [START, *({"id": f"w{n}", "kind": "wait"} for n in range(MOST_NODES - 2)), END]
    edges = [
        {"from": f"w{n % 1_998}", "to": "end", "on": "keywords", "words": [f"word {n}"]}
        for n in range(MOST_EDGES)
    ]
    begun = time.perf_counter()
    read_graph(orjson.dumps(graph(nodes, edges)))
    assert time.perf_counter() - begun < 5  # a third of a second on a quiet machine
