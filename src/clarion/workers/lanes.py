"""Lane names and what each one runs. A lane is a named stream of due rows; working it twice at once is harmless."""

import asyncio

from clarion.services.campaigns import expand_campaign
from clarion.services.doubts import Doubts
from clarion.services.ports import Waker
from clarion.services.receiving.digest import Digest
from clarion.services.sending import Sending
from clarion.store.db import Database
from clarion.workers.wake import Run

EXPAND_BATCH = 5_000
EXPAND_BATCH_ALONE = 1_000  # with a single writer the marks wait for it: small enough that they wait little
BREATH = 0.002  # seconds between batches, so that others get the writer


class Lanes:
    """Finds the body of a lane by its name: send:<sender>, expand:<campaign>, inbox, doubts."""

    def __init__(self, db: Database, sending: Sending, digest: Digest, doubts: Doubts) -> None:
        self._db, self._sending, self._digest, self._doubts = db, sending, digest, doubts
        self.waker: Waker | None = None

    def find(self, lane: str) -> Run | None:
        """The body of the lane, or None if there is no such lane."""
        kind, _, key = lane.partition(":")
        match kind:
            case "send" if key.isdigit():
                return lambda news: self._sending.work(int(key), news)
            case "expand" if key.isdigit():
                return lambda news: self._expand(int(key))
            case "inbox" if not key:
                return lambda news: self._digest.work()
            case "doubts" if not key:
                return lambda news: self._doubts.work()
        return None

    async def _expand(self, campaign_id: int) -> int | None:
        assert self.waker is not None
        batch = EXPAND_BATCH_ALONE if self._db.single_writer else EXPAND_BATCH
        more = True
        while more and not self._sending.stopping:
            more = await expand_campaign(self._db, self.waker, campaign_id, batch=batch)
            await asyncio.sleep(BREATH)
        return None
