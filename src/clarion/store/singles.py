"""Messages that belong to no campaign: one contact, one content, sent before bulk."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from clarion.domain.errors import NotFound
from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.tables import contacts, messages, outbox

PRIORITY = 0


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a single message goes to."""

    id: int
    address: str
    person: str
    attributes: Mapping[str, Any]


async def stopped(tx: Tx, workspace: int, person: str) -> str:
    """Why the person must not be written to now; "" when they may be."""
    reason = await tx.scalar(
        "SELECT reason FROM suppressions WHERE workspace_id = :workspace AND person = :person "
        "AND (until = 0 OR until > :now)",
        {"workspace": workspace, "person": person, "now": await tx.now()},
    )
    return reason or ""


async def contact(tx: Tx, workspace: int, address: str, person: str) -> Recipient:
    """The contact with this number, added when there is none."""
    now = await tx.now()
    await tx.run(
        """
        INSERT INTO contacts (workspace_id, address, person, created_at, updated_at)
        VALUES (:workspace, :address, :person, :now, :now) ON CONFLICT (workspace_id, person) DO NOTHING
        """,
        {"workspace": workspace, "address": address, "person": person, "now": now},
    )
    row = await tx.first(
        sa.select(contacts.c.id, contacts.c.address, contacts.c.person, contacts.c.attributes).where(
            contacts.c.workspace_id == workspace, contacts.c.person == person
        )
    )
    assert row is not None
    return Recipient(row.id, row.address, row.person, row.attributes)


async def known(tx: Tx, workspace: int, contact_id: int) -> Recipient:
    """The contact with this id. Raises NotFound."""
    row = await tx.first(
        sa.select(contacts.c.id, contacts.c.address, contacts.c.person, contacts.c.attributes).where(
            contacts.c.workspace_id == workspace, contacts.c.id == contact_id
        )
    )
    if row is None:
        raise NotFound("contact", contact_id)
    return Recipient(row.id, row.address, row.person, row.attributes)


async def queue(tx: Tx, workspace: int, sender_id: int, to: Recipient, content: Mapping[str, Any]) -> int:
    """Write one message with its own, rendered content, due now; its id."""
    now = await tx.now()
    shared = {"workspace_id": workspace, "sender_id": sender_id, "contact_id": to.id, "person": to.person}
    row = await tx.first(
        sa.insert(messages).returning(messages.c.id),
        {**shared, "address": to.address, "content": dict(content), "status": "queued", "created_at": now},
    )
    assert row is not None
    await tx.run(sa.insert(outbox), {**shared, "message_id": row.id, "priority": PRIORITY, "due_at": now})
    return int(row.id)


# --- many at once -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Single:
    """One message to write, its content filled in. `policy` "" = no_duplicates, `expires_at` 0 = never."""

    sender_id: int
    address: str
    person: str
    content: Mapping[str, Any]
    priority: int = PRIORITY
    policy: str = ""
    expires_at: int = 0


_PEOPLE = dialect.Rows({"address": "text", "person": "text"})
_PERSONS = dialect.Rows({"person": "text"})
_IDS = dialect.Rows({"id": "int"})
_SINGLES = dialect.Rows(
    {
        "n": "int",
        "sender": "int",
        "person": "text",
        "content": "json",
        "priority": "int",
        "policy": "text",
        "expires": "int",
    }
)


async def people(tx: Tx, workspace: int, persons: Collection[str]) -> dict[str, Recipient]:
    """Those of these people who are contacts."""
    rows = await tx.all(
        f"SELECT c.id, c.address, c.person, c.attributes FROM {_PERSONS.sql(tx.name)} "
        "JOIN contacts c ON c.workspace_id = :workspace AND c.person = v.person",
        {"workspace": workspace, **_PERSONS.params(tx.name, [[p] for p in sorted(set(persons))])},
    )
    return {row.person: _recipient(row) for row in rows}


async def by_id(tx: Tx, workspace: int, ids: Collection[int]) -> dict[int, Recipient]:
    """Those of these ids that are contacts of the workspace."""
    rows = await tx.all(
        f"SELECT c.id, c.address, c.person, c.attributes FROM {_IDS.sql(tx.name)} "
        "JOIN contacts c ON c.id = v.id WHERE c.workspace_id = :workspace",
        {"workspace": workspace, **_IDS.params(tx.name, [[i] for i in sorted(set(ids))])},
    )
    return {row.id: _recipient(row) for row in rows}


