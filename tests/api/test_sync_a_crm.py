"""What docs/howto/sync-a-crm.md tells people to run does what it says."""

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.api import Api

PAGE = Path(__file__).resolve().parents[2] / "docs" / "howto" / "sync-a-crm.md"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


async def _run(api: Api, *command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, "URL": api.url.removesuffix("/api/v1"), "KEY": api.key},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, problem = await process.communicate()
    assert process.returncode == 0, (command[-1], out.decode(), problem.decode())
    return out.decode()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_every_request_of_the_page_is_answered(api: Api) -> None:
    _, one, many, opt_out, opt_outs, forget = _blocks("sh")
    assert '"plan":"gold"' in await _run(api, "bash", "-ec", one)
    done = await _run(api, "bash", "-ec", many)
    assert re.findall(r'"verdict":"(\w+)"', done) == ["accepted", "accepted", "invalid"]
    assert '"state":"opted_out"' in await _run(api, "bash", "-ec", opt_out)
    assert '"person":"5541991234567"' in await _run(api, "bash", "-ec", opt_outs)
    assert '"name":"Ana"' in await _run(api, "bash", "-ec", forget)
    left = await api.get("/contacts")
    assert [each["phone"] for each in left.data["items"]] == ["+5541991234568"]


async def test_the_program_of_the_page_pushes_and_pulls(api: Api) -> None:
    await api.made("/consents", {"phone": "+5541991234560", "state": "opted_out", "source": "form"})
    (program,) = _blocks("python")
    said = await _run(api, sys.executable, "-c", program)
    assert said.splitlines() == [
        "? phone '?' has '?', which is not part of a phone number",
        "5541991234560 form",
    ]
    found = await api.get("/contacts")
    assert [each["attributes"] for each in found.data["items"]] == [{"name": "Ana"}]
