"""Templates: what a send of each must supply, and the list with its cursors."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from clarion.sim.catalogue import Template
from clarion.sim.desk import Refusal
from clarion.sim.whatsapp.errors import refusal

_VARIABLE = re.compile(r"\{\{\s*([a-z0-9_]+)\s*\}\}")
_FORBIDDEN = re.compile(r"[\n\r\t]| {5,}")
MEDIA_HEADERS = {"IMAGE": "image", "VIDEO": "video", "DOCUMENT": "document"}
_PARAMETERS = {"quick_reply": "payload", "url": "text", "copy_code": "coupon_code"}
BODY_MAX = 1024

Parameters = Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a send must supply: by header kind, variables of header and body, and buttons with a variable."""

    header: str
    header_variables: tuple[str, ...]
    body: str
    body_variables: tuple[str, ...]
    buttons: Mapping[int, str]
    quick_replies: Mapping[int, str]

    @classmethod
    def of(cls, template: Template) -> Needs:
        """Read the template's definition."""
        parts = {str(part.get("type", "")).upper(): part for part in template.components}
        header, body = parts.get("HEADER", {}), str(parts.get("BODY", {}).get("text", ""))
        kind = str(header.get("format", "TEXT")).upper() if header else ""
        buttons = cast("list[dict[str, object]]", parts.get("BUTTONS", {}).get("buttons", []))
        return cls(
            kind,
            _variables(str(header.get("text", ""))),
            body,
            _variables(body),
            {i: "url" for i, b in enumerate(buttons) if b.get("type") == "URL" and "{{" in str(b.get("url"))},
            {i: str(b.get("text")) for i, b in enumerate(buttons) if b.get("type") == "QUICK_REPLY"},
        )


def _variables(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_VARIABLE.findall(text)))


class Templates:
    """The account's templates by name and language, in the order they were made."""

    def __init__(self, templates: Iterable[Template]) -> None:
        self._all = {(template.name, template.language): template for template in templates}
        self._needs = {key: Needs.of(template) for key, template in self._all.items()}
        self._next = max((int(template.id) for template in self._all.values()), default=300000000000000) + 1

    def find(self, name: str, language: str | None = None) -> list[Template]:
        """The templates of that name, in one language or all."""
        return [t for t in self._all.values() if t.name == name and language in (None, t.language)]

    def by_id(self, number: str) -> Template | None:
        """The template with that id."""
        return next((template for template in self._all.values() if template.id == number), None)

    def put(self, template: Template) -> None:
        """Add it, or change the one of the same name and language."""
        self._all[template.name, template.language] = template
        self._needs[template.name, template.language] = Needs.of(template)

    def new_id(self) -> str:
        """An id no template has yet."""
        self._next += 1
        return str(self._next - 1)

    def remove(self, template: Template) -> None:
        """Delete it."""
        del self._all[template.name, template.language]

    def page(self, parameters: Mapping[str, str], base: str) -> dict[str, object]:
        """One page of the list; `base` is the absolute URL of the list without its query."""
        wanted = [
            template
            for template in self._all.values()
            if all(
                parameters[name].upper() == str(getattr(template, name)).upper()
                for name in ("status", "name", "language", "category")
                if name in parameters
            )
        ]
        limit = int(parameters.get("limit", "25")) if parameters.get("limit", "25").isdigit() else 25
        start = _position(parameters["after"]) + 1 if "after" in parameters else 0
        if "before" in parameters:
            start = max(_position(parameters["before"]) - limit, 0)
        listed = wanted[start : start + limit]
        fields = [name for name in parameters.get("fields", "").split(",") if name]
        answer: dict[str, object] = {"data": [_fields(template, fields) for template in listed]}
        if listed:
            before, after = _cursor(start), _cursor(start + len(listed) - 1)
            paging: dict[str, object] = {"cursors": {"before": before, "after": after}}
            kept = "".join(
                f"&{k}={v}" for k, v in parameters.items() if k not in ("after", "before", "limit")
            )
            if start + limit < len(wanted):
                paging["next"] = f"{base}?limit={limit}{kept}&after={after}"
            if start > 0:
                paging["previous"] = f"{base}?limit={limit}{kept}&before={before}"
            answer["paging"] = paging
        return answer

    def check(self, sent: Mapping[str, object]) -> Refusal | tuple[Template, Needs]:
        """The template a message names, with what it needs, or why the message cannot be sent."""
        name, language = sent.get("name"), sent.get("language")
        if not isinstance(name, str):
            return refusal(131008, "Parameter 'template.name' is required.")
        code = language.get("code") if isinstance(language, Mapping) else None
        if not isinstance(code, str):
            return refusal(131008, "Parameter 'template.language.code' is required.")
        template = self._all.get((name, code))
        if template is None:
            return refusal(132001, f"template name ({name}) does not exist in {code}")
        if template.status != "APPROVED":
            codes = {"PAUSED": 132015, "DISABLED": 132016}
            return refusal(codes.get(template.status, 132001))
        needs = self._needs[name, code]
        problem = _check_components(template, needs, sent.get("components") or [])
        return problem if problem is not None else (template, needs)


