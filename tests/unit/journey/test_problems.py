"""What is wrong with graphs that have the right shape: each problem by its node, and how to mend it."""

import time
from itertools import pairwise
from typing import Any

import pytest

from clarion.domain.journey.limits import MOST_EDGES, MOST_NODES
from clarion.domain.journey.problem import Problem
from clarion.domain.journey.problems import Known, SenderFacts, TemplateFacts, check_graph

Json = dict[str, Any]

WHATSAPP = {"Main": SenderFacts("whatsapp", has_window=True), "SMS": SenderFacts("twilio", has_window=False)}
TEMPLATES = {
    ("hello", "pt_BR"): TemplateFacts("APPROVED", ("body.1",)),
    ("hello", "en"): TemplateFacts("APPROVED", ("body.1",)),
    ("sale", "en"): TemplateFacts("PAUSED"),
}


def node(id: str, kind: str, **fields: Any) -> Json:
    return {"id": id, "kind": kind, **fields}


def text(id: str, body: str = "Hi", **fields: Any) -> Json:
    return node(id, "message", content={"type": "text", "body": body}, **fields)


def template(id: str, name: str = "hello", language: str = "en", *values: str, **fields: Any) -> Json:
    body = [{"name": str(n), "value": value} for n, value in enumerate(values, start=1)]
    content = {"type": "template", "name": name, "language": language, "body": body}
    return node(id, "message", content=content, **fields)


def edge(way: str, on: str = "next", **fields: Any) -> Json:
    source, to = way.split(">")
    return {"from": source, "to": to, "on": on, **fields}


def graph(nodes: list[Json], edges: list[Json], **fields: Any) -> Json:
    """A journey that begins at `start` and knows an `end`."""
    return {
        "name": "A journey",
        "nodes": [node("start", "audience"), *nodes, node("end", "end")],
        "edges": edges,
        **fields,
    }


def told(source: Json, known: Known = Known()) -> list[Problem]:  # noqa: B008
    read, found = check_graph(source, known)
    assert read is not None, [str(each) for each in found]
    return found


def errors(source: Json, known: Known = Known()) -> list[str]:  # noqa: B008
    return [str(each) for each in told(source, known) if each.level == "error"]


def warnings(source: Json, known: Known = Known()) -> list[str]:  # noqa: B008
    return [str(each) for each in told(source, known) if each.level == "warning"]


def through(*nodes: Json, **fields: Any) -> Json:
    """The nodes one after another, each left by the way that its kind has first."""
    ways = {"api": "success", "split": "fallback", "wait": "fallback"}
    row = [node("start", "audience"), *nodes, node("end", "end")]
    edges = [edge(f"{a['id']}>{b['id']}", ways.get(a["kind"], "next")) for a, b in pairwise(row)]
    edges += [edge(f"{each['id']}>end", "timeout") for each in nodes if each.get("timeout")]
    return graph(list(nodes), edges, **fields)


def test_a_sound_journey_has_no_problems() -> None:
    source = through(
        template("hello", "hello", "en", "{{ name }}"),
        node("answer", "wait", timeout="1d", save="said"),
        text("thanks", "You said {{ said }}, {{ name }}"),
        sender="Main",
    )
    known = Known(frozenset({"name"}), WHATSAPP, TEMPLATES, frozenset(), frozenset())
    assert told(source, known) == []
    assert told(source) == []


# --- how it is drawn ----------------------------------------------------------------------------------------


def test_R16_a_journey_without_a_start() -> None:
    _, found = check_graph({"name": "x", "nodes": [node("end", "end")], "edges": []})
    assert [str(each) for each in found] == ["nodes: has no start: add a node of the kind audience"]


def test_R16_two_starts() -> None:
    source = graph([node("again", "audience")], [edge("start>end"), edge("again>end")])
    assert errors(source) == [
        "node 'again': is a second start beside 'start': a journey has one audience node"
    ]


