"""The 24-hour window: free text only where the person has written to us within the last day.

For each node: whether somebody can come to it who has never replied, and the longest that the last reply can lie
back. A reply that takes an edge starts the day anew; delays, timeouts and pauses add up.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from clarion.domain.content import Template
from clarion.domain.journey.checks.known import Known
from clarion.domain.journey.checks.paths import Arc, Paths, following, knots
from clarion.domain.journey.nodes.audience import Audience
from clarion.domain.journey.nodes.base import Node
from clarion.domain.journey.nodes.delay import Delay
from clarion.domain.journey.nodes.goto import Goto
from clarion.domain.journey.nodes.handoff import Handoff
from clarion.domain.journey.nodes.message import Message
from clarion.domain.journey.nodes.wait import Wait
from clarion.domain.journey.problem import Problem
from clarion.domain.journey.span import micros

DAY = micros("24h")


@dataclass(slots=True)
class Since:
    """How a person may come to a node: `never` replied, and at most `longest` after a reply (None: nobody so)."""

    never: bool = False
    longest: int | None = None

    def meet(self, other: "Since", more: int = 0) -> None:
        """Somebody comes from `other`, `more` microseconds later."""
        self.never |= other.never
        if other.longest is not None:
            self.longest = min(max(self.longest or 0, other.longest + more), DAY)


def outside(paths: Paths, known: Known) -> Iterator[Problem]:
    """Free text that may meet a closed window."""
    since = _since(paths)
    for node in paths.graph.nodes:
        if (
            not isinstance(node, Message)
            or isinstance(node.content, Template)
            or node.id not in paths.reached
        ):
            continue
        facts = (known.senders or {}).get(node.sender or paths.graph.sender)
        if known.senders is not None and (facts is None or not facts.has_window):
            continue
        yield from _told(node.id, since[node.id], certain=facts is not None)


def _told(node: str, since: Since, *, certain: bool) -> Iterator[Problem]:
    where = "" if certain else "on WhatsApp "
    if since.never:
        words = (
            f"{where}needs a template: people can come here without having replied, and free text is "
            "only allowed within 24 hours after a reply"
        )
        yield Problem(node, "content", words, "error" if certain else "warning")
    elif since.longest is not None and since.longest >= DAY:
        words = (
            f"{where}may need a template: the last reply can lie 24 hours or more back when people come here"
        )
        yield Problem(node, "content", words, "warning")


def _since(paths: Paths) -> dict[str, Since]:
    found = {node.id: Since() for node in paths.graph.nodes}
    if start := paths.graph.start:
        found[start] = _at_the_start(paths.graph.by_id[start])
    lasting = [(arc, _lasts(paths.graph.by_id[arc.source], arc)) for arc in paths.arcs if not _replies(arc)]
    for arc in paths.arcs:
        if _replies(arc) and arc.source in paths.reached:
            found[arc.to].meet(Since(longest=0))
    order = knots(found, following((arc.source, arc.to) for arc, _ in lasting))
    knot_of = {node: n for n, knot in enumerate(order) for node in knot}
    leaving: list[list[tuple[Arc, int]]] = [[] for _ in order]
    for arc, lasts in lasting:
        leaving[knot_of[arc.source]].append((arc, lasts))
    for n, knot in enumerate(order):
        inside = [lasts for arc, lasts in leaving[n] if knot_of[arc.to] == n]
        together = Since()
        for node in knot:
            # Whoever goes round often enough comes late, however short one round is.
            together.meet(found[node], DAY if any(inside) else 0)
        for node in knot:
            found[node] = together
        for arc, lasts in leaving[n]:
            if knot_of[arc.to] != n:
                found[arc.to].meet(together, lasts)
    return found


def _at_the_start(start: Node) -> Since:
    if isinstance(start, Audience) and start.triggers and not start.lists and not start.api:
        return Since(longest=0)  # whoever enters by writing a word has just replied
    return Since(never=True)


def _replies(arc: Arc) -> bool:
    return arc.edge is not None and arc.edge.answers


def _lasts(node: Node, arc: Arc) -> int:
    """How long people may have been at the node when they leave by this arc, in microseconds; DAY: a day or more."""
    match node:
        case Delay():
            return micros(node.for_) if node.for_ else DAY
        case Wait() | Handoff(wait=True):
            return micros(node.timeout) if node.timeout else DAY
        case Message() if arc.edge is not None and arc.edge.on != "next":
            return micros(node.timeout) if node.timeout else 0
        case Goto(returns=True):
            return DAY
    return 0
