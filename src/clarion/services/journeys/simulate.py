"""The dry run of a journey over people of the database, of a file, or invented: nothing is sent or stored."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from clarion.domain.journey.crowd import Crowd, Plan
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.nodes.message import Message
from clarion.domain.journey.world import Forecast, Sender, World
from clarion.providers.registry import kind_of
from clarion.services.journeys.crowds import People, members
from clarion.services.templates import list_templates
from clarion.store import crowd, senders
from clarion.store.db import Database

USUAL_RATE = 60.0
"""Messages per second of a sender that does not exist."""

_BREATH = 2_000
"""Things that happen before others may run."""

Progress = Callable[[int], None]
"""Is told how many people have entered so far."""


async def simulate(
    db: Database,
    graph: Graph,
    *,
    workspace: int = 1,
    list_names: Sequence[str] = (),
    plan: Plan | None = None,
    start: int,
    until: int,
    seed: int = 1,
    rate: float | None = None,
    limit: int = 0,
    progress: Progress | None = None,
) -> Forecast:
    """Send the members of these lists (by default the audience node's own) through the journey, virtually.

    `start` and `until` are microseconds since 1970; `rate` is messages per second instead of the senders' own;
    `limit`: only so many people, 0 = all. The entry rule is not looked at: everybody enters once. Raises NotFound,
    JourneyRefused.
    """
    known = await senders_of(db, graph, workspace=workspace, rate=rate)
    people = members(db, graph, workspace=workspace, list_names=list_names, limit=limit)
    return await simulate_people(
        graph,
        people,
        senders=known,
        stop_words=await stop_words_of(db, workspace=workspace),
        plan=plan,
        start=start,
        until=until,
        seed=seed,
        progress=progress,
    )


async def simulate_people(
    graph: Graph,
    people: People,
    *,
    senders: Iterable[Sender],
    stop_words: Sequence[str] = (),
    plan: Plan | None = None,
    start: int,
    until: int,
    seed: int = 1,
    progress: Progress | None = None,
) -> Forecast:
    """The same for people from anywhere. Others may run meanwhile: it rests often."""
    world = World(
        graph,
        behaviour=Crowd(plan or Plan(), seed=seed),
        start=start,
        until=until,
        senders=senders,
        stop_words=stop_words,
    )
    seen: set[str] = set()
    async for page, unusable in people:
        world.skip("unusable row", unusable)
        fresh = list({person.key: person for person in page if person.key not in seen}.values())
        world.skip("met twice", len(page) - len(fresh))
        seen.update(person.key for person in fresh)
        for first in range(0, len(fresh), _BREATH // 10):
            world.admit(fresh[first : first + _BREATH // 10])
            await asyncio.sleep(0)
        if progress:
            progress(len(seen))
    under_way = True
    while under_way:
        under_way = world.work(_BREATH)
        await asyncio.sleep(0)
    return world.forecast()


async def stop_words_of(db: Database, *, workspace: int = 1) -> tuple[str, ...]:
    """The workspace's own words for a stop."""
    async with db.reading() as tx:
        return await crowd.stop_words(tx, workspace)


async def senders_of(
    db: Database, graph: Graph, *, workspace: int = 1, rate: float | None = None
) -> list[Sender]:
    """The senders that the graph names, with the categories of their templates; those that are not there invented."""
    async with db.reading() as tx:
        held = {each.name: each for each in await senders.every(tx, workspace)}
    return [
        await _sender(db, held[name], rate)
        if name in held
        else Sender(name, rate=USUAL_RATE if rate is None else rate)
        for name in sorted(_named(graph))
    ]


def _named(graph: Graph) -> set[str]:
    own = {node.sender or graph.sender for node in graph.nodes if isinstance(node, Message)}
    return {graph.sender, *own}


async def _sender(db: Database, held: senders.Sender, rate: float | None) -> Sender:
    categories: dict[tuple[str, str], str] = {}
    for each in await list_templates(db, held):
        languages = (each.language, "") if held.provider == "twilio" else (each.language,)
        for name in (each.name, each.provider_id):
            categories |= {(name, language): each.category.lower() for language in languages}
    window = kind_of(held.provider).window(held.config)
    return Sender(
        held.name,
        held.provider,
        "whatsapp" if window else "sms",
        held.rate if rate is None else rate,
        window,
        categories,
    )


async def template_texts(db: Database, graph: Graph, *, workspace: int = 1) -> dict[tuple[str, str], str]:
    """The approved bodies of the senders' templates, by name and language."""
    async with db.reading() as tx:
        held = [each for each in await senders.every(tx, workspace) if each.name in _named(graph)]
    return {
        (each.name, each.language): each.text for sender in held for each in await list_templates(db, sender)
    }
