"""How the first person gets in: by the link that `clarion serve` prints, or from the settings."""

import re
import signal
from pathlib import Path

import aiohttp
import pytest

from tests.support.server import Server, closing
from tests.support.stack import free_port

PASSWORD = "four random words together"


async def test_serve_prints_a_link_that_makes_the_first_user(sqlite_url: str, tmp_path: Path) -> None:
    server = Server(sqlite_url, tmp_path, "http://127.0.0.1:9", free_port())
    log = tmp_path / "serve.log"
    with closing(server):
        await server.start()
        printed = re.findall(
            r"Make the first user: (http://127\.0\.0\.1:\d+)/setup\?token=(\S+)", log.read_text()
        )
        assert len(printed) == 1
        url, token = printed[0]
        lines = log.read_text().splitlines()
        assert [token in line for line in lines if "setup.opened" in line] == [False]
        body = {"token": token, "email": "ana@example.org", "password": PASSWORD}
        async with aiohttp.ClientSession() as http:
            async with http.post(f"{url}/api/v1/setup", json=body) as made:
                assert made.status == 201, await made.text()
                csrf, cookies = (await made.json())["csrf_token"], made.cookies
            sent = {
                "Cookie": f"__Host-clarion={cookies['__Host-clarion'].value}",
                "X-CSRF-Token": csrf,
                "Origin": url,
            }
            async with http.delete(f"{url}/api/v1/session", headers=sent) as ended:
                assert ended.status == 204
        assert await server.end(signal.SIGTERM) == 0


async def test_the_settings_make_the_first_user_and_no_link_is_printed(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLARION_FIRST_USER__EMAIL", "ana@example.org")
    port = free_port()
    monkeypatch.setenv("CLARION_FIRST_USER__PASSWORD", PASSWORD)
    server = Server(sqlite_url, tmp_path, "http://127.0.0.1:9", port)
    with closing(server):
        await server.start()
        body = {"email": "ana@example.org", "password": PASSWORD}
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"http://127.0.0.1:{port}/api/v1/session", json=body) as made,
        ):
            assert (made.status, (await made.json())["role"]) == (201, "owner")
        assert "Make the first user" not in (tmp_path / "serve.log").read_text()
