"""The role that the API works as on PostgreSQL: it owns no table, and policies show it one workspace."""

import sqlalchemy as sa

_MAKE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'clarion_workspace') THEN
        CREATE ROLE clarion_workspace NOLOGIN;
    END IF;
    IF NOT pg_has_role(current_user, 'clarion_workspace', 'MEMBER') THEN
        EXECUTE format('GRANT clarion_workspace TO %I', current_user);
    END IF;
EXCEPTION
    WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
        RAISE NOTICE 'the role clarion_workspace could not be made: %', SQLERRM;
END
$$
"""

_GRANT = """
DO $$
DECLARE found record;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'clarion_workspace') THEN
        RETURN;
    END IF;
    FOR found IN SELECT oid::regclass AS name FROM pg_class
                 WHERE relrowsecurity AND relnamespace = current_schema()::regnamespace LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO clarion_workspace', found.name);
    END LOOP;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO clarion_workspace', current_schema());
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO clarion_workspace', current_schema());
END
$$
"""


def ready_role(connection: sa.Connection) -> None:
    """Make the role, and give it the tables that have a policy. Doing it again does nothing.

    Without the right to make roles (CREATEROLE) it is left to a superuser: `CREATE ROLE clarion_workspace`, `GRANT
    clarion_workspace TO` our user, and another `clarion db upgrade`.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text(_MAKE.replace(":", "\\:")))
        connection.execute(sa.text(_GRANT.replace(":", "\\:")))
