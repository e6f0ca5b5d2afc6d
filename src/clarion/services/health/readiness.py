"""What keeps this process from doing its work, each with how to mend it. Quick, whatever hangs."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from clarion.services.health.engine import revision
from clarion.services.health.process import Process
from clarion.store import dialect, migrate
from clarion.store.db import Database

log = structlog.get_logger()

WITHIN = 2.0  # seconds in which the database has to take a write
LATE = 15.0  # seconds without a sweep
LEAST_FREE = 16 * 1024**2  # bytes; what is fuller than this cannot keep outcomes while the database is away

_MEND = {
    "read-only": "takes no writes: it is read-only. Make the file and its folder writable for the user that runs "
    "Clarion, or connect to the primary server; nothing is lost meanwhile, and work goes on by itself",
    "full": "has no room left on its disk: make some; work goes on by itself",
    "locked": "is locked by another process: find who holds it (a backup, a shell) and let it end",
}


class Readiness:
    """`write` stores something small and true: what cannot be written to is found only so. `sweep` in seconds."""

    def __init__(
        self,
        db: Database,
        process: Process,
        *,
        write: Callable[[], Awaitable[None]],
        data_dir: Path,
        sweep: float,
    ) -> None:
        self._db, self._process, self._write = db, process, write
        self._data_dir, self._sweep = data_dir, sweep
        self._probe: asyncio.Task[None] | None = None

    async def problems(self) -> dict[str, str]:
        """Sentences by part: database, migrations, sweep, disk; empty when all is well."""
        found: dict[str, str] = {}
        wrong = await self._database()
        if wrong:
            found["database"] = f"The database {wrong}."
        else:
            found |= self._swept()
        return found | self._disk()

    async def _database(self) -> str:
        # Asked for by many while one hangs, there is still one probe.
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self._ask(), name="readiness")
        probe = self._probe
        await asyncio.wait([probe], timeout=WITHIN)
        if not probe.done():
            return (
                f"did not take a write within {WITHIN:.0f} seconds: it is away, or locked by another process; see "
                "whether it runs, and who holds it"
            )
        error = probe.exception()
        if error is None:
            return ""
        if isinstance(error, _Behind):
            return str(error)
        why = dialect.trouble(self._db.name, error)
        return _MEND.get(why, f"does not answer ({type(error).__name__}): see whether it runs, and the log")

    async def _ask(self) -> None:
        # One that is not known here was made by a newer release, beside which this one may go on.
        found, fits = await revision(self._db)
        if not fits:
            wanted = migrate.revisions()[-1]
            raise _Behind(
                f"is at revision {found or 'none'}, this release needs {wanted}: run `clarion db upgrade`"
            )
        await self._write()

    def _swept(self) -> dict[str, str]:
        age = self._process.watching.age()
        if age is None or age <= LATE + 2 * self._sweep:
            return {}
        return {
            "sweep": f"Due work was last looked for {age:.0f} seconds ago: see the log for sweep.broke, and restart "
            "this process if it does not mend."
        }

    def _disk(self) -> dict[str, str]:
        try:
            free = shutil.disk_usage(self._data_dir).free
        except OSError as error:
            return {
                "disk": f"The folder {self._data_dir} cannot be looked at ({error.strerror}): mend or mount it."
            }
        if free >= LEAST_FREE:
            return {}
        return {"disk": f"Only {free // 1024**2} MiB are free in {self._data_dir}: make room there."}


class _Behind(Exception):
    """The tables are those of an older release."""
