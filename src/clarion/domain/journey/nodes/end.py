"""end: the journey is over for this person, with an outcome that is counted."""

from typing import ClassVar, Literal

from pydantic import Field

from clarion.domain.journey.events import Arrived, Event
from clarion.domain.journey.nodes.base import Answer, Example, Finish, Ignore, Node, Scene


class End(Node):
    """The end. People are counted by its outcome."""

    ports = ()
    example: ClassVar[Example] = {"id": "bought", "kind": "end", "outcome": "bought"}

    kind: Literal["end"] = "end"
    outcome: str = Field(
        "finished", pattern=r"^[A-Za-z0-9_\- ]{1,40}$", description="What is counted, such as bought or lost."
    )

    def hear(self, event: Event, scene: Scene) -> Answer:
        match event:
            case Arrived():
                return Finish(self.outcome)
        return Ignore("the journey has ended")
