"""Facts about people and messages that steps look at, each one statement for a whole batch."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.tables import senders as senders_table

_IDS = dialect.Rows({"id": "int"})
_PEOPLE = dialect.Rows({"workspace": "int", "person": "text"})
_HEARD = dialect.Rows({"workspace": "int", "person": "text", "sender": "int"})


async def senders(tx: Tx, workspaces: Sequence[int]) -> Sequence[Any]:
    """Id, workspace, name, provider and config of every sender there."""
    columns = (senders_table.c.id, senders_table.c.workspace_id, senders_table.c.name)
    return await tx.all(
        sa.select(*columns, senders_table.c.provider, senders_table.c.config).where(
            senders_table.c.workspace_id.in_(sorted(set(workspaces)))
        )
    )


async def opted_out(tx: Tx, people: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of these (workspace, person) who do not want to hear from us."""
    if not people:
        return set()
    rows = await tx.all(
        f"SELECT s.workspace_id, s.person FROM {_PEOPLE.sql(tx.name)} JOIN suppressions s "
        "ON s.workspace_id = v.workspace AND s.person = v.person WHERE s.reason = 'opt_out'",
        _PEOPLE.params(tx.name, [list(each) for each in people]),
    )
    return {(row.workspace_id, row.person) for row in rows}


async def last_heard(tx: Tx, positions: Sequence[Any]) -> dict[tuple[int, str, int], int]:
    """(workspace, person, sender) -> when the person last wrote to that sender, in microseconds."""
    asked = sorted({(p.workspace_id, p.person, p.sender_id) for p in positions})
    if not asked:
        return {}
    rows = await tx.all(
        f"""
        SELECT r.workspace_id, r.person, r.sender_id, max(r.received_at) AS at
        FROM {_HEARD.sql(tx.name)} JOIN replies r
          ON r.workspace_id = v.workspace AND r.person = v.person AND r.sender_id = v.sender
        WHERE r.kind <> 'system' GROUP BY r.workspace_id, r.person, r.sender_id
        """,
        _HEARD.params(tx.name, [list(each) for each in asked]),
    )
    return {(row.workspace_id, row.person, row.sender_id): int(row.at) for row in rows}


async def lists_of(tx: Tx, contacts: Sequence[int]) -> dict[int, frozenset[str]]:
    """Contact -> names of the lists it is on."""
    if not contacts:
        return {}
    rows = await tx.all(
        f"SELECT m.contact_id, l.name FROM {_IDS.sql(tx.name)} JOIN list_members m ON m.contact_id = v.id "
        "JOIN lists l ON l.id = m.list_id",
        _IDS.params(tx.name, [[c] for c in sorted(set(contacts))]),
    )
    found: defaultdict[int, set[str]] = defaultdict(set)
    for row in rows:
        found[row.contact_id].add(row.name)
    return {contact: frozenset(names) for contact, names in found.items()}


async def statuses(tx: Tx, messages: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Message -> its status and the code it failed with. Held still until the commit, see told.tell."""
    if not messages:
        return {}
    rows = await tx.all(
        f"SELECT id, status, fault_code FROM messages WHERE id IN (SELECT id FROM {_IDS.sql(tx.name)}) "
        f"ORDER BY id {dialect.for_share(tx.name)}",
        _IDS.params(tx.name, [[m] for m in sorted(set(messages))]),
    )
    return {row.id: (row.status, row.fault_code) for row in rows}
