"""Looking at messages: one with its whole story, the log, and what is in doubt."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clarion.domain import preview
from clarion.domain.campaign import Policy
from clarion.domain.contact import read_address
from clarion.domain.content import Template, from_json, to_json
from clarion.domain.errors import BadContent, NotFound
from clarion.services.campaigns.words import approved_text, words_of
from clarion.store import campaigns, messages, walks
from clarion.store.db import Database, Tx
from clarion.store.messages import Attempt, Message, Whole
from clarion.store.walks import Found, Place, Wanted


@dataclass(frozen=True, slots=True)
class Story:
    """A message, what it says (`content` None if it could not be made), and the requests before its latest one."""

    message: Message
    text: str
    content: dict[str, Any] | None
    policy: str
    expires_at: int
    attempts: Sequence[Attempt]


async def get_message(db: Database, message_id: int, *, workspace: int) -> Story:
    """One message. Raises NotFound."""
    async with db.reading() as tx:
        found = await messages.find(tx, workspace, message_id)
        if found is None:
            raise NotFound("message", message_id)
        return await _story(tx, workspace, found)


async def page_messages(
    db: Database,
    wanted: Wanted,
    *,
    workspace: int,
    phone: str = "",
    contact: int = 0,
    after: Place | None,
    limit: int,
) -> Found:
    """The log, see store/walks.py. Raises BadAddress; NotFound for a contact or campaign that is none here."""
    async with db.reading() as tx:
        if wanted.campaign:
            await campaigns.find(tx, wanted.campaign, workspace=workspace)
        person = read_address(phone).address.person if phone else ""
        if contact:
            found = await messages.person_of(tx, workspace, contact)
            if found is None:
                raise NotFound("contact", contact)
            if person and person != found:
                return Found((), None)
            person = found
        return await walks.log(tx, workspace, wanted.about(person), after=after, limit=limit)


async def page_doubts(
    db: Database, *, workspace: int, after: int, unresolved: bool | None, limit: int
) -> Sequence[Message]:
    """Messages nobody knows the fate of, oldest first, from the one after `after` on."""
    async with db.reading() as tx:
        return await messages.doubts(tx, workspace, after=after, unresolved=unresolved, limit=limit)


async def _story(tx: Tx, workspace: int, found: Whole) -> Story:
    message, row = found.message, found.row
    policy, expires_at = row.policy, message.expires_at
    if message.campaign_id:
        campaign = await campaigns.find(tx, message.campaign_id, workspace=workspace)
        policy, expires_at = policy or campaign.policy, expires_at or campaign.expires_at
        words = await words_of(tx, campaign)
        text = words.text(row)
        try:
            content = to_json(words.content(row))
        except BadContent:
            content = None
    else:
        made = from_json(messages.own_content(row))
        approved = (
            await approved_text(tx, workspace, message.sender_id, made) if isinstance(made, Template) else ""
        )
        text, content = preview.as_text(made, approved), to_json(made)
    attempts = await messages.attempts(tx, message.id)
    return Story(message, text, content, policy or Policy.NO_DUPLICATES, expires_at, attempts)
