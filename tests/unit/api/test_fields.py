"""Ids and instants as the API writes and reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from clarion.api.fields import PREFIXES, Body, CampaignId, Shown, Time, read_id, read_time, show_id, show_time
from clarion.api.pages import BadCursor, make_cursor, read_cursor


class _Wish(Body):
    id: CampaignId
    at: Time = 0


class _Thing(Shown):
    id: CampaignId
    at: Time


@given(st.sampled_from(sorted(PREFIXES)), st.integers(1, 2**63 - 1))
def test_an_id_is_read_as_it_was_shown(kind: str, number: int) -> None:
    assert read_id(kind, show_id(kind, number)) == number


def test_no_two_kinds_of_things_share_a_prefix() -> None:
    assert len(set(PREFIXES.values())) == len(PREFIXES)


@pytest.mark.parametrize(
    "bad", ["42", "cmp_", "cmp_0", "cmp_-1", "cmp_٤", "msg_42", "cmp_42 ", "cmp_1e3", f"cmp_{2**63}", 4.2]
)
def test_what_is_no_id_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="such as cmp_42"):
        read_id("campaign", bad)


@given(st.integers(1, 4_000_000_000_000_000))
def test_a_time_is_read_as_it_was_shown_to_the_millisecond(at: int) -> None:
    assert read_time(show_time(at)) == at // 1_000 * 1_000 or at < 1_000


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("2026-11-30T09:00:00Z", 1_796_029_200_000_000),
        ("2026-11-30T06:00:00-03:00", 1_796_029_200_000_000),
        ("2026-11-30t09:00:00.123456789z", 1_796_029_200_123_456),
        (None, 0),
    ],
)
def test_times_with_an_offset_are_read(text: str | None, micros: int) -> None:
    assert read_time(text) == micros


@pytest.mark.parametrize(
    "bad", ["2026-11-30", "2026-11-30T09:00:00", "2026-13-30T09:00:00Z", "9999-01-01T00:00:00Z", True, 1.5]
)
def test_other_times_are_refused(bad: object) -> None:
    with pytest.raises(ValueError, match=r"must be|month"):
        read_time(bad)


def test_a_body_takes_the_outer_form_only_and_an_answer_is_made_of_the_inner_one() -> None:
    assert _Wish.model_validate({"id": "cmp_7", "at": "1970-01-01T00:00:01Z"}).at == 1_000_000
    for wrong in ({"id": 7}, {"id": "cmp_7", "at": 5}):
        with pytest.raises(ValidationError):
            _Wish.model_validate(wrong)
    assert _Thing(id=7, at=0).model_dump() == {"id": "cmp_7", "at": None}
    assert TypeAdapter(CampaignId).validate_python("cmp_7") == 7


@given(
    st.lists(
        st.integers(-(2**63), 2**63 - 1)
        | st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
        max_size=3,
    )
)
def test_a_cursor_gives_back_its_keys(keys: list[int | str]) -> None:
    assert read_cursor("x", make_cursor("x", *keys), *(type(key) for key in keys)) == tuple(keys)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "!",
        "a",
        "bnVsbA",
        make_cursor("y", 1),
        make_cursor("x"),
        make_cursor("x", "1"),
        make_cursor("x", 1, 2),
        "é",
    ],
)
def test_a_cursor_of_another_list_is_refused(bad: str) -> None:
    with pytest.raises(BadCursor):
        read_cursor("x", bad, int)
