"""How a campaign stands, cheap enough to be asked every second."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clarion.domain.campaign import CampaignStatus, shown_status
from clarion.domain.message import Status
from clarion.store import campaigns, minutes, reports, senders
from clarion.store.db import Database


@dataclass(frozen=True, slots=True)
class Failure:
    """Messages that failed for one reason. `reason` is a sentence, `code` the provider's, `kind` a FaultKind.

    `more`: these were counted, and there are more.
    """

    code: str
    reason: str
    people: int
    kind: str = ""
    more: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of one moment: those of `counts` that are statuses add up to `audience`.

    `expected` people are in the audience once all are written (as of now). `done`: messages that need no more
    from us. `rate` is what the sender is set to, `pace` what the provider lets it run at; both per second, 0
    for no limit. `rate_now`: what the provider took from the sender per second over the last minute. `unresolved`
    of the unknown ones wait for a person. `seconds_left` is None when it cannot be told: paused, no limit, or
    nothing known.
    """

    campaign_id: int
    name: str
    status: CampaignStatus
    shown: str
    reason: str
    dry_run: bool
    counts: Mapping[str, int]
    audience: int
    expected: int
    done: int
    rate: float
    pace: float
    sender_state: str
    sender_reason: str
    failures: tuple[Failure, ...]
    unresolved: int
    seconds_left: float | None
    launched_at: int
    finished_at: int
    at: int
    rate_now: float = 0.0


_MOVING = (Status.QUEUED, Status.LEASED, Status.SENDING)


async def progress(db: Database, campaign_id: int, *, workspace: int | None = None) -> Progress:
    """The campaign now, from its counters. Raises NotFound."""
    async with db.reading() as tx:
        campaign = await campaigns.find(tx, campaign_id, workspace=workspace)
        counts = (await campaigns.counts(tx, [campaign_id]))[campaign_id]
        sender = await senders.find(tx, campaign.workspace_id, campaign.sender_id)
        assert sender is not None
        unwritten = reports.unwritten(campaign, counts)
        failures = await reports.failures(tx, campaign_id, counts[Status.FAILED])
        unresolved = await reports.unresolved(tx, campaign_id) if counts[Status.UNKNOWN] else 0
        now = await tx.now()
        taken = await minutes.of_sender(tx, sender.id, since=now - minutes.MINUTE)
    left = unwritten + sum(counts[status] for status in _MOVING)
    going = campaign.status is CampaignStatus.RUNNING and sender.state == "active"
    speed = min(filter(None, (sender.rate, sender.pace)), default=0.0)
    return Progress(
        campaign_id=campaign.id,
        name=campaign.name,
        status=campaign.status,
        shown=shown_status(campaign.status, expanded=campaign.expanded, counts=counts),
        reason=campaign.status_reason,
        dry_run=campaign.dry_run,
        counts=counts,
        audience=counts["audience"],
        expected=counts["audience"] + unwritten,
        done=counts["audience"] - sum(counts[status] for status in (*_MOVING, Status.UNKNOWN)),
        rate=sender.rate,
        pace=sender.pace,
        sender_state=sender.state,
        sender_reason=sender.state_reason,
        failures=tuple(Failure(each.code, each.reason, each.n, each.kind, each.more) for each in failures),
        unresolved=unresolved,
        seconds_left=left / speed if going and speed else None,
        launched_at=campaign.launched_at,
        finished_at=campaign.finished_at,
        at=now,
        rate_now=_per_second(taken, now),
    )


def _per_second(taken: Sequence[minutes.Minute], now: int) -> float:
    """Over the last 60 seconds: what this minute has so far, and the matching part of the one before."""
    begun = now // minutes.MINUTE * minutes.MINUTE
    parts = [
        each.accepted * (1 if each.at == begun else (begun + minutes.MINUTE - now) / minutes.MINUTE)
        for each in taken
    ]
    return round(sum(parts) / 60, 1)
