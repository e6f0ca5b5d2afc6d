"""How the graph is drawn: one start, edges between nodes that exist, ways out, no circles without a rest."""

from collections.abc import Iterator, Sequence

from clarion.domain.journey.checks.paths import Paths, circle, following, knots
from clarion.domain.journey.edges import Edge
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.nodes.base import Node
from clarion.domain.journey.nodes.goto import Goto
from clarion.domain.journey.nodes.handoff import Handoff
from clarion.domain.journey.problem import Hints, Problem, of_content


def starts(graph: Graph) -> Iterator[Problem]:
    """Exactly one audience node; ids that are nobody else's."""
    audiences = [node.id for node in graph.nodes if node.kind == "audience"]
    if not audiences:
        yield Problem("", "nodes", "has no start: add a node of the kind audience")
    for extra in audiences[1:]:
        yield Problem(
            extra, "", f"is a second start beside {audiences[0]!r}: a journey has one audience node"
        )
    seen: set[str] = set()
    for node in graph.nodes:
        if node.id in seen:
            yield Problem(node.id, "id", "is used by two nodes: give one of them another id")
        seen.add(node.id)


def ends(graph: Graph, hints: Hints) -> Iterator[Problem]:
    """Edges and gotos lead from nodes that exist to nodes that exist, never back to the start."""
    for edge in graph.edges:
        drawn = f"{edge.source} → {edge.to}"
        for end, name in (("from", edge.source), ("to", edge.to)):
            if name not in graph.by_id:
                words = f"there is no node {name!r}.{hints.nearest(name, graph.by_id)}"
                yield Problem(edge.source, end, words, edge=drawn)
        if edge.to in graph.by_id and graph.by_id[edge.to].kind == "audience":
            words = "leads back to the start: nobody arrives there; lead to the node after it"
            yield Problem(edge.source, "to", words, edge=drawn)
    for node in graph.nodes:
        for to in node.leads_to():
            if to not in graph.by_id:
                yield Problem(node.id, "node", f"there is no node {to!r}.{hints.nearest(to, graph.by_id)}")
            elif graph.by_id[to].kind == "audience":
                yield Problem(node.id, "node", "leads back to the start: lead to the node after it")


def ways_out(graph: Graph) -> Iterator[Problem]:
    """Each node has the edges it needs and none that it does not know."""
    for node in graph.nodes:
        edges = graph.leaving(node.id)
        drawn = {edge.on for edge in edges}
        for on in sorted(drawn - set(node.ports)):
            known = f"there are {', '.join(node.ports)}" if node.ports else "nothing does"
            yield Problem(node.id, "", f"an edge `{on}` cannot leave a node of the kind {node.kind}: {known}")
        lacking = [on for on in node.needs if on not in drawn]
        for on in lacking:
            yield Problem(node.id, "", f"needs an edge `{on}`: draw where people go next")
        if not lacking:
            yield from _stuck_or_quiet(node, edges)


def _stuck_or_quiet(node: Node, edges: Sequence[Edge]) -> Iterator[Problem]:
    drawn = {edge.on for edge in edges}
    if not node.ports or node.leads_to() or isinstance(node, Handoff):
        return  # an end, a goto inside the journey, or an ending with an outcome of its own
    if isinstance(node, Goto) and not node.returns:
        return  # people go on in another journey
    if "next" in node.ports and not drawn & {"next", "delivered", "read"}:
        words = "the journey ends quietly here: draw an edge `next`, to an end node if it is meant so"
        yield Problem(node.id, "", words, "warning")
    elif not drawn and not list(node.check(edges)):
        yield Problem(node.id, "", "nobody ever leaves it: draw an edge")


def unreached(paths: Paths) -> Iterator[Problem]:
    """Every node can be come to from the start."""
    if not paths.graph.start:
        return
    for node in paths.graph.nodes:
        if node.id not in paths.reached and node.kind != "audience":
            yield Problem(node.id, "", "nobody ever comes here: draw an edge to it, or remove it")


def circles(paths: Paths) -> Iterator[Problem]:
    """Every circle has a node where people stay for a while."""
    hurried = {node.id for node in paths.graph.nodes if not node.pauses}
    after = following((arc.source, arc.to) for arc in paths.arcs if {arc.source, arc.to} <= hurried)
    for knot in knots([node.id for node in paths.graph.nodes if node.id in hurried], after):
        if way := circle(knot, after):
            shown = way if len(way) <= 12 else [*way[:10], "…", way[-1]]
            words = f"goes in a circle where nobody waits: {' → '.join(shown)}. Put a wait or a delay into it"
            yield Problem(knot[0], "", words)


def findings(graph: Graph) -> Iterator[Problem]:
    """What the kinds of nodes themselves find."""
    for node in graph.nodes:
        for sentence in node.check(graph.leaving(node.id)):
            field, words = of_content(sentence)
            yield Problem(node.id, field, words)
