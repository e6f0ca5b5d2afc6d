"""Why a message could not even be written: told apart from what the provider does to it later."""

from dataclasses import dataclass

from clarion.domain.content import Template
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.nodes.base import Scene
from clarion.domain.journey.nodes.message import Message
from clarion.domain.journey.position import FAILED, Facts, Position
from clarion.domain.journey.step import Left
from clarion.domain.liquid import is_blank


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stood in the way: the closed 24-hour window, or variables without a value."""

    outside_window: bool = False
    lacking: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.outside_window:
            return "the 24-hour window is closed: only a template may be sent"
        return f"no value for {', '.join(self.lacking)}"


def obstacle(graph: Graph, left: Left, position: Position, facts: Facts) -> Obstacle | None:
    """What kept a message node from sending; None when it sent. `position` and `facts`: of the step that left it."""
    node = graph.by_id[left.node]
    failed = left.outcome == FAILED or left.edge.partition(" #")[0] == "failed"
    if left.event != "arrived" or not failed or not isinstance(node, Message):
        return None
    closed = facts.window_until is not None and facts.window_until <= facts.now
    if closed and not isinstance(node.content, Template):
        return Obstacle(outside_window=True)
    variables = Scene(graph, left.node, position, facts).variables
    lacking = tuple(sorted(n for n in node.compiled.required if is_blank(variables.get(n))))
    return Obstacle(lacking=lacking) if lacking else None
