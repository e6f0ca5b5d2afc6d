"""Durations as foreign graphs write them: a number under the name of its unit, number and unit apart, or a text."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clarion.domain.journey.lift.loose import as_map, text
from clarion.domain.journey.span import LONGEST, SECOND

_UNITS: dict[str, float] = {}
for _names, _size in (
    ("ms milli millis millisecond milliseconds", 0.001),
    ("s sec secs second seconds segundo segundos", 1),
    ("m min mins minute minutes minuto minutos", 60),
    ("h hr hrs hour hours hora horas", 3_600),
    ("d day days dia dias", 86_400),
    ("w week weeks semana semanas", 604_800),
):
    _UNITS |= dict.fromkeys(_names.split(), _size)

DELAYS = ("", "delay", "duration", "wait", "waitfor", "time", "value", "amount", "for", "sleep")
TIMEOUTS = ("timeout", "timeoutafter", "expiresin", "maxwait")
_UNIT_NAMES = ("unit", "units", "timeunit", "delayunit", "durationunit", "timeoutunit", "waitunit")
_PART = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-z]+)")
_ISO = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?")
MOST = LONGEST // SECOND
"""Seconds of the longest duration there is here."""


@dataclass(frozen=True, slots=True)
class Duration:
    """As our graphs write it. `remark` says what had to be assumed or cut, "" if nothing."""

    text: str
    remark: str = ""


def duration(data: Mapping[str, Any], prefixes: tuple[str, ...]) -> Duration | None:
    """The duration in fields such as `minutes`, `delayMs`, or `duration` with `unit`. None if there is none."""
    plain = {re.sub(r"[^a-z]", "", str(key).lower()): value for key, value in data.items()}
    unit = next((_UNITS.get(text(plain[name]).lower()) for name in _UNIT_NAMES if name in plain), None)
    found = list(_parts(plain, prefixes, unit))
    if not found:
        return None
    seconds = sum(each[0] for each in found)
    return _written(seconds, assumed=any(each[1] for each in found))


def is_duration(name: str) -> bool:
    """Whether a field of this name is read as a part of a duration."""
    plain = re.sub(r"[^a-z]", "", name.lower())
    rests = (plain.removeprefix(prefix) for prefix in (*DELAYS, *TIMEOUTS) if plain.startswith(prefix))
    return plain in _UNIT_NAMES or any(rest == "" or rest in _UNITS for rest in rests)


def _parts(
    plain: Mapping[str, Any], prefixes: tuple[str, ...], unit: float | None
) -> Iterator[tuple[float, bool]]:
    """Seconds, and whether their unit was assumed."""
    for key, value in plain.items():
        for prefix in prefixes:
            rest = key.removeprefix(prefix)
            if not key.startswith(prefix) or (rest and rest not in _UNITS) or (not rest and not prefix):
                continue
            if isinstance(value, dict):
                nested = duration(as_map(value), DELAYS)
                if nested:
                    yield float(_seconds(nested.text) or 0), bool(nested.remark)
            elif (seconds := _value(value, _UNITS[rest] if rest else unit)) is not None:
                yield seconds, rest == "" and unit is None and _bare(value)
            break


def _value(value: Any, unit: float | None) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) * (unit or 1) if 0 <= value < float("inf") else None
    if not isinstance(value, str):
        return None
    if _bare(value):
        return float(value.strip()) * (unit or 1)
    return _seconds(value)


def _bare(value: Any) -> bool:
    """Whether it is a number without a unit."""
    return not isinstance(value, str) or re.fullmatch(r"\s*\d{1,15}(\.\d{1,6})?\s*", value) is not None


def _seconds(words: str) -> float | None:
    """5m, 1h30m, 5 minutes, PT5M, 00:05:00."""
    words = words.strip()[:40]
    if (iso := _ISO.fullmatch(words.upper())) and any(iso.groups()):
        return sum(
            float(n or 0) * unit
            for n, unit in zip(iso.groups(), (604_800, 86_400, 3_600, 60, 1), strict=True)
        )
    if clock := _CLOCK.fullmatch(words):
        hours, minutes, seconds = (int(n or 0) for n in clock.groups())
        return hours * 3_600 + minutes * 60 + seconds
    lowered = words.lower()
    parts = _PART.findall(lowered)
    if not parts or _PART.sub("", lowered).strip(" ,and") or any(unit not in _UNITS for _, unit in parts):
        return None
    return sum(float(n.replace(",", ".")) * _UNITS[unit] for n, unit in parts)


def _written(seconds: float, *, assumed: bool) -> Duration:
    remarks = ["no unit was given: seconds were assumed"] if assumed else []
    whole = math.ceil(min(seconds, MOST + 1))
    if seconds > MOST:
        remarks.append("it was more than a year, the longest there is here")
        whole = MOST
    elif whole != seconds:
        remarks.append("it was rounded up to whole seconds")
    return Duration(_spelled(whole), "; ".join(remarks))


def _spelled(seconds: int) -> str:
    """In hours, not days: a day of a foreign graph is 24 hours, one of ours goes by the calendar."""
    hours, rest = divmod(seconds, 3_600)
    minutes, last = divmod(rest, 60)
    parts = [f"{n}{letter}" for n, letter in ((hours, "h"), (minutes, "m"), (last, "s")) if n]
    return "".join(parts) or "0s"
