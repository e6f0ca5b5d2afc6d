"""HTTP to providers: two methods, two ways to fail, nothing done behind our back.

Whether a failed POST may have been delivered decides whether a person may get a message twice, so every
failure is one of two exceptions. aiohttp tells them apart reliably: its connector's errors all come before
the first byte of a request. It repeats GETs once on a connection that went stale, never a POST
(aiohttp 3.14.5, client.py, IDEMPOTENT_METHODS); a test counts the POSTs that arrive.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

MICROS = 1_000_000
LARGEST_ANSWER = 1024 * 1024
"""Bytes. Providers answer a send with less than 2 KiB; more is a fault or an attack."""

_OWN_HEADERS = frozenset({"Accept", "Accept-Encoding", "User-Agent", "Content-Type"})


LEAVES: ContextVar[Callable[[], None] | None] = ContextVar("clarion_request_leaves", default=None)
"""Called, where a task has set it, when its request has a connection and its first byte is about to go.

Connecting takes milliseconds that nobody foresees; whoever paces requests must count from here.
"""


class _Connector(aiohttp.TCPConnector):
    """A pool that tells the moment a request leaves; tracing would cost every request more than this."""

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> Any:
        connection = await super().connect(req, traces, timeout)
        leaves = LEAVES.get()
        if leaves is not None:
            leaves()
        return connection


class NotDelivered(Exception):
    """Certainly not sent. `code` is dns, connect, timeout, tls or closed; `str()` a sentence."""

    def __init__(self, code: str, cause: str) -> None:
        super().__init__(cause)
        self.code = code


class MaybeDelivered(Exception):
    """The request may have been received: nothing, or only a part, of an answer came back."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete HTTP answer. `headers` are looked up in any case of letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Microseconds. `connect` covers DNS, waiting for a free connection, TCP and TLS, so that its end means
    "not sent"; `read` is the longest silence while an answer is awaited; `total` bounds all of it."""

    connect: int = 10 * MICROS
    read: int = 30 * MICROS
    total: int = 30 * MICROS

    def __post_init__(self) -> None:
        if not 0 < self.connect < self.total:
            raise ValueError(
                "The connect timeout must be shorter than the total, or its end would prove nothing."
            )


class Transport:
    """One pool of connections for a whole process. Make it inside the event loop; close it at the end.

    Follows no redirects, repeats no POST, keeps no cookies, reads no proxy settings, unpacks nothing, and
    reads at most LARGEST_ANSWER bytes. `connections` limits open connections (0: no limit). `keep_alive`
    (microseconds) closes idle connections well before the provider would.
    """

    def __init__(
        self, timeouts: Timeouts | None = None, *, connections: int = 0, keep_alive: int = 15 * MICROS
    ) -> None:
        held = timeouts or Timeouts()
        self._session = aiohttp.ClientSession(
            connector=_Connector(limit=connections, keepalive_timeout=keep_alive / MICROS),
            timeout=aiohttp.ClientTimeout(
                total=held.total / MICROS,
                connect=held.connect / MICROS,
                sock_connect=held.connect / MICROS,
                sock_read=held.read / MICROS,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_OWN_HEADERS,
            auto_decompress=False,
        )

    async def post(self, url: URL, *, headers: Mapping[str, str], body: bytes) -> Answer:
        """POST once. Raises NotDelivered or MaybeDelivered; `headers` is best made once by `headers_of`."""
        return await self._request("POST", url, headers, body)

    async def get(self, url: URL, *, headers: Mapping[str, str]) -> Answer:
        """GET. Raises NotDelivered or MaybeDelivered."""
        return await self._request("GET", url, headers, None)

    async def delete(self, url: URL, *, headers: Mapping[str, str]) -> Answer:
        """DELETE once. Raises NotDelivered or MaybeDelivered."""
        return await self._request("DELETE", url, headers, None)

    async def close(self) -> None:
        """Close all connections; requests still running fail as MaybeDelivered."""
        await self._session.close()

    async def __aenter__(self) -> "Transport":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _request(self, method: str, url: URL, headers: Mapping[str, str], body: bytes | None) -> Answer:
        if self._session.closed:
            raise NotDelivered("closed", "The connection pool is closed, because this process is stopping.")
        try:
            response = await self._session.request(
                method, url, headers=headers, data=body, allow_redirects=False
            )
            try:
                content = await _read(response)
            except BaseException:
                response.close()  # half an answer: this connection must not serve the next request
                raise
        except aiohttp.ConnectionTimeoutError as error:
            raise NotDelivered("timeout", f"No connection to {url.host} within the time allowed.") from error
        except aiohttp.ClientConnectorDNSError as error:
            raise NotDelivered("dns", f"The name {url.host} was not found: {error.os_error}.") from error
        except aiohttp.ClientSSLError as error:
            raise NotDelivered("tls", f"No secure connection to {url.host}: {error}.") from error
        except aiohttp.ClientConnectorError as error:
            raise NotDelivered("connect", f"No connection to {url.host}: {error.os_error}.") from error
        except TimeoutError as error:
            raise MaybeDelivered(f"{url.host} did not answer in time.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise MaybeDelivered(f"{url.host} broke off: {str(error) or type(error).__name__}.") from error
        return Answer(response.status, response.headers, content)


def headers_of(*pairs: tuple[str, str]) -> CIMultiDict[str]:
    """Request headers, made once per sender. Raises ValueError for a value that would break its line."""
    for name, value in pairs:
        if not value.isprintable() or not value.isascii():
            raise ValueError(f"The header {name} holds characters that HTTP does not allow (a line break?).")
    return CIMultiDict((("Accept-Encoding", "identity"), *pairs))


async def _read(response: aiohttp.ClientResponse) -> bytes:
    content = await response.content.readany()
    while not response.content.at_eof():
        content += await response.content.readany()
        if len(content) > LARGEST_ANSWER:
            raise MaybeDelivered(f"{response.url.host} answered with more than {LARGEST_ANSWER} bytes.")
    return content
