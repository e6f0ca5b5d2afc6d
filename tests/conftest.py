"""What every test shares: fresh databases, closed sockets, and marks by folder.

A test that asks for `database_url` runs twice, on SQLite and on PostgreSQL, each time with a migrated
database of its own.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from clarion.store import migrate
from tests.support import loopback, postgres
from tests.support.postgres_binaries import NoPostgres, find

# Fast folders first, so that a simple mistake shows in seconds.
FAST = ("unit", "property", "test_foundation", "store")
ORDER = (*FAST, "contract", "sim", "importing", "cli", "e2e", "faults", "browser", "load")

ALONE = ("faults", "test_demo.py", "test_demo_journey.py")
"""Tests of whole servers under load or under fire: beside each other they would only measure each other."""

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile(
    "ci",
    max_examples=200,
    deadline=None,  # a shared machine may stop for a second at any point
    derandomize=True,  # the same commit gives the same answer; new examples are found at the desk
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

loopback.guard(os.environ.get("CLARION_TEST_POSTGRES_URL", ""))


def pytest_report_header() -> str:
    """Which PostgreSQL the tests use, so that a report from elsewhere can be understood."""
    if os.environ.get("CLARION_TEST_POSTGRES_URL"):
        return "PostgreSQL: given by CLARION_TEST_POSTGRES_URL"
    try:
        found = find(os.environ.get("CLARION_TEST_POSTGRES", ""))
    except NoPostgres as error:
        return f"PostgreSQL: none. {error}"
    return f"PostgreSQL: {found.version}, {found.origin} in {found.folder}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by folder and database, and put the fast ones first."""
    for item in items:
        on_postgresql = _uses_postgresql(item)
        if on_postgresql:
            item.add_marker("postgresql")
        if _folder(item) in FAST and not on_postgresql:
            item.add_marker("fast")
        if _folder(item) in ALONE or item.path.name in ALONE:
            item.add_marker("alone")
    items.sort(key=lambda item: (_rank(item), "postgresql" in item.keywords))


def _uses_postgresql(item: pytest.Item) -> bool:
    parameters = (
        item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    )
    if item.get_closest_marker("postgresql"):
        return True
    return "postgres_server" in getattr(item, "fixturenames", ()) or "postgresql" in (
        parameters.get("database_url"),
        parameters.get("empty_database_url"),
    )


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]


def _rank(item: pytest.Item) -> int:
    folder = _folder(item)
    return ORDER.index(folder) if folder in ORDER else len(ORDER)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.PostgresServer]:
    """The session's PostgreSQL server; see tests/support/postgres.py for where it comes from."""
    try:
        server, ours = postgres.start()
    except NoPostgres as error:
        pytest.fail(str(error), pytrace=False)
    yield server
    if ours:
        ours.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: postgres.PostgresServer) -> Iterator[str]:
    """The URL of a migrated, empty database to copy; migrations run once per session."""
    url = postgres_server.create_database()
    migrate.upgrade(url)
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of a migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "clarion.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh, migrated SQLite file: for tests that say nothing about the database."""
    path = tmp_path / "clarion.db"
    for part in sqlite_template.parent.glob("clarion.db*"):  # a write-ahead log may stand beside the file
        shutil.copy(part, path.with_name(part.name))
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgres_server: postgres.PostgresServer, postgres_template: str) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database, dropped after the test."""
    url = postgres_server.create_database(postgres_template)
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated database, once of each kind: `sqlite:////path` or
    `postgresql://user:pw@host:port/name`."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table, once of each kind: for tests of the migrations themselves."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: postgres.PostgresServer = request.getfixturevalue("postgres_server")
    url = server.create_database()
    yield url
    server.drop_database(url)
