"""The guarded client: every request to an address that an author chose goes through here.

Each request has a connection of its own, whose address was checked for it, and is made once. By itself aiohttp would
repeat a GET, PUT or DELETE that broke off, on a new connection too (aiohttp 3.14.5, client.py,
`retry_persistent_connection`): what is repeated is decided where the journey is known.
"""

import asyncio
import re
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from clarion import __version__
from clarion.domain.addresses import Allowed
from clarion.net.body import BadBody, read_text
from clarion.net.guard import CALLED, Forbidden, Guard, GuardedResolver, Resolve, SystemNames

SECOND = 1_000_000
LARGEST_ANSWER = 256 * 1024
"""Bytes, after unpacking."""
MOST_REDIRECTS = 3
LARGEST_HEADERS = 16_384
"""Characters of all header lines an author adds."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_NO_ROUNDING = 1e9  # seconds: aiohttp rounds timeouts above its threshold up to whole seconds
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
_OURS = frozenset(
    "accept-encoding connection content-length expect host http2-settings keep-alive proxy-authorization "
    "proxy-connection te trailer transfer-encoding upgrade".split()
)
_TRAVELS = frozenset("accept accept-language content-type idempotency-key user-agent".split())
"""What follows a redirect to another host: any other header of the author may be a credential."""
_OF_BODIES = frozenset("content-type content-encoding content-language".split())


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer. `headers` are looked up in any case of letters; `problem`: why its body is not here."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Our rules forbid it: asking again changes nothing. After a redirect, the first address did get the request."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Certainly not sent: there was no connection."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Perhaps received: nothing, or only a part, of an answer came back."""

    reason: str


Result = Answer | Refused | NotSent | Unknown


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: URL
    headers: CIMultiDict[str]
    body: bytes

    def redirected(self, status: int, url: URL) -> "_Request":
        """What is asked of `url` after an answer with `status` (RFC 9110, 15.4), without what others must not see."""
        headers = self.headers.copy()
        if url.origin() != self.url.origin():
            headers = CIMultiDict((n, v) for n, v in headers.items() if n.lower() in _TRAVELS)
        become_get = (status == 303 and self.method != "HEAD") or (
            status in (301, 302) and self.method == "POST"
        )
        if not become_get:
            return replace(self, url=url, headers=headers)
        return _Request(
            "GET", url, CIMultiDict((n, v) for n, v in headers.items() if n.lower() not in _OF_BODIES), b""
        )


class _BrokeOff(Exception):
    """The connection ended before the answer did."""


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _BrokeOff(_words(error)) from error  # aiohttp repeats these two, and nothing else


