"""People for a dry run: the members of lists, those of a file, or invented ones; page by page."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from sys import intern
from typing import Any

import orjson

from clarion.domain.errors import BadMapping, JourneyRefused
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.nodes.base import BUILT_IN
from clarion.domain.journey.world import Person
from clarion.providers.registry import kind_of
from clarion.services.importing.judge import Rules
from clarion.services.importing.reader import Job, judged
from clarion.services.importing.start import fit, inspect
from clarion.store import crowd, lists, senders
from clarion.store.db import Database, Tx
from clarion.store.runs import looking

_PAGE = 2_000

People = AsyncIterator[tuple[Sequence[Person], int]]
"""People, and how many entries of the source beside them cannot enter."""

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
