"""The client for asyncio: the same as sync.py, on aiohttp."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Generic, Self, TypeVar, cast

import aiohttp

from clarion.client import calls
from clarion.client.calls import Answer, Call, M, Retries
from clarion.client.errors import NoAnswer, ProblemError
from clarion.client.events import SILENCE, Event, Reader, Reconnect
from clarion.client.pages import Page
from clarion.client.values import UNSET

T = TypeVar("T")

_BROKEN = (aiohttp.ClientError, TimeoutError)
_UNSENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""Errors after which the server has certainly heard nothing."""
_CHUNK = 64 * 1024


class AsyncPages(Generic[T]):
    """A list that is asked for page by page: `async for message in client.list_messages(): ...`."""

    def __init__(self, ask: Callable[[str | None], Awaitable[Page[T]]], cursor: str | None) -> None:
        self._ask, self._cursor = ask, cursor

    async def __aiter__(self) -> AsyncIterator[T]:
        cursor: str | None = self._cursor
        while True:
            page = await self._ask(cursor)
            for each in page.items:
                yield each
            cursor = page.next_cursor
            if cursor is None:
                return

    async def page(self) -> Page[T]:
        """Only the first page, with the cursor of the next one."""
        return await self._ask(self._cursor)


class AsyncDownload:
    """A file that is asked for when you `read` it, `save` it or iterate over its bytes."""

    def __init__(self, begin: Callable[[], Awaitable[aiohttp.ClientResponse]]) -> None:
        self._begin = begin

    async def __aiter__(self) -> AsyncIterator[bytes]:
        answer = await self._begin()
        try:
            async for chunk in answer.content.iter_chunked(_CHUNK):
                yield chunk
        except _BROKEN as error:
            raise NoAnswer(f"The download broke: {error!r}") from error
        finally:
            answer.close()

    async def read(self) -> bytes:
        """All of it."""
        return b"".join([chunk async for chunk in self])

    async def save(self, path: Path | str) -> None:
        """Write it to a file."""
        file = await asyncio.to_thread(Path(path).open, "wb")
        with file:
            async for chunk in self:
                file.write(chunk)  # goes into the system's memory: never long


class AsyncBase:
    """What every operation is made with. `url` as in `https://clarion.example.org`; `key` an API key.

    `timeout` in seconds: for a connection, and for each silence of the server. `retries`: see `Retries`; what
    is asked again is done once, because every POST brings an Idempotency-Key.
    """

    def __init__(self, url: str, key: str, *, timeout: float = 30.0, retries: Retries | None = None) -> None:
        self._url, self._key = url.rstrip("/").removesuffix(calls.API), key
        self._retries = retries or Retries()
        self._timeout = timeout
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = UNSET,
        query: Mapping[str, Any] | None = None,
        content: calls.Source | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Any request: `await client.request("POST", "/campaigns/cmp_42/pause")`. Raises ProblemError, NoAnswer.

        A path is below /api/v1 unless it begins with /api. A POST whose connection broke is sent again only with
        an `idempotency_key` of yours.
        """
        call = Call(
            method,
            path,
            query=query or {},
            json=json,
            content=content,
            headers=headers or {},
            key=idempotency_key,
            once=idempotency_key is not None,
        )
        return await self._ask(call)

    async def live(self, topics: str | None = None, *, since: str = "") -> AsyncIterator[Event]:
        """What happens, as it happens, for as long as you iterate: connections that break are made again.

        `topics`: `campaigns`, `runs`, `inbox`, `engine`, `campaign:cmp_42`, `run:run_7`, separated by commas;
        without it, everything that the key may read. `since`: the id of the last event you have seen. Raises
        StreamEnded when the key may not listen any more, ProblemError when it never might.
        """
        reader, tries, first = Reader(since), 0, True

        def begin(call: Call) -> Coroutine[Any, Any, aiohttp.ClientResponse]:
            return self._again(call, lambda: self._open(call, silence=SILENCE))

        while True:
            call = Call("GET", "/live", {"topics": topics}, headers={"Last-Event-ID": reader.last_id or None})
            answer: aiohttp.ClientResponse | None = None
            try:
                # Whoever begins wants to know that it does not work; later, only that it goes on.
                answer = await (begin(call) if first else self._open(call, silence=SILENCE))
                first = False
                reader.begin()
                async for chunk in answer.content.iter_any():
                    tries = 0
                    for event in reader.feed(chunk):
                        yield event
            except (Reconnect, *_BROKEN):
                pass
            except ProblemError as refusal:
                if first or refusal.status not in (429, 500, 502, 503, 504):
                    raise
            finally:
                if answer is not None:
                    answer.close()
            await asyncio.sleep(min(reader.retry * 2 ** min(tries, 4), self._retries.longest))
            tries += 1

    async def _one(self, kind: type[M], call: Call) -> M:
        return calls.one(kind, await self._ask(call))

    async def _value(self, kind: Any, call: Call) -> Any:
        return calls.value(kind, await self._ask(call))

    async def _none(self, call: Call) -> None:
        await self._ask(call)

    def _pages(self, kind: Any, call: Call) -> AsyncPages[Any]:
        async def ask(cursor: str | None) -> Page[Any]:
            query = {**call.query, **({"cursor": cursor} if cursor is not None else {})}
            answer = await self._ask(Call(call.method, call.path, query, headers=call.headers))
            return cast("Page[Any]", calls.value(Page[kind], answer))

        begin = call.query.get("cursor")
        return AsyncPages(ask, begin if isinstance(begin, str) else None)

    def _download(self, call: Call) -> AsyncDownload:
        return AsyncDownload(lambda: self._again(call, lambda: self._open(call)))

    async def _ask(self, call: Call) -> Answer:
        async def once() -> Answer:
            async with await self._send(call) as answer:
                return calls.read(answer.status, answer.headers, await answer.read())

        return await self._again(call, once)

    async def _again(self, call: Call, once: Callable[[], Awaitable[T]]) -> T:
        """Ask, and ask again where that is safe and may help."""
        tries = 0
        while True:
            tries += 1
            try:
                return await once()
            except ProblemError as refusal:
                wait = self._retries.after_refusal(tries, refusal.status, refusal.retry_after)
                if wait is None:
                    raise
            except _BROKEN as error:
                wait = self._retries.after_silence(tries, call, sent=not isinstance(error, _UNSENT))
                if wait is None:
                    raise NoAnswer(f"{call.method} {self._url}{call.path}: {error!r}") from error
            await asyncio.sleep(wait)

    async def _open(self, call: Call, *, silence: float | None = None) -> aiohttp.ClientResponse:
        """An answer whose body is still to come. Raises ProblemError."""
        answer = await self._send(call, silence=silence)
        if answer.status >= 300:
            async with answer:
                calls.read(answer.status, answer.headers, await answer.read())
        return answer

    async def _send(self, call: Call, *, silence: float | None = None) -> aiohttp.ClientResponse:
        if self._http is None:
            self._http = aiohttp.ClientSession()
            # It would send a PUT or DELETE again by itself: here it is `Retries` that decides.
            self._http._retry_connection = False
        headers = call.sent_headers(self._key)
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=self._timeout, sock_read=silence or self._timeout
        )
        with calls.opened(call) as body:
            return await self._http.request(
                call.method,
                f"{self._url}{call.target}",
                data=body,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            )
