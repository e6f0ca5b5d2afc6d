"""Drafts as several people edit them at once: made, saved over a known state, renamed, copied, compared."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from clarion.domain.journey.diff import Difference, difference
from clarion.domain.journey.graph import Graph, read_graph
from clarion.services.journeys.journeys import JourneyView, find_journey
from clarion.store import journeys
from clarion.store.db import Database, Tx
from clarion.store.journeys import Journey, Listed, Version

Check = Callable[[str], None]
"""Is told the digest of the draft that would be replaced, and raises what it likes."""


def digest(draft: Mapping[str, Any]) -> str:
    """The same for the same graph, another one for every other."""
    return hashlib.sha256(orjson.dumps(draft, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


async def page_of_journeys(
    db: Database, *, workspace: int = 1, before: int = 0, limit: int = 50
) -> Sequence[Listed]:
    """Journeys, newest first; `before` is the last page's last id, 0 for the first page."""
    async with db.reading() as tx:
        return await journeys.page(tx, workspace, before=before, limit=limit)


async def create_journey(
    db: Database, graph: Mapping[str, Any], *, workspace: int = 1, name: str = ""
) -> JourneyView:
    """A new journey with this draft, called `name` or as the graph says. Raises BadGraph, AlreadyExists."""
    read = await read_aside({**graph, "name": name} if name else graph)
    async with db.transaction() as tx:
        journey_id = await journeys.create(tx, workspace, read.name, read.to_json())
    return await find_journey(db, journey_id, workspace=workspace)


async def save_draft(
    db: Database, journey_id: int, graph: Mapping[str, Any], *, workspace: int = 1, check: Check
) -> JourneyView:
    """Replace the draft, unless `check` is against it. The journey keeps its name, whatever the graph says.

    Raises NotFound, BadGraph for problems of shape.
    """
    seen = await _draft(db, workspace, journey_id, check)
    read = await read_aside({**graph, "name": seen.name})
    async with db.transaction() as tx:
        held = await _lock(tx, seen, check)
        draft = {**read.to_json(), "name": held.name}
        if held.draft != draft:
            await journeys.update(tx, held.id, draft=draft, updated_at=await tx.now())
    return await find_journey(db, journey_id, workspace=workspace)


async def rename_journey(
    db: Database, journey_id: int, name: str, *, workspace: int = 1, check: Check
) -> JourneyView:
    """Give the journey and its draft another name; versions keep theirs. Raises NotFound, BadGraph, AlreadyExists.

    Journeys that send people to it by its old name do so no more.
    """
    seen = await _draft(db, workspace, journey_id, check)
    draft = (await read_aside({**seen.draft, "name": name})).to_json()
    async with db.transaction() as tx:
        held = await _lock(tx, seen, check)
        if held.name != name:
            await journeys.rename(tx, held, name, {**held.draft, "name": draft["name"]})
    return await find_journey(db, journey_id, workspace=workspace)


async def copy_journey(db: Database, journey_id: int, name: str, *, workspace: int = 1) -> JourneyView:
    """A new journey with the draft of another one. Raises NotFound, BadGraph, AlreadyExists."""
    view = await _draft(db, workspace, journey_id)
    return await create_journey(db, view.draft, workspace=workspace, name=name)


async def page_of_versions(
    db: Database, journey_id: int, *, workspace: int = 1, before: int = 0, limit: int = 50
) -> Sequence[Any]:
    """`number`, `note`, `published_at` of versions, newest first; `before` is the last page's last number.

    Raises NotFound.
    """
    async with db.reading() as tx:
        await journeys.find(tx, workspace, journey_id)
        return await journeys.numbers(tx, journey_id, before=before, limit=limit)


async def find_version(db: Database, journey_id: int, number: int, *, workspace: int = 1) -> Version:
    """One version, its graph in the order it was written in. Raises NotFound."""
    async with db.reading() as tx:
        await journeys.find(tx, workspace, journey_id)
        found = await journeys.version(tx, journey_id, number)
    return replace(found, graph=(await read_aside(found.graph)).to_json())


async def compare(db: Database, journey_id: int, old: int, new: int, *, workspace: int = 1) -> Difference:
    """What is different between two versions by number; 0 is the draft. Raises NotFound."""
    async with db.reading() as tx:
        journey = await journeys.find(tx, workspace, journey_id)
        stored = [
            (await journeys.version(tx, journey.id, number)).graph if number else journey.draft
            for number in (old, new)
        ]
    first, second = [await read_aside(each) for each in stored]
    return await asyncio.to_thread(difference, first, second)


async def graph_of(db: Database, journey_id: int, *, workspace: int = 1, version: int = 0) -> Graph:
    """The graph of the draft (0) or of a version. Raises NotFound."""
    async with db.reading() as tx:
        journey = await journeys.find(tx, workspace, journey_id)
        stored = (await journeys.version(tx, journey.id, version)).graph if version else journey.draft
    return await read_aside(stored)


async def read_aside(graph: Mapping[str, Any]) -> Graph:
    """`read_graph` on another thread: hostile graphs take it a second, in which others are answered."""
    return await asyncio.to_thread(read_graph, graph)


async def _draft(db: Database, workspace: int, journey_id: int, check: Check | None = None) -> Journey:
    async with db.reading() as tx:
        journey = await journeys.find(tx, workspace, journey_id)
    if check:
        check(digest((await read_aside(journey.draft)).to_json()))
    return journey


async def _lock(tx: Tx, seen: Journey, check: Check) -> Journey:
    """The journey as it is now; looked at again if somebody saved it since it was seen."""
    held = await journeys.find(tx, seen.workspace_id, seen.id, lock=True)
    if held.draft != seen.draft:
        check(digest(read_graph(held.draft).to_json()))
    return held
