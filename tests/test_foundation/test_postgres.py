"""The tests' own PostgreSQL: each way of getting one, on this machine."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil
import pytest

from tests.support import postgres
from tests.support.postgres_binaries import Binaries, NoPostgres, find

pytestmark = pytest.mark.postgresql  # starts servers, though not always the one that the others share
ROOT = Path(__file__).parents[2]


def asked(url: str, question: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return postgres.run(ask())


def home_of(server: postgres.PostgresServer) -> Path:
    """The server's temporary folder, from the server itself."""
    return Path(str(asked(server.url, "SHOW data_directory"))).parent


@pytest.fixture
def from_the_wheel(monkeypatch: pytest.MonkeyPatch) -> Iterator[postgres.PostgresServer]:
    monkeypatch.delenv("CLARION_TEST_POSTGRES_URL", raising=False)
    monkeypatch.setenv("CLARION_TEST_POSTGRES", "wheel")
    server, ours = postgres.start()
    yield server
    assert ours
    ours.stop()


def test_the_wheel_brings_a_server_where_none_is_installed(from_the_wheel: postgres.PostgresServer) -> None:
    assert from_the_wheel.origin.startswith("wheel ")
    assert asked(from_the_wheel.url, "SELECT 6 * 7") == 42


def test_it_listens_on_this_machine_only_and_wants_its_password(
    from_the_wheel: postgres.PostgresServer,
) -> None:
    assert asked(from_the_wheel.url, "SHOW listen_addresses") == "127.0.0.1"
    password = urlsplit(from_the_wheel.url).password
    with pytest.raises(asyncpg.InvalidPasswordError):
        asked(from_the_wheel.url.replace(f":{password}@", ":wrong@"), "SELECT 1")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change its user")
def test_root_runs_it_as_nobody(from_the_wheel: postgres.PostgresServer) -> None:
    (pid, *_) = (home_of(from_the_wheel) / "data" / "postmaster.pid").read_text().splitlines()
    assert psutil.Process(int(pid)).username() == "nobody"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change its user")
def test_root_copies_programs_that_nobody_cannot_reach(tmp_path: Path) -> None:
    wheel = find("wheel")
    package = wheel.folder.parents[1]
    hidden = tmp_path / "hidden"
    shutil.copytree(package, hidden / package.name)
    shutil.copytree(package.with_name(f"{package.name}.libs"), hidden / f"{package.name}.libs")
    hidden.chmod(0o700)
    local = postgres.LocalServer(
        Binaries(hidden / package.name / wheel.folder.relative_to(package), "wheel", wheel.version)
    )
    try:
        server = local.start()
        assert asked(server.url, "SELECT 6 * 7") == 42
        assert (home_of(server) / "server").is_dir()
    finally:
        local.stop()


def test_a_given_server_is_used_as_it_is(
    postgres_server: postgres.PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLARION_TEST_POSTGRES_URL", postgres_server.url)
    server, ours = postgres.start()
    assert (server.url, ours) == (postgres_server.url, None)
    assert asked(server.url, "SELECT 6 * 7") == 42


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        (
            "CLARION_TEST_POSTGRES_URL",
            "postgresql://u:p@127.0.0.1:1/postgres",
            "CLARION_TEST_POSTGRES_URL cannot be used",
        ),
        ("CLARION_TEST_POSTGRES", "docker", "CLARION_TEST_POSTGRES=docker is not known"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(
    variable: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(NoPostgres, match=words):
        postgres.start()


def test_databases_do_not_see_each_other(postgres_server: postgres.PostgresServer) -> None:
    template = postgres_server.create_database()
    asked(template, "CREATE TABLE t (n int)")
    one, two = (postgres_server.create_database(template) for _ in range(2))
    asked(one, "INSERT INTO t VALUES (1)")
    assert (asked(one, "SELECT count(*) FROM t"), asked(two, "SELECT count(*) FROM t")) == (1, 0)
    for url in (one, two, template):
        postgres_server.drop_database(url)
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        asked(one, "SELECT 1")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_the_server_dies_with_tests_that_are_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLARION_TEST_POSTGRES_URL", raising=False)
    script = (
        "from tests.support import postgres; import time\n"
        "server, _ = postgres.start(); print(server.url, flush=True); time.sleep(60)"
    )
    tests = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert tests.stdout
    with tests.stdout as said:
        url = said.readline().strip()
    data = Path(str(asked(url, "SHOW data_directory")))
    server = psutil.Process(int((data / "postmaster.pid").read_text().splitlines()[0]))
    tests.send_signal(signal.SIGKILL)
    tests.wait()
    server.wait(timeout=10)
    assert not server.is_running()

    # Its data stays until the next tests find that nobody owns it.
    postgres.LocalServer(find()).stop()
    assert not data.exists()
