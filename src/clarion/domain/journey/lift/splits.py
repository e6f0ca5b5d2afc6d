"""Studio's split-based-on: edges of the wait before it where that is possible, otherwise a split of ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clarion.domain.journey.lift.answers import Answers
from clarion.domain.journey.lift.loose import as_list, as_map, text
from clarion.domain.journey.lift.patterns import carry, literal
from clarion.domain.journey.lift.references import References, Subject, subject
from clarion.domain.journey.lift.report import Report, brief
from clarion.domain.journey.regex import BadPattern
from clarion.domain.journey.words import fold

MOST_BRANCHES = 50
_BY_REPLY = frozenset(
    {"equal_to", "matches_any_of", "contains", "starts_with", "regex", "is_blank", "is_not_blank"}
)
_BY_BUTTON = frozenset({"equal_to", "matches_any_of"})


@dataclass(frozen=True, slots=True)
class Test:
    """One condition of a transition. `source` is the Liquid of what it looks at."""

    kind: str
    value: str
    source: str
    looks_at: Subject | None
    name: str


@dataclass(frozen=True, slots=True)
class Match:
    """One transition of a split: where it leads if all its tests hold."""

    to: str
    tests: tuple[Test, ...]


def matches(state: Mapping[str, Any]) -> list[Match]:
    """A split's transitions with conditions."""
    whole = text(as_map(state.get("properties")).get("input"))
    found = []
    for way in as_list(state.get("transitions")):
        said = as_map(way)
        if said.get("event") != "match":
            continue
        tests = []
        for each in as_list(said.get("conditions")):
            condition = as_map(each)
            arguments = [text(part) for part in as_list(condition.get("arguments")) if text(part)]
            source = arguments[0] if arguments else whole
            kind, value = text(condition.get("type")).lower(), text(condition.get("value"))
            name = text(condition.get("friendly_name")) or f"{kind} {value}"
            tests.append(Test(kind, value, source, subject(source), name))
        found.append(Match(text(said.get("next")), tuple(tests)))
    return found


def fits_wait(found: Sequence[Match], widget: str) -> bool:
    """Whether all of it can be decided by the reply to `widget`, at the wait itself."""
    return bool(found) and all(len(each.tests) == 1 and _by_reply(each.tests[0], widget) for each in found)


def _by_reply(test: Test, widget: str) -> bool:
    if test.looks_at is None or "{{" in test.value:
        return False
    if test.looks_at.payload == widget:
        return test.kind in _BY_BUTTON
    return test.looks_at.reply == widget and test.kind in _BY_REPLY


def draw(answers: Answers, wait: str, to: str, test: Test, where: str) -> None:
    """The edge of the wait that takes what this test takes."""
    values = _listed(test)
    if test.looks_at and test.looks_at.payload:
        answers.payload(wait, to, tuple(values), where)
    elif test.kind in ("equal_to", "matches_any_of"):
        words = tuple(value for value in values if fold(value))
        if words:
            answers.keywords(wait, to, words, "exact", where)
        for value in values:
            if not fold(value):
                answers.regex(wait, to, literal(value), where, whole=True)
        if not values:
            answers.report.lost(where, f"The condition {brief(test.name)!r} has no value: it was left out.")
    elif test.kind == "regex":
        answers.regex(wait, to, test.value, where, whole=True)
    elif test.kind == "is_blank":
        answers.regex(wait, to, r"^\s*$", where)
    elif test.kind == "is_not_blank" or not test.value.strip():
        answers.regex(wait, to, r"\S", where)
    else:
        answers.regex(wait, to, literal(test.value, start=test.kind == "starts_with"), where)


@dataclass(frozen=True, slots=True)
class Conditions:
    """Conditions of one split of ours. `computed`: texts, and the variables an update has to make of them before."""

    references: References
    report: Report
    computed: dict[str, str] = field(default_factory=dict)

    def of(self, match: Match, where: str) -> dict[str, Any] | None:
        """The condition for one transition; None if a part of it has no counterpart."""
        parts = [self._one(test, where) for test in match.tests]
        known = [part for part in parts if part is not None]
        if not known or len(known) < len(parts):
            return None
        if len(known) > 1:
            self.report.changed(where, "A way with several conditions is taken when all of them hold.")
        return known[0] if len(known) == 1 else {"all": known}

    def _one(self, test: Test, where: str) -> dict[str, Any] | None:
        try:
            said = _question(test)
        except BadPattern as problem:
            self.report.lost(where, f"The condition {brief(test.name)!r} cannot be used: {problem}.")
            return None
        if said is None or "{{" in test.value:
            self.report.lost(
                where,
                f"The condition {brief(test.name)!r} ({test.kind or '?'}) has no counterpart: write it anew.",
            )
            return None
        denied, question = said
        asked = {"variable": self._variable(test, where), **question}
        return {"not": asked} if denied else asked

    def _variable(self, test: Test, where: str) -> str:
        plain = self.references.variable(test.looks_at.path, where) if test.looks_at else ""
        if plain:
            return plain
        if test.source not in self.computed:
            self.computed[test.source] = self.references.variables.fresh(f"{where}_value")
        return self.computed[test.source]


def branches_of(
    found: Sequence[Match], conditions: Conditions, where: str
) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """A split's branches as JSON, and for each the widget it leads to."""
    branches: list[dict[str, Any]] = []
    ways: list[tuple[str, str]] = []
    for match in found:
        condition = conditions.of(match, where) if len(branches) < MOST_BRANCHES else None
        if condition is None:
            conditions.report.lost(where, f"Its way to {brief(match.to) or 'the end'!r} is not drawn.")
            continue
        name = _unlike(match.tests[0].name, [branch["name"] for branch in branches])
        branches.append({"name": name, "when": condition})
        ways.append((name, match.to))
    return branches, ways


def _unlike(wish: str, taken: list[str]) -> str:
    wish = wish.strip()[:80] or "match"
    name, n = wish, 2
    while name in taken:
        name, n = f"{wish[:75]} {n}", n + 1
    return name


def _question(test: Test) -> tuple[bool, dict[str, Any]] | None:
    """Whether the answer is turned round, and the comparison. Raises BadPattern."""
    value = test.value.strip()
    denied = test.kind.startswith(("not_", "does_not_"))
    match test.kind:
        case "is_blank":
            return False, {"exists": False}
        case "is_not_blank":
            return False, {"exists": True}
        case "equal_to" | "not_equal_to":
            return denied, {"is": value} if value else {"exists": False}
        case "matches_any_of" | "does_not_match_any_of":
            values = _listed(test)
            return (denied, {"one_of": values[:1_000]}) if values else None
        case "regex" if value:
            return False, {"matches": carry(value, whole=True).pattern}
        case "contains" | "does_not_contain" if value:
            return denied, {"matches": carry(literal(value)).pattern}
        case "starts_with" | "does_not_start_with" if value:
            return denied, {"matches": carry(literal(value, start=True)).pattern}
        case "less_than" | "greater_than" if value:
            return False, {"below" if test.kind == "less_than" else "above": value}
    return None


def _listed(test: Test) -> list[str]:
    if test.kind in ("equal_to", "not_equal_to"):
        return [test.value.strip()] if test.value.strip() else []
    return [part.strip() for part in test.value.split(",") if part.strip()]
