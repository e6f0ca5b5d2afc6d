"""Contacts: one row for each person, whatever the spelling of the number."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from clarion.domain.contact import Address
from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.tables import contacts, list_members, suppressions

SHOWN = (
    contacts.c.id,
    contacts.c.address,
    contacts.c.person,
    contacts.c.attributes,
    contacts.c.tags,
    contacts.c.language,
    contacts.c.timezone,
    contacts.c.created_at,
    contacts.c.updated_at,
)
OPTED_OUT = (
    sa.select(suppressions.c.person)
    .where(
        suppressions.c.workspace_id == contacts.c.workspace_id,
        suppressions.c.person == contacts.c.person,
        suppressions.c.until == 0,
    )
    .exists()
)
_PEOPLE = dialect.Rows({"person": "text"})
_IDS = dialect.Rows({"id": "int"})


def upsert_sql(name: dialect.Name, source: str) -> str:
    """Insert the people of `source`, or put their new attributes over the old ones.

    `source` is what follows SELECT's columns: `FROM x WHERE ...` with address, person, attributes, language and
    timezone, each person once. Values :workspace and :now. The address stays as first spelled; rows that would
    not change are not written.
    """
    merged = dialect.merge_json(name, "contacts.attributes", "excluded.attributes")
    return f"""
        INSERT INTO contacts (workspace_id, address, person, attributes, language, timezone, created_at, updated_at)
        SELECT :workspace, address, person, attributes, language, timezone, cast(:now as bigint), :now {source}
        ON CONFLICT (workspace_id, person) DO UPDATE
        SET attributes = {merged}, updated_at = excluded.updated_at,
            language = CASE excluded.language WHEN '' THEN contacts.language ELSE excluded.language END,
            timezone = CASE excluded.timezone WHEN '' THEN contacts.timezone ELSE excluded.timezone END
        WHERE contacts.attributes <> {merged}
           OR excluded.language NOT IN ('', contacts.language)
           OR excluded.timezone NOT IN ('', contacts.timezone)
        """


_ONE = dialect.Rows(
    {"address": "text", "person": "text", "attributes": "json", "language": "text", "timezone": "text"}
)


async def put(tx: Tx, workspace_id: int, address: Address, attributes: Mapping[str, str]) -> int:
    """Add a contact or merge into the one there is; its id."""
    row = [
        address.e164,
        address.person,
        json.dumps(dict(attributes), ensure_ascii=False, separators=(",", ":")),
        attributes.get("language", ""),
        attributes.get("timezone", ""),
    ]
    await tx.run(
        upsert_sql(tx.name, f"FROM {_ONE.sql(tx.name)} WHERE true"),
        {"workspace": workspace_id, "now": await tx.now(), **_ONE.params(tx.name, [row])},
    )
    found = await by_person(tx, workspace_id, address.person)
    assert found is not None
    return int(found.id)


# --- whole contacts, written by programs --------------------------------------------------------------------


class Held(NamedTuple):
    """What may change of a contact."""

    attributes: dict[str, Any]
    tags: list[str]
    language: str
    timezone: str


_NEW = dialect.Rows(
    {
        "address": "text",
        "person": "text",
        "attributes": "json",
        "tags": "json",
        "language": "text",
        "timezone": "text",
    }
)
_CHANGED = dialect.Rows(
    {"id": "int", "attributes": "json", "tags": "json", "language": "text", "timezone": "text"}
)


async def insert(tx: Tx, workspace_id: int, new: Sequence[tuple[Address, Held]], now: int) -> dict[str, int]:
    """Add people; the ids by person of those that were not there."""
    rows = [[address.e164, address.person, *_columns(held)] for address, held in sorted(new, key=_by_person)]
    if not rows:
        return {}
    made = await tx.all(
        "INSERT INTO contacts (workspace_id, address, person, attributes, tags, language, timezone, "
        "created_at, updated_at) SELECT :workspace, v.address, v.person, v.attributes, v.tags, v.language, "
        f"v.timezone, cast(:now as bigint), :now FROM {_NEW.sql(tx.name)} WHERE true "
        "ON CONFLICT (workspace_id, person) DO NOTHING RETURNING id, person",
        {"workspace": workspace_id, "now": now, **_NEW.params(tx.name, rows)},
    )
    return {row.person: row.id for row in made}


async def change(tx: Tx, changed: Mapping[int, Held], now: int) -> None:
    """Write contacts whose rows the caller has locked."""
    if changed:
        rows = [[contact_id, *_columns(held)] for contact_id, held in sorted(changed.items())]
        await tx.run(
            "UPDATE contacts SET attributes = v.attributes, tags = v.tags, language = v.language, "
            f"timezone = v.timezone, updated_at = :now FROM {_CHANGED.sql(tx.name)} WHERE contacts.id = v.id",
            {"now": now, **_CHANGED.params(tx.name, rows)},
        )


async def lock_people(tx: Tx, workspace_id: int, people: Sequence[str]) -> dict[str, tuple[int, Held]]:
    """Person -> id and what may change, of those who are there, held until commit."""
    rows = await tx.all(
        "SELECT id, person, attributes, tags, language, timezone FROM contacts "
        f"WHERE workspace_id = :workspace AND person IN (SELECT person FROM {_PEOPLE.sql(tx.name)}) "
        f"ORDER BY person {dialect.for_update(tx.name)}",
        {"workspace": workspace_id, **_PEOPLE.params(tx.name, [[each] for each in sorted(people)])},
    )
    return {row.person: (row.id, _held(row)) for row in rows}


def _columns(held: Held) -> list[str]:
    texts = [orjson.dumps(value).decode() for value in (held.attributes, held.tags)]
    return [*texts, held.language, held.timezone]


def _by_person(new: tuple[Address, Held]) -> str:
    return new[0].person


def _held(row: sa.Row[Any]) -> Held:
    attributes, tags = (dialect.json_value(each) for each in (row.attributes, row.tags))
    return Held(dict(attributes), list(tags), row.language, row.timezone)


async def delete(tx: Tx, contact_id: int) -> None:
    """Forget a contact, which is on no list any more. Its number is never given to somebody else.

    So where the database would, an empty row stays behind, in no workspace.
    """
    statement = "DELETE FROM contacts WHERE id = :id"
    if dialect.gives_ids_again(tx.name):
        statement = (
            "UPDATE contacts SET workspace_id = 0, address = '', person = 'erased:' || id, attributes = '{}', "
            "tags = '[]', language = '', timezone = '', created_at = 0, updated_at = 0 WHERE id = :id"
        )
    await tx.run(statement, {"id": contact_id})


# --- looking ----------------------------------------------------------------------------------------------


async def by_person(tx: Tx, workspace_id: int, person: str) -> sa.Row[Any] | None:
    """The contact with all its columns and `opted_out`."""
    return await tx.first(
        sa.select(*SHOWN, OPTED_OUT.label("opted_out")).where(
            contacts.c.workspace_id == workspace_id, contacts.c.person == person
        )
    )


async def by_id(tx: Tx, workspace_id: int, contact_id: int) -> sa.Row[Any] | None:
    """The contact with all its columns and `opted_out`."""
    return await tx.first(
        sa.select(*SHOWN, OPTED_OUT.label("opted_out")).where(
            contacts.c.workspace_id == workspace_id, contacts.c.id == contact_id
        )
    )


async def known(
    tx: Tx, workspace_id: int, *, ids: Sequence[int] = (), people: Sequence[str] = ()
) -> tuple[set[int], dict[str, int]]:
    """Which of these ids are contacts of the workspace, and the ids of these people who are."""
    rows: Sequence[sa.Row[Any]] = ()
    if ids:
        rows = await tx.all(
            f"SELECT c.id FROM {_IDS.sql(tx.name)} JOIN contacts c ON c.id = v.id WHERE c.workspace_id = :workspace",
            {"workspace": workspace_id, **_IDS.params(tx.name, [[each] for each in ids])},
        )
    found: Sequence[sa.Row[Any]] = ()
    if people:
        found = await tx.all(
            f"SELECT c.id, c.person FROM {_PEOPLE.sql(tx.name)} "
            "JOIN contacts c ON c.workspace_id = :workspace AND c.person = v.person",
            {"workspace": workspace_id, **_PEOPLE.params(tx.name, [[each] for each in people])},
        )
    return {row.id for row in rows}, {row.person: row.id for row in found}


async def page(
    tx: Tx, workspace_id: int, *, list_id: int = 0, digits: str = "", after: int = 0, limit: int = 50
) -> Sequence[sa.Row[Any]]:
    """Contacts with `opted_out` and `place`, to be given as `after` for the next page.

    Of one list in its order, or all in order of their ids; `digits`: numbers that contain them.
    """
    place = list_members.c.id if list_id else contacts.c.id
    query = sa.select(*SHOWN, OPTED_OUT.label("opted_out"), place.label("place")).where(
        contacts.c.workspace_id == workspace_id, place > after
    )
    if list_id:
        query = query.join(list_members, list_members.c.contact_id == contacts.c.id).where(
            list_members.c.list_id == list_id
        )
    if digits:
        query = query.where(contacts.c.address.contains(digits, autoescape=True))
    return await tx.all(query.order_by(place).limit(limit))


async def attribute_names(tx: Tx, workspace_id: int, list_id: int = 0) -> list[str]:
    """Every attribute that some contact has, by name."""
    join = "JOIN list_members m ON m.contact_id = c.id AND m.list_id = :list" if list_id else ""
    rows = await tx.all(
        f"SELECT DISTINCT k.key FROM contacts c {join} CROSS JOIN {dialect.json_keys(tx.name, 'c.attributes')} "
        "WHERE c.workspace_id = :workspace ORDER BY k.key",
        {"workspace": workspace_id, **({"list": list_id} if list_id else {})},
    )
    return sorted(row.key for row in rows)
