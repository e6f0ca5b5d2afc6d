"""JSON as sent by somebody who may be careless or hostile: read once, within limits, refused with the reason."""

import json
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Receive, Scope

DEEPEST = 200
"""Levels of lists and objects in each other; nothing of ours needs twenty."""


class BadBody(HTTPException):
    """A body that is too large, of another kind, or no JSON. FastAPI lets HTTPExceptions pass as they are."""

    def __init__(self, status: int, slug: str, title: str, detail: str) -> None:
        super().__init__(status, detail)
        self.slug, self.title = slug, title


class StrictRequest(Request):
    """A request whose body has at most `limit` bytes, and whose JSON is what every reader takes it for."""

    def __init__(self, scope: Scope, receive: Receive, limit: int) -> None:
        super().__init__(scope, receive)
        self._limit = limit
        self._bytes: bytes | None = None

    async def body(self) -> bytes:
        """Every byte. Raises BadBody (413), before reading when the length was told."""
        if self._bytes is None:
            told = self.headers.get("content-length", "")
            if told.isdigit() and int(told[:20]) > self._limit:
                raise too_large(self._limit)
            parts, size = [], 0
            async for part in self.stream():
                size += len(part)
                if size > self._limit:
                    raise too_large(self._limit)
                parts.append(part)
            self._bytes = b"".join(parts)
        return self._bytes

    async def json(self) -> Any:
        """The body's one reading. Raises BadBody (400)."""
        return read_json(await self.body())

    def need_json(self) -> None:
        """Raises BadBody (415) unless the body says that it is JSON."""
        kind = self.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind != "application/json":
            raise BadBody(
                415,
                "unsupported-media-type",
                "Unsupported media type",
                f"The body says it is {kind[:60] or 'nothing in particular'}: send JSON, with "
                "Content-Type: application/json.",
            )


async def pieces(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    """A body as it comes, for what is too large to hold. Raises BadBody (413), before reading if its length is told."""
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told[:20]) > limit:
        raise too_large(limit)
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        yield piece


def too_large(limit: int) -> BadBody:
    """A body of more than `limit` bytes."""
    return BadBody(
        413,
        "body-too-large",
        "Body too large",
        f"The body is larger than {limit:,} bytes, the most that is read here.",
    )


def read_json(body: bytes) -> Any:
    """The value of a JSON text. Raises BadBody for what readers understand differently, or cannot store.

    That is: NaN and infinities, numbers outside of 64 bits, a name twice in one object, half characters
    (lone surrogates), NUL, and more levels than DEEPEST.
    """
    try:
        value = orjson.loads(body)  # finds what is no JSON, in linear time and without recursion
        if _plain(body, value):
            return value
        value = json.loads(
            body, object_pairs_hook=_once, parse_int=_integer, parse_float=_finite, parse_constant=_constant
        )
        _check(value, 0)
    except BadBody:
        raise
    except RecursionError:
        raise _no_json(f"it has more than {DEEPEST} levels") from None
    except ValueError as error:
        raise _no_json(_words(error)) from None
    return value


def _plain(body: bytes, value: Any) -> bool:
    """Whether writing the value again gives the same bytes: then nothing in them can be read in two ways.

    This is how most programs write JSON, and three times as fast as looking at every part.
    """
    if b"\\u0000" in body or orjson.dumps(value) != body:
        return False
    level = [value]
    for _ in range(DEEPEST):
        level = [child for each in level for child in _inside(each) if type(child) in _CONTAINERS]
        if not level:
            return True
    return False


_CONTAINERS = (dict, list)


def _inside(value: Any) -> Iterable[Any]:
    if type(value) is dict:
        return value.values()
    return value if type(value) is list else ()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _no_json(f"the name {name[:60]!r} stands twice in one object")
            seen.add(name)
    return found


def _integer(text: str) -> int:
    if len(text) > 20 or not -(2**63) <= int(text) < 2**64:
        raise _no_json(f"the number {text[:20]}… does not fit into 64 bits")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise _no_json(f"the number {text[:20]} is too large")
    return number


def _constant(text: str) -> float:
    raise _no_json(f"{text} is no JSON number")


def _check(value: Any, level: int) -> None:
    if level > DEEPEST:
        raise _no_json(f"it has more than {DEEPEST} levels")
    if isinstance(value, str):
        if "\0" in value:
            raise _no_json("a text holds NUL (\\u0000), which cannot be stored")
    elif isinstance(value, dict):
        for name, each in value.items():
            _check(name, level + 1)
            _check(each, level + 1)
    elif isinstance(value, list):
        for each in value:
            _check(each, level + 1)


def _no_json(what: str) -> BadBody:
    return BadBody(400, "bad-json", "Bad JSON", f"The body cannot be read: {what}.")


def _words(error: ValueError) -> str:
    place: Callable[[str], Any] = lambda name: getattr(error, name, None)  # noqa: E731
    line, column = place("lineno"), place("colno")
    said = str(place("msg") or error).split(": line")[0]
    return f"line {line}, column {column}: {said}" if line else said
