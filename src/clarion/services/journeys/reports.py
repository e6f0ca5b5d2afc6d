"""How runs stand: counts by node, messages, failures, and the people in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clarion.domain.journey.graph import Graph, read_graph
from clarion.domain.journey.position import FAILED
from clarion.store import journeys, run_reports
from clarion.store.db import Database, Tx
from clarion.store.run_reports import Count, Place, Run

_LEFT, _ENDED = "out:", "end:"


@dataclass(frozen=True, slots=True)
class Way:
    """`n` people left by this edge (or ended with this outcome): `share` of all who left the node, from 0 to 1."""

    label: str
    n: int
    share: float


@dataclass(frozen=True, slots=True)
class NodeStats:
    """One node of a run. `here`: people who stand there now; `seconds`: how long those who left had been there,
    on average, None when nobody has left. `left` has every edge that is drawn, taken or not.
    """

    node: str
    kind: str
    name: str
    entered: int
    here: int
    left: tuple[Way, ...]
    ended: tuple[Way, ...]
    failed: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Failure:
    """`people` failed for one reason: a message's (with the provider's `code`), or a journey's end at `node`."""

    reason: str
    people: int
    code: str = ""
    node: str = ""


@dataclass(frozen=True, slots=True)
class RunStats:
    """A run at one moment. `finished` people have ended in some way, `outcomes` says how; `skipped` never entered.

    `messages` counts the run's messages by where they stand; empty when it was not asked for.
    """

    run: Run
    entered: int
    under_way: int
    finished: int
    skipped: int
    outcomes: Mapping[str, int]
    nodes: tuple[NodeStats, ...]
    messages: Mapping[str, int]
    failures: tuple[Failure, ...]
    at: int


async def list_runs(
    db: Database,
    *,
    workspace: int = 1,
    journey: int | str = "",
    status: str = "",
    before: int = 0,
    limit: int = 100,
) -> list[Run]:
    """The newest runs, of all journeys or of one; `before` is the last page's last id. Raises NotFound."""
    async with db.reading() as tx:
        found = await journeys.find(tx, workspace, journey) if journey else None
        return await run_reports.every(
            tx,
            workspace,
            journey_id=found.id if found else 0,
            status=status,
            before=before,
            limit=limit,
        )


async def find_run(db: Database, run_id: int, *, workspace: int = 1) -> Run:
    """One run. Raises NotFound, also for another workspace's."""
    async with db.reading() as tx:
        return await run_reports.run(tx, workspace, run_id)


async def find_position(db: Database, position_id: int, *, workspace: int = 1) -> Place:
    """One person in one run. Raises NotFound."""
    async with db.reading() as tx:
        return await run_reports.place(tx, workspace, position_id)


async def run_stats(db: Database, run_id: int, *, workspace: int = 1, messages: bool = True) -> RunStats:
    """The run now, every figure of one moment. Raises NotFound.

    Without `messages` it costs the same for any number of people; counting them walks the run's messages.
    """
    async with db.reading() as tx:
        run = await run_reports.run(tx, workspace, run_id)
        counted = await run_reports.counts(tx, run_id)
        graphs = await _graphs(tx, run, {count.node for count in counted})
        sent = await run_reports.messages(tx, run_id) if messages else {}
        failures = await _failures(tx, run_id) if messages else ()
        now = await tx.now()
    return RunStats(
        run=run,
        entered=run.entered,
        under_way=run.under_way,
        finished=run.ended,
        skipped=run.skipped,
        outcomes=_outcomes(counted),
        nodes=tuple(_nodes(graphs, counted)),
        messages=sent,
        failures=failures,
        at=now,
    )


async def people(
    db: Database,
    run_id: int,
    *,
    workspace: int = 1,
    node: str = "",
    outcome: str = "",
    after: int = 0,
    limit: int = 50,
) -> list[Place]:
    """A page of the people in a run: at `node` now, or ended as `outcome`; `after` is the last page's last id."""
    async with db.reading() as tx:
        await run_reports.run(tx, workspace, run_id)
        return await run_reports.people(tx, run_id, node=node, outcome=outcome, after=after, limit=limit)


