"""The api node: an address nobody can bend, a body nobody can break out of, and what is kept of the answer."""

import re
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from clarion.domain.errors import BadGraph
from clarion.domain.journey.effects import Call
from clarion.domain.journey.events import Arrived, Called
from clarion.domain.journey.graph import Graph, read_graph
from clarion.domain.journey.jsonpath import find
from clarion.domain.journey.position import Facts, Position
from clarion.domain.journey.step import Step, step

SAFE = "https://api.example/v1/{{ id }}?q={{ q }}#top"


def journey(**fields: Any) -> Graph:
    nodes = [
        {"id": "start", "kind": "audience"},
        {"id": "x", "kind": "api", "url": "https://api.example/", **fields},
        {"id": "good", "kind": "end", "outcome": "good"},
        {"id": "bad", "kind": "end", "outcome": "bad"},
    ]
    edges = [
        {"from": "start", "to": "x"},
        {"from": "x", "to": "good", "on": "success"},
        {"from": "x", "to": "bad", "on": "failure"},
    ]
    return read_graph({"name": "J", "nodes": nodes, "edges": edges})


def ask(graph: Graph, **attributes: Any) -> Step:
    return step(graph, Position("start"), Arrived(), Facts(0, "p", attributes=attributes))


def call(graph: Graph, **attributes: Any) -> Call:
    (effect,) = ask(graph, **attributes).effects
    assert isinstance(effect, Call)
    return effect


def answer(graph: Graph, status: int, body: Any = None, error: str = "") -> Step:
    return step(graph, Position("x", 1), Called(1, status, body, error), Facts(0, "p"))


def why(done: Step) -> str:
    return done.trail[-2].tried[-1].why


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"url": "ftp://a.example/"}, "begins with http:// or https://"),
        ({"url": "api.example/x"}, "begins with http:// or https://"),
        ({"url": "https://{{ host }}/x"}, "the host in plain words"),
        ({"url": "{{ url }}"}, "the host in plain words"),
        ({"url": "https://api.{{ host }}/x"}, "the host in plain words"),
        ({"url": "https://api.example{{ path }}"}, "the host in plain words"),
        ({"url": "https://api.example:{{ port }}/"}, "the host in plain words"),
        ({"url": "https://me:secret@api.example/"}, "names and passwords not at all"),
        ({"url": "https://api.example\\@evil.example/"}, "the host in plain words"),
        ({"url": "https://%61pi.example/"}, "the host in plain words"),
        ({"url": "https:///x"}, "the host in plain words"),
        ({"url": "https://api.example/a b"}, "a space or a control character"),
        ({"url": "https://api.example/\r\nX: 1"}, "a space or a control character"),
        ({"url": "https://api.example/{% if a %}x{% endif %}"}, "takes `{{ values }}` only"),
        ({"url": "https://api.example/{{ a | shout }}"}, "there is no filter 'shout'"),
        ({"url": "https://api.example/{{a"}, "line 1"),
        ({"method": "TRACE"}, "'GET'"),
        ({"headers": {"Host": "evil.example"}}, "the header Host is set by the engine"),
        ({"headers": {"content-length": "1"}}, "is set by the engine"),
        ({"headers": {"Connection": "close"}}, "is set by the engine"),
        ({"headers": {"Idempotency-Key": "1"}}, "is set by the engine"),
        ({"headers": {"X Y": "1"}}, "pattern"),
        ({"headers": {"X": "a\r\nY: b"}}, "a line break or another control character"),
        ({"headers": {"X": "{{ a"}}, "line 1"),
        ({"headers": {"X": "1", "x": "2"}}, "names one header twice"),
        ({"method": "GET", "body": {"a": 1}}, "a GET has no body"),
        ({"method": "POST", "body": {"a": ["{{ b"]}}, "line 1"),
        ({"method": "POST", "body": "{{ b"}, "line 1"),
        ({"timeout": "11s"}, "from 1s to 10s"),
        ({"timeout": "0s"}, "from 1s to 10s"),
        ({"timeout": ""}, "from 1s to 10s"),
        ({"retries": 6}, "5"),
        ({"redirects": 4}, "3"),
        ({"success": []}, "1"),
        ({"success": [99]}, "100"),
        ({"success": ["6xx"]}, "pattern"),
        ({"save": {"a": "data.id"}}, "is not a JSONPath such as $.data.id"),
        ({"save": {"a": "$["}}, "is not a JSONPath"),
        ({"save": {"a": "$.items[?@.id == 1]"}}, "filters (`?`) cannot be used"),
        ({"save": {"a": "$.items[?match(@.id, '(a+)+$')]"}}, "filters (`?`) cannot be used"),
        ({"save": {"a": "$..a..b"}}, "`..` may stand in a path once"),
        ({"save": {"a": "$['a','b']"}}, "one name, index or slice"),
        ({"save": {"a": "$" + "[*]" * 21}}, "at most 20"),
        ({"save": {"a": "$." + "a" * 500}}, "at most 500"),
        ({"save": {"a": "$[?" + "(" * 240 + "@" + ")" * 240 + "]"}}, "node 'x', save/a"),
        ({"save": {"1a": "$.a"}}, "pattern"),
        ({"save": {"a": "$.a"}, "save_status": "a"}, "saves two things as 'a'"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_call_that_cannot_be_made_safely_is_refused(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadGraph, match=re.escape(problem)):
        journey(**fields)


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1:8080/x",
        "https://[::1]/x",
        "https://api.example?q={{ q | default: 1 }}",
        "https://api.example#x",
        "HTTPS://API.example/x",
        "https://api.example/{{ a | default: 'x y' }}",
        "https://münchen.example/ä",
    ],
)
def test_addresses_with_a_plain_host_are_taken(url: str) -> None:
    assert call(journey(url=url), q="", a="").url.casefold().startswith(("http://", "https://"))


