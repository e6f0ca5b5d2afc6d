"""One request and its answer, as both clients understand them; and when to ask again."""

import random
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError

from clarion.client import values
from clarion.client.errors import BadAnswer, ProblemError
from clarion.client.values import UNSET

API = "/api/v1"
AGENT = "clarion-client"
T = TypeVar("T")

Source = bytes | IO[bytes] | Path
"""A file to send: its bytes, an open file, or where it is."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `data` is the JSON, or the text of what is none; None when there is no body."""

    status: int
    headers: Mapping[str, str]
    data: Any


@dataclass(slots=True)
class Call:
    """A request. `json` UNSET: no JSON; `key`: the Idempotency-Key, made for each POST that brings none.

    `once`: the server does what has a key only once.
    """

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    json: Any = UNSET
    content: Source | None = None
    headers: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    once: bool = False

    @property
    def target(self) -> str:
        """The path with its query; below /api/v1 unless it begins with /api or /healthz and the like."""
        whole = self.path.startswith(("/api/", "/healthz", "/readyz", "/metrics"))
        return f"{'' if whole else API}{self.path}{values.query(self.query)}"

    def sent_headers(self, key: str) -> dict[str, str]:
        """Who asks, in which form, and as what single thing to do."""
        sent = {"Authorization": f"Bearer {key}", "Accept": "*/*", "User-Agent": AGENT}
        if self.json is not UNSET:
            sent["Content-Type"] = "application/json"
        elif self.content is not None:
            sent["Content-Type"] = "application/octet-stream"
        if self.method == "POST":
            self.key = self.key or secrets.token_urlsafe(18)
            sent["Idempotency-Key"] = self.key
        given = {
            name: value for name, value in self.headers.items() if value is not UNSET and value is not None
        }
        return {**sent, **{name: str(value) for name, value in given.items()}}

    @property
    def repeatable(self) -> bool:
        """Whether doing it twice is doing it once, with the same answer: reading, and POST with its key."""
        fixed = self.content is None or isinstance(self.content, bytes | Path) or self.content.seekable()
        return fixed and (self.method in ("GET", "HEAD") or (self.method == "POST" and self.once))


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a request is made at most, and the longest wait in between, in seconds."""

    most: int = 4
    longest: float = 30.0

    def after_refusal(self, tries: int, status: int, retry_after: int | None) -> float | None:
        """Seconds to wait before asking again; None: the refusal stands."""
        if (
            status not in (429, 503)
            or tries >= self.most
            or retry_after is None
            or retry_after > self.longest
        ):
            return None
        return float(retry_after)

    def after_silence(self, tries: int, call: Call, *, sent: bool) -> float | None:
        """The same after a connection that broke; `sent`: the server may have heard the request."""
        if tries >= self.most or (sent and not call.repeatable):
            return None
        return min(self.longest, 0.1 * float(2**tries) * random.uniform(1, 1.5))


@contextmanager
def opened(call: Call) -> Iterator[bytes | IO[bytes] | None]:
    """A call's body, from its beginning at each try."""
    content = call.content
    if call.json is not UNSET:
        yield values.body(call.json)
    elif isinstance(content, Path):
        with content.open("rb") as file:
            yield file
    else:
        if content is not None and not isinstance(content, bytes) and content.seekable():
            content.seek(0)
        yield content


def read(status: int, headers: Mapping[str, str], found: bytes) -> Answer:
    """The answer. Raises ProblemError for a refusal, BadAnswer for JSON that is none."""
    data: Any = None
    if found:
        if "json" in headers.get("Content-Type", ""):
            try:
                data = orjson.loads(found)
            except ValueError:
                raise BadAnswer(f"The answer ({status}) says that it is JSON, and is not.") from None
        else:
            data = found.decode(errors="replace")
    if status >= 300:
        raise ProblemError.read(status, data, retry_after=headers.get("Retry-After"))
    return Answer(status, headers, data)


class Shown(BaseModel):
    """What the server shows. Fields that a newer server adds are ignored."""

    _etag: str | None = None

    @property
    def etag(self) -> str | None:
        """What to give as `if_match` when you change this; None for what is changed without it."""
        return self._etag


M = TypeVar("M", bound=Shown)


def one(kind: type[M], answer: Answer) -> M:
    """The model of an answer. Raises BadAnswer."""
    try:
        made = kind.model_validate(answer.data)
    except ValidationError as error:
        raise bad(kind.__name__, error) from None
    made._etag = answer.headers.get("ETag")
    return made


def value(kind: Any, answer: Answer) -> Any:
    """An answer that is no single model, such as a list of them. Raises BadAnswer."""
    try:
        return TypeAdapter(kind).validate_python(answer.data)
    except ValidationError as error:
        raise bad(str(kind), error) from None


def bad(kind: str, error: ValidationError) -> BadAnswer:
    """What is wrong with an answer, without what it holds."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = "/".join(str(part) for part in first["loc"])
    return BadAnswer(f"The answer is no {kind}: {where}: {first['msg']}.")
