"""What makes a message valid: required fields, limits and types, as the API documents them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from clarion.sim.desk import Refusal
from clarion.sim.whatsapp.errors import refusal

Object = Mapping[str, object]

_TOP = frozenset(
    (
        "messaging_product recipient_type to recipient type context biz_opaque_callback_data "
        "recipient_identity_key_hash text template interactive image video audio document sticker location "
        "contacts reaction status message_id typing_indicator ttl message_activity_sharing product_policy"
    ).split()
)
_MEDIA_KEYS = {
    "image": {"id", "link", "caption"},
    "video": {"id", "link", "caption"},
    "audio": {"id", "link", "voice"},
    "document": {"id", "link", "caption", "filename"},
    "sticker": {"id", "link"},
}
_NUMBER = re.compile(r"^\+?[\d\s()\-.]+$")
_USER_ID = re.compile(r"^[A-Z]{2}\.[A-Za-z0-9.]{1,135}$")
_OTHER = re.compile(r"\D")
_LINK = re.compile(r"^https?://\S+$")
ECHO_MAX = 512


def recipient(body: Object) -> str:
    """The recipient as the ledger keeps it: `+` and digits, or a user id; as given when it is neither."""
    to = body.get("to")
    if isinstance(to, str) and to:
        digits = _OTHER.sub("", to) if _NUMBER.match(to) else ""
        return f"+{digits}" if digits else to
    return str(body.get("recipient") or "")


def check_message(body: Object, own_number: str, has_media: Callable[[str], bool]) -> Refusal | None:
    """Everything about a message but its template; `own_number` is the sender's, as digits."""
    return (
        _check_top(body)
        or _check_recipient(body, own_number)
        or _check_content(body, has_media)
        or _check_echo(body)
    )


def _check_top(body: Object) -> Refusal | None:
    if body.get("messaging_product") != "whatsapp":
        return refusal(100, "The parameter messaging_product is required and must be whatsapp.")
    for key in body:
        if key not in _TOP:
            return refusal(100, f"Unexpected key '{key}'.")
    return None


def _check_recipient(body: Object, own_number: str) -> Refusal | None:
    if body.get("recipient_type", "individual") not in ("individual", "group"):
        return refusal(131009, "recipient_type must be individual or group.")
    to, user = body.get("to"), body.get("recipient")
    if not to and not user:
        return refusal(131008, "Parameter 'to' is required.")
    if to:
        digits = _OTHER.sub("", str(to))
        if not isinstance(to, str) or not _NUMBER.match(to) or not 5 <= len(digits) <= 15:
            return refusal(131009, "Parameter 'to' is not a valid phone number.")
        if digits == own_number:
            return refusal(131021)
    elif not isinstance(user, str) or not _USER_ID.match(user):
        return refusal(131009, "Parameter 'recipient' is not a valid user id.")
    return None


def _check_echo(body: Object) -> Refusal | None:
    echo = body.get("biz_opaque_callback_data", "")
    if not isinstance(echo, str) or len(echo) > ECHO_MAX:
        return refusal(
            100, f"Param biz_opaque_callback_data must be a string of at most {ECHO_MAX} characters."
        )
    return None


def _check_content(body: Object, has_media: Callable[[str], bool]) -> Refusal | None:
    kind = body.get("type", "text")
    if not isinstance(kind, str) or kind not in _CHECKS.keys() | _MEDIA_KEYS.keys():
        return refusal(131051, f"Message type '{kind}' is not supported.")
    content = body.get(kind)
    wanted = list if kind == "contacts" else dict
    if content is None:
        return refusal(131008, f"Parameter '{kind}' is required.")
    if not isinstance(content, wanted):
        return refusal(100, f"Param {kind} must be {'an array' if wanted is list else 'an object'}.")
    if kind in _MEDIA_KEYS:
        return _check_media(kind, cast(Object, content), has_media)
    return _CHECKS[kind](content)


def _check_media(kind: str, content: Object, has_media: Callable[[str], bool]) -> Refusal | None:
    for key in content:
        if key not in _MEDIA_KEYS[kind]:
            return refusal(100, f"Unexpected key '{key}' on param '{kind}'.")
    number, link = content.get("id"), content.get("link")
    if bool(number) == bool(link):
        return refusal(131008 if not number else 100, f"Param {kind} needs either an id or a link.")
    if link and not (isinstance(link, str) and _LINK.match(link)):
        return refusal(131009, f"{kind}['link'] is not a valid URL.")
    if number and not has_media(str(number)):
        return refusal(100, f"Media id {number} does not exist or belongs to another number.")
    if len(str(content.get("caption", ""))) > 1024:
        return refusal(131009, "Caption length invalid. Max length: 1024.")
    return None


