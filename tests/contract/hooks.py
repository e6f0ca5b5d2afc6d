"""What both providers' webhook tests share."""

from typing import Any

from clarion.providers.base import Event, Receipt, WebhookRequest, Webhooks
from tests.contract import samples

FORM = {"content-type": "application/x-www-form-urlencoded"}
ANA = {"address": "+447700900123", "user_id": "GB.11223344556677889900", "profile_name": "Ana Example"}


def post(file: str) -> WebhookRequest:
    """A JSON sample as a webhook."""
    return WebhookRequest("POST", "https://hooks.example.com/webhook", "", {}, samples.raw(file))


def form(file: str, url: str = "https://hooks.example.com/webhooks/twilio/inbound") -> WebhookRequest:
    """A form sample as a webhook."""
    return WebhookRequest("POST", url, "", FORM, samples.raw(file))


def events(webhooks: Webhooks, request: WebhookRequest) -> list[Event]:
    """What the webhook says, event by event."""
    return [webhooks.translate(event) for event in webhooks.split(request)]


def plain(event: Event) -> tuple[Any, ...]:
    """A receipt without the words of its fault, which codes.json holds."""
    assert isinstance(event, Receipt)
    return (event.provider_id, event.echo, event.status, event.at, event.fault.code if event.fault else "")
