"""Template definitions to Meta's components, and back. Pure.

Source: developers.facebook.com/documentation/business-messaging/whatsapp/templates/*, 2026 editions.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from clarion.domain.definition import DefinedButton, Definition, names_in, problems
from clarion.domain.errors import BadContent
from clarion.providers.events import optional, part

BODY, SHORT, BUTTON = 1_024, 60, 25
"""Characters of the body, of header and footer, of a button's text."""
_BUTTONS = 10
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_EDGES = re.compile(r"^\s*\{\{|\}\}\s*$")


def check(name: str, wanted: Definition) -> list[BadContent]:
    """Every rule of Meta's that the definition breaks."""
    return [*problems(wanted), *_rules(name, wanted)]


def _rules(name: str, wanted: Definition) -> Iterator[BadContent]:
    if not _NAME.fullmatch(name):
        yield BadContent("name", "must be small letters, digits and _ only")
    for field, most in (("body", BODY), ("header", SHORT), ("footer", SHORT)):
        if len(getattr(wanted, field)) > most:
            yield BadContent(field, f"is longer than {most:,} characters")
    if _EDGES.search(wanted.body):
        yield BadContent("body", "must not begin or end with a variable")
    if names_in(wanted.footer):
        yield BadContent("footer", "holds no variables")
    if any(name != name.lower() or not name.isascii() for name in names_in(wanted.header + wanted.body)):
        yield BadContent("body", "must name variables in small letters, digits and _")
    if wanted.header_media and wanted.header_media != "location" and not wanted.header_example:
        yield BadContent("header_example", "is missing: the handle of a file uploaded to Meta")
    if len(wanted.buttons) > _BUTTONS:
        yield BadContent("buttons", f"are more than {_BUTTONS}")
    for n, button in enumerate(wanted.buttons):
        if len(button.text) > BUTTON:
            yield BadContent(f"buttons/{n}/text", f"is longer than {BUTTON} characters")
        if names_in(button.url) and not button.url.rstrip().endswith("}}"):
            yield BadContent(f"buttons/{n}/url", "takes its variable at the end")


def components(wanted: Definition) -> list[dict[str, Any]]:
    """The definition as Meta writes it."""
    made = [*_header(wanted), _body(wanted)]
    if wanted.footer:
        made.append({"type": "FOOTER", "text": wanted.footer})
    if wanted.buttons:
        made.append({"type": "BUTTONS", "buttons": [_button(button) for button in wanted.buttons]})
    return made


def _header(wanted: Definition) -> list[dict[str, Any]]:
    if wanted.header_media:
        found: dict[str, Any] = {"type": "HEADER", "format": wanted.header_media.upper()}
        if wanted.header_example:
            found["example"] = {"header_handle": [wanted.header_example]}
        return [found]
    if not wanted.header:
        return []
    found = {"type": "HEADER", "format": "TEXT", "text": wanted.header}
    names = names_in(wanted.header)
    if names:
        values = [wanted.examples.get(f"header.{name}", "") for name in names]
        found["example"] = (
            {"header_text_named_params": _named(names, values)} if wanted.named else {"header_text": values}
        )
    return [found]


def _body(wanted: Definition) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "BODY", "text": wanted.body}
    names = names_in(wanted.body)
    if not wanted.named:
        names = tuple(sorted(names, key=int))
    if names:
        values = [wanted.examples.get(f"body.{name}", "") for name in names]
        found["example"] = (
            {"body_text_named_params": _named(names, values)} if wanted.named else {"body_text": [values]}
        )
    return found


def _named(names: tuple[str, ...], values: list[str]) -> list[dict[str, str]]:
    return [{"param_name": name, "example": value} for name, value in zip(names, values, strict=True)]


def _button(button: DefinedButton) -> dict[str, Any]:
    match button.kind:
        case "url":
            found: dict[str, Any] = {"type": "URL", "text": button.text, "url": button.url}
            return {**found, "example": [button.example]} if button.example else found
        case "phone":
            return {"type": "PHONE_NUMBER", "text": button.text, "phone_number": button.phone}
        case "copy_code":
            return {"type": "COPY_CODE", "example": button.example}
    return {"type": "QUICK_REPLY", "text": button.text}


_KINDS = {"QUICK_REPLY": "quick_reply", "URL": "url", "PHONE_NUMBER": "phone", "COPY_CODE": "copy_code"}


def read_definition(row: Mapping[str, Any]) -> Definition:
    """What a template from Meta's list is made of; what is malformed in it is left out."""
    found = {optional(each, "type").upper(): each for each in _objects(row.get("components"))}
    header, body = found.get("HEADER", {}), found.get("BODY", {})
    kind = optional(header, "format").lower() or "text"
    handles = part(header, "example").get("header_handle")
    return Definition(
        body=optional(body, "text"),
        header=optional(header, "text") if kind == "text" else "",
        header_media="" if kind == "text" else kind,
        header_example=next((each for each in _listed(handles) if isinstance(each, str)), ""),
        footer=optional(found.get("FOOTER", {}), "text"),
        buttons=tuple(_read_button(each) for each in _objects(found.get("BUTTONS", {}).get("buttons"))),
        examples=dict([*_examples("header", header), *_examples("body", body)]),
    )


def _read_button(row: Mapping[str, Any]) -> DefinedButton:
    example = row.get("example")
    first = next((each for each in _listed(example) if isinstance(each, str)), "")
    kind: Any = _KINDS.get(optional(row, "type").upper(), "other")
    return DefinedButton(
        kind=kind,
        text=optional(row, "text") or optional(row, "type").replace("_", " ").capitalize(),
        url=optional(row, "url"),
        phone=optional(row, "phone_number"),
        example=example if isinstance(example, str) else first,
    )


def _examples(place: str, component: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    given = part(component, "example")
    for each in _objects(given.get(f"{place}_text_named_params")):
        if optional(each, "param_name") and optional(each, "example"):
            yield f"{place}.{optional(each, 'param_name')}", optional(each, "example")
    values = _listed(given.get(f"{place}_text"))
    if place == "body" and values:
        values = _listed(values[0])
    names = names_in(optional(component, "text"))
    ordered = sorted(names, key=int) if all(name.isdecimal() for name in names) else []
    for name, value in zip(ordered, values, strict=False):
        if isinstance(value, str) and value:
            yield f"{place}.{name}", value


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in _listed(value) if isinstance(each, dict)]
