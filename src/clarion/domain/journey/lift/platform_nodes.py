"""The platform's nodes, one by one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clarion.domain.journey.lift.calls import Calls
from clarion.domain.journey.lift.contents import CONTENT_FIELDS, Contents
from clarion.domain.journey.lift.draft import Draft
from clarion.domain.journey.lift.loose import as_list, as_map, first, pairs, text, unread
from clarion.domain.journey.lift.names import variable_names
from clarion.domain.journey.lift.report import Report, brief
from clarion.domain.journey.lift.spans import DELAYS, TIMEOUTS, Duration, duration, is_duration
from clarion.domain.journey.lift.texts import Texts
from clarion.domain.journey.lift.ways import Way
from clarion.domain.journey.words import fold

SAVES = ("saveAs", "save_as", "saveTo", "variable", "variableName", "resultVariable")
"""Fields that name the variable for an answer."""

_LISTS = ("list", "lists", "listName", "audience", "audienceName", "segment")
_METHODS, _ADDRESSES, _QUERIES = ("method", "httpMethod"), ("url", "endpoint", "uri"), ("params", "query")
_BODIES = ("body", "payload", "requestBody")
_MAPPINGS = ("mapping", "mappings", "responseMapping", "response_mapping", "save", "outputs")
_OUTCOMES, _SENDERS = ("outcome", "result", "status"), ("from", "sender", "senderId")
_PEOPLE = ("filter", "filters", "conditions", "tags", "contacts", "numbers", "phones")
_ALWAYS = frozenset(
    "id key name label title type kind nodeType position positionAbsolute x y width height measured data selected "
    "dragging draggable selectable deletable connectable hidden style className zIndex sourcePosition targetPosition "
    "parentId parentNode extent icon color".split()
)
"""What names and draws a node."""
_READ = {
    "audience": frozenset({*_LISTS, *_PEOPLE}),
    "message": CONTENT_FIELDS | {*_SENDERS, *SAVES},
    "api": frozenset({*_METHODS, *_ADDRESSES, *_QUERIES, *_BODIES, *_MAPPINGS, *SAVES, "headers"}),
    "wait": frozenset(SAVES),
    "end": frozenset(_OUTCOMES),
}


@dataclass(frozen=True, slots=True)
class Foreign:
    """A node as it was found: `where` is its id, `said` its own word for `kind` ("" if we have none like it)."""

    where: str
    kind: str
    said: str
    fields: Mapping[str, Any]
    at: tuple[float, float]

    @property
    def name(self) -> str:
        """What the canvas showed."""
        return text(first(self.fields, "label", "title", "name"))


class Nodes:
    """Makes a node of ours for each of theirs."""

    def __init__(self, draft: Draft, report: Report, texts: Texts, ways: Mapping[str, list[Way]]) -> None:
        self.draft, self.report, self.ways, self.variables = draft, report, ways, variable_names()
        self.contents = Contents(texts, report)
        self.calls = Calls(texts, report)

    def make(self, node: Foreign) -> None:
        """Add it, or what stands in its place."""
        match node.kind:
            case "audience" if not self.draft.has_start():
                self._audience(node)
            case "message":
                self._message(node)
            case "api":
                self._api(node)
            case "delay":
                self._delay(node)
            case "wait":
                timeout = self._span(duration(node.fields, (*TIMEOUTS, *DELAYS)), node.where)
                timeout = "" if timeout == "0s" else timeout
                self._add("wait", node, timeout=timeout, save=self.saves(node))
                self._carried(node, "wait")
            case "end":
                self._add("end", node, outcome=_outcome(node.fields))
                self._carried(node, "end")
            case _:
                self._placeholder(node)
                return
        self._unread(node)

    def saves(self, node: Foreign) -> str:
        """Our variable for the node's answer, "" if it keeps none."""
        wish = text(first(node.fields, *SAVES))
        return self._variable(wish, node.where) if wish else ""

    def _variable(self, wish: str, where: str) -> str:
        name = self.variables.of(wish)
        if name != wish:
            self.report.lost(
                where, f"The variable {brief(wish)!r} is called {name!r} here: change it in texts."
            )
        return name

    def _unread(self, node: Foreign) -> None:
        known = _ALWAYS | _READ.get(node.kind, frozenset())
        rest = {name: value for name, value in node.fields.items() if not is_duration(name)}
        if listed := unread(rest, known):
            self.report.lost(node.where, f"Fields that were not read: {listed}. If they matter, say it anew.")

    def _add(self, kind: str, node: Foreign, **fields: Any) -> None:
        self.draft.add(kind, self.draft.ids.of(node.where), node.where, name=node.name, at=node.at, **fields)

    def _carried(self, node: Foreign, what: str) -> None:
        self.report.carried(node.where, f"Became the {what} {self.draft.ids.of(node.where)!r}.")

    def _placeholder(self, node: Foreign) -> None:
        why = f"There is no node like {brief(node.said)!r} here: an end stands in its place. Put in what you need."
        if node.kind == "audience":
            why = "A journey has one start: make a journey of its own for this one, or add its lists to the first."
        self.draft.placeholder(
            self.draft.ids.of(node.where), node.where, name=node.name or node.where, at=node.at, why=why
        )

    def _audience(self, node: Foreign) -> None:
        where = node.where
        given = [
            text(first(as_map(each), "name", "label")) if isinstance(each, dict) else text(each)
            for key in _LISTS
            for each in as_list(node.fields.get(key))
        ]
        lists = list(dict.fromkeys(each[:200] for each in given if each))[:100]
        self._add("audience", node, lists=lists, triggers=self._triggers(where))
        self._carried(node, "start")
        if lists:
            shown = brief(", ".join(lists), 120)
            self.report.changed(where, f"It takes people from lists by name; these must exist: {shown}.")
        else:
            self.report.changed(
                where, "The people are not in the file: name lists here, or when you start it."
            )
        if first(node.fields, *_PEOPLE):
            self.report.lost(
                where,
                "Its filter or its people were not carried over: import the people, set the filter anew.",
            )

    def _triggers(self, where: str) -> list[dict[str, Any]]:
        words = [word for way in self.ways[where] if way.on == "keywords" for word in way.values]
        usable = [word for word in dict.fromkeys(words) if fold(word)][:200]
        if usable:
            self.report.changed(
                where, "Keywords on its ways became triggers: whoever writes one of them enters."
            )
        return [{"words": usable, "match": "any"}] if usable else []

    def _message(self, node: Foreign) -> None:
        self._add("message", node, content=self.contents.read(node.fields, node.where))
        self._carried(node, "message")
        if sender := text(first(node.fields, *_SENDERS)):
            self.report.changed(
                node.where,
                f"It left from {brief(sender)!r}; here it leaves from the journey's sender unless you name one.",
            )

    def _api(self, node: Foreign) -> None:
        fields, where, calls = node.fields, node.where, self.calls
        method = calls.method(first(fields, *_METHODS), where)
        body = calls.body(first(fields, *_BODIES), where)
        if body is not None and method == "GET":
            self.report.lost(where, "A GET carries no body here: put its values into the address.")
            body = None
        query = pairs(first(fields, *_QUERIES))
        self._add(
            "api",
            node,
            method=method,
            url=calls.address(first(fields, *_ADDRESSES), query, where),
            headers=calls.headers(fields.get("headers"), where),
            body=body,
            save=calls.saved([(self._variable(name, where), path) for name, path in _mapping(fields)], where),
        )
        self.report.changed(
            where,
            f"Became the api node {self.draft.ids.of(where)!r}: the old one never made its call; this one does.",
        )

    def _delay(self, node: Foreign) -> None:
        found = duration(node.fields, DELAYS)
        if found is None:
            self.report.lost(node.where, "How long it lasts could not be read: it was set to 1 hour.")
        self._add("delay", node, **{"for": self._span(found, node.where) or "1h"})
        self._carried(node, "delay")

    def _span(self, found: Duration | None, where: str) -> str:
        if found and found.remark:
            self.report.changed(where, f"Check its duration, now {found.text}: {found.remark}.")
        return found.text if found else ""


def _outcome(fields: Mapping[str, Any]) -> str:
    said = re.sub(r"[^A-Za-z0-9_\- ]+", " ", text(first(fields, *_OUTCOMES))).strip()
    return said[:40].strip() or "finished"


def _mapping(fields: Mapping[str, Any]) -> list[tuple[str, Any]]:
    mapping = first(fields, *_MAPPINGS)
    whole = text(first(fields, *SAVES))
    return [*pairs(mapping), *([(whole, "$")] if whole else [])]
