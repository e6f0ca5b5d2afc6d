"""What a campaign may become, what is shown of it, and when its books balance."""

import itertools

import pytest

from clarion.domain import books
from clarion.domain.campaign import MOVES, CampaignStatus, may_move, shown_status
from clarion.domain.content import (
    ButtonParameter,
    Buttons,
    Choice,
    Content,
    ListPicker,
    Media,
    Parameter,
    Section,
    Template,
    Text,
)
from clarion.domain.message import Status
from clarion.domain.preview import as_text

RUNNING, PAUSED, STOPPED = CampaignStatus.RUNNING, CampaignStatus.PAUSED, CampaignStatus.STOPPED
FINISHED = CampaignStatus.FINISHED


def test_what_is_over_stays_over() -> None:
    assert set(MOVES) == set(CampaignStatus)
    for over, new in itertools.product((STOPPED, FINISHED), CampaignStatus):
        assert not may_move(over, new)


def test_everything_unfinished_can_be_stopped_and_nothing_returns_to_a_draft() -> None:
    for held in set(CampaignStatus) - {STOPPED, FINISHED}:
        assert may_move(held, STOPPED)
        assert not may_move(held, CampaignStatus.DRAFT)


@pytest.mark.parametrize(
    ("status", "expanded", "counts", "shown"),
    [
        (RUNNING, False, {}, "running"),
        (RUNNING, True, {"queued": 1}, "running"),
        (RUNNING, True, {"sending": 1, "read": 9}, "running"),
        (RUNNING, True, {"read": 10}, "finished"),
        (PAUSED, True, {"leased": 1}, "paused"),
        (PAUSED, True, {"unknown": 1_200}, "finished, 1,200 being checked"),
        (FINISHED, True, {"unknown": 2}, "finished, 2 being checked"),
        (STOPPED, False, {"unknown": 2}, "stopped, 2 being checked"),
        (CampaignStatus.DRAFT, False, {}, "draft"),
    ],
)
def test_finished_is_computed(
    status: CampaignStatus, expanded: bool, counts: dict[str, int], shown: str
) -> None:
    assert shown_status(status, expanded=expanded, counts=counts) == shown


def test_books_balance_only_when_every_counter_equals_its_rows() -> None:
    counts = {"audience": 6, "queued": 2, "unknown": 1, "read": 3}
    assert books.problems("C", counts, {"queued": 2, "unknown": 1}, {"read": 3}) == []
    for status in Status:
        wrong = {**counts, status.value: counts.get(status, 0) + 1}
        assert len(books.problems("C", wrong, {"queued": 2, "unknown": 1}, {"read": 3})) == 2, status
    assert books.problems("C", counts, {"queued": 2, "unknown": 1, "odd": 1}, {"read": 3}) == [
        "C: rows stand at 'odd', which is no status."
    ]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (Text("Hi"), "Hi"),
        (Media("image", link="https://x/a.png", caption="Look"), "<image https://x/a.png>\nLook"),
        (Buttons("Coming?", (Choice("y", "Yes"), Choice("n", "No")), header="Ball"), "Ball\nComing?\n[Yes] [No]"),
        (
            ListPicker("Choose", "Menu", (Section("a", (Choice("1", "One"), Choice("2", "Two"))),), footer="bye"),
            "Choose\nbye\n[Menu]\n[One] [Two]",
        ),
        (
            Template("promo", "en", (Parameter("1", "Ana {{2}}"), Parameter("2", "7")),
                     buttons=(ButtonParameter(0, "url", "x"),)),
            "Hi Ana {{2}}, 7 and {{3}}\n[x]",
        ),
    ],
)  # fmt: skip
def test_a_content_is_shown_as_its_reader_would_see_it(content: Content, text: str) -> None:
    assert as_text(content, "Hi {{1}}, {{ 2 }} and {{3}}") == text
