"""Conditions: what is true of whom."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from clarion.domain.journey.conditions import Condition, walk
from clarion.domain.journey.position import Facts

CONDITION: TypeAdapter[Any] = TypeAdapter(Condition)
ANA = Facts(
    now=0,
    person="+5581999990000",
    attributes={"city": "São Paulo", "age": "42", "vip": True, "blank": " ", "since": "2026-03-01", "n": 7},
    language="pt_BR",
    tags=frozenset({"vip"}),
    lists=frozenset({"customers"}),
    message_status="delivered",
)


def holds(condition: dict[str, Any], variables: dict[str, Any] | None = None, facts: Facts = ANA) -> bool:
    answer = CONDITION.validate_python(condition).holds(facts, variables or {})
    assert isinstance(answer, bool)
    return answer


@pytest.mark.parametrize(
    ("condition", "true"),
    [
        pytest.param({"attribute": "city", "is": "sao paulo"}, True, id="texts as words are"),
        pytest.param({"attribute": "city", "is": "Recife"}, False, id="another text"),
        pytest.param({"attribute": "city", "is_not": "Recife"}, True, id="is not"),
        pytest.param({"attribute": "city", "one_of": ["Recife", "SÃO PAULO"]}, True, id="one of"),
        pytest.param({"attribute": "city", "contains": "paulo"}, True, id="contains a word"),
        pytest.param({"attribute": "city", "contains": "pau"}, False, id="not a part of a word"),
        pytest.param({"attribute": "city", "matches": "^são"}, True, id="a pattern"),
        pytest.param({"attribute": "age", "is": 42}, True, id="a number in a text"),
        pytest.param({"attribute": "age", "is": "42.0"}, True, id="the same number"),
        pytest.param({"attribute": "age", "above": 9}, True, id="numbers as numbers: 42 > 9"),
        pytest.param({"attribute": "age", "above": 42}, False, id="above is not at least"),
        pytest.param({"attribute": "age", "at_least": 42}, True, id="at least"),
        pytest.param({"attribute": "age", "below": "100"}, True, id="below"),
        pytest.param({"attribute": "age", "at_most": 41.5}, False, id="at most"),
        pytest.param({"attribute": "since", "at_least": "2026-01-01"}, True, id="dates as texts"),
        pytest.param({"attribute": "since", "below": "2026-03-01"}, False, id="a date is not before itself"),
        pytest.param({"attribute": "vip", "is": True}, True, id="true"),
        pytest.param({"attribute": "vip", "is": "TRUE"}, True, id="true as a text"),
        pytest.param({"attribute": "n", "is": True}, False, id="true is no number"),
        pytest.param({"attribute": "city", "exists": True}, True, id="exists"),
        pytest.param({"attribute": "blank", "exists": True}, False, id="blank is missing"),
        pytest.param({"attribute": "none", "exists": False}, True, id="missing"),
        pytest.param({"attribute": "none", "below": 5}, False, id="what is missing is below nothing"),
        pytest.param({"attribute": "none", "is": ""}, True, id="what is missing is an empty text"),
        pytest.param({"attribute": "none", "is_not": "x"}, True, id="and is not another"),
        pytest.param({"attribute": "none", "matches": ".*"}, True, id="and matches as one"),
        pytest.param({"tag": "vip"}, True, id="a tag"),
        pytest.param({"tag": "VIP"}, False, id="tags are exact"),
        pytest.param({"list": "customers"}, True, id="a list"),
        pytest.param({"list": "others"}, False, id="another list"),
        pytest.param({"message": "sent"}, True, id="delivered was sent too"),
        pytest.param({"message": "delivered"}, True, id="delivered"),
        pytest.param({"message": "read"}, False, id="not read yet"),
        pytest.param({"message": "failed"}, False, id="not failed"),
        pytest.param({"language": "pt"}, True, id="a language"),
        pytest.param({"language": "pt-br"}, True, id="with its country, spelled otherwise"),
        pytest.param({"language": "pt_PT"}, False, id="another country"),
        pytest.param({"language": "ptx"}, False, id="not only its beginning"),
        pytest.param({"consent": True}, True, id="may be written to"),
        pytest.param({"consent": False}, False, id="has not opted out"),
        pytest.param({"all": [{"tag": "vip"}, {"list": "customers"}]}, True, id="all"),
        pytest.param({"all": [{"tag": "vip"}, {"list": "others"}]}, False, id="not all"),
        pytest.param({"any": [{"tag": "x"}, {"list": "customers"}]}, True, id="any"),
        pytest.param({"any": [{"tag": "x"}, {"list": "y"}]}, False, id="not any"),
        pytest.param({"not": {"tag": "vip"}}, False, id="not"),
        pytest.param(
            {"not": {"all": [{"tag": "x"}, {"any": [{"tag": "vip"}]}]}}, True, id="inside each other"
        ),
    ],
)
def test_what_is_true_of_ana(condition: dict[str, Any], true: bool) -> None:
    assert holds(condition) is true
    assert holds({"not": condition}) is not true


def test_a_variable_is_what_the_run_has_learnt() -> None:
    assert holds({"variable": "score", "at_least": 7}, {"score": 9})
    assert not holds({"variable": "score", "at_least": 7}, {"score": "six"})
    assert not holds({"variable": "score", "at_least": 7}, {"score": [9]})
    assert holds({"variable": "items", "exists": False}, {"items": []})


def test_a_failed_message_was_neither_sent_nor_read() -> None:
    facts = Facts(now=0, person="p", message_status="failed")
    assert holds({"message": "failed"}, facts=facts)
    assert not any(
        holds({"message": each}, facts=facts) for each in ("accepted", "sent", "delivered", "read")
    )


def test_whoever_opted_out_has_no_consent() -> None:
    assert holds({"consent": False}, facts=Facts(now=0, person="p", opted_out=True))


def test_words_without_letters_are_compared_as_they_stand() -> None:
    facts = Facts(now=0, person="p", attributes={"mark": "!!"})
    assert holds({"attribute": "mark", "is": "!!"}, facts=facts)
    assert not holds({"attribute": "mark", "is": "??"}, facts=facts)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        pytest.param({}, "begins with one of all, any, not", id="nothing"),
        pytest.param({"atribute": "x", "is": 1}, "begins with one of", id="mistyped"),
        pytest.param({"attribute": "x"}, "exactly one of is, is_not", id="no question"),
        pytest.param({"attribute": "x", "is": 1, "above": 2}, "this one has 2", id="two questions"),
        pytest.param(
            {"attribute": "x", "variable": "y", "is": 1}, "one `attribute` or one `variable`", id="both"
        ),
        pytest.param({"attribute": "x", "matches": "(?=a)"}, "at character 1", id="a bad pattern"),
        pytest.param({"all": []}, "at least 1 item", id="all of nothing"),
        pytest.param({"message": "queued"}, "'accepted', 'sent'", id="an unknown status"),
        pytest.param({"tag": "x", "is": 1}, "Extra inputs", id="a question to a tag"),
    ],
)
def test_a_condition_that_cannot_be_used_is_refused(condition: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        CONDITION.validate_python(condition)
    assert said in str(refusal.value)


def test_all_parts_of_a_condition_can_be_walked() -> None:
    condition = CONDITION.validate_python(
        {"all": [{"not": {"tag": "a"}}, {"any": [{"tag": "b"}, {"list": "c"}]}]}
    )
    assert [type(each).__name__ for each in walk(condition)] == [
        "All",
        "Not",
        "Tagged",
        "Some",
        "Tagged",
        "Listed",
    ]
