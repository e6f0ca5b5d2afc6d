"""Durations as people write them in a graph: 90s, 15m, 1h30m, 2d, 1w."""

import re
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

SECOND = 1_000_000
_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_FORM = re.compile(r"(?:(\d{1,6})w)?(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)
LONGEST = 366 * 86_400 * SECOND


def micros(text: str) -> int:
    """The duration in microseconds. Raises ValueError, naming the problem."""
    days, rest = on_calendar(text)
    return days * _UNITS["d"] * SECOND + rest


def on_calendar(text: str) -> tuple[int, int]:
    """The duration as days (a week is seven) and the microseconds beside them. Raises ValueError."""
    found = _FORM.fullmatch(text.strip())
    if not text.strip() or found is None:
        raise ValueError(f"{text!r} is not a duration: write 90s, 15m, 1h30m, 2d or 1w")
    weeks, days, *clock = (int(n or 0) for n in found.groups())
    days += 7 * weeks
    rest = sum(n * unit for n, unit in zip(clock, (3_600, 60, 1), strict=True)) * SECOND
    if days * _UNITS["d"] * SECOND + rest > LONGEST:
        raise ValueError(f"{text!r} is more than a year")
    return days, rest


def spelled(duration: int) -> str:
    """Microseconds as the shortest such text, whole seconds: 90_000_000 is "1m30s"."""
    left, parts = duration // SECOND, []
    for letter, unit in _UNITS.items():
        if left >= unit:
            parts.append(f"{left // unit}{letter}")
            left %= unit
    return "".join(parts) or "0s"


def _checked(text: str) -> str:
    if text:
        micros(text)
    return text


Span = Annotated[
    str,
    AfterValidator(_checked),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$",
            "examples": ["15m", "1h30m", "2d"],
        }
    ),
]
"""A duration in a node; "" = none."""
