"""What the workspace has, for the checks of a graph that names it."""

from collections.abc import Sequence

from clarion.domain.errors import BadField, NotFound
from clarion.domain.journey.checks.known import Known, SenderFacts, TemplateFacts
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.nodes.audience import Audience
from clarion.domain.journey.nodes.message import Message
from clarion.services.templates import template_account
from clarion.store import known, lists, senders, templates
from clarion.store.db import Database, Tx
from clarion.store.senders import Sender


async def load_known(tx: Tx, workspace: int, graph: Graph) -> Known:
    """The senders, lists, journeys, templates and attributes there are, as far as the graph can ask for them."""
    every = await senders.every(tx, workspace)
    named = {graph.sender, *(node.sender for node in graph.nodes if isinstance(node, Message))}
    read = frozenset[str]().union(*(node.reads() for node in graph.nodes))
    start = graph.by_id.get(graph.start)
    wanted = start.lists if isinstance(start, Audience) else ()
    existing = await known.list_names(tx, workspace)
    return Known(
        attributes=await known.attribute_names(tx, workspace, sorted(existing.intersection(wanted)), read),
        senders={each.name: SenderFacts(each.provider, _has_window(each)) for each in every},
        templates=await _templates(tx, workspace, [each for each in every if each.name in named]),
        lists=existing,
        journeys=await known.journey_names(tx, workspace) | {graph.name},
    )


async def list_names(db: Database, ids: Sequence[int], *, workspace: int) -> list[str]:
    """The names of these lists, in their order. Raises BadField naming the one that is not there."""
    names = []
    async with db.reading() as tx:
        for number, list_id in enumerate(ids):
            try:
                names.append((await lists.find(tx, workspace, list_id)).name)
            except NotFound:
                raise BadField(f"lists/{number}", "there is no such list") from None
    return names


def _has_window(sender: Sender) -> bool:
    return "whatsapp" in (sender.provider, sender.config.get("channel"))


async def _templates(tx: Tx, workspace: int, speaking: list[Sender]) -> dict[tuple[str, str], TemplateFacts]:
    """The templates of the senders that the graph names. Twilio's have ids that stand for all languages."""
    found: dict[tuple[str, str], TemplateFacts] = {}
    for sender in speaking:
        for each in await templates.of_account(tx, workspace, sender.provider, template_account(sender)):
            facts = TemplateFacts(each.status, tuple(each.variables), each.named, each.header_media)
            languages = ("", each.language) if sender.provider == "twilio" else (each.language,)
            for language in languages:
                found[each.provider_id, language] = facts
                found[each.name, language] = facts
    return found
