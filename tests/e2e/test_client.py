"""The client against the whole product: every line of its guide, in order."""

import asyncio
import re
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

from clarion.client import AsyncClient, ProblemError
from clarion.domain.access import Permission
from clarion.services.access.keys import make_key
from tests.support.stack import Stack, stack

JOURNEY = Path(__file__).parents[2] / "src" / "clarion" / "cli" / "demo" / "sample_journey.json"
GUIDE = Path(__file__).parents[2] / "docs" / "howto" / "use-the-python-client.md"


async def address(clarion: Stack) -> tuple[str, str]:
    """Where the product is, and a key that may do everything."""
    made = await make_key(clarion.db, workspace=1, name="t", scopes=Permission)
    return f"http://127.0.0.1:{clarion.settings.http.port}", made.secret


async def follow(folder: Path, url: str, key: str) -> list[str]:
    """The guide as one program, in a process of its own; the lines it printed."""
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.S)
    program = "\n".join(blocks).replace("http://127.0.0.1:8080", url).replace("clr_live_...", key)
    (folder / "guide.py").write_text(program)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "guide.py", cwd=folder, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(60):
            said, error = await process.communicate()
    except TimeoutError:
        process.kill()
        said, error = await process.communicate()
    assert process.returncode == 0, said.decode() + error.decode()
    return said.decode().splitlines()


async def test_the_guide_works_from_top_to_bottom(sqlite_url: str, tmp_path: Path) -> None:
    rows = "".join(f"+554198{n:07},Person {n}\n" for n in range(150))
    (tmp_path / "people.csv").write_text("phone,name\n" + rows)
    (tmp_path / "welcome.json").write_bytes(JOURNEY.read_bytes())
    async with stack(sqlite_url, tmp_path / "data") as clarion:
        url, key = await address(clarion)
        await clarion.twilio(name="shop")
        lines = await follow(tmp_path, url, key)
        counts = await clarion.settled(1)
        assert counts == {"audience": 150, "delivered": 150}
        assert len(clarion.accepted()) == 151
    assert lines[0].startswith("snd_1 shop")
    assert "150 people, nothing to mend" in lines
    assert "finished 150 of 150" in lines
    assert len([line for line in lines if line.startswith("msg_")]) == 151  # one sent alone, 150 listed
    assert "404 urn:clarion:problem:not-found There is no campaign cmp_999999." in lines
    assert "151 people" in lines
    assert "200 November" in lines
    assert len((tmp_path / "november.csv").read_text().splitlines()) == 151


async def test_a_key_of_ones_own_makes_a_program_safe_to_run_again(sqlite_url: str, tmp_path: Path) -> None:
    async with stack(sqlite_url, tmp_path) as clarion:
        url, key = await address(clarion)
        sender = f"snd_{await clarion.twilio()}"
        async with AsyncClient(url, key) as client:
            wish: dict[str, Any] = {
                "sender_id": sender, "to": "+5541988887777", "content": {"type": "text", "body": "Hi"}
            }  # fmt: skip
            first, again = await asyncio.gather(
                *(client.send_message(**wish, idempotency_key="order-1") for _ in range(2))
            )
            assert first.id == again.id
            with pytest.raises(ProblemError) as refused:
                await client.send_message(**{**wish, "to": "+5541988887778"}, idempotency_key="order-1")
            assert refused.value.type == "urn:clarion:problem:idempotency-key-reused"
            assert [each.id async for each in client.list_messages(limit=1)] == [first.id]
