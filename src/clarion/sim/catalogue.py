"""WhatsApp templates and Twilio contents: their shape, and the samples of a fresh simulator.

The samples are chosen so that paging, both kinds of parameters, media headers, buttons and refusals can
be tried.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Template(BaseModel):
    """A template as WhatsApp's API lists it; fields not named here are kept and listed too."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: Annotated[str, Field(pattern=r"^\d{1,32}$")]
    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,512}$")]
    language: Annotated[str, Field(min_length=2)]
    status: Literal[
        "PENDING", "APPROVED", "REJECTED", "PAUSED", "DISABLED", "IN_APPEAL", "LOCKED", "ARCHIVED"
    ] = "APPROVED"
    category: Literal["MARKETING", "UTILITY", "AUTHENTICATION"] = "UTILITY"
    parameter_format: Literal["POSITIONAL", "NAMED"] = "POSITIONAL"
    components: tuple[dict[str, object], ...]
    rejected_reason: str = "NONE"
    quality_score: dict[str, object] = {"score": "GREEN", "date": 1_790_000_000}


class Approval(BaseModel):
    """A content's approval for WhatsApp, as Twilio's API lists it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    category: str = ""
    content_type: str = ""
    status: Literal["unsubmitted", "received", "pending", "approved", "rejected", "paused", "disabled"] = (
        "unsubmitted"
    )
    rejection_reason: str = ""
    allow_category_change: bool = True


class Content(BaseModel):
    """A content as Twilio's API lists it, with its approval."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sid: Annotated[str, Field(pattern=r"^HX[0-9a-f]{32}$")]
    friendly_name: str
    language: str = "en"
    variables: dict[str, str] = {}
    types: Annotated[dict[str, dict[str, object]], Field(min_length=1)]
    approval_requests: Approval = Approval()


def _body(text: str, *examples: str, **named: str) -> dict[str, object]:
    if named:
        listed = [{"param_name": name, "example": value} for name, value in named.items()]
        return {"type": "BODY", "text": text, "example": {"body_text_named_params": listed}}
    if examples:
        return {"type": "BODY", "text": text, "example": {"body_text": [list(examples)]}}
    return {"type": "BODY", "text": text}


_ORDER = "Hi {{1}}, your order {{2}} is {{3}}."
_PROMO = "Hi {{1}}, everything is {{2}} off until Sunday."
_VISIT = "Hi {{1}}, is Monday morning fine for your {{2}}?"
_REMINDER = "Hi {{1}}, we keep Monday morning for you until we hear from you."

TEMPLATES: tuple[Template, ...] = (
    Template(
        id="300000000000001",
        name="order_update",
        language="en_US",
        components=(
            {"type": "HEADER", "format": "TEXT", "text": "Your order"},
            _body(_ORDER, "Ana", "1042", "on its way"),
            {"type": "FOOTER", "text": "Clarion Sample Shop"},
        ),
    ),
    Template(
        id="300000000000002",
        name="welcome_named",
        language="en_US",
        category="MARKETING",
        parameter_format="NAMED",
        components=(
            {
                "type": "HEADER",
                "format": "TEXT",
                "text": "Welcome to {{shop}}",
                "example": {
                    "header_text_named_params": [{"param_name": "shop", "example": "Clarion Sample Shop"}]
                },
            },
            _body("Hello {{first_name}}, your code is {{code}}.", first_name="Ana", code="HELLO10"),
        ),
    ),
    Template(
        id="300000000000003",
        name="promo_image",
        language="en_US",
        category="MARKETING",
        components=(
            {
                "type": "HEADER",
                "format": "IMAGE",
                "example": {"header_handle": ["https://cdn.example.com/sample.jpg"]},
            },
            _body(_PROMO, "Ana", "20%"),
            {"type": "FOOTER", "text": "Tap below to stop these messages"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {
                        "type": "URL",
                        "text": "Shop now",
                        "url": "https://shop.example.com/{{1}}",
                        "example": ["https://shop.example.com/autumn"],
                    },
                    {"type": "QUICK_REPLY", "text": "Tell me more"},
                    {"type": "QUICK_REPLY", "text": "Stop promotions"},
                ],
            },
        ),
    ),
    Template(
        id="300000000000004",
        name="order_update",
        language="pt_BR",
        components=(_body("Oi {{1}}, seu pedido {{2}} está {{3}}.", "Ana", "1042", "a caminho"),),
    ),
    Template(
        id="300000000000005",
        name="winter_paused",
        language="en_US",
        status="PAUSED",
        category="MARKETING",
        quality_score={"score": "RED", "date": 1_790_000_000},
        components=(_body("Hi {{1}}, winter is here.", "Ana"),),
    ),
    Template(
        id="300000000000006",
        name="spring_rejected",
        language="en_US",
        status="REJECTED",
        category="MARKETING",
        rejected_reason="INVALID_FORMAT",
        quality_score={"score": "UNKNOWN", "date": 1_790_000_000},
        components=(_body("{{1}} {{2}}", "Ana", "20%"),),
    ),
    Template(
        id="300000000000007", name="hello_world", language="en_US", components=(_body("Hello, world."),)
    ),
    Template(
        id="300000000000008",
        name="visit_question",
        language="en_US",
        components=(
            _body(_VISIT, "Ana", "standard visit"),
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Yes"},
                    {"type": "QUICK_REPLY", "text": "Another day"},
                ],
            },
        ),
    ),
    Template(
        id="300000000000009",
        name="visit_reminder",
        language="en_US",
        components=(_body(_REMINDER, "Ana"),),
    ),
)


