"""Launching: one idempotent call fixes content and audience; from then on the lanes do the rest."""

from clarion.domain.campaign import CampaignStatus, OnMissing, may_move
from clarion.domain.content import from_json
from clarion.domain.errors import BadCampaign, CampaignRefused, ClarionError, WrongStatus
from clarion.domain.news import Event
from clarion.domain.template import compile_content
from clarion.services.campaigns.check import CheckReport, check_campaign
from clarion.services.ports import Waker
from clarion.store import audience, campaigns
from clarion.store.campaigns import Campaign
from clarion.store.db import Database, Tx

LATE = 3_600_000_000
"""A schedule missed by more than this does not fire by itself: what was right at nine may be wrong at noon."""

_BEGUN = (CampaignStatus.RUNNING, CampaignStatus.FINISHED)


async def launch_campaign(
    db: Database,
    waker: Waker,
    campaign_id: int,
    *,
    on_missing: str | None = None,
    workspace: int | None = None,
) -> CampaignStatus:
    """Check the campaign and start it, or let it wait for its time; the status it has now.

    Launching what was launched changes nothing. The audience is what the lists hold now. `on_missing` replaces
    the campaign's choice about people who lack a variable. Raises CampaignRefused with everything to mend.
    """
    async with db.reading() as tx:
        campaign = await campaigns.find(tx, campaign_id, workspace=workspace)
    if _begun(campaign):
        return campaign.status
    if not may_move(campaign.status, CampaignStatus.RUNNING):
        raise WrongStatus(campaign.name, campaign.status, "launched")
    choice = campaign.on_missing if on_missing is None else on_missing
    if choice not in set(OnMissing):
        raise BadCampaign("on_missing", f"{choice!r} must be one of {', '.join(OnMissing)}")
    report = await check_campaign(db, campaign_id, sample=3)
    problems = refusals(report, choice)
    if problems:
        raise CampaignRefused(campaign.name, problems)
    status = await _start(db, campaign_id, choice, report.people)
    if status is CampaignStatus.RUNNING:
        waker.wake(f"expand:{campaign_id}")
    return status


def refusals(report: CheckReport, on_missing: str) -> list[str]:
    """Why a campaign with this report may not be launched; [] when it may."""
    problems = list(report.problems)
    if on_missing == OnMissing.REFUSE:
        problems += [
            f"{each.people:,} people have nothing in {each.variable!r} ({', '.join(each.places[:3])}"
            f"{', ...' if each.people > 3 else ''}): give it a default, or leave these people out."
            for each in report.missing
        ]
    elif report.people and not report.to_send and not problems:
        problems.append("Everybody would be left out: all lack a variable or have stopped messages.")
    return problems


async def start_due_campaigns(db: Database, waker: Waker) -> list[int]:
    """Start scheduled campaigns whose time has come; their ids.

    One that cannot start becomes `failed`, one more than an hour late `paused`, both with the reason. Safe to
    run twice at once.
    """
    async with db.reading() as tx:
        now = await tx.now()
        due = await campaigns.due(tx, now)
    started = []
    for row in due:
        if now - row.scheduled_at > LATE:
            minutes = (now - row.scheduled_at) // 60_000_000
            reason = f"missed its time by {minutes:,} minutes: resume it to start now, or stop it"
            await _hold(db, row.id, CampaignStatus.PAUSED, reason)
        elif await _start_checked(db, waker, row.id):
            started.append(row.id)
    return started


async def _start_checked(db: Database, waker: Waker, campaign_id: int) -> bool:
    try:
        campaign = await _find(db, campaign_id)
        report = await check_campaign(db, campaign_id, sample=3)
        problems = refusals(report, campaign.on_missing)
        if problems:
            raise CampaignRefused(campaign.name, problems)
        await _start(db, campaign_id, campaign.on_missing, report.people)
    except ClarionError as refusal:
        await _hold(db, campaign_id, CampaignStatus.FAILED, str(refusal))
        return False
    waker.wake(f"expand:{campaign_id}")
    return True


async def _start(db: Database, campaign_id: int, on_missing: str, people: int) -> CampaignStatus:
    async with db.transaction() as tx:
        campaign = await campaigns.lock(tx, campaign_id)
        if _begun(campaign):
            return campaign.status
        now = await tx.now()
        if campaign.scheduled_at > now:
            await campaigns.update(
                tx,
                campaign_id,
                status=CampaignStatus.SCHEDULED.value,
                status_reason="",
                on_missing=on_missing,
            )
            return CampaignStatus.SCHEDULED
        await begin(tx, campaign, on_missing, now, people=people)
    return CampaignStatus.RUNNING


async def begin(tx: Tx, campaign: Campaign, on_missing: str, now: int, *, people: int = 0) -> None:
    """Fix what a locked campaign says and whom it reaches (`people`, if they were counted), and let it run."""
    members = await campaigns.audience_of(tx, campaign)
    cursor, bound, rows = await audience.limits(tx, members)
    await campaigns.update(
        tx,
        campaign.id,
        status=CampaignStatus.RUNNING.value,
        status_reason="",
        on_missing=on_missing,
        required=[] if members.own else sorted(compile_content(from_json(campaign.content)).required),
        members=people or rows,
        cursor=cursor,
        bound=bound,
        launched_at=now,
    )
    await campaigns.tell(tx, campaign, Event.CAMPAIGN_LAUNCHED)


async def _hold(db: Database, campaign_id: int, status: CampaignStatus, reason: str) -> None:
    async with db.transaction() as tx:
        campaign = await campaigns.lock(tx, campaign_id)
        if campaign.status is CampaignStatus.SCHEDULED:
            await campaigns.update(tx, campaign_id, status=status.value, status_reason=reason)
            failed = status is CampaignStatus.FAILED
            await campaigns.tell(
                tx, campaign, Event.CAMPAIGN_FAILED if failed else Event.CAMPAIGN_PAUSED, reason
            )


async def _find(db: Database, campaign_id: int) -> Campaign:
    async with db.reading() as tx:
        return await campaigns.find(tx, campaign_id)


def _begun(campaign: Campaign) -> bool:
    return campaign.status in _BEGUN or (
        campaign.status is CampaignStatus.PAUSED and campaign.launched_at > 0
    )
