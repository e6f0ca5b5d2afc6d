"""Reading Twilio's content templates. Pure. Source: twilio.com/docs/content and twilio-oai content v1."""

import re
from typing import Any

import orjson

from clarion.providers.base import TemplateInfo
from clarion.providers.events import optional, part

_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def read_template(row: Any, channel: str) -> TemplateInfo:
    """One row of `GET /v1/ContentAndApprovals`.

    Variables are numbered through the whole content, buttons and media included, so all are `body.N`.
    `status` is the WhatsApp approval; an SMS needs none, so for an SMS sender every content is APPROVED.
    """
    types, approval = part(row, "types"), part(row, "approval_requests")
    found = [*_VARIABLE.findall(orjson.dumps(types).decode()), *part(row, "variables")]
    texts = [optional(content, "body") for content in types.values()]
    approved = optional(approval, "status").upper() or "UNSUBMITTED"
    return TemplateInfo(
        provider_id=optional(row, "sid"),
        name=optional(row, "friendly_name"),
        language=optional(row, "language"),
        category=optional(approval, "category"),
        status=approved if channel == "whatsapp" else "APPROVED",
        named=not all(name.isdecimal() for name in found),
        variables=tuple(f"body.{name}" for name in sorted(set(found), key=_order)),
        text=next(filter(None, texts), ""),
        content=row,
    )


def _order(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdecimal() else (10**9, name)
