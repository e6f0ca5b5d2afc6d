"""Campaigns: written down, checked, changed, launched and steered. What came of them is in campaign_results.py."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from clarion.api.context import Ctx
from clarion.api.fields import CampaignId, show_id
from clarion.api.inside import inside
from clarion.api.operation import Router
from clarion.api.pages import Cursor, Limit, Page, make_cursor, page, read_cursor
from clarion.api.schemas.campaigns import (
    Campaign,
    CampaignChange,
    CampaignCheck,
    CampaignDetail,
    CampaignLaunch,
    CampaignPaused,
    CampaignStopped,
    NewCampaign,
    PauseWish,
    Rate,
    RateSet,
    RetryWish,
    TestSent,
    TestWish,
)
from clarion.api.shown.campaigns import campaign_detail, campaign_shown, check_shown
from clarion.domain.access import Permission
from clarion.domain.campaign import CampaignStatus
from clarion.domain.errors import (
    AlreadyExists,
    BadAddress,
    BadCampaign,
    BadContent,
    BadField,
    BadSender,
    CampaignRefused,
    PersonStopped,
    TemplateSyntax,
    WrongStatus,
)
from clarion.services import campaigns

router = Router("Campaigns")

NAME = "campaigns"


@router.operation(
    "GET", "/campaigns", id="list_campaigns", summary="List the campaigns", needs=Permission.CAMPAIGNS_READ
)
async def list_campaigns(
    ctx: Ctx,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[CampaignStatus | None, Query(description="Only those in this status.")] = None,
) -> Page[Campaign]:
    """Campaigns with their counters, newest first."""
    read = read_cursor(NAME, cursor, int)
    found = await campaigns.page_campaigns(
        ctx.db,
        workspace=ctx.workspace,
        before=read[0] if read else None,
        status=status.value if status else "",
        limit=limit + 1,
    )
    return page(found, limit, lambda each: campaign_shown(*each), lambda each: make_cursor(NAME, each[0].id))


@router.operation(
    "POST",
    "/campaigns",
    id="create_campaign",
    summary="Write a campaign down",
    needs=Permission.CAMPAIGNS_WRITE,
    status=201,
    refusals=[AlreadyExists, BadCampaign, BadContent, TemplateSyntax, BadField],
)
async def create_campaign(ctx: Ctx, body: NewCampaign, response: Response) -> CampaignDetail:
    """It is a draft: nothing is sent before it is launched."""
    with inside(sender="sender_id", list="lists"):
        made = await campaigns.create_campaign(
            ctx.db,
            workspace=ctx.workspace,
            name=body.name,
            sender=body.sender_id,
            lists=body.lists,
            content=body.content,
            policy=body.policy,
            on_missing=body.on_missing,
            scheduled_at=body.scheduled_at,
            expires_at=body.expires_at,
            dry_run=body.dry_run,
        )
    response.headers["Location"] = _address(made)
    return await _detail(ctx, made)


@router.operation(
    "GET",
    "/campaigns/{campaign_id}",
    id="get_campaign",
    summary="Show a campaign",
    needs=Permission.CAMPAIGNS_READ,
)
async def get_campaign(ctx: Ctx, campaign_id: CampaignId) -> CampaignDetail:
    """What it says, to whom, where it stands and how far it has come; cheap enough to be asked every second."""
    return await _detail(ctx, campaign_id)


@router.operation(
    "PATCH",
    "/campaigns/{campaign_id}",
    id="change_campaign",
    summary="Change a campaign",
    needs=Permission.CAMPAIGNS_WRITE,
    refusals=[
        AlreadyExists,
        BadCampaign,
        BadContent,
        TemplateSyntax,
        BadField,
        WrongStatus,
        CampaignRefused,
    ],
)
async def change_campaign(ctx: Ctx, campaign_id: CampaignId, body: CampaignChange) -> CampaignDetail:
    """Only what is given changes.

    Before its launch everything may. While it is paused: name, content, policy and expires_at, for every message
    whose request has not begun, from the moment this answers. Messages on their way, or in doubt, keep what they
    were sent with. The new content is checked as at a launch. A running campaign must be paused first.
    """
    changes = {name: getattr(body, name) for name in sorted(body.model_fields_set)}
    ctx.detail = {"changed": sorted(changes)}
    if "sender_id" in changes:
        changes["sender"] = changes.pop("sender_id")
    with inside(sender="sender_id", list="lists"):
        await campaigns.edit_campaign(ctx.db, campaign_id, changes, workspace=ctx.workspace)
    return await _detail(ctx, campaign_id)


@router.operation(
    "DELETE",
    "/campaigns/{campaign_id}",
    id="delete_campaign",
    summary="Delete a draft",
    needs=Permission.CAMPAIGNS_WRITE,
    status=204,
    refusals=[WrongStatus],
)
async def delete_campaign(ctx: Ctx, campaign_id: CampaignId) -> None:
    """Only what was never launched. What was sent stays in the books for good."""
    await campaigns.delete_campaign(ctx.db, campaign_id, workspace=ctx.workspace)


@router.operation(
    "POST",
    "/campaigns/{campaign_id}/check",
    id="check_campaign",
    summary="Say what launching would do",
    needs=Permission.CAMPAIGNS_READ,
    joined=False,
    audited=False,
)
async def check_campaign(
    ctx: Ctx,
    campaign_id: CampaignId,
    sample: Annotated[int, Query(ge=0, le=100, description="How many messages and places to show.")] = 5,
) -> CampaignCheck:
    """Everybody's variables, the template and the content are looked at. Changes nothing, and may be repeated.

    It reads the whole audience: a second or two for a hundred thousand people.
    """
    found = await campaigns.get_campaign(ctx.db, campaign_id, workspace=ctx.workspace)
    report = await campaigns.check_campaign(ctx.db, found.id, sample=sample, workspace=ctx.workspace)
    return check_shown(found, report)


@router.operation(
    "POST",
    "/campaigns/{campaign_id}/launch",
    id="launch_campaign",
    summary="Launch a campaign",
    needs=Permission.CAMPAIGNS_SEND,
    status=202,
    refusals=[CampaignRefused, WrongStatus],
)
async def launch_campaign(
    ctx: Ctx, campaign_id: CampaignId, response: Response, body: CampaignLaunch | None = None
) -> CampaignDetail:
    """It is checked, then starts, or waits for its time. The audience is what its lists hold now.

    Launching what was launched changes nothing.
    """
    await campaigns.launch_campaign(
        ctx.db,
        ctx.waker,
        campaign_id,
        on_missing=body.on_missing if body else None,
        workspace=ctx.workspace,
    )
    response.headers["Location"] = _address(campaign_id)
    return await _detail(ctx, campaign_id)


@router.operation(
    "POST",
    "/campaigns/{campaign_id}/pause",
    id="pause_campaign",
    summary="Pause a campaign",
    needs=Permission.CAMPAIGNS_SEND,
    refusals=[WrongStatus],
)
async def pause_campaign(ctx: Ctx, campaign_id: CampaignId, body: PauseWish | None = None) -> CampaignPaused:
    """Once this answers, none of its messages starts. `draining` requests were on their way and finish."""
    reason = (body.reason if body else "") or f"paused by {ctx.caller.title}"
    held = await campaigns.pause_campaign(ctx.db, campaign_id, reason, workspace=ctx.workspace)
    return CampaignPaused(id=campaign_id, draining=held.draining)


@router.operation(
    "POST",
    "/campaigns/{campaign_id}/resume",
    id="resume_campaign",
    summary="Resume a campaign",
    needs=Permission.CAMPAIGNS_SEND,
    refusals=[WrongStatus, CampaignRefused],
)
async def resume_campaign(ctx: Ctx, campaign_id: CampaignId) -> CampaignDetail:
    """It goes on where it was paused: nothing is sent twice, nobody is skipped. Repeating changes nothing."""
    await campaigns.resume_campaign(ctx.db, ctx.waker, campaign_id, workspace=ctx.workspace)
    return await _detail(ctx, campaign_id)


@router.operation(
    "POST",
    "/campaigns/{campaign_id}/stop",
    id="stop_campaign",
    summary="Stop a campaign for good",
    needs=Permission.CAMPAIGNS_SEND,
    refusals=[WrongStatus],
    joined=False,
)
async def stop_campaign(ctx: Ctx, campaign_id: CampaignId) -> CampaignStopped:
    """What waits is cancelled; `draining` requests were on their way and finish.

    If the answer is lost, ask again: repeating cancels what is left.
    """
    ended = await campaigns.stop_campaign(ctx.db, campaign_id, workspace=ctx.workspace)
    return CampaignStopped(id=campaign_id, cancelled=ended.cancelled, draining=ended.draining)


@router.operation(
    "PUT",
    "/campaigns/{campaign_id}/rate",
    id="set_campaign_rate",
    summary="Set the pace of a campaign's sender",
    needs=Permission.CAMPAIGNS_SEND,
    refusals=[BadSender],
)
async def set_campaign_rate(ctx: Ctx, campaign_id: CampaignId, body: Rate) -> RateSet:
    """Within a second its sender sends at this rate; the sender's other campaigns share it."""
    found = await campaigns.get_campaign(ctx.db, campaign_id, workspace=ctx.workspace)
    ctx.detail = {"rate": body.rate, "sender": show_id("sender", found.sender_id)}
    await campaigns.set_campaign_rate(ctx.db, ctx.waker, campaign_id, body.rate, workspace=ctx.workspace)
    return RateSet(sender_id=found.sender_id, rate=body.rate)


