"""The two durable writes around a request, grouped over all senders of the process: marks before, results after."""

import asyncio
import random
from collections.abc import Callable, Sequence

import structlog

from clarion.services.campaigns import pause_tripped
from clarion.services.grouping import Grouping
from clarion.services.ports import LINGER, UNWATCHED, Meters, Waker
from clarion.services.sending.journal import Journal
from clarion.store.db import Database
from clarion.store.outbox.mark import Mark, mark, release
from clarion.store.outbox.settle import Result, Settlement, settle

log = structlog.get_logger()

MOST = 1_000  # outcomes in one transaction


class Ledger:
    """Marks and settles for every sender of this process.

    `deadline`, `first_look`: microseconds, see store/outbox/mark.py and settle.py. `limit`: requests per message
    that count. When the database cannot be reached, results go to the `journal` and are applied once it is back.
    """

    def __init__(
        self,
        db: Database,
        waker: Waker,
        journal: Journal,
        *,
        deadline: int,
        first_look: int,
        limit: int,
        meters: Meters = UNWATCHED,
    ) -> None:
        self._meters = meters
        self._db, self._waker, self._journal = db, waker, journal
        self._deadline, self._first_look, self._limit = deadline, first_look, limit
        self._marks: Grouping[Mark, bool] = Grouping(self._mark, limit=500)
        self._results: Grouping[Result, None] = Grouping(self._settle, linger=0.025, limit=MOST)
        self._unkept: list[Result] = []
        self._later: asyncio.Task[None] | None = None

    async def mark(self, marks: Sequence[Mark]) -> Sequence[bool]:
        """Which of these may be sent now; durable when it returns. Whoever is refused goes back to the queue."""
        return await self._marks.submit(marks)

    async def settle(self, results: Sequence[Result]) -> None:
        """Record outcomes. Returns when they are durable, in the database or in the journal."""
        await self._results.submit(results)

    async def replay(self) -> None:
        """Apply what processes that have ended could only write to their journals."""
        self._journal.adopt()
        if not await self._work_off():
            self._work_off_later()

    async def close(self) -> None:
        """Try once more to apply what the journal holds; what is left waits there for the next process."""
        if self._later is not None:
            self._later.cancel()
            await asyncio.gather(self._later, return_exceptions=True)
            await self._work_off()
        self._journal.close()

    async def _mark(self, marks: Sequence[Mark]) -> Sequence[bool]:
        async def work() -> set[int]:
            async with self._db.transaction() as tx:
                return await mark(tx, marks, deadline=self._deadline)

        async def give_back() -> None:
            async with self._db.transaction() as tx:
                await release(tx, refused)

        allowed = await self._db.persist(work)
        refused = [m for m in marks if m.message_id not in allowed]
        self._meters.add("clarion_marks_total", len(marks) - len(refused), "allowed")
        if refused:
            self._meters.add("clarion_marks_total", len(refused), "refused")
            await self._db.persist(give_back)
        return [m.message_id in allowed for m in marks]

    async def _settle(self, results: Sequence[Result]) -> Sequence[None]:
        try:
            await self._apply(results)
        except Exception as error:  # noqa: BLE001  # whatever the database says, an outcome is never dropped
            log.warning("outcomes.journaled", outcomes=len(results), error=type(error).__name__)
            self._meters.add("clarion_outcomes_journaled_total", len(results))
            self._keep(results)
            self._work_off_later()
        return [None] * len(results)

    def _keep(self, results: Sequence[Result]) -> None:
        try:
            self._journal.append(results)
        except OSError as error:  # no disk either: held until one of the two is back
            log.error("journal.unwritable", outcomes=len(results), error=error.strerror)
            self._unkept += results

    def _work_off_later(self) -> None:
        if self._later is None or self._later.done():
            self._later = asyncio.create_task(self._until_worked_off())

    async def _until_worked_off(self) -> None:
        delay = 0.5
        while True:
            await asyncio.sleep(delay)
            if await self._work_off():
                return
            delay = min(delay * 2, 5.0)

    async def _work_off(self) -> bool:
        """Apply what is kept; whether nothing is left. One outcome that cannot be applied holds up no other."""
        unkept, self._unkept = self._unkept, []
        kept = [*self._journal.read(), *unkept]
        left = await self._refused_of(kept)
        if kept and len(left) == len(kept):
            self._unkept = [*unkept, *self._unkept]
            return False
        self._journal.applied()
        if kept:
            log.info("journal.replayed", outcomes=len(kept) - len(left))
        if left:
            self._keep(left)
        return not left

    async def _refused_of(self, results: Sequence[Result]) -> list[Result]:
        left: list[Result] = []
        for at in range(0, len(results), MOST):
            group = results[at : at + MOST]
            try:
                await self._apply(group)
            except Exception:  # noqa: BLE001  # the database is away, or one of them is what it cannot take
                if len(results) == 1 or not await self._answers():
                    return [*left, *results[at:]]
                for result in group:
                    left += await self._refused_of([result])
        return left

    async def _answers(self) -> bool:
        try:
            async with self._db.reading() as tx:
                await tx.scalar("SELECT count(*) FROM outbox WHERE message_id = 0")
        except Exception:  # noqa: BLE001  # that is the answer
            return False
        return True

    async def _apply(self, results: Sequence[Result]) -> None:
        chance: Callable[[], float] = random.random

        async def work() -> Settlement:
            async with self._db.transaction() as tx:
                return await settle(
                    tx, results, limit=self._limit, first_look=self._first_look, chance=chance
                )

        settlement = await self._db.persist(work)
        for sender, after in settlement.due.items():
            self._waker.wake(f"send:{sender}", after=after)
        if settlement.told:
            self._waker.wake("step", after=LINGER)
        await pause_tripped(self._db, settlement.histories)
