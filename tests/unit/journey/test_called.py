"""What follows from the result of a call, and how open calls are shared among runs."""

from typing import Any

import pytest

from clarion.domain.journey.effects import Call
from clarion.domain.journey.events import Called
from clarion.net.client import Answer, NotSent, Refused, Result, Unknown
from clarion.services.journeys.called import SECOND, Again, judge, read_body
from clarion.services.journeys.calls import shares

GET = Call(3, "ask", "GET", "http://api.example/", retries=2, repeatable=True)
POST = Call(3, "ask", "POST", "http://api.example/", retries=2)


@pytest.mark.parametrize(
    ("call", "result", "again"),
    [
        (GET, NotSent("no"), True),
        (POST, NotSent("no"), True),
        (GET, Unknown("no"), True),
        (POST, Unknown("no"), False),
        (GET, Refused("no"), False),
        (GET, Answer(200), False),
        (GET, Answer(404), False),
        (GET, Answer(429), True),
        (POST, Answer(429), False),
        (GET, Answer(500), True),
        (GET, Answer(503, problem="too long"), True),
        (GET, Answer(200, problem="too long"), False),
        (POST, Answer(503), False),
    ],
)
def test_only_what_does_no_harm_is_repeated(call: Call, result: Result, again: bool) -> None:
    assert isinstance(judge(call, 1, result, jitter=0.5), Again) is again


def test_attempts_wait_longer_each_time_and_end_with_the_retries() -> None:
    call = Call(3, "ask", "GET", "http://api.example/", retries=3, repeatable=True)
    found = [judge(call, n, Unknown("no"), jitter=0.5) for n in (1, 2, 3, 4)]
    assert found == [Again(SECOND), Again(2 * SECOND), Again(4 * SECOND), Called(3, error="no")]


def test_calls_that_failed_together_do_not_come_back_together() -> None:
    early, late = (judge(GET, 1, NotSent("no"), jitter=jitter) for jitter in (0, 1))
    assert (early, late) == (Again(750_000), Again(1_250_000))


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "60"}, 60),
        ({"Retry-After": "61"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"Retry-After": "soon"}, 1),
        ({"Retry-After": "-5"}, 1),
        (
            {"Retry-After": "Wed, 02 Dec 2026 10:00:20 GMT", "Date": "Wed, 02 Dec 2026 10:00:00 GMT"},
            20,
        ),
        ({"Retry-After": "Wed, 02 Dec 2026 10:00:20 GMT"}, 1),
        ({"Retry-After": "Wed, 99 Dec 2026 10:00:20 GMT", "Date": "yesterday"}, 1),
    ],
)
def test_an_answer_that_asks_to_wait_is_heeded_up_to_a_minute(
    headers: dict[str, str], wait: int | None
) -> None:
    found = judge(GET, 1, Answer(503, headers, "down"), jitter=0.5)
    assert found == (Called(3, 503, "down") if wait is None else Again(wait * SECOND))


@pytest.mark.parametrize(
    ("call", "result", "called"),
    [
        (
            GET,
            Answer(200, {"Content-Type": "application/json"}, '{"a":1}'),
            Called(3, 200, {"a": 1}),
        ),
        (GET, Answer(200, {"Content-Type": "text/plain"}, "hi"), Called(3, 200, "hi")),
        (POST, Answer(500, {}, "down"), Called(3, 500, "down")),
        (
            POST,
            Answer(200, problem="The answer is longer."),
            Called(3, 200, None, "The answer is longer."),
        ),
        (POST, Refused("Not there."), Called(3, error="Not there.")),
        (
            POST,
            Unknown("It broke off."),
            Called(3, error="It broke off. It is not known whether the other side got it."),
        ),
    ],
)
def test_a_result_becomes_what_the_position_hears(call: Call, result: Result, called: Called) -> None:
    assert judge(call, 3, result, jitter=0.5) == called


@pytest.mark.parametrize(
    ("text", "content_type", "body", "problem"),
    [
        ('{"a":[1,null]}', "application/json; charset=utf-8", {"a": [1, None]}, ""),
        ("12", "application/vnd.api+json", 12, ""),
        ("12", "text/plain", "12", ""),
        (' {"a":1}', "text/html", {"a": 1}, ""),
        ("[1]", "", [1], ""),
        ("{{name}}", "text/plain", "{{name}}", ""),
        ("", "application/json", None, ""),
        ("", "text/plain", "", ""),
        ('{"a\\u0000":"b\\u0000c"}', "application/json", {"a": "bc"}, ""),
        ('{"a":', "application/json", '{"a":', "The answer says it is JSON and is not: unexpected end"),
        ("NaN", "application/json", "NaN", "The answer says it is JSON and is not"),
        ('"\\ud800"', "application/json", '"\\ud800"', "The answer says it is JSON and is not"),
        ("[" * 64 + "]" * 64, "text/plain", None, ""),
        ("[" * 65 + "]" * 65, "text/plain", "[" * 65 + "]" * 65, ""),
        ("[" * 65 + "]" * 65, "application/json", "[" * 65 + "]" * 65, "JSON with more than 64 levels"),
        ("[" * 99_999, "application/json", "[" * 99_999, "The answer says it is JSON and is not"),
    ],
)
def test_R24_a_body_is_json_or_text(text: str, content_type: str, body: Any, problem: str) -> None:
    found, wrong = read_body(text, content_type)
    if body is not None or not text:
        assert found == body
    assert wrong.startswith(problem) if not problem.startswith("JSON with") else problem in wrong
    assert bool(wrong) is bool(problem)


@pytest.mark.parametrize(
    ("wanting", "under_way", "given"),
    [
        ([1], {}, {1: 25}),
        ([1], {1: 10}, {1: 15}),
        ([1], {1: 25}, {}),
        ([1, 2], {}, {1: 25, 2: 12}),
        ([1, 2], {1: 25}, {2: 12}),
        ([1], {1: 25, 2: 12}, {}),
        ([3], {1: 25, 2: 24}, {3: 1}),
        ([3], {1: 25, 2: 25}, {}),
        ([], {1: 3}, {}),
    ],
)
def test_a_run_gets_half_of_what_others_leave(
    wanting: list[int], under_way: dict[int, int], given: dict[int, int]
) -> None:
    assert shares(wanting, under_way, 50) == given


def test_a_single_slot_is_used() -> None:
    assert shares([1, 2], {}, 1) == {1: 1}
