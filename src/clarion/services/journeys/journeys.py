"""Journeys as their authors handle them: a draft is saved, published as a version, exported, removed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clarion.domain.errors import BadGraph, JourneyRefused
from clarion.domain.journey.graph import Graph, read_graph
from clarion.domain.journey.nodes.audience import Audience
from clarion.domain.journey.problem import Problem
from clarion.domain.journey.problems import problems
from clarion.services.journeys.known import load_known
from clarion.store import journeys, senders
from clarion.store.db import Database, Tx
from clarion.store.journeys import Journey, Overview, Version

Source = bytes | str | Mapping[str, Any]
"""A graph as JSON text, or parsed."""


@dataclass(frozen=True, slots=True)
class JourneyView:
    """A journey with its draft and what is wrong with it. `version`: the newest number, 0 if never published;
    `changed`: the draft is not what was published.
    """

    id: int
    name: str
    version: int
    changed: bool
    draft: dict[str, Any]
    problems: tuple[Problem, ...]
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Published:
    """What people enter from now on. `fresh`: this call made it; else the draft had been published before."""

    number: int
    version_id: int
    warnings: tuple[Problem, ...]
    fresh: bool


async def check_journey(db: Database, graph: Source, *, workspace: int = 1) -> list[Problem]:
    """Everything wrong with a graph, as this workspace's senders, templates, lists and people make it. Stores nothing.

    Errors stand in the way of publishing, warnings do not.
    """
    try:
        read = await asyncio.to_thread(read_graph, graph)
    except BadGraph as bad:
        return [each for each in bad.problems if isinstance(each, Problem)]
    return await _problems(db, read, workspace)


async def save_journey(db: Database, graph: Source, *, workspace: int = 1, name: str = "") -> JourneyView:
    """Make the graph the draft of the journey of its name, or of `name`, which it then gets. Repeating it changes
    nothing.

    A draft may have problems beyond its shape, which are told; publishing refuses them. Raises BadGraph for
    problems of shape.
    """
    read = read_graph(graph)
    if name:
        read = read_graph({**read.to_json(), "name": name})
    async with db.transaction() as tx:
        journey_id = await journeys.save(tx, workspace, read.name, read.to_json())
    return await find_journey(db, journey_id, workspace=workspace)


async def list_journeys(db: Database, *, workspace: int = 1) -> Sequence[Overview]:
    """Every journey, by name."""
    async with db.reading() as tx:
        return await journeys.overview(tx, workspace)


async def find_journey(db: Database, name: str | int, *, workspace: int = 1) -> JourneyView:
    """One journey by name or id. Raises NotFound."""
    async with db.reading() as tx:
        journey = await journeys.find(tx, workspace, name)
        newest = await journeys.newest(tx, journey)
    graph = read_graph(journey.draft)
    return JourneyView(
        id=journey.id,
        name=journey.name,
        version=newest.number if newest else 0,
        changed=newest is None or newest.graph != journey.draft,
        draft=graph.to_json(),
        problems=tuple(await _problems(db, graph, workspace)),
        created_at=journey.created_at,
        updated_at=journey.updated_at,
    )


async def publish_journey(db: Database, name: str | int, *, workspace: int = 1, note: str = "") -> Published:
    """Freeze the draft as the next version, which people enter from now on; those under way stay on theirs.

    An unchanged draft gives the version there is. Raises NotFound, BadGraph naming every error, and
    JourneyRefused when the draft is saved anew in the same moment.
    """
    async with db.reading() as tx:
        checked = await journeys.find(tx, workspace, name)
    graph = read_graph(checked.draft)
    found = await _problems(db, graph, workspace)
    if errors := [problem for problem in found if problem.level == "error"]:
        raise BadGraph(errors)
    async with db.transaction() as tx:
        journey = await journeys.find(tx, workspace, checked.id, lock=True)
        if journey.draft != checked.draft:
            raise JourneyRefused(
                f"Journey {journey.name!r}", "published", "its draft was saved meanwhile, look again"
            )
        newest = await journeys.newest(tx, journey)
        fresh = newest is None or newest.graph != journey.draft
        version = newest if newest and not fresh else await journeys.publish(tx, journey, journey.draft, note)
        sender = await senders.find(tx, workspace, graph.sender)
        await journeys.update(
            tx,
            journey.id,
            version_id=version.id,
            triggers=_triggers(graph),
            sender_id=sender.id if sender else 0,
        )
    return Published(version.number, version.id, tuple(found), fresh)


async def export_journey(
    db: Database, name: str | int, *, workspace: int = 1, version: int = 0
) -> dict[str, Any]:
    """The graph of the draft, or of a version, in the order it was written in: the same graph gives the same JSON.

    Raises NotFound.
    """
    async with db.reading() as tx:
        journey = await journeys.find(tx, workspace, name)
        stored = (await journeys.version(tx, journey.id, version)).graph if version else journey.draft
    return read_graph(stored).to_json()  # PostgreSQL keeps an object's members in an order of its own


async def versions_of(db: Database, name: str | int, *, workspace: int = 1) -> Sequence[Version]:
    """The published versions, newest first. Raises NotFound."""
    async with db.reading() as tx:
        return await journeys.versions(tx, (await journeys.find(tx, workspace, name)).id)


async def remove_journey(db: Database, name: str | int, *, workspace: int = 1) -> None:
    """Forget a journey, its versions, its runs and the ways people went. Their messages stay in the books.

    Raises NotFound, and JourneyRefused while a run goes on. Being cut short leaves it unpublished: repeat it.
    """
    async with db.transaction() as tx:
        journey = await journeys.find(tx, workspace, name, lock=True)
        await _refuse_while_running(tx, journey)
        await journeys.update(tx, journey.id, version_id=0, triggers=[])  # nobody enters any more
    more = True
    while more:
        async with db.transaction() as tx:
            more = await journeys.forget_people(tx, journey.id)
    async with db.transaction() as tx:
        journey = await journeys.find(tx, workspace, journey.id, lock=True)
        await _refuse_while_running(tx, journey)
        await journeys.remove(tx, journey.id)


async def _problems(db: Database, graph: Graph, workspace: int) -> list[Problem]:
    async with db.reading() as tx:
        known = await load_known(tx, workspace, graph)
    # On another thread: the largest graphs take a second, in which the engine goes on.
    return await asyncio.to_thread(problems, graph, known)


async def _refuse_while_running(tx: Tx, journey: Journey) -> None:
    for run in await journeys.under_way(tx, journey.id):
        people = f" with {run.people:,} people in it" if run.people else ""
        raise JourneyRefused(
            f"Journey {journey.name!r}", "removed", f"run {run.id}{people} goes on, stop it first"
        )


def _triggers(graph: Graph) -> list[dict[str, Any]]:
    start = graph.by_id.get(graph.start)
    return [each.model_dump(mode="json") for each in start.triggers] if isinstance(start, Audience) else []