class GuardedClient:
    """Make it inside the event loop; close it at the end.

    `timeout` (microseconds) bounds every request as a whole, `largest` the bytes of an answer, `ports` are allowed
    beside 80 and 443. `resolve` stands in for the system's names; `tls` for its trusted authorities.
    """

    def __init__(
        self,
        allowed: Allowed | None = None,
        *,
        ports: Collection[int] = (),
        timeout: int = 10 * SECOND,
        largest: int = LARGEST_ANSWER,
        names: int = 32,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._guard = Guard(allowed or Allowed(), ports)
        self._timeout, self._largest = timeout, largest
        self._names = SystemNames(names)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=GuardedResolver(self._guard, resolve or self._names),
                use_dns_cache=False,
                socket_factory=self._guard.socket,
                force_close=True,
                limit=0,
                ssl=tls or True,
                timeout_ceil_threshold=_NO_ROUNDING,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers={"Content-Type"},
            middlewares=(_once,),
            auto_decompress=False,
            trust_env=False,
        )

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: str = "",
        *,
        timeout: int = 0,
        redirects: int = 0,
        idempotency_key: str = "",
    ) -> Result:
        """Ask once. `timeout` in microseconds, at most the client's own (0: that one); `redirects` at most 3.

        Raises nothing for what authors and other sides can cause.
        """
        loop = asyncio.get_running_loop()
        span = min(timeout or self._timeout, self._timeout)
        deadline = loop.time() + span / SECOND
        try:
            request = self._prepare(method, url, headers or {}, body, idempotency_key)
            for hop in range(min(redirects, MOST_REDIRECTS) + 1):
                result = await self._ask(request, deadline - loop.time())
                if isinstance(result, NotSent) and hop:
                    return Unknown(result.reason)  # the redirecting address did get the request
                if not isinstance(result, Answer) or not redirects or not _leads_on(result):
                    return result
                target = self._guard.parse(result.headers["Location"], request.url)
                request = request.redirected(result.status, target)
        except Forbidden as refusal:
            return Refused(str(refusal))
        return Refused(f"{request.url.host} redirects more than {min(redirects, MOST_REDIRECTS)} times.")

    def refusal(self, url: str) -> str:
        """Why requests to this address will be refused, as far as it can be told without asking for its name."""
        try:
            self._guard.parse(url)
        except Forbidden as refused:
            return str(refused)
        return ""

    async def close(self) -> None:
        """Close all connections; requests still running end as unknown."""
        await self._session.close()
        self._names.close()

    async def __aenter__(self) -> "GuardedClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _prepare(self, method: str, url: str, headers: Mapping[str, str], body: str, key: str) -> _Request:
        if method.upper() not in METHODS:
            raise Forbidden(f"The method {method[:20]!r} cannot be used: {', '.join(sorted(METHODS))} can.")
        made = CIMultiDict({"User-Agent": f"Clarion/{__version__}"})
        made.update(_checked(headers))
        if key:
            made.setdefault("Idempotency-Key", key)
        made["Accept-Encoding"] = "identity"
        try:
            content = body.encode()
        except UnicodeEncodeError:
            raise Forbidden("The body holds half a character (a lone surrogate).") from None
        return _Request(method.upper(), self._guard.parse(url), made, content)

    async def _ask(self, request: _Request, left: float) -> Result:
        """One request and its answer, within `left` seconds."""
        host = request.url.host
        if left <= 0:
            return Unknown(f"{host} was not reached in time: an earlier address took too long.")
        CALLED.set(request.url.raw_host or "")
        try:
            response = await self._session.request(
                request.method,
                request.url,
                headers=request.headers,
                data=request.body or None,
                allow_redirects=False,
                # Connecting ends a little earlier, so that its end proves that nothing was sent.
                timeout=aiohttp.ClientTimeout(total=left, connect=left * 0.9, ceil_threshold=_NO_ROUNDING),
            )
            try:
                text = await read_text(response, largest=self._largest)
            except BadBody as problem:
                return Answer(response.status, response.headers, problem=str(problem))
            finally:
                response.close()
        except aiohttp.ConnectionTimeoutError:
            return NotSent(f"No connection to {host} within the time allowed.")
        except aiohttp.ClientConnectorDNSError as error:
            return NotSent(f"The name {host} was not found: {error.os_error}.")
        except aiohttp.ClientSSLError as error:
            return NotSent(f"No secure connection to {host}: {error}.")
        except aiohttp.ClientConnectorError as error:
            return NotSent(f"No connection to {host}: {error.os_error}.")
        except TimeoutError:
            return Unknown(f"{host} did not answer completely in time.")
        except (_BrokeOff, aiohttp.ClientError, OSError) as error:
            return Unknown(f"{host} broke off: {_words(error)}.")
        return Answer(response.status, response.headers, text)


def _leads_on(answer: Answer) -> bool:
    return answer.status in (301, 302, 303, 307, 308) and "Location" in answer.headers


def _checked(headers: Mapping[str, str]) -> CIMultiDict[str]:
    made: CIMultiDict[str] = CIMultiDict()
    for name, value in headers.items():
        if not _HEADER.fullmatch(name):
            raise Forbidden(f"{name[:40]!r} cannot be the name of a header.")
        if name.lower() in _OURS:
            raise Forbidden(f"The header {name} is set by Clarion itself: leave it out.")
        text = value.strip()
        if any((ord(c) < 32 and c != "\t") or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF for c in text):
            raise Forbidden(f"The header {name} holds a line break or a control character.")
        made[name] = text
    if sum(len(n) + len(v) for n, v in made.items()) > LARGEST_HEADERS:
        raise Forbidden(f"The headers are longer than {LARGEST_HEADERS:,} characters.")
    return made


def _words(error: BaseException) -> str:
    """What went wrong, in one line that is not too long: servers write into it."""
    text = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    line = " ".join(text.split())
    return (line[:200] if line.isprintable() else "") or type(error).__name__
