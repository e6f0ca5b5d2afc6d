"""What one event from Twilio says. Pure; the second half of webhook.py.

Source: twilio.com/docs/messaging/guides/webhook-request and .../outbound-message-status-in-status-callbacks.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from clarion.domain.errors import BadWebhook
from clarion.domain.message import Status
from clarion.providers.base import Event, RawEvent, Receipt, Reply, Unread
from clarion.providers.events import optional, part, text
from clarion.providers.twilio.codes import CODES

STATUS = {
    "accepted": Status.ACCEPTED,
    "scheduled": Status.ACCEPTED,
    "queued": Status.ACCEPTED,
    "sending": Status.ACCEPTED,
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "undelivered": Status.FAILED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}

_EXTRA = (
    "MessagingServiceSid",
    "MessageType",
    "ButtonType",
    "InteractiveData",
    "FlowData",
    "Latitude",
    "Longitude",
    "Address",
    "Label",
    "ListDescription",
    "Forwarded",
    "ReferralSourceUrl",
    "ReferralSourceId",
    "ReferralCtwaClid",
)


def read(event: RawEvent) -> Event:
    """What the event says. Raises BadWebhook for a broken one; Unread is one we do not act on."""
    try:
        data = orjson.loads(event.body)
    except orjson.JSONDecodeError as error:
        raise BadWebhook(f"The stored event is not JSON: {error}.") from None
    form = part(data, "form")
    if event.kind == "status":
        return _receipt(form, optional(data, "attempt"))
    if event.kind == "reply":
        return _reply(form)
    return Unread("This event has no message id, so it says nothing about a message.")


def _receipt(form: Mapping[str, Any], attempt: str) -> Event:
    word = text(form, "MessageStatus", what="a status")
    status = STATUS.get(word)
    if status is None:
        return Unread(f"The status word {word} is not known.")
    code = optional(form, "ErrorCode") or ("none" if word != "canceled" else "canceled")
    detail = optional(form, "ErrorMessage") or optional(form, "ChannelStatusMessage")
    return Receipt(
        provider_id=optional(form, "MessageSid") or text(form, "SmsSid", what="a status"),
        echo=attempt,
        status=status,
        fault=CODES.fault(code, detail) if status is Status.FAILED else None,
    )


def _reply(form: Mapping[str, Any]) -> Reply:
    address = _address(text(form, "From", what="a message"))
    opt_out = optional(form, "OptOutType").upper()
    return Reply(
        provider_id=optional(form, "MessageSid") or text(form, "SmsSid", what="a message"),
        address=address if address.startswith("+") else "",
        user_id=_address(optional(form, "ExternalUserId"))
        or (address if not address.startswith("+") else ""),
        to=_address(optional(form, "To")),
        at=0,
        kind=_kind(form),
        text=optional(form, "Body"),
        payload=optional(form, "ButtonPayload") or optional(form, "ListId"),
        quoted=optional(form, "OriginalRepliedMessageSid"),
        profile_name=optional(form, "ProfileName"),
        opt_out=opt_out == "STOP",
        opt_in=opt_out == "START",
        extra=_extra(form),
    )


def _kind(form: Mapping[str, Any]) -> str:
    if form.get("ButtonPayload") or form.get("ButtonText"):
        return "button"
    if form.get("ListId"):
        return "list"
    if form.get("FlowData"):
        return "flow"
    if form.get("Latitude") and form.get("Longitude"):
        return "location"
    family, _, _ = optional(form, "MediaContentType0").partition("/")
    if family:
        return family if family in ("image", "video", "audio") else "document"
    return "text"


def _extra(form: Mapping[str, Any]) -> dict[str, Any]:
    extra: dict[str, Any] = {name: form[name] for name in _EXTRA if form.get(name)}
    media = [
        {"link": form[f"MediaUrl{n}"], "mime_type": optional(form, f"MediaContentType{n}")}
        for n in range(10)
        if form.get(f"MediaUrl{n}")
    ]
    return {**extra, "media": media} if media else extra


def _address(address: str) -> str:
    """The address without its channel: `whatsapp:+447700900123` is `+447700900123`."""
    return address.rpartition(":")[2]
