"""`clarion demo --journey`: the sample's own logic, the judge of the ledger, and the whole thing for real."""

from collections.abc import Sequence
from io import StringIO
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
from rich.console import Console

from clarion.cli.demo import sample as customers
from clarion.cli.demo.journey import sample
from clarion.cli.demo.journey.api import shop
from clarion.cli.demo.journey.judge import MARKS, Judgement, Said, branch, judge
from clarion.cli.demo.journey.report import in_order
from clarion.cli.demo.journey.screen import picture
from clarion.domain.content import Template, Text
from clarion.domain.journey.effects import Call, Send
from clarion.domain.journey.events import Arrived, Called, Event, MessageStatus, Replied, TimerFired
from clarion.domain.journey.graph import Graph, read_graph
from clarion.domain.journey.position import Facts, Position
from clarion.domain.journey.step import step
from clarion.services.journeys.reports import NodeStats, RunStats, Way
from clarion.sim.catalogue import CONTENTS, TEMPLATES
from clarion.sim.config import SimConfig, check
from clarion.store.run_reports import Run
from tests.cli.shell import Shell

PERSON = "+5511900000012"
SECOND = 1_000_000_000


def walk(graph: Graph, *answers: Event) -> tuple[list[str], Position]:
    """The nodes whose messages were sent, and the end, when the person answers so."""
    position = Position(graph.start)
    facts = Facts(now=0, person="p", address=PERSON, attributes={"name": "Ana"}, window_until=10**18)
    waiting: list[Event] = list(answers)
    event: Event = Arrived()
    sent: list[str] = []
    while not position.outcome:
        done = step(graph, position, event, facts)
        position = done.position
        if not done.effects:
            break
        match done.effects[-1]:
            case Call(visit=visit, url=url):
                assert url.endswith("/customers/%2B5511900000012")
                event = Called(visit, 200, {"tier": "gold"})
            case Send(visit=visit):
                sent.append(position.node)
                event = MessageStatus(visit, "accepted")
            case _ if graph.by_id[position.node].kind == "wait":
                event = waiting.pop(0) if waiting else TimerFired(position.visit)
            case _:
                event = TimerFired(position.visit)
    return sent, position


YES, NO = Replied(text="Yes", payload="VISIT_YES"), Replied(text="Another day", payload="VISIT_NO")


@pytest.mark.parametrize(
    ("answers", "steps", "outcome"),
    [
        ([YES], ["booked", "details"], "booked"),
        ([NO, Replied(text="The 21st")], ["other_day", "noted"], "another day"),
        ([NO, Replied(text="I do not know yet")], ["other_day", "call_back"], "call"),
        ([NO], ["other_day", "remind"], "no answer"),
        ([Replied(text="Better on the 14th")], ["noted"], "another day"),
        ([Replied(text="Please call me")], ["call_back"], "call"),
        ([Replied(text="Who is this?")], ["unclear"], "unclear"),
        ([], ["remind"], "no answer"),
    ],
)
def test_the_sample_answers_every_answer(answers: list[Event], steps: list[str], outcome: str) -> None:
    sent, position = walk(read_graph(sample.graph(sender="s")), *answers)
    assert (sent, position.outcome) == (["ask", *steps], outcome)


def test_every_reply_the_people_may_give_leads_where_the_judge_says() -> None:
    graph = read_graph(sample.graph(sender="s"))
    first, second, _ = sample.PEOPLE["conversations"]
    for reply in first["replies"]:
        event = (YES, NO)[reply["button"]] if "button" in reply else Replied(text=reply["text"])
        assert walk(graph, event)[0][1] == branch("ask", Said(0, event.text, event.payload))
    for reply in second["replies"]:
        assert walk(graph, NO, Replied(text=reply["text"]))[0][2] == branch(
            "other_day", Said(0, reply["text"])
        )


