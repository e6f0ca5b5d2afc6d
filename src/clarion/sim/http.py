"""A small HTTP/1.1 server: a handler makes an answer, which may come late, broken or not at all.

It exists because the simulator has to stamp each arrival before anything else happens to it, answer
thousands of requests a second on one core, and break connections in ways a web framework protects us from.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote

import httptools
import orjson

from clarion.sim.sockets import Stream

JSON = "application/json"
MAX_BODY = 104 * 1024 * 1024
"""Bytes; WhatsApp takes documents of up to 100 MB."""

_log = logging.getLogger(__name__)
_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(slots=True)
class Request:
    """One request; `arrival` is when its headers arrived, in nanoseconds of the monotonic clock."""

    method: str
    path: str
    query: str
    headers: Mapping[bytes, bytes]
    body: bytes
    arrival: int

    @property
    def base(self) -> str:
        """Scheme and host as the client wrote them, for the absolute URLs in an answer."""
        return f"http://{self.headers.get(b'host', b'127.0.0.1').decode('latin-1')}"


@dataclass(slots=True)
class Answer:
    """What goes back, after `delay` seconds; `fate` says how.

    `"answer"` sends it, `"reset"` resets the connection instead, `"silence"` leaves the client waiting.
    `stream` replaces `body` for long answers. `done` is called once the answer left or the client did.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    fate: str = "answer"
    stream: Iterable[bytes] | None = None
    done: Callable[[], None] | None = None

    @classmethod
    def json(cls, value: object, status: int = 200) -> Answer:
        """`value` as a JSON body."""
        return cls(status, orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS))


Handler = Callable[[Request], Answer | Awaitable[Answer]]


class Connection:
    """One client connection. Pipelined requests are handled one after another."""

    def __init__(self, stream: Stream, handler: Handler, connections: set[Connection]) -> None:
        self._stream = stream
        self._handler = handler
        self._connections = connections
        connections.add(self)
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._answer: Answer | None = None
        self._keep_alive = True
        self._pending: asyncio.TimerHandle | asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether a request is being answered."""
        return self._answer is not None or bool(self._waiting)

    def lost(self) -> None:
        """The client, or we, ended the connection."""
        self._connections.discard(self)
        self._waiting.clear()
        if self._pending is not None:
            self._pending.cancel()
        self._finished()

    def received(self, data: bytes, arrival: int) -> None:
        """Bytes came at `arrival`, in nanoseconds of the monotonic clock."""
        self._now = arrival
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._stream.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self._stream.close()

    # What the parser calls, in this order.

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._size = 0

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._arrival = self._now
        if b"expect" in self._headers:
            self._stream.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > MAX_BODY:
            raise ValueError(f"the body is longer than {MAX_BODY} bytes")
        self._body.append(part)

    def on_message_complete(self) -> None:
        path, _, query = self._url.partition(b"?")
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        request = Request(
            self._parser.get_method().decode("ascii"),
            unquote(path.decode("latin-1")) if b"%" in path else path.decode("latin-1"),
            query.decode("latin-1"),
            self._headers,
            body,
            self._arrival,
        )
        self._waiting.append((request, self._parser.should_keep_alive()))
        if self._answer is None and self._pending is None:
            self._next()

    def _next(self) -> None:
        if not self._waiting:
            return
        request, self._keep_alive = self._waiting.popleft()
        try:
            answer = self._handler(request)
        except Exception:  # noqa: BLE001 - logged; the parser would report it as the client's bad request
            answer = _broken(request)
        if isinstance(answer, Answer):
            self._schedule(answer)
        else:
            self._pending = asyncio.ensure_future(self._await(request, answer))

    async def _await(self, request: Request, coming: Awaitable[Answer]) -> None:
        try:
            answer = await coming
        except Exception:  # noqa: BLE001 - logged; nobody else awaits this task
            answer = _broken(request)
        self._pending = None
        self._schedule(answer)

    def _schedule(self, answer: Answer) -> None:
        self._answer = answer
        if answer.fate == "silence":
            return
        if answer.delay > 0:
            self._pending = asyncio.get_running_loop().call_later(answer.delay, self._give)
        else:
            self._give()

    def _give(self) -> None:
        answer = self._answer
        self._pending = None
        if answer is None or not self._stream.open:
            return
        if answer.fate == "reset":
            self._stream.reset()
        elif answer.stream is not None:
            self._pending = asyncio.ensure_future(self._pour(answer, iter(answer.stream)))
        else:
            self._stream.write(_head(answer, f"Content-Length: {len(answer.body)}") + answer.body)
            self._sent()

    async def _pour(self, answer: Answer, parts: Iterator[bytes]) -> None:
        self._stream.write(_head(answer, "Transfer-Encoding: chunked"))
        for part in parts:
            if part:
                self._stream.write(b"%x\r\n%b\r\n" % (len(part), part))
            await asyncio.sleep(0)
            await self._stream.room.wait()
        self._stream.write(b"0\r\n\r\n")
        self._pending = None
        self._sent()

    def _sent(self) -> None:
        self._finished()
        if self._keep_alive:
            self._next()
        else:
            self._stream.close()

    def _finished(self) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and answer.done is not None:
            answer.done()

    def close(self) -> None:
        """End the connection, answered or not."""
        self._stream.reset()


def _broken(request: Request) -> Answer:
    _log.exception("simulator.failed %s %s", request.method, request.path)
    return Answer.json({"error": "The simulator itself failed; its log says where."}, 500)


def _head(answer: Answer, length: str) -> bytes:
    more = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
    first = f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Unknown')}"
    return f"{first}\r\nContent-Type: {answer.content_type}\r\n{more}{length}\r\n\r\n".encode()
