"""Timers: due rows that name the visit they were set for. A position has at most one."""

from collections.abc import Sequence

from clarion.store import dialect
from clarion.store.db import Tx

_SET = dialect.Rows({"position": "int", "run": "int", "visit": "int", "due": "int"})
_IDS = dialect.Rows({"id": "int"})


async def of(tx: Tx, positions: Sequence[int], now: int) -> dict[int, int]:
    """Position -> visit of the timers due at `now` among positions whose rows the caller has locked."""
    if not positions:
        return {}
    rows = await tx.all(
        f"SELECT position_id, visit FROM {_IDS.sql(tx.name)} JOIN timers t ON t.position_id = v.id "
        "WHERE NOT t.held AND t.due_at <= :now",
        {"now": now, **_IDS.params(tx.name, [[p] for p in positions])},
    )
    return {row.position_id: row.visit for row in rows}


async def drop(tx: Tx, positions: Sequence[int]) -> None:
    """Forget the timers of these positions."""
    if positions:
        await tx.run(
            f"DELETE FROM timers WHERE position_id IN (SELECT id FROM {_IDS.sql(tx.name)})",
            _IDS.params(tx.name, [[p] for p in positions]),
        )


async def put(tx: Tx, timers: Sequence[tuple[int, int, int, int]]) -> None:
    """Set [position, run, visit, due at], in place of the position's earlier one."""
    if timers:
        await tx.run(
            f"""
            INSERT INTO timers (position_id, run_id, visit, due_at)
            SELECT v.position, v.run, v.visit, v.due FROM {_SET.sql(tx.name)} WHERE true
            ON CONFLICT (position_id) DO UPDATE SET visit = excluded.visit, due_at = excluded.due_at, held = false
            """,
            _SET.params(tx.name, [list(each) for each in timers]),
        )


async def next_due(tx: Tx) -> int | None:
    """Microseconds until a timer is due, 0 if one is; None if there is none."""
    row = await tx.first(
        f"SELECT min(due_at) AS due_at, {dialect.now_sql(tx.name)} AS now FROM timers WHERE NOT held"
    )
    return None if row is None or row.due_at is None else max(0, row.due_at - row.now)
