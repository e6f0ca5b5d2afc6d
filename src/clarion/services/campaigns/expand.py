"""Expanding: turning the audience into messages, in batches that can stop anywhere and go on."""

from clarion.domain.campaign import CampaignStatus
from clarion.domain.message import Status
from clarion.services.ports import Waker
from clarion.store import audience, campaigns, counts, dialect, expansion
from clarion.store.campaigns import Campaign
from clarion.store.db import Database, Tx

FIRST_BATCH = 500  # small, so that the first message leaves at once


class _EndedMeanwhile(Exception):
    """The campaign was stopped while a batch of it was being written: the batch is undone."""


async def expand_campaign(db: Database, waker: Waker, campaign_id: int, *, batch: int = 5_000) -> bool:
    """Write the next `batch` messages of a launched campaign; True while people remain and nobody else writes it.

    Messages, counters and cursor commit together: stopping anywhere and calling again skips and repeats nobody.
    A paused campaign goes on being written, so that it resumes at once; none of it is sent meanwhile.
    """
    try:
        async with db.transaction() as tx:
            batch_done = await _expand(tx, campaign_id, batch)
    except _EndedMeanwhile:
        return False
    if batch_done is None:
        return False
    campaign, queued, finished = batch_done
    if queued:
        waker.wake(f"send:{campaign.sender_id}")  # after the commit; losing it costs one sweep interval
    return not finished


async def _expand(tx: Tx, campaign_id: int, batch: int) -> tuple[Campaign, int, bool] | None:
    """The campaign, how many were queued and whether these were the last; None if it is not ours to write.

    The campaign's row is not locked until the end: marks hold it, and must never wait for a batch.
    """
    if not await tx.scalar(dialect.try_exclusive(tx.name), {"what": f"expand:{campaign_id}"}):
        return None
    campaign = await campaigns.find(tx, campaign_id)
    begun = campaign.status in (CampaignStatus.RUNNING, CampaignStatus.PAUSED) and campaign.launched_at
    if not begun or campaign.expanded:
        return None
    limit = min(batch, FIRST_BATCH) if not await _written(tx, campaign_id) else batch
    people = await campaigns.audience_of(tx, campaign)
    upto, met = await audience.reach(tx, people, after=campaign.cursor, bound=campaign.bound, limit=limit)
    now = await tx.now()
    window = {"after": campaign.cursor, "upto": upto}
    if campaign.retry_of is not None and Status.UNKNOWN in campaign.retry_statuses:
        await expansion.lay_aside(tx, campaign.retry_of, **window)
    done = await expansion.write(tx, people, campaign, **window, met=met, now=now)
    finished = upto >= campaign.bound
    if not await campaigns.move_cursor(tx, campaign, upto, expanded=finished):
        raise _EndedMeanwhile
    moves = counts.Moves()
    moves.add(campaign_id, "audience", done.queued + done.suppressed)
    moves.add(campaign_id, Status.QUEUED, done.queued)
    moves.add(campaign_id, Status.SUPPRESSED, done.suppressed)
    moves.add(campaign_id, "missing", done.missing)
    moves.add(campaign_id, "merged", done.merged)
    await counts.apply(tx, moves.deltas)
    return campaign, done.queued, finished


async def _written(tx: Tx, campaign_id: int) -> int:
    return (await campaigns.counts(tx, [campaign_id]))[campaign_id]["audience"]
