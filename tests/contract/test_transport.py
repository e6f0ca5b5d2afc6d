"""Was the POST possibly delivered? Every way to fail, on real sockets, with the POSTs counted."""

import asyncio
import gzip
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from yarl import URL

from clarion.providers.transport import (
    LARGEST_ANSWER,
    MICROS,
    Answer,
    MaybeDelivered,
    NotDelivered,
    Timeouts,
    Transport,
    headers_of,
)
from tests.contract.servers import (
    Server,
    after,
    answer,
    in_turn,
    reset,
    silence,
    write,
    write_and_close,
)

HEADERS = headers_of(("Authorization", "Bearer example"))
QUICK = Timeouts(connect=MICROS // 4, read=MICROS // 2, total=MICROS)


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport(QUICK) as made:
        yield made


async def post(transport: Transport, server: Server, body: bytes = b"{}") -> Answer:
    return await transport.post(URL(f"{server.url}/send"), headers=HEADERS, body=body)


async def test_a_complete_answer_comes_back_with_status_headers_and_bytes(transport: Transport) -> None:
    async with Server(answer(429, b"\xff{", headers={"Retry-After": "7"})) as server:
        got = await post(transport, server, b'{"a":1}')
    assert (got.status, got.headers["retry-after"], got.body) == (429, "7", b"\xff{")
    assert server.requests[0].body == b'{"a":1}'


async def test_only_our_own_headers_travel(transport: Transport) -> None:
    async with Server(answer(200)) as server:
        await post(transport, server)
    assert server.requests[0].headers == {
        "host": f"127.0.0.1:{server.port}",
        "accept-encoding": "identity",
        "authorization": "Bearer example",
        "content-length": "2",
    }


async def test_an_answer_in_many_pieces_is_put_together(transport: Transport) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with Server(write(head + b'2\r\n{"\r\n2\r\na"\r\n4\r\n:1}\n\r\n0\r\n\r\n')) as server:
        assert (await post(transport, server)).body == b'{"a":1}\n'


async def test_a_refused_connection_was_not_sent(transport: Transport) -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        url = URL(f"http://127.0.0.1:{free.getsockname()[1]}/send")
        with pytest.raises(NotDelivered) as failed:
            await transport.post(url, headers=HEADERS, body=b"{}")
    assert failed.value.code == "connect"


def test_an_unknown_name_was_not_sent() -> None:
    # In a process of its own, because these tests may look up no names; .invalid never exists (RFC 6761).
    script = """
import asyncio
from yarl import URL
from clarion.providers.transport import NotDelivered, Transport
async def main():
    async with Transport() as transport:
        try:
            await transport.post(URL("http://provider.invalid/"), headers={}, body=b"{}")
        except NotDelivered as error:
            print(error.code)
asyncio.run(main())
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.strip() in (
        "dns",
        "timeout",
    )  # a machine without any name server waits for the time-out


async def test_a_connection_that_is_never_made_was_not_sent(transport: Transport) -> None:
    with ExitStack() as stack:
        full = stack.enter_context(closing(socket.socket()))
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):  # nobody accepts: once the backlog is full, connecting hangs
            waiting = stack.enter_context(closing(socket.socket()))
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        with pytest.raises(NotDelivered) as failed:
            await transport.post(
                URL(f"http://127.0.0.1:{full.getsockname()[1]}/"), headers=HEADERS, body=b"{}"
            )
    assert failed.value.code == "timeout"


async def test_no_free_connection_was_not_sent() -> None:
    async with Transport(QUICK, connections=1) as transport, Server(silence) as server:
        first = asyncio.create_task(post(transport, server))
        await server.arrived.wait()
        with pytest.raises(NotDelivered) as failed:
            await post(transport, server)
        assert failed.value.code == "timeout"
        with pytest.raises(MaybeDelivered):
            await first
    assert server.posts == 1


async def test_a_server_without_tls_was_not_sent(transport: Transport) -> None:
    async with Server(write_and_close(b"HTTP/1.1 400 Bad\r\n\r\n"), reads="nothing") as server:
        with pytest.raises(NotDelivered):
            await transport.post(URL(f"https://127.0.0.1:{server.port}/"), headers=HEADERS, body=b"{}")
    assert server.posts == 0


@pytest.fixture
def untrusted(tmp_path: Path) -> ssl.SSLContext:
    """A server's TLS context with a certificate nobody signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    now = datetime.now(UTC)
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "server.pem"
    path.write_bytes(pem + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


async def test_a_certificate_nobody_signed_was_not_sent(
    transport: Transport, untrusted: ssl.SSLContext
) -> None:
    heard = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read())
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=untrusted)
    port = listening.sockets[0].getsockname()[1]
    with pytest.raises(NotDelivered) as failed:
        await transport.post(URL(f"https://127.0.0.1:{port}/"), headers=HEADERS, body=b"{}")
    listening.close()
    assert (failed.value.code, bytes(heard)) == ("tls", b"")


async def test_after_closing_nothing_is_sent(transport: Transport) -> None:
    await transport.close()
    async with Server(answer(200)) as server:
        with pytest.raises(NotDelivered) as failed:
            await post(transport, server)
    assert (failed.value.code, server.connections) == ("closed", 0)