def _sid(number: int) -> str:
    return f"HX{number:032x}"


CONTENTS: tuple[Content, ...] = (
    Content(
        sid=_sid(1),
        friendly_name="order_update",
        variables={"1": "Ana", "2": "1042", "3": "on its way"},
        types={"twilio/text": {"body": _ORDER}},
        approval_requests=Approval(
            name="order_update", category="UTILITY", content_type="twilio/text", status="approved"
        ),
    ),
    Content(
        sid=_sid(2),
        friendly_name="promo_image",
        variables={"1": "Ana", "2": "20%"},
        types={
            "twilio/card": {
                "title": _PROMO,
                "media": ["https://cdn.example.com/sample.jpg"],
                "actions": [
                    {"type": "QUICK_REPLY", "title": "Tell me more", "id": "MORE"},
                    {"type": "QUICK_REPLY", "title": "Stop promotions", "id": "STOP"},
                ],
            },
            "twilio/text": {"body": _PROMO},
        },
        approval_requests=Approval(
            name="promo_image", category="MARKETING", content_type="twilio/card", status="approved"
        ),
    ),
    Content(
        sid=_sid(3),
        friendly_name="slot_question",
        variables={"1": "Ana"},
        types={
            "twilio/quick-reply": {
                "body": "Hi {{1}}, is Monday morning fine?",
                "actions": [
                    {"type": "QUICK_REPLY", "title": "Yes", "id": "SLOT_YES"},
                    {"type": "QUICK_REPLY", "title": "Another day", "id": "SLOT_NO"},
                ],
            },
            "twilio/text": {"body": "Hi {{1}}, is Monday morning fine? Answer YES or NO."},
        },
        approval_requests=Approval(
            name="slot_question", category="UTILITY", content_type="twilio/quick-reply", status="approved"
        ),
    ),
    Content(
        sid=_sid(4),
        friendly_name="winter_paused",
        variables={"1": "Ana"},
        types={"twilio/text": {"body": "Hi {{1}}, winter is here."}},
        approval_requests=Approval(
            name="winter_paused", category="MARKETING", content_type="twilio/text", status="paused"
        ),
    ),
    Content(
        sid=_sid(5),
        friendly_name="spring_rejected",
        variables={"1": "Ana"},
        types={"twilio/text": {"body": "{{1}}"}},
        approval_requests=Approval(
            name="spring_rejected",
            category="MARKETING",
            content_type="twilio/text",
            status="rejected",
            rejection_reason="Variables may not stand alone.",
        ),
    ),
    Content(
        sid=_sid(6),
        friendly_name="slot_list",
        types={
            "twilio/list-picker": {
                "body": "Pick the slot that suits you.",
                "button": "See slots",
                "items": [
                    {"item": "Morning", "id": "am", "description": "08:00-12:00"},
                    {"item": "Afternoon", "id": "pm", "description": "13:00-17:00"},
                ],
            }
        },
    ),
    Content(
        sid=_sid(7),
        friendly_name="visit_question",
        variables={"1": "Ana", "2": "standard visit"},
        types={
            "twilio/quick-reply": {
                "body": _VISIT,
                "actions": [
                    {"type": "QUICK_REPLY", "title": "Yes", "id": "VISIT_YES"},
                    {"type": "QUICK_REPLY", "title": "Another day", "id": "VISIT_NO"},
                ],
            },
        },
        approval_requests=Approval(
            name="visit_question", category="UTILITY", content_type="twilio/quick-reply", status="approved"
        ),
    ),
    Content(
        sid=_sid(8),
        friendly_name="visit_reminder",
        variables={"1": "Ana"},
        types={"twilio/text": {"body": _REMINDER}},
        approval_requests=Approval(
            name="visit_reminder", category="UTILITY", content_type="twilio/text", status="approved"
        ),
    ),
)
