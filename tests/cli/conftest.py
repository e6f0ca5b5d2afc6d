"""A fresh installation for each test, and a simulator where one is asked for."""

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.shell import COMMAND, WARM, Shell


@pytest.fixture(scope="session", autouse=True)
def warm() -> Iterator[None]:
    """The process that commands are forked from ends with the tests."""
    yield
    WARM.stop()


@pytest.fixture
def clarion(tmp_path: Path) -> Shell:
    """The command line in an empty folder."""
    return Shell(tmp_path)


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of one simulator for all tests that only look."""
    folder = tmp_path_factory.mktemp("sim")
    log = folder / "sim.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            (*COMMAND, "sim", "--port", "0"),
            cwd=folder,
            env=Shell(folder).environment(),
            stdout=output,
            stderr=output,
        )
    try:
        yield _ready(process, log)
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0


def _ready(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"ready on (http://\S+)", log.read_text("utf-8")):
            return found[1]
        time.sleep(0.05)
    pytest.fail(f"the simulator did not get ready: {log.read_text('utf-8')}")
