"""Runs: one row for each start."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from clarion.domain.errors import NotFound
from clarion.domain.news import Event
from clarion.store import dialect, news
from clarion.store.db import Tx
from clarion.store.runs import counts
from clarion.store.tables import runs


async def add(tx: Tx, values: dict[str, Any]) -> int:
    """Write a run; its id."""
    row = await tx.first(sa.insert(runs).returning(runs.c.id), {**values, "created_at": await tx.now()})
    assert row is not None
    return int(row.id)


async def open_run(tx: Tx, workspace: int, journey_id: int, version_id: int) -> Any:
    """The run of a version that people enter one by one, made when it is not there."""
    await tx.run(
        """
        INSERT INTO runs (workspace_id, journey_id, version_id, kind, expanded, created_at)
        VALUES (:workspace, :journey, :version, 'open', true, :now)
        ON CONFLICT (version_id) WHERE kind = 'open' DO NOTHING
        """,
        {"workspace": workspace, "journey": journey_id, "version": version_id, "now": await tx.now()},
    )
    return await tx.first(
        "SELECT * FROM runs WHERE version_id = :version AND kind = 'open'", {"version": version_id}
    )


async def find(tx: Tx, run_id: int, workspace: int | None = None) -> Any:
    """The run. Raises NotFound, also for another workspace's."""
    row = await tx.first(sa.select(runs).where(runs.c.id == run_id))
    if row is None or workspace not in (None, row.workspace_id):
        raise NotFound("run", run_id)
    return row


async def lock(tx: Tx, run_id: int) -> Any:
    """The run, held for this transaction. Raises NotFound."""
    await find(tx, run_id)
    return await tx.first(f"SELECT * FROM runs WHERE id = :id {dialect.for_update(tx.name)}", {"id": run_id})


async def set_status(tx: Tx, run_id: int, status: str, *, only: Sequence[str], reason: str = "") -> bool:
    """Change the status if it is one of `only`; whether it was."""
    known = ", ".join(f"'{each}'" for each in only)
    finished = "finished_at = :now," if status == "finished" else ""
    values = {"id": run_id, "status": status, "reason": reason}
    changed = await tx.run(
        f"UPDATE runs SET {finished} status = :status, status_reason = :reason WHERE id = :id AND status IN ({known})",
        {**values, **({"now": await tx.now()} if finished else {})},
    )
    return changed > 0


async def grew(tx: Tx, run_id: int, *, cursor: int, skipped: int, expanded: bool) -> None:
    """The run looked at its audience up to `cursor`."""
    await tx.run(
        "UPDATE runs SET cursor = :cursor, skipped = skipped + :skipped, expanded = (:expanded = 1) WHERE id = :id",
        {"id": run_id, "cursor": cursor, "skipped": skipped, "expanded": int(expanded)},
    )


async def finish(tx: Tx) -> list[int]:
    """Runs over an audience that nobody is in any more become finished, stopped ones get their end; their ids."""
    now = dialect.now_sql(tx.name)
    rows = await tx.all(
        f"""
        UPDATE runs SET finished_at = {now}, status = CASE WHEN status = 'running' THEN 'finished' ELSE status END
        WHERE finished_at = 0 AND ((kind = 'audience' AND status = 'running' AND expanded) OR status = 'stopped')
          AND {counts.under_way_sql("runs.id")} = 0
          AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.run_id = runs.id AND o.run_id <> 0
                          AND o.state IN ('queued', 'held', 'leased'))
        RETURNING id, workspace_id, status
        """
    )
    await news.tell(
        tx,
        [news.News(row.workspace_id, Event.RUN_FINISHED, row.id) for row in rows if row.status == "finished"],
    )
    return [row.id for row in rows]
