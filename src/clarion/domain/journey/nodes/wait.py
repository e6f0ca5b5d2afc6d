"""wait: stay until the person answers, the newest message is delivered, read or fails, or time is over."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from clarion.domain.journey.edges import Edge, Match, Regex
from clarion.domain.journey.effects import SetTimer
from clarion.domain.journey.events import Arrived, Event, MessageStatus, Replied, TimerFired
from clarion.domain.journey.nodes.base import (
    Answer,
    Example,
    Go,
    Ignore,
    Node,
    Scene,
    Stay,
    Tried,
    VariableName,
)
from clarion.domain.journey.span import Span, micros

_NO_ANSWER = ("reaction", "system", "unsupported")
"""Kinds of replies that answer nothing: a thumb on an old message, a changed number."""


class Wait(Node):
    """Wait for a reply. The first edge that fits it is taken, `fallback` last."""

    ports = ("payload", "keywords", "regex", "fallback", "timeout", "delivered", "read", "failed")
    listens = True
    example: ClassVar[Example] = {"id": "answer", "kind": "wait", "timeout": "1d", "save": "said"}

    kind: Literal["wait"] = "wait"
    timeout: Span = Field("", description="How long at most; needs an edge `timeout`. Empty: for ever.")
    save: VariableName | None = Field(None, description="Keep the reply's text (or the button's title) here.")

    @property
    def pauses(self) -> bool:
        return True

    def hear(self, event: Event, scene: Scene) -> Answer:
        match event:
            case Arrived():
                return self._arrive(scene)
            case Replied():
                return self._choose(event, scene)
            case TimerFired():
                return scene.leave("timeout")
            case MessageStatus(status=status):
                return self._told(status, scene)
        return Ignore("it says nothing to a wait")

    def _arrive(self, scene: Scene) -> Answer:
        known = self._told(scene.facts.message_status, scene)
        if isinstance(known, Go):
            return known  # it happened before we came here
        if not self.timeout:
            return Stay()
        return Stay((SetTimer(scene.visit, scene.facts.now + micros(self.timeout)),))

    def _told(self, status: str, scene: Scene) -> Answer:
        reached = {"delivered": ("delivered",), "read": ("read", "delivered"), "failed": ("failed",)}
        for edge in scene.edges:
            if edge.on in reached.get(status, ()):
                return Go(edge)
        return Ignore(f"no edge for {status}")

    def _choose(self, reply: Replied, scene: Scene) -> Answer:
        if reply.about in _NO_ANSWER:
            return Ignore(f"a {reply.about} answers nothing")
        tried: list[Tried] = []
        for edge in scene.edges:
            if not edge.answers:
                continue
            found = edge.hears(reply)
            tried.append(Tried(scene.graph.key(edge), isinstance(found, Match), found.why))
            if isinstance(found, Match):
                saved = {self.save: reply.text or reply.payload} if self.save else {}
                return Go(edge, variables={**found.variables, **saved}, tried=tuple(tried))
        return Ignore("the reply fits no edge", tuple(tried))

    def writes(self) -> frozenset[str]:
        return frozenset({self.save} if self.save else ())

    def check(self, edges: Sequence[Edge]) -> Iterator[str]:
        drawn = {edge.on for edge in edges}
        if self.timeout and "timeout" not in drawn:
            yield "has a timeout but no edge for it: draw an edge `timeout`, or empty the timeout"
        if "timeout" in drawn and not self.timeout:
            yield "has an edge `timeout` but no timeout: say how long to wait"
        if not drawn - {"timeout"} and not self.timeout:
            yield "nobody ever leaves it: draw an edge for an answer, or set a timeout"
        for edge in edges:
            if isinstance(edge, Regex) and self.save and self.save in edge.compiled.names:
                yield f"saves the reply and a group of the pattern under the same name {self.save!r}"
