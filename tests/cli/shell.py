"""The real command line in a process of its own, in a folder of its own."""

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.warm import Warm

WARM = Warm()
COMMAND = (sys.executable, "-m", "clarion")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on stdout."""
        assert self.out.count("\n") == 1, f"not exactly one line on stdout: {self.out!r} {self.err!r}"
        return json.loads(self.out)


@dataclass(slots=True)
class Shell:
    """Runs `clarion` with `folder` as working directory and nothing of this machine's own settings."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, env: Mapping[str, str] | None = None, timeout: float = 60) -> Ran:
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            out.touch()
            err.touch()
            code = WARM.run(
                {
                    "argv": arguments,
                    "cwd": str(self.folder),
                    "env": self.environment(env),
                    "out": str(out),
                    "err": str(err),
                    "timeout": timeout,
                }
            )
            return Ran(code, out.read_text("utf-8"), err.read_text("utf-8"))

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The variables a command is run with."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CLARION_")}
        return {**kept, "TMPDIR": str(self.folder), **self.env, **(more or {})}

    def secret(self, name: str, text: str) -> str:
        """A file with a secret in it; its path."""
        path = self.folder / name
        path.write_text(text + "\n", encoding="utf-8")
        return str(path)

    def whatsapp(self, *more: str, name: str = "shop") -> Ran:
        """Add a WhatsApp sender."""
        return self(
            *("sender", "add", "whatsapp", "--name", name),
            *("--phone-number-id", "100000000000001", "--waba-id", "200000000000001"),
            *("--token-file", self.secret("token", "sim-token")),
            *("--app-secret-file", self.secret("app-secret", "sim-app-secret")),
            *more,
        )
