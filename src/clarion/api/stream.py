"""A response that goes on: events as they come, signs of life between them, an end when the caller loses the right."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager

import orjson
import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from clarion.domain.errors import ClarionError
from clarion.services.access.callers import NotAllowed
from clarion.services.live import Listener

log = structlog.get_logger()

HEARTBEAT = 15.0
"""Seconds of silence after which a sign of life is sent, so that nobody between cuts the connection."""
CHECKED = 4.0
"""Seconds between two looks whether the caller may still listen: the end comes within five of losing the right."""
RETRY = 2_000
"""Milliseconds after which a client whose connection broke should come back."""
_FAREWELL = 1.0  # seconds that the last event may take: who does not read is not waited for

_WORDS = {
    "stopping": "The server stops: come back in a moment.",
    "unavailable": "It could not be checked whether you may still listen: come back in a moment.",
}


class EventStream(Response):
    """Server-sent events for one listener. `check` raises when the caller may not listen any more."""

    media_type = "text/event-stream"

    def __init__(
        self, listening: AbstractContextManager[Listener], check: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._listening, self._check = listening, check
        self._detail = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the client goes, the caller loses the right, or the process stops."""
        with self._listening as listener:
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            tasks = [
                asyncio.create_task(each)
                for each in (_write(listener, send), self._guard(listener), _gone(receive))
            ]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL):
                    await send(_chunk(self._goodbye(listener.ended), more=False))

    async def _guard(self, listener: Listener) -> None:
        """Returns once the caller may not listen any more."""
        while True:
            await asyncio.sleep(CHECKED)
            try:
                await self._check()
            except ClarionError as refusal:
                self._detail = str(refusal)
                listener.end("not-allowed" if isinstance(refusal, NotAllowed) else "not-signed-in")
                return
            except Exception:
                log.exception("live.unchecked")
                listener.end("unavailable")
                return

    def _goodbye(self, reason: str) -> bytes:
        if not reason:
            return b""
        data = {"reason": reason, "detail": self._detail or _WORDS.get(reason, "")}
        return b"event: end\ndata: " + orjson.dumps(data) + b"\n\n"


async def _write(listener: Listener, send: Send) -> None:
    await send(_chunk(b"retry: %d\n\n" % RETRY))
    while not listener.ended:
        try:
            async with asyncio.timeout(HEARTBEAT):
                await listener.wait()
        except TimeoutError:
            # The id as well: a client that hears nothing for hours has still missed nothing.
            await send(_chunk(b": still here\nid: %s\n\n" % str(listener.mark or "").encode()))
            continue
        lines = []
        for mark, parcel in listener.take():
            event = b"" if mark is None else b"id: %s\n" % str(mark).encode()
            lines.append(b"%sevent: %s\ndata: %s\n\n" % (event, parcel.key[0].encode(), parcel.body or b"{}"))
        if lines:
            await send(_chunk(b"".join(lines)))


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _chunk(body: bytes, *, more: bool = True) -> dict[str, object]:
    return {"type": "http.response.body", "body": body, "more_body": more}
