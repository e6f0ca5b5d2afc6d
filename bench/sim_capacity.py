"""How many send requests a second one simulator process carries on one core.

    python bench/sim_capacity.py                    WhatsApp, no latency, 64 connections
    python bench/sim_capacity.py --latency          100-500 ms latency, 1,500 requests under way
    python bench/sim_capacity.py --webhooks         with signed receipts to a receiver in this process
    python bench/sim_capacity.py --provider twilio

The simulator is pinned to core 0 and the load to core 1 where the system allows it. The load is a bare protocol
over keep-alive connections: an ordinary client would be the limit itself. Every answer is checked, and the figures
at the end come from the simulator's own ledger.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import cast
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import uvloop

ACCOUNT = "AC00000000000000000000000000000001"


def whatsapp_request(number: int) -> bytes:
    """A template message with three parameters."""
    texts = ("Ana", str(number), "on its way")
    body = json.dumps(
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": f"+4477{number:08d}",
            "type": "template",
            "template": {
                "name": "order_update",
                "language": {"code": "en_US"},
                "components": [
                    {"type": "body", "parameters": [{"type": "text", "text": text} for text in texts]},
                ],
            },
            "biz_opaque_callback_data": f"{number:032x}",
        }
    ).encode()
    return _post("/v25.0/100000000000001/messages", "application/json", "Bearer sim-token", body)


def twilio_request(number: int, callback: str | None = None) -> bytes:
    """A text message."""
    form = {"To": f"+4477{number:08d}", "From": "+15005550006", "Body": f"Your order {number} is on its way."}
    if callback is not None:
        form["StatusCallback"] = f"{callback}?attempt={number:032x}"
    login = base64.b64encode(f"{ACCOUNT}:sim-auth-token".encode()).decode()
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    return _post(path, "application/x-www-form-urlencoded", f"Basic {login}", urlencode(form).encode())


def _post(path: str, kind: str, authorization: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {authorization}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Load:
    """Requests one after another on each connection, until the clock or the numbers run out."""

    def __init__(self, requests: list[bytes], seconds: float) -> None:
        self._requests = iter(requests)
        self.deadline = time.monotonic() + seconds
        self.answers = 0
        self.bad = 0

    def next(self) -> bytes | None:
        """The next request, or None at the end."""
        return next(self._requests, None) if time.monotonic() < self.deadline else None


class Client(asyncio.Protocol):
    """One connection; it counts an answer when the whole of it is there."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._buffer = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _ask(self) -> None:
        request = self._load.next()
        if request is None:
            self._transport.close()
        else:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(rest) < length:
            return
        self._buffer = b""
        self._load.answers += 1
        self._load.bad += not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201"))
        self._ask()


class Receiver(asyncio.Protocol):
    """Answers 200 to every webhook and counts them."""

    posts = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._left = 0
        self._head = b""

    def data_received(self, data: bytes) -> None:
        if self._left == 0:
            head, found, data = (self._head + data).partition(b"\r\n\r\n")
            self._head = b"" if found else head
            if not found:
                return
            self._left = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        self._left -= len(data)
        if self._left <= 0:
            self._left = 0
            Receiver.posts += 1
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


async def measure(requests: list[bytes], options: argparse.Namespace, port: int) -> Load:
    """Load the simulator for the time given."""
    load = Load(requests, options.seconds)
    loop = asyncio.get_running_loop()
    clients = []
    for _ in range(options.connections):
        _, client = await loop.create_connection(lambda: Client(load), "127.0.0.1", port)
        clients.append(client.done)
    await asyncio.gather(*clients)
    return load


async def session(options: argparse.Namespace, port: int) -> None:
    """Measure, then print what both sides counted."""
    hook = None
    if options.webhooks:
        server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
        hook = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
        await asyncio.to_thread(call, port, "PATCH", "/_sim/config", {"whatsapp": {"webhook_url": hook}})
    make = whatsapp_request if options.provider == "whatsapp" else lambda n: twilio_request(n, hook)
    requests = [make(number) for number in range(options.requests)]
    before = cpu(options.pid)
    started = time.monotonic()
    load = await measure(requests, options, port)
    took, spent = time.monotonic() - started, cpu(options.pid) - before
    total = (await asyncio.to_thread(call, port, "GET", "/_sim/stats"))["total"]
    print(
        f"{options.provider}: {load.answers / took:,.0f} requests/s over {took:.1f} s on {options.connections} "
        f"connections; simulator {spent / load.answers * 1e6:.0f} us CPU per request, {spent / took:.0%} of a core"
    )
    print(
        f"ledger: requests {total['requests']}, accepted {total['accepted']}, duplicates {total['duplicates']}, "
        f"rate_max_1s {total['rate_max_1s']}; callbacks sent {total['callbacks_sent']} in {Receiver.posts} POSTs, "
        f"pending {total['callbacks_pending']}; answers that were not 2xx: {load.bad}"
    )


def cpu(pid: int) -> float:
    """CPU seconds a process has used (Linux; elsewhere 0)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def call(port: int, method: str, path: str, body: object = None) -> dict[str, dict[str, int]]:
    """One request to the simulator's control."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"http://127.0.0.1:{port}{path}", data, method=method)
    with urlopen(request) as response:
        return cast("dict[str, dict[str, int]]", json.load(response))


def pin(core: int, pid: int = 0) -> None:
    """Keep a process on one core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, {core % (os.cpu_count() or 1)})


def main() -> None:
    """Start a simulator, load it, stop it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--provider", choices=("whatsapp", "twilio"), default="whatsapp")
    parser.add_argument("--latency", action="store_true", help="100-500 ms instead of none")
    parser.add_argument("--webhooks", action="store_true")
    parser.add_argument("--connections", type=int)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--requests", type=int, default=150_000, help="at most so many")
    options = parser.parse_args()
    options.connections = options.connections or (1_500 if options.latency else 64)
    config = {
        "latency": {"kind": "uniform"} if options.latency else {"kind": "fixed", "fixed_ms": 0},
        "whatsapp": {"rate": None},
    }
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sim.json").write_text(json.dumps(config))
        command = [sys.executable, "-m", "clarion.sim", "--port", "0", "--config", f"{folder}/sim.json"]
        command += ["--ledger", f"{folder}/ledger.jsonl"]
        simulator = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            pin(0, simulator.pid)
            pin(1)
            assert simulator.stdout is not None
            options.pid = simulator.pid
            port = int(simulator.stdout.readline().partition("127.0.0.1:")[2].split()[0])
            uvloop.run(session(options, port))
            simulator.send_signal(signal.SIGTERM)
            simulator.wait(10)
            with (Path(folder) / "ledger.jsonl").open("rb") as lines:
                print(f"ledger file: {sum(1 for _ in lines)} lines")
        finally:
            simulator.kill()
            simulator.wait()


if __name__ == "__main__":
    main()
