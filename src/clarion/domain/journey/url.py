"""Addresses with variables: what a person's values hold can neither change the host nor add to the query."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from urllib.parse import quote, unquote, urlsplit

from pydantic import AfterValidator, Field

from clarion.domain.journey.texts import Unfilled, filled, read

LONGEST = 8_000
"""Characters of an address once it is filled in."""

_PIECES = re.compile(r"(\{\{.*?\}\})", re.DOTALL)
_HOST = re.compile(r"https?://(\[[0-9a-f:.]+\]|[^\s/?#@\[\]\\:{}%]+)(:[0-9]{1,5})?(?=[/?#]|$)", re.IGNORECASE)


def filled_url(source: str, variables: Mapping[str, Any]) -> str:
    """The address for one person, every value percent-encoded. Raises Unfilled."""
    pieces = [
        quote(filled(piece, variables, "the address"), safe="") if piece.startswith("{{") else piece
        for piece in _PIECES.split(source)
    ]
    url = "".join(pieces)
    if len(url) > LONGEST:
        raise Unfilled(f"the address is longer than {LONGEST:,} characters once it is filled in")
    if _climbs(url) and not _climbs(source):
        # Servers and clients resolve `..` before they look at the path, percent-encoded or not.
        raise Unfilled("the address would leave its path: a value in it is `.` or `..`")
    return url


def needed(source: str) -> Iterator[str]:
    """The variables that must not be missing."""
    for piece in _PIECES.split(source):
        yield from read(piece).required


def _climbs(url: str) -> bool:
    return any(unquote(part) in (".", "..") for part in urlsplit(url).path.split("/"))


def _usable(source: str) -> str:
    if not _HOST.match(source):
        raise ValueError(
            "the address begins with http:// or https:// and the host in plain words: variables may stand in the "
            "path and the query only, and names and passwords not at all"
        )
    if "{%" in source:
        raise ValueError("the address takes `{{ values }}` only: prepare others in an update node")
    if any(ord(c) <= 32 or ord(c) == 127 for piece in _PIECES.split(source)[::2] for c in piece):
        raise ValueError("the address holds a space or a control character: write a space as %20")
    for piece in _PIECES.split(source):
        read(piece)
    return source


LiquidUrl = Annotated[
    str,
    Field(max_length=2_000, examples=["https://api.example.com/orders/{{ order }}"]),
    AfterValidator(_usable),
]
"""An http(s) address; variables in its path and query are percent-encoded."""
