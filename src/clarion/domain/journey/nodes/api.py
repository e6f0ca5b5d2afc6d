"""api: ask a web service, and keep what its answer says."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import orjson
from pydantic import AfterValidator, Field, JsonValue, field_validator, model_validator

from clarion.domain.journey.edges import Edge
from clarion.domain.journey.effects import Call
from clarion.domain.journey.events import Arrived, Called, Event, Replied
from clarion.domain.journey.jsonpath import JsonPath, find
from clarion.domain.journey.nodes.base import (
    Answer,
    Example,
    Ignore,
    Node,
    Scene,
    Stay,
    VariableName,
)
from clarion.domain.journey.span import SECOND, Span, micros
from clarion.domain.journey.texts import LiquidText, Unfilled, filled, read
from clarion.domain.journey.url import LiquidUrl, filled_url, needed

LONGEST_BODY = 256 << 10  # bytes
LONGEST_TEXT = 10_000  # characters of a saved text
LONGEST_JSON = 20_000  # bytes of a saved object or list

_OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade"}
    | {"expect", "proxy-authorization", "proxy-connection", "idempotency-key"}
)
"""Headers that say how the request travels, or that it is the same one again: the engine's own."""


def _header(name: str) -> str:
    if name.casefold() in _OURS:
        raise ValueError(f"the header {name} is set by the engine: leave it out")
    return name


def _one_line(value: str) -> str:
    if any((ord(c) < 32 and c != "\t") or ord(c) == 127 for c in value):
        raise Unfilled("a header holds a line break or another control character")
    return value


HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~\-]{1,100}$"), AfterValidator(_header)]
HeaderValue = Annotated[LiquidText, AfterValidator(_one_line)]
Status = Annotated[int, Field(ge=100, le=599)] | Annotated[str, Field(pattern=r"^[1-5]xx$")]


