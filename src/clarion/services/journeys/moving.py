"""Moving people under way to another version: shown first, then done, never by itself."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from clarion.domain.errors import JourneyRefused
from clarion.domain.journey.graph import Graph, read_graph
from clarion.domain.journey.step import Left
from clarion.store import journeys, run_moves, run_reports
from clarion.store.db import Database, Tx
from clarion.store.journeys import Version
from clarion.store.run_reports import Run
from clarion.store.runs import counts, told, trails

BATCH = 1_000
"""People moved in one transaction, in which those people do not step."""
LOOK = 100_000
"""People looked for at once."""


@dataclass(frozen=True, slots=True)
class Landing:
    """`people` who stand at `node` of version `number`. `to`: where they land, "" when they stay, and `why`.

    `loses`: ways out of the node that the other version does not draw, such as a timeout that is already running.
    """

    number: int
    node: str
    people: int
    to: str
    why: str
    loses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MovePreview:
    """Who would land where. `moving` and `staying` are people; those on the version already are not among them."""

    run_id: int
    to_version: int
    landings: tuple[Landing, ...]
    moving: int
    staying: int


@dataclass(frozen=True, slots=True)
class Moved:
    """How many people were moved, how many stay on their version, and how many are still to be moved."""

    moved: int
    stayed: int
    left: int = 0


@dataclass(slots=True)
class _Plan:
    """Where each node of each version leads in the other one."""

    target: Version
    graph: Graph
    landings: list[Landing] = field(default_factory=list)
    nodes: dict[tuple[int, str], str] = field(default_factory=dict)


async def preview_move(
    db: Database,
    run_id: int,
    to_version: int,
    mapping: Mapping[str, str] | None = None,
    *,
    workspace: int = 1,
) -> MovePreview:
    """Who would land where if the people under way went over to another version. Changes nothing.

    A person goes to the node of the same id, or to the one that `mapping` names for it, if it is of the same kind.
    Raises NotFound, JourneyRefused for a mapping that cannot be used.
    """
    async with db.reading() as tx:
        return _preview(run_id, await _plan(tx, run_id, to_version, mapping or {}, workspace))


async def move_run(
    db: Database,
    run_id: int,
    to_version: int,
    mapping: Mapping[str, str] | None = None,
    *,
    workspace: int = 1,
    batch: int = BATCH,
    within: float = float("inf"),
) -> Moved:
    """Move the people under way, as `preview_move` shows. Repeating it moves who is left: no batch begins after
    `within` seconds.

    Nobody is written to again: visit, variables, timers, calls and answers on their way stay as they are; only the
    edges and texts are the other version's from now on. Who steps meanwhile is moved from where they then stand.
    """
    async with db.reading() as tx:
        plan = await _plan(tx, run_id, to_version, mapping or {}, workspace)
    moved = after = 0
    end = time.monotonic() + within
    while plan.nodes and time.monotonic() < end:
        async with db.reading() as tx:
            ids = await run_moves.candidates(tx, run_id, but=plan.target.id, after=after, limit=LOOK)
        for at in range(0, len(ids), batch):
            if time.monotonic() >= end:
                break
            moved += await db.persist(partial(_move_some, db, run_id, plan, ids[at : at + batch]))
        if len(ids) < LOOK:
            break
        after = ids[-1]
    async with db.reading() as tx:
        rest = await run_reports.standing(tx, run_id, but=plan.target.id)
    left = sum(row.n for row in rest if (row.version_id, row.node) in plan.nodes)
    return Moved(moved, sum(row.n for row in rest) - left, left)


async def _move_some(db: Database, run_id: int, plan: _Plan, ids: Sequence[int]) -> int:
    """How many of these people were moved."""
    async with db.transaction() as tx:
        moves, curious, trail, ways = [], [], [], counts.Ways()
        for row in await run_moves.lock(tx, ids):
            node = plan.nodes.get((row.version_id, row.node))
            if node is None:
                continue
            awaits = told.bits(plan.graph.awaits(node))
            moves.append((row.id, node, plan.graph.listens(node), awaits))
            if awaits & ~row.awaits and row.message_id:
                curious.append(row.message_id)
            trail.append((row.id, _noted(plan, row, node), 0))
            if node != row.node:  # the same place under another name: its people are counted there now
                ways.add(run_id, row.node, counts.IN, n=-1)
                ways.add(run_id, node, counts.IN)
        await run_moves.move(tx, plan.target.id, moves)
        await trails.add(tx, trail, await tx.now())
        await counts.apply(tx, ways.found)
        await run_moves.tell_again(tx, curious)
    return len(moves)


def _noted(plan: _Plan, row: Any, node: str) -> Left:
    where = f", where the node is {node!r}" if node != row.node else ""
    return Left(row.node, row.visit, "moved", why=f"moved to version {plan.target.number}{where}")


async def _plan(tx: Tx, run_id: int, to_version: int, mapping: Mapping[str, str], workspace: int) -> _Plan:
    run = await run_reports.run(tx, workspace, run_id)
    if run.status in ("stopped", "finished"):
        raise JourneyRefused(f"Run {run.id}", "moved", f"it is {run.status}")
    target = await journeys.version(tx, run.journey_id, to_version)
    plan = _Plan(target, read_graph(target.graph))
    standing = await run_reports.standing(tx, run_id, but=target.id)
    graphs = {
        number: read_graph((await journeys.version(tx, run.journey_id, number)).graph)
        for number in sorted({row.number for row in standing})
    }
    _check(run, plan, mapping, await _known(tx, run, [*graphs.values()]) if mapping else ())
    for row in standing:
        landing = _land(
            plan, graphs[row.number], row.number, row.node, row.n, mapping.get(row.node, row.node)
        )
        plan.landings.append(landing)
    # Every node, not only those where somebody stands now: people step between two batches.
    ids = {row.number: row.version_id for row in standing}
    for number, graph in graphs.items():
        for node in graph.by_id:
            to = mapping.get(node, node)
            if not _hindrance(plan, graph, node, to):
                plan.nodes[ids[number], node] = to
    return plan


def _check(run: Run, plan: _Plan, mapping: Mapping[str, str], known: Collection[str]) -> None:
    for old, new in mapping.items():
        if old not in known:
            problem = f"nobody under way is in a version with a node {old!r}"
        elif new not in plan.graph.by_id:
            problem = f"version {plan.target.number} has no node {new!r}"
        else:
            continue
        raise JourneyRefused(f"Run {run.id}", "moved", f"{problem} (in the mapping {old}={new})")


async def _known(tx: Tx, run: Run, graphs: Sequence[Graph]) -> set[str]:
    """The nodes that a mapping may name: of the versions people are in, or of all when everybody was moved before."""
    if graphs:
        return {node for graph in graphs for node in graph.by_id}
    return {
        node["id"] for each in await journeys.versions(tx, run.journey_id) for node in each.graph["nodes"]
    }


def _land(plan: _Plan, graph: Graph, number: int, node: str, people: int, to: str) -> Landing:
    if why := _hindrance(plan, graph, node, to):
        return Landing(number, node, people, "", f"stays: {why}")
    drawn = {edge.on for edge in plan.graph.leaving(to)}
    loses = dict.fromkeys(edge.on for edge in graph.leaving(node) if edge.on not in drawn)
    return Landing(number, node, people, to, "", tuple(loses))


def _hindrance(plan: _Plan, graph: Graph, node: str, to: str) -> str:
    """Why people at the node cannot go over, "" if they can."""
    held, new = graph.by_id.get(node), plan.graph.by_id.get(to)
    if new is None:
        return f"version {plan.target.number} has no node {to!r}"
    if held is None or held.kind != new.kind:
        return f"{to!r} is of kind {new.kind} there, {node!r} is of kind {held.kind if held else 'unknown'}"
    return ""


def _preview(run_id: int, plan: _Plan) -> MovePreview:
    moving = sum(each.people for each in plan.landings if each.to)
    staying = sum(each.people for each in plan.landings if not each.to)
    return MovePreview(run_id, plan.target.number, tuple(plan.landings), moving, staying)
