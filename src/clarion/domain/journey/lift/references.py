"""What Studio's Liquid refers to, as our variables: widgets' answers, flow variables, the person's address."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from clarion.domain.journey.lift.names import Names, variable_names
from clarion.domain.journey.lift.report import Report, brief

_PIECE = re.compile(r"\{\{(?:(?!\{\{|\}\}).)*\}\}|\{%(?:(?!\{%|%\}).)*%\}", re.DOTALL)
_STEP = r"(?:\.[A-Za-z_$][\w\-$]*|\.\d+|\[\d+\]|\[\"[^\"\]]*\"\]|\['[^'\]]*'\])"
_PATH = re.compile(rf"(?<![\w.\"'\-])(?:widgets|flow|contact|trigger){_STEP}+")
_STEPS = re.compile(r"\.([A-Za-z_$][\w\-$]*|\d+)|\[(\d+)\]|\[\"([^\"\]]*)\"\]|\['([^'\]]*)'\]")
_WHOLE = re.compile(
    r"\s*\{\{-?\s*([^|{}]+?)\s*((?:\|\s*(?:downcase|upcase|strip|capitalize|squish)\s*)*)-?\}\}\s*"
)

_LONGEST = 300  # characters of a reference

_HEARD = ("inbound", "incoming", "inbound_message", "incoming_message")
_PRESSED = ("ButtonPayload", "ListId", "Payload")
_ADDRESSES = {
    ("contact", "channel", "address"), ("contact", "phone"), ("contact", "address"),
    ("trigger", "message", "From"), ("trigger", "message", "from"), ("trigger", "request", "to"),
    ("trigger", "call", "From"), ("trigger", "conversation", "From"),
}  # fmt: skip
_GIVEN = (("flow", "data"), ("trigger", "request", "parameters"), ("trigger", "parent", "parameters"))
FIRST_WORDS = ("trigger", "message", "Body")

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a split looks at. `reply` and `payload` name the widget whose answer it is; else `path` alone counts."""

    path: Path
    reply: str = ""
    payload: str = ""


@dataclass(slots=True)
class References:
    """Translates, and keeps in mind which answers must be saved for it.

    `kinds` is each widget's type. `replies`: variables of replies that were used. `answers`: for each widget that
    calls, the places in the answer that were used and the variable for each.
    """

    kinds: Mapping[str, str]
    report: Report
    variables: Names = field(default_factory=variable_names)
    replies: dict[str, str] = field(default_factory=dict)
    answers: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    unknown: dict[Path, str] = field(default_factory=dict)

    def translate(self, source: str, where: str) -> str:
        """The text with our variables."""
        return _PIECE.sub(
            lambda piece: _PATH.sub(lambda p: self._ours(p.group(), where), piece.group()), source
        )

    def variable(self, path: Path, where: str) -> str:
        """The plain variable that a path became; "" where it takes an expression to get at it."""
        ours = self._resolve(path, where)
        return ours if re.fullmatch(r"[A-Za-z_]\w*", ours) else ""

    def _ours(self, path: str, where: str) -> str:
        return self._resolve(steps(path), where)

    def _resolve(self, path: Path, where: str) -> str:
        if path in _ADDRESSES:
            return "contact.phone"
        for given in _GIVEN:
            if path[: len(given)] == given and len(path) > len(given):
                self.report.changed(
                    where,
                    f"{_shown(path)} came with the start: it is read from the attribute {path[len(given)]!r}.",
                )
                return self._tail(self.variables.of(path[len(given)]), path[len(given) + 1 :])
        match path:
            case ("flow", "variables", name, *rest):
                return self._tail(self.variables.of(name), rest)
            case ("widgets", widget, *rest) if rest:
                return self._widget(widget, tuple(rest), path, where)
        return self._unknown(path, where)

    def _widget(self, widget: str, rest: Path, path: Path, where: str) -> str:
        kind = self.kinds.get(widget, "")
        if kind == "send-and-wait-for-reply" and len(rest) == 2 and rest[0] in _HEARD:
            return self._heard(widget, rest[1], path, where)
        if kind in ("make-http-request", "run-function"):
            if rest[0] == "parsed":
                return self._answer(widget, rest[1:])
            if rest in (("body",), ("content",)):
                self.report.changed(where, f"{_shown(path)} is the answer's JSON here, not its text.")
                return self._answer(widget, ())
        if kind == "set-variables":
            return self._tail(self.variables.of(rest[0]), rest[1:])
        return self._unknown(path, where)

    def _heard(self, widget: str, what: str, path: Path, where: str) -> str:
        if what.lower() in ("body", "buttontext", "listtitle"):
            return self.reply(widget)
        if what in _PRESSED:
            self.report.changed(where, f"{_shown(path)} is the button's title here, not its id.")
            return self.reply(widget)
        if what == "From":
            return "contact.phone"
        return self._unknown(path, where)

    def reply(self, widget: str) -> str:
        """The variable under which a widget's wait saves the reply."""
        if widget not in self.replies:
            self.replies[widget] = self.variables.fresh(f"{widget}_reply")
        return self.replies[widget]

    def _answer(self, widget: str, rest: Path) -> str:
        path = "$" + "".join(_json_step(step) for step in rest)
        saved = self.answers[widget]
        if path not in saved:
            saved[path] = self.variables.fresh("_".join((widget, *rest)))
        return saved[path]

    def _unknown(self, path: Path, where: str) -> str:
        if path not in self.unknown:
            self.unknown[path] = self.variables.fresh("_".join(path))
        name = self.unknown[path]
        self.report.lost(
            where,
            f"{_shown(path)} is not known here: the variable {name!r} stands in its place, and nothing fills it. "
            "Set it in an update node, or use another one.",
        )
        return name

    @staticmethod
    def _tail(name: str, rest: Path | list[str]) -> str:
        return name + "".join(f"[{step}]" if step.isdigit() else f'["{step}"]' for step in rest)


def subject(source: str) -> Subject | None:
    """What a text consists of, if that is one reference; filters that only change case or spaces do not count."""
    found = _WHOLE.fullmatch(source) if len(source) <= _LONGEST else None
    if found is None or not _PATH.fullmatch(found[1]):
        return None
    path = steps(found[1])
    match path:
        case ("widgets", widget, heard, what) if heard in _HEARD:
            if what.lower() in ("body", "buttontext", "listtitle"):
                return Subject(path, reply=widget)
            if what in _PRESSED:
                return Subject(path, payload=widget)
    return Subject(path)


def steps(path: str) -> Path:
    """`widgets.http_1.parsed.items[0]` as its steps."""
    root = re.match(r"\w+", path)
    rest = tuple(next(part for part in found if part) for found in _STEPS.findall(path) if any(found))
    return (root.group() if root else "", *rest)


def _json_step(step: str) -> str:
    if step.isdigit():
        return f"[{step}]"
    return f".{step}" if re.fullmatch(r"[A-Za-z_]\w*", step) else f"[{orjson.dumps(step).decode()}]"


def _shown(path: Path) -> str:
    return brief("{{" + ".".join(path) + "}}")
