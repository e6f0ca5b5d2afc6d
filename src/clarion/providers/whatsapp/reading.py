"""What one event from Meta says. Pure; the second half of webhook.py.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/*, 2026 editions.
"""

from datetime import UTC, datetime
from typing import Any

import orjson

from clarion.domain.errors import BadWebhook
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
from clarion.providers.events import optional, part, parts, refuse, text
from clarion.providers.whatsapp.codes import CODES
from clarion.providers.whatsapp.templates import sendable_word

_STATUS = {
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "played": Status.READ,  # a voice message listened to was also seen
    "failed": Status.FAILED,
}
_PAUSING = (FaultKind.AUTH, FaultKind.ACCOUNT, FaultKind.PAYMENT)
_INTERACTIVE = {"button_reply": "button", "list_reply": "list", "nfm_reply": "flow"}
_MEDIA = ("image", "video", "audio", "document", "sticker")
_TOLD = ("event", "message_template_id", "message_template_name", "message_template_language")
_MILLISECONDS = 100_000_000_000
"""A timestamp above this is in milliseconds (seconds reach it in the year 5138)."""


def read(event: RawEvent) -> Event:
    """What the event says. Raises BadWebhook for a broken one; Unread is one we do not act on."""
    try:
        data = orjson.loads(event.body)
    except orjson.JSONDecodeError as error:
        raise BadWebhook(f"The stored event is not JSON: {error}.") from None
    match event.kind:
        case "status":
            return _receipt(data)
        case "reply":
            return _reply(data)
        case "preference":
            return _preference(data)
        case "template":
            return _template(part(data, "value"))
        case "account":
            return _notice(event.account, optional(data, "field"), part(data, "value"))
    if "broken" in data:
        raise BadWebhook(optional(data, "broken"))
    return Unread(f"Events called {optional(data, 'field') or 'nothing'} are not acted on.")


def _receipt(row: dict[str, Any]) -> Event:
    word = text(row, "status", what="a status")
    status = _STATUS.get(word)
    if status is None:
        return Unread(f"The status word {word} is not known.")
    errors = parts(row, "errors") or [{}]
    fault = None
    if status is Status.FAILED:
        fault = CODES.fault(_code(errors[0]), _details(errors[0]))
    return Receipt(
        provider_id=text(row, "id", what="a status"),
        echo=optional(row, "biz_opaque_callback_data"),
        status=status,
        at=_instant(row.get("timestamp")),
        fault=fault,
    )


def _reply(data: dict[str, Any]) -> Reply:
    message, contact = part(data, "message"), part(data, "contact")
    kind, said, payload, quoted, extra = _said(message)
    context = part(message, "context")
    if flags := {name: held for name, held in context.items() if name not in ("from", "id")}:
        extra["context"] = flags
    extra |= {name: message[name] for name in ("referral", "errors") if message.get(name)}
    return Reply(
        provider_id=text(message, "id", what="a message"),
        address=_phone(optional(message, "from") or optional(contact, "wa_id")),
        user_id=optional(message, "from_user_id") or optional(contact, "user_id"),
        to=_phone(optional(part(data, "metadata"), "display_phone_number")),
        at=_instant(message.get("timestamp")),
        kind=kind,
        text=said,
        payload=payload,
        quoted=quoted or optional(context, "id"),
        profile_name=optional(part(contact, "profile"), "name"),
        extra=extra,
    )


def _said(message: dict[str, Any]) -> tuple[str, str, str, str, dict[str, Any]]:
    """(kind, text, payload, quoted, extra) of an inbound message. A type we do not know is unsupported."""
    kind = text(message, "type", what="a message")
    held = part(message, kind)
    if kind == "text":
        return kind, optional(held, "body"), "", "", {}
    if kind == "button":
        return kind, optional(held, "text"), optional(held, "payload"), "", {}
    if kind == "interactive":
        return _chosen(held)
    if kind in _MEDIA:
        return kind, optional(held, "caption"), "", "", dict(held)
    if kind == "reaction":
        return kind, optional(held, "emoji"), "", optional(held, "message_id"), {}
    if kind == "location":
        return kind, optional(held, "name"), "", "", dict(held)
    if kind == "order":
        return kind, optional(held, "text"), "", "", dict(held)
    if kind == "contacts":
        return kind, "", "", "", {"contacts": parts(message, "contacts")}
    if kind == "system":
        return kind, optional(held, "body"), "", "", dict(held)
    return "unsupported", "", "", "", {"type": kind, **held}


