"""Template definitions to Twilio's content types, and back. Pure.

Source: twilio.com/docs/content and twilio-oai content v1.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from clarion.domain.definition import DefinedButton, Definition, names_in, problems
from clarion.domain.errors import BadContent
from clarion.providers.events import optional, part

BODY, BUTTON = 1_024, 25
"""Characters of a text WhatsApp takes from Twilio, and of a button."""
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_QUICK, _CALLS = 10, 2
_ACTIONS = {"quick_reply": "QUICK_REPLY", "url": "URL", "phone": "PHONE_NUMBER"}
_RICHEST = (
    "twilio/card",
    "whatsapp/card",
    "twilio/call-to-action",
    "twilio/quick-reply",
    "twilio/list-picker",
    "twilio/media",
    "twilio/text",
)


def check(name: str, wanted: Definition, channel: str) -> list[BadContent]:
    """Every rule of Twilio's that the definition breaks."""
    return [*problems(wanted), *_rules(name, wanted, channel)]


def _rules(name: str, wanted: Definition, channel: str) -> Iterator[BadContent]:
    if channel == "whatsapp" and not _NAME.fullmatch(name):
        yield BadContent("name", "must be small letters, digits and _ only, to be approved for WhatsApp")
    if wanted.named:
        yield BadContent("body", "must number its variables {{1}}, {{2}}: Twilio knows no names")
    if len(wanted.body) > (BODY if channel == "whatsapp" else 1_600):
        yield BadContent("body", "is longer than this channel takes")
    if wanted.header or wanted.footer:
        yield BadContent("header" if wanted.header else "footer", "is not possible with Twilio: leave it out")
    if wanted.header_media and (wanted.header_media == "location" or not wanted.header_example):
        yield BadContent(
            "header_example", "is missing: the public address of the file, which may hold variables"
        )
    for n, button in enumerate(wanted.buttons):
        if button.kind == "copy_code":
            yield BadContent(f"buttons/{n}/kind", "is not possible with Twilio")
        if len(button.text) > BUTTON:
            yield BadContent(f"buttons/{n}/text", f"is longer than {BUTTON} characters")
    kinds = {button.kind == "quick_reply" for button in wanted.buttons}
    if len(kinds) > 1:
        yield BadContent("buttons", "are either quick replies or calls to action with Twilio")
    elif len(wanted.buttons) > (_QUICK if True in kinds else _CALLS):
        yield BadContent("buttons", f"are at most {_QUICK} quick replies, or {_CALLS} calls to action")
    if channel != "whatsapp" and (wanted.buttons or wanted.header_media == "location"):
        yield BadContent("buttons", "are not shown in a text message: leave them out")


def types(wanted: Definition) -> dict[str, dict[str, Any]]:
    """The definition as Twilio writes it: the richest form, and plain text for where it cannot be shown."""
    actions = [_action(button) for button in wanted.buttons]
    plain = {"twilio/text": {"body": wanted.body}}
    media = [wanted.header_example] if wanted.header_media else []
    if media and actions:
        return {"twilio/card": {"title": wanted.body, "media": media, "actions": actions}, **plain}
    if media:
        return {"twilio/media": {"body": wanted.body, "media": media}}
    if actions:
        quick = wanted.buttons[0].kind == "quick_reply"
        kind = "twilio/quick-reply" if quick else "twilio/call-to-action"
        return {kind: {"body": wanted.body, "actions": actions}, **plain}
    return plain


def _action(button: DefinedButton) -> dict[str, Any]:
    made = {"type": _ACTIONS[button.kind], "title": button.text}
    match button.kind:
        case "url":
            return {**made, "url": button.url}
        case "phone":
            return {**made, "phone": button.phone}
    return {**made, "id": button.id or button.text}


def samples(wanted: Definition) -> dict[str, str]:
    """Twilio's `variables`: what stands in each one when a message says nothing."""
    return {name: wanted.examples.get(f"body.{name}", "") for name in sorted(names_in(wanted.body), key=int)}


_KINDS = {sent: kind for kind, sent in _ACTIONS.items()}


def read_definition(row: Mapping[str, Any]) -> Definition:
    """What a content from Twilio's list is made of: its richest type."""
    held = part(row, "types")
    kind = next((each for each in _RICHEST if each in held), next(iter(held), ""))
    richest = part(held, kind)
    media = [each for each in _listed(richest.get("media")) if isinstance(each, str)]
    listed = _listed(richest.get("actions")) or _listed(richest.get("items"))
    return Definition(
        body=optional(richest, "body")
        or optional(richest, "title")
        or optional(part(held, "twilio/text"), "body"),
        header_media=_medium(media[0]) if media else "",
        header_example=media[0] if media else "",
        footer=optional(richest, "subtitle"),
        buttons=tuple(_read_button(each) for each in listed if isinstance(each, dict)),
        examples={
            f"body.{name}": value
            for name, value in part(row, "variables").items()
            if isinstance(value, str) and value
        },
    )


def _read_button(row: Mapping[str, Any]) -> DefinedButton:
    kind: Any = _KINDS.get(
        optional(row, "type"), "other" if optional(row, "type") or "item" in row else "quick_reply"
    )
    return DefinedButton(
        kind=kind,
        text=optional(row, "title") or optional(row, "item"),
        url=optional(row, "url"),
        phone=optional(row, "phone"),
        id=optional(row, "id"),
    )


def _medium(address: str) -> str:
    ending = address.partition("?")[0].lower().rpartition(".")[2]
    return {"mp4": "video", "3gp": "video", "pdf": "document"}.get(ending, "image")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
