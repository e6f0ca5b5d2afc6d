"""A process with Clarion's modules already read, which forks itself for each command: a second saved each time.

The child runs the package as `python -m clarion` does, with its own folder, variables and files; only the reading
of modules lies behind it. Run as a program it takes one JSON request a line on stdin and answers each with a line.
"""

import json
import os
import runpy
import signal
import subprocess
import sys
import time
from importlib import import_module
from typing import Any


class Warm:
    """The parent's end: starts the process when it is first asked, and once for all tests."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(self, request: dict[str, Any]) -> int:
        """Run one command; its exit code, negative for a signal. Raises TimeoutExpired."""
        if self._process is None:
            self._process = subprocess.Popen(
                (sys.executable, __file__), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        code = json.loads(self._process.stdout.readline())
        if code is None:
            raise subprocess.TimeoutExpired(request["argv"], request["timeout"])
        return int(code)

    def stop(self) -> None:
        """End the process."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait(10)
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None


def serve() -> None:
    """Read all modules, then fork for each request until stdin ends."""
    main = import_module("clarion.cli.main")
    for module in (*main.GROUPS.values(), *main.COMMANDS.values()):
        import_module(f"clarion.cli.{module}")
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(request)
        print(json.dumps(_wait(child, time.monotonic() + request["timeout"])), flush=True)


def _wait(child: int, deadline: float) -> int | None:
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        time.sleep(0.003)


def _become(request: dict[str, Any]) -> None:
    """Turn into the command: never returns."""
    code = 1
    try:
        os.chdir(request["cwd"])
        os.environ.clear()
        os.environ.update(request["env"])
        for number, (path, flags) in enumerate(
            (("/dev/null", os.O_RDONLY), (request["out"], os.O_WRONLY), (request["err"], os.O_WRONLY))
        ):
            os.dup2(os.open(path, flags), number)
        sys.argv = ["clarion", *request["argv"]]
        runpy.run_module("clarion", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
