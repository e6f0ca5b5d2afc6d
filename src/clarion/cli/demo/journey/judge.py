"""What the sample journey owes everybody, and what they got: judged from the simulator's ledger alone.

The rules stand here a second time, in the ledger's own terms, so that a mistake of the engine cannot hide itself.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from clarion.cli.demo.journey.sample import BREATH, TIMEOUT, tier

MARKS: Mapping[str, re.Pattern[str]] = {
    "ask": re.compile(r"is Monday morning fine for your (?P<tier>\w+) visit"),
    "booked": re.compile(r"Monday morning is booked"),
    "details": re.compile(r"Your (?P<tier>\w+) visit takes about an hour"),
    "other_day": re.compile(r"Which day of the month suits you"),
    "noted": re.compile(r"We have noted the"),
    "call_back": re.compile(r"somebody will call you"),
    "unclear": re.compile(r"we did not understand"),
    "remind": re.compile(r"we keep Monday morning for you"),
}
"""How each message of the journey is recognised."""

_SECOND = 1_000_000_000
_TIMEOUT, _BREATH = int(TIMEOUT * _SECOND), int(BREATH * _SECOND)
_RACE = _SECOND
"""An answer this close to the end of the wait may lose against the timer."""
_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Sent:
    """A message the provider accepted: `at` its request arrived, in nanoseconds."""

    at: int
    step: str
    id: str


@dataclass(frozen=True, slots=True)
class Said:
    """A person's message: `at` its webhook was first posted, in nanoseconds; `about` the message it quotes."""

    at: int
    text: str
    payload: str = ""
    about: str = ""


@dataclass(slots=True)
class Judgement:
    """Everybody together. `gaps`: milliseconds from each answer's webhook to the request that it led to.

    `early`: messages before their time; `misinformed`: messages with another customer's tier; `raced`: answers
    that came when the time was up.
    """

    people: int = 0
    owed: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    doubled: int = 0
    early: int = 0
    misinformed: int = 0
    raced: int = 0
    gaps: list[float] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    def gap(self, share: float) -> float | None:
        """The gap that so large a share of them does not exceed; None without any."""
        ordered = sorted(self.gaps)
        return ordered[max(ceil(share * len(ordered)), 1) - 1] if ordered else None


def judge(
    sends: Iterable[Mapping[str, Any]], replies: Iterable[Mapping[str, Any]], *, people: int
) -> Judgement:
    """Judge the ledger's rows. `people` were to be written to; those it does not know are lost."""
    sent: defaultdict[str, list[Sent]] = defaultdict(list)
    said: defaultdict[str, list[Said]] = defaultdict(list)
    found = Judgement(people)
    for row in sends:
        if row["outcome"] == "accepted":
            step, informed = _recognised(row["recipient"], row.get("text", ""))
            sent[row["recipient"]].append(Sent(row["mono_ns"], step, row["provider_id"]))
            found.misinformed += not informed
    for row in replies:
        if row["posted_ns"] is not None:
            words = Said(row["posted_ns"], row["text"], row["payload"] or "", row["context"] or "")
            said[row["recipient"]].append(words)
    for person, messages in sent.items():
        _Case(found, person, messages, sorted(said[person], key=lambda each: each.at)).hear()
    missing = people - len(sent)
    if missing > 0:
        found.lost += missing
        found.examples.append(f"{missing} people got nothing at all")
    del found.examples[_EXAMPLES:]
    return found


def _recognised(person: str, text: str) -> tuple[str, bool]:
    for step, mark in MARKS.items():
        if match := mark.search(text):
            return step, match.groupdict().get("tier", tier(person)) == tier(person)
    return f"unknown: {text[:40]}", True


class _Case:
    """One person's messages against their answers."""

    def __init__(self, found: Judgement, person: str, sent: Sequence[Sent], said: Sequence[Said]) -> None:
        self._found, self._person, self._said = found, person, said
        self._got = Counter(each.step for each in sent)
        self._first = {each.step: each for each in reversed(sent)}

    def hear(self) -> None:
        owed = Counter(self._owed())
        lost, doubled = owed - self._got, self._got - owed
        self._found.owed += owed
        self._found.lost += lost.total()
        self._found.doubled += doubled.total()
        if lost or doubled:
            self._found.examples.append(f"{self._person}: owed {list(owed)}, got {dict(self._got)}")

    def _owed(self) -> list[str]:
        steps = ["ask"]
        while steps[-1] in ("ask", "other_day") and (asked := self._first.get(steps[-1])):
            steps.append(self._after(asked))
        if steps[-1] == "booked":
            steps.append("details")
            if (booked := self._first.get("booked")) and (details := self._first.get("details")):
                self._found.early += details.at < booked.at + _BREATH
        return steps

    def _after(self, asked: Sent) -> str:
        """The step that follows a question."""
        due, reminded = asked.at + _TIMEOUT, self._first.get("remind")
        answer = next((each for each in self._said if _answers(each, asked)), None)
        step = "remind" if answer is None else branch(asked.step, answer)
        if answer is not None and answer.at > due - _RACE:
            self._found.raced += 1
            if reminded and step not in self._got:
                step = "remind"
        if step == "remind":
            self._found.early += reminded is not None and reminded.at < due
        elif answer is not None and (then := self._first.get(step)):
            self._found.gaps.append((then.at - answer.at) / 1e6)
        return step


def _answers(said: Said, asked: Sent) -> bool:
    return said.about == asked.id if said.about else said.at > asked.at


def branch(asked: str, answer: Said) -> str:
    """The step that an answer to a question leads to."""
    if asked == "other_day":
        return "noted" if re.search(r"\d", answer.text) else "call_back"
    if answer.payload:
        return {"VISIT_YES": "booked", "VISIT_NO": "other_day"}.get(answer.payload, "unclear")
    if re.search(r"\d{1,2}(st|nd|rd|th)", answer.text):
        return "noted"
    return "call_back" if re.search(r"\b(call|phone me)\b", answer.text, re.IGNORECASE) else "unclear"
