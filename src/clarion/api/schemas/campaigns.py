"""Campaigns."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from clarion.api.fields import Body, CampaignId, ContactId, ListId, MessageId, SenderId, Shown, Time, text
from clarion.api.schemas.content import AnyContent, GivenContent
from clarion.domain.campaign import CampaignStatus, OnMissing, Policy
from clarion.domain.message import Status

PolicyField = Annotated[Policy, Field(strict=False)]
OnMissingField = Annotated[OnMissing, Field(strict=False)]
Name = Annotated[str, text(200, least=1, pattern=r"\S", examples=["Spring sale"])]
Lists = Annotated[list[ListId], Field(min_length=1, max_length=100)]


class NewCampaign(Body):
    """A campaign to write down."""

    name: Name
    """Unique in the workspace."""
    sender_id: SenderId
    lists: Lists
    """Whom to write to: everybody on these lists, each person once."""
    content: GivenContent
    policy: PolicyField = Policy.NO_DUPLICATES
    """What happens to a message when nobody knows whether the provider took it."""
    on_missing: OnMissingField = OnMissing.REFUSE
    """People who lack a variable: refuse to launch, or leave them out."""
    scheduled_at: Time = 0
    """Launching it makes it wait until then; null: it starts at once."""
    expires_at: Time = 0
    """What has not been sent by then is not sent at all."""
    dry_run: bool = False
    """Everything but the request to the provider."""


def _no_defaults(schema: dict[str, Any]) -> None:
    # What is not given stays as it is, so there is nothing it would be by default.
    for field in schema["properties"].values():
        field.pop("default", None)


class CampaignChange(Body):
    """What is to change; what is not given stays.

    Once people were written to, only name, content, policy and expires_at can.
    """

    model_config = ConfigDict(json_schema_extra=_no_defaults)

    name: Name = ""
    sender_id: SenderId = 0
    lists: Lists = Field(default_factory=list)
    content: GivenContent = Field(default_factory=dict)
    policy: PolicyField = Policy.NO_DUPLICATES
    on_missing: OnMissingField = OnMissing.REFUSE
    scheduled_at: Time = 0
    expires_at: Time = 0
    dry_run: bool = False


class Counters(Shown):
    """How many messages stand where. All statuses together are the audience."""

    audience: int = 0
    """Messages written."""
    queued: int = 0
    leased: int = 0
    """About to be sent."""
    sending: int = 0
    unknown: int = 0
    """The answer was lost: they may or may not have arrived."""
    accepted: int = 0
    sent: int = 0
    failed: int = 0
    delivered: int = 0
    read: int = 0
    cancelled: int = 0
    expired: int = 0
    suppressed: int = 0
    """People who do not want messages."""
    missing: int = 0
    """People left out: a variable was blank. Not part of the audience."""
    merged: int = 0
    """People met again on another list. Not part of the audience."""


class Campaign(Shown):
    """A campaign."""

    id: CampaignId
    name: str
    status: CampaignStatus
    shown: str = Field(examples=["finished, 3 being checked"])
    """The status in words for people."""
    status_reason: str
    """Why it was paused or failed; empty otherwise."""
    sender_id: SenderId
    lists: list[ListId]
    """Empty: its messages were handed over in one request, each with its own text."""
    retry_of: CampaignId | None
    """The campaign whose people it writes to again."""
    retry_statuses: list[str]
    """Where their messages stood."""
    content: AnyContent
    policy: Policy
    on_missing: OnMissing
    dry_run: bool
    scheduled_at: Time
    expires_at: Time
    created_at: Time
    launched_at: Time
    finished_at: Time
    counters: Counters


class CampaignProgress(Shown):
    """How far a campaign has come."""

    share: float | None
    """Messages that need no more from us, of all expected; null before the launch."""
    done: int
    expected: int
    rate: float
    """Messages per second that the sender is set to; 0: no limit."""
    pace: float
    """What the provider lets it run at now."""
    rate_now: float
    """What the provider took from the sender per second, over the last minute."""
    seconds_left: float | None
    """Null when it cannot be told."""
    sender_state: str
    sender_reason: str
    unresolved: int
    """Messages in doubt that wait for somebody's decision."""
    at: Time


class CampaignDetail(Campaign):
    """A campaign, and how far it has come."""

    progress: CampaignProgress


