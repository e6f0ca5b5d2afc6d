"""Do an import, batch by batch: each commits with the cursor, so it can be killed anywhere and goes on."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa

from clarion.domain.errors import BadFile, ImportNotPossible
from clarion.services.importing.judge import Rules
from clarion.services.importing.reader import Batch, Job, read_batches
from clarion.services.importing.shape import FileShape
from clarion.services.importing.start import file_digest
from clarion.store import imports
from clarion.store.db import Database

BATCH = {"sqlite": 1_000, "postgresql": 5_000}
"""Rows in one transaction. On SQLite everybody else who writes waits meanwhile, so it is kept to a few tens of
milliseconds there."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """How an import stands. `rows` is the sum of the five verdicts: every row of the file has one."""

    id: int
    list_name: str
    status: str  # running, finished, failed
    rows: int
    accepted: int
    corrected: int
    duplicate: int
    invalid: int
    opted_out: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """`share` of the file that was read, from 0 to 1; 0 throughout when the file cannot tell (.xlsx)."""

    rows: int
    share: float


async def run_import(
    db: Database, import_id: int, progress: Callable[[Progress], None] | None = None, *, workspace: int = 1
) -> ImportResult:
    """Work until the import is finished; a finished one is only told about.

    Cancelling, killing and calling it again skips and repeats no row. Raises NotFound, BadFile (the import is
    then failed), ImportNotPossible (its file changed; somebody stopped it; `clarion serve` does it).
    """
    await _ours(db, import_id, workspace)
    async for at in _batches(db, import_id, workspace):
        if progress is not None:
            progress(at)
    return await import_result(db, import_id, workspace=workspace)


async def import_batch(
    db: Database,
    import_id: int,
    *,
    workspace: int = 1,
    rows: int = 50_000,
    stopping: Callable[[], bool] = bool,
) -> bool:
    """A slice of about `rows` rows, or what is done when `stopping`, for a lane that takes turns; True while rows
    remain.

    Each slice reads the file from its start to where the last one stopped, about a second per million rows.
    """
    async with aclosing(_batches(db, import_id, workspace)) as batches:
        first: int | None = None
        async for at in batches:
            first = at.rows if first is None else first
            if at.rows - first >= rows or stopping():
                return True
    return False


async def _ours(db: Database, import_id: int, workspace: int) -> None:
    async with db.reading() as tx:
        row = await imports.get(tx, workspace, import_id)
    if row.upload_id and row.status == "running":
        raise ImportNotPossible(
            f"Import {import_id} is of an uploaded file, and done by `clarion serve`: "
            f"see how far it is with `clarion import show {import_id}`."
        )


async def import_result(db: Database, import_id: int, *, workspace: int = 1) -> ImportResult:
    """How an import stands. Raises NotFound."""
    async with db.reading() as tx:
        return told(await imports.get(tx, workspace, import_id))


async def stop_import(db: Database, import_id: int, *, workspace: int = 1) -> ImportResult:
    """End an unfinished import where it stands; what it stored stays. A finished one is only told about."""
    async with db.transaction() as tx:
        await imports.get(tx, workspace, import_id)
        await imports.finish(tx, import_id, "failed", "stopped by the operator")
    return await import_result(db, import_id, workspace=workspace)


def told(row: sa.Row[Any]) -> ImportResult:
    """A row of `store.imports` in words."""
    counts = {verdict: int(getattr(row, verdict)) for verdict in imports.VERDICTS}
    return ImportResult(row.id, row.list_name, row.status, sum(counts.values()), **counts, error=row.error)


async def _batches(db: Database, import_id: int, workspace: int) -> AsyncGenerator[Progress, None]:
    async with db.reading() as tx:
        row = await imports.get(tx, workspace, import_id)
    if row.status == "finished":
        return
    if row.status != "running":
        raise ImportNotPossible(f"Import {import_id} has ended ({row.error}): import the file again.")
    cursor, rows = row.cursor, told(row).rows
    if not row.upload_id:  # ours is never changed
        await _check_file(row)
    try:
        async with aclosing(read_batches(_job(row, BATCH[db.name]))) as batches:
            async for batch in batches:
                await _keep(db, row, batch, cursor)
                cursor = batch.cursor
                rows += batch.good_count + batch.bad_count
                yield Progress(rows, batch.share)
    except BadFile as error:
        told_as = BadFile(row.name, error.problem)
        await _finish(db, import_id, "failed", str(told_as))
        raise told_as from None
    await _finish(db, import_id, "finished")


def _job(row: sa.Row[Any], batch: int) -> Job:
    return Job(Path(row.file), FileShape.from_json(row.shape), Rules(**row.mapping), row.cursor, batch)


async def _check_file(row: sa.Row[Any]) -> None:
    try:
        digest = await asyncio.to_thread(file_digest, Path(row.file))
    except BadFile as error:
        raise ImportNotPossible(
            f"Import {row.id} cannot go on: {error}. Put the file back and resume."
        ) from None
    if digest != row.digest:
        raise ImportNotPossible(
            f"Import {row.id} cannot go on: {row.file} changed since it began. Put the old file back and resume, "
            f"or end it with `clarion import stop {row.id}` and import the new one."
        )


async def _keep(db: Database, row: sa.Row[Any], batch: Batch, cursor: int) -> None:
    async with db.transaction() as tx:
        held = await imports.lock(tx, row.id)
        if held is None or held.status != "running":
            raise ImportNotPossible(f"Import {row.id} was ended meanwhile; it stopped after line {cursor}.")
        if held.cursor != cursor:
            raise ImportNotPossible(f"Import {row.id} is being done by another process: let it finish.")
        await imports.keep_batch(
            tx,
            row,
            cursor=batch.cursor,
            percent=int(100 * batch.share),
            good=batch.good,
            bad=batch.bad,
            bad_count=batch.bad_count,
        )


async def _finish(
    db: Database, import_id: int, status: Literal["finished", "failed"], error: str = ""
) -> None:
    async with db.transaction() as tx:
        await imports.finish(tx, import_id, status, error)
