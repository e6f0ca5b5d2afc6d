"""Foreign HTTP requests as our api nodes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from clarion.domain.journey.jsonpath import compile_path
from clarion.domain.journey.lift.loose import pairs, text
from clarion.domain.journey.lift.report import Report, brief
from clarion.domain.journey.lift.texts import OUTPUT, Texts
from clarion.domain.journey.limits import too_much
from clarion.domain.journey.nodes.api import HeaderName

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_HEADER: TypeAdapter[str] = TypeAdapter(HeaderName)
_ANSWER = re.compile(r"^(?:response|res|result)\.(?:data|body)(?=[.\[]|$)|^(?:response|res|body)(?=[.\[]|$)")
_SECRET = re.compile(r"authorization|api-?key|token|secret", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Calls:
    """Reads the parts of a request. What it cannot keep it tells the report."""

    texts: Texts
    report: Report

    def method(self, given: Any, where: str) -> str:
        """GET where none is named or ours has no such method."""
        name = text(given).strip().upper() or "GET"
        if name in METHODS:
            return name
        self.report.lost(where, f"The method {brief(name)!r} does not exist here: GET was put in its place.")
        return "GET"

    def address(self, given: Any, query: Iterable[tuple[str, Any]], where: str) -> str:
        """The address with its query. Whether it can be called is our api node's to say."""
        url = self.texts.carry(text(given).strip(), where, "address")
        for name, value in query:
            carried = self.texts.carry(text(value), where, f"parameter {name}", blanks=True)
            url += f"{'&' if '?' in url else '?'}{name}={carried}"
        pieces, last = [], 0
        for found in OUTPUT.finditer(url):
            pieces += [_spaced(url[last : found.start()]), found.group()]
            last = found.end()
        return "".join([*pieces, _spaced(url[last:])])

    def headers(self, given: Any, where: str) -> dict[str, str]:
        """Headers that a journey may set."""
        kept: dict[str, str] = {}
        for name, value in pairs(given):
            try:
                _HEADER.validate_python(name)
            except ValidationError as error:
                said = error.errors()[0]["msg"].removeprefix("Value error, ")
                self.report.changed(where, f"A header was left out: {brief(said, 120)}.")
                continue
            if any(name.lower() == other.lower() for other in kept):
                self.report.lost(where, f"The header {name} was given twice: the first one was kept.")
                continue
            if _SECRET.search(name) and "{{" not in text(value):
                self.report.changed(
                    where,
                    f"The header {name} may hold a secret: whoever sees the journey sees it. Change it there.",
                )
            flat = re.sub(r"[\x00-\x1f\x7f]+", " ", text(value))
            kept[name] = self.texts.carry(flat, where, f"header {name}", blanks=True)
        return kept

    def body(self, given: Any, where: str) -> Any:
        """JSON where it is some, so that no value can break it; otherwise a text."""
        if isinstance(given, str):
            try:
                parsed = orjson.loads(given)
            except orjson.JSONDecodeError:
                parsed = None
            if isinstance(parsed, dict | list) and not too_much({"body": parsed}):
                given = parsed
        return self.texts.leaves(given, where, "body") if given not in (None, "", {}, []) else None

    def saved(self, mapping: Iterable[tuple[str, Any]], where: str) -> dict[str, str]:
        """Variables of ours, and the JSONPath each comes from."""
        kept: dict[str, str] = {}
        for name, given in mapping:
            path = path_of(text(given))
            try:
                compile_path(path)
            except ValueError as problem:
                self.report.lost(
                    where, f"The variable {brief(name)!r} is not saved: {brief(str(problem), 200)}."
                )
                continue
            kept[name] = path
        return kept


def _spaced(address: str) -> str:
    return re.sub(r"[\s\x00-\x1f\x7f]", "%20", address)


def path_of(given: str) -> str:
    """`data.items[0].id`, `response.data.id` or `$.id` as JSONPath; the whole answer where nothing is named."""
    given = given.strip()
    if given.startswith("$"):
        return given
    given = _ANSWER.sub("", given).lstrip(".")
    path = "$"
    for part in re.findall(r"\[[^\]]*\]|[^.\[\]]+", given):
        if part.startswith("["):
            path += part
        elif part.isdigit():
            path += f"[{part}]"
        elif re.fullmatch(r"[A-Za-z_]\w*", part):
            path += f".{part}"
        else:
            path += "[" + orjson.dumps(part).decode() + "]"
    return path
