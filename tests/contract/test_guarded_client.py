"""R21 to R24: where an author's request may go, and what an answer may do, on real sockets."""

import asyncio
import gzip
import ssl
import time
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from clarion.domain.addresses import Allowed
from clarion.net.client import (
    LARGEST_ANSWER,
    Answer,
    GuardedClient,
    NotSent,
    Refused,
    Result,
    Unknown,
)
from clarion.net.guard import Forbidden, Guard
from tests.contract.servers import (
    Act,
    Server,
    answer,
    by_path,
    in_turn,
    reset,
    silence,
    write,
    write_and_close,
)

QUICK = 500_000
HERE = Allowed.parse(["127.0.0.1"])
OK = answer(200, b"ok")


class Names:
    """Addresses by name, and how often each was asked for. A list of lists is given out in turn."""

    def __init__(self, **found: Sequence[str] | list[list[str]]) -> None:
        self._found = found
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        found = self._found.get(host.partition(".")[0])
        if not found:
            raise OSError("Name or service not known")
        if isinstance(found[0], list):
            return found.pop(0)  # type: ignore[union-attr]
        return found  # type: ignore[return-value]


def client_for(*servers: Server, allowed: Allowed = HERE, **values: object) -> GuardedClient:
    """A client that may reach the servers' ports."""
    given: dict[str, object] = {"ports": [server.port for server in servers], "timeout": QUICK, **values}
    return GuardedClient(allowed, **given)  # type: ignore[arg-type]


async def ask(act: Act, *, method: str = "GET", path: str = "/", **values: object) -> Result:
    """What one request to a server that does `act` ends in."""
    async with Server(act) as server, client_for(server) as client:
        return await client.request(method, server.url + path, **values)  # type: ignore[arg-type]


async def test_an_answer_comes_back_with_status_headers_and_text() -> None:
    got = await ask(answer(418, "é\0!".encode(), headers={"Retry-After": "7"}))
    assert isinstance(got, Answer)
    assert (got.status, got.headers["retry-after"], got.text, got.problem) == (418, "7", "é!", "")


async def test_a_request_travels_with_the_authors_headers_and_a_key() -> None:
    async with Server(OK) as server, client_for(server) as client:
        await client.request(
            "post", f"{server.url}/a?b=%26", {"X-Key": " s3 "}, '{"é":1}', idempotency_key="7:1:n"
        )
    (sent,) = server.requests
    assert (sent.method, sent.target, sent.body) == ("POST", "/a?b=%26", '{"é":1}'.encode())
    assert sent.headers.pop("user-agent").startswith("Clarion/")  # type: ignore[attr-defined]
    assert sent.headers == {
        "host": f"127.0.0.1:{server.port}",
        "x-key": "s3",
        "idempotency-key": "7:1:n",
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "close",
        "content-length": "8",
    }


async def test_an_idempotency_key_of_the_author_is_kept() -> None:
    async with Server(OK) as server, client_for(server) as client:
        await client.request("POST", server.url, {"idempotency-key": "order 9"}, idempotency_key="7:1:n")
    assert server.requests[0].headers["idempotency-key"] == "order 9"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "LocalHost.",
        "anything.localhost",
        "[::1]",
        "[::]",
        "0.0.0.0",
        "0",
        "10.1.1.1",
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "[::ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "[fe80::1%25lo]",
        "2130706433",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "127.1",
        "127.0.0.1.",
        "１２７.0.0.1",
        "①27.0.0.1",
    ],
)
async def test_R21_our_own_network_is_refused_before_connecting_in_every_spelling(host: str) -> None:
    names = Names(localhost=["127.0.0.1"])
    async with Server(OK) as server, client_for(server, allowed=Allowed(), resolve=names) as client:
        got = await client.request("GET", f"http://{host}:{server.port}/")
    assert isinstance(got, Refused)
    assert got.reason.partition(" may not be called: ")[2] == (
        "only addresses on the public internet may, written in the usual way, and what the operator names in "
        "CLARION_CALLS__ALLOW."
    )
    assert (names.asked, server.connections) == ([], 0)


