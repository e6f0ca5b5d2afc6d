"""The demo's two child processes: started with their output in a file, awaited, and always ended."""

import asyncio
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from clarion.domain.errors import ClarionError

_START = 30.0
_STOP = 35.0  # a little longer than a provider's answer may take: a graceful stop lets requests finish
_ASK_AGAIN = 0.05


class ChildFailed(ClarionError):
    """A child process ended or did not get ready; its last lines say why."""

    def __init__(self, name: str, what: str, log: Path) -> None:
        lines = log.read_text("utf-8", "replace").strip().splitlines()[-5:] if log.exists() else []
        said = "".join(f"\n  {line}" for line in lines)
        super().__init__(f"clarion {name} {what}; its output is in {log}:{said}")


class Child:
    """One running `clarion` command."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name, self.log = name, log
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def check(self) -> None:
        """Raises ChildFailed when it has ended."""
        if self._process.returncode is not None:
            raise ChildFailed(self.name, f"ended with exit code {self._process.returncode}", self.log)

    async def says(self, pattern: str) -> str:
        """Wait until its output holds `pattern`, and give the pattern's first group. Raises ChildFailed."""
        deadline = time.monotonic() + _START
        while time.monotonic() < deadline:
            found = re.search(pattern, self.log.read_text("utf-8", "replace"))
            if found:
                return found[1]
            self.check()
            await asyncio.sleep(_ASK_AGAIN)
        raise ChildFailed(self.name, f"did not get ready within {_START:.0f} s", self.log)

    async def answers(self, url: str) -> None:
        """Wait until `url` answers 200. Raises ChildFailed."""
        deadline = time.monotonic() + _START
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < deadline:
                self.check()
                try:
                    async with session.get(url, timeout=aiohttp.ClientTimeout(total=2)) as answer:
                        if answer.status == 200:
                            return
                except (aiohttp.ClientError, TimeoutError):
                    pass  # not listening yet
                await asyncio.sleep(_ASK_AGAIN)
        raise ChildFailed(self.name, f"did not answer at {url} within {_START:.0f} s", self.log)

    async def end(self) -> None:
        """Ask it to stop, wait, and kill it only when it does not."""
        if self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), _STOP)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


@asynccontextmanager
async def child(
    name: str, arguments: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None
) -> AsyncIterator[Child]:
    """`clarion <name> <arguments>` as a process of its own, ended with the block whatever happens in it.

    It has a session of its own: Ctrl-C reaches the demo alone, which then ends its children in order.
    """
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "clarion",
            name,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
    started = Child(name, process, log)
    try:
        yield started
    finally:
        await asyncio.shield(started.end())


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
