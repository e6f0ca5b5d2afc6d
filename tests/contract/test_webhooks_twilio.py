"""What Twilio tells us: every recorded webhook, event by event."""

from typing import Any

import pytest

from clarion.domain.message import Status
from clarion.providers.base import Receipt, Reply, Unread, WebhookRequest
from clarion.providers.twilio import webhook as twilio
from tests.contract import samples
from tests.contract.hooks import ANA, FORM, events, form, plain

CALLBACKS = {
    "tw-cb-service-queued.txt": (Status.ACCEPTED, ""),
    "tw-cb-sms-sent.txt": (Status.SENT, ""),
    "tw-cb-sms-delivered.txt": (Status.DELIVERED, ""),
    "tw-cb-sms-failed-21610.txt": (Status.FAILED, "21610"),
    "tw-cb-sms-failed-30001.txt": (Status.FAILED, "30001"),
    "tw-cb-sms-undelivered-30003.txt": (Status.FAILED, "30003"),
    "tw-cb-whatsapp-delivered.txt": (Status.DELIVERED, ""),
    "tw-cb-whatsapp-read.txt": (Status.READ, ""),
    "tw-cb-whatsapp-failed-63016.txt": (Status.FAILED, "63016"),
    "tw-cb-whatsapp-undelivered-63049.txt": (Status.FAILED, "63049"),
}


@pytest.mark.parametrize("file", CALLBACKS)
def test_a_twilio_callback_is_a_receipt_with_the_attempt_of_its_url(file: str) -> None:
    request = form(file, "https://hooks.example.com/webhooks/twilio/status?attempt=01JD3V7Q2N8X")
    (event,) = events(twilio, request)
    status, code = CALLBACKS[file]
    fields = dict(pair.split("=") for pair in samples.raw(file).decode().split("&"))
    assert plain(event) == (fields["MessageSid"], "01JD3V7Q2N8X", status, 0, code)


SMS: dict[str, Any] = {"address": "+12025550141", "user_id": "", "to": "+12025550111"}
CHAT: dict[str, Any] = {**ANA, "to": "+12025550100"}
TEMPLATE = "SMc68c559d956d4ca20f435ed74a6e71e6"
IN_SERVICE = {"MessagingServiceSid": samples.SERVICE}
MEDIA_URL = f"https://api.twilio.com/2010-04-01/Accounts/{samples.ACCOUNT_SID}/Messages"


def _sms(sid: str, kind: str = "text", **said: Any) -> Reply:
    return Reply(**{"provider_id": sid, "at": 0, "kind": kind, **SMS, **said})


def _chat(sid: str, message_type: str, kind: str, extra: dict[str, Any] | None = None, **said: Any) -> Reply:
    return _sms(sid, kind, **CHAT, extra={"MessageType": message_type, **(extra or {})}, **said)


INBOUND = {
    "tw-in-sms.txt": _sms("SM87473621b9654b1fead1a02ee6804ee2", text="Yes please"),
    "tw-in-sms-service.txt": _sms(
        "SM7a3b2daf84861f1fe515d7ccbd19503c",
        text="Olá! Quero saber mais & mais = melhor + rápido",
        extra=IN_SERVICE,
    ),
    "tw-in-sms-stop.txt": _sms(
        "SMb62e0b987eafda6d7456777f5e7b3a37", text="Stop", opt_out=True, extra=IN_SERVICE
    ),
    "tw-in-sms-start.txt": _sms(
        "SMd88d44d227af32a7a55ac4ac7c83d715", text="START", opt_in=True, extra=IN_SERVICE
    ),
    "tw-in-sms-stop-default.txt": _sms("SM9a43ec7483ec3180fb5bee399a309d1f", text="STOP"),
    "tw-in-mms.txt": _sms(
        "MMe54ad0679c261806ffaadfbec94e7dc0",
        "image",
        extra={
            "media": [
                {
                    "link": f"{MEDIA_URL}/MMe54ad0679c261806ffaadfbec94e7dc0"
                    "/Media/MEc4ca4238a0b923820dcc509a6f75849b",
                    "mime_type": "image/jpeg",
                }
            ]
        },
    ),
    "tw-in-whatsapp-text.txt": _chat("SM1ed18bdcce7a3588346d5e3f1f418f41", "text", "text", text="Olá 😀"),
    "tw-in-whatsapp-reply.txt": _chat(
        "SM8bebc1438a3ab23658644ac567e400cb", "text", "text", text="That one", quoted=TEMPLATE
    ),
    "tw-in-whatsapp-button.txt": _chat(
        "SM75240c038beb3bf51802933ca3c12baf",
        "button",
        "button",
        text="Stop promotions",
        payload="OPTOUT:412",
        quoted=TEMPLATE,
    ),
    "tw-in-whatsapp-list.txt": _chat(
        "SMd1a3e4aeebcdce708f7aa1cfb53bde4c",
        "interactive",
        "list",
        {"ListDescription": "08:00-12:00"},
        text="Morning",
        payload="mon-am",
        quoted=TEMPLATE,
    ),
    "tw-in-whatsapp-location.txt": _chat(
        "SM4957f28931f4d430ba3ec7421b800380",
        "location",
        "location",
        {
            "Latitude": "38.7223",
            "Longitude": "-9.1393",
            "Address": "1 Example Street",
            "Label": "Main square",
        },
    ),
    "tw-in-whatsapp-image.txt": _chat(
        "MM2968bece36afce38284dfb7f4076d35e",
        "image",
        "image",
        {
            "media": [
                {
                    "link": f"{MEDIA_URL}/MM2968bece36afce38284dfb7f4076d35e"
                    "/Media/MEc81e728d9d4c2f636f067f89cc14862c",
                    "mime_type": "image/jpeg",
                }
            ]
        },
    ),
}