def _check_text(content: object) -> Refusal | None:
    text = cast(Object, content)
    for key in text:
        if key not in ("body", "preview_url"):
            return refusal(100, f"Unexpected key '{key}' on param 'text'.")
    if not text.get("body"):
        return refusal(131008, "Parameter 'text.body' is required.")
    return _length("Text body", text["body"], 4096)


def _length(what: str, value: object, most: int) -> Refusal | None:
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        return refusal(131009, f"{what} length invalid. Min length: 1, Max length: {most}.")
    return None


def _optional(what: str, holder: object, most: int) -> Refusal | None:
    if holder is None:
        return None
    return _length(what, holder.get("text") if isinstance(holder, dict) else None, most)


def _check_interactive(content: object) -> Refusal | None:
    interactive = cast(Object, content)
    kind, action = interactive.get("type"), interactive.get("action")
    if kind not in ("button", "list", "cta_url", "location_request_message", "flow"):
        return refusal(131009, f"Interactive type '{kind}' is not supported.")
    if not isinstance(action, dict):
        return refusal(131008, "Parameter 'interactive.action' is required.")
    body, header = interactive.get("body"), interactive.get("header")
    if not isinstance(body, dict):
        return refusal(131008, "Parameter 'interactive.body' is required.")
    return (
        _length("Body text", body.get("text"), 1024)
        or _optional("Footer text", interactive.get("footer"), 60)
        or _check_header(header, text_only=kind == "list")
        or (_check_buttons(action) if kind == "button" else None)
        or (_check_list(action) if kind == "list" else None)
    )


def _check_header(header: object, *, text_only: bool) -> Refusal | None:
    if header is None:
        return None
    kind = header.get("type") if isinstance(header, dict) else None
    if kind == "text":
        return _optional("Header text", header, 60)
    if text_only or kind not in ("image", "video", "document"):
        return refusal(131009, f"Header type '{kind}' is not allowed here.")
    return None


def _objects(value: object) -> Sequence[Object] | None:
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    return None


def _check_buttons(action: Object) -> Refusal | None:
    buttons = _objects(action.get("buttons"))
    if buttons is None or not 1 <= len(buttons) <= 3:
        return refusal(131009, "Button count invalid. Min: 1, Max: 3.")
    replies = [reply if isinstance(reply := button.get("reply"), dict) else {} for button in buttons]
    for reply in replies:
        if problem := _length("Button title", reply.get("title"), 20) or _length(
            "Button id", reply.get("id"), 256
        ):
            return problem
    if len({reply["title"] for reply in replies}) < len(replies):
        return refusal(131009, "Button titles must differ.")
    return None


def _check_list(action: Object) -> Refusal | None:
    if problem := _length("List button", action.get("button"), 20):
        return problem
    sections = _objects(action.get("sections"))
    if sections is None or not 1 <= len(sections) <= 10:
        return refusal(131009, "Section count invalid. Min: 1, Max: 10.")
    rows: list[Object] = []
    for section in sections:
        if len(sections) > 1 and (problem := _length("Section title", section.get("title"), 24)):
            return problem
        rows.extend(_objects(section.get("rows")) or ())
    if not 1 <= len(rows) <= 10:
        return refusal(131009, "Total row count invalid. Min: 1, Max: 10.")
    for row in rows:
        problem = _length("Row title", row.get("title"), 24) or _length("Row id", row.get("id"), 200)
        if problem or (
            "description" in row and (problem := _length("Row description", row["description"], 72))
        ):
            return problem
    return None


def _check_location(content: object) -> Refusal | None:
    location = cast(Object, content)
    for name in ("latitude", "longitude"):
        try:
            float(str(location.get(name)))
        except ValueError:
            return refusal(131008, f"Parameter 'location.{name}' is required.")
    return None


def _check_contacts(content: object) -> Refusal | None:
    contacts = _objects(content)
    if not contacts or not all(isinstance(contact.get("name"), dict) for contact in contacts):
        return refusal(131008, "Parameter 'contacts[].name' is required.")
    return None


def _check_reaction(content: object) -> Refusal | None:
    reaction = cast(Object, content)
    if not reaction.get("message_id") or not isinstance(reaction.get("emoji", ""), str):
        return refusal(131008, "Parameter 'reaction.message_id' is required.")
    return None


_CHECKS: Mapping[str, Callable[[object], Refusal | None]] = {
    "text": _check_text,
    "template": lambda _content: None,  # templates.Templates.check knows the definitions
    "interactive": _check_interactive,
    "location": _check_location,
    "contacts": _check_contacts,
    "reaction": _check_reaction,
}
