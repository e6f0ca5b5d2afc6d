import ast
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from clarion import log
from clarion.log_events import EVENTS
from clarion.log_redaction import clean

SOURCE = Path(log.__file__).parent
METHODS = {"debug", "info", "warning", "error", "exception", "critical"}
OWN_ID = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = before, level
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def written(form: Any = "json", level: str = "info", event: str = "library.logged", **fields: Any) -> str:
    stream = io.StringIO()
    log.configure(level, form, stream)
    structlog.get_logger().info(event, **fields)
    return stream.getvalue()


def logged_names() -> Iterator[tuple[str, str]]:
    """The first argument of every `log.<level>(...)`, and where it stands."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(ast.Name("log" | "logger"), method), args=[name, *_]):
                    if method in METHODS:
                        yield ast.unparse(name).strip("'"), f"{path.relative_to(SOURCE)}:{node.lineno}"


def test_every_event_that_is_logged_has_a_name_in_the_list() -> None:
    unknown = [f"{where} logs {name!r}" for name, where in logged_names() if name not in EVENTS]
    assert unknown == [], "add the names to src/clarion/log_events.py and run `make docs`"


def test_every_event_in_the_list_is_logged_somewhere() -> None:
    assert set(EVENTS) - {name for name, _ in logged_names()} == {"library.logged"}


def test_an_event_is_one_line_of_json() -> None:
    line = json.loads(written(event="campaign.launched", campaign_id=7, took_ms=41))
    assert line.pop("timestamp").endswith("Z")
    assert line == {"level": "info", "event": "campaign.launched", "campaign_id": 7, "took_ms": 41}


def test_people_get_words_without_colours_where_there_is_no_terminal() -> None:
    assert "campaign.launched" in written("console", event="campaign.launched", campaign_id=7)
    assert "\x1b" not in written("console", event="campaign.launched")
    assert written("auto").startswith("{")


def test_a_level_leaves_out_what_is_below_it() -> None:
    assert written(level="warning") == ""


@pytest.mark.parametrize("form", ["json", "console"])
def test_libraries_go_the_same_way(form: Any) -> None:
    stream = io.StringIO()
    log.configure("info", form, stream)
    logging.getLogger("uvicorn.error").info("Started %s for %s", "server", "+55 11 99999-8888")
    logging.getLogger("uvicorn.access").info("GET /webhooks?hub.verify_token=abc")
    (line,) = stream.getvalue().splitlines()
    assert "library.logged" in line
    assert "uvicorn.error" in line
    assert "Started server for ***88" in line


def test_a_traceback_keeps_its_lines_and_loses_its_secrets() -> None:
    stream = io.StringIO()
    log.configure("info", "json", stream)
    try:
        raise ValueError("Bearer abc.def for +5511999998888\n[parameters: ('Hello Ana',)]")
    except ValueError:
        structlog.get_logger().exception("library.logged")
    trace = json.loads(stream.getvalue())["exception"]
    assert trace.splitlines()[-2:] == ["ValueError: Bearer *** for ***88", "[parameters: ***]"]


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("note", "call +55 (11) 99999-8888 now", "call ***88 now"),
        ("note", "5511999998888", "***88"),
        ("note", "tel:5511999998888", "tel:***88"),
        ("note", "whatsapp:+14155550123", "whatsapp:***23"),
        ("number", 5511999998888, "***88"),
        ("phone", "+5511999998888", "***88"),
        ("to_address", "12", "***"),
        ("text", "Hello Ana, your code is 12345678", "***"),
        ("body", b"anything", "***"),
        ("access_token", "EAAGm0PX4ZCpsBA", "***"),
        ("note", "EAAGm0PX4ZCpsBAKZCZCaZC1234567", "***"),
        ("header", "Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("note", OWN_ID, "***"),
        ("note", "wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI=", "wamid.***"),
        ("url", "postgresql://u:pw@h/d", "postgresql://u:***@h/d"),
        ("url", "https://h/x?access_token=abc&limit=2", "https://h/x?access_token=***&limit=2"),
        ("answer", {"to": "+5511999998888", "code": 4}, {"to": "***88", "code": 4}),
        ("text", {"parts": ["Hello"]}, {"parts": ["***"]}),
        ("numbers", ["+5511999998888", "x"], ["***88", "x"]),
        ("note", "one\ntwo\x1b[31m\u202e", "one\\ntwo\\x1b[31m\\u202e"),
    ],
)
def test_people_and_secrets_are_masked(key: str, value: object, shown: object) -> None:
    assert clean(value, key) == shown


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("campaign_id", 12345678901),
        ("attempt_id", OWN_ID),
        ("provider_id", f"SM{OWN_ID}"),
        ("run", "550e8400-e29b-41d4-a716-446655440000"),
        ("due_at", 1_795_368_000_000_000),
        ("body_bytes", 4_000_000_000),
        ("since", "2026-11-22 17:40:00.123456"),
        ("since", "2026-11-22T17:40:00Z"),
        ("client", "192.168.100.200"),
        ("version", "18.6.3"),
        ("took_ms", 41.5),
        ("ok", True),
        ("reason", None),
        ("lane", "send:7"),
        ("note", "São Paulo 😀"),
    ],
)
def test_what_helps_is_left_as_it_is(key: str, value: object) -> None:
    assert clean(value, key) == value


@given(st.text(alphabet=st.characters(codec="utf-8")), st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True))
def test_no_international_number_is_ever_written(before: str, number: str) -> None:
    assert number not in written(note=f"{before} {number}")
