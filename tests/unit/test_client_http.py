"""Both clients against a server that breaks off, refuses, and sends pages, files and events."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from clarion.client import AsyncClient, Client, NoAnswer, ProblemError, Retries, StreamEnded

Reply = Callable[[BaseHTTPRequestHandler], None]
QUICK = Retries(most=3, longest=0.01)
KEY: dict[str, Any] = {
    "id": "key_1", "name": "n", "hint": "h", "scopes": [], "made_by": None, "created_at": None,
    "expires_at": None, "used_at": None, "revoked_at": None,
}  # fmt: skip


class Fake:
    """A server on 127.0.0.1 that gives these replies, the last one for ever, and remembers what it was asked."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.close_connection = True
                self.raw_requestline = self.rfile.readline()
                if not self.raw_requestline or not self.parse_request():
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.headers.get("Transfer-Encoding") == "chunked":
                    while size := int(self.rfile.readline(), 16):
                        body += self.rfile.read(size)
                        self.rfile.readline()
                headers = {name.lower(): value for name, value in self.headers.items()}
                fake.asked.append((f"{self.command} {self.path}", headers, body))
                (fake.replies.pop(0) if len(fake.replies) > 1 else fake.replies[0])(self)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def fake() -> Iterator[Fake]:
    server = Fake()
    yield server
    server.close()


def answer(status: int, data: Any, **headers: str) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        handler.send_response(status)
        kind = "text/csv" if isinstance(data, bytes) else "application/json"
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def breaks(handler: BaseHTTPRequestHandler) -> None:
    """Hear the request, and say nothing."""
    handler.connection.shutdown(socket.SHUT_RDWR)


def stream(text: str) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(text.encode())

    return reply


