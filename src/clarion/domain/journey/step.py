"""One event moves one position: pure, so that any run can be replayed, simulated and tested."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from clarion.domain.journey.edges import Edge
from clarion.domain.journey.effects import Effect, Send, SetTimer, UpdateContact
from clarion.domain.journey.events import (
    Arrived,
    Called,
    Closed,
    Event,
    MessageStatus,
    Replied,
    Returned,
    Stopped,
    TimerFired,
)
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.nodes.base import Finish, Go, Ignore, Scene, Stay, Tried
from clarion.domain.journey.position import FAILED, Facts, Position

MOST_STEPS = 100
"""Nodes one event may pass."""
MOST_EVENTS = 500
"""Events one position may take."""


class Verdict(StrEnum):
    """What became of the event."""

    MOVED = "moved"  # the position is at another visit, or has ended
    STAYED = "stayed"  # used, without leaving
    IGNORED = "ignored"  # it says nothing to the node
    LATE = "late"  # the position had moved on


@dataclass(frozen=True, slots=True)
class Left:
    """One node left (or an event that did not move): what the trace shows and the counts are made of.

    `edge` is the edge's key, "" when the journey ended here or the position stayed; `to` the next node, or "".
    """

    node: str
    visit: int
    event: str
    edge: str = ""
    to: str = ""
    outcome: str = ""
    why: str = ""
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """What one event did. `effects` in the order they were asked for; timers only of the visit it stands at."""

    verdict: Verdict
    position: Position
    effects: tuple[Effect, ...] = ()
    trail: tuple[Left, ...] = ()


def step(graph: Graph, position: Position, event: Event, facts: Facts) -> Step:
    """Let `position` hear `event`. Never raises for what people or authors can cause."""
    if position.outcome:
        return _too_late(position, event, "the journey has ended for this person")
    if isinstance(event, Stopped):
        return _ended(position, event, event.outcome, event.reason)
    if position.node not in graph.by_id:
        return _ended(position, event, FAILED, f"this version of the journey has no node {position.node!r}")
    if late := _late(position, event):
        return _too_late(position, event, late)
    if position.events >= MOST_EVENTS:
        return _ended(position, event, FAILED, f"more than {MOST_EVENTS} events: the journey goes in circles")
    return _Walk(graph, position.but(events=position.events + 1), event, facts).run()


def _late(position: Position, event: Event) -> str:
    match event:
        case TimerFired(visit=visit) | Called(visit=visit) | Returned(visit=visit) | Closed(visit=visit):
            return "" if visit == position.visit else "it belongs to a node that was left"
        case MessageStatus(visit=visit):
            return "" if visit == position.message_visit else "it is about an earlier message"
        case Replied(visit=visit):
            return "another reply was used first" if 0 < visit <= position.answered else ""
    return ""


class _Walk:
    """From the event to where the position comes to rest."""

    def __init__(self, graph: Graph, position: Position, event: Event, facts: Facts) -> None:
        self.graph, self.position, self.first, self.facts = graph, position, event, facts
        self.effects: list[Effect] = []
        self.trail: list[Left] = []
        self.used = False

    def run(self) -> Step:
        before = self.position.visit
        waiting: deque[Event] = deque([self.first])
        for _ in range(MOST_STEPS):
            if self.position.outcome or not waiting:
                return self._result(before)
            event = waiting.popleft()
            scene = Scene(self.graph, self.position.node, self.position, self.facts)
            match self.graph.by_id[self.position.node].hear(event, scene):
                case Ignore(why, tried):
                    if isinstance(event, Replied):
                        self._leave(event, tried=tried, why=why)
                case Stay(effects, variables):
                    self.used = True
                    self._apply(event, effects, variables)
                case Finish(outcome, reason, effects):
                    self._apply(event, effects, {})
                    self._end(event, outcome, reason)
                case Go(edge, effects, variables, tried, passes_on, to):
                    self._apply(event, effects, variables, answered=not passes_on)
                    self._move(event, edge, to or (edge.to if edge else ""), tried)
                    waiting.appendleft(Arrived())
                    if passes_on:
                        waiting.append(event)
        self._end(self.first, FAILED, f"more than {MOST_STEPS} nodes in one go: the journey goes in circles")
        return self._result(before)

    def _apply(
        self, event: Event, effects: Sequence[Effect], variables: Mapping[str, Any], *, answered: bool = True
    ) -> None:
        changes: dict[str, Any] = {}
        if variables:
            changes["variables"] = {**self.position.variables, **variables}
        if answered and isinstance(event, Replied):
            changes["answered"] = self.position.visit
        for effect in effects:
            if isinstance(effect, Send):
                changes["message_visit"] = effect.visit
                # The facts speak of an earlier message; nothing is known of this one.
                if self.facts.message_status:
                    self.facts = replace(self.facts, message_status="", message_code="")
                urgent = isinstance(self.first, Replied)
                self.effects.append(replace(effect, urgent=True) if urgent else effect)
                continue
            if isinstance(effect, UpdateContact):
                self.facts = effect.known_after(self.facts)  # for the nodes that follow in this step
            self.effects.append(effect)
        if changes:
            self.position = self.position.but(**changes)

    def _move(self, event: Event, edge: Edge | None, target: str, tried: tuple[Tried, ...]) -> None:
        if target not in self.graph.by_id:
            self._end(event, FAILED, f"there is no node {target!r}")
            return
        self._leave(event, edge=self.graph.key(edge) if edge else "goto", to=target, tried=tried)
        self.position = self.position.but(node=target, visit=self.position.visit + 1)

    def _end(self, event: Event, outcome: str, reason: str) -> None:
        self._leave(event, outcome=outcome, why=reason)
        self.position = self.position.but(outcome=outcome, reason=reason)

    def _leave(self, event: Event, **told: Any) -> None:
        self.trail.append(Left(self.position.node, self.position.visit, event.kind, **told))

    def _result(self, before: int) -> Step:
        moved = self.position.visit != before or self.position.outcome
        verdict = Verdict.MOVED if moved else Verdict.STAYED if self.used else Verdict.IGNORED
        timely = tuple(
            effect
            for effect in self.effects
            if not isinstance(effect, SetTimer)
            or (effect.visit == self.position.visit and not self.position.outcome)
        )
        return Step(verdict, self.position, timely, tuple(self.trail))


def _ended(position: Position, event: Event, outcome: str, reason: str) -> Step:
    trail = (Left(position.node, position.visit, event.kind, outcome=outcome, why=reason),)
    return Step(Verdict.MOVED, position.but(outcome=outcome, reason=reason), (), trail)


def _too_late(position: Position, event: Event, why: str) -> Step:
    return Step(Verdict.LATE, position, (), (Left(position.node, position.visit, event.kind, why=why),))
