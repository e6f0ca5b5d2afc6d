import asyncio
import socket

import pytest

from tests.support.loopback import NetworkUsed


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_a_connection_that_leaves_the_machine_is_refused(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as outside, pytest.raises(NetworkUsed, match=host):
        outside.connect((host, 443))


async def test_a_name_from_outside_is_not_even_looked_up() -> None:
    with pytest.raises(NetworkUsed, match=r"example\.org"):
        await asyncio.open_connection("example.org", 443)


async def test_this_machine_can_be_reached() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection("localhost", server.sockets[0].getsockname()[1])
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