def test_R16_two_nodes_with_one_id() -> None:
    source = graph([text("a"), text("a")], [edge("start>a"), edge("a>end")])
    assert "node 'a', id: is used by two nodes: give one of them another id" in errors(source)


@pytest.mark.parametrize(
    ("drawn", "problem"),
    [
        ("a>ned", "node 'a', edge 'a → ned', to: there is no node 'ned'. Did you mean 'end'?"),
        ("zork>end", "node 'zork', edge 'zork → end', from: there is no node 'zork'."),
        ("a>start", "node 'a', edge 'a → start', to: leads back to the start: nobody arrives there; "
         "lead to the node after it"),
    ],
)  # fmt: skip
def test_R16_an_edge_to_or_from_nowhere_or_the_start(drawn: str, problem: str) -> None:
    source = graph([text("a")], [edge("start>a"), edge("a>end"), edge(drawn, "failed")])
    assert problem in errors(source)


def test_R16_a_goto_to_nowhere_or_the_start() -> None:
    assert "node 'go', node: there is no node 'ends'. Did you mean 'end'?" in errors(
        graph([node("go", "goto", node="ends")], [edge("start>go")])
    )
    assert "leads back to the start" in str(
        errors(graph([node("go", "goto", node="start")], [edge("start>go")]))
    )


@pytest.mark.parametrize(
    ("leaving", "problem"),
    [
        (text("a"), "node 'a': an edge `payload` cannot leave a node of the kind message: there are next, "
         "delivered, read, failed, timeout"),
        (node("a", "end"), "node 'a': an edge `payload` cannot leave a node of the kind end: nothing does"),
    ],
)  # fmt: skip
def test_an_edge_that_its_node_does_not_know(leaving: Json, problem: str) -> None:
    source = graph([leaving], [edge("start>a"), edge("a>end", "payload", value="b")])
    assert problem in errors(source)


@pytest.mark.parametrize(
    ("lacking", "on"),
    [
        (node("a", "api", url="https://example.com"), "success"),
        (node("a", "split", branches=[{"name": "half", "percent": 50}]), "fallback"),
    ],
)
def test_an_edge_that_its_node_needs(lacking: Json, on: str) -> None:
    source = graph([lacking], [edge("start>a")])
    assert f"node 'a': needs an edge `{on}`: draw where people go next" in errors(source)


def test_the_start_needs_a_way_out() -> None:
    assert "node 'start': needs an edge `next`: draw where people go next" in errors(graph([], []))


def test_a_node_that_nobody_comes_to() -> None:
    source = graph([text("a"), text("b")], [edge("start>end"), edge("a>b"), edge("b>a")])
    assert [each for each in errors(source) if "nobody ever comes here" in each] == [
        "node 'a': nobody ever comes here: draw an edge to it, or remove it",
        "node 'b': nobody ever comes here: draw an edge to it, or remove it",
    ]


def test_a_goto_is_a_way_to_a_node() -> None:
    assert errors(graph([node("go", "goto", node="a"), text("a")], [edge("start>go"), edge("a>end")])) == []


def test_R16_a_circle_where_nobody_waits() -> None:
    source = graph(
        [text("a"), node("b", "update", set={"x": "y"}), node("c", "goto", node="a")],
        [edge("start>a"), edge("a>b"), edge("b>c")],
    )
    [found] = [each for each in errors(source) if "circle" in each]
    assert found == (
        "node 'a': goes in a circle where nobody waits: a → b → c → a. Put a wait or a delay into it"
    )


def test_R16_a_node_that_leads_to_itself() -> None:
    source = graph([text("a")], [edge("start>a"), edge("a>a"), edge("a>end", "failed")])
    assert any("a → a" in each for each in errors(source))


