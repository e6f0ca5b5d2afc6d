"""The virtual world: people, messages and time without anything being sent."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest

from clarion.domain.journey.behaviour import Asked, News, Silence
from clarion.domain.journey.crowd import Crowd, Deliveries, Plan, Result
from clarion.domain.journey.effects import Call, Enter
from clarion.domain.journey.events import Called, Event, MessageStatus, Replied, Returned, Stopped
from clarion.domain.journey.graph import Graph, read_graph
from clarion.domain.journey.world import Forecast, MessageLeft, Person, Sender, Stepped, Unheard, World

SECOND = 1_000_000
HOUR = 3_600 * SECOND
START = 1_800_000_000 * SECOND


def drawn(*nodes: Mapping[str, Any], edges: Sequence[str], **values: Any) -> Graph:
    """A graph that begins at `start`; an edge is "from > to" or "from on > to", the value after a colon."""
    return read_graph(
        {
            "name": "test",
            "nodes": [{"id": "start", "kind": "audience"}, *nodes],
            "edges": [_edge(text) for text in edges],
            **values,
        }
    )


def _edge(text: str) -> dict[str, Any]:
    left, to = text.split(" > ")
    source, _, on = left.partition(" ")
    kind, _, value = on.partition(":")
    values: dict[str, dict[str, Any]] = {
        "payload": {"value": value},
        "keywords": {"words": [value]},
        "branch": {"branch": value},
    }
    more = values.get(kind, {})
    return {"from": source, "to": to, "on": kind or "next", **more}


def message(node: str, body: str = "Hello", **values: Any) -> dict[str, Any]:
    return {"id": node, "kind": "message", "content": {"type": "text", "body": body}, **values}


def template(node: str, *buttons: str, **values: Any) -> dict[str, Any]:
    content = {
        "type": "template",
        "name": "hello",
        "language": "en",
        "buttons": [{"index": n, "kind": "quick_reply", "value": b} for n, b in enumerate(buttons)],
    }
    return {"id": node, "kind": "message", "content": content, **values}


def wait(node: str, timeout: str = "") -> dict[str, Any]:
    return {"id": node, "kind": "wait", **({"timeout": timeout} if timeout else {})}


def end(node: str, outcome: str = "finished") -> dict[str, Any]:
    return {"id": node, "kind": "end", "outcome": outcome}


def person(n: int = 1, **values: Any) -> Person:
    return Person(n, f"p{n}", f"+55419{n:08d}", **values)


def sms(rate: float = 0.0) -> Sender:
    """A sender without a window."""
    return Sender("", "twilio", "sms", rate, window=0)


ASK = drawn(
    template("ask", "yes", "no"),
    wait("answer", "1d"),
    end("bought", "bought"),
    end("lost", "lost"),
    edges=["start > ask", "ask > answer", "answer payload:yes > bought", "answer timeout > lost"],
)


class Scripted(Silence):
    """Messages arrive after a second; everybody says the same at the same time."""

    def __init__(self, said: Replied | None = None, after: int = HOUR, **ways: Any) -> None:
        self.said, self.after, self.ways = said, after, ways

    def delivery(self, person: str, node: str, visit: int) -> Sequence[tuple[int, News]]:
        found: Sequence[tuple[int, News]] = self.ways.get(
            "delivery", ((0, News("accepted")), (SECOND, News("delivered")), (HOUR, News("read")))
        )
        return found

    def answer(self, person: str, asked: Asked) -> tuple[int, Replied] | None:
        return (self.after, self.said) if self.said else None

    def call(self, person: str, call: Call) -> tuple[int, Called] | None:
        return SECOND, Called(call.visit, 200, {"n": 3})

    def close(self, person: str, node: str, visit: int) -> int | None:
        return 2 * HOUR

    def enter(self, person: str, enter: Enter) -> Returned | None:
        return Returned(enter.visit, "finished")


def forecast(
    graph: Graph, people: Iterable[Person] = (), said: Replied | None = None, **values: Any
) -> Forecast:
    ways = {name: values.pop(name) for name in ("after", "delivery") if name in values}
    given: dict[str, Any] = {"until": START + 100 * HOUR, "senders": [sms()], **values}
    return World(
        graph, people=people or [person()], behaviour=Scripted(said, **ways), start=START, **given
    ).run()


def node(found: Forecast, name: str) -> Any:
    return next(each for each in found.nodes if each.id == name)


# --- what people do -----------------------------------------------------------------------------------------


def test_a_button_takes_its_edge_and_silence_the_timeout() -> None:
    found = forecast(ASK, said=Replied(text="yes", payload="yes", about="button"))
    assert found.outcomes == {"bought": 1}
    assert found.replies == {"button": 1}
    assert found.finished_at == START + SECOND + HOUR, "an hour after the message arrived"
    quiet = forecast(ASK)
    assert quiet.outcomes == {"lost": 1}
    assert quiet.finished_at == START + 24 * HOUR, "a day after the message had left"


def test_a_stop_word_ends_the_journey_before_any_edge_is_tried() -> None:
    graph = drawn(
        template("ask"),
        wait("answer", "1d"),
        end("on"),
        edges=["start > ask", "ask > answer", "answer fallback > on"],
    )
    found = forecast(graph, said=Replied(text="Stop!"))
    assert (found.outcomes, found.replies) == ({"opted_out": 1}, {"stop": 1})
    own = forecast(graph, said=Replied(text="basta"), stop_words=["BASTA"])
    assert own.outcomes == {"opted_out": 1}


def test_a_reply_after_the_end_is_unheard() -> None:
    found = forecast(ASK, said=Replied(text="late"), after=30 * HOUR)
    assert (found.outcomes, found.unheard) == ({"lost": 1}, 1)


def test_a_reply_that_fits_no_edge_is_counted_and_the_person_stays() -> None:
    found = forecast(ASK, said=Replied(text="what?"))
    assert node(found, "answer").unmatched == 1
    assert found.outcomes == {"lost": 1}


def test_a_message_that_failed_is_not_answered() -> None:
    never = ((0, News("accepted")), (SECOND, News("failed", "1", "unreachable")))
    found = forecast(ASK, said=Replied(payload="yes"), delivery=never)
    assert (found.replies, found.outcomes) == ({}, {"lost": 1})


@pytest.mark.parametrize(
    ("delivery", "outcome"),
    [
        pytest.param(((0, News("accepted")), (SECOND, News("delivered"))), "arrived", id="delivered"),
        pytest.param(((0, News("accepted")), (SECOND, News("failed"))), "gone", id="failed"),
        pytest.param(((0, News("accepted")),), "unknown", id="nothing more"),
        pytest.param(((0, News("read")),), "arrived", id="read tells that it was delivered"),
    ],
)
def test_a_node_hears_the_statuses_it_awaits(delivery: Any, outcome: str) -> None:
    graph = drawn(
        template("ask", timeout="2h"),
        end("a", "arrived"),
        end("b", "gone"),
        end("c", "unknown"),
        edges=["start > ask", "ask delivered > a", "ask failed > b", "ask timeout > c"],
    )
    assert forecast(graph, delivery=delivery).outcomes == {outcome: 1}


def test_whoever_answers_has_read_the_message() -> None:
    graph = drawn(
        template("ask"),
        wait("answer", "1d"),
        {"id": "look", "kind": "split", "branches": [{"name": "read", "when": {"message": "read"}}]},
        end("a", "read"),
        end("b", "unread"),
        edges=[
            "start > ask",
            "ask > answer",
            "answer fallback > look",
            "look branch:read > a",
            "look fallback > b",
        ],
    )
    assert forecast(graph, said=Replied("hello"), after=60 * SECOND).outcomes == {"read": 1}


# --- what the engine would do -------------------------------------------------------------------------------


def test_messages_leave_one_after_another_at_the_senders_rate() -> None:
    graph = drawn(message("ask"), end("done"), edges=["start > ask", "ask > done"])
    found = forecast(graph, [person(n) for n in range(11)], senders=[sms(rate=2)])
    assert found.finished_at == START + 5 * SECOND


def test_a_message_that_answers_a_reply_overtakes_those_that_wait() -> None:
    graph = drawn(
        message("ask"),
        wait("answer", "1d"),
        message("thanks", "Thanks"),
        end("done"),
        edges=[
            "start > ask",
            "ask > answer",
            "answer fallback > thanks",
            "answer timeout > done",
            "thanks > done",
        ],
    )
    left: list[tuple[int, str]] = []

    def watch(what: MessageLeft | Stepped | Unheard) -> None:
        if isinstance(what, MessageLeft):
            left.append((what.person.id, what.node))

    forecast(
        graph,
        [person(n) for n in range(6)],
        Replied("hi"),
        after=0,
        senders=[sms(rate=1)],
        watch=watch,
    )
    assert left[:4] == [(0, "ask"), (1, "ask"), (0, "thanks"), (1, "thanks")]


def test_a_message_too_late_in_the_queue_expires() -> None:
    graph = drawn(message("ask", expires="2s"), end("done"), edges=["start > ask", "ask > done"])
    found = forecast(graph, [person(n) for n in range(5)], senders=[sms(rate=1)])
    assert found.outcomes == {"failed": 3, "finished": 2}
    assert node(found, "ask").failures == {"the message was not sent: expired": 3}


def test_an_update_of_the_contact_is_known_to_what_follows() -> None:
    graph = drawn(
        {"id": "tag", "kind": "update", "add_tags": ["vip"], "set": {"city": "Recife"}},
        {"id": "pause", "kind": "delay", "for": "1h"},
        message("ask", "Hi {{ city }}"),
        end("done"),
        edges=["start > tag", "tag > pause", "pause > ask", "ask > done"],
    )
    life = World(graph, behaviour=Scripted(), start=START, senders=[sms()]).run_person(person())
    assert life.person.tags == {"vip"}
    assert life.position.outcome == "finished"


def test_a_journey_that_notes_an_opt_out_ends() -> None:
    graph = drawn(
        {"id": "out", "kind": "update", "consent": "opt_out"},
        wait("answer", "1d"),
        end("done"),
        edges=["start > out", "out > answer", "answer timeout > done"],
    )
    assert forecast(graph).outcomes == {"opted_out": 1}


def test_calls_handoffs_and_other_journeys_come_back() -> None:
    graph = drawn(
        {"id": "ask", "kind": "api", "url": "https://x.example/", "save": {"n": "$.n"}},
        {"id": "help", "kind": "handoff", "wait": True},
        {"id": "other", "kind": "goto", "journey": "Survey", "returns": True},
        end("done"),
        edges=["start > ask", "ask success > help", "help > other", "other > done"],
    )
    world = World(graph, behaviour=Scripted(), start=START)
    life = world.run_person(person())
    assert life.position.variables == {"n": 3}
    assert life.position.outcome == "finished"
    assert world.now == START + 2 * HOUR + SECOND
    assert world.forecast().sub_journeys == {"Survey": 1}


def test_free_text_is_refused_while_the_window_is_closed_and_sent_after_a_reply() -> None:
    graph = drawn(
        template("ask"),
        wait("answer", "1d"),
        message("thanks"),
        end("done"),
        edges=[
            "start > ask",
            "ask > answer",
            "answer fallback > thanks",
            "answer timeout > thanks",
            "thanks > done",
        ],
    )
    closed = forecast(graph, senders=())
    assert (node(closed, "thanks").outside_window, closed.outcomes) == (1, {"failed": 1})
    opened = forecast(graph, said=Replied("hi"), senders=())
    assert (node(opened, "thanks").outside_window, opened.outcomes) == (0, {"finished": 1})
    before = forecast(graph, [person(window_until=START + 90 * HOUR)], senders=())
    assert before.outcomes == {"finished": 1}


# --- what is found ------------------------------------------------------------------------------------------


def test_people_without_a_value_are_counted_once_with_the_first_of_them() -> None:
    graph = drawn(message("ask", "{{ name }} {{ code }}"), end("done"), edges=["start > ask", "ask > done"])
    people = [person(n, attributes={"name": "Ana"} if n % 2 else {}) for n in range(20, 0, -1)]
    found = forecast(graph, people)
    assert [(m.name, m.node, m.people, m.examples) for m in found.missing] == [
        ("code", "ask", 20, (1, 2, 3, 4, 5)),
        ("name", "ask", 10, (2, 4, 6, 8, 10)),
    ]


def test_who_waits_for_ever_is_told_from_who_is_under_way() -> None:
    graph = drawn(
        {"id": "fork", "kind": "split", "branches": [{"name": "a", "when": {"tag": "a"}}]},
        wait("ever"),
        wait("late", "30d"),
        end("done"),
        edges=[
            "start > fork",
            "fork branch:a > ever",
            "fork fallback > late",
            "ever keywords:yes > done",
            "late timeout > done",
        ],
    )
    found = forecast(graph, [person(1, tags=frozenset({"a"})), person(2)])
    assert (node(found, "ever").here, node(found, "ever").stuck) == (1, 1)
    assert (node(found, "late").here, node(found, "late").stuck) == (1, 0)
    assert found.finished_at is None


def test_who_goes_in_circles_ends_and_is_told() -> None:
    graph = drawn(
        {"id": "a", "kind": "update", "add_tags": ["x"]},
        {"id": "b", "kind": "update", "add_tags": ["y"]},
        edges=["start > a", "a > b", "b > a"],
    )
    found = forecast(graph)
    assert found.outcomes == {"failed": 1}
    assert sum(each.circles for each in found.nodes) == 1


def test_slow_circles_end_at_the_limit_of_events() -> None:
    graph = drawn({"id": "a", "kind": "delay", "for": "1m"}, edges=["start > a", "a > a"])
    found = forecast(graph)
    assert (found.outcomes, node(found, "a").circles) == ({"failed": 1}, 1)


def test_the_audiences_filter_and_opt_outs_keep_people_from_entering() -> None:
    data = ASK.to_json()
    data["nodes"][0]["filter"] = {"attribute": "city", "is": "Recife"}
    people = [person(1, attributes={"city": "recife"}), person(2), person(3, opted_out=True)]
    found = forecast(read_graph(data), people)
    assert found.people == 1
    assert found.skipped == {"not meant by the audience's filter": 1, "opted out": 1}


def test_messages_are_counted_by_what_they_are_billed_as() -> None:
    graph = drawn(
        template("ask"),
        message("long", "x" * 200, sender="text"),
        end("done"),
        edges=["start > ask", "ask > long", "long > done"],
    )
    senders = [Sender(categories={("hello", "en"): "marketing"}), Sender("text", "twilio", "sms", window=0)]
    people = [person(1, window_until=START + HOUR), person(2, window_until=START + HOUR)]
    found = forecast(graph, people, senders=senders)
    assert [(s.sender, s.category, s.country, s.in_window, s.messages, s.parts) for s in found.sent] == [
        ("", "marketing", "55", True, 2, 2),
        ("text", "sms", "55", False, 2, 4),
    ]


# --- one person, event by event -----------------------------------------------------------------------------


def heard(*events: tuple[float, Event]) -> tuple[list[str], str]:
    """The edges ASK was left by, and the outcome, when a person lives through these (seconds, event)."""
    world = World(ASK, start=START)
    life = world.run_person(person(), [(START + int(at * SECOND), event) for at, event in events])
    return [
        left.edge or left.outcome for left in life.trail if left.edge or left.outcome
    ], life.position.outcome


@pytest.mark.parametrize(
    ("events", "edges"),
    [
        pytest.param([], ["next"], id="nothing happens by itself"),
        pytest.param(
            [(1, MessageStatus(1, "accepted"))], ["next", "next", "timeout", "lost"], id="timers do"
        ),
        pytest.param(
            [(1, MessageStatus(1, "accepted")), (5, Replied(payload="yes"))],
            ["next", "next", "payload yes", "bought"],
            id="in their order",
        ),
        pytest.param(
            [(5, Replied(payload="yes")), (1, MessageStatus(1, "accepted"))],
            ["next", "next", "payload yes", "bought"],
            id="in any order given",
        ),
        pytest.param(
            [(2, Replied(payload="yes"))],
            ["next", "next", "payload yes", "bought"],
            id="a reply proves arrival",
        ),
        pytest.param([(0, Replied(payload="yes"))], ["next", "next", "payload yes", "bought"], id="at once"),
        pytest.param([(1, MessageStatus(9, "accepted"))], ["next"], id="another message's status"),
        pytest.param([(1, Stopped("stopped", "by hand"))], ["next", "stopped"], id="stopped"),
        pytest.param(
            [(1, MessageStatus(1, "accepted")), (86_401, Replied(payload="yes"))],
            ["next", "next", "timeout", "lost"],
            id="a timer at the same instant is first",
        ),
    ],
)
def test_one_person_lives_through_given_events(events: list[tuple[float, Event]], edges: list[str]) -> None:
    assert heard(*events)[0] == edges


def test_nobody_answers_a_message_that_has_not_left() -> None:
    world = World(ASK, start=START, rate=0.001)
    actors = [world.enter(person(n)) for n in (1, 2)]
    world.advance(START + SECOND)
    for actor in actors:
        world.hear(actor, Replied(payload="yes"))
    assert [actor.position.outcome for actor in actors] == ["bought", ""]


def test_a_life_keeps_every_effect() -> None:
    life = World(ASK, start=START).run_person(person(), [(START + SECOND, MessageStatus(1, "accepted"))])
    assert [type(effect).__name__ for effect in life.effects] == ["Send", "SetTimer"]


# --- a crowd ------------------------------------------------------------------------------------------------


def test_without_a_mix_every_way_out_is_as_likely_as_the_others() -> None:
    graph = drawn(
        template("ask", "yes", "no"),
        wait("answer", "5m"),
        end("y", "yes"),
        end("n", "no"),
        end("w", "words"),
        end("t", "silent"),
        edges=[
            "start > ask",
            "ask > answer",
            "answer payload:yes > y",
            "answer payload:no > n",
            "answer keywords:maybe > w",
            "answer timeout > t",
        ],
    )
    people = [person(n) for n in range(2_000)]
    perfect = Plan(deliveries=Deliveries(failed=0.0))
    found = World(graph, people=people, behaviour=Crowd(perfect), start=START, until=START + HOUR).run()
    assert found.outcomes.keys() == {"yes", "no", "words", "silent"}
    assert all(430 < n < 570 for n in found.outcomes.values())
    assert found.finished_at is not None
    other = World(
        graph, people=people, behaviour=Crowd(perfect, seed=2), start=START, until=START + HOUR
    ).run()
    assert other.outcomes != found.outcomes


def test_calls_end_in_the_shares_that_were_given() -> None:
    plan = Plan(calls={"ask": (Result(0.25, 500), Result(0.25, 0, None, "down"), Result(0.5, 200, {"n": 1}))})
    crowd = Crowd(plan)
    call = Call(1, "ask", "GET", "https://x.example")
    ends = [crowd.call(f"p{n}", call) for n in range(1_000)]
    statuses = [end[1].status for end in ends if end]
    assert 200 < statuses.count(500) < 300
    assert 200 < statuses.count(0) < 300
    assert crowd.call("p1", call) == crowd.call("p1", call)
