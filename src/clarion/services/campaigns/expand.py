"""Expanding: turning the audience into messages, in batches that can stop anywhere and go on."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clarion.domain.campaign import CampaignStatus
from clarion.domain.contact import read_address
from clarion.domain.errors import BadField, ClarionError
from clarion.domain.message import Status
from clarion.services.ports import Waker
from clarion.store import audience, batches, campaigns, counts, dialect, expansion
from clarion.store.campaigns import Campaign
from clarion.store.db import Database, Tx
from clarion.store.expansion import Batch

FIRST_BATCH = 500  # small, so that the first message leaves at once


class _EndedMeanwhile(Exception):
    """The campaign was stopped while a batch of it was being written: the batch is undone."""


async def expand_campaign(db: Database, waker: Waker, campaign_id: int, *, batch: int = 5_000) -> bool:
    """Write the next `batch` messages of a launched campaign; True while people remain and nobody else writes it.

    Messages, counters and cursor commit together: stopping anywhere and calling again skips and repeats nobody.
    A paused campaign goes on being written, so that it resumes at once; none of it is sent meanwhile.
    """
    async with db.reading() as tx:
        campaign = await campaigns.find(tx, campaign_id)
        came = await batches.rows_of(tx, campaign_id) if campaign.is_batch else []
    read = await asyncio.to_thread(_read, came, campaign.cursor, batch) if campaign.is_batch else None
    try:
        async with db.transaction() as tx:
            batch_done = await _expand(tx, campaign_id, batch, read)
    except _EndedMeanwhile:
        return False
    if batch_done is None:
        return False
    campaign, queued, finished = batch_done
    if queued:
        waker.wake(f"send:{campaign.sender_id}")  # after the commit; losing it costs one sweep interval
    return not finished


@dataclass(frozen=True, slots=True)
class _Read:
    """Some messages of a batch, their numbers read: those after `cursor`, up to `upto`."""

    cursor: int
    upto: int
    rows: Sequence[batches.Row]
    refused: Sequence[batches.Refused]


def _read(came: Sequence[tuple[int, str, str]], cursor: int, limit: int) -> _Read:
    """Numbers take longest, so they are read before the transaction. The cursor counts messages of the batch."""
    rows, refused = [], []
    taken = came[cursor : cursor + limit]
    for place, to, text in taken:
        try:
            if not text.strip():
                raise BadField("body", "it is empty")
            address = read_address(to).address
            rows.append(batches.Row(place, address.e164, address.person, text))
        except ClarionError as problem:
            refused.append((place, to, str(problem)))
    return _Read(cursor, cursor + len(taken), rows, refused)


async def _expand(
    tx: Tx, campaign_id: int, batch: int, read: _Read | None
) -> tuple[Campaign, int, bool] | None:
    """The campaign, how many were queued and whether these were the last; None if it is not ours to write.

    The campaign's row is not locked until the end: marks hold it, and must never wait for a batch.
    """
    if not await tx.scalar(dialect.try_exclusive(tx.name), {"what": f"expand:{campaign_id}"}):
        return None
    campaign = await campaigns.find(tx, campaign_id)
    begun = campaign.status in (CampaignStatus.RUNNING, CampaignStatus.PAUSED) and campaign.launched_at
    if not begun or campaign.expanded:
        return None
    if read is not None:
        if campaign.cursor != read.cursor:
            return campaign, 0, False  # another process wrote these: go on after them
        upto, done = read.upto, await _write_batch(tx, campaign, read)
    else:
        upto, done = await _write_people(tx, campaign, batch)
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


async def _write_people(tx: Tx, campaign: Campaign, batch: int) -> tuple[int, Batch]:
    limit = min(batch, FIRST_BATCH) if not await _written(tx, campaign.id) else batch
    people = await campaigns.audience_of(tx, campaign)
    upto, met = await audience.reach(tx, people, after=campaign.cursor, bound=campaign.bound, limit=limit)
    window = {"after": campaign.cursor, "upto": upto}
    if campaign.retry_of is not None and Status.UNKNOWN in campaign.retry_statuses:
        await expansion.lay_aside(tx, campaign.retry_of, **window)
    return upto, await expansion.write(tx, people, campaign, **window, met=met, now=await tx.now())


async def _write_batch(tx: Tx, campaign: Campaign, read: _Read) -> Batch:
    done = await batches.write(tx, campaign, read.rows, await tx.now())
    await batches.refuse(tx, campaign.id, read.refused, last=read.upto >= campaign.bound)
    return replace(done, missing=len(read.refused))


async def _written(tx: Tx, campaign_id: int) -> int:
    return (await campaigns.counts(tx, [campaign_id]))[campaign_id]["audience"]
