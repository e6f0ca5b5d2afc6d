"""Reading what Meta tells us: signature, split into events, translation. Pure.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/*, 2026 editions.
Meta signs the bytes it sends, with letters beyond ASCII escaped; nothing is parsed before they are verified.
"""

import hmac
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs

import orjson

from clarion.domain.errors import BadWebhook
from clarion.providers.base import Event, RawEvent, WebhookRequest
from clarion.providers.events import broken, hashed, optional, part, parts, read_json, text
from clarion.providers.whatsapp import reading

_NUMBER = re.compile(rb'"phone_number_id"\s*:\s*"(\d{1,40})"')
_ENTRY = re.compile(rb'"entry"\s*:\s*\[\s*\{\s*"id"\s*:\s*"(\d{1,40})"')
_CHALLENGE = re.compile(r"[\w.-]{1,256}", re.ASCII)
_PREFIX = "whatsapp"

People = dict[str, Any]

_KINDS = {
    "message_template_status_update": "template",
    "message_template_quality_update": "account",
    "template_category_update": "account",
    "phone_number_quality_update": "account",
    "phone_number_name_update": "account",
    "business_capability_update": "account",
    "account_update": "account",
    "account_alerts": "account",
    "account_review_update": "account",
    "security": "account",
}


def challenge(request: WebhookRequest, verify_tokens: Sequence[str]) -> str | None:
    """The challenge, when the request carries one of our verify tokens; None to refuse."""
    query = parse_qs(request.query, max_num_fields=20)
    mode, given, answer = (
        query.get(f"hub.{name}", [""])[0] for name in ("mode", "verify_token", "challenge")
    )
    known = [token for token in verify_tokens if token and _equal(token, given)]
    return answer if known and mode == "subscribe" and _CHALLENGE.fullmatch(answer) else None


def verify(request: WebhookRequest, secrets: Sequence[str]) -> str | None:
    """The app secret that signed exactly these bytes, or None."""
    given = request.headers.get("x-hub-signature-256", "")
    for secret in secrets:
        if secret and _equal(f"sha256={hmac.digest(secret.encode(), request.body, 'sha256').hex()}", given):
            return secret
    return None


def account_hint(request: WebhookRequest) -> str:
    """The first phone number id in the body, else the business account's id; not yet verified."""
    found = _NUMBER.search(request.body) or _ENTRY.search(request.body)
    return found[1].decode() if found else ""


def split(request: WebhookRequest) -> Sequence[RawEvent]:
    """Every status, message, preference and change as an event of its own. Raises BadWebhook."""
    data = read_json(request.body)
    if not isinstance(data, dict) or not isinstance(data.get("entry"), list):
        raise BadWebhook("The webhook has no list of entries: it is not from WhatsApp.")
    return [event for entry in data["entry"] for event in _entry(entry)]


def translate(event: RawEvent) -> Event:
    """What one event says. Raises BadWebhook for a broken one."""
    return reading.read(event)


def _entry(entry: Any) -> Iterator[RawEvent]:
    waba = optional(entry, "id")
    try:
        changes = parts(entry, "changes")
    except BadWebhook as error:
        yield broken(waba, str(error), entry, prefix=_PREFIX)
        return
    for change in changes:
        field, value = optional(change, "field"), part(change, "value")
        if field in ("messages", "user_preferences"):
            yield from _messages(value)
        else:
            whole = {"time": entry.get("time"), "waba": waba, "field": field, "value": value}
            yield hashed(waba, _KINDS.get(field, "other"), whole, prefix=_PREFIX)


def _messages(value: dict[str, Any]) -> Iterator[RawEvent]:
    metadata = part(value, "metadata")
    account = optional(metadata, "phone_number_id")
    people = _people(value.get("contacts"))
    for name, cut in (
        ("statuses", _status),
        ("messages", _reply),
        ("user_preferences", _preference),
        ("errors", _error),
    ):
        rows = value.get(name) or []
        for row in rows if isinstance(rows, list) else [rows]:
            try:
                yield cut(account, row, people, metadata)
            except BadWebhook as error:
                yield broken(account, str(error), row, prefix=_PREFIX)


def _status(account: str, row: Any, people: People, metadata: Any) -> RawEvent:
    provider_id, word = text(row, "id", what="a status"), text(row, "status", what="a status")
    key = ":".join((_PREFIX, "status", account, provider_id, word, str(row.get("timestamp"))))
    return RawEvent(account, "status", key, orjson.dumps(row).decode())


def _reply(account: str, row: Any, people: People, metadata: Any) -> RawEvent:
    key = ":".join((_PREFIX, "reply", account, text(row, "id", what="a message")))
    held = {"message": row, "contact": _contact(row, people), "metadata": metadata}
    return RawEvent(account, "reply", key, orjson.dumps(held).decode())


def _preference(account: str, row: Any, people: People, metadata: Any) -> RawEvent:
    held = {"preference": row, "contact": _contact(row, people), "account": account}
    return hashed(account, "preference", held, prefix=_PREFIX)


def _error(account: str, row: Any, people: People, metadata: Any) -> RawEvent:
    return hashed(account, "account", {"field": "errors", "account": account, "value": row}, prefix=_PREFIX)


def _people(contacts: Any) -> People:
    """The `contacts` of a change by phone number and by user id: a batch holds many people."""
    rows = contacts if isinstance(contacts, list) else []
    return {key: row for row in rows for name in ("wa_id", "user_id") if (key := optional(row, name))}


def _contact(row: Any, people: People) -> Any:
    """Who wrote this message. A user id outlives a change of number, but is not always there."""
    keys = (optional(row, name) for name in ("from", "wa_id", "from_user_id", "user_id"))
    return next((people[key] for key in keys if key in people), {})


def _equal(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
