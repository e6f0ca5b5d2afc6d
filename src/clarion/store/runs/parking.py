"""A paused run's due rows stand aside, so that nobody walks over them; a resumed run's come back."""

from collections.abc import Sequence

from clarion.domain.message import Status
from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.outbox.claim import close

_IDS = dialect.Rows({"id": "int"})
_TABLES = ("position_events", "timers", "calls")


async def park(tx: Tx, run_id: int) -> None:
    """Set aside what the run has due. What becomes due later is set aside by whoever meets it."""
    for table in _TABLES:
        await tx.run(f"UPDATE {table} SET held = true WHERE run_id = :run AND NOT held", {"run": run_id})
    await tx.run(
        "UPDATE outbox SET state = 'held' WHERE run_id = :run AND run_id <> 0 AND state = 'queued'",
        {"run": run_id},
    )


async def stand_aside(tx: Tx, positions: Sequence[int]) -> None:
    """Set aside events and timers of these positions if their runs are paused: held so until the commit."""
    if not positions:
        return
    paused = await tx.all(
        f"SELECT p.id FROM {_IDS.sql(tx.name)} JOIN positions p ON p.id = v.id JOIN runs r ON r.id = p.run_id "
        f"WHERE r.status = 'paused' {dialect.for_share(tx.name).replace('FOR SHARE', 'FOR SHARE OF r')}",
        _IDS.params(tx.name, [[p] for p in positions]),
    )
    if paused:
        values = _IDS.params(tx.name, [[row.id] for row in paused])
        for table in ("position_events", "timers"):
            await tx.run(
                f"UPDATE {table} SET held = true WHERE position_id IN (SELECT id FROM {_IDS.sql(tx.name)})",
                values,
            )


async def unpark(tx: Tx, run_id: int) -> None:
    """Bring it all back."""
    for table in _TABLES:
        await tx.run(f"UPDATE {table} SET held = false WHERE run_id = :run AND held", {"run": run_id})
    await tx.run(
        "UPDATE outbox SET state = 'queued' WHERE run_id = :run AND run_id <> 0 AND state = 'held'",
        {"run": run_id},
    )


async def cancel(tx: Tx, run_id: int, limit: int) -> int:
    """End up to `limit` messages of a stopped run that were not marked; how many they were."""
    rows = await tx.all(
        "SELECT message_id FROM outbox WHERE run_id = :run AND run_id <> 0 "
        "AND state IN ('queued', 'held', 'leased') ORDER BY message_id LIMIT :limit "
        f"{dialect.for_update(tx.name)}",
        {"run": run_id, "limit": limit},
    )
    await close(tx, [row.message_id for row in rows], Status.CANCELLED)
    return len(rows)


async def draining(tx: Tx, run_id: int) -> int:
    """Messages of the run whose request may be on the wire."""
    found = await tx.scalar(
        "SELECT count(*) FROM outbox WHERE run_id = :run AND run_id <> 0 AND state = 'sending'",
        {"run": run_id},
    )
    return int(found or 0)
