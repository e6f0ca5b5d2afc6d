"""Twilio Studio flows become journeys that lead people to the same places."""

import re
from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from clarion.domain.content import Media, Parameter, Template, Text
from clarion.domain.journey.events import Called
from clarion.domain.journey.graph import read_graph
from clarion.domain.journey.lift import Lifted, Note, lift
from clarion.domain.journey.problems import problems
from tests.support.lifted import FOREIGN, LATER, Press, lifted, walk

KNOWN = Called(0, 200, {"patient": {"name": "Ana", "visits": 3}, "slots": [{"time": "9:00"}]})
NEW = Called(0, 200, {"slots": [{"time": "9:00"}]})
IN = ("Trigger", "look_up", "remember", "known")
ASKED = (*IN, "ask", "ask_wait")
WHEN = (*ASKED, "other_time", "other_time_wait", "when")


@pytest.mark.parametrize(
    ("does", "places", "outcome"),
    [
        pytest.param([KNOWN, "Sim!"], (*ASKED, "confirm", "end"), "finished", id="matches any of"),
        pytest.param([KNOWN, "2", Called(0, 200)], (*ASKED, "cancel", "bye", "end"), "finished", id="equal"),
        pytest.param([KNOWN, "I'll cancel it"], (*ASKED, "cancel"), "", id="contains"),
        pytest.param([KNOWN, "Other time", "morning"], (*WHEN, "confirm", "end"), "finished", id="regex, starts with"),
        pytest.param([KNOWN, "3", "later"], (*WHEN, "bye", "end"), "finished", id="does not contain"),
        pytest.param([KNOWN, "hm"], (*ASKED, "help"), "handed over", id="no match"),
        pytest.param([KNOWN, LATER], (*ASKED, "remind", "log_failure"), "", id="timeout; its text has a gap"),
        pytest.param([NEW, "Bia"], (*IN, "ask_name", "ask_name_wait", "thank", "ask", "ask_wait"), "", id="unknown"),
        pytest.param([NEW, LATER], (*IN, "ask_name", "ask_name_wait", "end"), "finished", id="timeout to nowhere"),
        pytest.param([Called(0, 500)], ("Trigger", "look_up", "sorry"), "failed", id="failed call"),
    ],
)  # fmt: skip
def test_the_same_answers_lead_to_the_same_places(
    does: list[Any], places: tuple[str, ...], outcome: str
) -> None:
    found = walk(lifted("studio").graph, does)
    assert (found.places, found.outcome) == (places, outcome)


