from clarion.domain.pacing import FLOOR, FREE, SECOND, Stagger, Timeline, climb, reserve, slow_down


def line(rate: float, *, pace: float | None = None, free_at: int = 0) -> Timeline:
    return Timeline(
        rate=rate, pace=rate if pace is None else pace, paced_at=0, throttled_at=-2 * SECOND, free_at=free_at
    )


def test_slots_are_a_gap_apart_and_stay_within_the_horizon() -> None:
    after, slots = reserve(line(100), now=0, want=1_000, horizon=SECOND, headroom=0)
    assert slots == [n * 10_000 for n in range(101)]
    assert after.free_at == 1_010_000


def test_the_next_claim_goes_on_where_the_last_one_ended() -> None:
    first, _ = reserve(line(60), now=0, want=10, horizon=SECOND, headroom=0)
    _, slots = reserve(first, now=20_000, want=10, horizon=SECOND, headroom=0)
    assert slots[0] == first.free_at == round(10 * SECOND / 60)


def test_being_late_is_not_made_up_for_by_a_burst() -> None:
    _, slots = reserve(line(10, free_at=0), now=60 * SECOND, want=3, horizon=SECOND, headroom=0)
    assert slots == [60 * SECOND, 60 * SECOND + 100_000, 60 * SECOND + 200_000]


def test_a_full_line_gives_nothing() -> None:
    after, slots = reserve(line(10, free_at=2 * SECOND), now=0, want=5, horizon=SECOND, headroom=0)
    assert (list(slots), after.free_at) == ([], 2 * SECOND)


def test_headroom_widens_the_gap() -> None:
    assert line(1_000).gap(0.01) > 1_010


def test_without_a_rate_everything_may_start_now() -> None:
    _, slots = reserve(line(0), now=5, want=4, horizon=SECOND, headroom=0.01)
    assert slots == [5, 5, 5, 5]


def test_a_throttle_answer_halves_the_pace_once_a_second() -> None:
    once = slow_down(line(80), now=0)
    again = slow_down(once, now=SECOND // 2)
    assert once.pace == 40
    assert again.pace > 40  # it climbed a little, and was not halved a second time
    assert slow_down(again, now=SECOND).pace < 40


def test_a_single_throttle_answer_after_a_while_takes_a_tenth() -> None:
    alone = slow_down(line(80), now=60 * SECOND)
    assert alone.pace == 72
    assert slow_down(alone, now=62 * SECOND).pace == 40


def test_the_pace_climbs_back_to_the_rate_and_not_above() -> None:
    slow = slow_down(line(80), now=0)
    assert climb(slow, now=5 * SECOND).pace == 60
    assert climb(slow, now=60 * SECOND).pace == 80


def test_an_unlimited_sender_is_held_and_set_free_again() -> None:
    held = slow_down(line(0), now=0)
    assert held.pace == FREE / 2
    assert climb(held, now=60 * SECOND).pace == 0


def test_the_pace_never_falls_below_the_floor() -> None:
    slow = line(60)
    for second in range(100):
        slow = slow_down(slow, now=second * SECOND)
    assert slow.pace >= FLOOR


def test_a_hold_lets_nothing_start_before_its_end() -> None:
    held = slow_down(line(60), now=0, hold=90 * SECOND)
    assert reserve(held, now=10 * SECOND, want=1, horizon=SECOND, headroom=0)[1] == ()
    assert reserve(held, now=90 * SECOND, want=1, horizon=SECOND, headroom=0)[1][0] >= 90 * SECOND


def test_starts_after_a_stall_keep_the_rate_in_every_second() -> None:
    stagger, starts = Stagger(60, 0.007), list[int]()
    gap = SECOND / 60 / 0.993
    for n in range(600):
        stalled = 400_000 if n == 300 else 0
        at = max(round(n * gap), stagger.earliest(), (starts[-1] + stalled) if starts else 0)
        stagger.started(at)
        starts.append(at)
    for n, at in enumerate(starts):
        assert sum(at <= other < at + SECOND for other in starts[n : n + 70]) <= 60
