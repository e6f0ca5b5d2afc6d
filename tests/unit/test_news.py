"""What a webhook may be told, and how: names, examples, signatures, verdicts."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from clarion.domain import news_reference
from clarion.domain.message import Status
from clarion.domain.news import EVENTS, Event, of_status, wants
from clarion.net.client import Answer, NotSent, Refused, Result, Unknown
from clarion.services.telling import bodies
from clarion.services.telling.signing import new_secret, signature
from clarion.services.telling.verdict import DAY, HOUR, SECOND, WAITS, judge

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "webhook-events.md"


def test_every_event_is_described_and_has_a_maker() -> None:
    assert list(EVENTS) == list(Event)
    makers = {*bodies._MADE_OF, "contact", "webhook"}
    assert {event.partition(".")[0] for event in Event} == makers
    for told in EVENTS.values():
        names = [field.name for field in told.fields]
        assert len(names) == len(set(names)) > 0
        assert all(field.meaning for field in told.fields)


def test_the_page_has_every_event_with_an_example_of_its_json() -> None:
    page = PAGE.read_text(encoding="utf-8")
    examples = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    assert [each["type"] for each in examples] == [str(event) for event in Event]
    for each in examples:
        assert each == news_reference.example(Event(each["type"]))
        assert f"### {each['type']}\n" in page
        for field in EVENTS[Event(each["type"])].fields:
            assert f"| `{field.name}` | {field.meaning} |" in page


@pytest.mark.parametrize("status", list(Status))
def test_a_message_that_has_left_our_hands_has_an_event(status: Status) -> None:
    ours = {Status.QUEUED, Status.LEASED, Status.SENDING}
    assert (of_status(status) is None) == (status in ours)


def test_a_subscription_to_nothing_in_particular_wants_everything() -> None:
    assert wants([], Event.REPLY_RECEIVED)
    assert wants(["reply.received"], Event.REPLY_RECEIVED)
    assert not wants(["message.read"], Event.REPLY_RECEIVED)


def test_the_standards_own_library_makes_the_same_signatures() -> None:
    keys = [new_secret(), new_secret()]
    at = datetime(2026, 11, 30, 9, tzinfo=UTC)
    body = '{"type":"message.read","text":"olá"}'
    ours = signature(keys, "evt_1", int(at.timestamp()), body).split(" ")
    assert ours == [Webhook(key).sign("evt_1", at, body) for key in keys]


def _answer(status: int, text: str = "", **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, text)


@pytest.mark.parametrize(
    ("result", "state", "problem"),
    [
        pytest.param(_answer(200, "ok"), "delivered", "", id="200"),
        pytest.param(_answer(204), "delivered", "", id="204"),
        pytest.param(_answer(299), "delivered", "", id="299"),
        pytest.param(
            _answer(302, Location="/x"), "queued", "It answered 302: redirects are not followed.", id="302"
        ),
        pytest.param(_answer(400), "queued", "It answered 400.", id="400"),
        pytest.param(_answer(500), "queued", "It answered 500.", id="500"),
        pytest.param(Unknown("No answer."), "queued", "No answer.", id="no answer"),
        pytest.param(NotSent("No connection."), "queued", "No connection.", id="no connection"),
        pytest.param(Refused("Not there."), "queued", "Not there.", id="a forbidden address"),
        pytest.param(_answer(410), "failed", "It answered 410 Gone.", id="410"),
    ],
)
def test_what_follows_from_an_answer(result: Result, state: str, problem: str) -> None:
    found = judge(result, 1, chance=0.5)
    assert (found.state, found.problem) == (state, problem)
    assert found.gone == (found.status == 410)


def test_ten_tries_over_three_days_then_it_has_failed() -> None:
    waits = [judge(_answer(500), tries, chance=0.5).wait for tries in range(1, 10)]
    assert waits == [pytest.approx(wait) for wait in WAITS]
    assert 3 * DAY < sum(waits) < 4 * DAY
    assert judge(_answer(500), 10, chance=0.5).state == "failed"
    early, late = (judge(_answer(500), 1, chance=chance).wait for chance in (0.0, 1.0))
    assert early < 5 * SECOND < late


@pytest.mark.parametrize(
    ("asked", "wait"),
    [("7200", 2 * HOUR), ("1", 5 * SECOND), ("9999999", DAY), ("soon", 5 * SECOND)],
)
def test_retry_after_makes_it_later_never_sooner(asked: str, wait: int) -> None:
    assert judge(_answer(503, Retry_After=asked), 1, chance=0.5).wait == pytest.approx(wait)


def test_what_a_database_cannot_store_is_left_out_of_an_answer() -> None:
    found = judge(_answer(500, "a\0b\ud800" + "x" * 9_999), 1, chance=0.5)
    assert found.answer.startswith("ab?x")
    assert len(found.answer) < 501
