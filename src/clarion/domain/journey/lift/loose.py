"""Reading JSON whose exact shape nobody promised: what is not as expected counts as missing."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from clarion.domain.errors import BadGraph
from clarion.domain.journey.limits import too_much


def first(data: Mapping[str, Any], *names: str) -> Any:
    """The first of these fields that says something; None if none does."""
    return next((data[name] for name in names if data.get(name) not in (None, "", [], {})), None)


def text(value: Any) -> str:
    """A text, or a number or truth value written out; "" for everything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""


def as_map(value: Any) -> Mapping[str, Any]:
    """An object, or a text that holds one as JSON; otherwise an empty one."""
    value = _parsed(value)
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """A list; a single value as a list of one; nothing as an empty one."""
    if isinstance(value, list):
        return value
    return [] if value in (None, "", {}) else [value]


def pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Names with their values, from an object or from a list of objects with a key (or name) and a value."""
    value = _parsed(value)
    if isinstance(value, list):
        for each in value:
            entry = as_map(each)
            if name := text(first(entry, "key", "name", "variable")):
                yield name, first(entry, "value", "path", "jsonPath")
    else:
        yield from as_map(value).items()


def _parsed(value: Any) -> Any:
    """JSON in a text as what it says. Raises BadGraph if that is more than a journey may hold."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    if problems := too_much({"": found}):
        raise BadGraph(problems)
    return found


def unread(data: Mapping[str, Any], known: frozenset[str]) -> str:
    """The fields that say something and are not among the known, listed; "" if there are none."""
    names = [repr(name[:40]) for name, value in data.items() if name not in known and value not in _NOTHING]
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


_NOTHING: tuple[Any, ...] = (None, "", [], {}, False)


def place(value: Any) -> tuple[float, float]:
    """Where something stands on a canvas; the corner if that cannot be read."""
    spot = as_map(value)
    x, y = (spot.get(axis) for axis in ("x", "y"))
    return (_coordinate(x), _coordinate(y))


def _coordinate(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0.0
    return round(float(value), 1)