@pytest.mark.parametrize("fields", [{"for": "0s"}, {"until": "2027-01-01T09:00"}])
def test_a_circle_whose_delay_holds_nobody_up_the_second_time(fields: Json) -> None:
    source = graph([text("a"), node("d", "delay", **fields)], [edge("start>a"), edge("a>d"), edge("d>a")])
    assert any("a → d → a" in each for each in errors(source))


def test_a_long_circle_is_told_in_short() -> None:
    nodes = [text(f"n{n}") for n in range(100)]
    edges = [edge("start>n0"), *(edge(f"n{n}>n{(n + 1) % 100}") for n in range(100))]
    [found] = [each for each in errors(graph(nodes, edges)) if "circle" in each]
    assert "n0 → n1 → " in found
    assert "n9 → … → n0" in found


@pytest.mark.parametrize("pause", [node("p", "delay", **{"for": "1h"}), node("p", "wait")])
def test_a_circle_with_a_rest_is_allowed(pause: Json) -> None:
    on = "next" if pause["kind"] == "delay" else "fallback"
    source = graph(
        [text("a"), pause], [edge("start>a"), edge("a>p"), edge("p>a", on), edge("a>end", "failed")]
    )
    assert errors(source) == []


def test_every_circle_is_told() -> None:
    nodes = [text(each) for each in "abcd"]
    ways = ["start>a", "a>b", "b>a", "c>d", "d>c"]
    edges = [edge(way) for way in ways] + [edge("b>c", "failed")]
    found = [each for each in errors(graph(nodes, edges)) if "circle" in each]
    assert len(found) == 2


@pytest.mark.parametrize(
    ("last", "quiet"),
    [
        pytest.param(text("a"), True, id="a message"),
        pytest.param(node("a", "delay", **{"for": "1h"}), True, id="a delay"),
        pytest.param(node("a", "update", set={"x": "y"}), True, id="an update"),
        pytest.param(
            node("a", "goto", journey="Other", returns=True), True, id="coming back from another journey"
        ),
        pytest.param(node("a", "goto", journey="Other"), False, id="going on in another journey"),
        pytest.param(node("a", "handoff"), False, id="a handoff has its own outcome"),
        pytest.param(node("a", "end"), False, id="an end"),
    ],
)
def test_a_quiet_ending_is_a_warning(last: Json, quiet: bool) -> None:
    source = graph([last], [edge("start>a"), edge("start>end")])
    assert ("the journey ends quietly here" in str(warnings(source))) is quiet
    assert not any("node 'a'" in each for each in errors(source))


def test_a_wait_that_nobody_leaves_is_an_error() -> None:
    [found] = [each for each in errors(graph([node("a", "wait")], [edge("start>a")])) if "leaves" in each]
    assert "nobody ever leaves it" in found


def test_what_a_node_finds_itself_is_told() -> None:
    source = graph([node("w", "wait", timeout="1d")], [edge("start>w"), edge("w>end", "fallback")])
    assert any("node 'w': has a timeout but no edge for it" in each for each in errors(source))


def test_a_condition_with_too_many_levels() -> None:
    condition: Json = {"tag": "x"}
    for _ in range(11):
        condition = {"not": condition}
    source = graph([], [edge("start>end")])
    source["nodes"][0]["filter"] = condition
    assert "node 'start', filter: has a condition of 11 levels" in str(errors(source))
    source["nodes"][0]["filter"] = condition["not"]
    assert errors(source) == []


def test_a_split_with_a_deep_condition() -> None:
    condition: Json = {"tag": "x"}
    for _ in range(6):
        condition = {"all": [{"not": condition}]}
    split = node("s", "split", branches=[{"name": "b", "when": condition}])
    source = graph([split], [edge("start>s"), edge("s>end", "fallback"), edge("s>end", "branch", branch="b")])
    assert "node 's', branches: has a condition of 12 levels" in str(errors(source))


# --- edges that are never taken ------------------------------------------------------------------------------


