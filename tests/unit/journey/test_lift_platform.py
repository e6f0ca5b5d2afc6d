"""Graphs of the Node and Twilio platform become journeys that lead people to the same places."""

from typing import Any

import pytest

from clarion.domain.content import Buttons, ListPicker, Media, Parameter, Template, Text
from clarion.domain.errors import BadGraph
from clarion.domain.journey.events import Called
from clarion.domain.journey.graph import read_graph
from clarion.domain.journey.lift import Note, lift
from clarion.domain.journey.problems import problems
from tests.support.lifted import LATER, Press, lifted, walk

PERSON = {"name": "Ana", "plan": "Gold", "customer_id": "c1"}
DONE = Called(0, 200, {"valid": {"until": "2027-01-31"}, "receipt": {"id": "r9"}})
OFFER, THINK = ("1", "2", "2_wait"), ("6", "7")


@pytest.mark.parametrize(
    ("does", "places", "outcome"),
    [
        pytest.param([Press("RENEW"), DONE], (*OFFER, "3", "4", "end"), "finished", id="payload"),
        pytest.param(
            [Press("RENEW"), Called(0, 500)], (*OFFER, "3", "4"), "failed", id="the next text needs the call"
        ),
        pytest.param([Press("LATER"), LATER], (*OFFER, "5", *THINK), "", id="button without a condition"),
        pytest.param(["Depois...", LATER], (*OFFER, "5", *THINK), "", id="keywords"),
        pytest.param(["NÃO quero"], (*OFFER, "10"), "lost", id="regex"),
        pytest.param(["what?"], (*OFFER, *THINK), "", id="fallback"),
        pytest.param(
            ["what?", "Call me at 9h30"], (*OFFER, *THINK, "8", "9"), "booked", id="regex with a group"
        ),
        pytest.param(["what?", "👍", DONE], (*OFFER, *THINK, "3", "4", "end"), "finished", id="emoji"),
        pytest.param(["what?", "no"], (*OFFER, *THINK, "11"), "not carried over", id="a pattern RE2 lacks"),
        pytest.param(["what?", LATER], (*OFFER, *THINK, "end"), "finished", id="timeout"),
        pytest.param([], OFFER, "", id="silence"),
    ],
)
def test_the_same_answers_lead_to_the_same_places(
    does: list[Any], places: tuple[str, ...], outcome: str
) -> None:
    found = walk(lifted("platform").graph, does, **PERSON)
    assert (found.places, found.outcome) == (places, outcome)


def test_messages_and_calls_say_what_they_said_before() -> None:
    found = walk(lifted("platform").graph, ["what?", "yes", DONE], **PERSON)
    template, think, done = found.sent
    assert isinstance(template, Template)
    assert [(each.name, each.value) for each in template.body] == [("1", "Ana"), ("2", "Gold")]
    assert think == Text("Still thinking, Ana?")
    assert done == Text("Done, Ana! Your plan runs until 2027-01-31.")
    assert [(call.method, call.url, call.body) for call in found.calls] == [
        ("POST", "https://shop.example.com/api/renewals", '{"customer":"c1","plan":"Gold"}')
    ]
    assert found.position.variables["receipt"] == "r9"


def test_a_group_of_a_pattern_is_saved_when_a_text_speaks_of_it() -> None:
    found = walk(lifted("platform").graph, ["what?", "please call me at 14:05"], **PERSON)
    assert found.sent[-1] == Text("We will call you at 14:05. Bye Ana.")
    assert found.position.variables["answer"] == "please call me at 14:05"


