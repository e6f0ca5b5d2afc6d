"""How one sender does, from what is stored: nothing is counted, and its provider is not asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from clarion.domain.errors import NotFound
from clarion.domain.pacing import Timeline, climb
from clarion.store import depths, minutes
from clarion.store.db import Database
from clarion.store.depths import Depth
from clarion.store.minutes import MINUTE, Minute

__all__ = ["MINUTE", "Minute"]

HOUR = 60 * MINUTE


@dataclass(frozen=True, slots=True)
class SenderHealth:
    """`line` is what it runs at now; `minutes` what came of its requests in the last hour, oldest first."""

    now: int
    line: Timeline
    waiting: Depth
    minutes: Sequence[Minute]


async def sender_health(db: Database, sender_id: int) -> SenderHealth:
    """How the sender does. Raises NotFound."""
    async with db.reading() as tx:
        found = await depths.sending(tx, None, sender=sender_id)
        if not found:
            raise NotFound("sender", sender_id)
        now = await tx.now()
        heard = await minutes.of_sender(tx, sender_id, since=now - HOUR)
    (it,) = found
    line = Timeline(it.rate, it.pace, it.paced_at, it.throttled_at, it.free_at, it.hold_until)
    return SenderHealth(now, climb(line, now=now), it.depth, heard)


def total(heard: Sequence[Minute], *, since: int = 0, before: int = 2**62) -> Minute:
    """The minutes that began in [since, before) as one."""
    chosen = [each for each in heard if since <= each.at < before]
    return Minute(
        chosen[0].at if chosen else since,
        *(sum(getattr(each, result) for each in chosen) for result in minutes.RESULTS),
    )
