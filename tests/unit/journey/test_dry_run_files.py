"""What people write for a dry run: how others answer, what web services say, what messages cost."""

from decimal import Decimal
from typing import Any

import pytest

from clarion.domain.content import Choice
from clarion.domain.journey.crowd import Answer, Between, Result
from clarion.domain.journey.plan import read_between, read_calls, read_mix, read_plan
from clarion.domain.journey.prices import read_prices, segments

SECOND = 1_000_000


def test_a_mix_is_read_from_one_line() -> None:
    mix = read_mix('button:1=40%, button:NO = 20%, "text:yes, please=10%", stop=2%, none=28%, after=1m..2m')
    assert mix.answers == (
        Answer(0.4, "button", "1"),
        Answer(0.2, "button", "NO"),
        Answer(0.1, "text", "yes, please"),
        Answer(0.02, "stop"),
    )
    assert mix.after == Between(60 * SECOND, 120 * SECOND)


@pytest.mark.parametrize(
    ("mix", "problem"),
    [
        ("button:1", "has no share"),
        ("button=40%", "'button' is no way to answer"),
        ("press:1=40%", "'press:1' is no way to answer"),
        ("stop=40", "'40' is not a share: write 40%"),
        ("stop=140%", "is not a share"),
        ("stop=60%,none=50%", "add up to 1.1 times everybody"),
        ("after=2h..1h", "ends before it begins"),
        ("after=soon", "'soon' is not a duration"),
    ],
)
def test_a_mix_that_cannot_be_meant_is_refused(mix: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_mix(mix)


def test_a_button_is_pressed_by_its_number_or_id_only_where_there_is_one() -> None:
    offered = [Choice("YES", "Yes, please"), Choice("NO", "No")]
    said = Answer(1, "button", "1").said(offered)
    assert said is not None
    assert (said.payload, said.text, said.about) == ("YES", "Yes, please", "button")
    named = Answer(1, "button", "NO").said(offered)
    assert named is not None
    assert named.payload == "NO"
    assert Answer(1, "button", "3").said(offered) is None


def test_a_plan_has_everything_in_one_file() -> None:
    plan = read_plan(
        {
            "replies": "stop=10%",
            "after": "5s",
            "nodes": {"ask": {"replies": "text:hi=100%", "after": "1m..1h"}},
            "messages": {"failed": "5%", "read_after": "1s..2s"},
            "calls": {"stock": {"status": 404}, "pay": [{"share": "90%"}, {"share": "10%", "error": "down"}]},
            "handoffs": {"closed_after": "1h"},
        }
    )
    assert plan.replies == read_mix("stop=10%,after=5s")
    assert plan.at["ask"].answers == (Answer(1.0, "text", "hi"),)
    assert (plan.deliveries.failed, plan.deliveries.read_after.most) == (0.05, 2 * SECOND)
    assert plan.calls == {
        "stock": (Result(1.0, 404, {}),),
        "pay": (Result(0.9, 200, {}), Result(0.1, 0, None, "down")),
    }
    assert plan.closed_after == Between(3_600 * SECOND, 3_600 * SECOND)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"reply": "stop=1%"}, "the file has no 'reply'; there are replies"),
        ({"replies": "stop"}, "replies: 'stop' has no share"),
        ({"after": "1s"}, "`after` belongs to `replies`"),
        ({"nodes": {"a": {"after": "1s"}}}, "nodes.a: say how people answer"),
        ({"nodes": {"a": {"replies": "x=1%"}}}, "nodes.a: 'x' is no way"),
        ({"nodes": []}, "nodes must be a table"),
        ({"messages": {"lost": "1%"}}, "messages has no 'lost'"),
        ({"messages": {"read": 80}}, "messages.read: 80 is not a share"),
        ({"messages": {"failed": "60%", "refused": "50%"}}, "more than everybody"),
        ({"calls": {"a": {"status": "200"}}}, "calls.a: `status` is a number"),
        ({"calls": {"a": 200}}, "calls.a must be a table"),
        ({"handoffs": {"closed_after": 3}}, "handoffs.closed_after: 3 is not a delay"),
    ],
)
def test_a_plan_that_cannot_be_used_says_where(data: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_plan(data)


def test_a_delay_is_a_span_or_between_two() -> None:
    assert read_between("10s..1m") == Between(10 * SECOND, 60 * SECOND)
    assert read_between("0s") == Between(0, 0)
    assert read_calls({}) == {}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ã" * 70, 1),
        ("ã" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("olá é bom\n", 1),
    ],
)
def test_a_text_takes_so_many_segments(text: str, count: int) -> None:
    assert segments(text) == count


PRICES = {
    "currency": "USD",
    "whatsapp": {
        "service": 0,
        "utility": {"55": 0.0068, "default": 0.012, "in_window": 0},
        "marketing": {"55": "0.0625"},
    },
}


@pytest.mark.parametrize(
    ("asked", "price"),
    [
        (("whatsapp", "service", "1", False), "0"),
        (("whatsapp", "utility", "55", False), "0.0068"),
        (("whatsapp", "utility", "1", False), "0.012"),
        (("whatsapp", "utility", "55", True), "0"),
        (("whatsapp", "marketing", "55", True), "0.0625"),
        (("whatsapp", "marketing", "1", False), None),
        (("twilio", "sms", "55", False), None),
    ],
)
def test_a_price_is_the_countrys_or_the_default_and_never_invented(
    asked: tuple[str, str, str, bool], price: str | None
) -> None:
    provider, category, country, in_window = asked
    found = read_prices(PRICES).price(provider, category, country, in_window=in_window)
    assert found == (None if price is None else Decimal(price))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"whatsapp": {}}, "it has no currency"),
        ({"currency": "USD", "whatsapp": 3}, "'whatsapp' must be a table"),
        ({"currency": "USD", "whatsapp": {"service": "free"}}, "whatsapp.service: 'free' is not a price"),
        ({"currency": "USD", "whatsapp": {"service": -1}}, "-1 is not a price"),
        ({"currency": "USD", "whatsapp": {"service": True}}, "True is not a price"),
        ({"currency": "USD", "whatsapp": {"service": {"BR": 1}}}, "'BR' is not a calling code"),
    ],
)
def test_prices_that_cannot_be_used_say_where(data: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_prices(data)
