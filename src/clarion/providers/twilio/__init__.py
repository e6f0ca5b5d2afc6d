"""Twilio Programmable Messaging: SMS, MMS and WhatsApp."""

from collections.abc import Mapping

from clarion.domain.content import Content
from clarion.domain.errors import BadContent
from clarion.providers.base import SenderAccount
from clarion.providers.kind import Field, ProviderKind, Setting
from clarion.providers.transport import Transport
from clarion.providers.twilio import payload, webhook
from clarion.providers.twilio.client import Twilio
from clarion.providers.twilio.definitions import read_definition


def _open(account: SenderAccount, transport: Transport, settings: Mapping[str, str], callback: str) -> Twilio:
    return Twilio(
        account,
        transport,
        url=settings["url"],
        content_url=settings["content_url"],
        callback=f"{callback}/status",
    )


DAY = 24 * 3_600 * 1_000_000
"""WhatsApp's customer service window in microseconds, which Twilio passes on (error 63016)."""


def _problems(content: Content, config: Mapping[str, str]) -> list[BadContent]:
    return payload.problems(content)


TWILIO = ProviderKind(
    name="twilio",
    title="Twilio",
    fields=(
        Field("account_sid", "the account's id, AC and 32 hex digits", "account", True),
        Field("from", "the sending number in E.164, a short code or an alphanumeric id", "config"),
        Field("messaging_service", "a messaging service's id, MG and 32 hex digits", "config"),
        Field("channel", "sms (the default) or whatsapp", "config", choices=("sms", "whatsapp")),
        Field("validity_period", "seconds a message may wait at Twilio, 1 to 36000", "config"),
        Field(
            "smart_encoded",
            "true: let Twilio swap look-alike letters to save SMS parts",
            "config",
            choices=("true",),
        ),
        Field(
            "auth_token", "the account's auth token, which also signs webhooks", "secret", True, signs=True
        ),
        Field(
            "auth_token_next",
            "the secondary auth token, while the first is being replaced",
            "secret",
            signs=True,
        ),
        Field("webhook_key", "a shared key that signs webhooks with HMAC-SHA256", "secret", signs=True),
        Field("api_key", "an API key's id (SK...), for requests instead of the auth token", "secret"),
        Field("api_secret", "the API key's secret", "secret"),
    ),
    settings=(
        Setting("url", "https://api.twilio.com", "Where the messages API is; a simulator may stand in."),
        Setting("content_url", "https://content.twilio.com", "Where the content templates API is."),
    ),
    webhooks=webhook,
    open=_open,
    problems=_problems,
    rules=payload.sender_problems,
    window=lambda config: DAY if config.get("channel") == "whatsapp" else 0,
    definition=read_definition,
    webhook_help="Enter it at Twilio for incoming messages of the number or messaging service (HTTP POST). "
    "What becomes of messages needs nothing: each one brings its own address along.",
)