def test_messages_and_calls_say_what_they_said_in_studio() -> None:
    found = walk(lifted("studio").graph, [NEW, "Bia", "yes"])
    assert found.sent == (
        Text("We do not know you yet. What is your name?"),
        Text("Thank you, Bia."),
        Text("Hello there, will you come at 9:00? 1 yes, 2 no, 3 other time"),
        Template("HXffffffffffffffffffffffffffffffff", body=(Parameter("1", "9:00"),)),
    )
    assert [(call.url, call.body, dict(call.headers)) for call in found.calls] == [
        (
            "https://clinic.example.com/patients",
            "phone=%2B5541999990000&source=studio%20%26%20sms",
            {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"},
        )
    ]


def test_the_conversation_is_handed_over_where_flex_took_it() -> None:
    assert walk(lifted("studio").graph, [KNOWN, "hm"]).handed_over


def test_each_widget_has_a_note() -> None:
    names = [state["name"] for state in orjson.loads((FOREIGN / "studio.json").read_bytes())["states"]]
    assert len(names) > 15
    assert {note.where for note in lifted("studio").report} == {"", *names}


def test_the_report_says_what_is_lost_and_what_is_different() -> None:
    report = lifted("studio").report
    assert [(note.where, note.text) for note in report if note.level == "lost"] == [
        ("Trigger", "Its way 'incomingCall' to 'say_hello' was left out: journeys take no calls."),
        (
            "cancel",
            "Functions run at Twilio: the api node 'cancel' calls its address, which refuses strangers unless the "
            "function is public. Make it so, or move what it does to a service of your own.",
        ),
        (
            "remind",
            "{{trigger.message.Body}} is not known here: the variable 'trigger_message_Body' stands in its place, and "
            "nothing fills it. Set it in an update node, or use another one.",
        ),
        (
            "log_failure",
            "Became the goto 'log_failure' to a journey 'FW00000000000000000000000000000001': bring that flow too, "
            "and name its journey there. It begins with all variables of this one, not with parameters.",
        ),
        ("help", "Fields that were not read: 'attributes'. If they matter, say it anew."),
        (
            "sorry",
            "{{flow.channel.address}} is not known here: the variable 'flow_channel_address' stands in its place, and "
            "nothing fills it. Set it in an update node, or use another one.",
        ),
        (
            "say_hello",
            "There is nothing like 'say-play' here: an end stands in its place. Put in what you need.",
        ),
        ("say_hello", "Its way 'audioComplete' to 'connect' is not drawn."),
        (
            "connect",
            "There is nothing like 'connect-call-to' here: an end stands in its place. Put in what you need.",
        ),
        (
            "twiml",
            "There is nothing like 'add-twiml-redirect' here: an end stands in its place. Put in what you need.",
        ),
        ("twiml", "Its way 'return' to 'bye' is not drawn."),
    ]
    assert [(note.where, note.text) for note in report if note.level == "changed"] == [
        (
            "Trigger",
            "There anybody who wrote came in; here people come from lists, or by words that you name as triggers.",
        ),
        ("help", "Became the handoff 'help': the conversation goes to the inbox, not to Flex."),
        (
            "",
            "A message is not sent to people for whom one of its variables is blank: where a gap does no harm, write "
            '{{ name | default: "friend" }}.',
        ),
    ]
    assert Note("carried", "ask", "Became the message 'ask' and the wait 'ask_wait'.") in report


def test_only_what_stands_apart_keeps_a_lifted_flow_from_being_published() -> None:
    errors = [each for each in problems(read_graph(lifted("studio").graph)) if each.level == "error"]
    assert {each.node for each in errors} == {"say_hello", "connect", "twiml"}


def asked(
    conditions: list[dict[str, Any]],
    *,
    more: Sequence[dict[str, Any]] = (),
    said: str = "{{widgets.q.inbound.Body}}",
) -> Lifted:
    """A flow that asks once; the n-th condition leads to an end called m0, m1, ..., no match to `none`."""
    ways = [
        {
            "event": "match",
            "next": f"m{n}",
            "conditions": [{"arguments": [said], "friendly_name": f"c{n}", **each}],
        }
        for n, each in enumerate(conditions)
    ]
    names = [f"m{n}" for n in range(len(conditions))]
    return lift(
        {
            "states": [
                {"name": "T", "type": "trigger", "transitions": [{"event": "incomingRequest", "next": "q"}]},
                {
                    "name": "q",
                    "type": "send-and-wait-for-reply",
                    "properties": {"body": "?", "timeout": 60},
                    "transitions": [{"event": "incomingMessage", "next": "s"}],
                },
                {
                    "name": "s",
                    "type": "split-based-on",
                    "properties": {"input": said},
                    "transitions": [{"event": "noMatch", "next": "none"}, *ways],
                },
                *(
                    {"name": name, "type": "send-message", "properties": {"body": name}}
                    for name in (*names, "none")
                ),
                *more,
            ]
        }
    )


def studio_takes(kind: str, value: str, reply: str) -> bool:
    """What Studio does: without case and outer spaces; a regex has to match the whole reply."""
    said, wanted = reply.strip().casefold(), value.strip().casefold()
    listed = [part.strip().casefold() for part in value.split(",")]
    matched = kind == "regex" and re.fullmatch(value, reply.strip(), re.IGNORECASE | re.DOTALL) is not None
    return {
        "equal_to": said == wanted,
        "not_equal_to": said != wanted,
        "matches_any_of": said in listed,
        "does_not_match_any_of": said not in listed,
        "contains": wanted in said,
        "does_not_contain": wanted not in said,
        "starts_with": said.startswith(wanted),
        "does_not_start_with": not said.startswith(wanted),
        "is_blank": not said,
        "is_not_blank": bool(said),
        "regex": matched,
        "less_than": said.isdigit() and wanted.isdigit() and int(said) < int(wanted),
        "greater_than": said.isdigit() and wanted.isdigit() and int(said) > int(wanted),
    }[kind]


REPLIES = (
    "yes",
    " YES ",
    "no",
    "yes please",
    "yesterday",
    "1",
    "12",
    "3",
    "?",
    "a.b",
    "axb",
    "",
    "não",
    "👍",
    "oh no",
)


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("equal_to", "yes"), ("equal_to", "?"), ("equal_to", "👍"), ("not_equal_to", "no"),
        ("matches_any_of", "yes, 1, ?, não"), ("does_not_match_any_of", "yes,no"),
        ("contains", "yes"), ("contains", "a.b"), ("contains", "?"), ("does_not_contain", "no"),
        ("starts_with", "yes"), ("does_not_start_with", "y"), ("is_blank", ""), ("is_not_blank", ""),
        ("regex", "y.*"), ("regex", "1|3"), ("less_than", "5"), ("greater_than", "5"),
    ],
)  # fmt: skip
def test_a_condition_takes_the_replies_it_took_in_studio(kind: str, value: str, reply: str) -> None:
    if kind in ("less_than", "greater_than") and not reply.isdigit():
        return  # Studio compares texts there in a way nobody wrote down
    found = walk(asked([{"type": kind, "value": value}]).graph, [reply])
    assert ("m0" in found.places) == studio_takes(kind, value, reply)


