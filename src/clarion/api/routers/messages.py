"""Messages: sent one by one, looked at, cancelled; and what to do about those nobody knows the fate of."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from clarion.api.context import Ctx
from clarion.api.errors import respond
from clarion.api.fields import CampaignId, ContactId, MessageId, RunId, SenderId, Time, show_id
from clarion.api.inside import inside, said
from clarion.api.operation import Router
from clarion.api.pages import Cursor, Limit, Page, make_cursor, page, read_cursor
from clarion.api.problem import Problem
from clarion.api.schemas.messages import (
    Message,
    MessageDetail,
    NewMessage,
    NewMessages,
    OneOfMany,
    QueuedMessage,
    ResolutionWish,
    Verdict,
    Verdicts,
)
from clarion.api.shown.messages import message_detail, message_shown
from clarion.domain.access import Permission
from clarion.domain.errors import (
    BadAddress,
    BadContent,
    BadField,
    ClarionError,
    NotFound,
    PersonStopped,
    TemplateSyntax,
    WindowClosed,
    WrongMessageStatus,
)
from clarion.domain.message import Status
from clarion.services.messages import decide, look, send
from clarion.services.messages.send import FIRST, NORMAL, New
from clarion.store.walks import Wanted

router = Router("Messages")

LOG, LOG_OF_CAMPAIGN, DOUBTS = "messages", "campaign-messages", "doubts"
BULK = 4 * 1024 * 1024  # bytes

_REFUSALS = [BadAddress, BadContent, TemplateSyntax, BadField, PersonStopped, WindowClosed]


@router.operation(
    "POST",
    "/messages",
    id="send_message",
    summary="Send a message to one person",
    needs=Permission.MESSAGES_SEND,
    status=202,
    refusals=_REFUSALS,
    audited=False,
)
async def send_message(ctx: Ctx, body: NewMessage, response: Response) -> QueuedMessage:
    """It is queued, and leaves before every campaign. Send an Idempotency-Key, so that repeating never sends it twice.

    What can be known is checked first: the number, the content's variables, whether the person stopped, the
    template as the provider approved it, and WhatsApp's 24-hour window for free text.
    """
    with inside(sender="sender_id", contact="contact_id"):
        made = await send.send_message(ctx.db, ctx.waker, _new(body), workspace=ctx.workspace)
    response.headers["Location"] = f"/api/v1/messages/{show_id('message', made)}"
    return QueuedMessage(id=made)


@router.operation(
    "POST",
    "/messages/bulk",
    id="send_messages",
    summary="Send up to 1,000 messages, each by itself",
    needs=Permission.MESSAGES_SEND,
    status=202,
    limit=BULK,
)
async def send_messages(ctx: Ctx, body: NewMessages) -> Verdicts:
    """Each has its own verdict: one that is refused keeps none of the others back. For many people use a campaign."""
    wanted = [_new(each) for each in body.messages]
    made = await send.send_messages(ctx.db, ctx.waker, wanted, workspace=ctx.workspace)
    items = [_verdict(n, each) for n, each in enumerate(made)]
    queued = sum(item.status == "queued" for item in items)
    ctx.detail = {"queued": queued, "refused": len(items) - queued}
    return Verdicts(queued=queued, refused=len(items) - queued, items=items)


@router.operation(
    "GET",
    "/messages",
    id="list_messages",
    summary="List messages, newest first",
    needs=Permission.MESSAGES_READ,
    refusals=[BadAddress, BadField],
)
async def list_messages(
    ctx: Ctx,
    limit: Limit = 50,
    cursor: Cursor = None,
    phone: Annotated[
        str, Query(max_length=60, description="Only to this person, however it is spelled.")
    ] = "",
    contact_id: Annotated[ContactId | None, Query(description="Only to this contact.")] = None,
    campaign_id: Annotated[CampaignId | None, Query(description="Only of this campaign.")] = None,
    run_id: Annotated[RunId | None, Query(description="Only of this run of a journey.")] = None,
    sender_id: Annotated[SenderId | None, Query(description="Only from this sender.")] = None,
    status: Annotated[Status | None, Query(description="Only those that stand here.")] = None,
    after: Annotated[Time, Query(description="Only those written at this time or later.")] = 0,
    before: Annotated[Time, Query(description="Only those written before this time.")] = 0,
) -> Page[Message]:
    """Newest first; of one campaign by their contacts' ids, the largest first. Filters may be combined.

    With filters, at most 10,000 messages are looked at for one page: it may hold fewer than `limit`, even none,
    while `next_cursor` leads on.
    """
    by_contact = bool(campaign_id) and not (phone or contact_id)
    name, kinds = (LOG_OF_CAMPAIGN, (int, int)) if by_contact else (LOG, (int,))
    wanted = Wanted(
        campaign=campaign_id or 0,
        run=run_id or 0,
        sender=sender_id or 0,
        status=status.value if status else "",
        since=after,
        until=before,
    )
    with inside(contact="contact_id", campaign="campaign_id"):
        found = await look.page_messages(
            ctx.db,
            wanted,
            workspace=ctx.workspace,
            phone=phone,
            contact=contact_id or 0,
            after=read_cursor(name, cursor, *kinds),
            limit=limit,
        )
    return Page[Message](
        items=[message_shown(each) for each in found.messages],
        next_cursor=make_cursor(name, *found.next) if found.next else None,
    )


@router.operation(
    "GET",
    "/messages/{message_id}",
    id="get_message",
    summary="Show a message",
    needs=Permission.MESSAGES_READ,
)
async def get_message(ctx: Ctx, message_id: MessageId) -> MessageDetail:
    """What it says, where it stands and why, and every request made for it."""
    return message_detail(await look.get_message(ctx.db, message_id, workspace=ctx.workspace))


@router.operation(
    "POST",
    "/messages/{message_id}/cancel",
    id="cancel_message",
    summary="Cancel a message that waits",
    needs=Permission.MESSAGES_SEND,
    refusals=[WrongMessageStatus],
)
async def cancel_message(ctx: Ctx, message_id: MessageId) -> MessageDetail:
    """It will never be sent. One whose request has begun is not cancelled any more. Repeating changes nothing."""
    await decide.cancel_message(ctx.db, message_id, workspace=ctx.workspace)
    return message_detail(await look.get_message(ctx.db, message_id, workspace=ctx.workspace))


@router.operation(
    "POST",
    "/messages/{message_id}/resolution",
    id="resolve_message",
    summary="Decide about a message in doubt",
    needs=Permission.MESSAGES_SEND,
    refusals=[WrongMessageStatus],
)
async def resolve_message(ctx: Ctx, message_id: MessageId, body: ResolutionWish) -> MessageDetail:
    """For a message whose answer was lost, when you do not want to wait for evidence, or none came.

    What the provider tells later still counts.
    """
    ctx.detail = {"resolution": body.resolution.value}
    await decide.resolve_message(ctx.db, ctx.waker, message_id, body.resolution, workspace=ctx.workspace)
    return message_detail(await look.get_message(ctx.db, message_id, workspace=ctx.workspace))


@router.operation(
    "GET",
    "/doubts",
    id="list_doubts",
    summary="List the messages in doubt",
    needs=Permission.MESSAGES_READ,
)
async def list_doubts(
    ctx: Ctx,
    limit: Limit = 50,
    cursor: Cursor = None,
    unresolved: Annotated[
        bool | None, Query(description="true: only those that wait for a decision; false: only the others.")
    ] = None,
) -> Page[Message]:
    """Messages of which nobody knows whether the provider took them, oldest first. Most resolve by themselves."""
    read = read_cursor(DOUBTS, cursor, int)
    found = await look.page_doubts(
        ctx.db,
        workspace=ctx.workspace,
        after=read[0] if read else 0,
        unresolved=unresolved,
        limit=limit + 1,
    )
    return page(found, limit, message_shown, lambda each: make_cursor(DOUBTS, each.id))


def _new(body: NewMessage | OneOfMany) -> New:
    return New(
        sender_id=body.sender_id,
        content=body.content,
        to=body.to or "",
        contact_id=body.contact_id or 0,
        variables=body.variables,
        priority=FIRST if body.priority == "high" else NORMAL,
        policy=body.policy,
        expires_at=body.expires_at,
    )


_FIELDS = {"sender": "sender_id", "contact": "contact_id"}


def _verdict(index: int, made: send.Verdict) -> Verdict:
    if isinstance(made, int):
        return Verdict(index=index, status="queued", id=made, problem=None)
    refusal: ClarionError = made
    if isinstance(made, NotFound):
        refusal = BadField(_FIELDS[made.what], said(made))
    problem = Problem.model_validate_json(bytes(respond(refusal).body))
    return Verdict(index=index, status="refused", id=None, problem=problem)
