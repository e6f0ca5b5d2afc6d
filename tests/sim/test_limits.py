"""Rate limits are exact to the nanosecond."""

import random

import pytest

from clarion.sim.limits import SECOND, PairLimit, SlidingWindow


def test_an_instant_exactly_one_second_old_has_left_the_window() -> None:
    window = SlidingWindow()
    window.add(0)
    assert window.count(SECOND - 1) == 1
    assert window.count(SECOND) == 0


def test_a_window_that_is_filled_to_the_rate_takes_exactly_the_rate_in_every_second() -> None:
    luck = random.Random(7)
    window, taken, now = SlidingWindow(), [], 0
    for _ in range(5_000):
        now += luck.randrange(0, 40_000_000)
        if window.count(now) < 60:
            window.add(now)
            taken.append(now)
    worst = max(
        sum(1 for other in taken[i : i + 200] if other < taken[i] + SECOND) for i in range(len(taken))
    )
    assert worst == window.peak == 60


@pytest.mark.parametrize("seed", range(5))
def test_the_peak_is_the_most_that_any_second_held(seed: int) -> None:
    luck = random.Random(seed)
    instants = sorted(luck.randrange(0, 20 * SECOND) for _ in range(500))
    window = SlidingWindow()
    for instant in instants:
        window.add(instant)
    assert window.peak == max(sum(1 for other in instants if end - SECOND < other <= end) for end in instants)


def test_the_mean_counts_the_gaps_not_the_instants() -> None:
    window = SlidingWindow()
    assert window.mean is None
    for i in range(61):
        window.add(i * SECOND // 60)
    assert window.mean == pytest.approx(60)


def test_a_pair_may_burst_and_then_waits_six_seconds_for_each_message() -> None:
    limit, every = PairLimit(), 6 * SECOND
    pair = ("sender", "+447700900001")
    assert [limit.take(pair, 0, every=every, burst=45) for _ in range(46)] == [True] * 45 + [False]
    assert not limit.take(pair, every - 1, every=every, burst=45)
    assert limit.take(pair, every, every=every, burst=45)
    assert not limit.take(pair, every, every=every, burst=45)
    assert limit.take(("sender", "+447700900002"), 0, every=every, burst=45)