def wait_with(*edges: Json) -> Json:
    return graph([node("w", "wait", timeout="1d")], [edge("start>w"), *edges, edge("w>end", "timeout")])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"on": "payload", "value": "a"}, {"on": "payload", "value": "a"}),
        ({"on": "regex", "pattern": "a+"}, {"on": "regex", "pattern": "a+"}),
        ({"on": "fallback"}, {"on": "fallback"}),
        ({"on": "timeout"}, {"on": "timeout"}),
        ({"on": "keywords", "words": ["Sim", "yes"]}, {"on": "keywords", "words": ["YES", "sim!"]}),
        ({"on": "keywords", "words": ["yes", "no"]}, {"on": "keywords", "words": ["no"]}),
        ({"on": "keywords", "words": ["call"]}, {"on": "keywords", "words": ["call me", "please call"]}),
        (
            {"on": "keywords", "words": ["yes"]},
            {"on": "keywords", "words": ["yes", "please"], "match": "all"},
        ),
        ({"on": "keywords", "words": ["yes"]}, {"on": "keywords", "words": ["oh yes"], "match": "exact"}),
        (
            {"on": "keywords", "words": ["yes", "ok"], "match": "exact"},
            {"on": "keywords", "words": ["OK"], "match": "exact"},
        ),
        (
            {"on": "keywords", "words": ["yes"], "match": "all"},
            {"on": "keywords", "words": ["yes", "oh yes"]},
        ),
    ],
)
def test_an_edge_that_is_never_taken(first: Json, second: Json) -> None:
    found = errors(wait_with({"from": "w", "to": "end", **first}, {"from": "w", "to": "start2", **second}))
    assert any("is never taken" in each and "'w → " in each for each in found), found


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"on": "payload", "value": "a"}, {"on": "payload", "value": "A"}),
        ({"on": "regex", "pattern": "a+"}, {"on": "regex", "pattern": "a*"}),
        ({"on": "keywords", "words": ["call me"]}, {"on": "keywords", "words": ["call"]}),
        ({"on": "keywords", "words": ["yes", "no"]}, {"on": "keywords", "words": ["no", "maybe"]}),
        (
            {"on": "keywords", "words": ["yes", "please"], "match": "all"},
            {"on": "keywords", "words": ["yes"]},
        ),
        ({"on": "keywords", "words": ["yes"], "match": "exact"}, {"on": "keywords", "words": ["yes"]}),
        ({"on": "fallback"}, {"on": "keywords", "words": ["yes"]}),
        ({"on": "keywords", "words": ["one"]}, {"on": "keywords", "words": ["someone"]}),
    ],
)
def test_an_edge_that_may_be_taken(first: Json, second: Json) -> None:
    assert errors(wait_with({"from": "w", "to": "end", **first}, {"from": "w", "to": "end", **second})) == []


def test_two_edges_next_of_one_node() -> None:
    source = graph([text("a")], [edge("start>a"), edge("a>end"), edge("a>end")])
    assert errors(source) == [
        "node 'a', edge 'a → end': `next` is never taken: the edge before it is the same. "
        "Remove it, or put it first"
    ]


# --- texts and variables -------------------------------------------------------------------------------------


def test_a_text_that_cannot_be_read_is_told_by_field_line_and_column() -> None:
    buttons = node("a", "message", content={
        "type": "buttons", "body": "Hi", "buttons": [{"id": "1", "title": "first\n{{ name | upcas }}"}]
    })  # fmt: skip
    [found] = [each for each in told(through(buttons)) if each.level == "error"]
    assert (found.node, found.field) == ("a", "content/buttons/0/title")
    assert found.problem.startswith("line 2, column ")
    assert "there is no filter 'upcas'" in found.problem


ATTRIBUTES = Known(attributes=frozenset({"name", "city"}))


def test_a_variable_that_nothing_gives() -> None:
    assert errors(through(text("a", "Hi {{ nmae }}")), ATTRIBUTES) == [
        "node 'a': uses 'nmae', which is no attribute of any contact, and no node before gives it. "
        "Did you mean 'name'?"
    ]


