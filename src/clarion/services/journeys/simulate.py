"""The dry run of a journey over people of the database, of a file, or invented: nothing is sent or stored."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from sys import intern
from typing import Any

import orjson

from clarion.domain.errors import BadMapping, JourneyRefused
from clarion.domain.journey.behaviour import Crowd, Plan
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.nodes.base import BUILT_IN
from clarion.domain.journey.nodes.message import Message
from clarion.domain.journey.world import Forecast, Person, Sender, World
from clarion.providers.registry import kind_of
from clarion.services.importing.judge import Rules
from clarion.services.importing.reader import Job, judged
from clarion.services.importing.start import fit, inspect
from clarion.services.templates import list_templates
from clarion.store import crowd, lists, senders
from clarion.store.db import Database, Tx
from clarion.store.runs import looking

USUAL_RATE = 60.0
"""Messages per second of a sender that does not exist."""

_PAGE = 2_000
_BREATH = 2_000
"""Things that happen before others may run."""

Progress = Callable[[int], None]
"""Is told how many people have entered so far."""

People = AsyncIterator[tuple[Sequence[Person], int]]
"""People, and how many entries of the source beside them cannot enter."""


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
        graph, people, senders=known, plan=plan, start=start, until=until, seed=seed, progress=progress
    )


async def simulate_people(
    graph: Graph,
    people: People,
    *,
    senders: Iterable[Sender],
    plan: Plan | None = None,
    start: int,
    until: int,
    seed: int = 1,
    progress: Progress | None = None,
) -> Forecast:
    """The same for people from anywhere. Others may run meanwhile: it rests often."""
    world = World(
        graph, behaviour=Crowd(plan or Plan(), seed=seed), start=start, until=until, senders=senders
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


async def senders_of(
    db: Database, graph: Graph, *, workspace: int = 1, rate: float | None = None
) -> list[Sender]:
    """The senders that the graph names, with the categories of their templates; those that are not there invented."""
    named = {graph.sender, *(node.sender for node in graph.nodes if isinstance(node, Message))}
    async with db.reading() as tx:
        held = {each.name: each for each in await senders.every(tx, workspace)}
    return [
        await _sender(db, held[name], rate)
        if name in held
        else Sender(name, rate=USUAL_RATE if rate is None else rate)
        for name in sorted(named)
    ]


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


# --- people -------------------------------------------------------------------------------------------------

Same = dict[frozenset[str], frozenset[str]]
"""Sets of names that many people have: kept once, as attributes' names are, or 100,000 people fill the memory."""


async def members(
    db: Database, graph: Graph, *, workspace: int = 1, list_names: Sequence[str] = (), limit: int = 0
) -> People:
    """The members of the lists, one list after the other. Raises NotFound, and JourneyRefused when none is named."""
    names = list_names or getattr(graph.by_id.get(graph.start), "lists", ())
    if not names:
        raise JourneyRefused(
            f"Journey {graph.name!r}", "simulated", "its audience names no list, so say which people"
        )
    async with db.reading() as tx:
        ids = [await lists.get(tx, workspace, name) for name in names]
        sender = await senders.find(tx, workspace, graph.sender)
    window = kind_of(sender.provider).window(sender.config) if sender else 0
    left, same = limit or 1 << 62, Same()
    for list_id in ids:
        after = 0
        while left > 0:
            async with db.reading() as tx:
                rows = await crowd.page(
                    tx,
                    workspace,
                    list_id,
                    sender_id=sender.id if sender else 0,
                    after=after,
                    limit=min(_PAGE, left),
                )
                found = await _people(tx, rows, window, same)
            if not rows:
                break
            after, left = rows[-1].place, left - len(rows)
            yield found, 0


async def _people(tx: Tx, rows: Sequence[Any], window: int, same: Same) -> list[Person]:
    stopped = await looking.opted_out(tx, [(row.workspace_id, row.person) for row in rows])
    heard = await looking.last_heard(tx, rows) if window else {}
    on = await looking.lists_of(tx, [row.id for row in rows])
    found = []
    for row in rows:
        last = heard.get((row.workspace_id, row.person, row.sender_id), 0)
        found.append(
            Person(
                row.id,
                row.person,
                row.address,
                {intern(name): value for name, value in row.attributes.items()},
                intern(row.language),
                intern(row.timezone),
                same.setdefault(tags := frozenset(row.tags), tags),
                same.setdefault(names := on.get(row.id, frozenset()), names),
                (row.workspace_id, row.person) in stopped,
                last + window if last else 0,
            )
        )
    return found


async def people_in_file(path: Path, *, country: str = "", limit: int = 0) -> People:
    """The people of a CSV or Excel file, every column an attribute; their ids are lines. Raises BadFile, BadMapping."""
    found = await inspect(path, country=country)
    if found.guessed is None:
        raise BadMapping([found.doubt])
    columns = fit(path, found, found.guessed, keep_rest=True)
    rules = Rules(columns.phone, columns.attributes, found.shape.width, country.upper())
    left = limit or 1 << 62
    for batch in judged(Job(path, found.shape, rules, 0, _PAGE)):
        good = orjson.loads(batch.good)[:left]
        left -= len(good)
        yield (
            [
                Person(n, key, address, values, language, zone)
                for n, address, key, values, language, zone, _ in good
            ],
            batch.bad_count,
        )
        if left <= 0:
            return


async def invented(graph: Graph, count: int) -> People:
    """`count` people who have a value for every variable the graph needs."""
    read = frozenset[str]().union(*(node.reads() for node in graph.nodes))
    made = frozenset[str]().union(*(node.writes() for node in graph.nodes))
    names = sorted(read - made - BUILT_IN)
    for first in range(1, count + 1, _PAGE):
        yield (
            [
                Person(n, f"invented {n}", attributes={name: f"{name} {n}" for name in names})
                for n in range(first, min(first + _PAGE, count + 1))
            ],
            0,
        )
