"""Where a request may go, asked of the URL, of every address its name has, and of each socket before it connects."""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from clarion.domain.addresses import Allowed, literal

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""All addresses of a name, for a port. Raises OSError when it has none."""

CALLED: ContextVar[str] = ContextVar("clarion_called_host", default="")
"""The host of the request that a task is making, for the last check before its socket connects."""

LONGEST_URL = 8_192
_PORTS = frozenset({80, 443})
_NAME = re.compile(r"(?=.{1,253}\.?$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_][a-z0-9_-]{0,62})*\.?")


class Forbidden(Exception):
    """A request that must not be made; `str()` says why in one sentence."""


class Guard:
    """The rules. `ports` beside 80 and 443."""

    def __init__(self, allowed: Allowed, ports: Collection[int] = ()) -> None:
        self._allowed, self._ports = allowed, _PORTS | set(ports)

    def parse(self, text: str, base: URL | None = None) -> URL:
        """The URL, checked as far as it can be without asking for its name. Raises Forbidden.

        The object that is checked here is the one that is sent: no second reading of the text can differ.
        """
        if len(text) > LONGEST_URL:
            raise Forbidden(f"The address is longer than {LONGEST_URL:,} characters.")
        if any(ord(c) <= 32 or ord(c) == 127 for c in text):
            raise Forbidden("The address holds a space or a control character: write a space as %20.")
        try:
            url = URL(text) if base is None else base.join(URL(text))
        except ValueError as problem:
            raise Forbidden(f"The address cannot be read: {problem}") from None
        self._check(url)
        return url

    def check_address(self, host: str, address: str) -> None:
        """Refuse what `host` leads to. Raises Forbidden, the same for all, so that nobody can map our network."""
        if self._allowed.refusal(host, address):
            raise _refused(host)

    def socket(self, info: tuple[Any, ...]) -> socket.socket:
        """A socket for the address in `info` (as getaddrinfo() gives it), which is checked once more."""
        family, kind, protocol, _, address = info
        self.check_address(CALLED.get(), str(address[0]))
        return socket.socket(family, kind, protocol)

    def _check(self, url: URL) -> None:
        host = url.raw_host or ""
        if url.scheme not in ("http", "https"):
            raise Forbidden(f"Only http:// and https:// can be called, not {url.scheme or 'nothing'}://.")
        if "@" in url.raw_authority:
            raise Forbidden("The address holds a user or password: send them in a header.")
        try:
            ip = literal(host)
        except ValueError:
            raise _refused(host) from None
        if ip is not None:
            self.check_address(host, str(ip))
        elif not _NAME.fullmatch(host):
            raise Forbidden(f"The address has no usable host: {host!r}.")
        elif (
            _is_localhost(host) and not self._allowed.host(host) and self._allowed.refusal(host, "127.0.0.1")
        ):
            raise _refused(host)
        if url.port not in self._ports:
            raise Forbidden(
                f"Port {url.port} may not be called: only 80 and 443 may, and what the operator names in "
                "CLARION_CALLS__PORTS."
            )


class GuardedResolver(AbstractResolver):
    """Resolves a name for one connection and refuses it if any of its addresses is forbidden.

    What it returns is what is connected to: asked again a moment later, the name may lead elsewhere.
    """

    def __init__(self, guard: Guard, resolve: Resolve) -> None:
        self._guard, self._resolve = guard, resolve

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises Forbidden; OSError when there is no such name."""
        addresses = await self._resolve(host, port)
        if not addresses:
            raise OSError("it has no address")
        for address in addresses:
            self._guard.check_address(host, address)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing is kept open."""


class SystemNames:
    """The system's resolver, in threads of its own: names that answer slowly keep nobody else's thread."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="names")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(str(address[0]) for *_, address in found))

    def close(self) -> None:
        """Look up no more names."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _is_localhost(host: str) -> bool:
    return host.rstrip(".").rpartition(".")[2] == "localhost"


def _refused(host: str) -> Forbidden:
    return Forbidden(
        f"{host} may not be called: only addresses on the public internet may, written in the usual way, and what "
        "the operator names in CLARION_CALLS__ALLOW."
    )