@pytest.mark.parametrize(
    "user",
    [
        text("a", 'Hi {{ nmae | default: "you" }}'),
        text("a", "{% if nmae %}Hi {{ nmae }}{% endif %}"),
        node("a", "split", branches=[{"name": "b", "when": {"variable": "nmae", "is": "x"}}]),
        node(
            "a", "split", branches=[{"name": "b", "when": {"not": {"any": [{"attribute": "nmae", "is": 1}]}}}]
        ),
        node("a", "handoff", note='{{ nmae | default: "?" }}'),
    ],
)
def test_a_variable_that_may_be_missing_is_a_warning(user: Json) -> None:
    source = through(user)
    if user["kind"] == "split":
        source["edges"].append(edge("a>end", "branch", branch="b"))
    assert errors(source, ATTRIBUTES) == []
    assert "uses 'nmae'" in str(warnings(source, ATTRIBUTES))
    assert "uses" not in str(told(source))


@pytest.mark.parametrize(
    ("giver", "name"),
    [
        pytest.param(node("g", "wait", save="said"), "said", id="a wait"),
        pytest.param(
            node("g", "api", url="https://example.com", save={"price": "$.p"}), "price", id="an api"
        ),
        pytest.param(node("g", "update", variables={"x": "y"}), "x", id="an update of variables"),
        pytest.param(node("g", "update", set={"plan": "y"}), "plan", id="an update of attributes"),
        pytest.param(node("g", "goto", journey="Other", returns=True, save="how"), "how", id="a goto"),
        pytest.param(
            node("g", "goto", journey="Other", returns=True), "whatever", id="what a journey brings back"
        ),
        pytest.param(node("g", "delay", **{"for": "1d"}), "city", id="an attribute"),
        pytest.param(node("g", "delay", **{"for": "1d"}), "contact.phone", id="the contact"),
        pytest.param(node("g", "delay", **{"for": "1d"}), "journey.name", id="the journey"),
    ],
)
def test_a_variable_that_something_before_gives(giver: Json, name: str) -> None:
    source = through(giver, text("a", "Hi {{ " + name + " }}"))
    assert [each for each in errors(source, ATTRIBUTES) if "uses" in each] == []


def test_the_groups_of_a_pattern_are_variables_behind_their_edge() -> None:
    source = graph(
        [node("w", "wait"), text("a", "{{ number }}"), text("b", "{{ number }}")],
        [
            edge("start>w"),
            edge("w>a", "regex", pattern=r"order (?P<number>\d+)"),
            edge("w>b", "fallback"),
            edge("a>end"),
            edge("b>end"),
        ],
    )
    assert errors(source, ATTRIBUTES) == [
        "node 'b': uses 'number', which only 'w' gives, and nobody comes here from there"
    ]


def test_a_variable_that_is_given_later_only() -> None:
    source = through(text("a", "{{ said }}"), node("w", "wait", save="said"))
    problem = "node 'a': uses 'said', which only 'w' gives, and nobody comes here from there"
    assert errors(source, ATTRIBUTES) == [problem]
    assert problem in warnings(source)
    source["edges"].append(edge("w>a", "payload", value="again"))
    assert errors(source, ATTRIBUTES) == []


def test_whoever_programs_send_in_may_bring_variables_along() -> None:
    source = through(text("a", "{{ order }}"))
    source["nodes"][0]["api"] = True
    assert errors(source, ATTRIBUTES) == []
    assert "uses 'order'" in str(warnings(source, ATTRIBUTES))


def test_many_unknown_variables_of_a_node_are_told_in_short() -> None:
    body = "".join("{{ v" + str(n) + " }}" for n in range(100))
    found = errors(through(text("a", body)), ATTRIBUTES)
    assert len(found) == 11
    assert found[-1] == "node 'a': uses 90 more variables that nothing gives"