async def test_R21_all_refusals_take_the_same_time() -> None:
    async with GuardedClient() as client:
        began = time.monotonic()
        for host in ("127.0.0.1", "10.1.1.1", "169.254.169.254", "localhost", "2130706433") * 20:
            assert isinstance(await client.request("GET", f"http://{host}/"), Refused)
        assert time.monotonic() - began < 1  # none of the hundred waited for a name or a connection


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://example.org/", "Only http:// and https:// can be called, not ftp://."),
        ("file:///etc/passwd", "not file://."),
        ("example.org/path", "not nothing://."),
        ("http://user:pw@example.org/", "holds a user or password"),
        ("http://user@example.org/", "holds a user or password"),
        ("http:///path", "no usable host"),
        ("http://ex%61mple.org/", "no usable host"),
        ("http://example..org/", "no usable host"),
        ("http://-example.org/", "no usable host"),
        ("http://exa\nmple.org/", "a space or a control character"),
        ("http://example.org/a b", "a space or a control character"),
        ("http://example.org\\@127.0.0.1/", "cannot be read"),
        ("http://[::1/", "cannot be read"),
        ("http://example.org:22/", "Port 22 may not be called"),
        ("https://example.org:8443/", "CLARION_CALLS__PORTS"),
        ("http://example.org:99999/", "cannot be read"),
        ("http://example.org/" + "a" * 9_000, "longer than 8,192 characters"),
    ],
)
async def test_a_url_that_is_none_of_ours_is_refused_with_the_reason(url: str, words: str) -> None:
    async with GuardedClient(resolve=Names()) as client:
        got = await client.request("GET", url)
    assert isinstance(got, Refused)
    assert words in got.reason


@pytest.mark.parametrize(
    ("method", "headers", "body", "words"),
    [
        ("CONNECT", {}, "", "'CONNECT' cannot be used"),
        ("GET /x HTTP/1.1\r\n", {}, "", "cannot be used"),
        ("POST", {"X": "a\r\nHost: b"}, "", "The header X holds a line break"),
        ("POST", {"X": "a\0"}, "", "The header X holds a line break"),
        ("POST", {"X\r\nY": "a"}, "", "cannot be the name of a header"),
        ("POST", {"": "a"}, "", "cannot be the name of a header"),
        ("POST", {"hOST": "internal"}, "", "The header hOST is set by Clarion itself"),
        ("POST", {"Content-Length": "1"}, "", "The header Content-Length is set by Clarion itself"),
        ("POST", {"Transfer-Encoding": "chunked"}, "", "is set by Clarion itself"),
        ("POST", {"X": "a" * 20_000}, "", "The headers are longer than"),
        ("POST", {"X": "\ud800"}, "", "The header X holds"),
        ("POST", {}, "\ud800", "half a character"),
    ],
)
async def test_a_request_that_would_break_out_of_its_lines_is_refused(
    method: str, headers: dict[str, str], body: str, words: str
) -> None:
    async with Server(OK) as server, client_for(server) as client:
        got = await client.request(method, server.url, headers, body)
    assert isinstance(got, Refused)
    assert words in got.reason
    assert server.connections == 0


async def test_R22_a_public_name_that_leads_to_a_private_address_is_refused() -> None:
    names = Names(
        inside=["10.0.0.7"], cloud=["169.254.169.254"], mapped=["::ffff:127.0.0.1"], me=["127.0.0.1"]
    )
    async with Server(OK) as server, client_for(server, allowed=Allowed(), resolve=names) as client:
        for name in ("inside", "cloud", "mapped", "me"):
            got = await client.request("POST", f"http://{name}.example:{server.port}/")
            assert isinstance(got, Refused)
            assert got.reason.startswith(f"{name}.example may not be called: only addresses on the public")
            assert "10.0.0.7" not in got.reason  # nobody can map our network by its refusals
    assert server.connections == 0


@pytest.mark.parametrize("addresses", [["93.184.216.34", "10.0.0.7"], ["10.0.0.7", "93.184.216.34"]])
async def test_R22_one_public_and_one_private_record_are_refused(addresses: list[str]) -> None:
    async with GuardedClient(resolve=Names(both=addresses)) as client:
        assert isinstance(await client.request("GET", "http://both.example/"), Refused)


async def test_R22_a_name_that_changes_between_two_requests_is_asked_for_and_checked_again() -> None:
    names = Names(rebound=[["127.0.0.1"], ["127.0.0.1"], ["10.0.0.7"]])  # 127.0.0.1 plays the public address
    async with Server(OK) as server, client_for(server, resolve=names) as client:
        url = f"http://rebound.example:{server.port}/"
        assert isinstance(await client.request("GET", url), Answer)
        assert len(names.asked) == 1  # what was checked is what was connected to: nobody asked twice
        assert isinstance(await client.request("GET", url), Answer)
        assert isinstance(await client.request("GET", url), Refused)
    assert (len(names.asked), server.connections) == (3, 2)