@pytest.mark.parametrize("file", INBOUND)
def test_a_message_through_twilio_is_a_reply(file: str) -> None:
    if not file.startswith("tw-in-whatsapp"):
        assert INBOUND[file].profile_name == ""
    assert events(twilio, form(file)) == [INBOUND[file]]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("accepted", Status.ACCEPTED),
        ("scheduled", Status.ACCEPTED),
        ("queued", Status.ACCEPTED),
        ("sending", Status.ACCEPTED),
        ("sent", Status.SENT),
        ("delivered", Status.DELIVERED),
        ("read", Status.READ),
        ("undelivered", Status.FAILED),
        ("failed", Status.FAILED),
        ("canceled", Status.FAILED),
    ],
)
def test_twilios_words_mean_ours(word: str, status: Status) -> None:
    body = f"AccountSid={samples.ACCOUNT_SID}&MessageSid=SM1&MessageStatus={word}".encode()
    request = WebhookRequest("POST", "https://h.example/", "", FORM, body)
    (event,) = events(twilio, request)
    assert isinstance(event, Receipt)
    assert event.status is status
    assert (event.fault is not None) == (status is Status.FAILED)


def test_words_and_kinds_nobody_knows_change_nothing() -> None:
    body = b"MessageSid=SM1&MessageStatus=partially_delivered"
    (event,) = events(twilio, WebhookRequest("POST", "https://h.example/", "", FORM, body))
    assert event == Unread("The status word partially_delivered is not known.")
    (event,) = events(twilio, WebhookRequest("POST", "https://h.example/", "", FORM, b"CallSid=CA1"))
    assert isinstance(event, Unread)
    (event,) = events(twilio, WebhookRequest("POST", "https://h.example/", "", {}, b'{"a":1}'))
    assert isinstance(event, Unread)


def test_a_get_webhook_of_twilio_is_read_from_its_query() -> None:
    query = f"AccountSid={samples.ACCOUNT_SID}&MessageSid=SM1&From=%2B12025550141&Body=Yes"
    request = WebhookRequest("GET", f"https://h.example/?{query}", query, {}, b"")
    (event,) = events(twilio, request)
    assert isinstance(event, Reply)
    assert (event.address, event.text) == ("+12025550141", "Yes")


def test_a_person_without_a_number_is_known_by_the_user_id() -> None:
    body = b"MessageSid=SM1&From=whatsapp%3AGB.11223344556677889900&Body=Hi"
    (event,) = events(twilio, WebhookRequest("POST", "https://h.example/", "", FORM, body))
    assert isinstance(event, Reply)
    assert (event.address, event.user_id) == ("", "GB.11223344556677889900")


def test_R13_the_attempt_in_the_callbacks_url_comes_back_with_every_status() -> None:
    url = "https://hooks.example.com/webhooks/twilio/status?attempt=01JD3V7Q2N8X"
    for file in CALLBACKS:
        (event,) = events(twilio, form(file, url))
        assert isinstance(event, Receipt)
        assert event.echo == "01JD3V7Q2N8X"
