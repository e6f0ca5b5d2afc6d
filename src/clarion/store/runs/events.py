"""What happened to positions and was not looked at yet: added in the transaction that learns of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from clarion.store import dialect
from clarion.store.db import Tx

MOST_TRIES = 3

ANSWERS, NEWS, ARRIVALS = 0, 1, 2
"""Who is moved first: people who did something, then fates of messages, then those who just entered. A run that is
started over a million people must not keep one person's answer waiting."""


@dataclass(frozen=True, slots=True)
class Due:
    """One event of a position."""

    id: int
    position_id: int
    kind: str
    data: dict[str, Any]
    at: int
    tries: int


_ADD = dialect.Rows({"position": "int", "kind": "text", "data": "json"})
_IDS = dialect.Rows({"id": "int"})


async def add(tx: Tx, events: Sequence[tuple[int, str, dict[str, Any]]]) -> None:
    """Add [position, kind, data]. Events of positions that have ended are not kept."""
    if events:
        rows = [[position, kind, orjson.dumps(data).decode()] for position, kind, data in events]
        await tx.run(
            f"""
            INSERT INTO position_events (position_id, run_id, kind, data, at)
            SELECT p.id, p.run_id, v.kind, v.data, {dialect.now_sql(tx.name)}
            FROM {_ADD.sql(tx.name)} JOIN positions p ON p.id = v.position WHERE p.outcome = ''
            """,
            _ADD.params(tx.name, rows),
        )


async def stop_run(tx: Tx, run_id: int, *, after: int, limit: int, reason: str) -> int:
    """Have up to `limit` positions of a stopped run, with ids above `after`, end; the last id, 0 when none was left."""
    rows = await tx.all(
        "SELECT id FROM positions WHERE run_id = :run AND id > :after AND outcome = '' ORDER BY id LIMIT :limit",
        {"run": run_id, "after": after, "limit": limit},
    )
    await add(tx, [(row.id, "stopped", {"outcome": "stopped", "reason": reason}) for row in rows])
    return int(rows[-1].id) if rows else 0


async def stop_people(tx: Tx, people: Sequence[tuple[int, str]], reason: str) -> None:
    """End every journey of these (workspace, person): they must not be written to any more."""
    if people:
        values = dialect.Rows({"workspace": "int", "person": "text"})
        data = orjson.dumps({"outcome": "opted_out", "reason": reason}).decode()
        await tx.run(
            f"""
            INSERT INTO position_events (position_id, run_id, kind, data, at)
            SELECT p.id, p.run_id, 'stopped', {dialect.json_of(tx.name, ":data")}, {dialect.now_sql(tx.name)}
            FROM {values.sql(tx.name)} JOIN positions p ON p.workspace_id = v.workspace AND p.person = v.person
            WHERE p.outcome = ''
            """,
            {"data": data, **values.params(tx.name, [list(each) for each in people])},
        )


async def of(tx: Tx, positions: Sequence[int]) -> list[Due]:
    """The events of these positions, whose rows the caller has locked, in the order they came."""
    rows = await tx.all(
        "SELECT id, position_id, kind, data, at, tries FROM position_events "
        f"WHERE position_id IN (SELECT id FROM {_IDS.sql(tx.name)}) AND NOT held ORDER BY id",
        _IDS.params(tx.name, [[p] for p in positions]),
    )
    return [Due(r.id, r.position_id, r.kind, dialect.json_value(r.data), r.at, r.tries) for r in rows]


async def used(tx: Tx, ids: Sequence[int]) -> None:
    """Forget events in the transaction that used them."""
    if ids:
        await tx.run(
            f"DELETE FROM position_events WHERE id IN (SELECT id FROM {_IDS.sql(tx.name)})",
            _IDS.params(tx.name, [[i] for i in ids]),
        )


async def failed(tx: Tx, position_id: int) -> int:
    """Count a try of the position's oldest event; how many it has had."""
    tries = await tx.scalar(
        "UPDATE position_events SET tries = tries + 1 WHERE id = "
        "(SELECT min(id) FROM position_events WHERE position_id = :position) RETURNING tries",
        {"position": position_id},
    )
    return int(tries or 0)
