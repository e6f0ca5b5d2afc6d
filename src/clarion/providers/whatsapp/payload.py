"""Content to the JSON body of `POST /{phone_number_id}/messages`, and the rules it must keep. Pure.

Source: developers.facebook.com/documentation/business-messaging/whatsapp (messages/*, 2026 editions) and the
published OpenAPI of v23.0. Where pages disagree, the stricter limit holds.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from clarion.domain.content import (
    ButtonParameter,
    Buttons,
    Content,
    ListPicker,
    Media,
    Parameter,
    Template,
    Text,
)
from clarion.domain.errors import BadContent
from clarion.providers.base import Outgoing
from clarion.providers.whatsapp import rules


def body(message: Outgoing) -> bytes:
    """The request body. Raises BadContent when a text cannot be written as JSON (a lone surrogate)."""
    kind, content = _typed(message.content)
    data: dict[str, Any] = {"messaging_product": "whatsapp", "recipient_type": "individual"}
    if message.to:
        data["to"] = message.to
    else:
        data["recipient"] = message.user_id
    if message.quoted:
        data["context"] = {"message_id": message.quoted}
    data["type"] = kind
    data[kind] = content
    if message.echo:
        data["biz_opaque_callback_data"] = message.echo
    try:
        return orjson.dumps(data)
    except orjson.JSONEncodeError as error:
        raise BadContent("text", f"cannot be written as JSON: {error}") from None


def problems(content: Content) -> list[BadContent]:
    """Every rule of WhatsApp that a rendered content breaks; [] when it can be sent."""
    return list(rules.check(content))


def _typed(content: Content) -> tuple[str, dict[str, Any]]:
    match content:
        case Template():
            return "template", _template(content)
        case Text():
            return "text", {"preview_url": True, "body": content.body} if content.preview_url else {
                "body": content.body
            }
        case Media():
            return content.kind, _media(content)
        case Buttons():
            return "interactive", _buttons(content)
        case ListPicker():
            return "interactive", _list(content)


def _media(media: Media) -> dict[str, str]:
    file = {"id": media.id} if media.id else {"link": media.link}
    return {**file, **_given(caption=media.caption, filename=media.filename)}


def _buttons(content: Buttons) -> dict[str, Any]:
    data: dict[str, Any] = {"type": "button"}
    if content.header_media is not None:
        data["header"] = _header_media(content.header_media)
    elif content.header:
        data["header"] = {"type": "text", "text": content.header}
    _texts(data, content.body, content.footer)
    replies = [
        {"type": "reply", "reply": {"id": choice.id, "title": choice.title}} for choice in content.buttons
    ]
    data["action"] = {"buttons": replies}
    return data


def _list(content: ListPicker) -> dict[str, Any]:
    data: dict[str, Any] = {"type": "list"}
    if content.header:
        data["header"] = {"type": "text", "text": content.header}
    _texts(data, content.body, content.footer)
    sections = [
        {
            **_given(title=section.title),
            "rows": [
                {"id": row.id, "title": row.title, **_given(description=row.description)}
                for row in section.rows
            ],
        }
        for section in content.sections
    ]
    data["action"] = {"button": content.button, "sections": sections}
    return data


def _texts(data: dict[str, Any], body_text: str, footer: str) -> None:
    data["body"] = {"text": body_text}
    if footer:
        data["footer"] = {"text": footer}


def _template(content: Template) -> dict[str, Any]:
    data: dict[str, Any] = {"name": content.name, "language": {"code": content.language}}
    components = list(_components(content))
    if components:
        data["components"] = components
    return data


def _components(content: Template) -> Iterator[dict[str, Any]]:
    if content.header_media is not None:
        yield {"type": "header", "parameters": [_header_media(content.header_media)]}
    elif content.header is not None:
        yield {"type": "header", "parameters": [_parameter(content.header, content.named)]}
    if content.body:
        given = content.body if content.named else sorted(content.body, key=_position)
        yield {"type": "body", "parameters": [_parameter(parameter, content.named) for parameter in given]}
    for button in content.buttons:
        yield {
            "type": "button",
            "sub_type": button.kind,
            "index": str(button.index),
            "parameters": [_button_parameter(button)],
        }


def _position(parameter: Parameter) -> int:
    return int(parameter.name) if parameter.name.isdecimal() else 0


def _parameter(parameter: Parameter, named: bool) -> dict[str, str]:
    if named:
        return {"type": "text", "parameter_name": parameter.name, "text": parameter.value}
    return {"type": "text", "text": parameter.value}


def _button_parameter(button: ButtonParameter) -> dict[str, str]:
    match button.kind:
        case "quick_reply":
            return {"type": "payload", "payload": button.value}
        case "url":
            return {"type": "text", "text": button.value}
        case "copy_code":
            return {"type": "coupon_code", "coupon_code": button.value}


def _header_media(media: Media) -> dict[str, Any]:
    file = {"id": media.id} if media.id else {"link": media.link}
    return {"type": media.kind, media.kind: {**file, **_given(filename=media.filename)}}


def _given(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
