"""The inbox: conversations are read, answered, given to somebody and closed."""

from typing import Annotated, Any, Literal

from fastapi import Query
from starlette.responses import Response

from clarion.api.context import Ctx
from clarion.api.fields import ConversationId, HandoffId, ReplyId, read_id, show_id
from clarion.api.operation import Router
from clarion.api.pages import Cursor, Limit, Page, make_cursor, page, read_cursor
from clarion.api.schemas.inbox import (
    ClosedHandoff,
    Conversation,
    ConversationPatch,
    Entry,
    Handoff,
    MessageEntry,
    NewReply,
    OpenHandoff,
    ReadMark,
    ReplyEntry,
    SentReply,
    UnwantedReply,
)
from clarion.domain.access import Permission
from clarion.domain.errors import BadContent, PersonStopped, WindowClosed
from clarion.services.inbox import conversations
from clarion.services.inbox.reply import reply
from clarion.services.journeys import handoffs
from clarion.store import conversation_entries
from clarion.store.conversations import Conversation as Row

router = Router("Inbox")

PREVIEW = 200
"""Characters of the last reply in a list."""


@router.operation(
    "GET",
    "/conversations",
    id="list_conversations",
    summary="List the conversations",
    needs=Permission.INBOX_READ,
)
async def list_conversations(
    ctx: Ctx,
    state: Annotated[Literal["open", "closed", "all"], Query(description="Only with this state.")] = "open",
    assignee: Annotated[
        str | None,
        Query(pattern="^(nobody|me|usr_[1-9][0-9]{0,17})$", description="A user's id, `me` or `nobody`."),
    ] = None,
    unread: Annotated[bool, Query(description="Only with replies that nobody has read.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Conversation]:
    """Conversations, those that moved last first."""
    found = await conversations.page_of_conversations(
        ctx.db,
        workspace=ctx.workspace,
        state="" if state == "all" else state,
        assignee=_assignee(assignee, ctx.caller.user_id),
        unread=unread,
        before=read_cursor("conversations", cursor, int, int),
        limit=limit + 1,
    )
    return page(
        found,
        limit,
        _shown,
        lambda last: make_cursor("conversations", last.moved_at, last.id),
    )


@router.operation(
    "GET",
    "/conversations/{conversation_id}",
    id="get_conversation",
    summary="Show a conversation",
    needs=Permission.INBOX_READ,
)
async def get_conversation(ctx: Ctx, conversation_id: ConversationId) -> Conversation:
    """One conversation, without what was said."""
    found = await conversations.find_conversation(ctx.db, conversation_id, workspace=ctx.workspace)
    return _shown(found)


@router.operation(
    "GET",
    "/conversations/{conversation_id}/entries",
    id="list_conversation_entries",
    summary="List what was said",
    needs=Permission.INBOX_READ,
)
async def list_conversation_entries(
    ctx: Ctx, conversation_id: ConversationId, limit: Limit = 50, cursor: Cursor = None
) -> Page[Entry]:
    """Our messages and their replies on this number, newest first."""
    before = read_cursor("entries", cursor, int, int, int)
    found = await conversations.entries(
        ctx.db, conversation_id, workspace=ctx.workspace, before=before, limit=limit + 1
    )
    return page(found, limit, _entry, lambda last: make_cursor("entries", *last.key))


@router.operation(
    "POST",
    "/conversations/{conversation_id}/replies",
    id="reply_to_conversation",
    summary="Answer",
    needs=Permission.INBOX_REPLY,
    status=201,
    refusals=[BadContent, PersonStopped, WindowClosed],
)
async def reply_to_conversation(
    ctx: Ctx, conversation_id: ConversationId, body: NewReply, response: Response
) -> SentReply:
    """Send something to this person from the number they wrote to, before everything else it has to send.

    On WhatsApp anything but a template only within 24 hours after they wrote. It is taken as read.
    """
    sent = await reply(ctx.db, ctx.waker, conversation_id, body.content, workspace=ctx.workspace)
    ctx.detail = {"message_id": show_id("message", sent.message_id)}
    response.headers["Location"] = f"/api/v1/messages/{show_id('message', sent.message_id)}"
    return SentReply(
        message_id=sent.message_id,
        conversation_id=conversation_id,
        status="queued",
        created_at=sent.created_at,
    )


@router.operation(
    "POST",
    "/conversations/{conversation_id}/read",
    id="read_conversation",
    summary="Mark a conversation as read",
    needs=Permission.INBOX_REPLY,
    audited=False,
)
async def read_conversation(ctx: Ctx, conversation_id: ConversationId, body: ReadMark) -> Conversation:
    """The replies up to this one were read; what came since stays unread."""
    found = await conversations.mark_read(
        ctx.db, conversation_id, workspace=ctx.workspace, upto=body.upto or 0
    )
    return _shown(found)


@router.operation(
    "PATCH",
    "/conversations/{conversation_id}",
    id="update_conversation",
    summary="Close, open again or assign a conversation",
    needs=Permission.INBOX_REPLY,
)
async def update_conversation(
    ctx: Ctx, conversation_id: ConversationId, body: ConversationPatch
) -> Conversation:
    """Change its state, or who is to deal with it."""
    given = body.model_fields_set
    found = await conversations.change_conversation(
        ctx.db,
        ctx.waker,
        conversation_id,
        workspace=ctx.workspace,
        state=body.state if "state" in given else "",
        assignee=(body.assignee_id or 0) if "assignee_id" in given else None,
    )
    return _shown(found)


@router.operation(
    "GET",
    "/handoffs",
    id="list_handoffs",
    summary="List the open handoffs",
    needs=Permission.INBOX_READ,
)
async def list_handoffs(ctx: Ctx, limit: Limit = 50, cursor: Cursor = None) -> Page[Handoff]:
    """What journeys put before people and nobody has closed, oldest first."""
    after = read_cursor("handoffs", cursor, int)
    found = await handoffs.open_handoffs(
        ctx.db, workspace=ctx.workspace, after=after[0] if after else 0, limit=limit + 1
    )
    return page(found, limit, _handoff, lambda last: make_cursor("handoffs", last.id))


@router.operation(
    "POST",
    "/handoffs/{handoff_id}/close",
    id="close_handoff",
    summary="Close a handoff",
    needs=Permission.INBOX_REPLY,
)
async def close_handoff(ctx: Ctx, handoff_id: HandoffId) -> ClosedHandoff:
    """It is dealt with: a journey that waits for that goes on. Repeating it changes nothing."""
    fresh = await handoffs.close_handoff(ctx.db, ctx.waker, handoff_id, workspace=ctx.workspace)
    return ClosedHandoff(id=handoff_id, fresh=fresh)


@router.operation(
    "GET",
    "/replies",
    id="list_unwanted_replies",
    summary="List the replies that wait for people",
    needs=Permission.INBOX_READ,
)
async def list_unwanted_replies(ctx: Ctx, limit: Limit = 50, cursor: Cursor = None) -> Page[UnwantedReply]:
    """Replies that no journey wanted and nobody has read, newest first."""
    before = read_cursor("replies", cursor, int)
    found = await handoffs.unwanted_replies(
        ctx.db, workspace=ctx.workspace, before=before[0] if before else 0, limit=limit + 1
    )
    return page(found, limit, _unwanted, lambda last: make_cursor("replies", last.id))


@router.operation(
    "POST",
    "/replies/{reply_id}/read",
    id="read_reply",
    summary="Mark a reply as read",
    needs=Permission.INBOX_REPLY,
    status=204,
    audited=False,
)
async def read_reply(ctx: Ctx, reply_id: ReplyId) -> None:
    """One reply was read; its conversation has one unread less. Repeating it changes nothing."""
    await conversations.read_reply(ctx.db, reply_id, workspace=ctx.workspace)


def _assignee(given: str | None, me: int) -> int | None:
    match given:
        case None:
            return None
        case "nobody":
            return 0
        case "me":
            return me or -1  # a key is nobody's: it has no conversations, rather than those of nobody
    return read_id("user", given)


def _shown(row: Row) -> Conversation:
    closes_at = conversations.window_closes_at(row)
    free = closes_at is None or closes_at > row.seen_at
    return Conversation(
        id=row.id,
        sender_id=row.sender_id,
        sender=row.sender,
        contact_id=row.contact_id or None,
        phone=row.address,
        name=str(row.attributes.get("name", ""))[:PREVIEW],
        state=_state(row.state),
        assignee_id=row.assignee_id or None,
        unread=row.unread,
        last_text=row.last_text[:PREVIEW],
        last_kind=row.last_kind,
        replied_at=row.replied_at,
        moved_at=row.moved_at,
        has_window=closes_at is not None,
        window_closes_at=closes_at or 0,
        may_write="nothing" if row.stopped else "anything" if free else "template",
        stopped=row.stopped,
        handoff=_open_handoff(row) if row.handoff_id else None,
    )


def _state(state: str) -> Literal["open", "closed"]:
    return "open" if state == "open" else "closed"


def _open_handoff(row: Row) -> OpenHandoff:
    return OpenHandoff(
        id=row.handoff_id, note=row.handoff_note, waits=row.handoff_waits, opened_at=row.handed_over_at
    )


def _entry(entry: conversation_entries.Entry) -> Entry:
    at, side, _ = entry.key
    row: dict[str, Any] = entry.row
    if side == conversation_entries.REPLY:
        reply_entry = ReplyEntry(
            **{
                **row,
                "kind": "reply",
                "type": row["kind"],
                "at": at,
                "position_id": row["position_id"] or None,
                "opt_out": bool(row["opt_out"]),
                "maybe_opt_out": bool(row["maybe_opt_out"]),
            }
        )
        return Entry(reply_entry)
    content = row["content"] if row["content"] is not None else row["shared"]
    message_entry = MessageEntry(
        **{
            **row,
            "kind": "message",
            "type": content["type"],
            "at": at,
            "text": conversations.words(row),
            "run_id": row["run_id"] or None,
            "position_id": row["position_id"] or None,
        }
    )
    return Entry(message_entry)


def _handoff(found: handoffs.Handoff) -> Handoff:
    return Handoff(
        id=found.id,
        contact_id=found.contact_id,
        phone=found.address,
        sender_id=found.sender_id or None,
        sender=found.sender,
        journey=found.journey,
        run_id=found.run_id or None,
        position_id=found.position_id or None,
        note=found.note,
        waits=found.waits,
        opened_at=found.opened_at,
        last_text=found.last_text[:PREVIEW],
    )


def _unwanted(found: handoffs.Unwanted) -> UnwantedReply:
    return UnwantedReply(
        id=found.id,
        contact_id=found.contact_id,
        phone=found.address,
        sender_id=found.sender_id,
        sender=found.sender,
        kind=found.kind,
        text=found.text,
        payload=found.payload,
        maybe_opt_out=found.maybe_opt_out,
        why=found.why,
        at=found.at,
    )
