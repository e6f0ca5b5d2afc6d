"""What `campaign create` makes of its options."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clarion.cli.base import BadOption
from clarion.cli.content import content_of, instant
from clarion.domain.content import ButtonParameter, Content, Media, Parameter, Template, Text

NOTHING: dict[str, Any] = {"text": None, "file": None, "template": None}


@pytest.mark.parametrize(
    ("options", "content"),
    [
        pytest.param({"text": "Oi {{ name }}"}, Text("Oi {{ name }}"), id="text"),
        pytest.param({"template": "hello:en_US"}, Template("hello", "en_US"), id="bare template"),
        pytest.param(
            {"template": "order", "params": ["2=b", "1=a=1", "10=j", *(f"{n}=x" for n in range(3, 10))]},
            Template(
                "order",
                body=(
                    Parameter("1", "a=1"),
                    Parameter("2", "b"),
                    *(Parameter(str(n), "x") for n in range(3, 10)),
                    Parameter("10", "j"),
                ),
            ),
            id="numbered parameters in their order",
        ),
        pytest.param(
            {"template": "order", "params": ["code=X1"], "header": "shop=Nova"},
            Template("order", body=(Parameter("code", "X1"),), header=Parameter("shop", "Nova"), named=True),
            id="named parameters",
        ),
        pytest.param(
            {
                "template": "promo",
                "header_media": "image=https://x.example/a.jpg",
                "buttons": ["0=YES", "1:url=a"],
            },
            Template(
                "promo",
                header_media=Media("image", link="https://x.example/a.jpg"),
                buttons=(ButtonParameter(0, "quick_reply", "YES"), ButtonParameter(1, "url", "a")),
            ),
            id="media and buttons",
        ),
        pytest.param(
            {"template": "promo", "header_media": "document=12345", "header": "50 % off"},
            Template("promo", header=Parameter("1", "50 % off"), header_media=Media("document", id="12345")),
            id="media by id, header without a name",
        ),
    ],
)
def test_options_become_a_content(options: dict[str, Any], content: Content) -> None:
    assert content_of(**{**NOTHING, **options}) == content


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"params": ["name"]}, "write 1=VALUE", id="no value"),
        pytest.param({"params": ["1=a", "1=b"]}, "1 is given twice", id="twice"),
        pytest.param({"params": ["1=a", "name=b"]}, "not both", id="numbered and named"),
        pytest.param({"params": ["1=a", "3=b"]}, "parameter 2 is missing", id="gap"),
        pytest.param(
            {"header_media": "picture=https://x.example"}, "'picture' is not one of", id="media kind"
        ),
        pytest.param({"buttons": ["yes=1"]}, "write 0=PAYLOAD", id="button without a number"),
        pytest.param({"buttons": ["0:call=1"]}, "write 0=PAYLOAD", id="kind of button"),
    ],
)
def test_a_template_option_that_cannot_be_used_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadOption, match=message):
        content_of(**{**NOTHING, "template": "order", **options})


def test_a_content_file_must_hold_an_object(tmp_path: Path) -> None:
    path = tmp_path / "content.json"
    path.write_text('{"type": "text", "body": "Oi"}')
    assert content_of(**{**NOTHING, "file": path}) == Text("Oi")
    path.write_text("[1]")
    with pytest.raises(BadOption, match="must hold an object"):
        content_of(**{**NOTHING, "file": path})
    path.write_text("{")
    with pytest.raises(BadOption, match="is not JSON"):
        content_of(**{**NOTHING, "file": path})


def now() -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-12-01 09:00 America/Sao_Paulo", "2026-12-01T12:00+00:00"),
        ("2026-12-01T09:00 America/Sao_Paulo", "2026-12-01T12:00+00:00"),
        ("2026-12-01T09:00:30-03:00", "2026-12-01T12:00:30+00:00"),
        ("2026-12-01 09:00 UTC", "2026-12-01T09:00+00:00"),
        ("2026-10-25 02:30 Europe/Berlin", "2026-10-25T00:30+00:00"),  # comes twice: the first
    ],
)
def test_an_instant_is_read_in_its_zone(written: str, expected: str) -> None:
    assert instant(written, "--at", now=now) == datetime.fromisoformat(expected).timestamp() * 1_000_000


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("tomorrow", "write a date, a time and a zone"),
        ("2026-12-01 09:00", "without a zone is ambiguous"),
        ("2026-12-01 09:00 Brazil/Nowhere", "no time zone 'Brazil/Nowhere'"),
        ("2026-12-01 09:00 ../etc/passwd", "no time zone"),
        ("2026-03-29 02:30 Europe/Berlin", "does not exist in Europe/Berlin"),
        ("2026-02-01 09:00 UTC", "is in the past"),
    ],
)
def test_an_instant_that_cannot_be_meant_is_refused(written: str, message: str) -> None:
    with pytest.raises(BadOption, match=message):
        instant(written, "--at", now=now)


def test_no_instant_is_never() -> None:
    assert instant(None, "--at") == 0
