"""What the rows say of the things that news are about: one look for all of a kind."""

from collections.abc import Sequence
from typing import Any

from clarion.store import dialect
from clarion.store.db import Tx

_IDS = dialect.Rows({"id": "int"})
_PEOPLE = dialect.Rows({"workspace": "int", "person": "text"})

_OF = {
    "message": """
        SELECT m.id, m.campaign_id, m.run_id, m.contact_id, m.sender_id, m.address, m.fault_code, m.fault_reason
        FROM {ids} JOIN messages m ON m.id = v.id WHERE m.address <> ''
    """,
    "reply": """
        SELECT r.id, r.contact_id, r.sender_id, r.person, r.kind, r.text, r.payload, r.opt_out,
               coalesce(c.id, 0) AS conversation_id, coalesce(nullif(c.address, ''), k.address, '') AS address,
               coalesce(p.run_id, 0) AS run_id,
               coalesce((SELECT max(m.id) FROM messages m WHERE r.quoted <> '' AND m.provider_id = r.quoted
                         AND m.workspace_id = r.workspace_id), 0) AS message_id
        FROM {ids} JOIN replies r ON r.id = v.id
        LEFT JOIN conversations c ON c.sender_id = r.sender_id AND c.person = r.person
        LEFT JOIN contacts k ON k.id = r.contact_id
        LEFT JOIN positions p ON p.id = r.position_id
        WHERE r.person <> ''
    """,
    "campaign": "SELECT c.id, c.name FROM {ids} JOIN campaigns c ON c.id = v.id",
    "run": """
        SELECT r.id, r.journey_id, j.name AS journey
        FROM {ids} JOIN runs r ON r.id = v.id JOIN journeys j ON j.id = r.journey_id
    """,
    "sender": "SELECT s.id, s.name FROM {ids} JOIN senders s ON s.id = v.id",
    "import": """
        SELECT i.id, i.list_id, i.status, i.error, i.accepted, i.corrected, i.duplicate, i.invalid, i.opted_out
        FROM {ids} JOIN imports i ON i.id = v.id
    """,
    "handoff": """
        SELECT h.id, h.contact_id, h.sender_id, h.note, h.waits, c.address, coalesce(p.run_id, 0) AS run_id
        FROM {ids} JOIN handoffs h ON h.id = v.id JOIN contacts c ON c.id = h.contact_id
        LEFT JOIN positions p ON p.id = h.position_id
    """,
}
"""People who were erased meanwhile are missing: nobody is told anything of them any more."""


async def rows_of(tx: Tx, kind: str, ids: Sequence[int]) -> dict[int, Any]:
    """The rows of things of a kind (`message`, `reply`, ...), by id."""
    if not ids or kind not in _OF:
        return {}
    rows = await tx.all(
        _OF[kind].format(ids=_IDS.sql(tx.name)), _IDS.params(tx.name, [[each] for each in sorted(set(ids))])
    )
    return {row.id: row for row in rows}


async def contacts_of(tx: Tx, people: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Any]:
    """The contacts (`id`, `address`) of (workspace, person)."""
    if not people:
        return {}
    rows = await tx.all(
        f"SELECT c.id, c.address, c.workspace_id, c.person FROM {_PEOPLE.sql(tx.name)} "
        "JOIN contacts c ON c.workspace_id = v.workspace AND c.person = v.person",
        _PEOPLE.params(tx.name, [list(each) for each in sorted(set(people))]),
    )
    return {(row.workspace_id, row.person): row for row in rows}
