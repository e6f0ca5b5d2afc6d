"""Contacts: one row for each person, whatever the spelling of the number."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from clarion.domain.contact import Address
from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.tables import contacts, list_members, suppressions

_SHOWN = (
    contacts.c.id,
    contacts.c.address,
    contacts.c.person,
    contacts.c.attributes,
    contacts.c.language,
    contacts.c.timezone,
    contacts.c.created_at,
    contacts.c.updated_at,
)
_OPTED_OUT = (
    sa.select(suppressions.c.person)
    .where(
        suppressions.c.workspace_id == contacts.c.workspace_id,
        suppressions.c.person == contacts.c.person,
        suppressions.c.until == 0,
    )
    .exists()
)


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


async def by_person(tx: Tx, workspace_id: int, person: str) -> sa.Row[Any] | None:
    """The contact with all its columns and `opted_out`."""
    return await tx.first(
        sa.select(*_SHOWN, _OPTED_OUT.label("opted_out")).where(
            contacts.c.workspace_id == workspace_id, contacts.c.person == person
        )
    )


async def page(
    tx: Tx, workspace_id: int, *, list_id: int = 0, digits: str = "", after: int = 0, limit: int = 50
) -> Sequence[sa.Row[Any]]:
    """Contacts with `opted_out` and `place`, to be given as `after` for the next page.

    Of one list in its order, or all in order of their ids; `digits`: numbers that contain them.
    """
    place = list_members.c.id if list_id else contacts.c.id
    query = sa.select(*_SHOWN, _OPTED_OUT.label("opted_out"), place.label("place")).where(
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
