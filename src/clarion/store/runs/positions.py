"""Positions: made when people enter, locked while they move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.runs import counts, events

MOST_AT_ONCE = 200
"""Journeys one person may be in at the same time."""


@dataclass(frozen=True, slots=True)
class Entering:
    """Where people enter: the run, and the place its graph starts at. `entry` as in domain/journey/entry.py."""

    run_id: int
    workspace_id: int
    journey_id: int
    version_id: int
    sender_id: int
    node: str
    entry: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A position after its events."""

    id: int
    node: str
    visit: int
    variables: dict[str, Any]
    message_id: int
    message_visit: int
    sender_id: int
    answered: int
    events: int
    listens: bool
    awaits: int
    outcome: str
    reason: str
    moved: bool


_IDS = dialect.Rows({"id": "int"})
_MOVED = dialect.Rows(
    {
        "id": "int",
        "node": "text",
        "visit": "int",
        "variables": "json",
        "message_id": "int",
        "message_visit": "int",
        "sender_id": "int",
        "answered": "int",
        "events": "int",
        "listens": "int",
        "awaits": "int",
        "outcome": "text",
        "reason": "text",
        "moved": "int",
    }
)


async def lock(tx: Tx, ids: Sequence[int]) -> Sequence[Any]:
    """These positions with their person and the state of their run, locked; those that others hold are left out."""
    lock_ = dialect.for_update(tx.name, skip_locked=True).replace("FOR UPDATE", "FOR UPDATE OF p")
    return await tx.all(
        f"""
        SELECT p.*, r.status AS run_status, c.address, c.attributes, c.language, c.timezone, c.tags,
               EXISTS (SELECT 1 FROM suppressions s WHERE s.workspace_id = p.workspace_id AND s.person = p.person
                       AND s.reason = 'opt_out') AS opted_out,
               {dialect.now_sql(tx.name)} AS now
        FROM {_IDS.sql(tx.name)} JOIN positions p ON p.id = v.id JOIN runs r ON r.id = p.run_id
        JOIN contacts c ON c.id = p.contact_id
        ORDER BY p.id {lock_}
        """,
        _IDS.params(tx.name, [[i] for i in ids]),
    )


async def enter(
    tx: Tx,
    where: Entering,
    contacts: Sequence[int],
    *,
    variables: Mapping[str, Any] | None = None,
    parent: tuple[int, int] = (0, 0),
) -> list[int]:
    """Let these contacts enter, each with an event that says so; the positions made, fewer when some may not.

    Left out are people who opted out, who are in it already (by the journey's entry rule), and who are in too
    many journeys at once. `parent`: the position and visit that wait for the end.
    """
    if not contacts:
        return []
    values = {
        "run": where.run_id,
        "workspace": where.workspace_id,
        "journey": where.journey_id,
        "version": where.version_id,
        "sender": where.sender_id,
        "node": where.node,
        "entry": where.entry,
        "variables": orjson.dumps(dict(variables or {})).decode(),
        "parent": parent[0],
        "parent_visit": parent[1],
        "now": await tx.now(),
        "most": MOST_AT_ONCE,
    }
    rows = await tx.all(
        f"""
        INSERT INTO positions (workspace_id, run_id, journey_id, version_id, contact_id, person, entry, node,
                               variables, sender_id, listens, parent_id, parent_visit, entered_at, moved_at)
        SELECT cast(:workspace AS bigint), cast(:run AS bigint), cast(:journey AS bigint), cast(:version AS bigint),
               c.id, c.person, :entry, :node, {dialect.json_of(tx.name, ":variables")}, cast(:sender AS bigint), false,
               cast(:parent AS bigint), cast(:parent_visit AS bigint), cast(:now AS bigint), cast(:now AS bigint)
        FROM {_IDS.sql(tx.name)} JOIN contacts c ON c.id = v.id AND c.workspace_id = :workspace
        WHERE NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.workspace_id = c.workspace_id
                          AND s.person = c.person AND s.reason = 'opt_out')
          AND (SELECT count(*) FROM positions o WHERE o.workspace_id = c.workspace_id AND o.person = c.person
               AND o.outcome = '') < :most
        ORDER BY c.id
        ON CONFLICT (journey_id, person, entry) DO NOTHING
        RETURNING id
        """,
        {**values, **_IDS.params(tx.name, [[c] for c in contacts])},
    )
    made = sorted(row.id for row in rows)
    if made:
        rank = (
            events.ARRIVALS if len(made) > 1 else events.ANSWERS
        )  # who comes alone did something to come in
        await tx.run(
            f"""
            INSERT INTO position_events (position_id, run_id, kind, rank, at)
            SELECT v.id, :run, 'arrived', {rank}, :now FROM {_IDS.sql(tx.name)} WHERE true ORDER BY v.id
            """,
            {"run": where.run_id, "now": values["now"], **_IDS.params(tx.name, [[i] for i in made])},
        )
        ways = counts.Ways()
        ways.add(where.run_id, where.node, counts.ENTER, n=len(made))
        ways.add(where.run_id, where.node, counts.IN, n=len(made))
        await counts.apply(tx, ways.found)
    return made


async def keep(tx: Tx, moved: Sequence[Moved], now: int) -> None:
    """Write positions whose rows the caller has locked. A journey that allows it can be entered again at its end."""
    if not moved:
        return
    rows = [
        [
            m.id, m.node, m.visit, orjson.dumps(m.variables).decode(), m.message_id, m.message_visit, m.sender_id,
            m.answered, m.events, int(m.listens), m.awaits, m.outcome, m.reason, int(m.moved),
        ]
        for m in moved
    ]  # fmt: skip
    await tx.run(
        f"""
        UPDATE positions SET node = v.node, visit = v.visit, variables = v.variables,
          message_id = v.message_id, message_visit = v.message_visit, sender_id = v.sender_id,
          answered = v.answered, events = v.events, listens = (v.listens = 1),
          awaits = v.awaits, outcome = v.outcome, reason = v.reason,
          moved_at = CASE WHEN v.moved = 1 THEN cast(:now AS bigint) ELSE moved_at END,
          ended_at = CASE WHEN v.outcome <> '' THEN cast(:now AS bigint) ELSE 0 END,
          entry = CASE WHEN v.outcome <> '' AND entry = 'live' THEN cast(positions.id AS text) ELSE entry END
        FROM {_MOVED.sql(tx.name)} WHERE positions.id = v.id
        """,
        {"now": now, **_MOVED.params(tx.name, rows)},
    )