def test_R22_the_socket_itself_is_checked_last() -> None:
    guard = Guard(HERE)
    guard.socket((2, 1, 6, "", ("127.0.0.1", 80))).close()
    with pytest.raises(Forbidden):
        guard.socket((2, 1, 6, "", ("127.0.0.2", 80)))


async def test_a_host_the_operator_allows_is_reached_wherever_it_leads() -> None:
    names = Names(crm=["127.0.0.1"], other=["127.0.0.1"])
    allowed = Allowed.parse(["crm.example"])
    async with Server(OK) as server, client_for(server, allowed=allowed, resolve=names) as client:
        assert isinstance(await client.request("GET", f"http://CRM.example:{server.port}/"), Answer)
        assert isinstance(await client.request("GET", f"http://other.example:{server.port}/"), Refused)
        assert isinstance(await client.request("GET", f"http://127.0.0.1:{server.port}/"), Refused)
    assert server.requests[0].headers["host"] == f"crm.example:{server.port}"


async def test_localhost_can_be_allowed_by_name() -> None:
    allowed = Allowed.parse(["localhost"])
    async with Server(OK) as server, client_for(server, allowed=allowed) as client:
        assert isinstance(await client.request("GET", f"http://localhost:{server.port}/"), Answer)


@pytest.mark.parametrize(
    "location", ["http://10.0.0.7/", "http://inside.example/", "file:///etc/passwd", "//[::1]/"]
)
async def test_R23_a_redirect_to_where_nobody_may_go_is_refused_at_the_hop(location: str) -> None:
    act = answer(302, headers={"Location": location})
    async with Server(act) as server, client_for(server, resolve=Names(inside=["10.0.0.7"])) as client:
        got = await client.request("GET", server.url, redirects=3)
    assert isinstance(got, Refused)
    assert len(server.requests) == 1


async def test_R23_a_redirect_to_itself_ends_after_three() -> None:
    async with Server(answer(307, headers={"Location": "/"})) as server, client_for(server) as client:
        got = await client.request("GET", server.url, redirects=100)
    assert got == Refused("127.0.0.1 redirects more than 3 times.")
    assert len(server.requests) == 4


async def test_R23_redirects_are_not_followed_unless_allowed() -> None:
    got = await ask(answer(302, headers={"Location": "/next"}))
    assert isinstance(got, Answer)
    assert (got.status, got.headers["location"]) == (302, "/next")


@pytest.mark.parametrize(
    ("status", "method", "then", "body"),
    [
        (301, "POST", "GET", b""),
        (302, "POST", "GET", b""),
        (303, "POST", "GET", b""),
        (303, "PUT", "GET", b""),
        (303, "HEAD", "HEAD", b""),
        (302, "PUT", "PUT", b"{}"),
        (307, "POST", "POST", b"{}"),
        (308, "POST", "POST", b"{}"),
    ],
)
async def test_a_redirect_keeps_or_changes_the_method_as_the_rfc_says(
    status: int, method: str, then: str, body: bytes
) -> None:
    act = by_path({"/": answer(status, headers={"Location": "next?a=1"}), "/next": answer(204)})
    async with Server(act) as server, client_for(server) as client:
        sent = "" if method == "HEAD" else "{}"
        await client.request(
            method, f"{server.url}/", {"Content-Type": "text/x", "Authorization": "s3"}, sent, redirects=1
        )
    last = server.requests[-1]
    assert (last.method, last.target, last.body) == (then, "/next?a=1", body)
    assert ("content-type" in last.headers) is (then == method)
    assert last.headers["authorization"] == "s3"  # the same host


async def test_credentials_do_not_follow_to_another_host() -> None:
    async with Server(OK) as other:
        act = answer(307, headers={"Location": f"http://other.example:{other.port}/"})
        names = Names(other=["127.0.0.1"])
        async with Server(act) as server, client_for(server, other, resolve=names) as client:
            headers = {"Authorization": "s3", "X-Api-Key": "s3", "Cookie": "s3", "Content-Type": "text/x"}
            got = await client.request("POST", server.url, headers, "b", redirects=1, idempotency_key="7:1:n")
    assert isinstance(got, Answer)
    assert "s3" not in other.requests[0].headers.values()
    assert other.requests[0].headers["idempotency-key"] == "7:1:n"
    assert (other.requests[0].headers["content-type"], other.requests[0].body) == ("text/x", b"b")


async def test_a_connection_that_fails_after_a_redirect_is_not_called_unsent() -> None:
    act = answer(307, headers={"Location": "http://nowhere.example/"})
    async with Server(act) as server, client_for(server, resolve=Names()) as client:
        got = await client.request("POST", server.url, redirects=1)
    assert isinstance(got, Unknown)
    assert server.posts == 1


