"""One person's way through a graph, walked again from the start with each thing they do: nothing is kept between.

The same `step()` as in earnest, on a clock of its own. Messages arrive and are read at once; only waiting moves time.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from clarion.domain import preview
from clarion.domain.content import Choice, Content, Template
from clarion.domain.errors import BadContent, BadField, BadGraph
from clarion.domain.journey.behaviour import News, Silence, offered
from clarion.domain.journey.crowd import Result
from clarion.domain.journey.effects import Call, Enter
from clarion.domain.journey.events import Called, Closed, Replied, Returned
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.nodes.base import Tried
from clarion.domain.journey.problem import Problem
from clarion.domain.journey.span import micros
from clarion.domain.journey.step import Left, Verdict
from clarion.domain.journey.world import MessageLeft, Person, Stepped, Unheard, World
from clarion.domain.journey.world.obstacles import obstacle
from clarion.services.journeys.simulate import senders_of, stop_words_of, template_texts
from clarion.store.db import Database

T = TypeVar("T")
Waits = Literal["reply", "answer", "close", "time", "nothing"]


@dataclass(frozen=True, slots=True)
class Said:
    """The person writes `text`, or presses the choice with the id `payload`."""

    text: str = ""
    payload: str = ""
    about: str = "text"


@dataclass(frozen=True, slots=True)
class Passed:
    """Time goes by: `span` such as 2h."""

    span: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The web service that the person's api node has called answers."""

    result: Result


@dataclass(frozen=True, slots=True)
class Dealt:
    """One of us closes the conversation that a handoff put before people."""


Deed = Said | Passed | Answered | Dealt


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, at an instant of the trial's clock, with what belongs to its kind.

    message: `text` and `choices` at `node`. reply: what the person wrote, or their button. step: an event moved
    the person (or did not): `edge` and `to`, or `outcome`, `why`, and every edge looked at. unheard: a reply that
    no node listened to. note: what is not played here.
    """

    kind: Literal["message", "reply", "step", "unheard", "note"]
    at: int
    node: str = ""
    text: str = ""
    payload: str = ""
    choices: tuple[Choice, ...] = ()
    content: Content | None = None
    visit: int = 0
    event: str = ""
    edge: str = ""
    to: str = ""
    outcome: str = ""
    why: str = ""
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the person is in the end, and what can happen next.

    `timer_at`: when a timer fires, 0 for none. `window_until`: until when free text may be sent (0: closed),
    None where the sender has no such window. `calls`: the address that the api node has called.
    """

    node: str
    visit: int
    now: int
    variables: Mapping[str, Any]
    attributes: Mapping[str, Any]
    tags: tuple[str, ...]
    outcome: str
    reason: str
    timer_at: int
    window_until: int | None
    waits_for: Waits
    calls: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """A walk: what happened, in order, and where it led."""

    lines: tuple[Line, ...]
    standing: Standing


async def try_out(
    db: Database,
    graph: Graph,
    person: Person,
    deeds: Sequence[Deed],
    *,
    start: int,
    answers: Mapping[str, Result] | None = None,
    workspace: int = 1,
) -> Trial:
    """Walk the person through the graph from `start` (microseconds since 1970), doing one deed after the other.

    `answers`: what api nodes are answered at once; others wait for an `Answered`. Raises BadField naming the deed.
    """
    check_walkable(graph)
    senders = [replace(each, rate=0.0) for each in await senders_of(db, graph, workspace=workspace)]
    texts = await template_texts(db, graph, workspace=workspace)
    words = await stop_words_of(db, workspace=workspace)
    walk = _Walk(graph, texts, answers or {})
    world = World(graph, behaviour=walk, start=start, senders=senders, stop_words=words, watch=walk.saw)
    return await asyncio.to_thread(walked, lambda: walk.go(world, person, deeds))


def check_walkable(graph: Graph) -> None:
    """Raises BadGraph for one that nobody can enter."""
    if not graph.start:
        raise BadGraph([Problem("", "nodes", "has no node of kind audience: nobody can enter")])


def walked(walk: Callable[[], T]) -> T:
    """What `walk` gives. A draft may hold texts that cannot be filled in: raises BadGraph, as publishing does."""
    try:
        return walk()
    except BadContent as problem:
        raise BadGraph([Problem("", problem.field, problem.problem)]) from None


