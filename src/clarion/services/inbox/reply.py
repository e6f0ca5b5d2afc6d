"""A person of ours answers somebody, before everything else the sender has to send."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clarion.domain.content import Content, Template, from_json, to_json
from clarion.domain.errors import PersonStopped, WindowClosed
from clarion.providers.registry import kind_of
from clarion.services.inbox.conversations import window_closes_at
from clarion.services.ports import Waker
from clarion.store import conversations, singles
from clarion.store.conversations import Conversation
from clarion.store.db import Database, Tx
from clarion.store.singles import Recipient


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply of ours: queued, with the id of its message."""

    message_id: int
    created_at: int


async def reply(
    db: Database, waker: Waker, conversation_id: int, content: Mapping[str, Any], *, workspace: int = 1
) -> Answered:
    """Queue `content` for the conversation's person, from the number they wrote to. Nothing in it is filled in.

    Each call sends one more. It opens the conversation and takes it as read. Raises NotFound, BadContent,
    PersonStopped, and WindowClosed for anything but a template when they have not written for 24 hours.
    """
    wanted = from_json(content)
    async with db.transaction() as tx:
        held = await conversations.lock(tx, workspace, conversation_id)
        now = await tx.now()
        _refuse(held, wanted, now)
        to = await _recipient(tx, held)
        message_id = await singles.queue(tx, workspace, held.sender_id, to, to_json(wanted))
        await conversations.read(tx, held, held.reply_id)
        await conversations.change(
            tx, held.id, state="open", moved_at=max(now, held.moved_at), contact_id=to.id
        )
    waker.wake(f"send:{held.sender_id}")
    return Answered(message_id, now)


def _refuse(held: Conversation, content: Content, now: int) -> None:
    for problem in kind_of(held.provider).problems(content, held.config):
        raise problem
    if held.stopped:
        raise PersonStopped(held.address or held.person, held.stopped)
    closes_at = window_closes_at(held)
    if closes_at is not None and closes_at <= now and not isinstance(content, Template):
        raise WindowClosed(closes_at)


async def _recipient(tx: Tx, held: Conversation) -> Recipient:
    """The contact, made for somebody who only ever wrote to us; the number is the one they wrote from."""
    found = await singles.contact(tx, held.workspace_id, held.address, held.person)
    return Recipient(found.id, held.address, held.person, found.attributes)