Ask = Callable[[str, Callable[[Any], Any]], Any]


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Do something with a client of either kind: the same words, awaited where they must be."""

    def sync(url: str, work: Callable[[Any], Any]) -> Any:
        with Client(url, "clr_live_x", timeout=5, retries=QUICK) as client:
            return work(client)

    def aio(url: str, work: Callable[[Any], Any]) -> Any:
        async def run() -> Any:
            async with AsyncClient(url, "clr_live_x", timeout=5, retries=QUICK) as client:
                found = work(client)
                if hasattr(found, "__aiter__"):
                    return [each async for each in found]
                return await found

        return asyncio.run(run())

    return sync if request.param == "sync" else aio


def listed(found: Any) -> Any:
    return found if hasattr(found, "__aiter__") else list(found)


def test_a_post_is_asked_again_with_the_same_key_after_the_connection_broke(fake: Fake, ask: Ask) -> None:
    fake.replies = [
        breaks,
        breaks,
        answer(201, {"id": "lst_1", "name": "n", "members": 0, "created_at": None}),
    ]
    made = ask(fake.url, lambda client: client.create_list(name="n"))
    assert (made.id, made.members) == ("lst_1", 0)
    assert [line for line, _, _ in fake.asked] == ["POST /api/v1/lists"] * 3
    assert len({headers["idempotency-key"] for _, headers, _ in fake.asked}) == 1
    assert {body for _, _, body in fake.asked} == {b'{"name":"n"}'}


def test_what_might_be_done_twice_is_not_asked_again(fake: Fake, ask: Ask) -> None:
    fake.replies = [breaks]
    for work in (
        lambda client: client.set_sender_rate("snd_1", rate=5),
        lambda client: client.revoke_key("key_1"),
        lambda client: client.create_key(name="n", scopes=["keys:read"]),
        lambda client: client.request("POST", "/anything", json={}),
    ):
        fake.asked.clear()
        with pytest.raises(NoAnswer):
            ask(fake.url, work)
        assert len(fake.asked) == 1


def test_a_server_that_is_not_there_is_tried_and_told(ask: Ask, fake: Fake) -> None:
    gone = Fake()
    gone.close()
    with pytest.raises(NoAnswer, match=r"GET http://127\.0\.0\.1"):
        ask(gone.url, lambda client: client.get_key("key_1"))


def test_too_many_requests_are_asked_again_when_the_server_says(fake: Fake, ask: Ask) -> None:
    busy = answer(429, {"type": "urn:clarion:problem:too-many-requests"}, Retry_After="0")
    fake.replies = [busy, busy, answer(200, KEY, ETag='"7"')]
    found = ask(fake.url, lambda client: client.get_key("key_1"))
    assert (found.id, found.etag, len(fake.asked)) == ("key_1", '"7"', 3)
    fake.replies = [busy]
    with pytest.raises(ProblemError, match="429"):
        ask(fake.url, lambda client: client.get_key("key_1"))


def test_a_list_is_read_page_by_page(fake: Fake, ask: Ask) -> None:
    entry = {"id": "ntc_1", "about": "a", "event": "e", "detail": "d", "created_at": None}
    first = {"items": [entry, {**entry, "id": "ntc_2"}], "next_cursor": "abc"}
    fake.replies = [
        answer(200, first),
        answer(200, {"items": [{**entry, "id": "ntc_3"}], "next_cursor": None}),
    ]
    found = ask(fake.url, lambda client: listed(client.list_notices()))
    assert [each.id for each in found] == ["ntc_1", "ntc_2", "ntc_3"]
    assert [line for line, _, _ in fake.asked] == [
        "GET /api/v1/engine/notices?limit=100",
        "GET /api/v1/engine/notices?limit=100&cursor=abc",
    ]


def test_files_go_up_and_come_down_as_they_are(fake: Fake, ask: Ask, tmp_path: Path) -> None:
    rows = b"phone,name\n" + b"+447700900001,Ana\n" * 20_000
    (tmp_path / "people.csv").write_bytes(rows)
    fake.replies = [answer(201, {"id": "upl_1", "name": "n", "size": 1, "sha256": "x", "created_at": None})]
    contents: list[Any] = [rows, BytesIO(rows), tmp_path / "people.csv"]
    for content in contents:
        made = ask(fake.url, lambda client: client.create_upload(content, name="p q.csv"))  # noqa: B023  # at once
        assert made.id == "upl_1"
        line, headers, body = fake.asked[-1]
        assert line == "POST /api/v1/uploads?name=p+q.csv"
        assert headers["content-type"] == "application/octet-stream"
        assert body == rows
    fake.replies = [answer(200, rows)]
    assert ask(fake.url, lambda client: client.export_rejects("imp_1").read()) == rows
    ask(fake.url, lambda client: client.export_rejects("imp_1").save(tmp_path / "back.csv"))
    assert (tmp_path / "back.csv").read_bytes() == rows
    fake.replies = [answer(404, {"type": "urn:clarion:problem:not-found", "title": "Not found"})]
    with pytest.raises(ProblemError, match="404 Not found"):
        ask(fake.url, lambda client: client.export_rejects("imp_1").read())


def test_events_go_on_over_connections_until_the_right_ends(fake: Fake, ask: Ask) -> None:
    event = 'id: {0}-1\nevent: engine\ndata: {{"waiting": {0}, "due": 0, "lag_s": 0, "workers": 1}}\n\n'
    fake.replies = [
        stream("retry: 1\n\n" + event.format(1)),  # the connection breaks
        answer(503, {}),
        stream(event.format(2) + 'event: end\ndata: {"reason": "stopping"}\n\n'),
        stream(event.format(3) + 'event: end\ndata: {"reason": "not-signed-in", "detail": "revoked"}\n\n'),
    ]
    seen: list[Any] = []

    def work(client: Any) -> Any:
        found = client.live("engine", since="0-1")
        if not hasattr(found, "__aiter__"):
            for each in found:
                seen.append(each)  # noqa: PERF402  # it ends by raising, and what came before is asked for
            return None

        async def run() -> None:
            async for each in found:
                seen.append(each)  # noqa: PERF401  # as above

        return run()

    with pytest.raises(StreamEnded) as ended:
        ask(fake.url, work)
    assert ended.value.reason == "not-signed-in"
    assert [each.data.waiting for each in seen] == [1, 2, 3]
    assert {line for line, _, _ in fake.asked} == {"GET /api/v1/live?topics=engine"}
    assert [headers["last-event-id"] for _, headers, _ in fake.asked] == ["0-1", "1-1", "1-1", "2-1"]


def test_whoever_may_not_listen_is_told_at_once(fake: Fake, ask: Ask) -> None:
    fake.replies = [answer(403, {"type": "urn:clarion:problem:not-allowed", "title": "Not allowed"})]
    with pytest.raises(ProblemError, match="403 Not allowed"):
        ask(fake.url, lambda client: listed(client.live()))
    assert len(fake.asked) == 1