def test_it_has_the_six_kinds_of_nodes_and_the_four_conditions() -> None:
    graph = read_graph(sample.graph(sender="s"))
    assert {node.kind for node in graph.nodes} == {"audience", "message", "api", "delay", "wait", "end"}
    assert {"payload", "regex", "keywords", "fallback", "timeout"} <= {edge.on for edge in graph.edges}


def test_the_judge_knows_every_message_by_its_text_and_the_sample_s_times() -> None:
    told = sample.graph(sender="s")
    nodes = {node["id"]: node for node in told["nodes"]}
    bodies = {each.name: str(each.components[0].get("text")) for each in TEMPLATES}
    for name, node in nodes.items():
        if node["kind"] != "message":
            continue
        content = read_graph(told).by_id[name].content  # type: ignore[attr-defined]
        text = bodies[content.name] if isinstance(content, Template) else content.body
        assert isinstance(content, Template | Text)
        filled = text.replace("{{2}}", "gold visit").replace("{{ tier | default: 'standard' }}", "gold")
        assert [step for step, mark in MARKS.items() if mark.search(filled)] == [name]
    assert nodes["answer"]["timeout"] == nodes["day"]["timeout"] == f"{sample.TIMEOUT:g}s"
    assert nodes["breath"]["for"] == f"{sample.BREATH:g}s"


def test_for_twilio_templates_are_named_by_their_id_and_press_the_same_payloads() -> None:
    told = sample.graph(sender="s", provider="twilio", api="http://127.0.0.1:1")
    contents = {node["id"]: node.get("content") for node in told["nodes"]}
    known = {each.sid: each for each in CONTENTS}
    asked = known[contents["ask"]["name"]]
    assert [each["id"] for each in asked.types["twilio/quick-reply"]["actions"]] == ["VISIT_YES", "VISIT_NO"]  # type: ignore[attr-defined]
    assert known[contents["remind"]["name"]].friendly_name == "visit_reminder"
    assert read_graph(told).by_id["look_up"].url.startswith("http://127.0.0.1:1/")  # type: ignore[attr-defined]


def test_the_people_s_manners_are_settings_of_the_simulator() -> None:
    people = check(SimConfig, {"people": sample.PEOPLE}).people
    assert sum(each.share for each in people.conversations[0].replies) == pytest.approx(0.85)


def test_the_sample_file_names_as_many_people_as_are_asked_for() -> None:
    rows = customers.customers_of(300, seed=3)
    assert rows == customers.customers_of(300, seed=3)
    assert 300 < rows.count(b"\r\n") - 1 < 330


async def test_the_shop_tells_what_it_knows_and_counts() -> None:
    async with shop() as service, aiohttp.ClientSession() as session:
        async with session.get(f"{service.url}/customers/%2B5511900000012") as answer:
            assert await answer.json() == {"phone": PERSON, "tier": sample.tier(PERSON)}
        async with session.get(f"{service.url}/customers/nobody") as answer:
            assert answer.status == 404
    assert service.asked == {PERSON: 1}


TEXTS = {
    "ask": f"Hi Ana, is Monday morning fine for your {sample.tier(PERSON)} visit?",
    "booked": "Thank you Ana, Monday morning is booked.",
    "details": f"Your {sample.tier(PERSON)} visit takes about an hour.",
    "other_day": "No problem. Which day of the month suits you?",
    "noted": "We have noted the 14th.",
    "unclear": "Sorry, we did not understand that.",
    "remind": "Hi Ana, we keep Monday morning for you until we hear from you.",
}


def sent(*steps: tuple[float, str], person: str = PERSON) -> list[dict[str, Any]]:
    """Ledger rows: (second, step)."""
    return [
        {
            "outcome": "accepted",
            "recipient": person,
            "mono_ns": int(at * SECOND),
            "text": TEXTS.get(name, name),
            "provider_id": f"m-{name}",
        }
        for at, name in steps
    ]


