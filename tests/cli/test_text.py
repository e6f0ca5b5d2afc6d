"""How progress looks: the bar is as wide as it should be, and nothing that exists is invisible."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from clarion.cli.campaign_text import Pace, duration, ended, line, screen, shares
from clarion.domain.campaign import CampaignStatus
from clarion.services.campaigns import Failure, Progress
from tools.picture import PICTURE, picture

SECOND = 1_000_000
RUNNING = Progress(
    campaign_id=1,
    name="Spring [sale]",
    status=CampaignStatus.RUNNING,
    shown="running",
    reason="",
    dry_run=False,
    counts={
        "audience": 90,
        "queued": 40,
        "sending": 5,
        "unknown": 2,
        "accepted": 20,
        "read": 20,
        "failed": 3,
    },
    audience=90,
    expected=100,
    done=43,
    rate=60.0,
    pace=30.0,
    sender_state="active",
    sender_reason="",
    failures=(Failure("131026", "The number is not on WhatsApp.", 3),),
    unresolved=1,
    seconds_left=11.0,
    launched_at=10 * SECOND,
    finished_at=0,
    at=20 * SECOND,
)


def drawn(progress: Progress, *, width: int = 80) -> list[str]:
    """The picture's lines without colours."""
    console = Console(width=width, markup=False, highlight=False, color_system=None)
    with console.capture() as capture:
        console.print(screen(progress, 59.5, width=width))
    return [text.rstrip() for text in capture.get().splitlines()]


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=8), st.integers(20, 200))
def test_the_bar_is_full_and_shows_everything_there_is(numbers: list[int], width: int) -> None:
    cells = shares(numbers, width)
    assert sum(cells) == (width if sum(numbers) else 0)
    assert all((n > 0) == (c > 0) for n, c in zip(numbers, cells, strict=True))


def test_the_picture_says_all_that_matters() -> None:
    head, bar, *rest = drawn(RUNNING)
    text = " ".join(rest)
    assert head == "Spring [sale]  running, 43 of 100 done"
    assert len(bar) == 80
    assert "? being checked 2" in text
    assert "· queued 50" in text  # ten people are not written yet
    assert "59.5/s now, 60/s set (slowed to 30/s), about 11 s left" in text
    assert "2 being checked: the answer was lost, so they may or may not have arrived; 1 wait for" in text
    assert "3  The number is not on WhatsApp. (131026)" in text


def test_a_paused_sender_is_impossible_to_overlook() -> None:
    paused = replace(RUNNING, sender_state="paused", sender_reason="The token is not valid any more.")
    assert "The sender is paused: The token is not valid any more." in drawn(paused)


def test_a_line_for_logs_says_the_same() -> None:
    told = line(RUNNING, 59.5)
    assert told.startswith(
        "00:00:20 running, 43 of 100 done | read 20 sent 20 leaving 5 being checked 2 failed 3"
    )
    assert told.endswith("59.5/s now, 60/s set (slowed to 30/s), about 11 s left")


def test_the_rate_is_that_of_the_last_seconds() -> None:
    pace = Pace()
    rates = []
    for second in range(12):
        sent = 60 * min(second, 6)
        counts = {"audience": 1_000, "queued": 1_000 - sent, "accepted": sent}
        rates.append(
            pace.look(replace(RUNNING, counts=counts, audience=1_000, expected=1_000, at=second * SECOND))
        )
    assert rates[:2] == [0.0, 60.0]
    assert rates[6] == 60.0
    assert rates[11] == 0.0


def test_only_what_can_still_send_by_itself_is_watched_on() -> None:
    assert not ended(RUNNING)
    assert not ended(replace(RUNNING, shown="paused"))
    assert ended(replace(RUNNING, shown="finished, 2 being checked"))
    assert ended(replace(RUNNING, shown="stopped"))


def test_durations_are_told_as_people_do() -> None:
    assert [duration(s) for s in (0.2, 33.3, 200, 7_200)] == ["1 s", "33 s", "3 min", "2.0 h"]


def test_the_picture_in_the_readme_is_fresh() -> None:
    assert PICTURE.read_text(encoding="utf-8") == picture(), "run tools/picture.py and commit what it writes"
