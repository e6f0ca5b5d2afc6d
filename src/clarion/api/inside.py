"""Ids inside a body: an unknown one is a field to mend, not a page that is missing."""

from collections.abc import Iterator
from contextlib import contextmanager

from clarion.api.fields import PREFIXES, show_id
from clarion.domain.errors import BadField, NotFound


@contextmanager
def inside(**fields: str) -> Iterator[None]:
    """Have what is not found named by its field: `inside(sender="sender_id", list="lists")`."""
    try:
        yield
    except NotFound as missing:
        if missing.what not in fields:
            raise
        raise BadField(fields[missing.what], said(missing)) from None


def said(missing: NotFound) -> str:
    """What is missing, by its id as the caller knows it."""
    known = isinstance(missing.which, int) and missing.what in PREFIXES
    shown = show_id(missing.what, int(str(missing.which))) if known else repr(missing.which)
    return f"there is no {missing.what} {shown}"
