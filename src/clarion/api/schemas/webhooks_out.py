"""Webhooks that we send: where a customer's system is told of what, and what came of it."""

from typing import Annotated, Any, Literal

from pydantic import Field

from clarion.api.fields import Body, DeliveryId, Shown, Time, WebhookId, text
from clarion.domain.news import Event

Events = Annotated[
    list[Annotated[Event, Field(strict=False)]],
    Field(max_length=len(Event), examples=[["reply.received", "message.delivered"]]),
]
Url = Annotated[str, text(2_000, least=1, examples=["https://shop.example.org/clarion"])]


class NewWebhook(Body):
    """A webhook to make."""

    url: Url
    """Where each event is sent by POST. Only addresses on the public internet, unless the operator allows more."""
    events: Events = Field(default_factory=list)
    """What it is told of; none: everything, also what later releases add."""
    description: Annotated[str, text(200, examples=["Web shop"])] = ""
    """What it is for, as you will recognise it later."""


class WebhookChange(Body):
    """What is to change of a webhook."""

    url: Url = ""
    events: Events = Field(default_factory=list)
    """None: everything."""
    description: Annotated[str, text(200)] = ""


class Webhook(Shown):
    """A webhook, without its secret."""

    id: WebhookId
    url: str
    events: list[str]
    """What it is told of; none: everything."""
    description: str
    state: Literal["active", "paused", "disabled"]
    """`paused`: by you, `disabled`: by us. It is told nothing then; what is queued waits, for 30 days."""
    state_reason: str
    """Why it is disabled."""
    failing_since: Time
    """Since when no try succeeded; null: the last one did. Disabled after five days of that."""
    created_at: Time


class Secret(Shown):
    """A new secret: the only time it is told."""

    secret: Annotated[str, Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="])]
    """What verifies the signatures, by the Standard Webhooks specification. It cannot be shown again."""


class MadeWebhook(Webhook, Secret):
    """A webhook just made: the only time its secret is told."""


class Delivery(Shown):
    """One event on its way to one webhook."""

    id: DeliveryId
    webhook_id: WebhookId
    event: str
    event_id: Annotated[str, Field(examples=["evt_0f6e3bd1c2a94c7f8e1d2a3b"])]
    """The header `webhook-id`: the same at every try, and when it is sent again."""
    state: Literal["queued", "sending", "delivered", "failed"]
    """`queued` also while it waits for its next try; `failed` after the last one."""
    tries: int
    next_try_at: Time
    """When it is tried next, if it is queued."""
    status: Annotated[int | None, Field(examples=[500])]
    """The status of the last answer; null: there was none."""
    problem: str
    """What was wrong with the last try, in one sentence."""
    answer: str
    """How the last answer began."""
    took_ms: int
    """How long the last try took, in milliseconds."""
    created_at: Time
    ended_at: Time
    """When it was delivered, or failed for good."""


class DeliveryDetail(Delivery):
    """One delivery, with what is sent."""

    body: str
    """The very bytes that are signed and sent, JSON."""


class Resend(Body):
    """Which failed deliveries are sent again."""

    since: Time = 0
    """Those made since then; null: all that are kept."""


class Resent(Shown):
    """How many deliveries are sent again."""

    resent: int
    more: bool
    """Whether there may be more: ask again."""


class EventField(Shown):
    """One field of an event's `data`."""

    name: str
    meaning: str


class EventKind(Shown):
    """An event that a webhook may be told of."""

    name: str
    meaning: str
    fields: list[EventField]
    example: dict[str, Any]
    """The body of one."""


class EventKinds(Shown):
    """Every event."""

    items: list[EventKind]