async def stopped_among(tx: Tx, workspace: int, persons: Collection[str]) -> dict[str, str]:
    """Why some of these people must not be written to now."""
    rows = await tx.all(
        f"SELECT s.person, s.reason FROM {_PERSONS.sql(tx.name)} "
        "JOIN suppressions s ON s.workspace_id = :workspace AND s.person = v.person "
        "WHERE s.until = 0 OR s.until > :now",
        {
            "workspace": workspace,
            "now": await tx.now(),
            **_PERSONS.params(tx.name, [[p] for p in sorted(set(persons))]),
        },
    )
    return {row.person: row.reason for row in rows}


async def heard(tx: Tx, workspace: int, persons: Collection[str]) -> dict[tuple[int, str], int]:
    """When some of these people last wrote to a sender: by (sender, person)."""
    rows = await tx.all(
        f"SELECT r.sender_id, r.person, max(r.at) AS at FROM {_PERSONS.sql(tx.name)} "
        "JOIN replies r ON r.workspace_id = :workspace AND r.person = v.person GROUP BY r.sender_id, r.person",
        {"workspace": workspace, **_PERSONS.params(tx.name, [[p] for p in sorted(set(persons))])},
    )
    return {(row.sender_id, row.person): row.at for row in rows}


async def add_people(tx: Tx, workspace: int, found: Mapping[str, str]) -> None:
    """Make contacts of people (person -> number to dial) who are none yet."""
    if found:
        await tx.run(
            "INSERT INTO contacts (workspace_id, address, person, created_at, updated_at) "
            "SELECT :workspace, v.address, v.person, cast(:now AS bigint), cast(:now AS bigint) "
            f"FROM {_PEOPLE.sql(tx.name)} WHERE true ORDER BY v.person "
            "ON CONFLICT (workspace_id, person) DO NOTHING",
            {
                "workspace": workspace,
                "now": await tx.now(),
                **_PEOPLE.params(tx.name, [[address, person] for person, address in sorted(found.items())]),
            },
        )


async def queue_many(tx: Tx, workspace: int, singles: Sequence[Single]) -> list[int]:
    """Write messages, due now, to people who become contacts if they are none; their ids in the order given."""
    if not singles:
        return []
    await add_people(tx, workspace, {each.person: each.address for each in singles if each.address})
    rows = [
        [
            n,
            each.sender_id,
            each.person,
            orjson.dumps(each.content).decode(),
            each.priority,
            each.policy,
            each.expires_at,
        ]
        for n, each in enumerate(singles)
    ]
    values = {"workspace": workspace, "now": await tx.now(), **_SINGLES.params(tx.name, rows)}
    made = await tx.all(
        "INSERT INTO messages (workspace_id, contact_id, sender_id, address, person, content, status, created_at) "
        "SELECT c.workspace_id, c.id, v.sender, c.address, c.person, v.content, 'queued', cast(:now AS bigint) "
        f"FROM {_SINGLES.sql(tx.name)} JOIN contacts c ON c.workspace_id = :workspace AND c.person = v.person "
        "ORDER BY v.n RETURNING id",
        values,
    )
    ids = sorted(int(row.id) for row in made)  # numbered in the order of the rows
    due = [[i, *row[4:]] for i, row in zip(ids, rows, strict=True)]
    outbox = dialect.Rows({"id": "int", "priority": "int", "policy": "text", "expires": "int"})
    await tx.run(
        "INSERT INTO outbox (message_id, workspace_id, sender_id, contact_id, person, priority, policy, due_at, "
        "expires_at) SELECT m.id, m.workspace_id, m.sender_id, m.contact_id, m.person, v.priority, v.policy, "
        f"cast(:now AS bigint), v.expires FROM {outbox.sql(tx.name)} JOIN messages m ON m.id = v.id "
        "WHERE true ORDER BY m.id",
        {"now": values["now"], **outbox.params(tx.name, due)},
    )
    return ids


def _recipient(row: sa.Row[Any]) -> Recipient:
    return Recipient(row.id, row.address, row.person, dialect.json_value(row.attributes) or {})
