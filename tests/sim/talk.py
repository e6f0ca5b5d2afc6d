"""How the tests speak to a simulator: as a client of both providers, and as the owner of a webhook."""

from __future__ import annotations

import asyncio
import time
from base64 import b64encode
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self, cast
from urllib.parse import parse_qsl

import aiohttp
import orjson
from aiohttp import web

from clarion.sim.config import SimConfig, check, merged
from clarion.sim.server import Simulator

NUMBER = "100000000000001"
WABA = "200000000000001"
ACCOUNT = "AC00000000000000000000000000000001"
SERVICE = "MG00000000000000000000000000000001"
FROM = "+15005550006"
WHATSAPP_FROM = "whatsapp:+15005550006"

QUICK: dict[str, Any] = {
    "latency": {"kind": "fixed", "fixed_ms": 0},
    "receipts": {
        name: {"low_ms": low, "high_ms": low} for name, low in (("sent", 5), ("delivered", 10), ("read", 10))
    },
    "people": {"reply": {"low_ms": 5, "high_ms": 5}},
    "delivery": {"batch_wait_ms": 5, "retry_ms": 5},
    "whatsapp": {"rate": None},
}
"""A configuration in which everything happens at once."""


def quick(**changes: Any) -> SimConfig:
    """`QUICK` with changes merged in."""
    return merged(check(SimConfig, QUICK), changes)


def basic(token: str) -> dict[str, str]:
    """Twilio's login header."""
    return {"Authorization": f"Basic {b64encode(f'{ACCOUNT}:{token}'.encode()).decode()}"}


def person(number: int) -> str:
    """A made-up phone number."""
    return f"+4477009{number:05d}"


@dataclass
class Reply:
    """An HTTP answer."""

    status: int
    raw: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return orjson.loads(self.raw)

    @property
    def code(self) -> int:
        """The error code in either provider's envelope."""
        body = self.json
        return cast(int, body["error"]["code"] if "error" in body else body["code"])


class Talk:
    """A client of one simulator."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self._login = basic("sim-auth-token")

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def call(self, method: str, path: str, **more: Any) -> Reply:
        """Any request; `path` may be an absolute URL."""
        url = path if path.startswith("http") else self.sim.url + path
        async with self._session.request(method, url, **more) as response:
            return Reply(response.status, await response.read(), response.headers)

    async def whatsapp(self, body: Any, *, token: str = "sim-token", number: str = NUMBER) -> Reply:
        """Send a WhatsApp message."""
        headers = {"Authorization": f"Bearer {token}"}
        return await self.call("POST", f"/v25.0/{number}/messages", json=body, headers=headers)

    async def graph(self, method: str, path: str, **more: Any) -> Reply:
        """Any other WhatsApp request."""
        url = path if path.startswith("http") else f"/v25.0/{path}"
        return await self.call(method, url, headers={"Authorization": "Bearer sim-token"}, **more)

    async def twilio(self, *, login: dict[str, str] | None = None, **form: Any) -> Reply:
        """Create a Twilio message."""
        path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        return await self.call("POST", path, data=form, headers=login or self._login)

    async def twilio_api(self, method: str, path: str, **more: Any) -> Reply:
        """Any other Twilio request."""
        return await self.call(method, path, headers=self._login, **more)

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """A request to `/_sim/`; it must succeed."""
        reply = await self.call(method, f"/_sim/{path}", json=body)
        assert reply.status == 200, reply.raw
        return reply.json

    async def total(self) -> dict[str, Any]:
        """The figures of all senders together."""
        return cast("dict[str, Any]", (await self.control("GET", "stats"))["total"])

    async def ledger(self) -> list[dict[str, Any]]:
        """The ledger's rows."""
        reply = await self.call("GET", "/_sim/ledger")
        return [orjson.loads(line) for line in reply.raw.splitlines()]


@asynccontextmanager
async def talking(**changes: Any):  # type: ignore[no-untyped-def]  # the decorator gives the type
    """A quick simulator with changes, and a client."""
    async with Simulator(quick(**changes)) as sim, Talk(sim) as talk:
        yield talk


@dataclass
class Posted:
    """A request to our webhook."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        """A WhatsApp body, parsed."""
        return orjson.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        """A Twilio body, parsed."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class Hook:
    """A webhook receiver that answers `status`, or the statuses in `answers` first."""

    posts: list[Posted] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    status: int = 200
    url: str = ""

    async def __aenter__(self) -> Self:
        async def receive(request: web.BaseRequest) -> web.Response:
            body = await request.read()
            posted = Posted(request.method, str(request.url), request.headers.copy(), body, time.monotonic())
            self.posts.append(posted)
            if request.method == "GET":
                return web.Response(text=request.query.get("hub.challenge", ""))
            return web.Response(status=self.answers.pop(0) if self.answers else self.status)

        self._runner = web.ServerRunner(web.Server(receive))
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/hook"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def statuses(self) -> list[dict[str, Any]]:
        """Every status in the WhatsApp webhooks so far, in the order they came."""
        return [item for value in self.values for item in value.get("statuses", [])]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Every inbound message in the WhatsApp webhooks so far."""
        return [item for value in self.values for item in value.get("messages", [])]

    @property
    def values(self) -> list[dict[str, Any]]:
        """The value of every change in the WhatsApp webhooks so far."""
        return [
            change["value"]
            for post in self.posts
            if post.method == "POST" and post.body.startswith(b"{")
            for entry in post.json["entry"]
            for change in entry["changes"]
        ]


async def until(true: Any, seconds: float = 5.0) -> None:
    """Wait for `true()`; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.005)


def order_update(to: str, echo: str = "", **parts: Any) -> dict[str, Any]:
    """A valid template message."""
    texts = ("Ana", "1042", "on its way")
    body: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to,
        "type": "template",
        "template": {
            "name": "order_update",
            "language": {"code": "en_US"},
            "components": [
                {"type": "body", "parameters": [{"type": "text", "text": text} for text in texts]},
            ],
        },
        **parts,
    }
    return {**body, "biz_opaque_callback_data": echo} if echo else body


def template(to: str, name: str, *components: Any, language: str = "en_US") -> dict[str, Any]:
    """A template message with these components."""
    sent = {"name": name, "language": {"code": language}, "components": list(components)}
    return {"messaging_product": "whatsapp", "to": to, "type": "template", "template": sent}


def promo(to: str) -> dict[str, Any]:
    """A valid marketing template with an image, a link and two buttons."""
    return template(
        to,
        "promo_image",
        {
            "type": "header",
            "parameters": [{"type": "image", "image": {"link": "https://cdn.example.com/a.jpg"}}],
        },
        {"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "20%"}]},
        {
            "type": "button",
            "sub_type": "url",
            "index": "0",
            "parameters": [{"type": "text", "text": "autumn"}],
        },
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": "1",
            "parameters": [{"type": "payload", "payload": "MORE:7"}],
        },
    )


def text(to: str, body: str = "Hello") -> dict[str, Any]:
    """A free-form message."""
    return {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": body}}
