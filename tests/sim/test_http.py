"""The little HTTP server keeps to HTTP."""

import asyncio
import json
import re
import socket
import sys
import time

import pytest

from clarion.sim.ledger import Entry, Outcome
from tests.sim.talk import FROM, NUMBER, order_update, person, talking


async def _exchange(url: str, raw: bytes, *, pieces: int = 1) -> bytes:
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for i in range(pieces):
        writer.write(raw[i * len(raw) // pieces : (i + 1) * len(raw) // pieces])
        await writer.drain()
        await asyncio.sleep(0.001)
    answer = await asyncio.wait_for(reader.read(), 2)
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_request_may_come_byte_by_byte() -> None:
    async with talking() as talk:
        raw = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        answer = await _exchange(talk.sim.url, raw, pieces=len(raw))
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert answer.endswith(b'{"status":"ok"}')


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with talking() as talk:
        get = b"GET %s HTTP/1.1\r\nHost: a\r\n%s\r\n"
        raw = (
            get % (b"/healthz", b"")
            + get % (b"/nowhere", b"")
            + get % (b"/healthz", b"Connection: close\r\n")
        )
        answer = await _exchange(talk.sim.url, raw)
        assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"404", b"200"]


async def test_what_is_no_http_is_refused() -> None:
    async with talking() as talk:
        assert (await _exchange(talk.sim.url, b"HELLO\r\n\r\n")).startswith(b"HTTP/1.1 400 ")


async def test_a_body_may_be_announced_with_expect() -> None:
    async with talking() as talk:
        raw = b"POST /_sim/token HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
        answer = await _exchange(talk.sim.url, raw)
        assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 422 ")


async def test_a_client_that_leaves_before_its_answer_frees_its_place() -> None:
    async with talking(latency={"kind": "fixed", "fixed_ms": 10_000}, twilio={"concurrency": 1}) as talk:
        for _ in range(2):
            try:
                await asyncio.wait_for(talk.twilio(To=person(1), From=FROM, Body="Hi"), 0.1)
            except TimeoutError:
                await asyncio.sleep(0.05)
        assert (await talk.total())["accepted"] == 2


async def test_a_hundred_connections_at_once_are_served() -> None:
    async with talking(latency={"kind": "fixed", "fixed_ms": 50}) as talk:
        replies = await asyncio.gather(*(talk.whatsapp(order_update(person(n))) for n in range(100)))
        assert {reply.status for reply in replies} == {200}
        assert (await talk.total())["distinct_recipients"] == 100


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels keep no timestamps for TCP")
async def test_an_arrival_is_stamped_right_even_when_the_simulator_is_busy() -> None:
    async with talking() as talk:
        await asyncio.sleep(0.1)  # the kernel begins to stamp a moment after it is first asked
        host, port = talk.sim.url.removeprefix("http://").split(":")
        body = json.dumps(order_update(person(1))).encode()
        head = (
            f"POST /v25.0/{NUMBER}/messages HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer sim-token\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection((host, int(port))) as client:
            client.sendall(head.encode() + body)
            sent = time.monotonic_ns()
            time.sleep(0.3)
            await asyncio.sleep(0.1)
            assert client.recv(100).startswith(b"HTTP/1.1 200")
        (row,) = await talk.ledger()
        assert abs(row["mono_ns"] - sent) < 50_000_000


async def test_a_long_answer_waits_for_a_slow_reader() -> None:
    async with talking() as talk:
        for n in range(1, 20_001):
            entry = Entry(
                n, "whatsapp", NUMBER, person(n), f"attempt-{n}", n, Outcome.ACCEPTED, provider_id=f"w{n}"
            )
            talk.sim.world.ledger.add(entry)
        host, port = talk.sim.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=4096)
        writer.write(b"GET /_sim/ledger HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        await asyncio.sleep(0.3)
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()
        await writer.wait_closed()
        assert answer.count(b'"seq":') == 20_000
        assert answer.endswith(b"0\r\n\r\n")