def test_the_report_tells_of_each_part() -> None:
    report = lifted("platform").report
    assert {note.where for note in report} == {"", *(str(n) for n in range(1, 12))}
    assert [note for note in report if note.level == "lost"] == [
        Note("lost", "4", "Its way to '99' is not drawn: there is no such node."),
        Note(
            "lost",
            "11",
            "There is no node like 'sendEmail' here: an end stands in its place. Put in what you need.",
        ),
        Note(
            "lost",
            "7",
            "The pattern '^(?!yes)no+$' to '10' cannot be used: invalid perl operator '(?!'; look-around does not "
            "exist here (at character 2). An edge with the words 'pattern not carried over' stands in its place: "
            "write keywords, or a pattern RE2 can read.",
        ),
        Note("lost", "11", "Nothing leaves an end: its way to '9' is not drawn."),
    ]
    assert [(note.where, note.text) for note in report if note.level == "changed"] == [
        ("1", "It takes people from lists by name; these must exist: spring customers."),
        ("2", "Variables are written differently: ${…} became {{ … }}."),
        ("2", "A template brings its own buttons: the ones drawn here were left out."),
        (
            "3",
            "The header Authorization may hold a secret: whoever sees the journey sees it. Change it there.",
        ),
        ("3", "A header was left out: the header Host is set by the engine: leave it out."),
        ("3", "Became the api node '3': the old one never made its call; this one does."),
        ("6", "Variables are written differently: || became the filter `default`."),
        ("8", "Variables are written differently: $1 became {{ group_1 }}, which the pattern now saves."),
        (
            "8",
            "Variables are written differently: names before a dot were dropped: attributes have plain names here.",
        ),
        (
            "2",
            "A message does not wait for answers here: the wait '2_wait' was put behind it, with its ways.",
        ),
        ("3", "It goes the same way whether the call succeeds or not, as it did before."),
        ("7", "The pattern '/call me at (\\\\d{1,2}[:h]\\\\d{2})/': upper and lower case are the same here."),
        ("7", "Nothing said what follows when nobody answers within 3h: it ends."),
        (
            "",
            "A message is not sent to people for whom one of its variables is blank: where a gap does no harm, write "
            '{{ name | default: "friend" }}.',
        ),
    ]


@pytest.mark.parametrize("name", ["platform", "platform_flat"])
def test_a_lifted_graph_can_be_published(name: str) -> None:
    assert [each for each in problems(read_graph(lifted(name).graph)) if each.level == "error"] == []


@pytest.mark.parametrize(
    ("does", "places"),
    [
        pytest.param([Press("YES")], ("start", "ask", "ask_wait", "photo", "bye"), id="payload in one text"),
        pytest.param(["Ja!"], ("start", "ask", "ask_wait", "photo", "bye"), id="regex beside the id"),
        pytest.param(["no", LATER], ("start", "ask", "ask_wait", "nap", "again", "bye"), id="delay"),
    ],
)
def test_the_flat_form_is_read_too(does: list[Any], places: tuple[str, ...]) -> None:
    found = walk(lifted("platform_flat").graph, does, name="Ana", order="7")
    assert (found.places, found.outcome) == (places, "finished")


def test_nodes_without_places_are_laid_out_from_the_start() -> None:
    nodes = lifted("platform_flat").graph["nodes"]
    assert len({tuple(node["at"]) for node in nodes}) == len(nodes)
    assert next(node for node in nodes if node["id"] == "ask")["at"] == [260.0, 0.0]


def message(**fields: Any) -> dict[str, Any]:
    """The content of a message node with these fields, and what the report says of it."""
    nodes = [{"id": "a", "type": "audience"}, {"id": "m", "type": "message", "data": fields}]
    found = lift({"nodes": nodes, "edges": [{"source": "a", "target": "m"}]})
    node = read_graph(found.graph).by_id["m"]
    told = [note.text for note in found.report if note.where == "m" and note.level != "carried"]
    return {"content": node.content, "told": told}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("fields", "content"),
    [
        pytest.param({"text": "Hi"}, Text("Hi"), id="text"),
        pytest.param({"content": {"body": "Hi"}}, Text("Hi"), id="text inside"),
        pytest.param(
            {"template": "Hi {{1}}, {{2}}", "variables": {"1": "{{name}}", "2": {"value": "you"}}},
            Text("Hi {{name}}, you"),
            id="numbered variables",
        ),
        pytest.param(
            {"body": "Look", "mediaUrl": ["https://x.example/a.mp4?v=1"]},
            Media("video", "https://x.example/a.mp4?v=1", caption="Look"),
            id="video",
        ),
    ],
)
def test_contents_are_found_under_their_usual_names(fields: dict[str, Any], content: Any) -> None:
    assert message(**fields)["content"] == content


