"""Everything that is wrong with a graph, each thing named by its place and with how to mend it."""

from collections.abc import Mapping
from typing import Any

from clarion.domain.errors import BadGraph
from clarion.domain.journey.checks import doubles, drawing, inside, names, variables, window
from clarion.domain.journey.checks.known import Known, SenderFacts, TemplateFacts
from clarion.domain.journey.checks.paths import Paths
from clarion.domain.journey.graph import Graph, read_graph
from clarion.domain.journey.problem import Hints, Problem

__all__ = ["Known", "SenderFacts", "TemplateFacts", "check_graph", "problems"]


def problems(graph: Graph, known: Known = Known()) -> list[Problem]:  # noqa: B008  # frozen
    """The graph's problems in the order of its nodes, the whole journey's first.

    An error forbids publishing, a warning does not. What `known` leaves out is not checked.
    """
    paths, hints = Paths(graph), Hints()
    found = [
        *drawing.starts(graph),
        *drawing.ends(graph, hints),
        *drawing.ways_out(graph),
        *drawing.findings(graph),
        *drawing.unreached(paths),
        *drawing.circles(paths),
        *doubles.never_taken(graph),
        *inside.too_deep(graph),
        *names.zone(graph),
        *names.senders(graph, known, hints),
        *names.lists(graph, known.lists, hints),
        *names.journeys(graph, known.journeys, hints),
        *names.templates(graph, known, hints),
        *variables.unknown(paths, known.attributes, hints),
        *window.outside(paths, known),
    ]
    order = {node.id: n for n, node in enumerate(graph.nodes, start=1)}
    return sorted(dict.fromkeys(found), key=lambda each: order.get(each.node, 0))


def check_graph(
    source: bytes | str | Mapping[str, Any],
    known: Known = Known(),  # noqa: B008  # frozen
) -> tuple[Graph | None, list[Problem]]:
    """The graph and its problems; no graph if it cannot even be read."""
    try:
        graph = read_graph(source)
    except BadGraph as refusal:
        return None, [each for each in refusal.problems if isinstance(each, Problem)]
    return graph, problems(graph, known)
