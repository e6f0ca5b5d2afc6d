"""Holding a campaign, letting it go on, ending it."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from clarion.domain.breaker import tripped
from clarion.domain.campaign import CampaignStatus, may_move
from clarion.domain.errors import WrongStatus
from clarion.domain.message import Status
from clarion.domain.news import Event
from clarion.services import senders
from clarion.services.campaigns.launch import launch_campaign
from clarion.services.ports import Waker
from clarion.store import campaigns, counts
from clarion.store.db import Database, Tx
from clarion.store.outbox.claim import close

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pause:
    """`draining` requests were on their way when the pause took hold; nothing else starts."""

    draining: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """`cancelled` messages will never be sent; `draining` requests were on their way."""

    cancelled: int
    draining: int


async def pause_campaign(
    db: Database, campaign_id: int, reason: str = "", *, workspace: int | None = None
) -> Pause:
    """No message of the campaign starts once this returns. Repeating counts again what is on its way.

    Waits for marks that are being committed (they hold the campaign's row) and refuses those that come after.
    """
    async with db.transaction() as tx:
        campaign = await campaigns.lock(tx, campaign_id, workspace=workspace)
        if campaign.status is not CampaignStatus.PAUSED:
            if not may_move(campaign.status, CampaignStatus.PAUSED):
                raise WrongStatus(campaign.name, campaign.status, "paused")
            await _move(tx, campaign, CampaignStatus.PAUSED, reason)
            await campaigns.tell(tx, campaign, Event.CAMPAIGN_PAUSED, reason)
        return Pause(await campaigns.in_state(tx, campaign_id, Status.SENDING))


async def pause_tripped(db: Database, histories: Mapping[int, str]) -> None:
    """Pause the campaigns whose breaker history (domain/breaker.py) says so; one that ended meanwhile stays so."""
    for campaign_id, history in histories.items():
        reason = tripped(history)
        if reason is not None:
            log.warning("campaign.tripped", campaign_id=campaign_id)
            with contextlib.suppress(WrongStatus):
                await pause_campaign(db, campaign_id, reason)


async def resume_campaign(
    db: Database, waker: Waker, campaign_id: int, *, workspace: int | None = None
) -> None:
    """Go on where it was paused; nothing is sent twice or skipped. Repeating does nothing.

    One that was held before it began is launched. Raises WrongStatus, CampaignRefused.
    """
    async with db.reading() as tx:
        campaign = await campaigns.find(tx, campaign_id, workspace=workspace)
    if campaign.status is CampaignStatus.PAUSED and not campaign.launched_at:
        await launch_campaign(db, waker, campaign_id)
        return
    async with db.transaction() as tx:
        campaign = await campaigns.lock(tx, campaign_id, workspace=workspace)
        if campaign.status is not CampaignStatus.RUNNING:
            if campaign.status is not CampaignStatus.PAUSED:
                raise WrongStatus(campaign.name, campaign.status, "resumed")
            await campaigns.clear_breaker(tx, campaign_id)
            await campaigns.update(tx, campaign_id, status=CampaignStatus.RUNNING.value, status_reason="")
            await campaigns.tell(tx, campaign, Event.CAMPAIGN_RESUMED)
    if not campaign.expanded:
        waker.wake(f"expand:{campaign_id}")
    waker.wake(f"send:{campaign.sender_id}")


async def stop_campaign(
    db: Database, campaign_id: int, *, workspace: int | None = None, batch: int = 5_000
) -> Stopped:
    """End it for good: what waits is cancelled, what is on its way finishes. Repeating cancels what is left.

    Who was not turned into a message yet never is. Raises WrongStatus for a finished campaign.
    """
    async with db.transaction() as tx:
        campaign = await campaigns.lock(tx, campaign_id, workspace=workspace)
        if campaign.status is not CampaignStatus.STOPPED:
            if not may_move(campaign.status, CampaignStatus.STOPPED):
                raise WrongStatus(campaign.name, campaign.status, "stopped")
            await _move(tx, campaign, CampaignStatus.STOPPED, "")
            await campaigns.update(tx, campaign_id, finished_at=await tx.now())
            await campaigns.tell(tx, campaign, Event.CAMPAIGN_STOPPED)
    cancelled = await _cancel_waiting(db, campaign_id, batch)
    async with db.reading() as tx:
        return Stopped(cancelled, await campaigns.in_state(tx, campaign_id, Status.SENDING))


async def set_campaign_rate(
    db: Database, waker: Waker, campaign_id: int, rate: float, *, workspace: int | None = None
) -> None:
    """Set the pace of the campaign's sender, in messages per second; its other campaigns share it."""
    async with db.reading() as tx:
        campaign = await campaigns.find(tx, campaign_id, workspace=workspace)
    await senders.set_rate(db, waker, campaign.sender_id, rate)


async def finish_campaigns(db: Database) -> Sequence[int]:
    """Mark campaigns that have nothing left to send as finished; their ids. For the sweep; safe beside itself.

    Also cancels what a stop that was cut short, or a doubt that ended after a stop, left waiting.
    """
    async with db.transaction() as tx:
        finished = await campaigns.finish(tx)
        half_stopped = await campaigns.half_stopped(tx)
    for campaign_id in half_stopped:
        await _cancel_waiting(db, campaign_id, 5_000)
    return finished


async def _move(tx: Tx, campaign: campaigns.Campaign, status: CampaignStatus, reason: str) -> None:
    await campaigns.update(
        tx, campaign.id, status=status.value, status_reason=reason, epoch=campaign.epoch + 1
    )


async def _cancel_waiting(db: Database, campaign_id: int, batch: int) -> int:
    """Cancel what nobody began to send, a batch per transaction, so that senders wait for none of them long."""
    cancelled = 0
    while True:
        async with db.transaction() as tx:
            rows = await campaigns.waiting(tx, campaign_id, batch)
            await close(tx, [row.message_id for row in rows], Status.CANCELLED)
            moves = counts.Moves()
            for row in rows:
                moves.move(campaign_id, row.state, Status.CANCELLED)
            await counts.apply(tx, moves.deltas)
        cancelled += len(rows)
        if len(rows) < batch:
            return cancelled