def test_templates_are_known_by_content_id_and_by_name() -> None:
    named = message(
        template={
            "name": "hello",
            "language": {"code": "pt_BR"},
            "variables": [{"key": "first", "value": "{{name}}"}],
        }
    )
    assert named["content"] == Template("hello", "pt_BR", (Parameter("first", "{{name}}"),), named=True)
    sid = "HX" + "0" * 32
    assert message(contentSid=sid, language="en")["content"] == Template(sid)


def test_three_buttons_stay_and_more_become_a_list() -> None:
    three = message(text="Choose", buttons=["A", {"title": "B", "payload": "b"}, {"label": "C", "id": 3}])
    assert isinstance(three["content"], Buttons)
    assert [each.id for each in three["content"].buttons] == ["A", "b", "3"]
    many = message(text="Choose", buttons=[f"Option {n}" for n in range(12)])
    assert isinstance(many["content"], ListPicker)
    assert len(many["content"].sections[0].rows) == 10
    assert many["told"] == [
        "12 buttons became a list, because there may be 3 at most.",
        "A list has 10 rows at most; these were left out: 'Option 10', 'Option 11'.",
    ]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        pytest.param({}, "No text was found in it: write one, or it can never be sent.", id="no text"),
        pytest.param(
            {"text": "Hi {{1}}"}, "Nothing says what {{1}} stands for: write a variable's name.", id="number"
        ),
        pytest.param(
            {"text": "{{#if vip}}Hi{{/if}}"},
            "The text '{{#if vip}}Hi{{/if}}' could not be read (line 1, column 3: unexpected '#'): it is shown as "
            "written. Write its variables anew.",
            id="another language",
        ),
        pytest.param(
            {"text": "Hi", "expiresAt": 5},
            "Fields that were not read: 'expiresAt'. If they matter, say it anew.",
            id="unread",
        ),
        pytest.param(
            {"text": "a" * 10_001},
            "The text had 10,001 characters; only the first 10,000 were kept.",
            id="long",
        ),
        pytest.param(
            {"text": "Hi", "buttons": [{"text": "Site", "url": "https://x.example"}]},
            "The button 'Site' opens an address or a call: that takes a template.",
            id="link button",
        ),
        pytest.param(
            {"mediaUrl": ["https://x.example/1.png", "https://x.example/2.png"]},
            "Only the first of its 2 files was kept: add a message for each of the others.",
            id="two files",
        ),
    ],
)
def test_what_a_message_cannot_keep_is_told(fields: dict[str, Any], told: str) -> None:
    assert told in message(**fields)["told"]


def one(kind: str, ways: list[dict[str, Any]], **fields: Any) -> Any:
    """A graph in which one node of a kind leads to ends x, y and z."""
    nodes = [{"id": "a", "type": "audience"}, {"id": "n", "type": kind, "data": fields}]
    nodes += [{"id": each, "type": "end", "data": {"outcome": each}} for each in "xyz"]
    return lift(
        {"nodes": nodes, "edges": [{"source": "a", "target": "n"}, *({"source": "n", **way} for way in ways)]}
    )


def told(found: Any) -> list[str]:
    """What the report says of the node n."""
    return [note.text for note in found.report if note.where == "n" and note.level != "carried"]


def test_a_wait_with_one_plain_way_goes_on_after_any_answer() -> None:
    found = one("wait", [{"target": "x"}])
    assert walk(found.graph, ["anything"]).outcome == "x"
    assert told(found) == ["Its way to 'x' without a condition became the fallback."]


def test_a_wait_with_a_way_for_silence_gets_a_time() -> None:
    found = one("wait", [{"target": "x", "condition": "fallback"}, {"target": "y", "condition": "timeout"}])
    assert read_graph(found.graph).by_id["n"].timeout == "24h"  # type: ignore[attr-defined]
    assert walk(found.graph, [LATER]).outcome == "y"
    assert told(found) == ["No time was given for its way `timeout`: set to 24h."]


