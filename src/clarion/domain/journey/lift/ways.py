"""The platform's edges: what each of them asks of a reply."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clarion.domain.journey.lift.loose import as_list, as_map, first, text
from clarion.domain.journey.lift.report import Report, brief

ANSWERS = frozenset({"payload", "keywords", "regex", "fallback"})
"""Conditions that a reply decides about."""

_KINDS = {
    "payload": "payload button buttonpayload button_payload quick_reply quickreply list_reply",
    "keywords": "keywords keyword text contains words",
    "regex": "regex regexp pattern",
    "fallback": "fallback else otherwise any nomatch no_match unmatched",
    "timeout": "timeout noreply no_reply expired",
    "success": "success ok sent done",
    "failure": "failure failed error fail",
    "next": "next always none unconditional direct",
}
_BY_WORD = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_FIELDS = {
    "payload": ("payload", "payloads", "buttonId", "buttonPayload"),
    "keywords": ("keywords", "keyword", "words"),
    "regex": ("regex", "pattern", "regexp"),
}
_VALUES = ("values", "value")
_SEPARATORS = re.compile(r"\s*[,;|\n]\s*")


@dataclass(frozen=True, slots=True)
class Way:
    """One foreign edge, with our word for its condition."""

    source: str
    target: str
    on: str
    values: tuple[str, ...] = ()
    match: str = "any"
    order: float = 0.0


def read_ways(edges: Any, choices: Mapping[str, Mapping[str, str]], report: Report) -> Iterator[Way]:
    """The edges that can be read, each source's in the order they are tried. `choices`: the nodes' buttons."""
    found = []
    for n, each in enumerate(as_list(edges), 1):
        if not isinstance(each, dict):
            report.lost("", f"Edge #{n} is not an object and was left out.")
            continue
        source = text(first(each, "source", "from", "sourceId", "sourceNode"))
        target = text(first(each, "target", "to", "targetId", "targetNode"))
        way = _way(each, source, target, choices.get(source, {}))
        if way is None:
            kind = text(first(_merged(each), "type", "kind")) or "?"
            report.lost(
                source, f"Its way to {target!r} has the unknown condition {brief(kind)!r}: draw it anew."
            )
        else:
            found.append(way)
    yield from sorted(found, key=lambda way: way.order)


def _way(edge: Mapping[str, Any], source: str, target: str, choices: Mapping[str, str]) -> Way | None:
    said = _merged(edge)
    handle = text(first(edge, "sourceHandle", "handle", "port"))
    kind = _kind(edge, said)
    if kind == "":
        if handle in choices:
            kind, said = "payload", {"value": choices[handle]}
        else:
            kind = next((name for name, fields in _FIELDS.items() if first(said, *fields) is not None), "")
            kind = kind or _BY_WORD.get(handle.lower(), "next")
    if kind is None:
        return None
    given = first(said, *_FIELDS.get(kind, ()), *_VALUES)
    values = [text(part) for part in as_list(given) if text(part).strip()]
    if kind == "keywords" and len(values) == 1 and not isinstance(given, list):
        values = [word for word in _SEPARATORS.split(values[0]) if word]
    if kind == "payload":
        values = [choices.get(value, value) for value in values]
    match = text(first(said, "match", "matchMode", "mode")).lower()
    order = first(edge, "order", "priority") or first(said, "order", "priority")
    return Way(
        source,
        target,
        kind,
        tuple(values),
        match if match in ("all", "exact") else "any",
        float(order) if isinstance(order, int | float) else 0.0,
    )


def _kind(edge: Mapping[str, Any], said: Mapping[str, Any]) -> str | None:
    """Our word for the condition; "" if none is named, None if it is not known."""
    named = first(said, "conditionType", "condition_type", "matchType", "type", "kind", "on")
    if named is not None:
        # React Flow draws edges of the type "default": it says nothing about a condition.
        return _BY_WORD.get(text(named).strip().lower()) if text(named).lower() != "default" else "next"
    drawn = text(first(edge, "conditionType", "condition_type", "on", "type")).strip().lower()
    return _BY_WORD.get(drawn, "")


def _merged(edge: Mapping[str, Any]) -> dict[str, Any]:
    """All that the edge says of its condition, the innermost last."""
    data = as_map(edge.get("data"))
    said = {key: value for key, value in edge.items() if key in _KNOWN}
    for part in (data, edge.get("condition"), data.get("condition")):
        if isinstance(part, str) and part.strip():
            said |= _short(part.strip())
        else:
            said |= as_map(part)
    return said


_KNOWN = {name for names in _FIELDS.values() for name in names} | {
    "value",
    "values",
    "match",
    "order",
    "priority",
}


def _short(words: str) -> dict[str, Any]:
    """A condition in one text: `fallback`, `payload:YES`, `/yes/i`."""
    if words.startswith("/"):
        return {"type": "regex", "pattern": words}
    name, colon, rest = words.partition(":")
    if colon and name.strip().lower() in _BY_WORD:
        return {"type": name.strip(), "value": rest.strip()}
    return {"type": words}