def said(*replies: tuple[float, str, str], person: str = PERSON) -> list[dict[str, Any]]:
    """Rows of replies: (second, text or payload, what it quotes)."""
    return [
        {
            "recipient": person,
            "posted_ns": int(at * SECOND),
            "text": words,
            "payload": words if words.startswith("VISIT") else None,
            "context": f"m-{about}" if about else None,
        }
        for at, words, about in replies
    ]


def judged(sends: Sequence[dict[str, Any]], replies: Sequence[dict[str, Any]] = ()) -> Judgement:
    """One person's case."""
    return judge(sends, replies, people=1)


ASKED = (0.0, "ask")
BOOKED = said((5, "VISIT_YES", "ask"))


@pytest.mark.parametrize(
    ("sends", "replies", "lost", "doubled"),
    [
        pytest.param([], [], 1, 0, id="nobody was written to"),
        pytest.param([ASKED, (31, "remind")], [], 0, 0, id="silent, reminded"),
        pytest.param([ASKED], [], 1, 0, id="silent, never reminded"),
        pytest.param([ASKED, (31, "remind"), (32, "remind")], [], 0, 1, id="reminded twice"),
        pytest.param([ASKED, (5.1, "booked"), (9, "details")], BOOKED, 0, 0, id="pressed yes"),
        pytest.param([ASKED, (5.1, "booked")], BOOKED, 1, 0, id="the delay never ended"),
        pytest.param([ASKED, (5.1, "unclear")], BOOKED, 2, 1, id="another branch"),
        pytest.param(
            [ASKED, (5.1, "booked"), (9, "details"), (31, "remind")], BOOKED, 0, 1, id="and reminded, too"
        ),
        pytest.param([ASKED, ASKED, (5.1, "booked"), (9, "details")], BOOKED, 0, 1, id="asked twice"),
        pytest.param(
            [ASKED, (5.1, "other_day"), (25.2, "remind")],
            said((5, "VISIT_NO", "ask"), (5.3, "VISIT_NO", "ask")),
            0,
            0,
            id="a second press answers nothing",
        ),
        pytest.param(
            [ASKED, (5.1, "other_day"), (9.1, "noted")],
            said((5, "VISIT_NO", "ask"), (9, "The 21st", "")),
            0,
            0,
            id="the second question answered",
        ),
        pytest.param([ASKED, (31, "remind")], said((31.2, "14th", "")), 0, 0, id="an answer too late"),
        pytest.param([ASKED, (30, "noted")], said((29.9, "14th", "")), 0, 0, id="in the last moment, heard"),
        pytest.param([ASKED, (30, "remind")], said((29.9, "14th", "")), 0, 0, id="in the last moment, not"),
        pytest.param(
            [ASKED, (30, "remind"), (30.1, "noted")], said((29.9, "14th", "")), 0, 1, id="heard and reminded"
        ),
        pytest.param([ASKED, (18, "remind")], said((9, "14th", "")), 1, 1, id="reminded instead"),
        pytest.param([ASKED, (31, "remind"), (32, "Hello?")], [], 0, 1, id="a message nobody knows"),
    ],
)
def test_lost_and_doubled(
    sends: list[tuple[float, str]], replies: list[dict[str, Any]], lost: int, doubled: int
) -> None:
    found = judged(sent(*sends), replies)
    assert (found.lost, found.doubled) == (lost, doubled)
    assert bool(found.examples) == bool(lost or doubled)


def test_what_was_refused_is_no_message() -> None:
    rows = sent(ASKED, (31, "remind"))
    rows.insert(0, {**rows[0], "outcome": "throttled"})
    assert judged(rows).doubled == 0


def test_early_messages_and_another_customer_s_data_are_seen() -> None:
    early = judged(sent(ASKED, (19, "remind")))
    assert (early.early, early.lost, early.doubled) == (1, 0, 0)
    assert judged(sent(ASKED, (5.1, "booked"), (6, "details")), BOOKED).early == 1
    rows = sent(ASKED, (31, "remind"))
    other = next(each for each in sample.TIERS if each != sample.tier(PERSON))
    rows[0]["text"] = f"Hi Ana, is Monday morning fine for your {other} visit?"
    assert judged(rows).misinformed == 1