def test_a_wait_nobody_leaves_ends_after_an_answer() -> None:
    found = one("wait", [])
    assert walk(found.graph, ["hello"]).outcome == "finished"
    assert told(found) == ["No way left it: after an answer it ends."]


def test_conditions_keep_the_order_that_was_given_to_them() -> None:
    ways = [
        {"target": "x", "data": {"type": "keywords", "keywords": ["yes"], "priority": 2}},
        {"target": "y", "data": {"type": "regex", "pattern": "y", "priority": 1}},
    ]
    assert walk(one("wait", ways).graph, ["yes"]).outcome == "y"


def test_a_way_with_an_unknown_condition_is_told_and_not_drawn() -> None:
    found = one("wait", [{"target": "x", "condition": {"type": "sentiment"}}, {"target": "y"}])
    assert told(found)[0] == "Its way to 'x' has the unknown condition 'sentiment': draw it anew."
    assert walk(found.graph, ["good"]).outcome == "y"


def test_a_call_has_both_ways_out() -> None:
    ways = [{"target": "x", "sourceHandle": "success"}, {"target": "y", "sourceHandle": "error"}]
    found = one("api", ways, url="https://x.example/{{id}}", params={"q": "{{a}} b"}, saveAs="answer")
    assert walk(found.graph, [Called(0, 200, {"a": 1})], id="7").position.variables == {"answer": {"a": 1}}
    assert walk(found.graph, [Called(0, 500)], id="7").outcome == "y"
    assert walk(found.graph, id="7/8").calls[0].url == "https://x.example/7%2F8?q=%20b"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param({"url": "{{base}}/x"}, "url: the address begins with http", id="host in a variable"),
        pytest.param({}, "url: Field required", id="no address"),
    ],
)
def test_a_call_that_cannot_be_made_becomes_a_placeholder(fields: dict[str, Any], said: str) -> None:
    found = one("api", [{"target": "x"}], **fields)
    assert walk(found.graph).outcome == "not carried over"
    assert any(f"The api it became cannot be kept: {said}" in text for text in told(found))
    assert "Its way 'success' to 'x' is not drawn." in told(found)


@pytest.mark.parametrize(
    ("fields", "text", "remark"),
    [
        pytest.param({"minutes": 5}, "5m", "", id="under the unit's name"),
        pytest.param({"delayMs": "1500"}, "2s", "it was rounded up to whole seconds", id="milliseconds"),
        pytest.param({"hours": 1, "minutes": 30}, "1h30m", "", id="together"),
        pytest.param({"duration": 2, "unit": "days"}, "48h", "", id="days are 24 hours"),
        pytest.param({"duration": {"value": 3, "unit": "min"}}, "3m", "", id="inside"),
        pytest.param({"delay": "PT1H30M"}, "1h30m", "", id="ISO"),
        pytest.param({"delay": "00:05:30"}, "5m30s", "", id="as a clock"),
        pytest.param({"wait": "2 horas e 5 minutos"}, "1h", "could not be read", id="not read"),
        pytest.param({"wait": "2 horas, 5 minutos"}, "2h5m", "", id="in words"),
        pytest.param({"delay": 90}, "1m30s", "no unit was given: seconds were assumed", id="no unit"),
        pytest.param(
            {"weeks": 60}, "8784h", "it was more than a year, the longest there is here", id="too long"
        ),
        pytest.param({}, "1h", "How long it lasts could not be read: it was set to 1 hour.", id="nothing"),
    ],
)
def test_delays_are_read_however_they_are_written(fields: dict[str, Any], text: str, remark: str) -> None:
    found = one("delay", [{"target": "x"}], **fields)
    assert read_graph(found.graph).by_id["n"].for_ == text  # type: ignore[attr-defined]
    assert any(remark in each for each in told(found)) or (not remark and not told(found))


def test_a_graph_without_a_start_gets_one() -> None:
    found = lift({"nodes": [{"id": "m", "type": "message", "text": "Hi"}], "edges": []})
    assert walk(found.graph).places == ("start", "m", "end")
    assert Note("changed", "", "It had no audience: a start was put before 'm'.") in found.report


