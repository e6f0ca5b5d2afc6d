"""audience: the start. Who enters, and whether they may enter again."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from clarion.domain.journey.conditions import Condition
from clarion.domain.journey.edges import Edge, Keywords
from clarion.domain.journey.events import Arrived, Event
from clarion.domain.journey.nodes.base import Answer, Example, Ignore, Node, Scene


class Trigger(BaseModel):
    """People enter by writing one of these words to us, when no journey is waiting for their answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: tuple[str, ...] = Field(min_length=1, max_length=200, description="Words or phrases; emoji count.")
    match: Literal["any", "all", "exact"] = Field("exact", description="As for the edge `keywords`.")

    def edge(self) -> Keywords:
        """The same rule as an edge."""
        return Keywords(source="start", to="start", words=self.words, match=self.match)


class Audience(Node):
    """The start: every journey has exactly one."""

    needs = ("next",)
    example: ClassVar[Example] = {
        "id": "start",
        "kind": "audience",
        "lists": ["customers"],
        "filter": {"all": [{"attribute": "city", "is": "Recife"}, {"not": {"tag": "asked"}}]},
        "triggers": [{"words": ["price", "how much"], "match": "any"}],
        "reentry": "after_end",
    }

    kind: Literal["audience"] = "audience"
    lists: tuple[str, ...] = Field(
        (), max_length=100, description="Lists of contacts; a start may name others."
    )
    filter: Condition | None = Field(None, description="Only people of whom this is true.")
    triggers: tuple[Trigger, ...] = Field(
        (), max_length=50, description="Words that let people enter by themselves."
    )
    api: bool = Field(False, description="Whether programs may send single people in.")
    reentry: Literal["never", "after_end", "always"] = Field(
        "never", description="Whether a person may enter again: never, once they have ended, or always."
    )

    def hear(self, event: Event, scene: Scene) -> Answer:
        match event:
            case Arrived():
                return scene.leave("next")
        return Ignore("the journey has not begun")

    def check(self, edges: Sequence[Edge]) -> Iterator[str]:
        for trigger in self.triggers:
            try:
                trigger.edge()
            except ValueError as problem:
                yield f"has a trigger that cannot be used: {problem}"
