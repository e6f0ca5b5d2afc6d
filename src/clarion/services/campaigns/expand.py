"""Expanding: turning the audience into messages, in batches that can stop anywhere and go on."""

from clarion.domain.campaign import CampaignStatus
from clarion.domain.message import Status
from clarion.services.ports import Waker
from clarion.store import audience, campaigns, counts, expansion
from clarion.store.db import Database, Tx

FIRST_BATCH = 500  # small, so that the first message leaves at once


async def expand_campaign(db: Database, waker: Waker, campaign_id: int, *, batch: int = 5_000) -> bool:
    """Write the next `batch` messages of a launched campaign; True while people remain.

    Messages, counters and cursor commit together: stopping anywhere and calling again skips and repeats nobody.
    A paused campaign goes on being written, so that it resumes at once; none of it is sent meanwhile.
    """
    async with db.transaction() as tx:
        campaign = await campaigns.lock(tx, campaign_id)
        begun = campaign.status in (CampaignStatus.RUNNING, CampaignStatus.PAUSED) and campaign.launched_at
        if not begun or campaign.expanded:
            return False
        limit = min(batch, FIRST_BATCH) if not await _written(tx, campaign_id) else batch
        people = await campaigns.audience_of(tx, campaign)
        upto, met = await audience.reach(tx, people, after=campaign.cursor, bound=campaign.bound, limit=limit)
        now = await tx.now()
        window = {"after": campaign.cursor, "upto": upto}
        if campaign.retry_of is not None and Status.UNKNOWN in campaign.retry_statuses:
            await expansion.lay_aside(tx, campaign.retry_of, **window)
        done = await expansion.write(tx, people, campaign, **window, met=met, now=now)
        finished = upto >= campaign.bound
        await campaigns.update(tx, campaign_id, cursor=upto, expanded=finished)
        moves = counts.Moves()
        moves.add(campaign_id, "audience", done.queued + done.suppressed)
        moves.add(campaign_id, Status.QUEUED, done.queued)
        moves.add(campaign_id, Status.SUPPRESSED, done.suppressed)
        moves.add(campaign_id, "missing", done.missing)
        moves.add(campaign_id, "merged", done.merged)
        await counts.apply(tx, moves.deltas)
    if done.queued:
        waker.wake(f"send:{campaign.sender_id}")  # after the commit; losing it costs one sweep interval
    return not finished


async def _written(tx: Tx, campaign_id: int) -> int:
    return (await campaigns.counts(tx, [campaign_id]))[campaign_id]["audience"]
