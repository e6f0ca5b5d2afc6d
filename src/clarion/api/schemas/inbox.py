"""The inbox: conversations, what was said in them, and what waits for people."""

from typing import Annotated, Literal

from pydantic import Field, RootModel

from clarion.api.fields import (
    Body,
    CampaignId,
    ContactId,
    ConversationId,
    HandoffId,
    MessageId,
    PositionId,
    ReplyId,
    RunId,
    SenderId,
    Shown,
    Time,
    UserId,
)
from clarion.api.schemas.content import GivenContent


class OpenHandoff(Shown):
    """A journey put this conversation before people."""

    id: HandoffId
    note: str
    waits: bool
    """The journey goes on when it is closed."""
    opened_at: Time


class Conversation(Shown):
    """One person on one of our numbers."""

    id: ConversationId
    sender_id: SenderId
    sender: str
    contact_id: ContactId | None
    """null: somebody who is no contact yet."""
    phone: str
    """What they last wrote from; empty: they hide their number."""
    name: str
    """The contact's attribute `name`; empty: not known."""
    state: Literal["open", "closed"]
    """open: somebody is to look at it. A journey's own answers open nothing."""
    assignee_id: UserId | None
    unread: int
    """Replies that no journey took and none of us has read."""
    last_text: str
    """The beginning of what they wrote last."""
    last_kind: str
    """What that was: text, button, image, ..."""
    replied_at: Time
    """When they last wrote."""
    moved_at: Time
    """When they last wrote, were handed over, or were answered from here."""
    has_window: bool
    """Whether free text may be sent for 24 hours only after they wrote (WhatsApp)."""
    window_closes_at: Time
    """When that ends or ended; null: they never wrote, or the sender has no such window."""
    may_write: Literal["anything", "template", "nothing"]
    """What may be sent to them now."""
    stopped: str
    """Why they must not be written to: `opt_out`, ...; empty: they may."""
    handoff: OpenHandoff | None


class ConversationPatch(Body):
    """What is to be changed; what is left out stays."""

    state: Literal["open", "closed"] = "open"
    """closed: it is dealt with and read; its handoffs are closed, and journeys that wait for that go on."""
    assignee_id: UserId | None = None
    """A user of the workspace; null: nobody."""


class ReadMark(Body):
    """What was read."""

    upto: ReplyId | None = None
    """The newest reply that was seen; null: all there is."""


class NewReply(Body):
    """What to answer."""

    content: GivenContent
    """Sent as it is: nothing in it is filled in."""


class SentReply(Shown):
    """An answer on its way; see the message for what becomes of it."""

    message_id: MessageId
    conversation_id: ConversationId
    status: Literal["queued"]
    created_at: Time


class MessageEntry(Shown):
    """What we sent."""

    kind: Literal["message"]
    id: MessageId
    at: Time
    text: str
    type: str
    """What kind of content it is: text, template, buttons, ..."""
    status: str
    code: str
    reason: str
    """Why it failed."""
    campaign_id: CampaignId | None
    run_id: RunId | None
    position_id: PositionId | None
    accepted_at: Time
    delivered_at: Time
    read_at: Time
    failed_at: Time


class ReplyEntry(Shown):
    """What they wrote."""

    kind: Literal["reply"]
    id: ReplyId
    at: Time
    text: str
    type: str
    """What it is: text, button, image, ..."""
    payload: str
    """The id of the button or row that was pressed."""
    opt_out: bool
    """It was obeyed as a wish not to be written to."""
    maybe_opt_out: bool
    """It may be such a wish: read it."""
    routed: str
    """Where it went: position (a journey), trigger, opt_out, late, inbox."""
    why: str
    position_id: PositionId | None
    read_at: Time
    """When one of us read it."""


class Entry(RootModel[Annotated[MessageEntry | ReplyEntry, Field(discriminator="kind")]]):
    """What was said: our message, or their reply."""


class Handoff(Shown):
    """A conversation that a journey put before people, and that is open."""

    id: HandoffId
    contact_id: ContactId
    phone: str
    sender_id: SenderId | None
    sender: str
    journey: str
    run_id: RunId | None
    position_id: PositionId | None
    note: str
    waits: bool
    """The journey goes on when it is closed."""
    opened_at: Time
    last_text: str


class ClosedHandoff(Shown):
    """A handoff that is dealt with."""

    id: HandoffId
    fresh: bool
    """False: it was closed before."""


class UnwantedReply(Shown):
    """A reply that no journey wanted and nobody has read."""

    id: ReplyId
    contact_id: ContactId | None
    phone: str
    sender_id: SenderId
    sender: str
    kind: str
    text: str
    payload: str
    maybe_opt_out: bool
    """It may be a wish not to be written to."""
    why: str
    """Why it is here."""
    at: Time
