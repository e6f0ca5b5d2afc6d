"""What the providers tell us: every recorded webhook, event by event."""

from typing import Any

import pytest

from clarion.domain.message import Status
from clarion.domain.sending import FaultKind
from clarion.providers.base import (
    AccountNotice,
    Event,
    Preference,
    RawEvent,
    Receipt,
    Reply,
    TemplateChange,
    Unread,
    WebhookRequest,
    Webhooks,
)
from clarion.providers.twilio import webhook as twilio
from clarion.providers.whatsapp import webhook as whatsapp
from tests.contract import samples

SECOND = 1_000_000
NOON = 1_795_176_000
ANA = {"address": "+447700900123", "user_id": "GB.11223344556677889900", "profile_name": "Ana Example"}
OURS = "wamid.HBgMNDQ3NzAwOTAwMTIzFQIAERgSQkM0MzI5NjdCNUE2RDAwNTc2AA=="
QUOTED = "wamid.HBgMNDQ3NzAwOTAwMTIzFQIAERgSRjQ0QzMwRDA3RDMzMUM2RkY2AA=="
ECHO = "v1:tenant=7;camp=412;att=01JD3V7Q2N8X"
WABA = "100200300400500"
SHA = "DYX1rx4N+glQPwvbF5q483xCJbQ9RCo6keWcPISbyZ4="


def _post(file: str, content_type: str = "", url: str = "https://hooks.example.com/webhook") -> WebhookRequest:
    return WebhookRequest("POST", url, "", {"content-type": content_type}, samples.raw(file))


def _form(file: str, url: str = "https://hooks.example.com/webhooks/twilio/inbound") -> WebhookRequest:
    return _post(file, "application/x-www-form-urlencoded", url)


def _events(webhooks: Webhooks, request: WebhookRequest) -> list[Event]:
    return [webhooks.translate(event) for event in webhooks.split(request)]


def _receipt(
    status: Status, second: int, code: str = "", *, provider_id: str = OURS, echo: str = ECHO
) -> tuple[Any, ...]:
    """A receipt without the words of its fault, which codes.json holds."""
    return (provider_id, echo, status, (NOON + second) * SECOND, code)


def _plain(event: Event) -> tuple[Any, ...]:
    assert isinstance(event, Receipt)
    return (event.provider_id, event.echo, event.status, event.at, event.fault.code if event.fault else "")


STATUSES: dict[str, list[tuple[Any, ...]]] = {
    "wa-hook-status-sent.json": [_receipt(Status.SENT, 2)],
    "wa-hook-status-delivered.json": [_receipt(Status.DELIVERED, 4)],
    "wa-hook-duplicate-status.json": [_receipt(Status.DELIVERED, 4)],
    "wa-hook-status-read.json": [_receipt(Status.READ, 190)],
    "wa-hook-status-read-without-delivered.json": [_receipt(Status.READ, 5)],
    "wa-hook-status-played.json": [
        _receipt(
            Status.READ,
            300,
            provider_id="wamid.HBgMNDQ3NzAwOTAwMTIzFQIAERgSMTI0QjhGOEY5RjAzREM3OEVEAA==",
            echo="",
        )
    ],
    "wa-hook-status-sent-legacy-conversation.json": [_receipt(Status.SENT, 2, echo="")],
    "wa-hook-status-sent-entry-point.json": [_receipt(Status.SENT, 2, provider_id=QUOTED, echo="")],
    "wa-hook-batch-3-statuses-out-of-order.json": [
        _receipt(Status.READ, 9),
        _receipt(Status.SENT, 2),
        _receipt(Status.DELIVERED, 4),
    ],
    **{
        f"wa-hook-status-failed-{code}.json": [_receipt(Status.FAILED, 3, code)]
        for code in ("130472", "131026", "131042", "131047", "131049", "131050", "131053", "132015")
    },
}


@pytest.mark.parametrize("file", STATUSES)
def test_a_whatsapp_status_is_a_receipt(file: str) -> None:
    assert [_plain(event) for event in _events(whatsapp, _post(file))] == STATUSES[file]


def test_R13_the_echo_of_the_attempt_comes_back_with_every_status() -> None:
    for file in ("wa-hook-status-sent.json", "wa-hook-status-failed-131026.json"):
        (event,) = _events(whatsapp, _post(file))
        assert isinstance(event, Receipt)
        assert event.echo == ECHO
    url = "https://hooks.example.com/webhooks/twilio/status?attempt=01JD3V7Q2N8X"
    (event,) = _events(twilio, _form("tw-cb-sms-sent.txt", url))
    assert isinstance(event, Receipt)
    assert event.echo == "01JD3V7Q2N8X"


def test_a_failed_status_carries_its_class_reason_and_the_providers_words() -> None:
    (capped,) = _events(whatsapp, _post("wa-hook-status-failed-131049.json"))
    (stopped,) = _events(whatsapp, _post("wa-hook-status-failed-131050.json"))
    assert isinstance(capped, Receipt)
    assert isinstance(stopped, Receipt)
    assert capped.fault
    assert stopped.fault
    assert (capped.fault.kind, capped.fault.cap) == (FaultKind.THROTTLE_RECIPIENT, True)
    assert capped.fault.detail == "Withheld: marketing limit for this user."
    assert (stopped.fault.kind, stopped.fault.opt_out) == (FaultKind.RECIPIENT, True)


def _reply(suffix: str, kind: str, **said: Any) -> Reply:
    values = {
        "provider_id": f"wamid.HBgMNDQ3NzAwOTAwMTIzFQIAEhgU{suffix}",
        "to": "+12025550100",
        "at": NOON * SECOND,
        "kind": kind,
        **ANA,
        **said,
    }
    return Reply(**values)


def _media(kind: str, suffix: str, number: str, mime: str, *, text: str = "", **more: Any) -> Reply:
    extra = {"mime_type": mime, "sha256": SHA, "id": number, **more}
    return _reply(suffix, kind, text=text, extra={**extra, "caption": text} if text else extra)


FORWARDED = {"context": {"forwarded": True}}
REFERRAL = {
    "source_url": "https://fb.example.com/ad/1",
    "source_id": "120200300400500",
    "source_type": "ad",
    "headline": "Autumn sale",
    "body": "20% off",
    "media_type": "image",
    "image_url": "https://scontent.example.com/ad.jpg",
    "ctwa_clid": "ARAexampleclickid",
}
ANSWERS = {"context": {"from": "12025550100", "id": QUOTED}}
RUI = {
    "name": {"first_name": "Rui", "last_name": "Sample", "formatted_name": "Rui Sample"},
    "phones": [{"phone": "+44 7700 900456", "wa_id": "447700900456", "type": "CELL"}],
    "emails": [{"email": "rui@example.com", "type": "WORK"}],
    "org": {"company": "Sample Ltd"},
}
