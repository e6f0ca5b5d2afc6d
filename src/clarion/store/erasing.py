"""Where a person stands in our tables, and how each place forgets them.

What is counted stays: a message keeps its status, times and code, and loses number, text and variables. Rows that
only matter to the person are deleted. Whatever pointed at the contact points at nobody.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from clarion.domain.contact import known_address
from clarion.domain.message import Status
from clarion.store import contacts as contacts_store
from clarion.store import counts, dialect, lists, suppressions
from clarion.store.db import Tx
from clarion.store.outbox.claim import close
from clarion.store.outbox.doubts import FAR
from clarion.store.runs import events

STEP = 20_000  # rows looked through in one transaction
_RUN = re.compile(r"\d{7,15}")
_NOBODYS = orjson.dumps({"type": "text", "body": "(erased)"}).decode()
_IDS = dialect.Rows({"id": "int"})
_LINES = dialect.Rows({"import": "int", "line": "int"})


def names(text: str, person: str) -> bool:
    """Whether a number of the person stands in the text, in whatever spelling providers use."""
    return any(known_address(run).person == person for run in _RUN.findall(text))


@dataclass(frozen=True, slots=True)
class UnderWay:
    """What has to end before a person can be forgotten."""

    sending: int
    journeys: int

    def __bool__(self) -> bool:
        return bool(self.sending or self.journeys)


async def under_way(tx: Tx, workspace_id: int, person: str) -> UnderWay:
    """Requests to the person on the wire, and journeys they are in."""
    values = {"workspace": workspace_id, "person": person}
    sending = await tx.scalar(
        "SELECT count(*) FROM outbox WHERE workspace_id = :workspace AND person = :person AND state = 'sending'",
        values,
    )
    journeys = await tx.scalar(
        "SELECT count(*) FROM positions WHERE workspace_id = :workspace AND person = :person AND outcome = ''",
        values,
    )
    return UnderWay(int(sending), int(journeys))


async def waits(tx: Tx, workspace_id: int, person: str) -> bool:
    """Whether messages to the person wait to be sent."""
    return bool(
        await tx.scalar(
            "SELECT count(*) FROM outbox WHERE workspace_id = :workspace AND person = :person "
            "AND state IN ('queued', 'leased', 'held')",
            {"workspace": workspace_id, "person": person},
        )
    )


async def end_what_waits(tx: Tx, workspace_id: int, person: str) -> None:
    """Nothing more starts: what waits in the outbox is cancelled, and journeys are told to end."""
    rows = await tx.all(
        "SELECT message_id, campaign_id, state FROM outbox WHERE workspace_id = :workspace AND person = :person "
        f"AND state IN ('queued', 'leased', 'held') ORDER BY message_id {dialect.for_update(tx.name)}",
        {"workspace": workspace_id, "person": person},
    )
    await close(tx, [row.message_id for row in rows], Status.CANCELLED)
    moves = counts.Moves()
    for row in rows:
        moves.move(row.campaign_id, row.state, Status.CANCELLED)
    await counts.apply(tx, moves.deltas)
    await events.stop_people(tx, [(workspace_id, person)], "the person's data is being erased")


# --- places that no index leads to --------------------------------------------------------------------------


async def bounds(tx: Tx, table: str) -> tuple[int, int]:
    """The first and the last id."""
    row = await tx.first(f"SELECT coalesce(min(id), 1) AS first, coalesce(max(id), 0) AS last FROM {table}")
    assert row is not None
    return row.first, row.last


async def webhooks(tx: Tx, person: str, senders: Sequence[int], *, after: int) -> list[int]:
    """Webhooks that were read and name the person on one of our senders, among the next STEP ids."""
    rows = await tx.all(
        "SELECT id, senders, body FROM inbox WHERE id > :after AND id <= :upto "
        "AND state IN ('done', 'aside') AND body LIKE :tail",
        {"after": after, "upto": after + STEP, "tail": f"%{person[-7:]}%"},
    )
    ours = set(senders)
    return [r.id for r in rows if ours & set(dialect.json_value(r.senders)) and names(r.body, person)]


async def deliveries(tx: Tx, workspace_id: int, person: str, *, after: int) -> list[int]:
    """Deliveries to customers' systems that name the person and are not on the wire, among the next STEP ids."""
    rows = await tx.all(
        "SELECT id, body FROM deliveries WHERE workspace_id = :workspace AND id > :after AND id <= :upto "
        "AND state <> 'sending' AND body LIKE :tail",
        {"workspace": workspace_id, "after": after, "upto": after + STEP, "tail": f"%{person[-7:]}%"},
    )
    return [row.id for row in rows if names(row.body, person)]


