import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from clarion.store import migrate
from tests.support import postgres


def execute(url: str, statement: str) -> None:
    if url.startswith("sqlite"):
        with sqlite3.connect(urlsplit(url).path[1:]) as database:
            database.execute(statement)
        database.close()
        return

    async def on_server() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(statement)
        await connection.close()

    postgres.run(on_server())


def test_a_test_gets_a_migrated_database(database_url: str) -> None:
    found, wanted = migrate.revision(database_url)
    assert found == wanted


def test_what_one_test_leaves(database_url: str) -> None:
    execute(database_url, "CREATE TABLE left_behind (n int)")


def test_the_next_one_does_not_find(database_url: str) -> None:
    execute(database_url, "CREATE TABLE left_behind (n int)")


def test_an_empty_database_has_no_tables(empty_database_url: str) -> None:
    assert migrate.revision(empty_database_url)[0] is None


def test_both_databases_can_be_had_alone(sqlite_url: str, postgresql_url: str) -> None:
    assert Path(urlsplit(sqlite_url).path[1:]).is_file()
    assert postgres.database_of(postgresql_url).startswith("clarion_test_")