async def test_a_post_that_was_read_before_the_close_may_be_sent(transport: Transport) -> None:
    async with Server(write_and_close()) as server:
        with pytest.raises(MaybeDelivered):
            await post(transport, server)
    assert server.posts == 1


async def test_no_answer_in_time_may_be_sent(transport: Transport) -> None:
    async with Server(silence) as server:
        with pytest.raises(MaybeDelivered, match="in time"):
            await post(transport, server)
    assert server.posts == 1


async def test_an_answer_that_dribbles_beyond_the_total_time_may_be_sent(transport: Transport) -> None:
    async def dribble(request: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b" ")
            await asyncio.sleep(0.1)

    async with Server(dribble) as server:
        with pytest.raises(MaybeDelivered, match="in time"):
            await post(transport, server)
    assert server.posts == 1


@pytest.mark.parametrize("reads", ["nothing", "headers", "all"])
async def test_R36_a_reset_before_in_or_after_the_body_may_be_sent(reads: str, transport: Transport) -> None:
    async with Server(after(0.05, reset), reads=reads) as server:  # type: ignore[arg-type]  # one of the three
        with pytest.raises(MaybeDelivered):
            await post(transport, server, b"x" * 1_000_000)
    assert server.posts <= 1
    assert server.connections == 1


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(b'HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{"mess', id="half a JSON"),
        pytest.param(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"m', id="half a chunk"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="half the headers"),
        pytest.param(b"SSH-2.0-OpenSSH_9\r\n", id="not HTTP"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", id="wrong length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", id="endless header"),
    ],
)
async def test_R36_half_an_answer_may_be_sent(written: bytes, transport: Transport) -> None:
    async with Server(write_and_close(written)) as server:
        with pytest.raises(MaybeDelivered):
            await post(transport, server)
    assert server.posts == 1


async def test_an_idle_connection_the_server_closes_on_use_costs_no_second_post(transport: Transport) -> None:
    async with Server(in_turn(answer(200), write_and_close())) as server:
        await post(transport, server)
        with pytest.raises(MaybeDelivered):
            await post(transport, server)
    assert (server.posts, server.connections) == (2, 1)


async def test_a_connection_the_server_closed_while_idle_is_not_used_again(transport: Transport) -> None:
    closing_answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    async with Server(write_and_close(closing_answer)) as server:
        await post(transport, server)
        await asyncio.sleep(0.1)
        await post(transport, server)
    assert (server.posts, server.connections) == (2, 2)


async def test_half_an_answer_never_reaches_the_next_request(transport: Transport) -> None:
    half = b'HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{"mess'
    async with Server(in_turn(write(half), answer(200, b"whole"))) as server:
        with pytest.raises(MaybeDelivered):
            await post(transport, server)
        assert (await post(transport, server)).body == b"whole"
    assert server.connections == 2


async def test_connections_are_used_again(transport: Transport) -> None:
    async with Server(answer(200, b"{}")) as server:
        for _ in range(5):
            await post(transport, server)
    assert (server.posts, server.connections) == (5, 1)


async def test_idle_connections_are_closed_before_the_provider_would() -> None:
    async with Transport(QUICK, keep_alive=MICROS // 20) as transport, Server(answer(200)) as server:
        await post(transport, server)
        await asyncio.sleep(0.2)
        await post(transport, server)
    assert server.connections == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_answers_and_are_not_followed(status: int, transport: Transport) -> None:
    async with Server(answer(status, headers={"Location": "/elsewhere"})) as server:
        assert (await post(transport, server)).status == status
    assert [request.path for request in server.requests] == ["/send"]


async def test_cookies_are_not_kept(transport: Transport) -> None:
    async with Server(answer(200, headers={"Set-Cookie": "a=b; Path=/"})) as server:
        await post(transport, server)
        await post(transport, server)
    assert "cookie" not in server.requests[1].headers


async def test_proxy_settings_of_the_environment_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with Transport(QUICK) as transport, Server(answer(200)) as server:
        await post(transport, server)
    assert server.posts == 1


async def test_packed_answers_are_not_unpacked(transport: Transport) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    async with Server(answer(200, bomb, headers={"Content-Encoding": "gzip"})) as server:
        assert (await post(transport, server)).body == bomb


async def test_an_answer_that_is_too_large_is_given_up(transport: Transport) -> None:
    async with Server(answer(200, b"x" * (2 * LARGEST_ANSWER))) as server:
        with pytest.raises(MaybeDelivered, match="more than"):
            await post(transport, server)


async def test_a_cancelled_request_frees_its_connection() -> None:
    async with Transport(QUICK, connections=1) as transport, Server(in_turn(silence, answer(200))) as server:
        task = asyncio.create_task(post(transport, server))
        await server.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await post(transport, server)).status == 200


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\x00", "ä"])
def test_a_header_value_that_would_break_out_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="Authorization"):
        headers_of(("Authorization", value))


def test_a_connect_timeout_that_would_prove_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        Timeouts(connect=30 * MICROS, total=30 * MICROS)