class Api(Node):
    """Call a web service. `success` is taken when it answers with a status of `success`.

    The request carries an `Idempotency-Key` that is the same at every attempt. A text that is saved has at most 10,000
    characters, an object or list 20,000 bytes: more is a failure, like an answer that never comes. Without an edge
    `failure` a failure ends the journey for this person.
    """

    ports = ("success", "failure")
    needs = ("success",)
    example: ClassVar[Example] = {
        "id": "price",
        "kind": "api",
        "method": "POST",
        "url": "https://api.example.com/customers/{{ customer_id }}/quotes",
        "headers": {"Accept-Language": "{{ contact.language }}"},
        "body": {"product": "{{ product }}", "quantity": 1},
        "timeout": "5s",
        "save": {"price": "$.quote.total"},
        "save_status": "quote_status",
    }

    kind: Literal["api"] = "api"
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field("GET", description="The HTTP method.")
    url: LiquidUrl = Field(
        description="The address. Values in it are percent-encoded; the host must be written out."
    )
    headers: Mapping[HeaderName, HeaderValue] = Field(
        default_factory=dict, max_length=50, description="Headers by name; values may hold variables."
    )
    body: JsonValue = Field(
        None,
        description="JSON, in which every text may hold variables and stays one text whatever they hold; "
        "or one text, sent as it is.",
    )
    timeout: Span = Field("10s", description="For the whole answer: at most 10s.")
    retries: int = Field(
        2, ge=0, le=5, description="More attempts when it fails and doing it twice does no harm."
    )
    redirects: int = Field(0, ge=0, le=3, description="Redirects to follow.")
    safe_to_repeat: bool = Field(
        False,
        description="Doing it twice does no harm, although it is a POST or PATCH. Others are repeated anyway.",
    )
    success: tuple[Status, ...] = Field(
        ("2xx",), min_length=1, max_length=50, description="Statuses that are a success: `200`, `2xx`."
    )
    save: Mapping[VariableName, JsonPath] = Field(
        default_factory=dict,
        max_length=50,
        description="Variables, and the JSONPath in a successful answer where each is found. What is not found "
        "becomes an empty text; a path that may name several values gives a list. `$` is the whole answer.",
    )
    save_status: VariableName | None = Field(
        None, description="Keep the answer's status here; 0 when there was no answer."
    )

    @field_validator("timeout")
    @classmethod
    def _short(cls, timeout: str) -> str:
        if not timeout or not 0 < micros(timeout) <= 10 * SECOND:
            raise ValueError("a call may take from 1s to 10s")
        return timeout

    @field_validator("body")
    @classmethod
    def _texts(cls, body: JsonValue) -> JsonValue:
        _leaves(body, read)
        return body

    @model_validator(mode="after")
    def _fits(self) -> "Api":
        if self.method == "GET" and self.body is not None:
            raise ValueError("a GET has no body: choose another method, or put the values into the address")
        if len({name.casefold() for name in self.headers}) < len(self.headers):
            raise ValueError("`headers` names one header twice")
        if self.save_status in self.save:
            raise ValueError(f"saves two things as {self.save_status!r}")
        return self

    def hear(self, event: Event, scene: Scene) -> Answer:
        match event:
            case Arrived():
                return self._call(scene)
            case Called():
                return self._called(event, scene)
            case Replied():
                return Ignore("nobody waits for a reply here")
        return Ignore("it says nothing to a call")

    def _call(self, scene: Scene) -> Answer:
        try:
            call = self._request(scene)
        except Unfilled as problem:
            return self._failed(scene, str(problem), 0)
        return Stay((call,))

    def _request(self, scene: Scene) -> Call:
        variables = scene.variables
        headers = {
            name: _one_line(filled(value, variables, f"the header {name}"))
            for name, value in self.headers.items()
        }
        body = self._body(variables)
        if self.body is not None and "content-type" not in {name.casefold() for name in headers}:
            plain = isinstance(self.body, str)
            headers["Content-Type"] = "text/plain; charset=utf-8" if plain else "application/json"
        return Call(
            scene.visit,
            self.id,
            self.method,
            filled_url(self.url, variables),
            headers,
            body,
            timeout=micros(self.timeout),
            retries=self.retries,
            redirects=self.redirects,
            repeatable=self.safe_to_repeat or self.method in ("GET", "PUT", "DELETE"),
        )

    def _body(self, variables: Mapping[str, Any]) -> str:
        if self.body is None:
            return ""
        data = _leaves(self.body, lambda text: filled(text, variables, "the body"))
        body = data if isinstance(data, str) else orjson.dumps(data).decode()
        if len(body.encode()) > LONGEST_BODY:
            raise Unfilled(f"the body is larger than {LONGEST_BODY >> 10} KiB once it is filled in")
        return body

    def _called(self, event: Called, scene: Scene) -> Answer:
        if event.error or not self._hoped(event.status):
            why = event.error or f"the answer was HTTP {event.status}"
            return self._failed(scene, why, event.status)
        saved = {}
        for name, path in self.save.items():
            found = find(path, event.body)
            saved[name] = "" if found is None else found
            if unkept := _unkept(found):
                return self._failed(scene, f"{path} in the answer is {unkept}", event.status)
        return scene.leave("success", variables={**saved, **self._status(event.status)})

    def _hoped(self, status: int) -> bool:
        return status in self.success or f"{status // 100}xx" in self.success

    def _failed(self, scene: Scene, why: str, status: int) -> Answer:
        reason = f"the call failed: {why}"
        return scene.leave("failure", otherwise=reason, variables=self._status(status))

    def _status(self, status: int) -> Mapping[str, int]:
        return {self.save_status: status} if self.save_status else {}

    @cached_property
    def _needed(self) -> frozenset[str]:
        names = [*needed(self.url)]
        for value in self.headers.values():
            names += read(value).required
        _leaves(self.body, lambda text: names.extend(read(text).required))
        return frozenset(names)

    def reads(self) -> frozenset[str]:
        return self._needed

    def writes(self) -> frozenset[str]:
        return frozenset({*self.save, *((self.save_status,) if self.save_status else ())})

    def check(self, edges: Sequence[Edge]) -> Iterator[str]:
        if self.safe_to_repeat and self.method in ("GET", "PUT", "DELETE"):
            yield f"says `safe_to_repeat`, which {self.method} always is: leave it out"


def _leaves(value: JsonValue, change: Callable[[str], Any]) -> Any:
    """The same JSON with every text in it changed; the names in objects stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _leaves(part, change) for name, part in value.items()}
    if isinstance(value, list):
        return [_leaves(part, change) for part in value]
    return value


def _unkept(value: Any) -> str:
    """Why a value cannot be kept; "" if it can."""
    try:
        size = len(orjson.dumps(value))
    except TypeError:
        return "a number too large, or nested too deeply"
    if isinstance(value, str):
        return f"a text longer than {LONGEST_TEXT:,} characters" if len(value) > LONGEST_TEXT else ""
    return f"larger than {LONGEST_JSON:,} bytes" if size > LONGEST_JSON else ""
