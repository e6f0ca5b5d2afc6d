"""Servers on 127.0.0.1 that behave as badly as a test asks, and count what arrives."""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """A request as far as it was read: `body` is empty unless the server reads everything."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


Reads = Literal["nothing", "headers", "all"]
Act = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]
NOTHING = Request("", "", {}, b"")


class Server:
    """Reads `reads` of each request, then does `act`. `requests` holds all requests whose headers arrived."""

    def __init__(self, act: Act, *, reads: Reads = "all") -> None:
        self.act, self._reads = act, reads
        self.requests: list[Request] = []
        self.connections = 0
        self.arrived = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def posts(self) -> int:
        return sum(request.method == "POST" for request in self.requests)

    async def __aenter__(self) -> "Server":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            if self._reads == "nothing":
                await self.act(NOTHING, writer)
            while self._reads != "nothing" and not writer.is_closing():
                self.requests.append(await self._read(reader))
                self.arrived.set()
                await self.act(self.requests[-1], writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client went away
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> Request:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])
        }
        body = b""
        if self._reads == "all":
            body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Request(method, target, headers, body)


def answer(status: int, body: bytes | Any = b"", *, headers: Mapping[str, str] | None = None) -> Act:
    """Answer so; a body that is not bytes is written as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)


def by_path(answers: Mapping[str, Act]) -> Act:
    """A different act for each path; 404 for others."""

    async def act(request: Request, writer: asyncio.StreamWriter) -> None:
        await answers.get(request.path, answer(404))(request, writer)

    return act


def write(data: bytes) -> Act:
    """Write these bytes and keep the connection."""

    async def act(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return act


def write_and_close(data: bytes = b"") -> Act:
    """Write these bytes and close the connection."""

    async def act(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        writer.close()

    return act


def after(seconds: float, then: Act) -> Act:
    """Wait, then act."""

    async def act(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await then(request, writer)

    return act


def in_turn(*acts: Act) -> Act:
    """The first act for the first request, and so on; the last one for all that follow."""
    waiting = list(acts)

    async def act(request: Request, writer: asyncio.StreamWriter) -> None:
        await (waiting.pop(0) if len(waiting) > 1 else waiting[0])(request, writer)

    return act


async def silence(request: Request, writer: asyncio.StreamWriter) -> None:
    """Never answer, and never close."""
    await asyncio.Event().wait()


async def reset(request: Request, writer: asyncio.StreamWriter) -> None:
    """Cut the connection with a TCP reset."""
    held: socket.socket = writer.get_extra_info("socket")
    held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
