"""Lane names and what each one runs. A lane is a named stream of due rows; working it twice at once is harmless."""

import asyncio

from clarion.services.campaigns import expand_campaign
from clarion.services.doubts import Doubts
from clarion.services.importing.turns import Turns
from clarion.services.journeys.calls import Calls
from clarion.services.journeys.letting_in import LettingIn
from clarion.services.journeys.stepping import Stepping
from clarion.services.ports import Waker
from clarion.services.receiving.digest import Digest
from clarion.services.sending import Sending
from clarion.services.telling.deliver import Telling
from clarion.store.db import Database
from clarion.workers.wake import Run

EXPAND_BATCH = 5_000
EXPAND_BATCH_ALONE = 1_000  # with a single writer the marks wait for it: small enough that they wait little
ENTER_BATCH = 2_000
ENTER_BATCH_ALONE = 500
BREATH = 0.002  # seconds between batches, so that others get the writer


class Lanes:
    """Finds the body of a lane by its name: send:<sender>, expand:<campaign>, run:<run>, import:<import>,
    and the single ones."""

    def __init__(
        self,
        db: Database,
        waker: Waker,
        *,
        sending: Sending,
        receipts: Digest,
        replies: Digest,
        doubts: Doubts,
        stepping: Stepping,
        calls: Calls,
        telling: Telling,
        imports: Turns,
    ) -> None:
        self._db, self._waker, self._sending, self._imports = db, waker, sending, imports
        self._letting_in = LettingIn(db, waker, batch=ENTER_BATCH_ALONE if db.single_writer else ENTER_BATCH)
        self._single = {
            "inbox": receipts.work,
            "replies": replies.work,
            "doubts": doubts.work,
            "step": stepping.work,
            "call": calls.work,
            "notify": telling.work,
        }

    def find(self, lane: str) -> Run | None:
        """The body of the lane, or None if there is no such lane."""
        kind, _, key = lane.partition(":")
        match kind:
            case "send" if key.isdigit():
                return lambda news: self._sending.work(int(key), news)
            case "expand" if key.isdigit():
                return lambda news: self._expand(int(key))
            case "run" if key.isdigit():
                return lambda news: self._let_in(int(key))
            case "import" if key.isdigit():
                return lambda news: self._import(int(key))
        work = self._single.get(lane)
        return None if work is None else lambda news: work()

    async def _expand(self, campaign_id: int) -> int | None:
        batch = EXPAND_BATCH_ALONE if self._db.single_writer else EXPAND_BATCH
        more = True
        while more and not self._sending.stopping:
            more = await expand_campaign(self._db, self._waker, campaign_id, batch=batch)
            await asyncio.sleep(BREATH)
        return None

    async def _let_in(self, run_id: int) -> int | None:
        more = True
        while more and not self._sending.stopping:
            more = await self._letting_in.batch(run_id)
            await asyncio.sleep(BREATH)
        return None

    async def _import(self, import_id: int) -> int | None:
        more = True
        while more and not self._sending.stopping:
            more = await self._imports.work(import_id)
        return None
