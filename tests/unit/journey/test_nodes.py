"""What each kind of node refuses, says of itself, and does at its limits."""

import re
from typing import Any

import pytest

from clarion.domain.content import Text
from clarion.domain.errors import BadGraph
from clarion.domain.journey.effects import Enter, HandOff, Send, SetTimer, UpdateContact
from clarion.domain.journey.events import Arrived, Event
from clarion.domain.journey.graph import Graph, read_graph
from clarion.domain.journey.nodes import KINDS
from clarion.domain.journey.nodes.base import Node
from clarion.domain.journey.nodes.split import share
from clarion.domain.journey.position import Facts, Position
from clarion.domain.journey.problem import Problem
from clarion.domain.journey.step import Step, Verdict, step

NOW = 1_772_452_800_000_000  # Monday, 2026-03-02T12:00Z
HOUR = 3_600_000_000


def journey(node: dict[str, Any], *edges: dict[str, Any], **more: Any) -> Graph:
    """A start that leads to the node `x`, and two ends."""
    ends = [{"id": "a", "kind": "end", "outcome": "a"}, {"id": "b", "kind": "end", "outcome": "b"}]
    drawn = [{"from": "start", "to": "x"}, *({"from": "x", **edge} for edge in edges)]
    nodes = [{"id": "start", "kind": "audience"}, {"id": "x", **node}, *ends]
    return read_graph({"format": "clarion.journey/1", "name": "J", "nodes": nodes, "edges": drawn, **more})


def arrive(graph: Graph, event: Event | None = None, **known: Any) -> Step:
    return step(graph, Position("start"), event or Arrived(), Facts(**{"now": NOW, "person": "p", **known}))


def said(done: Step) -> list[str]:
    """The texts that were sent."""
    contents = [effect.content for effect in done.effects if isinstance(effect, Send)]
    return [content.body for content in contents if isinstance(content, Text)]


def complaints(graph: Graph) -> list[str]:
    return list(graph.by_id["x"].check(graph.leaving("x")))


@pytest.mark.parametrize("node", KINDS, ids=lambda node: node.__name__)
def test_each_kind_has_an_example_that_can_be_read(node: type[Node]) -> None:
    example = {**node.example, "id": "x"}
    kind = node.model_fields["kind"].default
    assert example["kind"] == kind
    if kind != "audience":
        assert isinstance(journey(example).by_id["x"], node)


