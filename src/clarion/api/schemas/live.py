"""What live streams tell."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, RootModel

from clarion.api.fields import (
    CampaignId,
    ContactId,
    ConversationId,
    JourneyId,
    NoticeId,
    ReplyId,
    RunId,
    SenderId,
    Shown,
    Time,
    UserId,
)
from clarion.api.schemas.campaigns import Counters

_none_for_zero = BeforeValidator(lambda value: None if value == 0 else value)


class LiveCampaign(Shown):
    """Event `campaign`: how a campaign stands now."""

    id: CampaignId
    name: str
    status: str = Field(examples=["running"])
    shown: str = Field(examples=["finished, 3 being checked"])
    """The status in words for people."""
    status_reason: str
    """Why it was paused or failed; empty otherwise."""
    counters: Counters
    expected: int | None
    """How many messages there will be; null before it was launched."""
    done: int
    """Messages that need no more from us."""
    share: float | None
    """`done` of `expected`, from 0 to 1."""
    rate: float
    """Messages per second that the sender is set to; 0: no limit."""
    pace: float
    """What the provider lets it run at now."""
    rate_now: float
    """The campaign's messages that left per second, over the last five seconds."""
    sender_state: str
    sender_reason: str
    """Why the sender is paused; empty otherwise."""
    seconds_left: int | None
    """Null when it cannot be told: paused, or without a limit."""
    launched_at: Time
    finished_at: Time


class LiveRun(Shown):
    """Event `run`: how a journey's run stands now."""

    id: RunId
    name: str
    journey_id: JourneyId
    status: str = Field(examples=["running"])
    status_reason: str
    entered: int
    under_way: int
    ended: int
    outcomes: dict[str, int] = Field(examples=[{"bought": 12, "no answer": 30}])
    """People who have ended, by outcome."""
    created_at: Time
    finished_at: Time


class LiveConversation(Shown):
    """Event `conversation`: how a conversation of the inbox stands now."""

    id: ConversationId
    sender_id: SenderId
    contact_id: Annotated[ContactId | None, _none_for_zero]
    state: str = Field(examples=["open"])
    assignee_id: Annotated[UserId | None, _none_for_zero]
    unread: int
    last_text: str
    """The beginning of what the person wrote last."""
    replied_at: Time
    """When the person last wrote."""
    moved_at: Time
    """When anybody last wrote."""


class LiveReply(Shown):
    """Event `reply`: what a person wrote."""

    id: ReplyId
    conversation_id: Annotated[ConversationId | None, _none_for_zero]
    contact_id: Annotated[ContactId | None, _none_for_zero]
    sender_id: SenderId
    type: str = Field(examples=["text"])
    """What it is: text, button, image, ..."""
    text: str
    """Up to 1,000 characters of it."""
    opt_out: bool
    routed: str
    """Whom it was for: `opt_out`, `position`, `trigger`, `late` or `inbox`."""
    at: Time


class LiveEngine(Shown):
    """Event `engine`: the engine's work for this workspace."""

    waiting: int
    """Messages of running campaigns that wait for their slot."""
    due: int
    """What is due and held back by no pace: messages without a campaign, journeys' events. Counted up to 20,000."""
    lag_s: int
    """How long the oldest of these is due."""
    workers: int
    """Processes that send, for all workspaces."""


class LiveNotice(Shown):
    """Event `notice`: something a provider told about a sender, a template or an account. May be told twice."""

    id: NoticeId
    about: str = Field(examples=["template:order_update"])
    """`sender:` and its number, or `template:` and its name."""
    event: str = Field(examples=["PAUSED"])
    """The provider's word."""
    detail: str
    created_at: Time


class LiveResync(Shown):
    """Event `resync`: you were away for too long, or read too slowly. Read anew what you show; then go on here."""


class LiveEnd(Shown):
    """Event `end`: the last one."""

    reason: Literal["not-signed-in", "not-allowed", "stopping", "unavailable"]
    """Come back only after `stopping` and `unavailable`."""
    detail: str


class LiveEvent(
    RootModel[
        LiveCampaign | LiveRun | LiveConversation | LiveReply | LiveEngine | LiveNotice | LiveResync | LiveEnd
    ]
):
    """The data of one event: `campaign`, `run`, `conversation`, `reply`, `engine`, `notice`, `resync` or `end`."""
