"""Names of what stands outside the graph: senders, templates, lists, other journeys, the time zone."""

from collections.abc import Collection, Iterator, Mapping

from clarion.domain.approved import TemplateFacts, differences, title_of
from clarion.domain.content import Template
from clarion.domain.journey.checks.inside import tests
from clarion.domain.journey.checks.known import Known
from clarion.domain.journey.conditions import Listed
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.nodes.audience import Audience
from clarion.domain.journey.nodes.base import Node
from clarion.domain.journey.nodes.goto import Goto
from clarion.domain.journey.nodes.message import Message
from clarion.domain.journey.nodes.update import Update
from clarion.domain.journey.problem import Hints, Problem
from clarion.domain.journey.schedule import zone_named


def zone(graph: Graph) -> Iterator[Problem]:
    """The journey's time zone exists."""
    try:
        zone_named(graph.timezone)
    except ValueError as problem:
        yield Problem("", "timezone", str(problem))


def senders(graph: Graph, known: Known, hints: Hints) -> Iterator[Problem]:
    """Every message has a sender that exists."""
    if known.senders is None:
        return
    if graph.sender:
        yield from _among("", "sender", "sender", [graph.sender], known.senders, hints)
    for node in graph.nodes:
        if isinstance(node, Message) and node.sender:
            yield from _among(node.id, "sender", "sender", [node.sender], known.senders, hints)
        elif isinstance(node, Message) and not graph.sender:
            yield Problem(node.id, "sender", "has no sender: name one here, or one for the whole journey")


def lists(graph: Graph, known: frozenset[str] | None, hints: Hints) -> Iterator[Problem]:
    """Every list that is named exists."""
    if known is None:
        return
    for node in graph.nodes:
        for field, names in _lists(node):
            yield from _among(node.id, field, "list", names, known, hints)


def _lists(node: Node) -> Iterator[tuple[str, Collection[str]]]:
    match node:
        case Audience():
            yield "lists", node.lists
        case Update():
            yield "add_lists", node.add_lists
            yield "remove_lists", node.remove_lists
    yield "", [test.list for test in tests(node) if isinstance(test, Listed)]


def journeys(graph: Graph, known: frozenset[str] | None, hints: Hints) -> Iterator[Problem]:
    """Every journey that is gone to exists, and is another one."""
    for node in graph.nodes:
        if not isinstance(node, Goto) or not node.journey:
            continue
        if node.journey == graph.name:
            yield Problem(node.id, "journey", "leads into its own journey: name a `node` of it instead")
        elif known is not None:
            yield from _among(node.id, "journey", "journey", [node.journey], known, hints)


def templates(graph: Graph, known: Known, hints: Hints) -> Iterator[Problem]:
    """Every template exists, is approved, and gets what it needs."""
    if known.templates is None:
        return
    for node in graph.nodes:
        if isinstance(node, Message) and isinstance(node.content, Template):
            for sentence in _template(node.content, known.templates, hints):
                yield Problem(node.id, "content", sentence)


def _template(
    content: Template, known: Mapping[tuple[str, str], TemplateFacts], hints: Hints
) -> Iterator[str]:
    found = known.get((content.name, content.language))
    if found is not None:
        yield from differences(content, found)
        return
    title, languages = title_of(content), sorted(spoken for name, spoken in known if name == content.name)
    if languages:
        yield f"The template {title} exists in {', '.join(languages)}: name one of these languages."
    else:
        hint = (
            hints.nearest(content.name, {name for name, _ in known})
            or " Sync the senders' templates if it is new."
        )
        yield f"There is no template {title}.{hint}"


def _among(
    node: str, field: str, noun: str, names: Collection[str], known: Collection[str], hints: Hints
) -> Iterator[Problem]:
    for name in names:
        if name not in known:
            yield Problem(node, field, f"there is no {noun} {name!r}.{hints.nearest(name, known)}")