@router.operation(
    "POST",
    "/campaigns/{campaign_id}/retries",
    id="retry_campaign",
    summary="Write again to those who were not reached",
    needs=Permission.CAMPAIGNS_SEND,
    status=202,
    refusals=[AlreadyExists, BadCampaign, CampaignRefused],
)
async def retry_campaign(
    ctx: Ctx, campaign_id: CampaignId, response: Response, body: RetryWish | None = None
) -> CampaignDetail:
    """A campaign of its own with the same content, launched at once. People who stopped meanwhile are left alone.

    While such a retry is under way, repeating shows it.
    """
    wish = body or RetryWish()
    ctx.detail = {"statuses": sorted(wish.statuses)}
    made = await campaigns.retry_campaign(
        ctx.db,
        ctx.waker,
        campaign_id,
        statuses=wish.statuses,
        name=wish.name,
        accept_duplicates=wish.accept_duplicates,
        workspace=ctx.workspace,
    )
    response.headers["Location"] = _address(made)
    return await _detail(ctx, made)


@router.operation(
    "POST",
    "/campaigns/{campaign_id}/tests",
    id="send_campaign_test",
    summary="Send a campaign's message to one number",
    needs=Permission.CAMPAIGNS_SEND,
    status=202,
    refusals=[BadAddress, BadContent, TemplateSyntax, PersonStopped, BadField],
)
async def send_campaign_test(
    ctx: Ctx, campaign_id: CampaignId, body: TestWish, response: Response
) -> TestSent:
    """To see it on a phone before everybody does: sent for real, before anything else, and in no campaign's books.

    Each call sends one more; with an Idempotency-Key, repeating does not.
    """
    with inside(contact="contact_id"):
        made = await campaigns.send_test(
            ctx.db,
            ctx.waker,
            campaign_id,
            body.phone,
            variables=body.variables,
            like=body.contact_id or 0,
            workspace=ctx.workspace,
        )
    response.headers["Location"] = f"/api/v1/messages/{show_id('message', made)}"
    return TestSent(id=made)


def _address(campaign_id: int) -> str:
    return f"/api/v1/campaigns/{show_id('campaign', campaign_id)}"


async def _detail(ctx: Ctx, campaign_id: int) -> CampaignDetail:
    found = await campaigns.get_campaign(ctx.db, campaign_id, workspace=ctx.workspace)
    held = await campaigns.progress(ctx.db, campaign_id, workspace=ctx.workspace)
    return campaign_detail(found, held)
