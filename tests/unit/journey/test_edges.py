"""Edges that replies take: payload, keywords, regex, fallback."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from clarion.domain.journey.edges import AnyEdge, Edge, Keywords, Match, Miss
from clarion.domain.journey.events import Replied

EDGE: TypeAdapter[Edge] = TypeAdapter(AnyEdge)


def edge(on: str, **fields: Any) -> Edge:
    return EDGE.validate_python({"from": "a", "to": "b", "on": on, **fields})


def takes(found: Match | Miss) -> bool:
    return isinstance(found, Match)


@pytest.mark.parametrize(
    ("words", "match", "text", "taken"),
    [
        pytest.param(["yes", "sure"], "any", "Sure, why not", True, id="any: one is enough"),
        pytest.param(["yes", "sure"], "any", "surely", False, id="any: not as part of a word"),
        pytest.param(["yes", "please"], "all", "please, YES", True, id="all: in any order"),
        pytest.param(["yes", "please"], "all", "yes", False, id="all: one lacks"),
        pytest.param(["stop", "end it"], "exact", "  END it!! ", True, id="exact: the whole reply"),
        pytest.param(["stop"], "exact", "please stop", False, id="exact: nothing beside it"),
        pytest.param(["call me"], "any", "could you call me?", True, id="a phrase"),
        pytest.param(["call me"], "any", "me you call", False, id="a phrase in its order"),
        pytest.param(["NÃO"], "any", "nao", True, id="accents in the word"),
        pytest.param(["nao"], "any", "Não!", True, id="accents in the reply"),
        pytest.param(["1"], "any", "1️⃣", True, id="a key cap"),
        pytest.param(["1"], "any", "١", True, id="a digit of another script"),
        pytest.param(["1️⃣"], "any", "1", True, id="a key cap as the word"),
        pytest.param(["1"], "any", "10", False, id="not a part of a number"),
        pytest.param(["👍"], "any", "👍🏿👍🏿", True, id="a skin tone"),
        pytest.param(["👍🏽"], "any", "great 👍", True, id="a skin tone in the word"),
        pytest.param(["🇧🇷"], "any", "🇧🇷", True, id="a flag"),
        pytest.param(["🇧🇷"], "any", "🇧🇴", False, id="another flag"),
        pytest.param(["👨‍👩‍👧"], "any", "👨‍👩‍👧 we", True, id="a family"),
        pytest.param(["👨‍👩‍👧"], "any", "👨‍👩‍👦", False, id="another family"),
        pytest.param(["👩"], "any", "👩‍💻", False, id="a profession is not the person"),
        pytest.param(["退款"], "any", "我要退款谢谢", True, id="Chinese without spaces"),
        pytest.param(["yes"], "any", "", False, id="an empty reply"),
        pytest.param(["yes"], "any", "x " * 2_048 + "yes", False, id="beyond 4,096 characters"),
        pytest.param(["yes"], "any", "x " * 2_000 + "yes", True, id="within 4,096 characters"),
    ],
)
def test_keywords(words: list[str], match: str, text: str, taken: bool) -> None:
    assert takes(edge("keywords", words=words, match=match).hears(Replied(text))) is taken


def test_a_keywords_edge_says_what_it_found_and_what_it_missed() -> None:
    both = edge("keywords", words=["yes", "please"], match="all")
    assert both.hears(Replied("yes please")) == Match("the reply has 'yes', 'please'")
    assert both.hears(Replied("please")) == Miss("the reply lacks 'yes'")
    assert edge("keywords", words=["yes"]).hears(Replied("no")) == Miss("the reply has none of the words")


def test_any_word_or_emoji_is_enough_unless_the_author_says_otherwise() -> None:
    found = edge("keywords", words=["yes"])
    assert isinstance(found, Keywords)
    assert found.match == "any"


@pytest.mark.parametrize(
    ("payload", "taken"),
    [("btn-1", True), ("BTN-1", False), ("btn-1 ", False), ("btn-10", False), ("", False)],
)
def test_a_payload_is_compared_exactly(payload: str, taken: bool) -> None:
    assert takes(edge("payload", value="btn-1").hears(Replied("Yes", payload, "button"))) is taken


def test_a_payload_is_not_the_text_of_the_button() -> None:
    assert edge("payload", value="Yes").hears(Replied("Yes")) == Miss("no button was pressed")


def test_a_regex_saves_its_named_groups_and_leaves_those_without_part_empty() -> None:
    order = edge("regex", pattern=r"order (?P<number>\d+)( for (?P<name>\w+))?")
    assert order.hears(Replied("Order 4711 for Ana")) == Match(
        "the pattern matches", {"number": "4711", "name": "Ana"}
    )
    assert order.hears(Replied("order 4711")) == Match("the pattern matches", {"number": "4711", "name": ""})
    assert order.hears(Replied("no order")) == Miss("the pattern does not match")


def test_a_regex_looks_at_the_first_4096_characters() -> None:
    assert takes(edge("regex", pattern="yes").hears(Replied("x" * 4_093 + "yes")))
    assert not takes(edge("regex", pattern="yes").hears(Replied("x" * 4_094 + "yes")))


def test_a_fallback_takes_everything() -> None:
    for reply in (Replied(), Replied("?"), Replied("", "btn"), Replied(about="image")):
        assert takes(edge("fallback").hears(reply))


@pytest.mark.parametrize("on", ["next", "timeout", "success", "failure", "delivered", "read", "failed"])
def test_a_reply_never_takes_the_other_edges(on: str) -> None:
    assert not edge(on).answers
    assert not takes(edge(on).hears(Replied("yes")))


@pytest.mark.parametrize(
    ("on", "fields", "said"),
    [
        pytest.param("keywords", {"words": []}, "at least 1 item", id="no words"),
        pytest.param(
            "keywords", {"words": ["yes", "..."]}, "'...' has no letter", id="a word of punctuation"
        ),
        pytest.param(
            "keywords", {"words": ["yes"], "match": "some"}, "'any', 'all' or 'exact'", id="bad match"
        ),
        pytest.param("payload", {"value": ""}, "at least 1 character", id="an empty payload"),
        pytest.param("payload", {"value": "x" * 257}, "at most 256 characters", id="a long payload"),
        pytest.param("regex", {"pattern": "(?=a)"}, "at character 1", id="a bad pattern"),
        pytest.param("next", {"value": "x"}, "Extra inputs", id="a field of another kind"),
    ],
)
def test_an_edge_that_cannot_be_used_is_refused(on: str, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        edge(on, **fields)
    assert said in str(refusal.value)
