"""handoff: put the conversation before people."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from clarion.domain.journey.edges import Edge
from clarion.domain.journey.effects import Effect, HandOff, SetTimer
from clarion.domain.journey.events import Arrived, Closed, Event, Replied, TimerFired
from clarion.domain.journey.nodes.base import Answer, Example, Finish, Go, Ignore, Node, Scene, Stay
from clarion.domain.journey.span import Span, micros
from clarion.domain.journey.texts import LiquidText, Unfilled, filled

HANDED_OVER = "handed over"
"""The outcome where no `next` is drawn."""


class Handoff(Node):
    """Open the conversation in the inbox. With `wait`, people stay until somebody closes it there."""

    ports = ("next", "timeout")
    example: ClassVar[Example] = {
        "id": "help",
        "kind": "handoff",
        "note": "Wants to cancel order {{ order }}.",
        "wait": True,
        "timeout": "2d",
    }

    kind: Literal["handoff"] = "handoff"
    note: LiquidText = Field("", description="What the colleague reads first; may hold variables.")
    wait: bool = Field(False, description="Whether to stay until the conversation is closed.")
    timeout: Span = Field(
        "", description="How long to stay at most; needs an edge `timeout`. Empty: for ever."
    )

    @property
    def pauses(self) -> bool:
        return self.wait

    def hear(self, event: Event, scene: Scene) -> Answer:
        match event:
            case Arrived():
                return self._open(scene)
            case Closed():
                return self._leave(scene, ())
            case TimerFired():
                return scene.leave("timeout")
            case Replied():
                return Ignore("a person answers here")
        return Ignore("it says nothing to a handoff")

    def _open(self, scene: Scene) -> Answer:
        try:
            note = filled(self.note, scene.variables, "the note")
        except Unfilled as problem:
            note = f"({problem}) {self.note}"  # a bad note must not keep anybody from help
        opened = HandOff(scene.visit, note, self.wait)
        if not self.wait:
            return self._leave(scene, (opened,))
        if not self.timeout:
            return Stay((opened,))
        return Stay((opened, SetTimer(scene.visit, scene.facts.now + micros(self.timeout))))

    @staticmethod
    def _leave(scene: Scene, effects: tuple[Effect, ...]) -> Answer:
        edge = scene.edge("next")
        return Go(edge, effects) if edge else Finish(HANDED_OVER, effects=effects)

    def check(self, edges: Sequence[Edge]) -> Iterator[str]:
        drawn = {edge.on for edge in edges}
        if self.timeout and not self.wait:
            yield "has a timeout but does not wait: set `wait`, or empty the timeout"
        if self.timeout and "timeout" not in drawn:
            yield "has a timeout but no edge for it: draw an edge `timeout`, or empty the timeout"
        if "timeout" in drawn and not self.timeout:
            yield "has an edge `timeout` but no timeout: say how long to wait"
