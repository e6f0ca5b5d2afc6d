"""Every few seconds: wake the lanes that have due rows, bury the dead, and move what only time moves."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path

import structlog

from clarion import __version__
from clarion.services.campaigns import finish_campaigns, start_due_campaigns
from clarion.services.importing.uploads import forget_old
from clarion.services.journeys.runs import finish_runs
from clarion.services.ports import Waker
from clarion.services.telling import forgetting
from clarion.store import deliveries, due, imports, inbox, minutes, presence
from clarion.store.access import idempotency
from clarion.store.db import Database
from clarion.store.outbox.recover import Recovered, recover
from clarion.store.runs import calls

log = structlog.get_logger()

SECOND = 1_000_000
_NEIGHBOUR = 0.25  # seconds between looks whether another process wrote to the SQLite file
_INBOX_KEPT = 30 * 86_400 * SECOND
_KEYS_KEPT = 3 * 86_400 * SECOND
_HOUR = 3_600.0


class Sweep:
    """The guarantee behind lost wakes. One per process; several at once are harmless: all it does is conditional.

    Durations in seconds. `first_look` in microseconds, see store/outbox/recover.py.
    """

    def __init__(
        self,
        db: Database,
        waker: Waker,
        *,
        worker: str,
        every: float,
        heartbeat: float,
        dead_after: float,
        first_look: int,
        data_dir: Path,
    ) -> None:
        self._db, self._waker, self._worker = db, waker, worker
        self._every, self._heartbeat, self._dead_after = every, heartbeat, dead_after
        self._first_look, self._data_dir = first_look, data_dir
        self._seen: dict[str, tuple[int, float]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._forgot_at = 0.0
        self.last_sweep = 0.0

    async def start(self, *, alone: bool) -> None:
        """Begin. `alone`: this process owns its database, so whatever another left leased or marked is over."""
        await self.beat()
        if alone:
            async with self._db.transaction() as tx:
                recovered = await recover(tx, first_look=self._first_look, everybody_but=self._worker)
                await calls.recover(tx, everybody_but=self._worker)
                await imports.recover(tx, everybody_but=self._worker)
                await deliveries.recover(tx, everybody_but=self._worker)
            self._tell(recovered)
        self._tasks = [
            asyncio.create_task(self._repeat(self._heartbeat, self.beat), name="heartbeat"),
            asyncio.create_task(self._repeat(self._every, self.once), name="sweep"),
        ]
        if self._db.name == "sqlite":
            self._tasks.append(asyncio.create_task(self._watch_neighbours(), name="neighbours"))

    async def stop(self) -> None:
        """End, and say so to the other workers."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(Exception):  # others find out by the counter
            async with self._db.transaction() as tx:
                await presence.forget(tx, self._worker)

    def age(self) -> float | None:
        """Seconds since the last sweep that went well; None before the first."""
        return time.monotonic() - self.last_sweep if self.last_sweep else None

    def silence(self) -> Mapping[str, float]:
        """Seconds for which each worker's counter has stood still, by this process's own clock."""
        now = time.monotonic()
        return {name: now - at for name, (_, at) in self._seen.items()}

    async def once(self) -> None:
        """One sweep."""
        dead = await self._dead()
        async with self._db.transaction() as tx:
            recovered = await recover(tx, first_look=self._first_look, dead=dead)
            for name in dead:
                await presence.forget(tx, name)
            await imports.recover(tx)
            await deliveries.recover(tx, dead=dead)
        self._tell(recovered)
        await start_due_campaigns(self._db, self._waker)
        await finish_campaigns(self._db)
        await finish_runs(self._db)
        async with self._db.reading() as tx:
            lanes = await due.lanes(tx)
        for lane in lanes:
            self._waker.wake(lane)
        await self._forget()
        self.last_sweep = time.monotonic()

    def _tell(self, recovered: Recovered) -> None:
        if recovered.returned or recovered.doubted:
            log.warning("leases.recovered", returned=recovered.returned, doubted=recovered.doubted)
        for sender in recovered.senders:
            self._waker.wake(f"send:{sender}")

    async def beat(self) -> None:
        """One more sign of life of this worker. Also how readiness finds out that the database takes writes."""
        async with self._db.transaction() as tx:
            await presence.beat(
                tx, self._worker, host=socket.gethostname(), pid=os.getpid(), version=__version__
            )

    async def _dead(self) -> list[str]:
        """Workers whose counter stood still for too long, by this process's own clock."""
        async with self._db.reading() as tx:
            beats = await presence.beats(tx)
        now = time.monotonic()
        for name, beat in beats.items():
            held = self._seen.get(name)
            if held is None or held[0] != beat:
                self._seen[name] = (beat, now)
        for name in set(self._seen) - set(beats):
            del self._seen[name]
        return [n for n, (_, at) in self._seen.items() if now - at > self._dead_after and n != self._worker]

    async def _forget(self) -> None:
        if self._forgot_at and time.monotonic() - self._forgot_at < _HOUR:
            return
        self._forgot_at = time.monotonic()
        async with self._db.transaction() as tx:
            now = await tx.now()
            await inbox.forget(tx, older_than=now - _INBOX_KEPT)
            await idempotency.forget(tx, older_than=now - _KEYS_KEPT)
            await minutes.forget(tx, now)
        await forget_old(self._db, self._data_dir)
        await forgetting.forget_old(self._db)

    async def _repeat(self, every: float, work: object) -> None:
        assert callable(work)
        while True:
            try:
                await work()
            except Exception:
                log.exception("sweep.broke")
            await asyncio.sleep(every)

    async def _watch_neighbours(self) -> None:
        """The command line writes to the same file: sweep as soon as it did."""
        seen = -1
        while True:
            await asyncio.sleep(_NEIGHBOUR)
            try:
                version = await self._db.changed_by_others()
                if version != seen:
                    seen = version
                    await self.once()
            except Exception:
                log.exception("sweep.broke")
