"""split: different ways for different people, by what is known of them or by share."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from clarion.domain.journey.conditions import Condition
from clarion.domain.journey.edges import Branch as BranchEdge
from clarion.domain.journey.edges import Edge
from clarion.domain.journey.events import Arrived, Event
from clarion.domain.journey.nodes.base import Answer, Example, Finish, Go, Ignore, Node, Scene, Tried


class Way(BaseModel):
    """One of a split's branches: people of whom `when` is true, or a share of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=80, description="What the edge `branch` calls it.")
    when: Condition | None = Field(None, description="Who goes this way.")
    percent: int | None = Field(None, ge=1, le=100, description="How many of a hundred go this way.")

    @model_validator(mode="after")
    def _one_rule(self) -> "Way":
        if (self.when is None) == (self.percent is None):
            raise ValueError("a branch has either `when` or `percent`")
        return self


class Split(Node):
    """Send people different ways. The first branch that fits is taken; the edge `fallback` is for all others.

    Shares are decided by the person, the journey's name and the node's id: the same person always goes the same way.
    """

    ports = ("branch", "fallback")
    needs = ("fallback",)
    example: ClassVar[Example] = {
        "id": "who",
        "kind": "split",
        "branches": [
            {"name": "happy", "when": {"variable": "score", "at_least": 9}},
            {"name": "known", "when": {"any": [{"tag": "vip"}, {"list": "customers"}]}},
        ],
    }

    kind: Literal["split"] = "split"
    branches: tuple[Way, ...] = Field(
        min_length=1,
        max_length=50,
        description="In the order they are tried. All by condition, or all by share.",
    )

    @model_validator(mode="after")
    def _fits(self) -> "Split":
        names = [way.name for way in self.branches]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two branches have the name {twice[0]!r}")
        shares = [way.percent for way in self.branches if way.percent is not None]
        if shares and len(shares) < len(self.branches):
            raise ValueError("branches are chosen by `when` or by `percent`: one split cannot do both")
        if sum(shares) > 100:
            raise ValueError(f"the shares add up to {sum(shares)} of a hundred")
        return self

    def hear(self, event: Event, scene: Scene) -> Answer:
        match event:
            case Arrived():
                return self._choose(scene)
        return Ignore("nobody stays at a split")

    def _choose(self, scene: Scene) -> Answer:
        edges = {edge.branch: edge for edge in scene.edges if isinstance(edge, BranchEdge)}
        tried: list[Tried] = []
        for way, fits, why in self._looked_at(scene):
            edge = edges.get(way.name)
            key = scene.graph.key(edge) if edge else f"branch {way.name}"
            tried.append(
                Tried(key, fits and edge is not None, why if edge else f"{why}, but no edge is drawn")
            )
            if fits and edge:
                return Go(edge, tried=tuple(tried))
        fallback = scene.edge("fallback")
        if fallback is None:
            return Finish("failed", "no branch fits, and no fallback is drawn")
        return Go(fallback, tried=(*tried, Tried(scene.graph.key(fallback), True, "no branch fits")))

    def _looked_at(self, scene: Scene) -> Iterator[tuple[Way, bool, str]]:
        lot = share(scene.facts.person, scene.graph.name, self.id)
        reached = 0
        for way in self.branches:
            if way.when is not None:
                fits = way.when.holds(scene.facts, scene.variables)
                yield way, fits, f"its condition is {'true' if fits else 'false'}"
            else:
                start, reached = reached, reached + (way.percent or 0)
                yield (
                    way,
                    start <= lot < reached,
                    f"the person's lot is {lot}; this is for {start} to {reached - 1}",
                )

    def check(self, edges: Sequence[Edge]) -> Iterator[str]:
        names = [way.name for way in self.branches]
        drawn = [edge.branch for edge in edges if isinstance(edge, BranchEdge)]
        for name in names:
            if name not in drawn:
                yield f"has a branch {name!r} but no edge for it"
        for name in dict.fromkeys(drawn):
            if name not in names:
                yield f"has an edge for a branch {name!r} that it does not have"
            if drawn.count(name) > 1:
                yield f"has two edges for the branch {name!r}: the second is never taken"


def share(person: str, journey: str, node: str) -> int:
    """A number from 0 to 99 that only depends on these three."""
    digest = hashlib.sha256(f"{person}/{journey}/{node}".encode()).digest()
    return int.from_bytes(digest[:8], "big") * 100 >> 64
