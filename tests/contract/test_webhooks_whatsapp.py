"""What Meta tells us: every recorded webhook, event by event."""

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
)
from clarion.providers.whatsapp import webhook as whatsapp
from clarion.providers.whatsapp.codes import CODES
from tests.contract import samples
from tests.contract.hooks import ANA, events, plain, post

SECOND = 1_000_000
NOON = 1_795_176_000
OURS = "wamid.HBgMNDQ3NzAwOTAwMTIzFQIAERgSQkM0MzI5NjdCNUE2RDAwNTc2AA=="
QUOTED = "wamid.HBgMNDQ3NzAwOTAwMTIzFQIAERgSRjQ0QzMwRDA3RDMzMUM2RkY2AA=="
ECHO = "v1:tenant=7;camp=412;att=01JD3V7Q2N8X"
WABA = "100200300400500"
SHA = "DYX1rx4N+glQPwvbF5q483xCJbQ9RCo6keWcPISbyZ4="


def _receipt(
    status: Status, second: int, code: str = "", *, provider_id: str = OURS, echo: str = ECHO
) -> tuple[Any, ...]:
    """A receipt without the words of its fault, which codes.json holds."""
    return (provider_id, echo, status, (NOON + second) * SECOND, code)


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
    assert [plain(event) for event in events(whatsapp, post(file))] == STATUSES[file]


def test_R13_the_echo_of_the_attempt_comes_back_with_every_status() -> None:
    for file in ("wa-hook-status-sent.json", "wa-hook-status-failed-131026.json"):
        (event,) = events(whatsapp, post(file))
        assert isinstance(event, Receipt)
        assert event.echo == ECHO


def test_a_failed_status_carries_its_class_reason_and_the_providers_words() -> None:
    (capped,) = events(whatsapp, post("wa-hook-status-failed-131049.json"))
    (stopped,) = events(whatsapp, post("wa-hook-status-failed-131050.json"))
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
    "value-errors": AccountNotice(samples.NUMBER_ID, "error 130429", CODES.fault(130429).reason),
}


@pytest.mark.parametrize("name", REPLIES)
def test_a_whatsapp_message_is_a_reply(name: str) -> None:
    assert events(whatsapp, post(f"wa-hook-inbound-{name}.json")) == [REPLIES[name]]


@pytest.mark.parametrize("name", NOTICES)
def test_other_whatsapp_changes_say_what_changed(name: str) -> None:
    assert events(whatsapp, post(f"wa-hook-{name}.json")) == [NOTICES[name]]


def test_several_accounts_statuses_and_messages_come_in_one_webhook() -> None:
    raw = whatsapp.split(post("wa-hook-batch-mixed-entries.json"))
    assert [(event.account, event.kind) for event in raw] == [
        ("200300400500600", "status"),
        ("200300400500600", "status"),
        ("200300400500601", "reply"),
    ]
    delivered, failed, stop = (whatsapp.translate(event) for event in raw)
    assert plain(delivered)[1:3] == ("att=A", Status.DELIVERED)
    assert plain(failed)[1:3] == ("att=B", Status.FAILED)
    assert isinstance(stop, Reply)
    assert (stop.text, stop.to) == ("STOP", "+12025550101")


def test_a_status_word_nobody_knows_changes_nothing() -> None:
    event = RawEvent("", "status", "", '{"id":"w","status":"deleted","timestamp":"1"}')
    assert whatsapp.translate(event) == Unread("The status word deleted is not known.")


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
