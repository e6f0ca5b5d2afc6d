"""The virtual world as others use it: an audience at once, or one person step by step."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clarion.domain.journey.behaviour import Behaviour, Silence
from clarion.domain.journey.effects import Effect
from clarion.domain.journey.events import Arrived, Event, MessageStatus, Replied
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.nodes.audience import Audience
from clarion.domain.journey.position import Position
from clarion.domain.journey.step import Left
from clarion.domain.journey.world.actor import Actor
from clarion.domain.journey.world.forecast import Forecast
from clarion.domain.journey.world.loop import Loop
from clarion.domain.journey.world.person import Person
from clarion.domain.journey.world.sender import Sender
from clarion.domain.journey.world.watch import Watch

FOR_EVER = 1 << 62
"""An `until` that never comes."""


@dataclass(frozen=True, slots=True)
class Life:
    """What became of one person: where they stand, every node they left, and all that was asked for."""

    person: Person
    position: Position
    trail: tuple[Left, ...]
    effects: tuple[Effect, ...]


class World:
    """A journey, its people and a clock that moves only when something happens.

    All people of `people` enter at `start`; nothing happens after `until`. Instants are microseconds since 1970,
    UTC; `rate` is messages per second of senders that `senders` does not name (0: as fast as it goes).
    `behaviour` says what people and providers do (default: nothing); `watch` is told all that happens;
    `stop_words` are the workspace's own beside the default ones.

    Two ways to use it: `run()` for an audience, and for single people `run_person()`, or `enter()`, `hear()` and
    `advance()` step by step. Opt-outs, windows and routing are the engine's: a STOP word stops, a reply where no
    node listens is unheard, and a status is told only to nodes that await it.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        people: Iterable[Person] = (),
        behaviour: Behaviour | None = None,
        start: int,
        until: int = FOR_EVER,
        rate: float = 0.0,
        senders: Iterable[Sender] = (),
        stop_words: Sequence[str] = (),
        watch: Watch | None = None,
    ) -> None:
        self.graph, self.start, self.until = graph, start, until
        self._people = people
        self._loop = Loop(
            graph,
            behaviour or Silence(),
            now=start,
            until=until,
            senders=senders,
            rate=rate,
            stop_words=stop_words,
            watch=watch,
        )

    @property
    def now(self) -> int:
        """What the clock shows."""
        return self._loop.now

    @property
    def window(self) -> int:
        """Microseconds after a person's message in which the journey's own sender may send free text; 0: always."""
        return self._loop.post.window

    # --- an audience ----------------------------------------------------------------------------------------

    def run(self) -> Forecast:
        """Let everybody enter, and everything happen."""
        self.admit(self._people)
        while self.work():
            pass
        return self.forecast()

    def admit(self, people: Iterable[Person]) -> None:
        """Let these people enter at `start`, those whom the audience node takes.

        Where no rate has to be shared, each is played out at once, and memory stays flat.
        """
        for person in people:
            if refusal := self._refusal(person):
                self.skip(refusal)
            elif self._loop.post.shares:
                self.enter(person)
            else:
                self._loop.now = self.start
                actor = self.enter(person)
                self.advance(self.until)
                self._rest(actor)

    def skip(self, why: str, people: int = 1) -> None:
        """Count people who do not enter, such as those met twice."""
        if people:
            self._loop.tally.skipped[why] += people

    def work(self, most: int = 10_000) -> bool:
        """Let the next `most` things happen; False when nothing is left to happen."""
        for _ in range(most):
            if self._loop.due_at is None:
                return False
            self._loop.next()
        return True

    def forecast(self) -> Forecast:
        """What happened. Whoever has not ended counts as being where they stand: to be asked at the end."""
        for actor in self._loop.post.waiting():
            actor.later = actor.position.visit
        for actor in list(self._loop.live):
            self._rest(actor)
        return self._loop.tally.forecast(started_at=self.start, until=self.until)

    def _refusal(self, person: Person) -> str:
        if person.opted_out:
            return "opted out"
        node = self.graph.by_id.get(self.graph.start)
        if isinstance(node, Audience) and node.filter is not None:
            facts = Actor(person, Position(node.id)).facts(self.start, windowed=self.window > 0)
            if not node.filter.holds(facts, person.attributes):
                return "not meant by the audience's filter"
        return ""

    def _rest(self, actor: Actor) -> None:
        if actor in self._loop.live:
            self._loop.live.discard(actor)
            self._loop.tally.rests(actor, stuck=actor.later != actor.position.visit)

    # --- single people --------------------------------------------------------------------------------------

    def run_person(self, person: Person, events: Iterable[tuple[int, Event]] = ()) -> Life:
        """Let one person enter at `start` and hear `events` (instant, event) beside what the behaviour does.

        Timers fire by themselves; with the behaviour `Silence` nothing else does. What is given for the instant
        of a timer is heard after it. People may follow each other in one world; none of them waits for another.
        """
        if self._loop.due_at is None:
            self._loop.now = self.start
        actor = self.enter(person, remember=True)
        for at, event in sorted(events, key=lambda each: each[0]):
            self.advance(at)
            self.hear(actor, event)
        self.advance(self.until)
        return Life(actor.person, actor.position, tuple(actor.trail or ()), tuple(actor.effects or ()))

    def enter(self, person: Person, *, remember: bool = False) -> Actor:
        """Let a person enter now, whatever the audience's filter says. `remember` keeps the trail and effects."""
        actor = Actor(person, Position(self.graph.start))
        if remember:
            actor.remember()
        self._loop.live.add(actor)
        self._loop.tally.entered()
        self._loop.step(actor, Arrived())
        return actor

    def hear(self, actor: Actor, event: Event) -> None:
        """Let something from outside happen to a person now."""
        match event:
            case Replied():
                self._loop.replied(actor, event)
            case MessageStatus():
                self._loop.post.heard(actor, event)
            case _:
                self._loop.step(actor, event)

    def advance(self, to: int) -> None:
        """Let everything happen up to and including the instant `to`, and move the clock there."""
        to = min(to, self.until)
        while (due_at := self._loop.due_at) is not None and due_at <= to:
            self._loop.next()
        if to < FOR_EVER:
            self._loop.now = max(self._loop.now, to)
