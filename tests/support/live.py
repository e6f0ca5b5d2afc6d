"""Server-sent events as a client reads them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson


@dataclass(slots=True)
class Event:
    """One event; `id` is the newest id the stream gave, as browsers remember it."""

    name: str
    data: Any
    id: str


class Stream:
    """An open stream."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer, self.id = answer, ""
        self.lines: list[str] = []

    async def next(self, *, seconds: float = 10) -> Event | None:
        """The next event; None once the stream has ended."""
        name, data = "", ""
        async with asyncio.timeout(seconds):
            while True:
                line = (await self.answer.content.readline()).decode()
                if not line:
                    return None
                self.lines.append(line)
                field, _, value = line.rstrip("\n").partition(": ")
                match field:
                    case "event":
                        name = value
                    case "data":
                        data = value
                    case "id":
                        self.id = value
                    case "" if data:
                        return Event(name, orjson.loads(data), self.id)

    async def until(self, wanted: Callable[[Event], bool], *, seconds: float = 10) -> list[Event]:
        """Events up to the first that is wanted, that one last."""
        found: list[Event] = []
        async with asyncio.timeout(seconds):
            while not found or not wanted(found[-1]):
                event = await self.next(seconds=seconds)
                assert event is not None, f"the stream ended after {found}"
                found.append(event)
        return found


@asynccontextmanager
async def listen(
    http: aiohttp.ClientSession, url: str, key: str, *, since: str = "", **query: str
) -> AsyncIterator[Stream]:
    """A stream of `url` (that of the API), which must open."""
    headers = {"Authorization": f"Bearer {key}", **({"Last-Event-ID": since} if since else {})}
    async with http.get(f"{url}/live", headers=headers, params=query) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield Stream(answer)