@pytest.mark.parametrize("name", ["contact", "journey"])
def test_nothing_can_be_kept_under_a_built_in_name(name: str) -> None:
    assert f"keeps something as {name!r}" in str(errors(through(node("w", "wait", save=name))))
    source = wait_with(edge("w>end", "regex", pattern=f"(?P<{name}>.*)"))
    assert f"keeps something as {name!r}" in str(errors(source))


# --- names of what is outside --------------------------------------------------------------------------------


def test_senders_must_exist() -> None:
    source = through(template("a"), template("b", sender="SMSs"), template("c", sender="SMS"))
    known = Known(senders=WHATSAPP)
    assert errors(source, known) == [
        "node 'a', sender: has no sender: name one here, or one for the whole journey",
        "node 'b', sender: there is no sender 'SMSs'. Did you mean 'SMS'?",
    ]
    assert errors({**source, "sender": "Mian"}, known)[0] == (
        "sender: there is no sender 'Mian'. Did you mean 'Main'?"
    )
    assert errors(source) == []


def test_lists_must_exist() -> None:
    source = through(
        node("s", "split", branches=[{"name": "b", "when": {"not": {"list": "custmers"}}}]),
        node("u", "update", add_lists=["asked"], remove_lists=["customers"]),
    )
    source["edges"].append(edge("s>u", "branch", branch="b"))
    source["nodes"][0]["lists"] = ["customers", "others"]
    assert errors(source, Known(lists=frozenset({"customers"}))) == [
        "node 'start', lists: there is no list 'others'.",
        "node 's': there is no list 'custmers'. Did you mean 'customers'?",
        "node 'u', add_lists: there is no list 'asked'.",
    ]
    assert errors(source) == []


def test_other_journeys_must_exist_and_be_others() -> None:
    source = graph([node("g", "goto", journey="Survy")], [edge("start>g"), edge("start>end")])
    known = Known(journeys=frozenset({"Survey", "A journey"}))
    assert "node 'g', journey: there is no journey 'Survy'. Did you mean 'Survey'?" in errors(source, known)
    itself = graph([node("g", "goto", journey="A journey")], [edge("start>g"), edge("start>end")])
    for each in (known, Known()):
        assert "node 'g', journey: leads into its own journey: name a `node` of it instead" in errors(
            itself, each
        )


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        pytest.param(
            template("a", "helo", "en", "x"), "There is no template helo:en. Did you mean 'hello'?", id="name"
        ),
        pytest.param(
            template("a", "xyz"),
            "There is no template xyz:en. Sync the senders' templates",
            id="nothing near",
        ),
        pytest.param(
            template("a", "hello", "es", "x"), "hello:es exists in en, pt_BR: name one", id="language"
        ),
        pytest.param(
            template("a", "hello", "", "x"), "hello exists in en, pt_BR: name one", id="no language"
        ),
        pytest.param(
            template("a", "sale", "en"), "sale:en is paused: only approved ones are sent", id="paused"
        ),
        pytest.param(template("a", "hello", "en"), "hello:en needs a value for body.1", id="too few values"),
        pytest.param(
            template("a", "hello", "en", "x", "y"), "hello:en has no variable body.2", id="too many"
        ),
    ],
)
def test_a_template_that_cannot_be_sent(message: Json, problem: str) -> None:
    [found] = [each for each in told(through(message), Known(templates=TEMPLATES)) if each.level == "error"]
    assert (found.node, found.field) == ("a", "content")
    assert problem in found.problem
    assert errors(through(message)) == []


def test_the_time_zone_must_exist() -> None:
    assert "Mars/Phobos" in errors(graph([], [edge("start>end")], timezone="Mars/Phobos"))[0]
    assert errors(graph([], [edge("start>end")], timezone="America/Recife")) == []


