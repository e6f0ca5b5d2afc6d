"""One port on 127.0.0.1 that is WhatsApp, Twilio and the simulator's control."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable
from pathlib import Path
from types import TracebackType
from typing import Self

import uvloop

from clarion.sim.config import SimConfig
from clarion.sim.control import Control
from clarion.sim.http import Answer, Connection, Request
from clarion.sim.sockets import Listener
from clarion.sim.twilio.app import Twilio
from clarion.sim.whatsapp.app import ATTACHMENTS, VERSION, WhatsApp
from clarion.sim.world import World

_GRACE_STEPS = 100
"""Of 20 ms each: what answers under way get when the simulator stops."""

_TWILIO = frozenset({"2010-04-01", "v1", "v2"})


class Simulator:
    """Both providers, serving within `async with Simulator(config) as sim`; `sim.url` is the base URL.

    `port` 0 takes a free one. `ledger_path` is a file to which the ledger is appended as JSON lines.
    """

    world: World
    whatsapp: WhatsApp
    twilio: Twilio

    def __init__(
        self,
        config: SimConfig | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        ledger_path: Path | None = None,
    ) -> None:
        self._config = config or SimConfig()
        self._host, self._port, self._ledger_path = host, port, ledger_path
        self._control = Control(self)
        self._connections: set[Connection] = set()
        self._listener: Listener | None = None

    @property
    def url(self) -> str:
        """`http://host:port`, without a slash at the end."""
        return f"http://{self._host}:{self._port}"

    @property
    def endpoints(self) -> list[str]:
        """Method and path of everything that is the simulator's own."""
        return self._control.endpoints

    async def __aenter__(self) -> Self:
        self._begin(self._config)
        try:
            self._listener = Listener(
                self._host, self._port, lambda stream: Connection(stream, self.handle, self._connections)
            )
        except OSError:
            await self.world.close()
            raise
        self._port = self._listener.port
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_door()
        for connection in list(self._connections):
            connection.close()
        await asyncio.sleep(0)
        await self.world.close()

    def _close_door(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _begin(self, config: SimConfig) -> None:
        self.world = World(config, self._ledger_path)
        self.whatsapp = WhatsApp(self.world)
        self.twilio = Twilio(self.world)

    def configure(self, config: SimConfig) -> None:
        """Use another configuration from the next request on; what has happened stays."""
        before = self.world.config
        self.world.configure(config)
        self.whatsapp.configured(before.whatsapp)
        self.twilio.configured(before.twilio)

    async def reset(self) -> None:
        """Forget everything but the configuration; receipts still to come are dropped."""
        old = self.world
        self._begin(old.config)
        await old.close()

    def handle(self, request: Request) -> Answer | Awaitable[Answer]:
        """Answer one request of anybody."""
        first = request.path.lstrip("/").partition("/")[0]
        if VERSION.match(first) or first == ATTACHMENTS:
            return self.whatsapp.handle(request)
        if first in _TWILIO:
            return self.twilio.handle(request)
        return self._control.handle(request)

    async def drain(self) -> None:
        """Take no more connections and let the answers under way leave, for two seconds at most."""
        self._close_door()
        for _ in range(_GRACE_STEPS):
            if not any(connection.busy for connection in self._connections):
                break
            await asyncio.sleep(0.02)


def run(
    config: SimConfig, *, host: str = "127.0.0.1", port: int = 8090, ledger_path: Path | None = None
) -> None:
    """Serve until SIGTERM or SIGINT; prints one line when ready. Raises OSError when the port is taken."""
    uvloop.run(_serve(config, host, port, ledger_path))


async def _serve(config: SimConfig, host: str, port: int, ledger_path: Path | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # A full collection over a large ledger would hold up everyone who is about to be stamped; a long switch
    # interval would let the ledger's thread do the same.
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 5, 1_000_000)
    sys.setswitchinterval(0.0005)
    async with Simulator(config, host=host, port=port, ledger_path=ledger_path) as simulator:
        print(
            f"clarion sim ready on {simulator.url} "
            "(WhatsApp under /v25.0, Twilio under /2010-04-01, control under /_sim)",
            flush=True,
        )
        await stop.wait()
        await simulator.drain()