@pytest.mark.parametrize(
    "value",
    [
        "@evil.example",
        "/../../admin",
        "x/../y",
        "a?b=c&d=e",
        "#",
        "%2e%2e%2f",
        "\r\nHost: evil",
        "a b",
        "ä👍",
        "{{ q }}",
        "\\evil",
        ";",
        "//evil.example/",
        "{% raw %}",
        "<script>",
        "'\"",
        ":80",
    ],
)
def test_a_value_changes_neither_host_nor_path_nor_query(value: str) -> None:
    url = call(journey(url=SAFE), id=value, q=value).url
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "api.example", "top")
    assert re.fullmatch(r"/v1/[A-Za-z0-9_.~%\-]+", parts.path)
    assert re.fullmatch(r"q=[A-Za-z0-9_.~%\-]+", parts.query)


@pytest.mark.parametrize("value", [".", ".."])
def test_a_value_cannot_climb_up_the_path(value: str) -> None:
    done = ask(journey(url=SAFE), id=value, q="x")
    assert done.effects == ()
    assert "would leave its path" in why(done)


def test_a_filter_cannot_undo_the_encoding() -> None:
    assert call(journey(url="https://api.example/{{ id | url_decode }}"), id="%2Fa%3Fb").url.endswith(
        "/%2Fa%3Fb"
    )


def test_an_address_that_grew_too_long_is_not_called() -> None:
    done = ask(journey(url=SAFE), id="ä" * 5_000, q="x")
    assert "longer than 8,000 characters" in why(done)


@pytest.mark.parametrize("value", ["a\r\nX-Admin: 1", "a\nb", "a\x00b", "a\x7fb"])
def test_a_value_cannot_add_a_header(value: str) -> None:
    done = ask(journey(headers={"X-Name": "{{ name }}"}), name=value)
    assert done.effects == ()
    assert "control character" in why(done)


@pytest.mark.parametrize(
    "value", ['","admin":true,"x":"', "\\", '"', "a\nb", "{{ x }}", "a\u2028b", "</script>", "ä👍"]
)
def test_a_value_stays_one_text_in_the_body(value: str) -> None:
    body = {
        "name": "{{ name }}",
        "list": ["{{ name }}", 1, 2.5, None, True],
        "{{ name }}": {"deep": "x{{ name }}"},
    }
    sent = orjson.loads(call(journey(method="POST", body=body), name=value).body)
    assert sent == {
        "name": value,
        "list": [value, 1, 2.5, None, True],
        "{{ name }}": {"deep": f"x{value}"},
    }


@pytest.mark.parametrize(
    ("fields", "kind", "body"),
    [
        ({"body": {"a": 1}}, {"Content-Type": "application/json"}, '{"a":1}'),
        ({"body": [1]}, {"Content-Type": "application/json"}, "[1]"),
        ({"body": "x={{ name }}"}, {"Content-Type": "text/plain; charset=utf-8"}, "x=Ana"),
        (
            {"body": {"a": 1}, "headers": {"content-type": "application/ld+json"}},
            {"content-type": "application/ld+json"},
            '{"a":1}',
        ),
        ({}, {}, ""),
    ],
    ids=str,
)
def test_the_body_travels_with_its_type(fields: dict[str, Any], kind: dict[str, str], body: str) -> None:
    sent = call(journey(method="POST", **fields), name="Ana")
    assert (sent.headers, sent.body) == (kind, body)


