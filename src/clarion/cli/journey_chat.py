"""One contact of a journey, played in the terminal: the virtual world with a person at the keyboard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clarion.cli.base import moment
from clarion.cli.journey_player import Ask, Player, Tell
from clarion.domain.content import Buttons, Choice, Content, ListPicker, Template
from clarion.domain.journey.behaviour import offered
from clarion.domain.journey.crowd import Result
from clarion.domain.journey.events import Closed, Replied
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.span import micros, spelled
from clarion.domain.journey.step import Left, Verdict
from clarion.domain.journey.world import MessageLeft, Person, Sender, Stepped, Unheard, World
from clarion.domain.journey.world.obstacles import obstacle
from clarion.domain.preview import as_text

HELP = (
    "A number presses that button, anything else is what you write. /wait 2h lets time pass, /state shows where you "
    "are, /why explains the last decision, /close ends a conversation with a colleague, /quit leaves."
)


@dataclass(frozen=True, slots=True)
class Scenery:
    """What stands around the contact. `texts`: approved bodies by template and language.

    `answers` are given by api nodes, the others are asked for.
    """

    graph: Graph
    senders: Sequence[Sender]
    texts: Mapping[tuple[str, str], str]
    stop_words: Sequence[str]
    answers: Mapping[str, Sequence[Result]]


class Chat:
    """The conversation. Messages arrive and are read at once; only `/wait` moves the clock."""

    def __init__(self, scenery: Scenery, person: Person, *, now: int, tell: Tell, ask: Ask) -> None:
        self._graph, self._texts, self._tell, self._ask = scenery.graph, scenery.texts, tell, ask
        self._choices: tuple[Choice, ...] = ()
        self._last: Stepped | None = None
        self._world = World(
            scenery.graph,
            behaviour=Player(scenery.answers, tell, ask),
            start=now,
            senders=[replace(sender, rate=0.0) for sender in scenery.senders],
            stop_words=scenery.stop_words,
            watch=self._saw,
        )
        self._actor = self._world.enter(person, remember=True)
        self._settle()

    def play(self) -> dict[str, Any]:
        """Until the journey or the input ends; what became of it."""
        while not self._actor.position.outcome:
            line = self._ask("> ")
            if line is None or line.strip() == "/quit":
                break
            if line.strip():
                self._typed(line.strip())
        return self._summary()

    def _typed(self, line: str) -> None:
        command, _, rest = line.partition(" ")
        match command:
            case "/wait":
                self._wait(rest)
            case "/state":
                self._state()
            case "/why":
                self._why()
            case "/close":
                self._world.hear(self._actor, Closed(self._actor.position.visit))
                self._settle()
            case _ if line.startswith("/"):
                self._tell(HELP)
            case _:
                self._world.hear(self._actor, self._reply(line))
                self._settle()

    def _reply(self, line: str) -> Replied:
        number = int(line) if line.isascii() and line.isdecimal() and len(line) < 4 else 0
        if 0 < number <= len(self._choices):
            pressed = self._choices[number - 1]
            return Replied(text=pressed.title, payload=pressed.id, about="button")
        return Replied(text=line)

    def _wait(self, text: str) -> None:
        try:
            span = micros(text)
        except ValueError as problem:
            self._tell(f"({problem})")
            return
        self._world.advance(self._world.now + span)
        self._tell(f"({spelled(span)} later: {moment(self._world.now)})")
        self._settle()

    def _settle(self) -> None:
        """Let all that is due now happen, and say what can be waited for."""
        self._world.advance(self._world.now)
        position, timer = self._actor.position, self._actor.timer
        if position.outcome or self._graph.listens(position.node):
            return
        if timer and timer[0] == position.visit:
            left = spelled(timer[1] - self._world.now)
            self._tell(f"(at {position.node}: nothing to answer, a timer fires in {left})")
        else:
            self._tell(f"(at {position.node}: nothing to answer)")

    # --- what is shown --------------------------------------------------------------------------------------

    def _saw(self, what: MessageLeft | Stepped | Unheard) -> None:
        match what:
            case MessageLeft(content=content):
                self._choices = offered(content)
                self._tell(self._shown(content))
            case Unheard():
                self._tell("(no node listens now: this would go to the inbox)")
            case Stepped():
                self._last = what
                for left in what.step.trail:
                    self._went(left, what)

    def _went(self, left: Left, stepped: Stepped) -> None:
        if left.outcome:
            why = f": {left.why}" if left.why else ""
            self._tell(f"(the journey ends at {left.node} as {left.outcome}{why})")
        elif hindered := self._hindered(left, stepped):
            self._tell(f"({left.node} is not sent: {hindered})")
        elif isinstance(stepped.event, Replied) and stepped.step.verdict is Verdict.IGNORED:
            self._tell(f"({left.why}: you are still at {left.node})")

    def _hindered(self, left: Left, stepped: Stepped) -> str:
        found = obstacle(self._graph, left, stepped.step.position, stepped.facts)
        return str(found) if found else ""

    def _shown(self, content: Content) -> str:
        text = self._texts.get((content.name, content.language), "") if isinstance(content, Template) else ""
        bare: Content = content
        match content:  # what can be pressed stands below, with numbers
            case Buttons():
                bare = replace(content, buttons=())
            case Template():
                bare = replace(content, buttons=())
            case ListPicker():
                bare = replace(content, sections=())
        rows = [
            f"  {n}  {choice.title}{f': {choice.description}' if choice.description else ''}"
            for n, choice in enumerate(self._choices, start=1)
        ]
        return "\n".join(f"| {line}" for line in [*as_text(bare, text).splitlines(), *rows])

    def _state(self) -> None:
        position, timer, person = self._actor.position, self._actor.timer, self._actor.person
        lines = [f"at {position.node} (visit {position.visit}), {moment(self._world.now)}"]
        lines += [f"{name} = {value!r}" for name, value in position.variables.items()]
        lines += [f"contact: {name} = {value!r}" for name, value in person.attributes.items()]
        if person.tags:
            lines.append(f"tags: {', '.join(sorted(person.tags))}")
        if timer and timer[0] == position.visit:
            lines.append(f"timer in {spelled(timer[1] - self._world.now)}, at {moment(timer[1])}")
        if self._world.window:
            state = "open" if self._actor.window_until > self._world.now else "closed"
            lines.append(f"24-hour window: {state}")
        self._tell("\n".join(f"  {line}" for line in lines))

    def _why(self) -> None:
        if self._last is None:
            return
        for left in self._last.step.trail:
            went = (
                f"ended as {left.outcome}"
                if left.outcome
                else f"{left.edge} → {left.to}"
                if left.to
                else "stayed"
            )
            why = left.why or self._hindered(left, self._last)
            self._tell(f"  {left.node} heard {left.event}: {went}{f' ({why})' if why else ''}")
            for tried in left.tried:
                self._tell(f"    {'✓' if tried.taken else '·'} {tried.edge}: {tried.why}")
        if not self._last.step.trail:
            self._tell(f"  {self._actor.position.node} heard {self._last.event.kind}: stayed")

    def _summary(self) -> dict[str, Any]:
        position = self._actor.position
        return {
            "node": position.node,
            "outcome": position.outcome,
            "reason": position.reason,
            "variables": dict(position.variables),
            "attributes": dict(self._actor.person.attributes),
            "trail": self._actor.trail,
        }
