"""The platform's edges, drawn: a message there may wait for the answer itself, here a wait does."""

from collections.abc import Callable
from dataclasses import dataclass

from clarion.domain.journey.lift.answers import Answers
from clarion.domain.journey.lift.draft import Draft
from clarion.domain.journey.lift.platform_nodes import Foreign
from clarion.domain.journey.lift.report import Report
from clarion.domain.journey.lift.spans import TIMEOUTS, duration
from clarion.domain.journey.lift.ways import ANSWERS, Way

DEFAULT_TIMEOUT = "24h"


@dataclass(frozen=True, slots=True)
class Ways:
    """Draws the ways out of each node, once all nodes are there. `saves`: the variable for a node's answer."""

    draft: Draft
    report: Report
    answers: Answers
    saves: Callable[[Foreign], str]

    def leave(self, foreign: Foreign, ways: list[Way]) -> None:
        """Draw the ways out of one node."""
        node, where = self.draft.ids.of(foreign.where), foreign.where
        match self.draft.nodes[node]["kind"]:
            case "wait":
                self._answered(node, where, ways)
            case "message":
                self._sent(node, foreign, ways)
            case "delay" if any(way.on in ANSWERS for way in ways):
                self._asked(node, foreign, ways)
            case "api":
                self._called(node, where, ways)
            case "end":
                for way in ways:
                    self.report.lost(where, f"Nothing leaves an end: its way to {way.target!r} is not drawn.")
            case _:
                self._one(node, where, ways)

    def _sent(self, node: str, foreign: Foreign, ways: list[Way]) -> None:
        failures = [way for way in ways if way.on == "failure"]
        rest = [way for way in ways if way.on != "failure"]
        for way in failures[:1]:
            self.draft.draw(node, self._to(way), "failed")
        self._second(foreign.where, failures[1:])
        if any(way.on in ANSWERS or way.on == "timeout" for way in rest):
            self._asked(node, foreign, rest)
        else:
            self._one(node, foreign.where, rest)

    def _asked(self, node: str, foreign: Foreign, ways: list[Way]) -> None:
        """Put a wait between the node and its answers."""
        wait, where = self.draft.ids.fresh(f"{node}_wait"), foreign.where
        found = duration(foreign.fields, TIMEOUTS)
        if found and found.remark:
            self.report.changed(where, f"Check its timeout, now {found.text}: {found.remark}.")
        timeout = found.text if found and found.text != "0s" else ""
        save = self.saves(foreign)
        name = f"Answer to {foreign.name or where}"
        at = self.draft.below(node)
        self.draft.add("wait", wait, where, name=name, at=at, timeout=timeout, save=save)
        self.draft.draw(node, wait)
        self.report.changed(
            where,
            f"A {foreign.kind} does not wait for answers here: the wait {wait!r} was put behind it, with its ways.",
        )
        self._answered(wait, where, ways)

    def _answered(self, wait: str, where: str, ways: list[Way]) -> None:
        plain = [way for way in ways if way.on in ("next", "success")]
        spare = [way for way in ways if way.on == "fallback"][1:]
        self._second(where, spare)
        for way in ways:
            if way not in spare:
                self._answer(wait, where, way)
        if plain and not any(way.on == "fallback" for way in ways):
            first = plain.pop(0)
            self.draft.draw(wait, self._to(first), "fallback")
            self.report.changed(
                where, f"Its way to {first.target!r} without a condition became the fallback."
            )
        self._second(where, plain)
        self._bounded(wait, where, ways)

    def _answer(self, wait: str, where: str, way: Way) -> None:
        match way.on:
            case "payload":
                self.answers.payload(wait, self._to(way), way.values, where)
            case "keywords":
                self.answers.keywords(wait, self._to(way), way.values, way.match, where)
            case "regex":
                if not way.values:
                    self.report.lost(where, f"Its way to {way.target!r} has no pattern: it was left out.")
                for pattern in way.values:
                    self.answers.regex(wait, self._to(way), pattern, where)
            case "fallback":
                self.draft.draw(wait, self._to(way), "fallback")
            case "failure":
                self.draft.draw(wait, self._to(way), "failed")

    def _bounded(self, wait: str, where: str, ways: list[Way]) -> None:
        """A timeout needs an edge, and an edge a timeout; and people must be able to leave."""
        made = self.draft.nodes[wait]
        late = [way for way in ways if way.on == "timeout"]
        self._second(where, late[1:])
        if late:
            self.draft.draw(wait, self._to(late[0]), "timeout")
            if "timeout" not in made:
                made["timeout"] = DEFAULT_TIMEOUT
                self.report.changed(
                    where, f"No time was given for its way `timeout`: set to {DEFAULT_TIMEOUT}."
                )
        elif "timeout" in made:
            self.draft.draw(wait, self.draft.over(), "timeout")
            self.report.changed(
                where, f"Nothing said what follows when nobody answers within {made['timeout']}: it ends."
            )
        elif not ways:
            self.draft.draw(wait, self.draft.over(), "fallback")
            self.report.changed(where, "No way left it: after an answer it ends.")

    def _called(self, node: str, where: str, ways: list[Way]) -> None:
        good = [way for way in ways if way.on in ("success", "next")]
        bad = [way for way in ways if way.on == "failure"]
        for way in ways:
            if way.on not in ("success", "next", "failure"):
                self.report.lost(
                    where, f"Its way to {way.target!r} hears no replies here: put a wait before it."
                )
        success = self._to(good[0]) if good else self.draft.over()
        self.draft.draw(node, success, "success")
        self.draft.draw(node, self._to(bad[0]) if bad else success, "failure")
        if not bad:
            self.report.changed(
                where, "It goes the same way whether the call succeeds or not, as it did before."
            )
        self._second(where, [*good[1:], *bad[1:]])

    def _one(self, node: str, where: str, ways: list[Way]) -> None:
        self.draft.draw(node, self._to(ways[0]) if ways else self.draft.over())
        if ways and ways[0].on not in ("next", "success"):
            self.report.changed(where, f"Its way to {ways[0].target!r} is taken without {ways[0].on!r}.")
        self._second(where, [way for way in ways[1:] if way.target != ways[0].target])

    def _second(self, where: str, ways: list[Way]) -> None:
        for way in ways:
            self.report.lost(where, f"Its way to {way.target!r} is not drawn: people go one way at a time.")

    def _to(self, way: Way) -> str:
        return self.draft.ids.of(way.target)
