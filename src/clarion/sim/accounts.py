"""The settings of both providers' accounts: credentials, senders, limits, and where webhooks go."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from clarion.sim.catalogue import CONTENTS, TEMPLATES, Content, Template
from clarion.sim.fields import Digits, Model, Rate, Share, Url


class PairLimitSettings(Model):
    """WhatsApp's limit on messages from one number to one person (131056)."""

    enabled: bool = Field(False, description="Whether the limit is kept: 131056.")
    burst: Annotated[int, Field(ge=1)] = Field(45, description="Messages to one person at once.")
    every_ms: Annotated[float, Field(gt=0)] = Field(6_000, description="Then one message in this time.")


class WhatsAppNumber(Model):
    """A sender. `rate` overrides `whatsapp.rate`."""

    id: Digits
    display_phone_number: str = "+1 555-010-0001"
    verified_name: str = "Clarion Sample Shop"
    quality_rating: Literal["GREEN", "YELLOW", "RED", "UNKNOWN"] = "GREEN"
    rate: Rate | None = None

    @cached_property
    def digits(self) -> str:
        """The display number's digits."""
        return "".join(c for c in self.display_phone_number if c.isdigit())


class WhatsAppSettings(Model):
    """The WhatsApp business account."""

    token: str = Field("sim-token", min_length=1, description="The bearer token.")
    revoke_after: Annotated[int, Field(ge=0)] | None = Field(
        None, description="The token dies after so many sends."
    )
    waba_id: Digits = Field("200000000000001", description="The business account.")
    numbers: tuple[WhatsAppNumber, ...] = Field(
        (
            WhatsAppNumber(id="100000000000001"),
            WhatsAppNumber(
                id="100000000000002", display_phone_number="+1 555-010-0002", quality_rating="YELLOW"
            ),
        ),
        min_length=1,
        description="Senders: `id`, and optionally `display_phone_number`, `verified_name`, `quality_rating`, `rate`.",
    )
    rate: Rate | None = Field(80, description="Messages a second per number; null: unlimited.")
    throttle_status: Literal[400, 429] = Field(400, description="HTTP status of rate and pair refusals.")
    pair_limit: PairLimitSettings = PairLimitSettings()
    window: Literal["off", "sync", "async"] = Field(
        "sync",
        description="Free-form text more than 24 h after the person wrote: 131047 in the answer, or later.",
    )
    templates: tuple[Template, ...] = Field(TEMPLATES, description="As the API lists them.")
    held_share: Share = Field(
        0, description="Template sends answered held_for_quality_assessment, then delivered."
    )
    webhook_url: Url | None = Field(None, description="Where webhooks are posted; null: nowhere.")
    app_secret: str = Field("sim-app-secret", min_length=1, description="Signs the webhooks.")
    verify_token: str = Field("sim-verify", min_length=1, description="Sent by `POST /_sim/verify`.")
    identity: Literal["phone", "both", "user_id"] = Field(
        "both", description="What webhooks call a person: number, number and user id, or user id alone."
    )
    extra_fields: bool = Field(
        False, description="Webhooks carry fields and change types nobody has documented."
    )

    @cached_property
    def by_id(self) -> Mapping[str, WhatsAppNumber]:
        """Numbers by phone number id."""
        return {number.id: number for number in self.numbers}


class TwilioSender(Model):
    """A number, short code or `whatsapp:` sender. `rate` overrides `twilio.rate`."""

    address: Annotated[str, Field(pattern=r"^(whatsapp:)?\+?\w[\w ]{1,19}$")]
    rate: Rate | None = None


class TwilioService(Model):
    """A messaging service and the senders it may pick from. `rate` overrides `twilio.rate`."""

    sid: Annotated[str, Field(pattern=r"^MG[0-9a-f]{32}$")]
    friendly_name: str = "Clarion sample service"
    senders: Annotated[tuple[str, ...], Field(min_length=1)]
    rate: Rate | None = None


class TwilioQueue(Model):
    """The queue in front of each sender: faster requests wait in it (their receipts come later)."""

    rate: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Messages a second leaving; null: no queue."
    )
    capacity: Annotated[int, Field(ge=1)] = Field(
        36_000, description="Full: 21611 with From, 30001 with a service."
    )


class TwilioSettings(Model):
    """The Twilio account."""

    account_sid: Annotated[str, Field(pattern=r"^AC[0-9a-f]{32}$")] = Field(
        "AC00000000000000000000000000000001", description="The account."
    )
    auth_token: str = Field("sim-auth-token", min_length=1, description="Its token; it signs the webhooks.")
    revoke_after: Annotated[int, Field(ge=0)] | None = Field(
        None, description="The token dies after so many sends."
    )
    senders: tuple[TwilioSender, ...] = Field(
        (
            TwilioSender(address="+15005550006"),
            TwilioSender(address="+15005550010"),
            TwilioSender(address="whatsapp:+15005550006"),
        ),
        description="Numbers and `whatsapp:` senders: `address`, and optionally `rate`.",
    )
    services: tuple[TwilioService, ...] = Field(
        (
            TwilioService(
                sid="MG00000000000000000000000000000001",
                senders=("+15005550006", "+15005550010", "whatsapp:+15005550006"),
            ),
        ),
        description="Messaging services: `sid`, `senders`, and optionally `friendly_name`, `rate`.",
    )
    rate: Rate | None = Field(
        None, description="Requests a second per From or service, else 20429; null: unlimited."
    )
    concurrency: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Sends under way at once, else 20429."
    )
    queue: TwilioQueue = TwilioQueue()
    advanced_opt_out: bool = Field(
        False, description="Opted-out sends are taken and fail later; OptOutType is sent."
    )
    enforce_window: bool = Field(
        True, description="Free-form WhatsApp 24 h after the person wrote fails with 63016."
    )
    contents: tuple[Content, ...] = Field(CONTENTS, description="As ContentAndApprovals lists them.")
    status_callback: Url | None = Field(None, description="For messages that name no StatusCallback.")
    inbound_url: Url | None = Field(None, description="Where people's messages are posted.")
    echo_parameter: str = Field(
        "attempt", description="Parameter of StatusCallback that the ledger keeps as echo."
    )

    @cached_property
    def by_address(self) -> Mapping[str, TwilioSender]:
        """Senders by address."""
        return {sender.address: sender for sender in self.senders}

    @cached_property
    def by_service(self) -> Mapping[str, TwilioService]:
        """Services by SID."""
        return {service.sid: service for service in self.services}
