"""Workspaces are kept apart by PostgreSQL itself, whatever a query forgets."""

import asyncio

import pytest
import sqlalchemy as sa

from clarion.store import migrate
from clarion.store.db import Database
from clarion.store.joined import Joined
from clarion.store.tables import metadata
from tests.support.postgres import PostgresServer

GLOBAL = {"users", "sessions", "links", "identities", "throttles", "workers", "inbox"}
"""Tables above workspaces: the API's role may not touch them at all."""


@pytest.mark.postgresql
async def test_every_table_has_a_policy_or_is_out_of_reach(postgresql_url: str) -> None:
    db = await Database.open(postgresql_url)
    async with db.reading() as tx:
        guarded = {row.relname for row in await tx.all("SELECT relname FROM pg_class WHERE relrowsecurity")}
        granted = {
            row.table_name
            for row in await tx.all(
                "SELECT DISTINCT table_name FROM information_schema.role_table_grants "
                "WHERE grantee = 'clarion_workspace'"
            )
        }
    await db.close()
    tables = set(metadata.tables)
    assert guarded == tables - GLOBAL
    assert granted == tables - GLOBAL


@pytest.mark.postgresql
async def test_R26_a_query_that_forgets_the_workspace_sees_one_only(postgresql_url: str) -> None:
    db = await Database.open(postgresql_url)
    assert db.confined
    async with db.transaction() as tx:
        await tx.run("INSERT INTO workspaces (name) VALUES ('two')")
        await tx.run("INSERT INTO lists (workspace_id, name) VALUES (1, 'mine'), (2, 'theirs')")
        await tx.run("INSERT INTO contacts (workspace_id, address, person) VALUES (2, '+4477', '4477')")
        await tx.run("INSERT INTO list_members (list_id, contact_id) SELECT 2, id FROM contacts")
    mine, theirs = db.within(1), db.within(2)
    async with mine.transaction() as tx:
        assert [row.name for row in await tx.all("SELECT name FROM lists")] == ["mine"]
        assert await tx.scalar("SELECT count(*) FROM list_members") == 0
        assert await tx.run("UPDATE lists SET name = 'taken'") == 1
        assert await tx.run("DELETE FROM contacts") == 0
    async with theirs.reading() as tx:
        assert [row.name for row in await tx.all("SELECT name FROM lists")] == ["theirs"]
        assert await tx.scalar("SELECT count(*) FROM list_members") == 1
        assert [row.id for row in await tx.all("SELECT id FROM workspaces")] == [2]
    with pytest.raises(sa.exc.DBAPIError, match="row-level security"):
        async with mine.transaction() as tx:
            await tx.run("INSERT INTO lists (workspace_id, name) VALUES (2, 'smuggled')")
    with pytest.raises(sa.exc.DBAPIError, match="permission denied"):
        async with mine.reading() as tx:
            await tx.all("SELECT * FROM users")
    async with db.reading() as tx:  # the connection is the engine's again
        assert await tx.scalar("SELECT count(*) FROM lists") == 2
    await db.close()


async def _nothing(_: object) -> None: ...


async def test_joined_transactions_are_one(database_url: str) -> None:
    db = await Database.open(database_url)
    joined = Joined(db, _nothing)
    async with joined.reading() as tx:
        assert await tx.scalar("SELECT count(*) FROM lists") == 0
    assert not joined.wrote
    async with joined.transaction() as tx:
        await tx.run("INSERT INTO lists (workspace_id, name) VALUES (1, 'a')")
    async with joined.transaction() as tx:
        await tx.run("INSERT INTO lists (workspace_id, name) VALUES (1, 'b')")
    async with joined.reading() as tx:
        assert await tx.scalar("SELECT count(*) FROM lists") == 2
    async with db.reading() as tx:
        assert await tx.scalar("SELECT count(*) FROM lists") == 0
    await joined.commit()
    async with db.reading() as tx:
        assert await tx.scalar("SELECT count(*) FROM lists") == 2
    await db.close()


async def test_an_abandoned_request_leaves_nothing(database_url: str) -> None:
    db = await Database.open(database_url)
    joined = Joined(db, _nothing)
    async with joined.transaction() as tx:
        await tx.run("INSERT INTO lists (workspace_id, name) VALUES (1, 'a')")
    await joined.abandon(ValueError("the answer could not be made"))
    async with db.transaction() as tx:  # the writer is free again
        assert await tx.scalar("SELECT count(*) FROM lists") == 0
    await db.close()


@pytest.mark.postgresql
async def test_a_user_who_may_not_make_roles_can_upgrade_and_is_told(
    postgres_server: PostgresServer, postgresql_url: str
) -> None:
    """The upgrade goes on without the role; a superuser's two commands and another upgrade bring it."""
    empty = postgres_server.create_database()
    name = sa.make_url(empty).database
    admin = await Database.open(empty)
    async with admin.transaction() as tx:
        await tx.run("CREATE ROLE plain LOGIN PASSWORD 'plain'")
        await tx.run(f'ALTER DATABASE "{name}" OWNER TO plain')
        await tx.run("GRANT ALL ON SCHEMA public TO plain")
    plain = sa.make_url(empty).set(username="plain", password="plain").render_as_string(hide_password=False)
    try:
        await asyncio.to_thread(migrate.upgrade, plain)
        db = await Database.open(plain)
        assert not db.confined
        await db.close()
        async with admin.transaction() as tx:
            await tx.run("GRANT clarion_workspace TO plain")
        await asyncio.to_thread(migrate.upgrade, plain)
        db = await Database.open(plain)
        assert db.confined
        async with db.within(1).reading() as tx:
            assert await tx.scalar("SELECT count(*) FROM lists") == 0
        await db.close()
    finally:
        await admin.close()
        postgres_server.drop_database(empty)
        other = await Database.open(postgresql_url)
        async with other.transaction() as tx:
            await tx.run("DROP ROLE plain")
        await other.close()