# --- the 24-hour window --------------------------------------------------------------------------------------

NEVER = "needs a template: people can come here without having replied"
LATE = "may need a template: the last reply can lie 24 hours or more back"


def window(source: Json, sender: str = "Main") -> tuple[list[str], list[str]]:
    """The nodes with an error, and those with a warning, about the window."""
    found = told({**source, "sender": sender}, Known(senders=WHATSAPP))
    about = [each for each in found if NEVER in each.problem or LATE in each.problem]
    assert all((NEVER in each.problem) == (each.level == "error") for each in about)
    return (
        [each.node for each in about if each.level == "error"],
        [each.node for each in about if each.level == "warning"],
    )


def test_free_text_to_people_who_never_replied_needs_a_template() -> None:
    source = through(text("a"), node("w", "wait"), text("b"))
    assert window(source) == (["a"], [])
    assert window(source, "SMS") == ([], [])


def test_free_text_by_way_of_a_timeout_needs_a_template() -> None:
    source = graph(
        [template("a", "hello", "en"), node("w", "wait", timeout="1h"), text("b"), text("c")],
        [
            edge("start>a"),
            edge("a>w"),
            edge("w>b", "fallback"),
            edge("w>c", "timeout"),
            edge("b>end"),
            edge("c>end"),
        ],
    )
    assert window(source) == (["c"], [])


def test_without_known_senders_it_is_a_warning() -> None:
    assert any(f"node 'a', content: on WhatsApp {NEVER}" in each for each in warnings(through(text("a"))))
    assert errors(through(text("a"))) == []


def test_the_sender_of_the_message_decides() -> None:
    source = through(text("a", sender="SMS"), template("b"), text("c"))
    assert window(source) == (["c"], [])


@pytest.mark.parametrize(
    ("between", "late"),
    [
        pytest.param([node("d", "delay", **{"for": "23h"})], False, id="less than a day"),
        pytest.param([node("d", "delay", **{"for": "24h"})], True, id="a day"),
        pytest.param([node("d", "delay", **{"for": "12h"}), node("e", "delay", **{"for": "12h"})], True, id="together"),
        pytest.param([node("d", "delay", **{"for": "20h"}), node("w", "wait"), node("e", "delay", **{"for": "20h"})],
                     False, id="a reply between them"),
        pytest.param([node("d", "delay", until_time="09:00")], True, id="until a local time"),
        pytest.param([node("d", "delay", until="2027-01-01T09:00")], True, id="until a date"),
        pytest.param([node("h", "handoff", wait=True)], True, id="while colleagues talk"),
        pytest.param([node("h", "handoff")], False, id="a handoff that does not wait"),
        pytest.param([node("g", "goto", journey="Other", returns=True)], True, id="another journey"),
        pytest.param([template("t")], False, id="a template in between"),
        pytest.param([node("p", "api", url="https://example.com")], False, id="a call"),
    ],
)  # fmt: skip
def test_time_after_the_last_reply_adds_up(between: list[Json], late: bool) -> None:
    source = through(node("first", "wait"), *between, text("a"))
    assert window(source) == ([], ["a"] if late else [])


def test_a_timeout_counts_from_the_reply_before_it() -> None:
    def source(timeout: str) -> Json:
        return graph(
            [node("v", "wait"), node("w", "wait", timeout=timeout), text("a")],
            [
                edge("start>v"),
                edge("v>w", "fallback"),
                edge("w>a", "timeout"),
                edge("w>end", "fallback"),
                edge("a>end"),
            ],
        )

    assert window(source("23h")) == ([], [])
    assert window(source("1d")) == ([], ["a"])


def test_going_round_often_enough_takes_more_than_a_day() -> None:
    source = graph(
        [node("v", "wait"), text("a"), node("d", "delay", **{"for": "1m"})],
        [edge("start>v"), edge("v>a", "fallback"), edge("a>d"), edge("d>a"), edge("a>end", "failed")],
    )
    assert window(source) == ([], ["a"])


