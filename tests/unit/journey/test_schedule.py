"""Local times on a calendar, over the nights when clocks change."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from clarion.domain.journey.schedule import WEEKDAYS, instant, later, local_time, next_at, not_on, zone_named
from clarion.domain.journey.span import SECOND, micros, on_calendar

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = 3_600 * SECOND


def utc(text: str) -> int:
    return (datetime.fromisoformat(f"{text}+00:00") - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("zone", "local", "moment"),
    [
        pytest.param("America/Recife", "2026-03-02T09:00", "2026-03-02T12:00", id="an ordinary day"),
        pytest.param("Europe/Berlin", "2026-03-29T01:59", "2026-03-29T00:59", id="the minute before the gap"),
        pytest.param("Europe/Berlin", "2026-03-29T02:00", "2026-03-29T01:00", id="the gap's first minute"),
        pytest.param(
            "Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00", id="within the gap: when it ends"
        ),
        pytest.param(
            "Europe/Berlin", "2026-03-29T02:59:59.9", "2026-03-29T01:00", id="the gap's last moment"
        ),
        pytest.param(
            "Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00", id="the first minute after the gap"
        ),
        pytest.param("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30", id="twice: the first"),
        pytest.param("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00", id="west of Greenwich, gap"),
        pytest.param(
            "America/New_York", "2026-11-01T01:30", "2026-11-01T05:30", id="west of Greenwich, twice"
        ),
        pytest.param(
            "Australia/Lord_Howe", "2026-10-04T02:10", "2026-10-03T15:30", id="a gap of half an hour"
        ),
        pytest.param("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T10:00", id="a day that never was"),
        pytest.param(
            "America/Sao_Paulo", "2018-11-04T00:00", "2018-11-04T03:00", id="a midnight that never was"
        ),
    ],
)
def test_a_local_time_stands_for_one_moment(zone: str, local: str, moment: str) -> None:
    assert instant(datetime.fromisoformat(local), zone_named(zone)) == utc(moment)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", "2026-03-29"),
        ("Europe/Berlin", "2026-10-25"),
        ("Australia/Lord_Howe", "2026-10-04"),
        ("Australia/Lord_Howe", "2026-04-05"),
        ("Pacific/Apia", "2011-12-30"),
        ("Africa/Casablanca", "2026-02-15"),
        ("America/Havana", "2026-03-08"),
        ("Asia/Kathmandu", "2026-03-02"),
        ("Antarctica/Troll", "2026-03-29"),
    ],
)
def test_later_on_the_clock_is_never_earlier_in_time(zone: str, day: str) -> None:
    clocks, start = zone_named(zone), datetime.fromisoformat(day) - timedelta(days=1)
    moments = [instant(start + timedelta(minutes=10 * n), clocks) for n in range(3 * 144)]
    assert moments == sorted(moments)
    for n, moment in enumerate(moments):
        shown = local_time(moment, clocks)
        wanted = start + timedelta(minutes=10 * n)
        assert shown >= wanted  # later only where `wanted` does not exist
        assert shown == wanted or local_time(moment - 1, clocks) < wanted


@pytest.mark.parametrize(
    ("zone", "start", "moment"),
    [
        pytest.param("Europe/Berlin", "2026-02-27T01:30", "2026-03-29T01:00", id="02:30 does not exist"),
        pytest.param("Europe/Berlin", "2026-09-25T00:30", "2026-10-25T00:30", id="02:30 exists twice"),
        pytest.param(
            "America/New_York", "2026-02-06T07:30", "2026-03-08T07:00", id="02:30 does not exist, west"
        ),
        pytest.param(
            "America/New_York", "2026-10-02T05:30", "2026-11-01T05:30", id="01:30 exists twice, west"
        ),
        pytest.param(
            "Europe/Berlin", "2026-03-10T09:00", "2026-04-09T08:00", id="ten o'clock stays ten o'clock"
        ),
        pytest.param("America/Recife", "2026-03-10T09:00", "2026-04-09T09:00", id="no change there"),
    ],
)
def test_R19_thirty_days_end_at_the_same_local_time_or_when_the_gap_does(
    zone: str, start: str, moment: str
) -> None:
    assert later(utc(start), *on_calendar("30d"), zone_named(zone)) == utc(moment)


def test_hours_are_elapsed_time_whatever_clocks_do() -> None:
    before = utc("2026-03-29T00:30")
    assert later(before, *on_calendar("24h"), zone_named("Europe/Berlin")) == before + 24 * HOUR
    assert later(before, *on_calendar("1d"), zone_named("Europe/Berlin")) == before + 23 * HOUR


def test_days_are_counted_before_hours() -> None:
    # Saturday 12:00, a day later on the calendar (23 h), and then 2 h.
    assert later(utc("2026-03-28T11:00"), *on_calendar("1d2h"), zone_named("Europe/Berlin")) == utc(
        "2026-03-29T12:00"
    )


def test_days_may_be_counted_back() -> None:
    assert later(utc("2026-03-30T00:30"), -1, 0, zone_named("Europe/Berlin")) == utc("2026-03-29T01:00")


@pytest.mark.parametrize("text", ["90s", "15m", "1h30m", "2d", "1w", "1w2d3h4m5s", "366d"])
def test_a_duration_is_its_days_and_the_rest(text: str) -> None:
    days, rest = on_calendar(text)
    assert micros(text) == days * 24 * HOUR + rest


@pytest.mark.parametrize("text", ["", " ", "1", "h", "1h 30m", "30m1h", "-1d", "1.5h", "367d", "52w3d", "١d"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a duration|more than a year"):
        on_calendar(text)


@pytest.mark.parametrize(
    ("zone", "clock", "now", "moment"),
    [
        pytest.param("America/Recife", "09:00", "2026-03-02T11:59", "2026-03-02T12:00", id="later today"),
        pytest.param("America/Recife", "09:00", "2026-03-02T12:00", "2026-03-03T12:00", id="now is over"),
        pytest.param(
            "America/Recife", "23:30", "2026-03-03T02:00", "2026-03-03T02:30", id="still today there"
        ),
        pytest.param("Europe/Berlin", "02:30", "2026-03-28T12:00", "2026-03-29T01:00", id="into the gap"),
        pytest.param(
            "Europe/Berlin", "02:30", "2026-03-29T01:00", "2026-03-30T00:30", id="once in that night"
        ),
        pytest.param("Europe/Berlin", "02:30", "2026-10-24T12:00", "2026-10-25T00:30", id="the first of two"),
        pytest.param("Europe/Berlin", "02:30", "2026-10-25T00:30", "2026-10-26T01:30", id="not the second"),
        pytest.param(
            "Pacific/Apia", "09:00", "2011-12-29T20:00", "2011-12-30T10:00", id="a skipped day's end"
        ),
        pytest.param(
            "Pacific/Apia", "09:00", "2011-12-30T10:00", "2011-12-30T19:00", id="and the day after it"
        ),
    ],
)
def test_the_next_time_clocks_show_it(zone: str, clock: str, now: str, moment: str) -> None:
    assert next_at(time.fromisoformat(clock), utc(now), zone_named(zone)) == utc(moment)


@pytest.mark.parametrize(
    ("at", "days", "dates", "moment"),
    [
        pytest.param("2026-03-27T08:00", ("sat", "sun"), (), "2026-03-27T08:00", id="a Friday stays"),
        pytest.param(
            "2026-03-28T08:00", ("sat", "sun"), (), "2026-03-30T07:00", id="same time after the change"
        ),
        pytest.param("2026-03-27T23:30", ("sat",), (), "2026-03-28T23:30", id="the local day counts"),
        pytest.param("2026-03-27T08:00", (), ("2026-03-27", "2026-03-28"), "2026-03-29T07:00", id="holidays"),
        pytest.param("2026-03-28T01:30", ("sat",), (), "2026-03-29T01:00", id="into the gap"),
        pytest.param(
            "2026-03-27T08:00", WEEKDAYS[:6], ("2026-03-29",), "2026-04-05T07:00", id="a whole week on"
        ),
    ],
)
def test_days_that_are_skipped(at: str, days: tuple[str, ...], dates: tuple[str, ...], moment: str) -> None:
    found = not_on(utc(at), zone_named("Europe/Berlin"), days, [date.fromisoformat(each) for each in dates])
    assert found == utc(moment)


@pytest.mark.parametrize(
    "name", ["Europe/Berlim", "America", "", "../etc/passwd", "/etc/localtime", "\x00", "Brasil"]
)
def test_a_zone_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="there is no time zone"):
        zone_named(name)


def test_the_refusal_names_the_nearest_zone() -> None:
    with pytest.raises(ValueError, match="did you mean 'Europe/Berlin'"):
        zone_named("Europe/Berlim")
