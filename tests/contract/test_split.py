"""Cutting webhooks into events: keys that make repeats harmless, and one broken event that harms nobody."""

import json
from typing import Any

import pytest

from clarion.domain.errors import BadWebhook
from clarion.providers.base import RawEvent, Receipt, Reply, Unread, WebhookRequest, Webhooks
from clarion.providers.twilio import webhook as twilio
from clarion.providers.whatsapp import webhook as whatsapp
from tests.contract import samples

FORM = {"content-type": "application/x-www-form-urlencoded"}
METADATA = {"display_phone_number": "12025550100", "phone_number_id": samples.NUMBER_ID}


def _request(body: bytes, headers: dict[str, str] | None = None) -> WebhookRequest:
    return WebhookRequest("POST", "https://hooks.example.com/webhook", "", headers or {}, body)


def _change(value: dict[str, Any], field: str = "messages") -> bytes:
    value = {"messaging_product": "whatsapp", "metadata": METADATA, **value}
    return json.dumps(
        {"object": "x", "entry": [{"id": "1", "changes": [{"field": field, "value": value}]}]}
    ).encode()


def _status(number: int, **changes: Any) -> dict[str, Any]:
    return {"id": f"wamid.{number}", "status": "sent", "timestamp": "1795176000", **changes}


def _text(number: int, **changes: Any) -> dict[str, Any]:
    text = {"type": "text", "text": {"body": "Hi"}, "from": f"4477009{number:05}", "timestamp": "1795176000"}
    return {"id": f"wamid.{number}", **text, **changes}


def test_the_keys_are_those_of_the_contract() -> None:
    (status,) = whatsapp.split(_request(samples.raw("wa-hook-status-sent.json")))
    sent = samples.data("wa-hook-status-sent.json")["entry"][0]["changes"][0]["value"]["statuses"][0]
    assert status.key == f"whatsapp:status:200300400500600:{sent['id']}:sent:1795176002"
    (reply,) = whatsapp.split(_request(samples.raw("wa-hook-inbound-username-only.json")))
    assert reply.key == "whatsapp:reply:200300400500600:wamid.HBgBMBUCABIYFDk2N0E5MDdGRUM4RTNBRDUzRQA="
    (callback,) = twilio.split(_request(samples.raw("tw-cb-sms-undelivered-30003.txt"), FORM))
    sid = "SM4a8a08f09d37b73795649038408b5f33"
    assert callback.key == f"twilio:status:{samples.ACCOUNT_SID}:{sid}:undelivered:30003"
    (inbound,) = twilio.split(_request(samples.raw("tw-in-sms.txt"), FORM))
    assert inbound.key == f"twilio:reply:{samples.ACCOUNT_SID}:SM87473621b9654b1fead1a02ee6804ee2"


@pytest.mark.parametrize("file", samples.named("wa-hook", "webhook"))
def test_a_repeat_has_the_same_keys_in_any_spelling_of_the_json(file: str) -> None:
    again = json.dumps(samples.data(file), ensure_ascii=True, separators=(",", ":")).encode()
    first, second = whatsapp.split(_request(samples.raw(file))), whatsapp.split(_request(again))
    assert [event.key for event in first] == [event.key for event in second]
    assert len({event.key for event in first}) == len(first)


def test_the_recorded_duplicate_is_one_event() -> None:
    keys = {
        event.key
        for file in ("wa-hook-status-delivered.json", "wa-hook-duplicate-status.json")
        for event in whatsapp.split(_request(samples.raw(file)))
    }
    assert len(keys) == 1


def test_a_later_change_with_the_same_words_is_another_event() -> None:
    entry = samples.data("wa-hook-template-paused.json")
    (first,) = whatsapp.split(_request(json.dumps(entry).encode()))
    entry["entry"][0]["time"] += 86_400
    (second,) = whatsapp.split(_request(json.dumps(entry).encode()))
    assert first.key != second.key


BROKEN: list[tuple[Any, str]] = [
    ({"status": "sent", "timestamp": "1"}, "a status has no id"),
    ({"id": "wamid.x", "timestamp": "1"}, "a status has no status"),
    ({"id": 7, "status": "sent", "timestamp": "1"}, "a status has no id"),
    ({"id": "wamid.x", "status": "sent"}, "not a number of seconds"),
    ({"id": "wamid.x", "status": "sent", "timestamp": "soon"}, "not a number of seconds"),
    ({"id": "wamid.x", "status": "sent", "timestamp": "9" * 30}, "not a number of seconds"),
    ("sent", "a status has no id"),
    (None, "a status has no id"),
    ([], "a status has no id"),
    ({"id": "wamid.x", "status": "failed", "timestamp": "1", "errors": {}}, "errors is not a list"),
]


