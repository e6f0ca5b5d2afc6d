"""Imports of uploaded files, done by the engine: a slice each in turn, so that a huge one holds up no small one.

Whoever works on one is named in its row; the sweep frees those of workers that are gone. An import that failed
three times without storing a batch is set aside as failed.
"""

import asyncio
from collections.abc import Callable

import structlog

from clarion.domain.errors import BadFile, ImportNotPossible
from clarion.services.importing.run import import_batch
from clarion.store import imports
from clarion.store.db import Database

log = structlog.get_logger()

SLICE = 100_000  # rows, some seconds: what another import may have to wait
TRIES = 3


class Turns:
    """One slice at a time in this process: reading a file keeps a core busy."""

    def __init__(self, db: Database, *, worker: str, stopping: Callable[[], bool]) -> None:
        self._db, self._worker, self._stopping = db, worker, stopping
        self._turn = asyncio.Lock()

    async def work(self, import_id: int) -> bool:
        """Do the import's next slice; True while rows remain. Nothing when another process does it, or it ended."""
        async with self._turn:
            async with self._db.transaction() as tx:
                if not await imports.claim(tx, import_id, self._worker):
                    return False
                row = await imports.lock(tx, import_id)
                workspace = await imports.workspace_of(tx, import_id)
                assert row is not None
                if row.tries > TRIES:
                    await imports.finish(
                        tx, import_id, "failed", f"given up after {TRIES} tries: import the file again"
                    )
                    log.warning("import.failed", import_id=import_id)
                    return False
            well = False
            try:
                more = await self._slice_of(import_id, workspace)
                well = True
            finally:
                async with self._db.transaction() as tx:
                    await imports.release(tx, import_id, self._worker, well=well)
            return more

    async def _slice_of(self, import_id: int, workspace: int) -> bool:
        try:
            return await import_batch(
                self._db, import_id, workspace=workspace, rows=SLICE, stopping=self._stopping
            )
        except BadFile:
            log.warning("import.failed", import_id=import_id)  # why stands in its row
            return False
        except ImportNotPossible:
            async with self._db.reading() as tx:
                row = await imports.get(tx, workspace, import_id)
            if row.status != "running":
                return False  # somebody stopped it
            raise
