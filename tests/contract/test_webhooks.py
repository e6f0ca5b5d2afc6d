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
from clarion.providers.whatsapp.codes import CODES
from tests.contract import samples

SECOND = 1_000_000
NOON = 1_795_176_000
ANA = {"address": "+447700900123", "user_id": "GB.11223344556677889900", "profile_name": "Ana Example"}
OURS = "wamid.HBgMNDQ3NzAwOTAwMTIzFQIAERgSQkM0MzI5NjdCNUE2RDAwNTc2AA=="
QUOTED = "wamid.HBgMNDQ3NzAwOTAwMTIzFQIAERgSRjQ0QzMwRDA3RDMzMUM2RkY2AA=="
ECHO = "v1:tenant=7;camp=412;att=01JD3V7Q2N8X"
WABA = "100200300400500"
SHA = "DYX1rx4N+glQPwvbF5q483xCJbQ9RCo6keWcPISbyZ4="


def _post(
    file: str, content_type: str = "", url: str = "https://hooks.example.com/webhook"
) -> WebhookRequest:
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
RUI = {
    "name": {"first_name": "Rui", "last_name": "Sample", "formatted_name": "Rui Sample"},
    "phones": [{"phone": "+44 7700 900456", "wa_id": "447700900456", "type": "CELL"}],
    "emails": [{"email": "rui@example.com", "type": "WORK"}],
    "org": {"company": "Sample Ltd"},
}

FLOW = '{"flow_token":"tok-1","rating":"5"}'
PLACE = {
    "latitude": 38.7223,
    "longitude": -9.1393,
    "name": "Main square",
    "address": "1 Example Street",
    "url": "https://example.com/place",
}
ORDER = {
    "catalog_id": "800700600500400",
    "text": "please gift wrap",
    "product_items": [{"product_retailer_id": "SKU-1", "quantity": 2, "item_price": 9.5, "currency": "EUR"}],
}
CHANGED = "User Ana Example changed from 447700900123 to 447700900789"
UNKNOWN_TYPE = {
    "code": 131051,
    "title": "Message type unknown",
    "message": "Message type unknown",
    "error_data": {"details": "Message type is currently not supported."},
}

