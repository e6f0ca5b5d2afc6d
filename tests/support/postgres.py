"""A real PostgreSQL server for the tests: private, on 127.0.0.1, gone when the tests end.

Taken from CLARION_TEST_POSTGRES_URL, else started from an installed server's programs, else from those of a
wheel (CLARION_TEST_POSTGRES=installed|wheel chooses). It may be killed at any moment together with its data:
nothing is flushed to disk.
"""

import asyncio
import atexit
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import psutil

from tests.support.postgres_binaries import Binaries, NoPostgres, find

T = TypeVar("T")

USER = "clarion"
PREFIX = "clarion-test-postgres-"
START_SECONDS = 60
STOP_SECONDS = 10
_numbers = count(1)


@dataclass(frozen=True)
class PostgresServer:
    """A running server on which databases can be made and dropped."""

    url: str
    """Of a database that exists, such as `postgresql://clarion:...@127.0.0.1:40123/postgres`."""
    origin: str
    """Where it came from, for the report: `given`, or `installed 15.18 in /usr/lib/...`."""

    def create_database(self, template: str | None = None) -> str:
        """Make a database, empty or as a copy of the one at the URL `template`, and return its URL."""
        name = f"clarion_test_{os.getpid()}_{next(_numbers)}"
        copy = f' TEMPLATE "{database_of(template)}"' if template else ""
        run(self._execute(f'CREATE DATABASE "{name}"{copy}'))
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def drop_database(self, url: str) -> None:
        """Drop the database at `url`, closing whatever connections the test left."""
        run(self._execute(f'DROP DATABASE IF EXISTS "{database_of(url)}" WITH (FORCE)'))

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


class LocalServer:
    """Our own server process. `start` it from the main thread: on Linux it dies with the thread that started
    it."""

    def __init__(self, binaries: Binaries) -> None:
        self._binaries = binaries
        self._home = _new_home()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> PostgresServer:
        """Initialise and run the server. Raises NoPostgres with the server's own words."""
        atexit.register(self.stop)
        programs = reachable(self._binaries.folder, self._home)
        password = secrets.token_hex(16)
        self._initialise(programs, password)
        for _ in range(5):  # another process may take the free port between our look and the server's
            port = _free_port()
            if self._run(programs, port):
                url = f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres"
                origin = f"{self._binaries.origin} {self._binaries.version} in {self._binaries.folder}"
                return PostgresServer(url, origin)
        raise NoPostgres(f"The PostgreSQL server at {programs} did not start: {self._last_words()}")

    def stop(self) -> None:
        """End the server at once and remove its data. Doing it again does nothing."""
        atexit.unregister(self.stop)
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._home, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self._home / "data"

    def _initialise(self, programs: Path, password: str) -> None:
        secret = self._home / "password"
        secret.write_text(password)
        _give_away(secret)
        made = subprocess.run(
            [
                programs / "initdb", "--pgdata", self._data, "--username", USER, "--pwfile", secret,
                "--auth", "password", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions",
            ],
            capture_output=True, text=True, check=False, cwd=self._home, **_identity(),
        )  # fmt: skip
        secret.unlink()
        if made.returncode:
            raise NoPostgres(
                f"{programs / 'initdb'} could not make a database, and said: {made.stderr.strip()[-600:]} "
                "Another way is to set CLARION_TEST_POSTGRES_URL to a server that runs already."
            )

    def _run(self, programs: Path, port: int) -> bool:
        options = {
            "listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "",
            "fsync": "off", "full_page_writes": "off", "max_connections": 100, "timezone": "UTC",
            "wal_level": "minimal", "max_wal_senders": 0, "jit": "off",
        }  # fmt: skip
        command: list[str | Path] = [programs / "postgres", "-D", self._data]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._home,
                start_new_session=True,  # Ctrl-C is for the tests; they end the server when they are done
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509  no threads yet
                **_identity(),
            )  # fmt: skip
        return self._wait_until_ready()

    def _wait_until_ready(self) -> bool:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError, IndexError):
                # The eighth line is the server's state: where pg_ctl looks too.
                if (self._data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready":
                    return True
            time.sleep(0.02)
        return False

    def _last_words(self) -> str:
        log = self._home / "log"
        return log.read_text(errors="replace").strip()[-600:] if log.exists() else "it said nothing"


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end from ordinary code, whether or not this thread's event loop is busy."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def database_of(url: str) -> str:
    """The database's name in a URL."""
    return urlsplit(url).path.removeprefix("/")


def reachable(programs: Path, home: Path) -> Path:
    """The programs' folder, or that of a copy below `home` where the server's user cannot reach the original.

    An installation is the folder above `bin`; wheels keep the libraries it needs in a `.libs` folder beside
    the package.
    """
    if os.geteuid() != 0 or _open_to_everyone(programs / "postgres"):
        return programs
    root = programs.parent
    libraries = root.parent.with_name(f"{root.parent.name}.libs")
    below = home / "server" / root.parent.name
    shutil.copytree(root, below / root.name, symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, below.with_name(libraries.name), symlinks=True)
    for copied in (home / "server").rglob("*"):
        _give_away(copied)
    return below / root.name / programs.name


def _identity() -> dict[str, Any]:
    """Arguments for subprocess: PostgreSQL refuses to run as root, so root runs it as nobody."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "umask": 0o077}


def _give_away(path: Path) -> None:
    if user := _identity():
        os.chown(path, user["user"], user["group"], follow_symlinks=False)


def _new_home() -> Path:
    """A fresh folder for one server, after removing those whose tests were killed before they could."""
    places = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    place = next((p for p in places if os.geteuid() != 0 or _open_to_everyone(p)), places[0])
    for left in place.glob(f"{PREFIX}*"):
        owner = left.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=place))
    _give_away(home)
    return home


def _open_to_everyone(path: Path) -> bool:
    """Whether any user can read `path` and pass through every folder above it."""
    path = path.resolve()
    return bool(path.stat().st_mode & 0o005 == 0o005) and all(p.stat().st_mode & 0o001 for p in path.parents)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
_parent = os.getpid()


def _die_with_parent() -> None:
    """Runs in the child after it took its user id, which would clear the request, and before the server."""
    assert _libc is not None
    pr_set_pdeathsig = 1
    _libc.prctl(pr_set_pdeathsig, signal.SIGQUIT)
    if os.getppid() != _parent:  # the parent died before we asked
        os._exit(1)


def start() -> tuple[PostgresServer, LocalServer | None]:
    """The tests' server, and the process to stop afterwards if it is ours. Raises NoPostgres."""
    if given := os.environ.get("CLARION_TEST_POSTGRES_URL"):
        server = PostgresServer(given, "given by CLARION_TEST_POSTGRES_URL")
        try:
            server.drop_database(server.create_database())
        except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise NoPostgres(
                f"CLARION_TEST_POSTGRES_URL cannot be used: {error}. Its user must be able to make databases."
            ) from error
        return server, None
    local = LocalServer(find(os.environ.get("CLARION_TEST_POSTGRES", "")))
    try:
        return local.start(), local
    except BaseException:
        local.stop()
        raise
