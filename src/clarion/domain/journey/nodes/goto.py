"""goto: go on elsewhere, in this journey or in another."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from clarion.domain.journey.edges import Edge
from clarion.domain.journey.effects import Enter
from clarion.domain.journey.events import Arrived, Event, Replied, Returned
from clarion.domain.journey.nodes.base import (
    Answer,
    Example,
    Finish,
    Go,
    Ignore,
    Node,
    NodeId,
    Scene,
    Stay,
    VariableName,
)


class Goto(Node):
    """Go on at another node, or in another journey. With `returns`, people come back when it has ended for them.

    The other journey begins with this run's variables; when it returns, its own are added to them.
    """

    ports = ("next", "failure")
    example: ClassVar[Example] = {
        "id": "survey",
        "kind": "goto",
        "journey": "Survey",
        "returns": True,
        "save": "survey_outcome",
    }

    kind: Literal["goto"] = "goto"
    node: NodeId | None = Field(None, description="The id of a node of this journey.")
    journey: str | None = Field(
        None, min_length=1, max_length=200, description="The name of another journey: its published version."
    )
    returns: bool = Field(
        False, description="Whether people come back here when the other journey has ended."
    )
    save: VariableName | None = Field(None, description="Keep the other journey's outcome here.")

    @model_validator(mode="after")
    def _one_target(self) -> "Goto":
        if (self.node is None) == (self.journey is None):
            raise ValueError("a goto names one `node` or one `journey`")
        if self.node and self.returns:
            raise ValueError("`returns` belongs to `journey`")
        if self.save and not self.returns:
            raise ValueError("`save` belongs to `returns`")
        return self

    def hear(self, event: Event, scene: Scene) -> Answer:
        match event:
            case Arrived():
                return self._leave(scene)
            case Returned():
                return self._came_back(event, scene)
            case Replied():
                return Ignore("nobody waits for a reply here")
        return Ignore("it says nothing to a goto")

    def _leave(self, scene: Scene) -> Answer:
        if self.journey is None:
            return Go(None, to=self.node or "")
        enter = Enter(scene.visit, self.journey, dict(scene.position.variables), self.returns)
        if self.returns:
            return Stay((enter,))
        return Finish(f"moved to {self.journey}", effects=(enter,))

    def _came_back(self, event: Returned, scene: Scene) -> Answer:
        saved = {self.save: event.outcome} if self.save else {}
        if not event.outcome:
            why = f"the journey {self.journey!r} could not be entered{': ' if event.reason else ''}{event.reason}"
            return scene.leave("failure", otherwise=why, variables=saved)
        return scene.leave("next", variables={**event.variables, **saved})

    def writes(self) -> frozenset[str]:
        return frozenset({self.save} if self.save else ())

    def leads_to(self) -> tuple[str, ...]:
        return (self.node,) if self.node else ()

    def check(self, edges: Sequence[Edge]) -> Iterator[str]:
        if edges and not self.returns:
            yield "nobody comes back to it, so its edges are never taken: set `returns`, or remove them"
