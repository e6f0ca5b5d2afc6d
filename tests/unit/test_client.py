"""The client's decisions: what is sent, what is asked again, how events are read."""

import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from clarion.client import UNSET, BadAnswer, Event, ProblemError, Retries, StreamEnded, models
from clarion.client.calls import Call, one, read
from clarion.client.events import Reader, Reconnect
from clarion.client.values import body, place, query


class Person(BaseModel):
    phone: str
    tags: list[str] | None = None


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"name": "x", "note": UNSET, "until": None}, {"name": "x", "until": None}),
        ({"at": datetime(2026, 11, 30, 9, tzinfo=UTC)}, {"at": "2026-11-30T09:00:00+00:00"}),
        (
            {"at": datetime(2026, 11, 30, 9, tzinfo=timezone(timedelta(hours=-3)))},
            {"at": "2026-11-30T09:00:00-03:00"},
        ),
        ({"people": [Person(phone="1"), {"phone": "2"}]}, {"people": [{"phone": "1"}, {"phone": "2"}]}),
        (
            {"people": (Person(phone="1", tags=["a"]) for _ in range(1))},
            {"people": [{"phone": "1", "tags": ["a"]}]},
        ),
    ],
)
def test_values_are_sent_as_json_and_what_is_unset_is_not(given: Mapping[str, Any], sent: Any) -> None:
    assert orjson.loads(body(given)) == sent


def test_a_time_without_its_zone_is_nobodys_time() -> None:
    with pytest.raises(ValueError, match="names no time zone"):
        body({"at": datetime(2026, 11, 30, 9)})  # noqa: DTZ001  # that is what is wrong


def test_paths_and_queries_are_quoted() -> None:
    assert place("/mappings/{}/x", "a/b ?") == "/mappings/a%2Fb%20%3F/x"
    values = {"limit": 5, "cursor": None, "after": UNSET, "all": True, "status": ["sent", "a&b"]}
    assert query(values) == "?limit=5&all=true&status=sent&status=a%26b"
    assert Call("GET", "/keys", {"limit": 5}).target == "/api/v1/keys?limit=5"
    assert Call("GET", "/api/campaign/history").target == "/api/campaign/history"


def test_every_post_has_a_key_and_repeats_bring_the_same_one() -> None:
    call = Call("POST", "/keys", json={})
    first = call.sent_headers("clr_live_x")
    assert first["Authorization"] == "Bearer clr_live_x"
    assert first["Idempotency-Key"] == call.sent_headers("clr_live_x")["Idempotency-Key"]
    assert first["Idempotency-Key"] != Call("POST", "/keys").sent_headers("x")["Idempotency-Key"]
    assert Call("POST", "/keys", key="order-1").sent_headers("x")["Idempotency-Key"] == "order-1"
    assert "Idempotency-Key" not in Call("PATCH", "/keys").sent_headers("x")


@pytest.mark.parametrize(
    ("call", "sent", "again"),
    [
        (Call("GET", "/x"), True, True),
        (Call("POST", "/x", once=True), True, True),
        (Call("POST", "/x"), True, False),
        (Call("POST", "/x"), False, True),
        (Call("PATCH", "/x"), True, False),
        (Call("DELETE", "/x"), True, False),
        (Call("PUT", "/x"), False, True),
        (Call("POST", "/x", content=BytesIO(b""), once=True), True, True),
    ],
)
def test_a_connection_that_broke_is_tried_again_where_that_does_nothing_twice(
    call: Call, sent: bool, again: bool
) -> None:
    assert (Retries().after_silence(1, call, sent=sent) is not None) is again
    assert Retries().after_silence(4, call, sent=sent) is None


def test_a_refusal_is_asked_again_only_when_it_says_after_how_long() -> None:
    retries = Retries(most=3, longest=30)
    assert retries.after_refusal(1, 429, 2) == 2
    assert retries.after_refusal(1, 503, 0) == 0
    assert retries.after_refusal(3, 429, 2) is None
    assert retries.after_refusal(1, 429, None) is None
    assert retries.after_refusal(1, 429, 31) is None
    assert retries.after_refusal(1, 409, 1) is None


