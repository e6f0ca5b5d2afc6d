"""What a campaign has come to, from its counters and a bounded look at its failures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clarion.domain.campaign import shown_status
from clarion.domain.message import Status
from clarion.store import campaigns, reports, walks
from clarion.store.db import Database
from clarion.store.reports import Group
from clarion.store.walks import Found, Place


@dataclass(frozen=True, slots=True)
class Stats:
    """`funnel`: how many came at least this far, by the step's name."""

    campaign_id: int
    shown: str
    counts: Mapping[str, int]
    funnel: Mapping[str, int]
    failures: Sequence[Group]
    unresolved: int


async def campaign_stats(db: Database, campaign_id: int, *, workspace: int) -> Stats:
    """The campaign's figures. Raises NotFound."""
    async with db.reading() as tx:
        campaign = await campaigns.find(tx, campaign_id, workspace=workspace)
        counts = (await campaigns.counts(tx, [campaign_id]))[campaign_id]
        failures = await reports.failures(tx, campaign_id, counts[Status.FAILED])
        unresolved = await reports.unresolved(tx, campaign_id) if counts[Status.UNKNOWN] else 0
    return Stats(
        campaign_id,
        shown_status(campaign.status, expanded=campaign.expanded, counts=counts),
        counts,
        funnel(counts),
        failures,
        unresolved,
    )


async def campaign_recipients(
    db: Database,
    campaign_id: int,
    *,
    workspace: int,
    status: str = "",
    code: str = "",
    after: Place | None = None,
    limit: int = 50,
) -> Found:
    """A page of a campaign's people, see store/walks.py. Raises NotFound."""
    async with db.reading() as tx:
        await campaigns.find(tx, campaign_id, workspace=workspace)
        counts = (await campaigns.counts(tx, [campaign_id]))[campaign_id]
        return await walks.recipients(
            tx, campaign_id, counts, after=after, status=status, code=code, limit=limit
        )


def funnel(counts: Mapping[str, int]) -> dict[str, int]:
    """Each step counts those beyond it."""
    read = counts[Status.READ]
    delivered = read + counts[Status.DELIVERED]
    sent = delivered + counts[Status.SENT]
    return {
        "people": counts["audience"] + counts["missing"],
        "written": counts["audience"],
        "accepted": sent + counts[Status.ACCEPTED],
        "sent": sent,
        "delivered": delivered,
        "read": read,
    }


def advice(reason: str) -> tuple[str, str]:
    """A provider's reason (codes.json: what happened, a colon, what to do) as two sentences."""
    what, colon, todo = reason.partition(": ")
    if not colon or not todo:
        return reason, ""
    return f"{what}.", todo[0].upper() + todo[1:]