def _chosen(interactive: dict[str, Any]) -> tuple[str, str, str, str, dict[str, Any]]:
    kind = optional(interactive, "type")
    held = part(interactive, kind)
    if kind == "nfm_reply":
        return (
            "flow",
            optional(held, "body"),
            optional(held, "response_json"),
            "",
            {"name": optional(held, "name")},
        )
    if kind in _INTERACTIVE:
        extra = {"description": held["description"]} if held.get("description") else {}
        return _INTERACTIVE[kind], optional(held, "title"), optional(held, "id"), "", extra
    return "unsupported", "", "", "", dict(interactive)


def _preference(data: dict[str, Any]) -> Event:
    row, contact = part(data, "preference"), part(data, "contact")
    word = text(row, "value", what="a preference")
    if optional(row, "category") != "marketing_messages" or word not in ("stop", "resume"):
        return Unread(f"The preference {optional(row, 'category')} = {word} is not known.")
    return Preference(
        address=_phone(optional(row, "wa_id") or optional(contact, "wa_id")),
        user_id=optional(row, "user_id") or optional(contact, "user_id"),
        stop=word == "stop",
        at=_instant(row.get("timestamp")),
    )


def _template(value: dict[str, Any]) -> TemplateChange:
    other, rejection = part(value, "other_info"), part(value, "rejection_info")
    said = (
        optional(rejection, "reason"),
        optional(rejection, "recommendation"),
        optional(other, "description"),
    )
    reason = " ".join(filter(None, said)) or optional(value, "reason").removeprefix("NONE")
    return TemplateChange(
        name=text(value, "message_template_name", what="a template event"),
        language=text(value, "message_template_language", what="a template event"),
        status=sendable_word(text(value, "event", what="a template event").upper(), optional(other, "title")),
        reason=reason,
    )


def _notice(account: str, field: str, value: dict[str, Any]) -> AccountNotice:
    if field == "errors":
        fault = CODES.fault(_code(value), _details(value))
        return AccountNotice(account, f"error {fault.code}", fault.reason, fault.kind in _PAUSING)
    facts = (f"{name} {held}" for name, held in value.items() if name not in _TOLD and _plain(held))
    restrictions = parts(value, "restriction_info")
    told = (_template_name(value), ", ".join(facts), *map(_restriction, restrictions))
    return AccountNotice(
        account,
        event=optional(value, "event") or field,
        detail="; ".join(filter(None, told)),
        pause=_stops_sending(value, restrictions),
    )


def _template_name(value: dict[str, Any]) -> str:
    name, language = optional(value, "message_template_name"), optional(value, "message_template_language")
    return f"{name} ({language})" if name else ""


def _restriction(row: Any) -> str:
    end = part({"row": row}, "row").get("expiration")
    until = (
        f" until {datetime.fromtimestamp(_instant(end) // 1_000_000, UTC):%Y-%m-%d %H:%M} UTC" if end else ""
    )
    return optional(row, "restriction_type") + until


def _stops_sending(value: dict[str, Any], restrictions: list[Any]) -> bool:
    banned = optional(part(value, "ban_info"), "waba_ban_state") == "DISABLE"
    kinds = [optional(row, "restriction_type") for row in restrictions]
    return banned or "RESTRICTED_BIZ_INITIATED_MESSAGING" in kinds


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and value != ""


def _code(error: Any) -> str:
    code = error.get("code") if isinstance(error, dict) else None
    return str(code) if isinstance(code, int | str) else "none"


def _details(error: Any) -> str:
    return (
        optional(part(error, "error_data"), "details")
        or optional(error, "message")
        or optional(error, "title")
    )


def _instant(timestamp: Any) -> int:
    """Microseconds. Meta writes seconds, as text or number; milliseconds have been seen."""
    written = str(timestamp)
    if not (written.isascii() and written.isdigit() and len(written) <= 16):
        refuse(f"its time {written[:40]!r} is not a number of seconds")
    number = int(written)
    return number * (1_000 if number > _MILLISECONDS else 1_000_000)


def _phone(digits: str) -> str:
    """E.164 from Meta's spellings ("447700900123", "+44 7700-900123"); "" when there is no number."""
    kept = "".join(digit for digit in digits if digit in "0123456789")
    return f"+{kept}" if kept else ""
