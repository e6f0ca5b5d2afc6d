"""Signed webhooks: signatures as both companies make them, and a courier that posts and retries."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import logging
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from urllib.parse import parse_qsl

import aiohttp
import orjson
from yarl import URL

from clarion.sim.config import Delivery
from clarion.sim.ledger import ReplyEntry, Tally

REPEAT_AFTER = 0.2
"""Seconds until a webhook that was taken is posted once more."""
_MOST_TRIES = 10_000
_log = logging.getLogger(__name__)


def whatsapp_body(value: object) -> bytes:
    """JSON the way Meta writes and signs it: ASCII, everything else as lowercase `\\uXXXX`."""
    body = orjson.dumps(value)
    return body if body.isascii() else json.dumps(value, separators=(",", ":")).encode("ascii")


def whatsapp_signature(app_secret: str, body: bytes) -> str:
    """The value of `X-Hub-Signature-256`."""
    return "sha256=" + hmac.new(app_secret.encode(), body, sha256).hexdigest()


def twilio_signature(auth_token: str, url: str, parameters: Iterable[tuple[str, str]]) -> str:
    """The value of `X-Twilio-Signature`: over the URL as called, without fragment, and the parameters."""
    text = url.partition("#")[0] + "".join(name + value for name, value in sorted(set(parameters)))
    return base64.b64encode(hmac.new(auth_token.encode(), text.encode(), sha1).digest()).decode("ascii")


@dataclass(slots=True)
class Retries:
    """When a failed POST is tried again: `gaps` in seconds; `on` holds the kinds of failure that deserve it.

    Kinds: `connect`, `connect_timeout`, `read_timeout`, `2xx` (but not taken), `3xx`, `4xx`, `5xx`.
    """

    gaps: Sequence[float]
    on: frozenset[str]


def whatsapp_retries(delivery: Delivery) -> Retries:
    """At once, then with growing gaps until the horizon; anything but 200 counts as failed."""
    gaps, gap, total = [0.0], delivery.retry_ms / 1000, 0.0
    while total + gap <= delivery.retry_horizon_s and len(gaps) < _MOST_TRIES:
        gaps.append(gap / delivery.clock)
        total += gap
        gap *= delivery.retry_factor
    return Retries(
        gaps, frozenset({"connect", "connect_timeout", "read_timeout", "2xx", "3xx", "4xx", "5xx"})
    )


def twilio_retries(url: str, delivery: Delivery) -> Retries:
    """Once, on a connection failure, unless the URL's fragment asks for more (`#rc=3&rp=ct,rt,5xx`)."""
    asked = dict(parse_qsl(url.partition("#")[2]))
    count = int(asked["rc"]) if asked.get("rc", "").isdigit() else 1
    policies = asked.get("rp", "ct").split(",")
    kinds = {"connect"}
    for policy in ("4xx", "5xx"):
        if policy in policies or "all" in policies:
            kinds.add(policy)
    if "ct" in policies or "all" in policies:
        kinds.add("connect_timeout")
    if "rt" in policies or "all" in policies:
        kinds.add("read_timeout")
    return Retries([delivery.retry_ms / 1000 / delivery.clock] * min(count, 5), frozenset(kinds))


@dataclass(slots=True)
class Parcel:
    """One POST. `tallies` has one item for each event inside; `ok` the statuses that count as taken.

    `replies` are those inside: the ledger is told when they were first posted.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    retries: Retries
    tallies: Sequence[Tally]
    ok: frozenset[int] = frozenset({200})
    tried: int = field(default=0)
    replies: Sequence[ReplyEntry] = ()


class Courier:
    """Posts parcels in order, a limited number at once; one that is to be tried again waits aside."""

    def __init__(self, delivery: Delivery, total: Tally) -> None:
        self.delivery = delivery
        self._total = total
        self._queue: deque[Parcel] = deque()
        self._session: aiohttp.ClientSession | None = None
        self._under_way = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: set[asyncio.TimerHandle] = set()
        self._closed = False

    def send(self, parcel: Parcel) -> None:
        """Post it as soon as a connection is free."""
        self._queue.append(parcel)
        self._pump()

    def count(self, tally: Tally, event: str, change: int = 1) -> None:
        """Add to a figure of a sender's and of the total."""
        tally.events[event] += change
        self._total.events[event] += change

    def _pump(self) -> None:
        while self._queue and self._under_way < self.delivery.connections and not self._closed:
            self._under_way += 1
            task = asyncio.ensure_future(self._post(self._queue.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _post(self, parcel: Parcel) -> None:
        try:
            failure = await self._try(parcel)
        finally:
            self._under_way -= 1
        if failure is None:
            self._settle(parcel, "callbacks_sent")
        elif failure in parcel.retries.on and parcel.tried < len(parcel.retries.gaps):
            self._again(parcel)
        else:
            _log.warning("webhook.given_up %s: %s after %d tries", parcel.url, failure, parcel.tried + 1)
            self._settle(parcel, "callbacks_failed")
        self._pump()

    def _again(self, parcel: Parcel) -> None:
        gap = parcel.retries.gaps[parcel.tried]
        parcel.tried += 1
        handles: list[asyncio.TimerHandle] = []

        def send() -> None:
            self._waiting.discard(handles[0])
            self.send(parcel)

        handles.append(asyncio.get_running_loop().call_later(gap, send))
        self._waiting.add(handles[0])

    def _settle(self, parcel: Parcel, event: str) -> None:
        for tally in parcel.tallies:
            self.count(tally, event)
            self.count(tally, "callbacks_pending", -1)

    async def _try(self, parcel: Parcel) -> str | None:
        """None when taken, else the kind of failure."""
        timeout = aiohttp.ClientTimeout(
            total=self.delivery.timeout_ms / 1000, sock_connect=self.delivery.connect_timeout_ms / 1000
        )
        now = time.monotonic_ns()
        for reply in parcel.replies:
            reply.posted = reply.posted or now
        try:
            async with self._open().post(
                URL(parcel.url.partition("#")[0], encoded=True),  # as it was signed
                data=parcel.body,
                headers=parcel.headers,
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                await response.read()
                return None if response.status in parcel.ok else f"{response.status // 100}xx"
        except aiohttp.ConnectionTimeoutError:
            return "connect_timeout"
        except TimeoutError:
            return "read_timeout"
        except (aiohttp.ClientError, OSError, ValueError):
            return "connect"

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=10)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    async def get(self, url: str, parameters: Mapping[str, str]) -> tuple[int, str]:
        """Status and body of a GET: how WhatsApp verifies a webhook."""
        async with self._open().get(
            url, params=parameters, timeout=aiohttp.ClientTimeout(total=15)
        ) as response:
            return response.status, await response.text()

    async def close(self) -> None:
        """Drop what has not been posted."""
        self._closed = True
        for handle in self._waiting:
            handle.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