def test_the_first_condition_that_holds_is_taken() -> None:
    flow = asked([{"type": "contains", "value": "y"}, {"type": "equal_to", "value": "yes"}])
    assert "m0" in walk(flow.graph, ["yes"]).places
    kinds = {node["id"]: node["kind"] for node in flow.graph["nodes"]}
    assert "s" not in kinds  # it became ways of the wait


def test_pressed_buttons_lead_where_their_payload_did() -> None:
    said = "{{widgets.q.inbound.ButtonPayload}}"
    flow = asked(
        [{"type": "equal_to", "value": "YES_1"}, {"type": "matches_any_of", "value": "NO_1,NO_2"}], said=said
    )
    assert "m0" in walk(flow.graph, [Press("YES_1", "Yes")]).places
    assert "m1" in walk(flow.graph, [Press("NO_2", "No")]).places
    assert "none" in walk(flow.graph, ["YES_1"]).places


def test_a_split_that_others_lead_to_as_well_stays_a_split() -> None:
    more = [
        {
            "name": "again",
            "type": "send-message",
            "properties": {"body": "x"},
            "transitions": [{"event": "sent", "next": "s"}],
        }
    ]
    flow = asked([{"type": "equal_to", "value": "yes"}], more=more)
    assert "m0" in walk(flow.graph, ["Yes"]).places
    assert {node["id"]: node["kind"] for node in flow.graph["nodes"]}["s"] == "split"


def test_a_split_by_more_than_one_value_works_it_out_before() -> None:
    said = "{{widgets.q.inbound.Body | append: '!' }}{{contact.channel.address}}"
    flow = asked([{"type": "equal_to", "value": "yes!+5541999990000"}], said=said)
    found = walk(flow.graph, ["yes"])
    assert found.places[-4:] == ("s", "s_split", "m0", "end")
    assert found.position.variables["s_value"] == "yes!+5541999990000"


def test_several_conditions_on_one_way_must_all_hold() -> None:
    both = lift(
        {
            "states": [
                {"name": "T", "type": "trigger", "transitions": [{"event": "incomingRequest", "next": "s"}]},
                {
                    "name": "s",
                    "type": "split-based-on",
                    "properties": {"input": "{{flow.variables.a}}"},
                    "transitions": [
                        {
                            "event": "match",
                            "next": "m",
                            "conditions": [
                                {"type": "starts_with", "value": "a"},
                                {"type": "contains", "value": "z"},
                            ],
                        }
                    ],
                },
                {"name": "m", "type": "send-message", "properties": {"body": "both"}},
            ]
        }
    )
    assert "m" in walk(both.graph, a="a..z").places
    assert "m" not in walk(both.graph, a="a").places
    assert (
        Note("changed", "s", "A way with several conditions is taken when all of them hold.") in both.report
    )


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (
            "is_before_date",
            "2026-01-01",
            "The condition 'c0' (is_before_date) has no counterpart: write it anew.",
        ),
        (
            "equal_to",
            "{{flow.variables.x}}",
            "The condition 'c0' (equal_to) has no counterpart: write it anew.",
        ),
    ],
)
def test_a_condition_without_a_counterpart_is_told(kind: str, value: str, said: str) -> None:
    flow = asked([{"type": kind, "value": value}, {"type": "equal_to", "value": "b"}])
    assert Note("lost", "s", said) in flow.report
    assert Note("lost", "s", "Its way to 'm0' is not drawn.") in flow.report
    assert "m1" in walk(flow.graph, ["b"]).places


def test_words_looked_for_in_the_first_message_become_triggers() -> None:
    flow = asked([{"type": "matches_any_of", "value": "join, start"}], said="{{trigger.message.Body}}")
    audience = flow.graph["nodes"][0]
    assert audience["triggers"] == [{"words": ["join", "start"]}]
    assert Note("changed", "T", "Whoever writes one of these words enters: join, start.") in flow.report