def test_a_refusal_carries_what_the_server_said() -> None:
    said = {
        "type": "urn:clarion:problem:invalid",
        "title": "Invalid request",
        "status": 422,
        "detail": "#/name: too long.",
        "errors": [{"pointer": "#/name", "detail": "too long"}],
        "limit": 100,
    }
    headers = {"Content-Type": "application/problem+json"}
    with pytest.raises(ProblemError, match="422 Invalid request: #/name: too long") as caught:
        read(422, headers, orjson.dumps(said))
    problem = caught.value
    assert problem.type == "urn:clarion:problem:invalid"
    assert [(each.pointer, each.detail) for each in problem.errors] == [("#/name", "too long")]
    assert problem.more == {"limit": 100}
    with pytest.raises(ProblemError, match="502 Refused: <html>") as caught:
        read(502, {"Content-Type": "text/html", "Retry-After": "7"}, b"<html>bad gateway</html>")
    assert (caught.value.type, caught.value.retry_after) == ("about:blank", 7)


def test_an_answer_that_is_not_the_apis_is_told_apart() -> None:
    with pytest.raises(BadAnswer, match="is no Key: id: Field required"):
        one(models.Key, read(200, {"Content-Type": "application/json"}, b"{}"))
    with pytest.raises(BadAnswer, match="says that it is JSON, and is not"):
        read(200, {"Content-Type": "application/json"}, b"<html>")


def test_ids_are_text_and_times_are_times_and_what_is_new_is_no_trouble() -> None:
    shown = {
        "id": "key_7", "name": "shop", "hint": "clr_live_abcd", "scopes": ["a:new_scope"], "made_by": None,
        "created_at": "2026-11-30T09:00:00.250Z", "expires_at": None, "used_at": None, "revoked_at": None,
        "added_later": 1,
    }  # fmt: skip
    answer = read(200, {"Content-Type": "application/json", "ETag": '"3"'}, orjson.dumps(shown))
    key = one(models.Key, answer)
    assert (key.id, key.etag, key.scopes) == ("key_7", '"3"', ["a:new_scope"])
    assert key.created_at == datetime(2026, 11, 30, 9, 0, 0, 250_000, tzinfo=UTC)


RUN = {
    "id": "run_7", "name": "r", "journey_id": "jrn_1", "status": "running", "status_reason": "", "entered": 2,
    "under_way": 1, "ended": 1, "outcomes": {"ok": 1}, "created_at": "2026-11-30T09:00:00.000Z", "finished_at": None,
}  # fmt: skip
STREAM = (
    b"retry: 1500\n\nid: 1-0\nevent: run\ndata: " + orjson.dumps(RUN) + b"\n\n: still here\nid: 2-0\n\n"
    b'event: resync\ndata: {}\n\nid: 3-4\r\nevent: sunrise\r\ndata: {"\xc3\xa9": 1}\r\n\r\n'
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_events_are_the_same_however_the_stream_is_cut(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    reader = Reader()
    found: list[Event] = []
    for begin, end in pairwise(places):
        found += reader.feed(STREAM[begin:end])
    assert [(event.name, event.id) for event in found] == [
        ("run", "1-0"),
        ("resync", "2-0"),
        ("sunrise", "3-4"),
    ]
    assert isinstance(found[0].data, models.LiveRun)
    assert found[0].data.id == "run_7"
    assert found[2].data == {"é": 1}
    assert (reader.last_id, reader.retry) == ("3-4", 1.5)


def test_an_end_is_for_good_only_when_the_right_ended() -> None:
    with pytest.raises(StreamEnded, match="not-signed-in: revoked"):
        list(Reader().feed(b'event: end\ndata: {"reason": "not-signed-in", "detail": "revoked"}\n\n'))
    with pytest.raises(Reconnect):
        list(Reader().feed(b'event: end\ndata: {"reason": "stopping", "detail": ""}\n\n'))


def test_a_program_that_only_asks_loads_nothing_of_a_server() -> None:
    code = (
        "import sys, clarion.client; "
        "print([m for m in ('fastapi', 'sqlalchemy', 'starlette', 'uvicorn', 'aiohttp', 'clarion.api') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
