"""What waits for one listener, the marks of how far it has heard, and measured rates."""

import pytest

from clarion.services.live import Listener, Mark, Parcel, Topic
from clarion.services.live.listener import WAITING
from clarion.services.live.marks import WINDOW
from clarion.services.live.states import Pace

TOPICS = [Topic("campaigns"), Topic("inbox")]


def state(number: int, body: str) -> Parcel:
    return Parcel(("campaign", number), body.encode())


def news(number: int) -> tuple[Mark, Parcel]:
    return Mark(1, number), Parcel(("reply", number), b"{}")


def test_a_slow_client_gets_only_the_newest_state_and_every_reply_in_order() -> None:
    listener = Listener(TOPICS, None)
    for n in range(10_000):
        listener.put(
            Mark(n, n // 100), [state(1, f"{n}"), state(2, "same")], [news(n)] if n % 100 == 0 else []
        )
    taken = listener.take()
    assert [parcel.key for _, parcel in taken][:3] == [("reply", 0), ("reply", 100), ("reply", 200)]
    assert [parcel.body for _, parcel in taken[-2:]] == [b"9999", b"same"]
    assert taken[-1][0] == Mark(9_999, 99)
    assert listener.take() == []


def test_whoever_reads_too_slowly_is_told_to_read_anew_and_holds_no_more_memory() -> None:
    listener = Listener(TOPICS, None)
    for n in range(3 * WAITING):
        listener.put(Mark(n, n), [], [news(n)])
        assert len(listener._news) <= WAITING
    taken = listener.take()
    assert taken[0] == (None, Parcel(("resync", 0), b""))
    numbers = [parcel.key[1] for _, parcel in taken[1:]]
    assert numbers == list(range(numbers[0], 3 * WAITING))


def test_only_what_was_asked_for_waits() -> None:
    listener = Listener([Topic("campaign", 7)], None)
    listener.put(Mark(1, 1), [state(7, "mine"), state(8, "another")], [news(1)])
    assert [parcel.key for _, parcel in listener.take()] == [("campaign", 7)]


@pytest.mark.parametrize("text", ["", "1", "-", "1-", "a-b", "1-2-3", "1" * 30 + "-1", " 1-2"])
def test_what_is_no_mark_is_none(text: str) -> None:
    assert Mark.read(text) is None


def test_a_mark_can_be_read_again_and_is_good_for_an_hour() -> None:
    mark = Mark(10 * WINDOW, 42)
    assert Mark.read(str(mark)) == mark
    assert mark.usable(11 * WINDOW)
    assert not mark.usable(11 * WINDOW + 1)
    assert not mark.usable(10 * WINDOW - 1)


def test_a_rate_is_measured_over_the_last_five_seconds() -> None:
    pace = Pace()
    assert pace.rate(0, 0) == 0
    rates = [pace.rate(at * 500_000, at * 30) for at in range(1, 40)]
    assert rates == [60.0] * 39
    stopped = [pace.rate((39 + at) * 500_000, 39 * 30) for at in range(1, 14)]
    assert stopped == sorted(stopped, reverse=True)
    assert stopped[-1] == 0