def test_a_message_carries_its_file_and_what_came_with_the_start() -> None:
    flow = lift(
        {
            "friendly_name": "Promo",
            "definition": {
                "states": [
                    {
                        "name": "T",
                        "type": "trigger",
                        "transitions": [{"event": "incomingRequest", "next": "m"}],
                    },
                    {
                        "name": "m",
                        "type": "send-message",
                        "properties": {
                            "body": "Hi {{flow.data.name}} {{ contact.channel.address }}",
                            "media_url": "https://x.example/a.png",
                            "from": "+15005550006",
                        },
                    },
                ]
            },
        }
    )
    assert flow.graph["name"] == "Promo"
    assert walk(flow.graph, name="Ana").sent == (
        Media("image", "https://x.example/a.png", caption="Hi Ana +5541999990000"),
    )
    assert [note.text for note in flow.report if note.where == "m" and note.level != "carried"] == [
        "{{flow.data.name}} came with the start: it is read from the attribute 'name'.",
        "It had 'from' set to '+15005550006': here it goes from the journey's sender to the person.",
    ]


def call(**properties: Any) -> Lifted:
    """A flow that makes one request."""
    return lift(
        {
            "states": [
                {"name": "T", "type": "trigger", "transitions": [{"event": "incomingRequest", "next": "h"}]},
                {
                    "name": "h",
                    "type": "make-http-request",
                    "properties": properties,
                    "transitions": [{"event": "success", "next": "m"}],
                },
                {
                    "name": "m",
                    "type": "send-message",
                    "properties": {
                        "body": '{{widgets.h.parsed.a.b-c[1]}} {{widgets.h.parsed["x y"]}} {{widgets.h.body}}'
                    },
                },
            ]
        }
    )


def test_parts_of_an_answer_are_saved_where_texts_look_at_them() -> None:
    flow = call(
        method="GET", url="https://x.example/?k=1", parameters=[{"key": "n", "value": "{{flow.variables.n}}"}]
    )
    answer = Called(0, 200, {"a": {"b-c": ["p", "q"]}, "x y": 5})
    found = walk(flow.graph, [answer], n="a&b")
    assert found.calls[0].url == "https://x.example/?k=1&n=a%26b"
    assert str(found.sent[0]).startswith('Text(body="q 5 {')
    told = [note.text for note in flow.report if note.where == "m" and note.level == "changed"]
    assert told == ["{{widgets.h.body}} is the answer's JSON here, not its text."]


@pytest.mark.parametrize(
    ("properties", "body", "content_type"),
    [
        pytest.param(
            {"body": '{"n": "{{flow.variables.n}}"}', "content_type": "application/json"},
            '{"n":"\\"a\\" & b"}', "application/json", id="JSON stays JSON whatever the value holds",
        ),
        pytest.param({"body": "n={{flow.variables.n}}"}, 'n="a" & b', "text/plain; charset=utf-8", id="text"),
        pytest.param(
            {"parameters": {"n m": "<{{flow.variables.n}}>", "o": "{{flow.variables.o}}"}},
            "n%20m=%3C%22a%22+%26+b%3E&o=", "application/x-www-form-urlencoded", id="form, one value missing",
        ),
        pytest.param(
            {"parameters": [{"key": "n", "value": "{% if flow.variables.n %}x&y{% endif %}"}]},
            "n=x%26y", "application/x-www-form-urlencoded", id="form with a tag",
        ),
    ],
)  # fmt: skip
def test_bodies_are_built_as_studio_built_them(
    properties: dict[str, Any], body: str, content_type: str
) -> None:
    flow = call(method="POST", url="https://x.example/", **properties)
    made = walk(flow.graph, n='"a" & b').calls[0]
    assert (made.body, made.headers["Content-Type"]) == (body, content_type)


def test_a_flow_without_a_trigger_starts_at_its_initial_state() -> None:
    flow = lift(
        {
            "states": [
                {"name": "x", "type": "enqueue-call"},
                {"name": "m", "type": "send-message", "properties": {"body": "hi"}},
            ],
            "initial_state": "m",
        }
    )
    assert walk(flow.graph).places == ("start", "m", "end")


def test_widgets_without_a_name_or_with_one_twice_are_told() -> None:
    flow = lift(
        {
            "states": [
                {"name": "T", "type": "trigger"},
                {"name": "T", "type": "trigger"},
                {"type": "say-play"},
                5,
            ]
        }
    )
    assert [(note.where, note.text) for note in flow.report if note.level == "lost"] == [
        ("T", "Widget #2 has the name 'T' of an earlier one and was left out."),
        ("", "Widget #3 has no name and was left out."),
        ("", "Widget #4 has no name and was left out."),
    ]
