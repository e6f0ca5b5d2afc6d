"""Senders, and the providers they belong to."""

from typing import Annotated, Literal

from pydantic import Field

from clarion.api.fields import Body, SenderId, Shown, Time, text

Name = Annotated[str, text(100, least=1, examples=["Shop"])]
Rate = Annotated[float, Field(ge=0, le=100_000, examples=[80])]
Values = dict[Annotated[str, text(60, least=1)], Annotated[str, text(4_000)]]
Changes = dict[Annotated[str, text(60, least=1)], Annotated[str, text(4_000)] | None]


class ProviderField(Shown):
    """One thing to give when a sender is added."""

    name: str
    help: str
    place: Literal["account", "config", "secret"]
    """`account` and `config` are shown again, a `secret` never is."""
    required: bool
    choices: list[str]
    """The values it may have; empty: any."""


class Provider(Shown):
    """A company that carries messages."""

    name: str = Field(examples=["whatsapp"])
    title: str = Field(examples=["WhatsApp Cloud API"])
    fields: list[ProviderField]
    webhook_url: str
    """Where the provider tells us what became of messages, and what people answer."""
    webhook_help: str
    """What to do with that address at the provider."""


class Providers(Shown):
    """Every provider there is."""

    items: list[Provider]


class NewSender(Body):
    """A sender to add: our number or messaging service at a provider. Its credentials are encrypted at rest."""

    name: Name
    """What campaigns and journeys call it by."""
    provider: Annotated[str, text(40, least=1, examples=["whatsapp"])]
    """One of `GET /providers`."""
    account: Annotated[str, text(200, least=1, examples=["106540352242922"])]
    """What the provider knows it by: the phone number id (WhatsApp), the account SID (Twilio)."""
    config: Values = Field(default_factory=dict, max_length=20, examples=[{"waba_id": "102290129340398"}])
    """The provider's other fields that are not secret."""
    secrets: Values = Field(default_factory=dict, max_length=20, examples=[{"token": "EAAG..."}])
    """Its credentials."""
    rate: Rate | None = None
    """Messages per second, 0: as fast as it goes; null: what the provider allows everybody."""


class SenderChange(Body):
    """What to change of a sender; what is left out stays."""

    name: Name = ""
    config: Changes = Field(default_factory=dict, max_length=20)
    """Values by field; those left out stay, null takes one away."""


class NewSecrets(Body):
    """Credentials to replace; those left out stay."""

    secrets: Changes = Field(min_length=1, max_length=20, examples=[{"token": "EAAG..."}])
    """Values by field; null takes one away."""


class StoredSecrets(Shown):
    """Which credentials a sender has. Their values are never shown."""

    secrets: list[str] = Field(examples=[["app_secret", "token"]])


class NewRate(Body):
    """How fast to send."""

    rate: Rate
    """Messages per second; 0: as fast as it goes."""


class Pause(Body):
    """Why a sender is to stand still."""

    reason: Annotated[str, text(500)] = ""
    """Shown wherever the sender is."""


class Sender(Shown):
    """Our number or messaging service at a provider."""

    id: SenderId
    name: str
    provider: str
    account: str
    config: dict[str, str]
    state: Literal["active", "paused"]
    state_reason: str
    """Why it is paused."""
    rate: float
    """Messages per second as set; 0: as fast as it goes."""
    pace: float
    """Messages per second as last stored: lower than `rate` after the provider asked to slow down."""
    created_at: Time


class SenderDetail(Sender):
    """A sender, and how it is connected."""

    secrets: list[str]
    """Which credentials are stored."""
    webhook_url: str
    """Where the provider tells us what became of messages, and what people answer."""
    webhook_help: str
    """What to do with that address at the provider."""


class Results(Shown):
    """What requests to the provider ended in."""

    accepted: int
    """The provider took the message."""
    rejected: int
    """It refused the message for good."""
    not_sent: int
    """Certainly not sent, and tried again."""
    unknown: int
    """Nobody knows yet."""


class MinuteResults(Results):
    """One minute of them."""

    at: Time
    """When the minute began."""


class Limits(Shown):
    """What holds the sender back, and up to where."""

    rate: float
    """Messages per second as set; 0: as fast as it goes."""
    pace: float
    """Messages per second now; 0: as fast as it goes. It climbs back to `rate` by itself."""
    throttled_at: Time
    """When the provider last asked to slow down."""
    hold_until: Time
    """Nothing starts before."""
    default_rate: float
    """What the provider allows every sender of this kind without asking."""
    free_text_for: Annotated[int, Field(examples=[86_400])]
    """Seconds after a person's message in which free text may be sent to them; 0: at any time."""


class SenderHealth(Shown):
    """How a sender does, from what is stored here; `POST /senders/{id}/check` asks the provider."""

    state: Literal["active", "paused"]
    state_reason: str
    limits: Limits
    waiting: int
    """Messages that may leave now. Of single ones and journeys' no more than 1,000 are counted."""
    oldest_due_at: Time
    """Since when the oldest of them may."""
    last_minute: Results
    """The last whole minute."""
    last_hour: Results
    """The last sixty minutes."""
    refused_share: float
    """Of what ended for good in the last hour, the share that was rejected: 0 to 1."""
    minutes: list[MinuteResults]
    """The last sixty minutes one by one, oldest first; those without requests are left out."""


class ProviderWord(Shown):
    """What the provider says of a sender, asked just now."""

    ok: bool
    """Whether it can send."""
    name: str
    quality: str
    """Such as GREEN, YELLOW, RED; empty where the provider rates nobody."""
    limit: int
    """Messages per second that the provider allows; 0: it states none."""
    detail: str
