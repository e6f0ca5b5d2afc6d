"""Reading Meta's template definitions. Pure.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/templates/*, 2026 editions.
"""

import re
from collections.abc import Iterator
from typing import Any

from clarion.providers.base import TemplateInfo
from clarion.providers.events import optional, part, parts

_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_SENDABLE_AGAIN = ("REINSTATED", "UNARCHIVED")


def read_template(row: Any) -> TemplateInfo:
    """One row of `GET /{waba_id}/message_templates`. A status Meta adds later is kept as it is."""
    components = [part({"c": component}, "c") for component in parts(row, "components")]
    body = next(
        (optional(component, "text") for component in components if component.get("type") == "BODY"), ""
    )
    media = (optional(component, "format") for component in components if component.get("type") == "HEADER")
    header = next(media, "")
    return TemplateInfo(
        provider_id=optional(row, "id"),
        name=optional(row, "name"),
        language=optional(row, "language"),
        category=optional(row, "category"),
        status=optional(row, "status").upper(),
        named=optional(row, "parameter_format") == "NAMED",
        variables=tuple(dict.fromkeys(name for component in components for name in _variables(component))),
        text=body,
        content=row,
        header_media=header.lower() if header != "TEXT" else "",
    )


def sendable_word(event: str, title: str) -> str:
    """The status that a template event amounts to: one sendable again is APPROVED, as the list says."""
    return "APPROVED" if title == "UNPAUSE" or event in _SENDABLE_AGAIN else event


def _variables(component: dict[str, Any]) -> Iterator[str]:
    match component.get("type"):
        case "HEADER" if component.get("format") == "TEXT":
            yield from (f"header.{name}" for name in _VARIABLE.findall(optional(component, "text")))
        case "BODY":
            yield from (f"body.{name}" for name in _VARIABLE.findall(optional(component, "text")))
        case "BUTTONS":
            for index, button in enumerate(parts(component, "buttons")):
                if _takes_value(button):
                    yield f"button.{index}"


def _takes_value(button: Any) -> bool:
    kind = optional(button, "type")
    return kind in ("COPY_CODE", "OTP") or (kind == "URL" and bool(_VARIABLE.search(optional(button, "url"))))