@dataclass
class _Walk(Silence):
    """A phone that is on, web services that answer as they were told, and a watcher who writes it all down."""

    graph: Graph
    texts: Mapping[tuple[str, str], str]
    answers: Mapping[str, Result]
    lines: list[Line] = field(default_factory=list)
    choices: tuple[Choice, ...] = ()
    called: Call | None = None
    now: int = 0

    def go(self, world: World, person: Person, deeds: Sequence[Deed]) -> Trial:
        """From the start through all deeds."""
        self.now = world.now
        actor = world.enter(person, remember=False)
        world.advance(world.now)
        for number, deed in enumerate(deeds):
            if actor.position.outcome:
                raise BadField(f"events/{number}", "the journey has ended for this person before it")
            self.now = world.now
            match deed:
                case Said():
                    self.lines.append(Line("reply", world.now, actor.position.node, deed.text, deed.payload))
                    world.hear(actor, Replied(deed.text, deed.payload, deed.about))
                case Passed(span):
                    self._pass(world, span, number)
                case Answered(result):
                    if self.called is None or self.called.visit != actor.position.visit:
                        raise BadField(f"events/{number}", "no api node waits for an answer here")
                    world.hear(actor, _called(self.called, result))
                case Dealt():
                    world.hear(actor, Closed(actor.position.visit))
            world.advance(world.now)
        return Trial(tuple(self.lines), self._standing(world, actor))

    def _pass(self, world: World, span: str, number: int) -> None:
        try:
            world.advance(world.now + micros(span))
        except ValueError as problem:
            raise BadField(f"events/{number}/span", str(problem)) from None

    def _standing(self, world: World, actor: Any) -> Standing:
        position, person = actor.position, actor.person
        timer = actor.timer[0] == position.visit and actor.timer[1] if actor.timer else 0
        waiting = self._waits(position, timer)
        calls = self.called.url if waiting == "answer" and self.called else ""
        return Standing(
            node=position.node,
            visit=position.visit,
            now=world.now,
            variables=position.variables,
            attributes=person.attributes,
            tags=tuple(sorted(person.tags)),
            outcome=position.outcome,
            reason=position.reason,
            timer_at=timer or 0,
            window_until=actor.window_until if world.window else None,
            waits_for=waiting,
            calls=calls,
            choices=self.choices if waiting == "reply" else (),
        )

    def _waits(self, position: Any, timer: int) -> Waits:
        if position.outcome:
            return "nothing"
        kind = self.graph.by_id[position.node].kind
        if kind == "api":
            return "answer"
        if self.graph.listens(position.node):
            return "reply"
        if kind == "handoff":
            return "close"
        return "time" if timer else "nothing"

    # --- what stands around the person ----------------------------------------------------------------------

    def delivery(self, person: str, node: str, visit: int) -> Sequence[tuple[int, News]]:
        return ((0, News("accepted")), (0, News("delivered")), (0, News("read")))

    def call(self, person: str, call: Call) -> tuple[int, Called] | None:
        self.called = call
        result = self.answers.get(call.node)
        return (0, _called(call, result)) if result else None

    def enter(self, person: str, enter: Enter) -> Returned | None:
        said = f"The journey {enter.journey!r} is not played here: the person comes back as finished."
        self.lines.append(Line("note", self.now, text=said))
        return Returned(enter.visit, "finished")

    # --- what is written down -------------------------------------------------------------------------------

    def saw(self, what: MessageLeft | Stepped | Unheard) -> None:
        """The world's watcher."""
        match what:
            case MessageLeft(at=at, node=node, content=content):
                self.choices = offered(content)
                body = (
                    self.texts.get((content.name, content.language), "")
                    if isinstance(content, Template)
                    else ""
                )
                said = preview.as_text(content, body)
                self.lines.append(Line("message", at, node, said, choices=self.choices, content=content))
            case Unheard(at=at, reply=reply):
                self.lines.append(Line("unheard", at, text=reply.text, payload=reply.payload))
            case Stepped():
                self.now = what.facts.now
                self.lines += [self._step(left, what) for left in what.step.trail]

    def _step(self, left: Left, stepped: Stepped) -> Line:
        ignored = stepped.step.verdict in (Verdict.IGNORED, Verdict.LATE)
        hindered = None if ignored else obstacle(self.graph, left, stepped.step.position, stepped.facts)
        return Line(
            "step",
            stepped.facts.now,
            left.node,
            visit=left.visit,
            event=left.event,
            edge=left.edge,
            to=left.to,
            outcome=left.outcome,
            why=left.why or (str(hindered) if hindered else ""),
            tried=left.tried,
        )


def _called(call: Call, result: Result) -> Called:
    return Called(call.visit, result.status, result.body, result.error)
