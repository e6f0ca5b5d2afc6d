"""The two durable writes around a request, grouped over all senders of the process: marks before, results after."""

import asyncio
import random
from collections.abc import Callable, Sequence

import structlog

from clarion.domain.breaker import tripped
from clarion.services.campaigns import pause_campaign
from clarion.services.grouping import Grouping
from clarion.services.ports import Waker
from clarion.services.sending.journal import Journal
from clarion.store.db import Database
from clarion.store.outbox.mark import Mark, mark, release
from clarion.store.outbox.settle import Result, settle

log = structlog.get_logger()

SECOND = 1_000_000


class Ledger:
    """Marks and settles for every sender of this process.

    `deadline`, `first_look`: microseconds, see store/outbox/mark.py and settle.py. `limit`: requests per message
    that count. When the database cannot be reached, results go to the `journal` and are applied once it is back.
    """

    def __init__(
        self, db: Database, waker: Waker, journal: Journal, *, deadline: int, first_look: int, limit: int
    ) -> None:
        self._db, self._waker, self._journal = db, waker, journal
        self._deadline, self._first_look, self._limit = deadline, first_look, limit
        self._marks: Grouping[Mark, bool] = Grouping(self._mark, limit=500)
        self._results: Grouping[Result, None] = Grouping(self._settle, linger=0.01, limit=1_000)

    async def mark(self, marks: Sequence[Mark]) -> Sequence[bool]:
        """Which of these may be sent now; durable when it returns. Whoever is refused goes back to the queue."""
        return await self._marks.submit(marks)

    async def settle(self, results: Sequence[Result]) -> None:
        """Record outcomes. Returns when they are durable, in the database or in the journal."""
        await self._results.submit(results)

    async def replay(self) -> int:
        """Apply what an earlier process could only write to its journal; how many outcomes that was."""
        results = self._journal.read()
        if results:
            await self._apply(results)
            self._journal.clear()
            log.info("journal.replayed", outcomes=len(results))
        return len(results)

    async def _mark(self, marks: Sequence[Mark]) -> Sequence[bool]:
        async def work() -> set[int]:
            async with self._db.transaction() as tx:
                return await mark(tx, marks, deadline=self._deadline)

        allowed = await self._db.persist(work)
        refused = [m for m in marks if m.message_id not in allowed]
        if refused:
            async with self._db.transaction() as tx:
                await release(tx, refused)
        return [m.message_id in allowed for m in marks]

    async def _settle(self, results: Sequence[Result]) -> Sequence[None]:
        try:
            await self._apply(results)
        except Exception as error:  # noqa: BLE001  # whatever the database says, an outcome is never dropped
            log.warning("outcomes.journaled", outcomes=len(results), error=type(error).__name__)
            self._journal.append(results)
            await self._apply_later(results)
        return [None] * len(results)

    async def _apply_later(self, results: Sequence[Result]) -> None:
        delay = 0.5
        while True:
            await asyncio.sleep(delay)
            try:
                await self._apply(results)
            except Exception:  # noqa: BLE001  # still away; the journal holds them meanwhile
                delay = min(delay * 2, 5.0)
            else:
                self._journal.clear()
                return

    async def _apply(self, results: Sequence[Result]) -> None:
        chance: Callable[[], float] = random.random

        async def work() -> None:
            async with self._db.transaction() as tx:
                settlement = await settle(
                    tx, results, limit=self._limit, first_look=self._first_look, chance=chance
                )
            for sender, after in settlement.due.items():
                self._waker.wake(f"send:{sender}", after=after)
            for campaign, history in settlement.histories.items():
                reason = tripped(history)
                if reason is not None:
                    log.warning("campaign.tripped", campaign_id=campaign)
                    await pause_campaign(self._db, campaign, reason)

        await self._db.persist(work)
