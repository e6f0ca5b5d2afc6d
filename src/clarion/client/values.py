"""Python's values as the API takes them: JSON, paths, queries."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson
from pydantic import BaseModel


class Unset(Enum):
    """The type of UNSET: a field that is not sent, which is something else than null."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET


def plain(value: Any) -> Any:
    """A value that JSON can hold. Fields that are UNSET are left out. Raises ValueError for a time without its zone."""
    match value:
        case BaseModel():
            return plain({name: getattr(value, name) for name in value.model_fields_set})
        case Mapping():
            return {str(key): plain(each) for key, each in value.items() if each is not UNSET}
        case datetime():
            if value.tzinfo is None:
                raise ValueError(
                    f"{value.isoformat()} names no time zone: use datetime.now(UTC), or .astimezone()"
                )
            return value.isoformat()
        case date():
            return value.isoformat()
        case str() | int() | float() | bool() | None:
            return value
        case Iterable():
            return [plain(each) for each in value]
    raise TypeError(f"{type(value).__name__} cannot be sent: {value!r}")


def body(fields: Any) -> bytes:
    """The JSON of a request's body."""
    return orjson.dumps(plain(fields))


def place(template: str, *parts: str | int) -> str:
    """A path with its ids put in."""
    return template.format(*(quote(str(part), safe="") for part in parts))


def query(values: Mapping[str, Any]) -> str:
    """A query string, `?` included; without what is UNSET or None. Lists repeat their name."""
    pairs = [
        (name, str(each).lower() if isinstance(each, bool) else str(each))
        for name, value in values.items()
        if value is not UNSET and value is not None
        for each in _each(plain(value))
    ]
    return f"?{urlencode(pairs)}" if pairs else ""


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
