"""What every kind of node is: a frozen description, and what it does when it hears an event. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from clarion.domain.journey.edges import Edge
from clarion.domain.journey.effects import Effect
from clarion.domain.journey.events import Event
from clarion.domain.journey.position import Facts, Position

if TYPE_CHECKING:
    from clarion.domain.journey.graph import Graph

NodeId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]{1,64}$", description="Unique in the journey.")]
Example = Mapping[str, Any]
"""A node's JSON."""
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]


@dataclass(frozen=True, slots=True)
class Tried:
    """An edge that was looked at, and why it was taken or not."""

    edge: str
    taken: bool
    why: str


@dataclass(frozen=True, slots=True)
class Stay:
    """The event is used; the position stays where it is."""

    effects: tuple[Effect, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True)
class Go:
    """Leave by `edge`, or to the node `to` where no edge is drawn. `passes_on`: the next node hears the event too."""

    edge: Edge | None
    effects: tuple[Effect, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    tried: tuple[Tried, ...] = ()
    passes_on: bool = False
    to: str = ""


@dataclass(frozen=True, slots=True)
class Finish:
    """The journey ends here for this person."""

    outcome: str
    reason: str = ""
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Ignore:
    """The event says nothing to this node; nothing changes, and `why` is kept for the trace."""

    why: str
    tried: tuple[Tried, ...] = ()


Answer = Stay | Go | Finish | Ignore


@dataclass(frozen=True)
class Scene:
    """What a node may look at when it hears an event."""

    graph: "Graph"
    node: str
    position: Position
    facts: Facts

    @property
    def visit(self) -> int:
        """The visit that new effects belong to."""
        return self.position.visit

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The node's edges, in order, fallback last."""
        return self.graph.leaving(self.node)

    def edge(self, on: str) -> Edge | None:
        """The node's first edge of this kind."""
        return next((edge for edge in self.edges if edge.on == on), None)

    def leave(
        self,
        on: str,
        *,
        otherwise: str = "",
        effects: Sequence[Effect] = (),
        variables: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Go by the edge `on`; where none is drawn, end as `failed` with the reason `otherwise`.

        `otherwise` is also what the trace says of the edge. A missing `next` ends the journey quietly, as `finished`.
        """
        edge = self.edge(on)
        if edge is not None:
            tried = (Tried(self.graph.key(edge), True, otherwise),) if otherwise else ()
            return Go(edge, tuple(effects), variables or {}, tried)
        if on == "next":
            return Finish("finished", effects=tuple(effects))
        return Finish("failed", otherwise or f"nothing is drawn for {on}", tuple(effects))

    @cached_property
    def variables(self) -> Mapping[str, Any]:
        """What texts may use: attributes, over them what the run has learnt, and `contact` and `journey`."""
        facts = self.facts
        return {
            **facts.attributes,
            **self.position.variables,
            "contact": {"phone": facts.address, "language": facts.language, "timezone": facts.timezone},
            "journey": {"name": self.graph.name, "run": facts.run},
        }


BUILT_IN = frozenset({"contact", "journey"})
"""Variables that always exist."""


def _documented(schema: dict[str, Any], node: type["Node"]) -> None:
    """What pydantic cannot know of a kind's schema."""
    kind = schema["properties"]["kind"]
    schema["title"] = kind.get("const", "node")
    schema["required"] = ["kind", *schema.get("required", ())]  # its default is for Python only
    if node.example:
        schema["examples"] = [dict(node.example)]


class Node(BaseModel, ABC):
    """One place in a journey."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, json_schema_extra=_documented
    )

    ports: ClassVar[tuple[str, ...]] = ("next",)
    """Which edges may leave it (their `on`)."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Which of them must be drawn."""
    listens: ClassVar[bool] = False
    """Whether replies are meant for it."""
    example: ClassVar[Example] = {}
    """One as it may stand in a graph, for the reference and the schema."""

    kind: str = Field(description="Which kind of node it is.")
    id: NodeId
    name: str = Field("", max_length=200, description="What people read on the canvas.")
    at: tuple[float, float] = Field((0.0, 0.0), description="Where it stands on the canvas: x, y.")

    @property
    def pauses(self) -> bool:
        """Whether people stay here for a while: a cycle must have such a node."""
        return False

    @abstractmethod
    def hear(self, event: Event, scene: Scene) -> Answer:
        """What the event does to a position here."""

    def awaits(self, edges: Sequence[Edge]) -> frozenset[str]:
        """The statuses of the newest message this node wants to hear of, given its edges."""
        return frozenset({edge.on for edge in edges} & {"delivered", "read", "failed"})

    def reads(self) -> frozenset[str]:
        """Variables that must not be missing here."""
        return frozenset()

    def writes(self) -> frozenset[str]:
        """Variables that exist after it."""
        return frozenset()

    def leads_to(self) -> tuple[str, ...]:
        """Nodes it goes to without an edge."""
        return ()

    def check(self, edges: Sequence[Edge]) -> Iterator[str]:
        """What is wrong with it and its edges beyond its shape; one sentence each."""
        yield from ()
