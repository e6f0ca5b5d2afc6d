"""The client for programs that wait: connections, retries, pages, downloads, live events."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, Self, TypeVar, cast

import urllib3

from clarion.client import calls
from clarion.client.calls import Answer, Call, M, Retries
from clarion.client.errors import NoAnswer, ProblemError
from clarion.client.events import SILENCE, Event, Reader, Reconnect
from clarion.client.pages import Page
from clarion.client.values import UNSET

T = TypeVar("T")

_UNSENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NameResolutionError,
)
"""Errors after which the server has certainly heard nothing."""
_CHUNK = 64 * 1024


class Pages(Generic[T]):
    """A list that is asked for page by page while you iterate: `for message in client.list_messages(): ...`."""

    def __init__(self, ask: Callable[[str | None], Page[T]], cursor: str | None) -> None:
        self._ask, self._cursor = ask, cursor

    def __iter__(self) -> Iterator[T]:
        page = self._ask(self._cursor)
        yield from page.items
        while page.next_cursor is not None:
            page = self._ask(page.next_cursor)
            yield from page.items

    def page(self) -> Page[T]:
        """Only the first page, with the cursor of the next one."""
        return self._ask(self._cursor)


class Download:
    """A file on its way: iterate over its bytes, `read` them, or `save` them. Close it, or use it in a `with`."""

    def __init__(self, answer: urllib3.BaseHTTPResponse) -> None:
        self._answer = answer
        self.headers: Mapping[str, str] = answer.headers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._answer.stream(_CHUNK)
        except urllib3.exceptions.HTTPError as error:
            raise NoAnswer(f"The download broke: {error}") from error
        finally:
            self.close()

    def read(self) -> bytes:
        """All of it."""
        return b"".join(self)

    def save(self, path: Path | str) -> None:
        """Write it to a file."""
        with Path(path).open("wb") as file:
            file.writelines(self)

    def close(self) -> None:
        """End it; what was not read is lost."""
        self._answer.close()


class SyncBase:
    """What every operation is made with. `url` as in `https://clarion.example.org`; `key` an API key.

    `timeout` in seconds: for a connection, and for each silence of the server. `retries`: see `Retries`; what
    is asked again is done once, because every POST brings an Idempotency-Key.
    """

    def __init__(self, url: str, key: str, *, timeout: float = 30.0, retries: Retries | None = None) -> None:
        self._url, self._key = url.rstrip("/").removesuffix(calls.API), key
        self._retries = retries or Retries()
        self._timeout = timeout
        self._http = urllib3.PoolManager(retries=False, maxsize=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.clear()

    def request(
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
        """Any request: `client.request("POST", "/campaigns/cmp_42/pause")`. Raises ProblemError, NoAnswer.

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
        return self._ask(call)

    def live(self, topics: str | None = None, *, since: str = "") -> Iterator[Event]:
        """What happens, as it happens, for as long as you iterate: connections that break are made again.

        `topics`: `campaigns`, `runs`, `inbox`, `engine`, `campaign:cmp_42`, `run:run_7`, separated by commas;
        without it, everything that the key may read. `since`: the id of the last event you have seen. Raises
        StreamEnded when the key may not listen any more, ProblemError when it never might.
        """
        reader, tries, first = Reader(since), 0, True

        def begin(call: Call) -> urllib3.BaseHTTPResponse:
            return self._again(call, lambda: self._open(call, silence=SILENCE))

        while True:
            call = Call("GET", "/live", {"topics": topics}, headers={"Last-Event-ID": reader.last_id or None})
            answer: urllib3.BaseHTTPResponse | None = None
            try:
                # Whoever begins wants to know that it does not work; later, only that it goes on.
                answer = begin(call) if first else self._open(call, silence=SILENCE)
                first = False
                reader.begin()
                for chunk in answer.stream(_CHUNK):
                    tries = 0
                    yield from reader.feed(chunk)
            except (Reconnect, urllib3.exceptions.HTTPError):
                pass
            except ProblemError as refusal:
                if first or refusal.status not in (429, 500, 502, 503, 504):
                    raise
            finally:
                if answer is not None:
                    answer.close()
            time.sleep(min(reader.retry * 2 ** min(tries, 4), self._retries.longest))
            tries += 1

    def _one(self, kind: type[M], call: Call) -> M:
        return calls.one(kind, self._ask(call))

    def _value(self, kind: Any, call: Call) -> Any:
        return calls.value(kind, self._ask(call))

    def _none(self, call: Call) -> None:
        self._ask(call)

    def _pages(self, kind: Any, call: Call) -> Pages[Any]:
        def ask(cursor: str | None) -> Page[Any]:
            query = {**call.query, **({"cursor": cursor} if cursor is not None else {})}
            answer = self._ask(Call(call.method, call.path, query, headers=call.headers))
            return cast("Page[Any]", calls.value(Page[kind], answer))

        begin = call.query.get("cursor")
        return Pages(ask, begin if isinstance(begin, str) else None)

    def _download(self, call: Call) -> Download:
        return Download(self._again(call, lambda: self._open(call)))

    def _ask(self, call: Call) -> Answer:
        def once() -> Answer:
            answer = self._send(call)
            return calls.read(answer.status, answer.headers, answer.data)

        return self._again(call, once)

    def _again(self, call: Call, once: Callable[[], T]) -> T:
        """Ask, and ask again where that is safe and may help."""
        tries = 0
        while True:
            tries += 1
            try:
                return once()
            except ProblemError as refusal:
                wait = self._retries.after_refusal(tries, refusal.status, refusal.retry_after)
                if wait is None:
                    raise
            except urllib3.exceptions.HTTPError as error:
                wait = self._retries.after_silence(tries, call, sent=not isinstance(error, _UNSENT))
                if wait is None:
                    raise NoAnswer(f"{call.method} {self._url}{call.path}: {error}") from error
            time.sleep(wait)

    def _open(self, call: Call, *, silence: float | None = None) -> urllib3.BaseHTTPResponse:
        """An answer whose body is still to come. Raises ProblemError."""
        answer = self._send(call, whole=False, silence=silence)
        if answer.status >= 300:
            calls.read(answer.status, answer.headers, answer.data)
        return answer

    def _send(
        self, call: Call, *, whole: bool = True, silence: float | None = None
    ) -> urllib3.BaseHTTPResponse:
        headers = call.sent_headers(self._key)
        timeout = urllib3.Timeout(connect=self._timeout, read=silence or self._timeout)
        with calls.opened(call) as body:
            return self._http.request(
                call.method,
                f"{self._url}{call.target}",
                body=body,
                headers=headers,
                timeout=timeout,
                redirect=False,
                preload_content=whole,
            )