class LackingVariable(Shown):
    """People with nothing in a variable that must not be blank."""

    variable: str
    people: int
    places: list[str] = Field(examples=[["people.csv line 17"]])
    """The first of them."""


class CampaignPreview(Shown):
    """What one person would read."""

    phone: str
    text: str


class CampaignCheck(Shown):
    """What launching would do."""

    ok: bool
    """Whether it may be launched as it is."""
    refusals: list[str]
    """What is to be mended first, in sentences."""
    people: int
    to_send: int
    suppressed: int
    """People who do not want messages."""
    merged: int
    """People met on more than one list, written to once."""
    left_out: int
    """People who lack a variable."""
    missing: list[LackingVariable]
    warnings: list[str]
    previews: list[CampaignPreview]
    seconds: float
    """How long sending takes at the sender's rate; 0 without one."""


class CampaignLaunch(Body):
    """How to launch."""

    on_missing: Annotated[OnMissing | None, Field(strict=False)] = None
    """Instead of what the campaign says about people who lack a variable."""


class PauseWish(Body):
    """Why."""

    reason: Annotated[str, text(500)] = ""
    """Shown wherever the campaign is."""


class CampaignPaused(Shown):
    """Nothing more starts."""

    id: CampaignId
    status: Literal["paused"] = "paused"
    draining: int
    """Requests that were on their way when the pause took hold."""


class CampaignStopped(Shown):
    """It is over."""

    id: CampaignId
    status: Literal["stopped"] = "stopped"
    cancelled: int
    """Messages that will never be sent."""
    draining: int
    """Requests that were on their way."""


class Rate(Body):
    """A sender's pace."""

    rate: Annotated[float, Field(ge=0, le=100_000, strict=False, allow_inf_nan=False, examples=[80])]
    """Messages per second; 0: as fast as it goes."""


class RateSet(Shown):
    """The pace that all campaigns of the sender share."""

    sender_id: SenderId
    rate: float


Unreached = Literal["failed", "expired", "cancelled", "unknown"]


def _failed() -> list[Unreached]:
    return ["failed"]


class RetryWish(Body):
    """Whom to write to again."""

    statuses: list[Unreached] = Field(default_factory=_failed, min_length=1, max_length=4)
    """Where their messages stand."""
    name: Annotated[str | None, text(200, least=1)] = None
    """What the new campaign is called."""
    accept_duplicates: bool = False
    """Needed for `unknown`: some of these messages may have arrived."""


class TestWish(Body):
    """Whom to send the campaign's message to, to see it on a phone."""

    phone: Annotated[str, text(60, least=1, examples=["+5541991234567"])]
    contact_id: ContactId | None = None
    """Whose values to fill in; without it those of the person with this number."""
    variables: dict[str, Any] = Field(default_factory=dict, max_length=200)
    """Values over these."""


class TestSent(Shown):
    """A test message, queued before everything else of its sender."""

    id: MessageId
    status: Literal["queued"] = "queued"


class FailureGroup(Shown):
    """Messages that failed for one reason."""

    code: str
    """The provider's."""
    kind: str
    """What it is about: recipient, request, template, account, ..."""
    reason: str = Field(examples=["The number has no WhatsApp account."])
    advice: str = Field(examples=["Write to these people by SMS."])
    """The one thing to do; empty where there is none."""
    people: int
    at_least: bool
    """Whether there may be more than were counted."""


class CampaignFunnel(Shown):
    """How many messages came this far, each step counting those beyond it."""

    people: int
    """Everybody who was to get a message: the audience, and who was left out or had stopped."""
    written: int
    """The audience."""
    accepted: int
    """Taken by the provider."""
    sent: int
    delivered: int
    read: int


class CampaignStats(Shown):
    """What a campaign has come to."""

    id: CampaignId
    shown: str
    counters: Counters
    funnel: CampaignFunnel
    failures: list[FailureGroup]
    """By reason, most frequent first."""
    unresolved: int
    """Messages in doubt that wait for somebody's decision."""


class Recipient(Shown):
    """One person of a campaign, and what became of their message."""

    message_id: MessageId
    contact_id: ContactId
    phone: str
    status: Status
    reason: str
    """Why it stands there, where that needs saying."""
    code: str
    """The provider's, of a failure."""
    attempts: int
    created_at: Time
    accepted_at: Time
    sent_at: Time
    delivered_at: Time
    read_at: Time
    failed_at: Time