@pytest.mark.parametrize(
    ("node", "problem"),
    [
        ({"kind": "delay"}, "exactly one of for, until, until_time, until_attribute; this one has 0"),
        ({"kind": "delay", "for": "1h", "until_time": "09:00"}, "this one has 2"),
        ({"kind": "delay", "for": "soon"}, "'soon' is not a duration"),
        ({"kind": "delay", "for": "2y"}, "is not a duration"),
        ({"kind": "delay", "until": "2026-12-24"}, "is not a date and time: write 2026-12-24T09:00"),
        ({"kind": "delay", "until": "tomorrow"}, "is not a date and time"),
        ({"kind": "delay", "until_time": "24:00"}, "pattern"),
        ({"kind": "delay", "until_time": "9:00"}, "pattern"),
        ({"kind": "delay", "for": "1h", "offset": "1d"}, "belong to `until_attribute`"),
        ({"kind": "delay", "for": "1h", "time": "09:00"}, "belong to `until_attribute`"),
        ({"kind": "delay", "until_attribute": "born", "offset": "--1d"}, "is not a duration"),
        ({"kind": "delay", "for": "1h", "zone": "Europe/Berlim"}, "did you mean 'Europe/Berlin'?"),
        ({"kind": "delay", "for": "1h", "skip_days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}, "6"),
        ({"kind": "delay", "for": "1h", "skip_days": ["monday"]}, "'mon'"),
        ({"kind": "delay", "for": "1h", "skip_dates": ["24.12.2026"]}, "not a date: write it as 2026-12-24"),
        ({"kind": "split", "branches": []}, "at least 1"),
        ({"kind": "split", "branches": [{"name": "a"}]}, "either `when` or `percent`"),
        ({"kind": "split", "branches": [{"name": "a", "percent": 0}]}, "1"),
        ({"kind": "split", "branches": [{"name": "a", "percent": 60}, {"name": "b", "percent": 60}]}, "120"),
        (
            {"kind": "split", "branches": [{"name": "a", "percent": 1}, {"name": "a", "percent": 1}]},
            "name 'a'",
        ),
        (
            {"kind": "split", "branches": [{"name": "a", "percent": 1}, {"name": "b", "when": {"tag": "x"}}]},
            "one split cannot do both",
        ),
        (
            {"kind": "split", "branches": [{"name": "a", "when": {"colour": "red"}}]},
            "a condition begins with",
        ),
        ({"kind": "update"}, "changes nothing: give it at least one of set, unset"),
        ({"kind": "update", "set": {"city": "{{ a"}}, "line 1, column"),
        ({"kind": "update", "set": {"city": "{{ a | shout }}"}}, "there is no filter 'shout'"),
        ({"kind": "update", "variables": {"a-b": "x"}}, "pattern"),
        ({"kind": "update", "set": {"a": "x"}, "unset": ["a"]}, "'a' stands in both `set` and `unset`"),
        ({"kind": "update", "add_tags": ["a"], "remove_tags": ["a"]}, "both `add_tags` and `remove_tags`"),
        (
            {"kind": "update", "add_lists": ["a"], "remove_lists": ["a"]},
            "both `add_lists` and `remove_lists`",
        ),
        ({"kind": "update", "consent": "maybe"}, "opt_in"),
        ({"kind": "handoff", "note": "{% raw"}, "line 1"),
        ({"kind": "goto"}, "a goto names one `node` or one `journey`"),
        ({"kind": "goto", "node": "a", "journey": "B"}, "a goto names one `node` or one `journey`"),
        ({"kind": "goto", "node": "a", "returns": True}, "`returns` belongs to `journey`"),
        ({"kind": "goto", "journey": "B", "save": "how"}, "`save` belongs to `returns`"),
    ],
    ids=lambda value: None if isinstance(value, dict) else value[:40],
)
def test_a_node_that_cannot_work_is_refused_with_what_to_mend(node: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadGraph, match=re.escape(problem)) as refused:
        journey(node)
    assert all(isinstance(found, Problem) and found.node == "x" for found in refused.value.problems)


@pytest.mark.parametrize(
    ("node", "edges", "problem"),
    [
        (
            {"kind": "delay", "for": "1h"},
            [{"on": "failure", "to": "a"}],
            "only a delay by an attribute can fail",
        ),
        (
            {"kind": "split", "branches": [{"name": "a", "percent": 5}]},
            [{"on": "fallback", "to": "b"}],
            "has a branch 'a' but no edge for it",
        ),
        (
            {"kind": "split", "branches": [{"name": "a", "percent": 5}]},
            [{"on": "branch", "branch": "a", "to": "a"}, {"on": "branch", "branch": "c", "to": "a"}],
            "has an edge for a branch 'c' that it does not have",
        ),
        (
            {"kind": "split", "branches": [{"name": "a", "percent": 5}]},
            [{"on": "branch", "branch": "a", "to": "a"}, {"on": "branch", "branch": "a", "to": "b"}],
            "two edges for the branch 'a'",
        ),
        ({"kind": "handoff", "timeout": "1h"}, [{"on": "timeout", "to": "a"}], "but does not wait"),
        ({"kind": "handoff", "wait": True, "timeout": "1h"}, [], "draw an edge `timeout`"),
        ({"kind": "handoff", "wait": True}, [{"on": "timeout", "to": "a"}], "say how long to wait"),
        ({"kind": "goto", "node": "a"}, [{"on": "next", "to": "a"}], "its edges are never taken"),
        ({"kind": "goto", "journey": "B"}, [{"on": "failure", "to": "a"}], "its edges are never taken"),
    ],
    ids=lambda value: None if isinstance(value, dict | list) else value[:40],
)
def test_a_node_whose_edges_do_not_fit_says_so(node: dict[str, Any], edges: list[Any], problem: str) -> None:
    assert [said for said in complaints(journey(node, *edges)) if problem in said]


@pytest.mark.parametrize(
    ("node", "pauses"),
    [
        ({"kind": "delay", "for": "1s"}, True),
        ({"kind": "wait", "timeout": "1h"}, True),
        ({"kind": "handoff", "wait": True}, True),
        ({"kind": "handoff"}, False),
        ({"kind": "goto", "journey": "B", "returns": True}, False),
        ({"kind": "update", "add_tags": ["a"]}, False),
        ({"kind": "api", "url": "https://a.example/"}, False),
    ],
    ids=lambda value: str(value)[:60],
)
def test_only_nodes_where_people_stay_make_a_circle_harmless(node: dict[str, Any], pauses: bool) -> None:
    assert journey(node).by_id["x"].pauses is pauses


# --- delay ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "known", "hours"),
    [
        pytest.param({"until": "2026-03-02T13:00:00Z"}, {}, 1, id="a moment in UTC"),
        pytest.param({"until": "2026-03-02T13:00:00-03:00"}, {}, 4, id="a moment with an offset"),
        pytest.param(
            {"until": "2026-03-02T13:00"}, {"timezone": "America/Recife"}, 4, id="where the person is"
        ),
        pytest.param({"until": "2026-03-02T13:00"}, {"timezone": "Mars/Base"}, 0, id="a zone nobody knows"),
        pytest.param({"until": "2026-03-02T16:00", "zone": "Asia/Tokyo"}, {}, None, id="passed in that zone"),
        pytest.param(
            {"until": "2026-03-02T11:00", "skip_days": ["mon"]}, {}, 22, id="passed, but not on Mondays"
        ),
        pytest.param({"for": "1w"}, {}, 168, id="a week"),
        pytest.param({"for": "0s"}, {}, None, id="no time at all"),
        pytest.param({"until_attribute": "due"}, {"due": "2026-03-03"}, 20, id="a date: at nine"),
        pytest.param(
            {"until_attribute": "due", "time": "18:30"}, {"due": "2026-03-03"}, 29.5, id="a date at a time"
        ),
        pytest.param({"until_attribute": "due"}, {"due": "2026-03-02T15:00"}, 2, id="a date and time"),
        pytest.param({"until_attribute": "due"}, {"due": "2026-03-02T15:00:00Z"}, 3, id="with its offset"),
        pytest.param(
            {"until_attribute": "due", "offset": "-2h"}, {"due": "2026-03-02T16:00"}, 1, id="before it"
        ),
        pytest.param({"until_attribute": "due", "offset": "1d2h"}, {"due": "2026-03-02"}, 22, id="after it"),
        pytest.param({"until_attribute": "due"}, {"due": "1990-05-01"}, None, id="long ago"),
    ],
)
def test_a_delay_ends_when_it_says(
    fields: dict[str, Any], known: dict[str, str], hours: float | None
) -> None:
    graph = journey({"kind": "delay", **fields}, {"to": "a"}, timezone="Europe/Berlin")
    zone = known.pop("timezone", "")
    done = arrive(graph, attributes=known, timezone=zone)
    if not hours:
        assert done.position.outcome == "a"
    else:
        assert done.effects == (SetTimer(1, NOW + int(hours * HOUR)),)


@pytest.mark.parametrize(
    "value", ["", None, "soon", "24/12/2026", "2026-13-01", "9999-12-31", "2026-02-29", "12", 12]
)
def test_a_delay_by_an_attribute_that_holds_no_date_fails_with_a_plain_reason(value: Any) -> None:
    done = arrive(
        journey({"kind": "delay", "until_attribute": "due", "offset": "1d"}), attributes={"due": value}
    )
    assert done.position.outcome == "failed"
    assert done.position.reason.startswith(("due holds no date", "due is '"))


def test_a_delay_until_a_time_always_takes_time() -> None:
    """Or a circle through it would turn a hundred times at nine sharp."""
    graph = journey({"kind": "delay", "until_time": "12:00", "zone": "journey"}, {"to": "x"})
    done = arrive(graph)
    assert done.effects == (SetTimer(1, NOW + 24 * HOUR),)


# --- split ----------------------------------------------------------------------------------------------------


def test_shares_come_out_as_asked() -> None:
    drawn = [share(f"person {n}", "J", "x") for n in range(20_000)]
    assert min(drawn) == 0
    assert max(drawn) == 99
    assert 0.28 < sum(lot < 30 for lot in drawn) / len(drawn) < 0.32


def test_shares_of_two_splits_have_nothing_to_do_with_each_other() -> None:
    both = [share(f"p{n}", "J", "x") < 50 and share(f"p{n}", "J", "y") < 50 for n in range(20_000)]
    assert 0.23 < sum(both) / len(both) < 0.27


def test_the_same_person_always_goes_the_same_way() -> None:
    branches = [{"name": "left", "percent": 50}, {"name": "right", "percent": 50}]
    edges = [{"on": "branch", "branch": "left", "to": "a"}, {"on": "branch", "branch": "right", "to": "b"}]
    graph = journey({"kind": "split", "branches": branches}, *edges, {"on": "fallback", "to": "a"})
    for person in map(str, range(50)):
        expected = "a" if share(person, "J", "x") < 50 else "b"
        assert {arrive(graph, person=person).position.outcome for _ in range(3)} == {expected}


def test_a_split_without_a_way_for_somebody_ends_their_journey_with_a_reason() -> None:
    graph = journey({"kind": "split", "branches": [{"name": "a", "when": {"tag": "vip"}}]})
    assert arrive(graph).position.reason == "no branch fits, and no fallback is drawn"


# --- update, handoff, goto --------------------------------------------------------------------------------------


def test_an_update_is_not_hidden_by_a_variable_of_the_same_name() -> None:
    graph = read_graph(
        {
            "name": "J",
            "nodes": [
                {"id": "start", "kind": "audience"},
                {"id": "one", "kind": "update", "variables": {"city": "Recife", "street": "Aurora"}},
                {"id": "two", "kind": "update", "set": {"city": "Olinda"}, "unset": ["street"]},
                {
                    "id": "say",
                    "kind": "message",
                    "content": {"type": "text", "body": "{{ city }}{{ street }}"},
                },
            ],
            "edges": [{"from": a, "to": b} for a, b in (("start", "one"), ("one", "two"), ("two", "say"))],
        }
    )
    done = arrive(graph)
    assert done.position.variables == {"city": "Olinda", "street": ""}
    assert done.position.outcome == "failed"  # "{{ street }}" has no default, and nothing is left of it
    assert done.effects == (UpdateContact(3 - 1, {"city": "Olinda", "street": None}),)


def test_all_texts_of_an_update_see_what_was_known_before_it() -> None:
    graph = journey({"kind": "update", "set": {"a": "{{ b }}", "b": "{{ a }}"}}, {"to": "a"})
    done = arrive(graph, attributes={"a": "1", "b": "2"})
    assert done.effects == (UpdateContact(1, {"a": "2", "b": "1"}),)


def test_an_update_of_variables_alone_leaves_the_contact_as_it_is() -> None:
    done = arrive(journey({"kind": "update", "variables": {"n": "1"}}, {"to": "a"}))
    assert done.effects == ()
    assert done.position.variables == {"n": "1"}


def test_a_note_that_cannot_be_filled_in_keeps_nobody_from_help() -> None:
    done = arrive(journey({"kind": "handoff", "note": "{{ a }}"}), attributes={"a": "x" * 1_000_000})
    assert done.position.outcome == "handed over"
    assert [type(effect) for effect in done.effects] == [HandOff]


def test_a_goto_takes_the_variables_along_but_not_the_attributes() -> None:
    graph = journey({"kind": "goto", "journey": "B"})
    done = step(graph, Position("x", 1, {"n": 1}), Arrived(), Facts(NOW, "p", attributes={"city": "Recife"}))
    assert done.effects == (Enter(1, "B", {"n": 1}),)


def test_a_circle_of_gotos_ends_with_a_reason() -> None:
    done = arrive(journey({"kind": "goto", "node": "x"}))
    assert done.verdict is Verdict.MOVED
    assert "circles" in done.position.reason


# --- values are data ------------------------------------------------------------------------------------------

HOSTILE = [
    "{{ secret }}",
    "{{ contact.phone }}",
    "{% for i in (1..1000000) %}x{% endfor %}",
    "${secret}",
    "%s%n%(secret)s",
    "{0.__class__}",
    "<script>alert(1)</script>",
    "<b>&amp;</b>",
    "'; DROP TABLE contacts; --",
    "'+(1+1)+'",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_R20_a_value_is_shown_as_it_was_written(value: str) -> None:
    graph = journey(
        {"kind": "message", "content": {"type": "text", "body": "[{{ name }}|{{ name | strip }}]"}}
    )
    done = arrive(graph, attributes={"name": value, "secret": "s3cret"})
    assert said(done) == [f"[{value}|{value}]"]


@pytest.mark.parametrize("value", HOSTILE)
def test_R20_a_value_that_was_passed_on_is_not_evaluated_later_either(value: str) -> None:
    graph = read_graph(
        {
            "name": "J",
            "nodes": [
                {"id": "start", "kind": "audience"},
                {
                    "id": "keep",
                    "kind": "update",
                    "set": {"copy": "{{ name }}"},
                    "variables": {"v": "{{ name }}"},
                },
                {"id": "say", "kind": "message", "content": {"type": "text", "body": "{{ copy }}{{ v }}"}},
            ],
            "edges": [{"from": "start", "to": "keep"}, {"from": "keep", "to": "say"}],
        }
    )
    done = arrive(graph, attributes={"name": value, "secret": "s3cret"})
    assert done.effects[0] == UpdateContact(1, {"copy": value})
    assert said(done) == [value * 2]


@pytest.mark.parametrize(
    "node",
    [
        {"kind": "message", "content": {"type": "text", "body": "{{ name }}"}},
        {"kind": "message", "content": {"type": "text", "body": "{% if name %}{{ name }}{% endif %}"}},
        {"kind": "update", "set": {"copy": "{{ name }}"}},
        {"kind": "update", "set": {"copy": "{{ name | append: name }}"}},
        {"kind": "api", "url": "https://a.example/{{ name }}"},
        {"kind": "api", "url": "https://a.example/", "headers": {"X-Name": "{{ name }}"}},
        {"kind": "api", "url": "https://a.example/", "method": "POST", "body": {"name": "{{ name }}"}},
    ],
    ids=str,
)
def test_R20_a_megabyte_of_text_is_refused_before_anything_is_sent(node: dict[str, Any]) -> None:
    done = arrive(journey(node), attributes={"name": "x" * 1_000_000})
    assert done.position.outcome == "failed"
    assert "longer than 10,000 characters" in done.position.reason
    assert done.effects == ()


@pytest.mark.parametrize("attributes", [{}, {"name": ""}, {"name": "  "}, {"name": None}])
def test_R20_a_missing_value_becomes_its_fallback(attributes: dict[str, Any]) -> None:
    content = {"type": "text", "body": "Hi {{ name | default: 'friend' }}"}
    assert said(arrive(journey({"kind": "message", "content": content}), attributes=attributes)) == [
        "Hi friend"
    ]


@pytest.mark.parametrize(
    "node",
    [
        {"kind": "message", "content": {"type": "text", "body": "Hi {{ name }}"}},
        {"kind": "update", "variables": {"greeting": "Hi {{ name }}"}},
        {"kind": "api", "url": "https://a.example/?q={{ name }}"},
    ],
    ids=lambda node: node["kind"],
)
def test_R20_without_a_fallback_a_missing_value_stops_it_before_anything_is_sent(
    node: dict[str, Any],
) -> None:
    graph = journey(node)
    done = arrive(graph)
    assert done.position.outcome == "failed"
    assert "no value for name" in done.position.reason
    assert done.effects == ()
    assert graph.by_id["x"].reads() == {"name"}


@pytest.mark.parametrize(("name", "value"), [("url_decode", "%00"), ("base64_decode", "AAA=")])
def test_a_filter_cannot_make_a_text_that_no_database_stores(name: str, value: str) -> None:
    content = {"type": "text", "body": f"{{{{ a | {name} }}}}"}
    done = arrive(journey({"kind": "message", "content": content}), attributes={"a": value})
    assert done.position.reason.endswith("holds a NUL character once it is filled in.")