def test_a_body_that_grew_too_large_is_not_sent() -> None:
    done = ask(journey(method="POST", body=["{{ name }}"] * 60), name="x" * 9_000)
    assert "larger than 256 KiB" in why(done)


@pytest.mark.parametrize(
    ("method", "says", "repeatable"),
    [
        ("GET", False, True),
        ("PUT", False, True),
        ("DELETE", False, True),
        ("POST", False, False),
        ("PATCH", False, False),
        ("POST", True, True),
        ("PATCH", True, True),
    ],
)
def test_what_may_be_repeated(method: str, says: bool, repeatable: bool) -> None:
    assert call(journey(method=method, safe_to_repeat=says)).repeatable is repeatable


@pytest.mark.parametrize(
    ("success", "status", "outcome"),
    [
        (None, 200, "good"),
        (None, 299, "good"),
        (None, 302, "bad"),
        (None, 404, "bad"),
        (None, 429, "bad"),
        (None, 500, "bad"),
        (None, 0, "bad"),
        ([200, "4xx"], 404, "good"),
        ([200, "4xx"], 201, "bad"),
        ([404], 404, "good"),
    ],
)
def test_which_answers_are_a_success(success: list[Any] | None, status: int, outcome: str) -> None:
    graph = journey(save_status="s", **({"success": success} if success else {}))
    done = answer(graph, status, error="" if status else "no route")
    assert done.position.outcome == outcome
    assert done.position.variables == {"s": status}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.data.id", 7),
        ("$['data']['id']", 7),
        ("$.items[0].n", 1),
        ("$.items[-1].n", 2),
        ("$.items[*].n", [1, 2]),
        ("$.items[0:1].n", [1]),
        ("$..n", [1, 2]),
        ("$.items[9].n", ""),
        ("$.nothing.at.all", ""),
        ("$.nil", ""),
        ("$.no", False),
        ("$.items[*].nothing", ""),
        ("$.data", {"id": 7}),
        ("$.text", "{{ name }}"),
    ],
)
def test_what_an_answer_gives(path: str, value: Any) -> None:
    body = {"data": {"id": 7}, "items": [{"n": 1}, {"n": 2}], "nil": None, "no": False, "text": "{{ name }}"}
    done = answer(journey(save={"v": path}), 200, body)
    assert done.position.variables == {"v": value}


@pytest.mark.parametrize("body", [None, "", "plain text", 5, [], True])
def test_an_answer_of_another_shape_gives_empty_values(body: Any) -> None:
    done = answer(journey(save={"v": "$.data.id"}), 200, body)
    assert done.position.outcome == "good"
    assert done.position.variables == {"v": ""}


def test_the_whole_answer_may_be_kept() -> None:
    assert answer(journey(save={"v": "$"}), 200, "OK").position.variables == {"v": "OK"}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("x" * 10_001, "longer than 10,000 characters"),
        (["x" * 100] * 200, "larger than 20,000 bytes"),
        ({"a": "x" * 20_000}, "larger than 20,000 bytes"),
        (10**30, "a number too large"),
    ],
    ids=["a text", "a list", "an object", "a number"],
)
def test_an_answer_too_large_to_keep_is_a_failure(value: Any, problem: str) -> None:
    done = answer(journey(save={"v": "$.v"}, save_status="s"), 200, {"v": value})
    assert done.position.outcome == "bad"
    assert done.position.variables == {"s": 200}
    assert problem in why(done)


def test_a_path_gives_a_thousand_values_at_most() -> None:
    assert find("$..*", [[0] * 100] * 100) == [[0] * 100] * 100 + [0] * 900


def test_an_answer_nested_too_deeply_gives_nothing() -> None:
    deep: Any = 1
    for _ in range(500):
        deep = [deep]
    assert find("$..x", deep) is None


def test_a_call_needs_the_values_that_have_no_default() -> None:
    graph = journey(
        method="POST",
        url="https://api.example/{{ a }}/{{ b | default: 'x' }}",
        headers={"X": "{{ c }}"},
        body={"k": ["{{ d }}", "{% if e %}{{ e }}{% endif %}"]},
        save={"f": "$.f"},
        save_status="g",
    )
    node = graph.by_id["x"]
    assert node.reads() == {"a", "c", "d"}
    assert node.writes() == {"f", "g"}
