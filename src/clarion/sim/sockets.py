"""TCP connections that know when their bytes reached this machine, however late we get round to reading them.

The event loop's own streams hide the kernel's timestamps. With them, an arrival is stamped right even while this
process waits for a core, so the rates in the ledger are the sender's and not our scheduling.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Protocol

_SO_TIMESTAMPNS = 35 if sys.platform == "linux" else None  # the socket module does not name it
_ANCILLARY = socket.CMSG_SPACE(16) if _SO_TIMESTAMPNS is not None else 0
_TIMESPEC = struct.Struct("@qq")
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_CHUNK = 256 * 1024
_MUCH = 256 * 1024
"""Bytes waiting to be written above which a long answer pauses."""


class Receiver(Protocol):
    """Who is told what happens on a stream."""

    def received(self, data: bytes, arrival: int) -> None:
        """Bytes came; `arrival` in nanoseconds of the monotonic clock."""

    def lost(self) -> None:
        """The connection is gone. Called once."""


class Stream:
    """One accepted connection."""

    def __init__(self, connected: socket.socket, make: Callable[[Stream], Receiver]) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = connected
        self._unwritten = bytearray()
        self._closing = False
        self.open = True
        self.room = asyncio.Event()
        self.room.set()
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _ask_for_timestamps(connected)
        self._receiver = make(self)
        self._loop.add_reader(connected, self._readable)

    def _readable(self) -> None:
        try:
            data, extra, _, _ = self._socket.recvmsg(_CHUNK, _ANCILLARY)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data, extra = b"", []
        if data:
            self._receiver.received(data, _arrival(extra))
        else:
            self._end()

    def write(self, data: bytes) -> None:
        """Send now what the system takes, and the rest when it can."""
        if not self.open:
            return
        if not self._unwritten:
            try:
                sent = self._socket.send(data)
            except (BlockingIOError, InterruptedError):
                sent = 0
            except OSError:
                self._end()
                return
            if sent == len(data):
                return
            data = data[sent:]
            self._loop.add_writer(self._socket, self._writable)
        self._unwritten += data
        if len(self._unwritten) > _MUCH:
            self.room.clear()

    def _writable(self) -> None:
        try:
            del self._unwritten[: self._socket.send(self._unwritten)]
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._end()
            return
        if len(self._unwritten) <= _MUCH:
            self.room.set()
        if not self._unwritten:
            self._loop.remove_writer(self._socket)
            if self._closing:
                self._end()

    def close(self) -> None:
        """End the connection when everything is written."""
        self._closing = True
        if not self._unwritten:
            self._end()

    def reset(self) -> None:
        """End it at once, so that the other side sees a reset and not an orderly end."""
        if self.open:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._end()

    def _end(self) -> None:
        if not self.open:
            return
        self.open = False
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self.room.set()
        self._receiver.lost()


def _ask_for_timestamps(sock: socket.socket) -> None:
    if _SO_TIMESTAMPNS is not None:
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def _arrival(extra: list[tuple[int, int, bytes]]) -> int:
    """The kernel's timestamp on the monotonic clock; the present instant where there is none."""
    now = time.monotonic_ns()
    for level, kind, data in extra:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            age = time.time_ns() - int(seconds) * 1_000_000_000 - int(nanoseconds)
            return now - max(age, 0)
    return now


class Listener:
    """Accepts connections on `host:port`; port 0 takes a free one, `address` says which."""

    def __init__(self, host: str, port: int, make: Callable[[Stream], Receiver]) -> None:
        """Raises OSError when the address is taken."""
        self._make = make
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=2048)
        self._socket.setblocking(False)
        _ask_for_timestamps(self._socket)  # the kernel begins to stamp a moment after it is first asked
        self.port: int = self._socket.getsockname()[1]
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        while True:
            try:
                connected, _ = self._socket.accept()
            except OSError:  # nobody left, or too many files open: those that wait are taken later
                return
            Stream(connected, self._make)

    def close(self) -> None:
        """Accept no more."""
        self._loop.remove_reader(self._socket)
        self._socket.close()