REPLIES = {
    "text": _reply("QTI3NDVDMzJGNDFGMDYyMEFEAA==", "text", text="Hi, when does my order arrive? 😀"),
    "text-reply": _reply("RDFDRjI3QUJGQTY2OTI0MjQzAA==", "text", text="Yes please", quoted=QUOTED),
    "text-forwarded": _reply("MTE4MDM2NDlDQUMwNjY3MEZGAA==", "text", text="Look at this", extra=FORWARDED),
    "text-ad-referral": _reply(
        "REE4NjhFODFBRTkxRkZDM0JFAA==", "text", text="I saw your ad", extra={"referral": REFERRAL}
    ),
    "template-button": _reply(
        "NEJBQTlBOEI2Rjk4ODA4MkRGAA==", "button", text="Stop promotions", payload="OPTOUT:412", quoted=OURS
    ),
    "button-reply": _reply(
        "QkU0QThBNzBBNEEwRThEQUJCAA==", "button", text="Yes", payload="slot:mon-am:yes", quoted=QUOTED
    ),
    "list-reply": _reply(
        "MkI4QkJGMTc2MTFGNDZBQ0Q1AA==",
        "list",
        text="Morning",
        payload="mon-am",
        quoted=QUOTED,
        extra={"description": "08:00-12:00"},
    ),
    "flow-reply": _reply(
        "QTQ1QzFFMTM0RDYzNTVGOUQxAA==",
        "flow",
        text="Sent",
        payload=FLOW,
        quoted=QUOTED,
        extra={"name": "flow"},
    ),
    "image": _media(
        "image",
        "RkFGOEVDMTU4RTIxOUM0QzUzAA==",
        "910820730640550",
        "image/jpeg",
        text="broken on arrival",
        url="https://lookaside.example.com/whatsapp_business/attachments/?mid=910820730640550",
    ),
    "audio": _media(
        "audio",
        "MkE2NjVBODhFNjdFRkY0MjlEAA==",
        "910820730640551",
        "audio/ogg; codecs=opus",
        voice=True,
    ),
    "video": _media("video", "RjhDOTA2NzU4MjQ1ODIwN0ExAA==", "910820730640552", "video/mp4"),
    "document": _media(
        "document",
        "NjM1MEJDOEM5QzkwMEQ0NEE0AA==",
        "910820730640553",
        "application/pdf",
        text="signed form",
        filename="form.pdf",
    ),
    "sticker": _media(
        "sticker", "OTY4NjYzNDZGRkJBQTUwNDkxAA==", "910820730640554", "image/webp", animated=False
    ),
    "location": _reply("NkQxNzk3QzNCMEU1NjkwN0Y2AA==", "location", text="Main square", extra=PLACE),
    "contacts": _reply("OUUxRkJFQzM0RkFCRENGNjlFAA==", "contacts", extra={"contacts": [RUI]}),
    "reaction": _reply("MEREQ0Q1Q0EwRTU0MTY4NkY4AA==", "reaction", text="❤️", quoted=QUOTED),
    "reaction-removed": _reply("RkQ4RjhFQzY2RTM3NTM5RjkxAA==", "reaction", quoted=QUOTED),
    "order": _reply("QUY5MzhDQjA4NDI0OEVFMUE0AA==", "order", text="please gift wrap", extra=ORDER),
    "system-number-change": _reply(
        "MzMxRTdDNDMzQjY1RkFDMzVDAA==",
        "system",
        text=CHANGED,
        profile_name="",
        extra={"body": CHANGED, "wa_id": "447700900789", "type": "user_changed_number"},
    ),
    "unsupported": _reply(
        "NkEyRDhFMkYyRkFDMDdBNUZDAA==",
        "unsupported",
        extra={"type": "unsupported", "errors": [UNKNOWN_TYPE]},
    ),
    "username-only": _reply(
        "",
        "text",
        provider_id="wamid.HBgBMBUCABIYFDk2N0E5MDdGRUM4RTNBRDUzRQA=",
        address="",
        user_id="US.33445566778899001122",
        profile_name="Kim",
        text="Hello",
    ),
}

NOTICES: dict[str, Event] = {
    "template-approved": TemplateChange("autumn_offer", "en_GB", "APPROVED"),
    "template-rejected": TemplateChange(
        "autumn_offer",
        "en_GB",
        "REJECTED",
        "Variables are next to each other. Put text between the variables.",
    ),
    "template-paused": TemplateChange(
        "autumn_offer", "en_GB", "PAUSED", "Paused for 3 hours because of low quality."
    ),
    "template-unpaused": TemplateChange(
        "autumn_offer", "en_GB", "APPROVED", "The template may be sent again."
    ),
    "template-disabled": TemplateChange(
        "autumn_offer", "en_GB", "DISABLED", "Disabled after repeated pauses."
    ),
    "template-quality": AccountNotice(
        WABA,
        "message_template_quality_update",
        "autumn_offer (en_GB); new_quality_score YELLOW, previous_quality_score GREEN",
    ),
    "template-category": AccountNotice(
        WABA,
        "template_category_update",
        "appointment_reminder (en_US); new_category MARKETING, previous_category UTILITY",
    ),
    "phone-quality-throughput": AccountNotice(
        WABA,
        "THROUGHPUT_UPGRADE",
        "current_limit TIER_UNLIMITED, display_phone_number 12025550100, "
        "max_daily_conversations_per_business TIER_UNLIMITED",
    ),
    "business-capability": AccountNotice(
        WABA,
        "business_capability_update",
        "max_daily_conversations_per_business TIER_10K, max_phone_numbers_per_business 25",
    ),
    "account-update": AccountNotice(
        WABA,
        "ACCOUNT_RESTRICTION",
        "RESTRICTED_BIZ_INITIATED_MESSAGING until 2026-11-23 12:00 UTC",
        pause=True,
    ),
    "user-preferences-stop": Preference(ANA["address"], ANA["user_id"], stop=True, at=NOON * SECOND),
    "value-errors": AccountNotice(
        samples.NUMBER_ID, "error 130429", CODES.fault(130429).reason
    ),
}


