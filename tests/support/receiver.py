"""A customer's system: a real HTTP server that is told things, and checks who tells by the standard's own library."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web
from standardwebhooks.webhooks import Webhook

from tests.support.stack import free_port

Answer = Callable[["Call"], Awaitable[web.Response] | web.Response]


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` says for whom; `headers` by small letters."""

    path: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        read: dict[str, Any] = orjson.loads(self.raw)
        return read

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified_by(self, secret: str) -> dict[str, Any]:
        """The body, once the signature fits the secret. Raises WebhookVerificationError."""
        read: dict[str, Any] = Webhook(secret).verify(self.raw, dict(self.headers))
        return read


@dataclass(slots=True)
class Receiver:
    """What was heard. `answers` by path; whoever is not there is answered 204."""

    port: int
    calls: list[Call] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def of(self, path: str) -> list[Call]:
        return [each for each in self.calls if each.path == path]

    def types(self, path: str = "/hook") -> list[str]:
        return [each.body["type"] for each in self.of(path)]

    async def until(self, done: Callable[[], bool], *, seconds: float = 15) -> None:
        """Wait until what was heard is enough."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not done():
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"heard only {[(c.path, c.body['type']) for c in self.calls]}")
            await asyncio.sleep(0.01)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Call(request.path, headers, await request.read())
        self.calls.append(call)
        answer = self.answers.get(request.path)
        if answer is None:
            return web.Response(status=204)
        made = answer(call)
        return made if isinstance(made, web.Response) else await made


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver on a free port of this machine."""
    held = Receiver(free_port())
    app = web.Application()
    app.router.add_post("/{path:.*}", held.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", held.port).start()
    try:
        yield held
    finally:
        await runner.cleanup()
