"""The loop: events in the order of a virtual clock, each heard by `step()` with the facts of that moment."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import Any

from clarion.domain.journey.behaviour import Asked, Behaviour, News, Silence, offered
from clarion.domain.journey.effects import Call, Effect, Enter, HandOff, Send, SetTimer, UpdateContact
from clarion.domain.journey.events import (
    Arrived,
    Closed,
    Event,
    MessageStatus,
    Replied,
    Stopped,
    TimerFired,
)
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.nodes.audience import Audience
from clarion.domain.journey.position import OPTED_OUT, Position
from clarion.domain.journey.step import Left, Step, Verdict, step
from clarion.domain.journey.world.actor import Actor, Mail
from clarion.domain.journey.world.forecast import Forecast
from clarion.domain.journey.world.obstacles import obstacle
from clarion.domain.journey.world.person import Person
from clarion.domain.journey.world.sender import Queue, Sender
from clarion.domain.journey.world.tally import Tally
from clarion.domain.journey.world.watch import MessageLeft, Stepped, Unheard, Watch
from clarion.domain.message import NEVER_SENT
from clarion.domain.opt_out import read_reply

FOR_EVER = 1 << 62
"""An `until` that never comes."""

_MEANS = {
    "accepted": {"accepted"},
    "sent": {"accepted"},
    "delivered": {"accepted", "delivered"},
    "read": {"accepted", "delivered", "read"},
    "failed": {"failed"},
    **{status.value: {"failed"} for status in NEVER_SENT},
}
"""What each status tells a node that awaits others: a message that was read was delivered."""
_NOTHING: set[str] = set()


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
        self.graph, self.start, self.until, self.now = graph, start, until, start
        self._people, self._behaviour, self._watch = people, behaviour or Silence(), watch
        self._rate, self._words = rate, tuple(stop_words)
        self._queues = {sender.name: Queue(sender) for sender in senders}
        self._window = self._queue(graph.sender).sender.window
        self._heap: list[tuple[int, int, Actor | None, Any]] = []
        self._pushed = 0
        self._live: set[Actor] = set()
        self._tally = Tally(graph)
        self._awaits = {node: graph.awaits(node) for node in graph.by_id}
        self._asks = {
            node
            for node in graph.by_id
            if graph.listens(node) and any(edge.answers for edge in graph.leaving(node))
        }

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
            elif self._shares:
                self.enter(person)
            else:
                self.now = self.start
                actor = self.enter(person)
                self.advance(self.until)
                self._rest(actor)

    def skip(self, why: str, people: int = 1) -> None:
        """Count people who do not enter, such as those met twice."""
        if people:
            self._tally.skipped[why] += people

    def work(self, most: int = 10_000) -> bool:
        """Let the next `most` things happen; False when nothing is left to happen."""
        for _ in range(most):
            if not self._heap:
                return False
            self._next()
        return True

    def forecast(self) -> Forecast:
        """What happened. Whoever has not ended counts as being where they stand: to be asked at the end."""
        for queue in self._queues.values():
            for actor, _ in queue.left():
                actor.later = actor.position.visit
        for actor in list(self._live):
            self._rest(actor)
        return self._tally.forecast(started_at=self.start, until=self.until)

    @property
    def _shares(self) -> bool:
        """Whether people have to wait for each other."""
        return self._rate > 0 or any(queue.sender.rate for queue in self._queues.values())

    def _refusal(self, person: Person) -> str:
        if person.opted_out:
            return "opted out"
        node = self.graph.by_id.get(self.graph.start)
        if isinstance(node, Audience) and node.filter is not None:
            facts = Actor(person, Position(node.id)).facts(self.start, windowed=self._window > 0)
            if not node.filter.holds(facts, person.attributes):
                return "not meant by the audience's filter"
        return ""

    def _rest(self, actor: Actor) -> None:
        if actor in self._live:
            self._live.discard(actor)
            self._tally.rests(actor, stuck=actor.later != actor.position.visit)

    # --- single people --------------------------------------------------------------------------------------

    def run_person(self, person: Person, events: Iterable[tuple[int, Event]] = ()) -> Life:
        """Let one person enter at `start` and hear `events` (instant, event) beside what the behaviour does.

        Timers fire by themselves; with the behaviour `Silence` nothing else does. What is given for the instant
        of a timer is heard after it. People may follow each other in one world; none of them waits for another.
        """
        if not self._heap:
            self.now = self.start
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
        self._live.add(actor)
        self._tally.entered()
        self._step(actor, Arrived())
        return actor

    def hear(self, actor: Actor, event: Event) -> None:
        """Let something from outside happen to a person now."""
        match event:
            case Replied():
                self._replied(actor, event)
            case MessageStatus(visit=visit, status=status, code=code, reason=reason):
                if actor.mail and actor.mail.visit == visit:
                    news = News(status, code, reason)
                    actor.mail.news = (*actor.mail.news, (self.now, news))
                    actor.mail.waits = False
                    self._tell(actor, news)
            case _:
                self._step(actor, event)

    def advance(self, to: int) -> None:
        """Let everything happen up to and including the instant `to`, and move the clock there."""
        to = min(to, self.until)
        while self._heap and self._heap[0][0] <= to:
            self._next()
        if to < FOR_EVER:
            self.now = max(self.now, to)

    # --- the clock ------------------------------------------------------------------------------------------

    def _push(self, at: int, actor: Actor | None, what: Event | Mail | Queue) -> None:
        if at <= self.until:
            self._pushed += 1  # of things at one instant, the first that was asked for
            heappush(self._heap, (max(at, self.now), self._pushed, actor, what))
        elif actor:
            actor.later = actor.position.visit

    def _next(self) -> None:
        self.now, _, actor, what = heappop(self._heap)
        if actor is None:
            self._slot(what)
        elif isinstance(what, Mail):
            self._news(actor, what)
        elif isinstance(what, Replied):
            self._replied(actor, what)
        elif not isinstance(what, TimerFired):
            self._step(actor, what)
        elif actor.timer == (what.visit, self.now):
            actor.timer = None
            self._step(actor, what)

    def _step(self, actor: Actor, event: Event) -> Step | None:
        before = actor.position
        if before.outcome:
            return None
        facts = actor.facts(self.now, windowed=self._window > 0)
        result = step(self.graph, before, event, facts)
        actor.position = result.position
        actor.keep(result.trail, result.effects)
        self._tally.stepped(result, self.now)
        for left in result.trail:
            if left.event == "arrived" and (found := obstacle(self.graph, left, result.position, facts)):
                self._tally.met(left.node, found, actor)
        if self._watch:
            self._watch(Stepped(self.now, actor.person, event, result))
        for effect in result.effects:
            self._apply(actor, effect)
        if result.position.outcome:
            self._live.discard(actor)
        elif result.position.visit != before.visit:
            self._ask(actor)
            self._expect(actor, self.now + 1)
        return result

    # --- what steps ask for ---------------------------------------------------------------------------------

    def _apply(self, actor: Actor, effect: Effect) -> None:
        key, now = actor.person.key, self.now
        match effect:
            case Send():
                self._send(actor, effect)
            case SetTimer(visit=visit, at=at):
                actor.timer = (visit, max(at, now))
                self._push(at, actor, TimerFired(visit))
            case Call():
                if called := self._behaviour.call(key, effect):
                    self._push(now + called[0], actor, called[1])
            case UpdateContact(consent=consent):
                actor.person = actor.person.updated(effect)
                if consent == "opt_out":
                    self._push(now, actor, Stopped(OPTED_OUT, "the journey noted that they opted out"))
            case HandOff(visit=visit, waits=waits):
                delay = self._behaviour.close(key, actor.position.node, visit) if waits else None
                if delay is not None:
                    self._push(now + delay, actor, Closed(visit))
            case Enter(journey=journey, returns=returns):
                self._tally.sub_journeys[journey] += 1
                if returns and (back := self._behaviour.enter(key, effect)):
                    self._push(now, actor, back)

    def _queue(self, name: str) -> Queue:
        if name not in self._queues:
            self._queues[name] = Queue(Sender(name, rate=self._rate))
        return self._queues[name]

    def _send(self, actor: Actor, effect: Send) -> None:
        expires_at = self.now + effect.expires_after if effect.expires_after else 0
        actor.mail = Mail(effect.visit, actor.position.node, effect.content, expires_at)
        queue = self._queue(effect.sender or self.graph.sender)
        queue.add(actor, actor.mail, urgent=effect.urgent)
        self._book(queue)

    def _book(self, queue: Queue) -> None:
        if queue and not queue.booked:
            queue.booked = True
            self._push(queue.free_at, None, queue)

    def _slot(self, queue: Queue) -> None:
        """A slot has come: the next message that may still be sent leaves."""
        while queue:
            actor, mail = queue.take()
            if actor.person.opted_out:
                self._lose(actor, mail, News("suppressed"))
            elif mail.expires_at and mail.expires_at <= self.now:
                self._lose(actor, mail, News("expired"))
            else:
                queue.use(self.now)
                self._leave(actor, mail, queue.sender)
                break
        queue.booked = False
        self._book(queue)

    def _lose(self, actor: Actor, mail: Mail, news: News) -> None:
        mail.news, mail.waits = ((self.now, news),), False
        if mail is actor.mail:
            self._tell(actor, news)

    def _leave(self, actor: Actor, mail: Mail, sender: Sender) -> None:
        mail.waits = False
        drawn = self._behaviour.delivery(actor.person.key, mail.node, mail.visit)
        mail.news = (*mail.news, *((self.now + delay, news) for delay, news in drawn))
        in_window = sender.window > 0 and actor.window_until > self.now
        self._tally.sent(sender, mail.content, actor.person.address, in_window=in_window)
        if self._watch:
            self._watch(MessageLeft(self.now, actor.person, mail.node, mail.content))
        if mail is actor.mail:
            self._expect(actor, self.now)

    # --- what comes back ------------------------------------------------------------------------------------

    def _expect(self, actor: Actor, since: int) -> None:
        """Come back at the first news of the newest message, from `since` on, that the person's node awaits."""
        mail, awaits = actor.mail, self._awaits[actor.position.node]
        if mail is None or not awaits:
            return
        for at, news in mail.news:
            if at >= since and _MEANS.get(news.status, _NOTHING) & awaits:
                if mail.told_at != at:
                    mail.told_at = at
                    self._push(at, actor, mail)
                return

    def _news(self, actor: Actor, mail: Mail) -> None:
        if mail is not actor.mail or mail.told_at != self.now or actor.position.outcome:
            return
        mail.told_at, visit = -1, actor.position.visit
        news = mail.known(self.now)
        if news:
            self._tell(actor, news)
        if actor.position.visit == visit and not actor.position.outcome:
            self._expect(actor, self.now + 1)

    def _tell(self, actor: Actor, news: News) -> None:
        if actor.mail and _MEANS.get(news.status, _NOTHING) & self._awaits[actor.position.node]:
            self._step(actor, MessageStatus(actor.mail.visit, news.status, news.code, news.reason))

    def _ask(self, actor: Actor) -> None:
        """Find out what the person will say to the node they have come to; a message never seen is not answered."""
        node, mail = actor.position.node, actor.mail
        if node not in self._asks or (mail and mail.lost):
            return
        since = max(self.now, (mail.arrives_at if mail else None) or self.now)
        timer = actor.timer
        asked = Asked(
            node,
            actor.position.visit,
            offered(mail.content) if mail else (),
            self.graph.leaving(node),
            timer[1] - since if timer and timer[0] == actor.position.visit else None,
        )
        if answer := self._behaviour.answer(actor.person.key, asked):
            at = since + answer[0]
            if mail:
                mail.read_by(at)
            self._push(at, actor, answer[1])

    def _replied(self, actor: Actor, reply: Replied) -> None:
        node, live = actor.position.node, not actor.position.outcome
        if reply.about != "system":
            actor.window_until = self.now + self._window
        if read_reply(reply.text or reply.payload, self._words).opt_out:
            actor.person = replace(actor.person, opted_out=True)
            self._tally.replied(node, "stop", heard=live)
            self._step(actor, Stopped(OPTED_OUT, "the person asked to be left alone"))
            return
        # Nobody answers a message that has not left: such a reply belongs to something else.
        heard = live and self.graph.listens(node) and not (actor.mail and actor.mail.waits)
        self._tally.replied(node, reply.about, heard=heard)
        if not heard:
            if self._watch:
                self._watch(Unheard(self.now, actor.person, reply))
            return
        visit = reply.visit or actor.position.visit
        result = self._step(actor, replace(reply, visit=visit))
        if result and result.verdict is Verdict.IGNORED:
            self._tally.unmatched(node)