def test_whoever_enters_by_writing_a_word_has_just_replied() -> None:
    source = through(text("a"))
    source["nodes"][0]["triggers"] = [{"words": ["start"]}]
    assert window(source) == ([], [])
    source["nodes"][0]["lists"] = ["customers"]
    assert window(source) == (["a"], [])


# --- as a whole ----------------------------------------------------------------------------------------------


def test_problems_come_in_the_order_of_the_nodes_and_the_journeys_own_first() -> None:
    source = through(text("a", "{{ x | y }}"), node("w", "wait", save="contact"), timezone="Nowhere")
    assert [each.node for each in told(source) if each.level == "error"] == ["", "a", "w"]


def test_a_problem_says_which_field_and_which_edge() -> None:
    assert str(Problem("a", "content", "is wrong")) == "node 'a', content: is wrong"
    assert str(Problem("a", "to", "is wrong", edge="a → b")) == "node 'a', edge 'a → b', to: is wrong"
    assert str(Problem("", "", "is wrong")) == "the journey: is wrong"


def test_what_cannot_be_read_gives_no_graph_but_its_problems() -> None:
    read, found = check_graph(b"{")
    assert read is None
    assert "is not JSON" in found[0].problem


def largest() -> tuple[list[Json], list[Json]]:
    count = MOST_NODES - 2
    nodes = [
        node(f"n{n}", "wait", timeout="1h", save=f"v{n % 50}")
        if n % 2
        else text(f"n{n}", "{{ v" + str(n % 50) + " }}")
        for n in range(count)
    ]
    edges = [edge("start>n0"), edge(f"n{count - 1}>end", "timeout")]
    edges += [edge(f"n{n}>n{n + 1}", "timeout" if n % 2 else "next") for n in range(count - 1)]
    more = MOST_EDGES - len(edges)
    edges += [
        edge(f"n{n * 2 % count + 1}>n{n * 7919 % count}", "keywords", words=[f"word {n}"])
        for n in range(more)
    ]
    return nodes, edges


def test_the_largest_graph_is_checked_quickly() -> None:
    read, _ = check_graph(graph(*largest(), sender="Main"))
    assert read is not None
    begun = time.perf_counter()
    check_graph(graph(*largest(), sender="Main"), Known(frozenset(f"v{n}" for n in range(50)), WHATSAPP))
    assert time.perf_counter() - begun < 5  # less than a second on a quiet machine


@pytest.mark.parametrize(
    ("nodes", "edges"),
    [
        pytest.param(
            [text(f"node-{n}") for n in range(1_998)],
            [edge(f"node-{n % 1_998}>nobody-{n}", "failed") for n in range(10_000)],
            id="ten thousand edges to nowhere",
        ),
        pytest.param(
            [text(f"n{n}", "".join("{{ a" + str(n * 9 + m) + " }}" for m in range(9))) for n in range(1_998)],
            [],
            id="eighteen thousand unknown variables",
        ),
        pytest.param(
            [text(f"n{n}") for n in range(1_998)],
            [edge(f"n{n % 1_998}>n{n * 31 % 1_998}", "next") for n in range(10_000)],
            id="one knot of everything",
        ),
        pytest.param(
            [node("w", "wait")],
            [edge("w>end", "keywords", words=[f"a{n} b" * 5, f"c{n}"]) for n in range(9_999)],
            id="ten thousand edges on one node",
        ),
    ],
)
def test_hostile_graphs_are_checked_in_seconds(nodes: list[Json], edges: list[Json]) -> None:
    begun = time.perf_counter()
    read, _ = check_graph(graph(nodes, [edge(f"start>{nodes[0]['id']}"), *edges][:MOST_EDGES]), ATTRIBUTES)
    assert time.perf_counter() - begun < 10  # about one on a quiet machine
    assert read is not None
