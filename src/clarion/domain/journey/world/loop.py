"""The loop: events in the order of a virtual clock, each heard by `step()` with the facts of that moment."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from heapq import heappop, heappush
from typing import Any

from clarion.domain.journey.behaviour import Asked, Behaviour, offered
from clarion.domain.journey.effects import Call, Effect, Enter, HandOff, Send, SetTimer, UpdateContact
from clarion.domain.journey.events import Closed, Event, Replied, Stopped, TimerFired
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.position import OPTED_OUT
from clarion.domain.journey.step import Step, Verdict, step
from clarion.domain.journey.world.actor import Actor, Mail
from clarion.domain.journey.world.obstacles import obstacle
from clarion.domain.journey.world.post import Post
from clarion.domain.journey.world.sender import Queue, Sender
from clarion.domain.journey.world.tally import Tally
from clarion.domain.journey.world.watch import Stepped, Unheard, Watch
from clarion.domain.opt_out import read_reply


class Loop:
    """What happens to people, one thing after another. `now` moves from one to the next, never beyond `until`."""

    def __init__(
        self,
        graph: Graph,
        behaviour: Behaviour,
        *,
        now: int,
        until: int,
        senders: Iterable[Sender],
        rate: float,
        stop_words: Sequence[str],
        watch: Watch | None,
    ) -> None:
        self.graph, self.behaviour, self.now, self.until, self.watch = graph, behaviour, now, until, watch
        self.tally = Tally(graph)
        self.live: set[Actor] = set()
        self.post = Post(self, senders, rate)
        self._words = tuple(stop_words)
        self._heap: list[tuple[int, int, Actor | None, Any]] = []
        self._pushed = 0
        self._asks = {
            node
            for node in graph.by_id
            if graph.listens(node) and any(edge.answers for edge in graph.leaving(node))
        }

    @property
    def due_at(self) -> int | None:
        """When the next thing happens."""
        return self._heap[0][0] if self._heap else None

    def push(self, at: int, actor: Actor | None, what: Event | Mail | Queue) -> None:
        """Let something happen at `at`; beyond the horizon it is only noted that it would."""
        if at <= self.until:
            self._pushed += 1  # of things at one instant, the first that was asked for
            heappush(self._heap, (max(at, self.now), self._pushed, actor, what))
        elif actor:
            actor.later = actor.position.visit

    def next(self) -> None:
        """Let the next thing happen."""
        self.now, _, actor, what = heappop(self._heap)
        if actor is None:
            self.post.slot(what)
        elif isinstance(what, Mail):
            self.post.news(actor, what)
        elif isinstance(what, Replied):
            self.replied(actor, what)
        elif not isinstance(what, TimerFired):
            self.step(actor, what)
        elif actor.timer == (what.visit, self.now):
            actor.timer = None
            self.step(actor, what)

    def step(self, actor: Actor, event: Event) -> Step | None:
        """Let a person hear an event; None if their journey has ended."""
        before = actor.position
        if before.outcome:
            return None
        facts = actor.facts(self.now, windowed=self.post.window > 0)
        result = step(self.graph, before, event, facts)
        actor.position = result.position
        actor.keep(result.trail, result.effects)
        self.tally.stepped(result, self.now)
        for left in result.trail:
            if left.event == "arrived" and (found := obstacle(self.graph, left, result.position, facts)):
                self.tally.met(left.node, found, actor)
        if self.watch:
            self.watch(Stepped(actor.person, event, facts, result))
        for effect in result.effects:
            self._apply(actor, effect)
        if result.position.outcome:
            self.live.discard(actor)
        elif result.position.visit != before.visit:
            self._ask(actor)
            self.post.expect(actor, self.now + 1)
        return result

    def _apply(self, actor: Actor, effect: Effect) -> None:
        key, now = actor.person.key, self.now
        match effect:
            case Send():
                self.post.send(actor, effect)
            case SetTimer(visit=visit, at=at):
                actor.timer = (visit, max(at, now))
                self.push(at, actor, TimerFired(visit))
            case Call():
                if called := self.behaviour.call(key, effect):
                    self.push(now + called[0], actor, called[1])
            case UpdateContact(consent=consent):
                actor.person = actor.person.updated(effect)
                if consent == "opt_out":
                    self.push(now, actor, Stopped(OPTED_OUT, "the journey noted that they opted out"))
            case HandOff(visit=visit, waits=waits):
                delay = self.behaviour.close(key, actor.position.node, visit) if waits else None
                if delay is not None:
                    self.push(now + delay, actor, Closed(visit))
            case Enter(journey=journey, returns=returns):
                self.tally.sub_journeys[journey] += 1
                if returns and (back := self.behaviour.enter(key, effect)):
                    self.push(now, actor, back)

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
        if answer := self.behaviour.answer(actor.person.key, asked):
            at = since + answer[0]
            if mail:
                mail.read_by(at)
            self.push(at, actor, answer[1])

    def replied(self, actor: Actor, reply: Replied) -> None:
        """A person writes: a stop word is obeyed first, then the reply goes to a node that listens."""
        node, live = actor.position.node, not actor.position.outcome
        if reply.about != "system":
            actor.window_until = self.now + self.post.window
        if read_reply(reply.text or reply.payload, self._words).opt_out:
            actor.person = replace(actor.person, opted_out=True)
            self.tally.replied(node, "stop", heard=live)
            self.step(actor, Stopped(OPTED_OUT, "the person asked to be left alone"))
            return
        # Nobody answers a message that has not left: such a reply belongs to something else.
        heard = live and self.graph.listens(node) and not (actor.mail and actor.mail.waits)
        self.tally.replied(node, reply.about, heard=heard)
        if not heard:
            if self.watch:
                self.watch(Unheard(self.now, actor.person, reply))
            return
        visit = reply.visit or actor.position.visit
        result = self.step(actor, replace(reply, visit=visit))
        if result and result.verdict is Verdict.IGNORED:
            self.tally.unmatched(node)
