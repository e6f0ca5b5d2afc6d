"""A page of a list, as the server gives it."""

from typing import Generic, TypeVar

from pydantic import BaseModel

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """Some of a list; `next_cursor` leads to the next page, None on the last one."""

    items: list[T]
    next_cursor: str | None = None