HEAD = b"HTTP/1.1 200 OK\r\n"


async def _endless(request: object, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Content-Length: 10737418240\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x" * 65_536)
        await writer.drain()


async def _dripping(request: object, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"Content-Length: 1000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"x")
        await asyncio.sleep(0.05)


async def _dripping_headers(request: object, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    while not writer.is_closing():
        writer.write(b"X: 1\r\n")
        await asyncio.sleep(0.05)


def _bomb(encoding: str = "gzip") -> bytes:
    """100 MB of nothing, in 100 KB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | (16 if encoding == "gzip" else 0))
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(100)) + packer.flush()


@pytest.mark.parametrize(
    ("act", "problem"),
    [
        pytest.param(_endless, "longer than 262,144 bytes", id="10 GB"),
        pytest.param(
            answer(200, b"x" * (LARGEST_ANSWER + 1)), "longer than 262,144 bytes", id="a byte too much"
        ),
        pytest.param(
            answer(200, _bomb(), headers={"Content-Encoding": "gzip"}),
            "longer than 262,144 bytes",
            id="gzip bomb",
        ),
        pytest.param(
            answer(200, _bomb("deflate"), headers={"Content-Encoding": "deflate"}),
            "longer than 262,144 bytes",
            id="deflate bomb",
        ),
        pytest.param(
            answer(200, gzip.compress(b"x") * 20_000, headers={"Content-Encoding": "gzip"}),
            "longer than 262,144 bytes",
            id="20,000 members",
        ),
        pytest.param(
            answer(200, b"not packed", headers={"Content-Encoding": "gzip"}),
            "packed as gzip and is not",
            id="not gzip",
        ),
        pytest.param(
            answer(200, gzip.compress(b"x" * 999)[:-9], headers={"Content-Encoding": "gzip"}),
            "ends too early",
            id="half a gzip",
        ),
        pytest.param(answer(200, b"x", headers={"Content-Encoding": "br"}), "packed as 'br'", id="brotli"),
    ],
)
async def test_R24_an_answer_that_cannot_be_used_is_stopped_and_its_status_kept(
    act: Act, problem: str
) -> None:
    async with Server(act) as server, client_for(server, timeout=5_000_000) as client:
        got = await client.request("GET", server.url)
    assert isinstance(got, Answer)
    assert (got.status, got.text) == (200, "")
    assert problem in got.problem


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(_dripping, id="a byte now and then"),
        pytest.param(_dripping_headers, id="a header now and then"),
        pytest.param(silence, id="silence"),
        pytest.param(write(HEAD + b"\r\nno end"), id="no end"),
        pytest.param(write(b"HTTP/1.1 100 Continue\r\n\r\n" * 50), id="only 100 Continue"),
        pytest.param(write_and_close(HEAD + b"Content-Length: 9\r\n\r\nshort"), id="wrong length"),
        pytest.param(
            write_and_close(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"), id="two lengths"
        ),
        pytest.param(write_and_close(HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\nab"), id="half a chunk"),
        pytest.param(write(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nab"), id="no chunk"),
        pytest.param(write_and_close(b"SSH-2.0-OpenSSH\r\n"), id="another protocol"),
        pytest.param(write_and_close(HEAD + b"X: " + b"y" * 100_000 + b"\r\n\r\n"), id="a huge header"),
        pytest.param(write_and_close(HEAD + b"X: y\r\n" * 5_000 + b"\r\n"), id="too many headers"),
        pytest.param(write_and_close(), id="nothing"),
        pytest.param(reset, id="reset"),
    ],
)
async def test_R24_a_broken_answer_ends_in_time_as_unknown_and_is_asked_for_once(act: Act) -> None:
    for method in ("GET", "POST"):
        async with Server(act) as server, client_for(server) as client:
            began = time.monotonic()
            got = await client.request(method, server.url)
            assert isinstance(got, Unknown), got
            assert time.monotonic() - began < 2
        assert len(server.requests) == server.connections == 1


@pytest.mark.parametrize("status", [200, 404, 429, 500])
async def test_R24_every_status_is_an_answer(status: int) -> None:
    got = await ask(answer(status, b"{broken", headers={"Content-Type": "application/json"}))
    assert isinstance(got, Answer)
    assert (got.status, got.text) == (status, "{broken")


@pytest.mark.parametrize(
    ("body", "headers", "text"),
    [
        (b"\xef\xbb\xbfhi", {}, "hi"),
        ("é".encode("latin-1"), {"Content-Type": "text/plain; charset=ISO-8859-1"}, "é"),
        ("é".encode("utf-16"), {"Content-Type": "text/plain; charset=utf-16"}, "é"),
        (b"a\xff", {"Content-Type": "text/plain; charset=nonsense"}, "a\N{REPLACEMENT CHARACTER}"),
        (b"\\x41", {"Content-Type": "text/plain; charset=unicode_escape"}, "\\x41"),
        (b"xn--a", {"Content-Type": "text/plain; charset=idna"}, "xn--a"),
        (
            gzip.compress(b"hi", mtime=0) + gzip.compress(b" there", mtime=0),
            {"Content-Encoding": "gzip"},
            "hi there",
        ),
        (zlib.compress(b"hi"), {"Content-Encoding": "deflate"}, "hi"),
        (zlib.compress(b"hi", wbits=-15), {"Content-Encoding": "deflate"}, "hi"),
        (b"", {"Content-Encoding": "gzip"}, ""),
        (b"x" * LARGEST_ANSWER, {}, "x" * LARGEST_ANSWER),
    ],
)
async def test_a_text_is_read_as_its_headers_say(body: bytes, headers: dict[str, str], text: str) -> None:
    got = await ask(answer(200, body, headers=headers))
    assert isinstance(got, Answer)
    assert (got.text, got.problem) == (text, "")


async def test_what_was_certainly_not_sent_is_told_apart() -> None:
    async with Server(OK) as server:
        closed = server.port
    async with GuardedClient(HERE, ports=[closed], resolve=Names(), timeout=QUICK) as client:
        refused = await client.request("POST", f"http://127.0.0.1:{closed}/")
        unknown = await client.request("POST", "http://nowhere.example/")
    assert isinstance(refused, NotSent)
    assert unknown == NotSent("The name nowhere.example was not found: Name or service not known.")


async def test_a_name_that_is_never_found_was_not_sent() -> None:
    async def forever(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    async with GuardedClient(resolve=forever, timeout=100_000) as client:
        assert isinstance(await client.request("POST", "http://slow.example/"), NotSent)


async def test_a_request_has_at_most_the_clients_time() -> None:
    async with Server(silence) as server, client_for(server) as client:
        began = time.monotonic()
        assert isinstance(await client.request("GET", server.url, timeout=60_000_000), Unknown)
        assert time.monotonic() - began < 2
        began = time.monotonic()
        assert isinstance(await client.request("GET", server.url, timeout=50_000), Unknown)
        assert time.monotonic() - began < 0.4


async def test_all_hops_of_a_request_share_its_time() -> None:
    async def slow(request: object, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        writer.write(b"HTTP/1.1 307 X\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")

    async with Server(slow) as server, client_for(server) as client:
        assert isinstance(await client.request("GET", server.url, redirects=3), Unknown)
    assert len(server.requests) == 3


async def test_every_request_has_a_connection_of_its_own() -> None:
    async with Server(in_turn(OK, write_and_close())) as server, client_for(server) as client:
        assert isinstance(await client.request("GET", server.url), Answer)
        assert isinstance(await client.request("GET", server.url), Unknown)
    assert (len(server.requests), server.connections) == (2, 2)


async def test_cookies_are_not_kept_by_the_guarded_client() -> None:
    act = answer(200, headers={"Set-Cookie": "a=1"})
    async with Server(act) as server, client_for(server) as client:
        await client.request("GET", server.url)
        await client.request("GET", server.url)
    assert "cookie" not in server.requests[1].headers


async def test_the_guarded_client_reads_no_proxy_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert isinstance(await ask(OK), Answer)


async def test_tls_is_checked_against_the_name_and_not_the_address(tmp_path: Path) -> None:
    certificate = _certificate(tmp_path, "api.example")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    asked: list[str | None] = []
    serving.sni_callback = lambda socket, name, context: asked.append(name)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"Content-Length: 2\r\n\r\nhi")
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=serving)
    port = listening.sockets[0].getsockname()[1]
    trusting = ssl.create_default_context(cafile=certificate)
    names = Names(api=["127.0.0.1"], other=["127.0.0.1"])
    async with GuardedClient(HERE, ports=[port], resolve=names, tls=trusting) as client:
        right = await client.request("GET", f"https://api.example:{port}/")
        wrong = await client.request("POST", f"https://other.example:{port}/")
    listening.close()
    assert isinstance(right, Answer)
    assert right.text == "hi"
    assert isinstance(wrong, NotSent)
    assert asked == ["api.example", "other.example"]


def _certificate(folder: Path, name: str) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path