DEFAULT_FIELDS = ("name", "parameter_format", "components", "language", "status", "category", "id")


def _fields(template: Template, names: Sequence[str]) -> dict[str, object]:
    whole = template.model_dump(mode="json")
    return {name: whole[name] for name in dict.fromkeys((*(names or DEFAULT_FIELDS), "id")) if name in whole}


def _cursor(position: int) -> str:
    return base64.b64encode(str(position).encode()).decode().replace("=", "ZD")


def _position(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor.replace("ZD", "=")))
    except ValueError:
        return -1


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _check_components(template: Template, needs: Needs, components: object) -> Refusal | None:
    if not _is_list_of_objects(components):
        return refusal(100, "Param template['components'] must be an array of objects.")
    supplied: dict[str, Parameters] = {}
    buttons: dict[int, tuple[str, Parameters]] = {}
    for component in cast("Parameters", components):
        kind, given = str(component.get("type", "")).lower(), component.get("parameters") or []
        if not _is_list_of_objects(given):
            return refusal(100, "Param template['components'][]['parameters'] must be an array of objects.")
        parameters = cast("Parameters", given)
        if kind == "button":
            index = str(component.get("index", "0"))
            if not (index.isdigit() and len(index) == 1):
                return refusal(131009, "Button index must be 0 to 9.")
            buttons[int(index)] = (str(component.get("sub_type", "")).lower(), parameters)
        elif kind in ("header", "body"):
            supplied[kind] = parameters
        else:
            return refusal(132012, f"unknown component type '{kind}'")
    named = template.parameter_format == "NAMED"
    return (
        _check_header(needs, supplied.get("header", ()), named)
        or _check_texts("body", needs.body_variables, supplied.get("body", ()), named)
        or _check_length(needs, supplied.get("body", ()))
        or _check_buttons(needs, buttons)
    )


def _check_header(needs: Needs, parameters: Parameters, named: bool) -> Refusal | None:
    if needs.header in ("TEXT", ""):
        return _check_texts("header", needs.header_variables, parameters, named)
    if len(parameters) != 1:
        return refusal(132000, f"header: {len(parameters)} parameters supplied, 1 expected")
    wanted, given = MEDIA_HEADERS.get(needs.header, needs.header.lower()), str(parameters[0].get("type"))
    if given != wanted:
        return refusal(132012, f"header: Format mismatch, expected {needs.header}, received {given.upper()}")
    media = parameters[0].get(given)
    if needs.header in MEDIA_HEADERS and not (
        isinstance(media, Mapping) and (media.get("id") or media.get("link"))
    ):
        return refusal(131008, f"header: {given} needs an id or a link")
    return None


def _check_texts(
    where: str, variables: tuple[str, ...], parameters: Parameters, named: bool
) -> Refusal | None:
    if len(parameters) != len(variables):
        return refusal(132000, f"{where}: {len(parameters)} parameters supplied, {len(variables)} expected")
    if named and {parameter.get("parameter_name") for parameter in parameters} != set(variables):
        return refusal(132012, f"{where}: the parameters must be named {', '.join(variables)}")
    for parameter in parameters:
        kind, text = parameter.get("type"), parameter.get("text")
        if kind in ("currency", "date_time") and where == "body":
            continue
        if kind != "text":
            return refusal(132012, f"{where}: Format mismatch, expected TEXT, received {str(kind).upper()}")
        if not isinstance(text, str) or not text:
            return refusal(131008, f"{where}: Parameter of type text is missing text value")
        if _FORBIDDEN.search(text):
            return refusal(
                132012, f"{where}: no new lines, tabs or more than 4 spaces in a row in a parameter"
            )
    return None


def _check_length(needs: Needs, parameters: Parameters) -> Refusal | None:
    fixed = len(_VARIABLE.sub("", needs.body))
    if fixed + sum(len(str(parameter.get("text", ""))) for parameter in parameters) > BODY_MAX:
        return refusal(132005)
    return None


def _check_buttons(needs: Needs, buttons: Mapping[int, tuple[str, Parameters]]) -> Refusal | None:
    for index in needs.buttons:
        if index not in buttons:
            return refusal(131008, f"button {index}: the URL's parameter is required")
    for index, (kind, parameters) in buttons.items():
        expected = "quick_reply" if index in needs.quick_replies else needs.buttons.get(index)
        if expected is not None and kind != expected:
            return refusal(132012, f"button {index}: expected {expected}, received {kind}")
        if expected is None and kind in ("quick_reply", "url"):
            return refusal(132018, f"button {index}: the template has no such button with a parameter")
        name = _PARAMETERS.get(kind)
        if name is not None and (len(parameters) != 1 or not parameters[0].get(name)):
            return refusal(132000, f"button {index}: one parameter with a '{name}' expected")
    return None
