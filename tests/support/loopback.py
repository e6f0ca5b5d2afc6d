"""Closes the network to the tests, except for this machine.

Python's audit events are used, so that no object is replaced. Sockets opened by C libraries and by child
processes are not seen; tests give those addresses on 127.0.0.1 themselves.
"""

import ipaddress
import sys
from typing import Any
from urllib.parse import urlsplit


class NetworkUsed(BaseException):
    """A test reached for the network. Not an Exception: code that survives a lost connection must not survive
    this."""


def guard(also_allowed_url: str = "") -> None:
    """Refuse every connection and name look-up but those of this machine and of the given URL's host."""
    allowed = {"", "localhost", urlsplit(also_allowed_url).hostname or ""}

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        host: Any = ""
        if event == "socket.getaddrinfo":
            host = arguments[0]
        elif event in {"socket.connect", "socket.sendto"} and isinstance(arguments[1], tuple):
            host = arguments[1][0]
        name = host.decode() if isinstance(host, bytes) else host or ""
        if name not in allowed and not _is_here(name):
            raise NetworkUsed(f"A test tried to reach {name}; tests may only reach 127.0.0.1.")

    sys.addaudithook(watch)


def _is_here(name: str) -> bool:
    try:
        address = ipaddress.ip_address(name.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