@pytest.mark.parametrize("name", REPLIES)
def test_a_whatsapp_message_is_a_reply(name: str) -> None:
    assert _events(whatsapp, _post(f"wa-hook-inbound-{name}.json")) == [REPLIES[name]]


@pytest.mark.parametrize("name", NOTICES)
def test_other_whatsapp_changes_say_what_changed(name: str) -> None:
    assert _events(whatsapp, _post(f"wa-hook-{name}.json")) == [NOTICES[name]]


def test_several_accounts_statuses_and_messages_come_in_one_webhook() -> None:
    raw = whatsapp.split(_post("wa-hook-batch-mixed-entries.json"))
    assert [(event.account, event.kind) for event in raw] == [
        ("200300400500600", "status"),
        ("200300400500600", "status"),
        ("200300400500601", "reply"),
    ]
    delivered, failed, stop = (whatsapp.translate(event) for event in raw)
    assert _plain(delivered)[1:3] == ("att=A", Status.DELIVERED)
    assert _plain(failed)[1:3] == ("att=B", Status.FAILED)
    assert isinstance(stop, Reply)
    assert (stop.text, stop.to) == ("STOP", "+12025550101")


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
    request = _form(file, "https://hooks.example.com/webhooks/twilio/status?attempt=01JD3V7Q2N8X")
    (event,) = _events(twilio, request)
    status, code = CALLBACKS[file]
    form = dict(pair.split("=") for pair in samples.raw(file).decode().split("&"))
    assert _plain(event) == (form["MessageSid"], "01JD3V7Q2N8X", status, 0, code)


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
    assert _events(twilio, _form(file)) == [INBOUND[file]]


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
    (event,) = _events(twilio, request)
    assert isinstance(event, Receipt)
    assert event.status is status
    assert (event.fault is not None) == (status is Status.FAILED)


FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_words_and_kinds_nobody_knows_change_nothing() -> None:
    body = b"MessageSid=SM1&MessageStatus=partially_delivered"
    (event,) = _events(twilio, WebhookRequest("POST", "https://h.example/", "", FORM, body))
    assert event == Unread("The status word partially_delivered is not known.")
    (event,) = _events(twilio, WebhookRequest("POST", "https://h.example/", "", FORM, b"CallSid=CA1"))
    assert isinstance(event, Unread)
    (event,) = _events(twilio, WebhookRequest("POST", "https://h.example/", "", {}, b'{"a":1}'))
    assert isinstance(event, Unread)
    status = b'{"id":"w","status":"deleted","timestamp":"1"}'
    assert whatsapp.translate(RawEvent("", "status", "", status.decode())) == Unread(
        "The status word deleted is not known."
    )


def test_a_get_webhook_of_twilio_is_read_from_its_query() -> None:
    query = f"AccountSid={samples.ACCOUNT_SID}&MessageSid=SM1&From=%2B12025550141&Body=Yes"
    request = WebhookRequest("GET", f"https://h.example/?{query}", query, {}, b"")
    (event,) = _events(twilio, request)
    assert isinstance(event, Reply)
    assert (event.address, event.text) == ("+12025550141", "Yes")


def test_a_person_without_a_number_is_known_by_the_user_id() -> None:
    body = b"MessageSid=SM1&From=whatsapp%3AGB.11223344556677889900&Body=Hi"
    (event,) = _events(twilio, WebhookRequest("POST", "https://h.example/", "", FORM, body))
    assert isinstance(event, Reply)
    assert (event.address, event.user_id) == ("", "GB.11223344556677889900")


@pytest.mark.parametrize(
    ("written", "at"),
    [("1795176000", NOON), (1795176000, NOON), ("1795176000123", NOON + 0.123), ("0", 0)],
)
def test_times_are_read_in_seconds_and_milliseconds(written: object, at: float) -> None:
    event = RawEvent("", "status", "", f'{{"id":"w","status":"sent","timestamp":{_json(written)}}}')
    receipt = whatsapp.translate(event)
    assert isinstance(receipt, Receipt)
    assert receipt.at == round(at * SECOND)


def _json(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
