"""Conversations: looked through, read, given to somebody, closed and opened again."""

from collections.abc import Sequence
from typing import Any

from clarion.domain import preview
from clarion.domain.content import from_json
from clarion.domain.errors import BadField, ClarionError
from clarion.domain.template import compile_content
from clarion.providers.registry import kind_of
from clarion.services.journeys.handoffs import close_handoff
from clarion.services.ports import Waker
from clarion.store import conversation_entries, conversations
from clarion.store.conversation_entries import Entry, Key
from clarion.store.conversations import Conversation
from clarion.store.db import Database


async def page_of_conversations(
    db: Database,
    *,
    workspace: int = 1,
    state: str = "",
    assignee: int | None = None,
    unread: bool = False,
    before: tuple[int, int] | None = None,
    limit: int = 50,
) -> list[Conversation]:
    """Conversations by when they moved, newest first; `before` is the last one's (moved_at, id).

    `assignee`: a user's, or nobody's (0).
    """
    async with db.reading() as tx:
        return await conversations.page(
            tx, workspace, state=state, assignee=assignee, unread=unread, before=before, limit=limit
        )


async def find_conversation(db: Database, conversation_id: int, *, workspace: int = 1) -> Conversation:
    """One conversation. Raises NotFound."""
    async with db.reading() as tx:
        return await conversations.find(tx, workspace, conversation_id)


async def entries(
    db: Database, conversation_id: int, *, workspace: int = 1, before: Key | None = None, limit: int = 50
) -> Sequence[Entry]:
    """What was said, newest first; `before` is the last entry's key. Raises NotFound."""
    async with db.reading() as tx:
        held = await conversations.find(tx, workspace, conversation_id)
        return await conversation_entries.before(tx, held, before, limit)


def window_closes_at(held: Conversation) -> int | None:
    """Until when free text may be sent (0: the person never wrote); None where the sender has no such window."""
    window = kind_of(held.provider).window(held.config)
    if not window:
        return None
    return held.replied_at + window if held.replied_at else 0


def words(message: dict[str, Any]) -> str:
    """What a row of `messages` says, filled in for its person."""
    if message["content"] is not None:
        return preview.as_text(from_json(message["content"]), "")
    try:
        return preview.as_text(compile_content(from_json(message["shared"])).render(message["variables"]), "")
    except ClarionError:  # its campaign's content was changed since, and asks for more than this person had
        return ""


async def mark_read(db: Database, conversation_id: int, *, workspace: int = 1, upto: int = 0) -> Conversation:
    """The replies up to this one (0: all) were read by one of us. Repeating it changes nothing. Raises NotFound."""
    async with db.transaction() as tx:
        held = await conversations.lock(tx, workspace, conversation_id)
        await conversations.read(tx, held, upto or held.reply_id)
        return await conversations.find(tx, workspace, conversation_id)


async def read_reply(db: Database, reply_id: int, *, workspace: int = 1) -> None:
    """One reply that waited for people was read; its conversation has one unread less. Raises NotFound."""
    async with db.transaction() as tx:
        conversation_id = await conversations.of_reply(tx, workspace, reply_id)
        held = await conversations.lock(tx, workspace, conversation_id) if conversation_id else None
        if await conversations.read_one(tx, workspace, reply_id) and held:
            await conversations.change(tx, held.id, unread=max(held.unread - 1, 0))


async def change_conversation(
    db: Database,
    waker: Waker,
    conversation_id: int,
    *,
    workspace: int = 1,
    state: str = "",
    assignee: int | None = None,
) -> Conversation:
    """Close it or open it again; give it to a user of the workspace, or (0) to nobody.

    Who closes it has dealt with it: it is read, its handoffs are closed, and journeys that wait for that go on.
    Raises NotFound, BadField.
    """
    async with db.transaction() as tx:
        held = await conversations.lock(tx, workspace, conversation_id)
        if assignee and not await conversations.is_member(tx, workspace, assignee):
            raise BadField("assignee_id", "this is no user of the workspace")
        if assignee is not None:
            await conversations.change(tx, held.id, assignee_id=assignee)
        if state:
            await conversations.change(tx, held.id, state=state)
        handoffs = []
        if state == "closed":
            await conversations.read(tx, held, held.reply_id)
            handoffs = await conversations.open_handoffs(tx, held)
    for handoff in handoffs:
        await close_handoff(db, waker, handoff, workspace=workspace)
    return await find_conversation(db, conversation_id, workspace=workspace)