def test_latencies_run_from_the_webhook_that_was_used_to_the_request_it_led_to() -> None:
    replies = said((5, "VISIT_NO", "ask"), (5.02, "VISIT_NO", "ask"), (9, "The 21st", ""))
    found = judged(sent(ASKED, (5.03, "other_day"), (9.08, "noted")), replies)
    assert found.gaps == pytest.approx([30, 80])
    assert [found.gap(0.5), found.gap(0.99)] == pytest.approx([30, 80])
    assert Judgement().gap(0.5) is None


def test_of_many_gaps_the_share_asked_for_is_not_above() -> None:
    found = Judgement(gaps=[float(n) for n in range(1, 101)])
    assert [found.gap(share) for share in (0.5, 0.99, 1.0)] == [50, 99, 100]
    assert all(a <= b for a, b in pairwise(found.gap(n / 100) or 0 for n in range(1, 101)))


GOOD = {"lost": 0, "doubled": 0, "early": 0, "misinformed": 0, "waiting": 0, "books_ok": True}


@pytest.mark.parametrize(
    "broken",
    [{}, {"lost": 1}, {"doubled": 1}, {"early": 1}, {"misinformed": 1}, {"waiting": 1}, {"books_ok": False}],
)
def test_every_broken_promise_is_a_problem(broken: dict[str, Any]) -> None:
    assert in_order({**GOOD, **broken}) is not bool(broken)


def test_the_picture_of_the_sample_fits_a_small_terminal() -> None:
    graph = read_graph(sample.graph(sender="s"))
    nodes = tuple(
        NodeStats(
            node=node.id,
            kind=node.kind,
            name=node.name,
            entered=1_000,
            here=400,
            left=tuple(Way(graph.key(edge), 100, 0.1) for edge in graph.leaving(node.id)),
            ended=(),
            failed=0,
            seconds=3.0,
        )
        for node in graph.nodes
    )
    run = Run(1, "", 1, "Visit", 1, 1, "audience", "running", "", True, 0, 0, 0, 1_000, 600)
    out = Console(width=80, height=24, record=True, file=StringIO())
    out.print(picture(RunStats(run, 1_000, 400, 600, 0, {}, nodes, {}, (), 0)))
    lines = out.export_text().splitlines()
    assert len(lines) == len(nodes) + 2 <= 23
    assert lines[0] == "Visit: 1,000 entered, 400 under way, 600 ended"
    answer = next(line for line in lines if line.startswith("Their answer"))
    assert "100 payload VISIT_YES" in answer


KEYS = (
    *("runs", "positions", "finished", "waiting", "lost", "doubled", "replies"),
    *("reply_to_next_p50_ms", "reply_to_next_p99_ms"),
)


@pytest.mark.timeout(240)
def test_everybody_is_answered_once_and_nobody_forgotten(clarion: Shell, database_url: str) -> None:
    provider = "whatsapp"
    if database_url.startswith("postgresql"):
        clarion.env["CLARION_DATABASE_URL"] = database_url
        provider = "twilio"
    ran = clarion(
        *("demo", "--journey", "--once", "--json", "--contacts", "60", "--provider", provider), timeout=200
    )
    assert ran.code == 0, ran.err
    told = ran.json
    assert tuple(told)[: len(KEYS)] == KEYS
    assert (told["runs"], told["positions"], told["finished"], told["waiting"]) == (1, 60, 60, 0)
    assert (told["lost"], told["doubled"], told["early"], told["misinformed"]) == (0, 0, 0, 0)
    assert told["api_calls"] == 60
    assert told["replies"] >= told["answers"] > 30
    assert sum(told["by_outcome"].values()) == 60
    assert sum(told["by_edge"]["answer"].values()) == 60
    assert told["books_ok"] is True
