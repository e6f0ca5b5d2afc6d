"""`python -m clarion.sim` serves, says so, and stops when told."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen


def start(*arguments: str) -> subprocess.Popen[str]:
    """A simulator process."""
    return subprocess.Popen(
        [sys.executable, "-m", "clarion.sim", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )


def test_it_says_when_it_is_ready_and_stops_on_sigterm(tmp_path: Path) -> None:
    config = tmp_path / "sim.toml"
    config.write_text("seed = 11\n")
    with start("--port", "0", "--config", str(config), "--ledger", str(tmp_path / "ledger.jsonl")) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("clarion sim ready on http://127.0.0.1:")
        url = line.split()[4]
        with urlopen(f"{url}/_sim/config") as answer:
            assert json.load(answer)["seed"] == 11
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert (tmp_path / "ledger.jsonl").read_bytes() == b""


def test_a_wrong_setting_is_named_and_nothing_is_started(tmp_path: Path) -> None:
    config = tmp_path / "sim.toml"
    config.write_text("[whatsapp]\nrate = -1\n")
    with start("--config", str(config)) as process:
        assert process.wait(20) == 2
        assert process.stderr is not None
        assert "whatsapp.rate" in process.stderr.read()


def test_a_port_that_is_taken_is_named() -> None:
    with start("--port", "0") as first:
        assert first.stdout is not None
        port = first.stdout.readline().split()[4].rpartition(":")[2]
        with start("--port", port) as second:
            assert second.wait(20) == 1
            assert second.stderr is not None
            assert f"127.0.0.1:{port}" in second.stderr.read()
        first.terminate()
        assert first.wait(10) == 0
