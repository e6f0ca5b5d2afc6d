"""Local times on the calendar of a zone, as instants in microseconds since 1970, UTC.

Where clocks are put forward, a local time that does not exist stands for the first instant after the gap: on the
night when 02:00 becomes 03:00, 02:30 is the moment of the change, which clocks show as 03:00. Where clocks are put
back, a local time that exists twice stands for the first of the two.
"""

import difflib
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from clarion.domain.journey.span import SECOND

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)


@lru_cache(maxsize=1_024)
def find_zone(name: str) -> ZoneInfo | None:
    """The zone with this IANA name, None if there is none."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return None


def zone_named(name: str) -> ZoneInfo:
    """The zone with this IANA name. Raises ValueError with the nearest name."""
    zone = find_zone(name)
    if zone is None:
        near = difflib.get_close_matches(name, available_timezones(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else "write an IANA name such as America/Recife"
        raise ValueError(f"there is no time zone {name!r}: {hint}")
    return zone


def instant(local: datetime, zone: ZoneInfo) -> int:
    """When clocks in `zone` show `local` (which has no zone of its own). Raises OverflowError past the year 9999."""
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == local.replace(fold=0):
        return (first - _EPOCH) // _TICK
    return (_change(local.replace(tzinfo=zone, fold=1).astimezone(UTC), first, zone) - _EPOCH) // _TICK


def local_time(at: int, zone: ZoneInfo) -> datetime:
    """What clocks in `zone` show at the instant `at`, without the zone."""
    return (_EPOCH + timedelta(microseconds=at)).astimezone(zone).replace(tzinfo=None, fold=0)


def later(at: int, days: int, micros: int, zone: ZoneInfo) -> int:
    """`days` on the calendar of `zone`, at the same local time, and then `micros` of elapsed time. Both may be < 0."""
    if days:
        at = instant(local_time(at, zone) + timedelta(days=days), zone)
    return at + micros


def next_at(clock: time, now: int, zone: ZoneInfo) -> int:
    """The first instant after `now` when clocks in `zone` show `clock`."""
    day = local_time(now, zone).date()
    while (at := instant(datetime.combine(day, clock), zone)) <= now:
        day += timedelta(days=1)
    return at


def not_on(at: int, zone: ZoneInfo, days: Collection[str], dates: Collection[date]) -> int:
    """`at`, or the same local time on the next day whose weekday is not in `days` and which is not in `dates`.

    Some weekday must be free.
    """
    local = start = local_time(at, zone)
    while WEEKDAYS[local.weekday()] in days or local.date() in dates:
        local += timedelta(days=1)
    return at if local == start else instant(local, zone)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first whole second between the two at which the zone's offset is the new one."""
    new = after.astimezone(zone).utcoffset()
    low, high = 0, (after - before) // timedelta(microseconds=SECOND)
    start = before.replace(microsecond=0)
    while low < high:
        middle = (low + high) // 2
        if (start + timedelta(seconds=middle)).astimezone(zone).utcoffset() == new:
            high = middle
        else:
            low = middle + 1
    return start + timedelta(seconds=low)