async def told_lines(tx: Tx, workspace_id: int, contact_id: int, person: str) -> list[tuple[int, int]]:
    """(import, line) of rows that import reports keep of the person."""
    rows = await tx.all(
        "SELECT r.import_id, r.line, r.detail || cast(r.raw as text) AS told FROM imports i "
        "JOIN import_rows r ON r.import_id = i.id WHERE i.workspace_id = :workspace "
        "AND (r.detail LIKE :tail OR cast(r.raw as text) LIKE :tail)",
        {"workspace": workspace_id, "tail": f"%{person[-7:]}%"},
    )
    found = {(row.import_id, row.line) for row in rows if names(row.told, person)}
    members = await tx.all(
        "SELECT import_id, line FROM list_members WHERE contact_id = :contact AND import_id <> 0",
        {"contact": contact_id},
    )
    return sorted(found | {(row.import_id, row.line) for row in members})


async def delete(tx: Tx, table: str, ids: Sequence[int]) -> None:
    """Delete rows of `inbox` or `deliveries`."""
    if ids:
        await tx.run(
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {_IDS.sql(tx.name)})",
            _IDS.params(tx.name, [[each] for each in ids]),
        )


async def blank_lines(tx: Tx, lines: Sequence[tuple[int, int]]) -> None:
    """Keep the verdicts of these lines, and nothing of what stood there."""
    if lines:
        await tx.run(
            f"UPDATE import_rows SET detail = 'erased', raw = {dialect.json_of(tx.name, ':nothing')} "
            f"FROM {_LINES.sql(tx.name)} WHERE import_rows.import_id = v.import AND import_rows.line = v.line",
            {"nothing": "[]", **_LINES.params(tx.name, [list(each) for each in lines])},
        )


# --- all the others -----------------------------------------------------------------------------------------


async def blank(tx: Tx, workspace_id: int, contact_id: int, person: str) -> None:
    """Forget the person in every table with an index to them; nothing of theirs is under way."""
    values: dict[str, Any] = {"workspace": workspace_id, "person": person}
    theirs = "workspace_id = :workspace AND person = :person"
    await tx.run(
        f"UPDATE outbox SET until = :far, unresolved = :yes, person = '', contact_id = -message_id WHERE {theirs}",
        {**values, "far": FAR, "yes": True},
    )
    await tx.run(
        "UPDATE attempts SET provider_id = '', reason = '' "
        f"WHERE message_id IN (SELECT id FROM messages WHERE {theirs})",
        values,
    )
    # WhatsApp's ids hold the number. A campaign has one message for each contact, so nobody has many numbers.
    await tx.run(
        "UPDATE messages SET address = '', person = '', contact_id = -id, fault_reason = '', "
        f"variables = {dialect.json_of(tx.name, ':nothing')}, "
        f"content = CASE WHEN content IS NULL THEN NULL ELSE {dialect.json_of(tx.name, ':erased')} END, "
        "provider_id = CASE WHEN provider_id LIKE 'wamid%' THEN NULL ELSE provider_id END "
        f"WHERE {theirs}",
        {**values, "nothing": "{}", "erased": _NOBODYS},
    )
    await tx.run(
        "UPDATE replies SET person = '', text = '', payload = '', quoted = '', why = '', contact_id = NULL, "
        f"provider_id = 'erased:' || id WHERE {theirs}",
        values,
    )
    await tx.run(f"DELETE FROM conversations WHERE {theirs}", values)
    await tx.run(
        "UPDATE handoffs SET note = '', contact_id = 0, state = 'closed' "
        "WHERE workspace_id = :workspace AND contact_id = :contact",
        {"workspace": workspace_id, "contact": contact_id},
    )
    await _blank_positions(tx, values)
    await suppressions.forget_cap(tx, workspace_id, person)
    await lists.remove_everywhere(tx, contact_id)
    await contacts_store.delete(tx, contact_id)


async def _blank_positions(tx: Tx, values: dict[str, Any]) -> None:
    rows = await tx.all(
        "SELECT id FROM positions WHERE journey_id IN (SELECT id FROM journeys WHERE workspace_id = :workspace) "
        "AND person = :person",
        values,
    )
    ids = _IDS.params(tx.name, [[row.id] for row in rows])
    among = f"(SELECT id FROM {_IDS.sql(tx.name)})"
    for table in ("position_events", "timers", "calls"):
        await tx.run(f"DELETE FROM {table} WHERE position_id IN {among}", ids)
    await tx.run(
        f"UPDATE trails SET why = '', tried = {dialect.json_of(tx.name, ':nothing')} WHERE position_id IN {among}",
        {**ids, "nothing": "[]"},
    )
    await tx.run(
        "UPDATE positions SET person = 'erased:' || id, contact_id = 0, reason = '', "
        f"variables = {dialect.json_of(tx.name, ':nothing')} WHERE id IN {among}",
        {**ids, "nothing": "{}"},
    )
