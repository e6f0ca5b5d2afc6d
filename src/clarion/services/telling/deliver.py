"""The body of the lane `notify`: news become deliveries, and what is due is sent through the guarded client."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import structlog

from clarion.domain.errors import ClarionError
from clarion.net.client import GuardedClient
from clarion.services.grouping import Grouping
from clarion.services.journeys.calls import shares
from clarion.services.ports import Waker
from clarion.services.secrets import SecretBox
from clarion.services.telling.fan_out import fan_out
from clarion.services.telling.signing import signature
from clarion.services.telling.verdict import DAY, SECOND, Verdict, broken, judge
from clarion.store import deliveries, subscriptions
from clarion.store.db import Database, Tx
from clarion.store.deliveries import Ended, Taken

log = structlog.get_logger()

EACH = 8
"""Requests that one subscription has open at a time in this process: a slow endpoint holds up itself."""
PATIENCE = 5 * DAY
"""A subscription none of whose tries succeeded for this long is told nothing more."""
BLOCKED = 100_000  # due, but another process is taking it: look again after 0.1 s


class Telling:
    """All deliveries of one process. Owns the client: `stop` closes it.

    `slots` requests are open at a time. `lease` (microseconds) must be longer than the client's time for a request:
    what a process holds beyond it is sent again by others.
    """

    def __init__(
        self,
        db: Database,
        client: GuardedClient,
        box: SecretBox,
        waker: Waker,
        *,
        worker: str,
        slots: int = 64,
        lease: int = 60 * SECOND,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._db, self._client, self._box, self._waker = db, client, box, waker
        self._worker, self._slots, self._lease, self._chance = worker, slots, lease, chance
        self._open: dict[asyncio.Task[None], Taken] = {}
        self._ended: Grouping[tuple[Taken, Verdict, int], None] = Grouping(
            self._settle, linger=0.01, limit=250
        )
        self._stopping = False

    async def work(self) -> int | None:
        """Begin what is due and has room; microseconds until more is due, None if nothing is.

        Does not wait for answers: each that comes is stored, and wakes this lane for the room it leaves. Safe to
        repeat, in several processes at once too, and to be killed anywhere: what is not known to have arrived is sent
        again.
        """
        more = True
        while more and not self._stopping:
            more = await fan_out(self._db)
        while not self._stopping:
            async with self._db.reading() as tx:
                waiting = await deliveries.waiting(tx)
            want = self._room([each.subscription_id for each in waiting if not each.due_in])
            if not want or not await self._begin(want):
                later = min((each.due_in for each in waiting if each.due_in), default=None)
                return BLOCKED if want else later
        return None

    async def stop(self, *, grace: float = 20.0) -> None:
        """Begin no request, let those under way end for `grace` seconds and store what came of them."""
        self._stopping = True
        if self._open:
            await asyncio.wait(self._open, timeout=grace)
        late = list(self._open)
        for task in late:
            task.cancel()  # its row stays taken: it is sent again when the lease is over
        await asyncio.gather(*late, return_exceptions=True)
        await self._client.close()

    def _room(self, due: Sequence[int]) -> dict[int, int]:
        under_way = Counter(taken.subscription_id for taken in self._open.values())
        given = shares(due, under_way, self._slots)
        return {
            ident: room for ident, more in given.items() if (room := min(more, EACH - under_way[ident])) > 0
        }

    async def _begin(self, want: Mapping[int, int]) -> int:
        async def work() -> list[Taken]:
            async with self._db.transaction() as tx:
                return await deliveries.take(tx, want, worker=self._worker, lease=self._lease)

        taken = await self._db.persist(work)
        for each in taken:
            task = asyncio.create_task(self._deliver(each), name=f"delivery {each.id}")
            self._open[task] = each
            task.add_done_callback(self._open.pop)
        return len(taken)

    async def _deliver(self, taken: Taken) -> None:
        began = time.monotonic()
        try:
            verdict = await self._try(taken)
        except Exception as error:  # a fault of ours proves nothing about the other side
            log.exception("delivery.broke", delivery_id=taken.id)
            said = (
                str(error)
                if isinstance(error, ClarionError)
                else f"An error of our own: {type(error).__name__}."
            )
            verdict = broken(said, taken.tries, chance=self._chance())
        took = int((time.monotonic() - began) * SECOND)
        try:
            await self._ended.submit([(taken, verdict, took)])
        except Exception as error:  # noqa: BLE001  # its lease ends, and it is sent again
            log.warning("delivery.not_stored", delivery_id=taken.id, error=type(error).__name__)
        self._waker.wake("notify")  # there is room again, and perhaps a later try to wait for

    async def _try(self, taken: Taken) -> Verdict:
        now = time.time()
        keys = valid_secrets(self._box.open(f"subscription:{taken.subscription_id}", taken.secrets), now)
        timestamp = int(now)
        result = await self._client.request(
            "POST",
            taken.url,
            {
                "Content-Type": "application/json",
                "webhook-id": taken.event_id,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": signature(keys, taken.event_id, timestamp, taken.body),
            },
            taken.body,
        )
        return judge(result, taken.tries, chance=self._chance())

    async def _settle(self, ended: Sequence[tuple[Taken, Verdict, int]]) -> Sequence[None]:
        async def work() -> None:
            async with self._db.transaction() as tx:
                await _keep(tx, ended)

        await self._db.persist(work)
        return [None] * len(ended)


def valid_secrets(opened: str, now: float) -> list[str]:
    """The secrets to sign with, of an opened record: pairs of a secret and until when it counts (0: for good)."""
    return [secret for secret, until in json.loads(opened) if not until or until > now * SECOND]


async def _keep(tx: Tx, ended: Sequence[tuple[Taken, Verdict, int]]) -> None:
    """What came of deliveries, and what that says of their subscriptions."""
    now = await tx.now()
    await deliveries.settle(tx, [_ended(*each) for each in ended], now)
    well = {taken.subscription_id for taken, verdict, _ in ended if verdict.state == "delivered"}
    badly = {taken.subscription_id for taken, _, _ in ended} - well
    gone = {taken.subscription_id for taken, verdict, _ in ended if verdict.gone}
    if well:
        await subscriptions.went_well(tx, sorted(well))
    for row in await subscriptions.went_badly(tx, sorted(badly), now) if badly else ():
        if now - row.failing_since >= PATIENCE:
            await _disable(tx, row.id, "Nothing could be delivered for five days.")
    for ident in sorted(gone):
        await _disable(tx, ident, "It answered 410 Gone: it wants to be told nothing more.")


async def _disable(tx: Tx, ident: int, reason: str) -> None:
    if await subscriptions.disable(tx, ident, reason):
        log.warning("subscription.disabled", subscription_id=ident)


def _ended(taken: Taken, verdict: Verdict, took: int) -> Ended:
    return Ended(taken, verdict.state, verdict.wait, verdict.status, verdict.problem, verdict.answer, took)