async def page_of_people(
    db: Database,
    run_id: int,
    *,
    workspace: int = 1,
    node: str = "",
    outcome: str = "",
    after: int = 0,
    limit: int = 50,
) -> tuple[list[Place], int]:
    """As `people`, within a bounded time for any number of people: the page, and what to give as `after` next.

    0 at the end. Those at a node are looked for among the next 20,000 people of the run, so that a page may be
    shorter than the next one, or empty.
    """
    async with db.reading() as tx:
        await run_reports.run(tx, workspace, run_id)
        if node and not await run_reports.standing_at(tx, run_id, node):
            return [], 0
        upto = await run_reports.far(tx, run_id, after) if node else 0
        found = await run_reports.people(
            tx, run_id, node=node, outcome=outcome, after=after, upto=upto, limit=limit + 1
        )
    if len(found) > limit:
        return found[:limit], found[limit - 1].id
    return found, upto


async def _graphs(tx: Tx, run: Run, counted: set[str]) -> list[Graph]:
    """The graph people entered, then others of the journey until every counted node is known: people were moved."""
    entered = await journeys.version(tx, run.journey_id, run.number)
    graphs = [read_graph(entered.graph)]
    if counted <= graphs[0].by_id.keys():
        return graphs
    others = await journeys.versions(tx, run.journey_id)
    return [*graphs, *(read_graph(other.graph) for other in others if other.number != run.number)]


async def _failures(tx: Tx, run_id: int) -> tuple[Failure, ...]:
    of_messages = [
        Failure(row.reason, row.n, code=row.code) for row in await run_reports.failures(tx, run_id)
    ]
    of_people = [Failure(row.reason, row.n, node=row.node) for row in await run_reports.endings(tx, run_id)]
    return (*of_messages, *of_people)


def _outcomes(counted: Sequence[Count]) -> dict[str, int]:
    found: dict[str, int] = {}
    for count in counted:
        if count.way.startswith(_ENDED):
            outcome = count.way.removeprefix(_ENDED)
            found[outcome] = found.get(outcome, 0) + count.n
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))


def _nodes(graphs: Sequence[Graph], counted: Sequence[Count]) -> list[NodeStats]:
    """The nodes people entered with, in the graph's order; then those that only moved people have been at."""
    by_node: dict[str, list[Count]] = {}
    for count in counted:
        by_node.setdefault(count.node, []).append(count)
    told = {node.id: _node(graphs[0], node.id, by_node.get(node.id, [])) for node in graphs[0].nodes}
    for graph in graphs[1:]:
        for node in graph.nodes:
            if node.id in by_node and node.id not in told:
                told[node.id] = _node(graph, node.id, by_node[node.id])
    return list(told.values())


def _node(graph: Graph, node: str, counted: Sequence[Count]) -> NodeStats:
    ways = {count.way: count for count in counted}
    entered = ways["in"].n if "in" in ways else 0
    drawn = {graph.key(edge): 0 for edge in graph.leaving(node)}
    left = drawn | {way.removeprefix(_LEFT): c.n for way, c in ways.items() if way.startswith(_LEFT)}
    ended = {way.removeprefix(_ENDED): c.n for way, c in ways.items() if way.startswith(_ENDED)}
    gone = sum(left.values()) + sum(ended.values())
    spent = sum(c.spent for c in counted)
    found = graph.by_id[node]
    return NodeStats(
        node=node,
        kind=found.kind,
        name=found.name,
        entered=entered,
        here=entered - gone,
        left=_ways(left, gone),
        ended=_ways(ended, gone),
        failed=ended.get(FAILED, 0),
        seconds=spent / gone / 1_000_000 if gone else None,
    )


def _ways(found: Mapping[str, int], gone: int) -> tuple[Way, ...]:
    return tuple(Way(label, n, n / gone if gone else 0.0) for label, n in found.items())
