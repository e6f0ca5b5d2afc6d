"""The body of the `call` lane: due calls go through the guarded client, and their results become events."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import partial

import structlog

from clarion.domain.journey.effects import Call
from clarion.domain.journey.events import Called
from clarion.net.client import GuardedClient
from clarion.services.journeys.called import Again, judge
from clarion.services.ports import UNWATCHED, Meters, Waker
from clarion.store.db import Database, Tx
from clarion.store.runs import calls
from clarion.store.runs.calls import CallRow

log = structlog.get_logger()

SECOND = 1_000_000
BLOCKED = 100_000  # due, but another worker is taking it: look again after 0.1 s
_FIRST_RETRY, _LAST_RETRY = 0.5, 10.0  # seconds between attempts to store results


@dataclass(frozen=True, slots=True)
class _Ended:
    call: CallRow
    verdict: Again | Called


class Calls:
    """All calls of one process. Owns the client: `stop` closes it.

    `slots` calls are open at a time, shared among the runs that want them. `lease` (microseconds) must be longer
    than the client's time for a request: who holds a call beyond it is taken for dead.
    """

    def __init__(
        self,
        db: Database,
        client: GuardedClient,
        waker: Waker,
        *,
        worker: str,
        slots: int = 50,
        lease: int = 60 * SECOND,
        chance: Callable[[], float] = random.random,
        meters: Meters = UNWATCHED,
    ) -> None:
        self._meters = meters
        self._db, self._client, self._waker, self._worker = db, client, waker, worker
        self._slots, self._lease, self._chance = slots, lease, chance
        self._open: dict[asyncio.Task[None], CallRow] = {}
        self._ended: list[_Ended] = []
        self._storing: asyncio.Task[None] | None = None
        self._stopping = False

    async def work(self) -> int | None:
        """Begin what is due and has room; microseconds until more is due, None if nothing is.

        Does not wait for answers: each that comes is stored, and wakes this lane for the room it leaves. Safe to
        repeat, in several processes at once too, and to be killed anywhere.
        """
        await self._recover()
        while not self._stopping:
            async with self._db.reading() as tx:
                waiting = await calls.waiting(tx)
            want = shares([w.run_id for w in waiting if not w.due_in], self._under_way(), self._slots)
            if not want or not await self._begin(want):
                later = min((w.due_in for w in waiting if w.due_in), default=None)
                return BLOCKED if want else later
        return None

    async def stop(self, *, grace: float = 15.0) -> None:
        """Begin no call, let those under way end for `grace` seconds, store what came of them."""
        self._stopping = True
        if self._open:
            await asyncio.wait(self._open, timeout=grace)
        late = list(self._open)
        for task in late:
            task.cancel()  # its row stays marked: whoever finds it treats it as a dead worker's
        await asyncio.gather(*late, return_exceptions=True)
        if self._storing is not None:
            await asyncio.wait([self._storing], timeout=grace)
            self._storing.cancel()
            await asyncio.gather(self._storing, return_exceptions=True)
        await self._client.close()

    async def _recover(self) -> None:
        async with self._db.reading() as tx:
            if not await calls.overdue(tx):
                return

        async def work() -> calls.Recovered:
            async with self._db.transaction() as tx:
                return await calls.recover(tx)

        found = await self._db.persist(work)
        log.warning("calls.recovered", again=found.again, told=found.told)
        if found.told:
            self._waker.wake("step")

    def _under_way(self) -> Mapping[int, int]:
        return Counter(call.run_id for call in self._open.values())

    async def _begin(self, want: Mapping[int, int]) -> int:
        async def work() -> list[CallRow]:
            async with self._db.transaction() as tx:
                return await calls.take(tx, want, worker=self._worker, lease=self._lease)

        taken = await self._db.persist(work)
        for call in taken:
            task = asyncio.create_task(self._call(call), name=f"call {call.position_id}")
            self._open[task] = call
            task.add_done_callback(self._open.pop)
        return len(taken)

    async def _call(self, row: CallRow) -> None:
        began = time.perf_counter()
        try:
            with self._meters.span("journey.call", position_id=row.position_id, run_id=row.run_id):
                verdict = await self._attempt(row)
        except Exception as error:  # a fault of ours proves nothing about the request
            log.exception("call.broke", position_id=row.position_id)
            verdict = Called(row.visit, error=f"An error of our own: {type(error).__name__}.")
        self._meters.time("clarion_call_seconds", time.perf_counter() - began)
        self._meters.add("clarion_calls_total", 1, _result(verdict))
        self._ended.append(_Ended(row, verdict))
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store_all(), name="calls ended")

    async def _attempt(self, row: CallRow) -> Again | Called:
        call = Call(**row.request)
        result = await self._client.request(
            call.method,
            call.url,
            call.headers,
            call.body,
            timeout=call.timeout,
            redirects=call.redirects,
            # The same at every attempt of this visit, and of no other.
            idempotency_key=f"{row.position_id}:{row.visit}:{call.node}",
        )
        return judge(call, row.attempts, result, jitter=self._chance())

    async def _store_all(self) -> None:
        """Store what has ended, all that did meanwhile in one transaction; for as long as it takes."""
        retry = _FIRST_RETRY
        while self._ended:
            batch, self._ended = self._ended, []
            try:
                told = await self._db.persist(partial(self._store, batch))
            except Exception as error:  # noqa: BLE001  # whatever the database says, the results are kept
                log.warning("calls.not_stored", calls=len(batch), error=type(error).__name__, retry_s=retry)
                self._ended = batch + self._ended
                await asyncio.sleep(retry)
                retry = min(retry * 2, _LAST_RETRY)
                continue
            if told:
                self._waker.wake("step")
            self._waker.wake("call")  # there is room again, and perhaps a later attempt to wait for

    async def _store(self, batch: Iterable[_Ended]) -> int:
        async with self._db.transaction() as tx:
            return await _keep(tx, batch)


def _result(verdict: Again | Called) -> str:
    if isinstance(verdict, Again):
        return "again"
    return "answered" if verdict.status else "failed"


async def _keep(tx: Tx, batch: Iterable[_Ended]) -> int:
    await calls.again(tx, [(e.call, e.verdict.wait) for e in batch if isinstance(e.verdict, Again)])
    return await calls.answered(
        tx, [(e.call.position_id, asdict(e.verdict)) for e in batch if isinstance(e.verdict, Called)]
    )


def shares(wanting: Iterable[int], under_way: Mapping[int, int], slots: int) -> dict[int, int]:
    """How many more calls each of the runs that want some may begin.

    A run gets at most half of what others leave: one whose other side is slow never has all slots, so that a
    newcomer finds one without waiting for it.
    """
    free = slots - sum(under_way.values())
    given: dict[int, int] = {}
    for run in sorted(wanting, key=lambda run: under_way.get(run, 0)):
        own = under_way.get(run, 0)
        most = max(1, (free + own) // 2)
        more = min(free, most - own)
        if more > 0:
            given[run] = more
            free -= more
    return given