def test_a_second_start_stays_visible() -> None:
    nodes = [{"id": "a", "type": "audience"}, {"id": "b", "type": "audience"}]
    found = lift({"nodes": nodes, "edges": []})
    assert [node["kind"] for node in found.graph["nodes"]] == ["audience", "end", "end"]
    assert any(note.where == "b" and note.level == "lost" for note in found.report)


def test_keywords_behind_the_start_let_people_in() -> None:
    nodes = [{"id": "a", "type": "audience"}, {"id": "x", "type": "end"}]
    edge = {"source": "a", "target": "x", "data": {"type": "keywords", "keywords": ["JOIN", "!"]}}
    found = lift({"nodes": nodes, "edges": [edge]})
    assert found.graph["nodes"][0]["triggers"] == [{"words": ["JOIN"], "match": "any"}]


def test_foreign_ids_become_ids_of_ours_and_stay_apart() -> None:
    nodes = [{"id": each, "type": "end"} for each in ("é 1", "e_1", "x" * 80, "x" * 90, "💥")]
    found = lift({"nodes": [{"id": "a", "type": "audience"}, *nodes], "edges": []})
    assert [node["id"] for node in found.graph["nodes"]][1:6] == [
        "e_1",
        "e_1_2",
        "x" * 64,
        f"{'x' * 62}_2",
        "unnamed",
    ]


def test_name_and_sender_of_the_call_go_before_those_of_the_file() -> None:
    data = {"name": "Theirs", "nodes": [{"id": "a", "type": "audience"}]}
    assert lift(data).graph["name"] == "Theirs"
    assert lift({"data": data}).graph["name"] == "Theirs"
    assert (
        lift(b'[{"title": "Theirs", "flow": {"nodes": [{"id": "a", "type": "audience"}]}}]').graph["name"]
        == "Theirs"
    )
    assert lift({**data, "name": ""}).graph["name"] == "Imported journey"
    graph = lift(data, name="Ours", sender="main").graph
    assert (graph["name"], graph["sender"]) == ("Ours", "main")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param(b"{", "is not JSON: unexpected end of data at line 1, column 2", id="not JSON"),
        pytest.param(b"[]", "must be a JSON object", id="a list"),
        pytest.param(b"{}", "is neither a platform graph (`nodes` and `edges`) nor a Twilio Studio flow (`states`): "
                     "give the JSON that the old system exports for one journey", id="something else"),
        pytest.param(b'{"format": "clarion.journey/1"}', "is one of Clarion's own: import it as it is", id="ours"),
        pytest.param(b'{"nodes": [1]}', "nodes: has no nodes", id="no nodes"),
        pytest.param({"states": [{"name": str(n)} for n in range(10_000)]},
                     "states: has 10,000 states, at most 2,000 are allowed: bring it in parts", id="too many"),
        pytest.param(b'{"nodes": ' + b"[" * 100 + b"]" * 100 + b"}", "is nested more than 40 levels deep", id="deep"),
        pytest.param(b'{"nodes": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", "is nested more than 40 levels", id="deeper"),
        pytest.param({"nodes": [{"id": "a\0"}]}, "must not hold NUL characters", id="NUL"),
        pytest.param({"nodes": [{"id": {1}}]}, "is not JSON", id="no JSON type"),
        pytest.param(b" " * (5 << 20), "is larger than 4 MiB", id="large"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(source: Any, said: str) -> None:
    with pytest.raises(BadGraph) as refusal:
        lift(source)
    assert said in str(refusal.value)


def test_circles_are_carried_over_for_the_author_to_see() -> None:
    nodes = [{"id": "a", "type": "audience"}, {"id": "m", "type": "message", "text": "Hi"}]
    found = lift({"nodes": nodes, "edges": [{"source": "a", "target": "m"}, {"source": "m", "target": "m"}]})
    assert any(
        "circle" in each.problem or "circles" in each.problem for each in problems(read_graph(found.graph))
    )
