"""Lists, a page at a time: an opaque cursor instead of a number, so that rows added meanwhile shift nothing."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from clarion.domain.errors import ClarionError

T = TypeVar("T")
R = TypeVar("R")

Limit = Annotated[int, Query(ge=1, le=100, description="Most items on the page.")]
Cursor = Annotated[
    str | None,
    Query(max_length=400, description="`next_cursor` of the page before; the first page without it."),
]


class BadCursor(ClarionError):
    """A cursor that was not made by this list."""


class Page(BaseModel, Generic[T]):
    """Some of a list, in a stable order."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    items: list[T]
    next_cursor: str | None = Field(
        default=None, description="Ask with it for the next page; null on the last one."
    )


def make_cursor(name: str, *keys: int | str) -> str:
    """A cursor after the row with these sort keys, in the list called `name`."""
    return base64.urlsafe_b64encode(orjson.dumps([name, *keys])).decode().rstrip("=")


def read_cursor(name: str, cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """The sort keys in a cursor of the list `name`; None without one. Raises BadCursor."""
    if cursor is None:
        return None
    try:
        read = orjson.loads(
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        )
    except (binascii.Error, ValueError):
        read = None
    if (
        isinstance(read, list)
        and len(read) == len(kinds) + 1
        and read[0] == name
        and all(type(key) is kind for key, kind in zip(read[1:], kinds, strict=True))
        and all(-(2**63) <= key < 2**63 for key in read[1:] if isinstance(key, int))
        and not any("\0" in key for key in read[1:] if isinstance(key, str))
    ):
        return tuple(read[1:])
    raise BadCursor("The cursor is not one that this list gave: begin with the first page, without it.")


def page(found: Sequence[R], limit: int, show: Callable[[R], T], cursor: Callable[[R], str]) -> Page[T]:
    """A page of at most `limit` of `found`, which was asked for one more to see whether there is a next page."""
    shown = found[:limit]
    more = cursor(shown[-1]) if len(found) > limit and shown else None
    return Page[Any](items=[show(each) for each in shown], next_cursor=more)
