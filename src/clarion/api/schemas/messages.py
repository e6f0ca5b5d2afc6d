"""Messages: sent by themselves, and looked at wherever they come from."""

from typing import Annotated, Any, Literal

from pydantic import Field

from clarion.api.fields import (
    Body,
    CampaignId,
    ContactId,
    MessageId,
    PositionId,
    RunId,
    SenderId,
    Shown,
    Time,
    text,
)
from clarion.api.problem import Problem
from clarion.api.schemas.content import AnyContent, GivenContent, RawContent
from clarion.domain.campaign import Policy
from clarion.domain.message import Resolution, Status

Phone = Annotated[str, text(60, least=1, examples=["+5541991234567"])]


class _New(Body):
    sender_id: SenderId
    to: Phone | None = None
    """A phone number in international form. If it is no contact's yet, it becomes one, on no list."""
    contact_id: ContactId | None = None
    """Or one of your contacts. Exactly one of the two."""
    variables: dict[str, Any] = Field(default_factory=dict, max_length=200, examples=[{"order": "4711"}])
    """Values for what stands in the content, over the contact's own attributes."""
    priority: Literal["high", "normal"] = "high"
    """`high`: with replies, before journeys. `normal`: after them. Campaigns come after both."""
    expires_at: Time = 0
    """Not sent at all if it could not be sent by then; null: however long it takes."""
    policy: Annotated[Policy, Field(strict=False)] = Policy.NO_DUPLICATES
    """What happens when nobody knows whether the provider took it."""


class NewMessage(_New):
    """A message to one person."""

    content: GivenContent


class OneOfMany(_New):
    """A message among several."""

    content: RawContent


class NewMessages(Body):
    """Messages to send, each by itself."""

    messages: Annotated[list[OneOfMany], Field(min_length=1, max_length=1_000)]


class QueuedMessage(Shown):
    """A message that will be sent."""

    id: MessageId
    status: Literal["queued"] = "queued"


class Verdict(Shown):
    """What became of one of several messages."""

    index: int
    """Its place in the request, from 0."""
    status: Literal["queued", "refused"]
    id: MessageId | None
    problem: Problem | None
    """Why it was refused. Its pointers begin at the message."""


class Verdicts(Shown):
    """What became of each message."""

    queued: int
    refused: int
    items: list[Verdict]


class Message(Shown):
    """A message and where it stands."""

    id: MessageId
    campaign_id: CampaignId | None
    run_id: RunId | None
    """The run of a journey that sent it."""
    position_id: PositionId | None
    contact_id: ContactId
    sender_id: SenderId
    phone: str
    status: Status
    reason: str
    """Why it stands there, where that needs saying."""
    code: str
    """The provider's, of a failure."""
    attempts: int
    """Requests that may have been made."""
    unresolved: bool
    """In doubt, and nothing more will be heard by itself: decide."""
    created_at: Time
    accepted_at: Time
    sent_at: Time
    delivered_at: Time
    read_at: Time
    failed_at: Time


class Attempt(Shown):
    """A request that did not end in the message's last answer."""

    outcome: str = Field(examples=["not_sent"])
    """`not_sent`: it did not go out. `unknown`: nobody knows. `rejected`, `accepted`, `absent`: what was found out."""
    code: str
    reason: str
    ended_at: Time


class MessageDetail(Message):
    """A message with what it says and all that happened."""

    text: str
    """What its reader sees."""
    content: AnyContent | None
    """What is sent, filled in; null if it could not be made."""
    policy: Policy
    due_at: Time
    """Not sent before; null once it is settled."""
    expires_at: Time
    provider_id: str
    """The provider's id of it."""
    fault_kind: str
    """What a failure is about: recipient, request, template, account, ..."""
    conflict: bool
    """It was reported both failed and delivered: some providers do so for people with several devices."""
    earlier_attempts: list[Attempt]


class ResolutionWish(Body):
    """What you know, or want, about a message in doubt."""

    resolution: Annotated[Resolution, Field(strict=False)]
    """`resend`: send it again, although it may have arrived. `arrived`: it did. `give_up`: it counts as failed."""