@pytest.mark.parametrize(("row", "reason"), BROKEN)
def test_one_broken_status_among_a_thousand_stops_no_other(row: Any, reason: str) -> None:
    rows = [_status(number) for number in range(999)]
    rows.insert(500, row)
    events = whatsapp.split(_request(_change({"statuses": rows})))
    assert len(events) == 1_000
    assert sum(isinstance(_or_error(whatsapp, event), Receipt) for event in events) == 999
    with pytest.raises(BadWebhook, match=reason):
        whatsapp.translate(events[500])


def test_broken_messages_stop_no_other() -> None:
    rows = [_text(1), {"type": "text"}, _text(2, type=None), _text(3), "text", _text(4, timestamp=None)]
    events = whatsapp.split(_request(_change({"messages": rows})))
    kinds = [type(_or_error(whatsapp, event)) for event in events]
    assert kinds == [Reply, BadWebhook, BadWebhook, Reply, BadWebhook, BadWebhook]


def test_a_field_and_a_message_type_that_meta_adds_later_are_kept() -> None:
    (event,) = whatsapp.split(_request(_change({"poem": "x"}, field="poems")))
    assert event.kind == "other"
    assert whatsapp.translate(event) == Unread("Events called poems are not acted on.")
    (event,) = whatsapp.split(_request(_change({"messages": [_text(1, type="poem", poem={"a": 1})]})))
    reply = whatsapp.translate(event)
    assert isinstance(reply, Reply)
    assert (reply.kind, reply.extra) == ("unsupported", {"type": "poem", "a": 1})


def test_each_message_of_a_batch_gets_its_own_writer() -> None:
    people = [{"profile": {"name": f"P{n}"}, "wa_id": f"4477009{n:05}"} for n in range(1_000)]
    rows = [_text(number) for number in reversed(range(1_000))]
    events = whatsapp.split(_request(_change({"contacts": people, "messages": rows})))
    replies = [whatsapp.translate(event) for event in events]
    assert [reply.profile_name for reply in replies if isinstance(reply, Reply)] == [
        f"P{number}" for number in reversed(range(1_000))
    ]


def test_a_batch_of_a_thousand_is_cut_into_a_thousand_events_that_can_all_be_read() -> None:
    error = {"code": 131026, "title": "x", "error_data": {"details": "y"}}
    rows = [
        _status(n, biz_opaque_callback_data="0" * 32, pricing={"a": 1}, errors=[error]) for n in range(1_000)
    ]
    events = whatsapp.split(_request(_change({"statuses": rows})))
    assert len({event.key for event in events}) == 1_000
    assert all(isinstance(whatsapp.translate(event), Receipt) for event in events)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b'{"entry":{}}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"entry":' + b"9" * 5_000 + b"}",
    ],
)
def test_a_whatsapp_webhook_that_cannot_be_read_is_refused_with_the_reason(body: bytes) -> None:
    with pytest.raises(BadWebhook, match="webhook"):
        whatsapp.split(_request(body))


@pytest.mark.parametrize("body", [b"{", b"[" * 100_000, b"plain text"])
def test_a_twilio_webhook_that_is_neither_form_nor_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadWebhook, match="not JSON"):
        twilio.split(_request(body, {"content-type": "application/json"}))


def test_entries_and_changes_of_a_wrong_shape_are_set_aside() -> None:
    body = json.dumps(
        {"entry": [None, 7, {"id": "1", "changes": 7}, {"id": "1", "changes": [None]}]}
    ).encode()
    events = whatsapp.split(_request(body))
    assert {type(_or_error(whatsapp, event)) for event in events} <= {BadWebhook, Unread}


def test_NUL_characters_are_taken_out_before_anything_is_stored() -> None:
    body = _change({"messages": [_text(1, text={"body": "a\x00b"}, id="wamid.\x00x")]})
    (event,) = whatsapp.split(_request(body))
    assert "\\u0000" not in event.key + event.body
    assert "\x00" not in event.key + event.body
    reply = whatsapp.translate(event)
    assert isinstance(reply, Reply)
    assert (reply.text, reply.provider_id) == ("ab", "wamid.x")
    form = b"AccountSid=AC1&MessageSid=SM%001&From=%2B1202&Body=a%00b"
    (event,) = twilio.split(_request(form, FORM))
    assert event.key == "twilio:reply:AC1:SM1"
    assert "\\u0000" not in event.body


def test_half_a_surrogate_pair_in_one_message_costs_no_other() -> None:
    body = _change({"messages": [_text(1, text={"body": "x\ud800"}), _text(2)]})
    first, second = (whatsapp.translate(event) for event in whatsapp.split(_request(body)))
    assert isinstance(first, Reply)
    assert isinstance(second, Reply)
    assert (first.text, second.text) == ("x?", "Hi")


def test_a_stored_event_that_is_no_json_any_more_is_named() -> None:
    for webhooks in (whatsapp, twilio):
        with pytest.raises(BadWebhook, match="not JSON"):
            webhooks.translate(RawEvent("", "status", "", "{"))


def _or_error(webhooks: Webhooks, event: RawEvent) -> object:
    try:
        return webhooks.translate(event)
    except BadWebhook as error:
        return error
