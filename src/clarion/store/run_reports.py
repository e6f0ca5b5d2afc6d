"""What runs have come to, for people to read. Nothing here writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from clarion.domain.errors import NotFound
from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.tables import journey_versions, journeys, positions, runs

SHOWN = 20
"""Failures listed by reason, at most."""
LOOK = 20_000
"""People looked at for one page of those at a node: what changes at every step is in no index."""


@dataclass(frozen=True, slots=True)
class Run:
    """One start of a journey. `number` is the version people entered; others may have been moved since."""

    id: int
    name: str
    journey_id: int
    journey: str
    version_id: int
    number: int
    kind: str
    status: str
    status_reason: str
    expanded: bool
    skipped: int
    created_at: int
    finished_at: int
    entered: int
    ended: int

    @property
    def under_way(self) -> int:
        """People who have not ended."""
        return self.entered - self.ended


@dataclass(frozen=True, slots=True)
class Count:
    """`n` people went this way (store/runs/counts.py), together after `spent` microseconds at the node."""

    node: str
    way: str
    n: int
    spent: int


@dataclass(frozen=True, slots=True)
class Place:
    """One person in one run."""

    id: int
    address: str
    person: str
    number: int
    version_id: int
    node: str
    visit: int
    variables: dict[str, Any]
    outcome: str
    reason: str
    entered_at: int
    moved_at: int
    ended_at: int
    due_at: int  # its timer, 0 for none
    run_id: int = 0
    contact_id: int = 0


def _summed(way: str) -> str:
    return (
        f"(SELECT coalesce(sum(k.n), 0) FROM node_counts k WHERE k.run_id = runs.id AND k.way LIKE '{way}')"
    )


_RUNS = (
    sa.select(
        runs.c.id, runs.c.name, runs.c.journey_id, journeys.c.name.label("journey"), runs.c.version_id,
        journey_versions.c.number, runs.c.kind, runs.c.status, runs.c.status_reason, runs.c.expanded,
        runs.c.skipped, runs.c.created_at, runs.c.finished_at,
        sa.literal_column(_summed("enter")).label("entered"), sa.literal_column(_summed("end:%")).label("ended"),
    )
    .join(journeys, journeys.c.id == runs.c.journey_id)
    .join(journey_versions, journey_versions.c.id == runs.c.version_id)
)  # fmt: skip


async def run(tx: Tx, workspace: int, run_id: int) -> Run:
    """One run of the workspace. Raises NotFound."""
    row = await tx.first(_RUNS.where(runs.c.id == run_id, runs.c.workspace_id == workspace))
    if row is None:
        raise NotFound("run", run_id)
    return _run(row)


async def every(
    tx: Tx, workspace: int, *, journey_id: int = 0, status: str = "", before: int = 0, limit: int = 100
) -> list[Run]:
    """The newest runs of the workspace, of one journey, with one status; `before` is the last page's last id."""
    query = _RUNS.where(runs.c.workspace_id == workspace).order_by(runs.c.id.desc()).limit(limit)
    for given, condition in (
        (journey_id, runs.c.journey_id == journey_id),
        (status, runs.c.status == status),
        (before, runs.c.id < before),
    ):
        query = query.where(condition) if given else query
    return [_run(row) for row in await tx.all(query)]


async def counts(tx: Tx, run_id: int) -> list[Count]:
    """Every way people went in the run."""
    rows = await tx.all(
        "SELECT node, way, n, spent FROM node_counts WHERE run_id = :run AND n <> 0 ORDER BY node, way",
        {"run": run_id},
    )
    return [Count(row.node, row.way, row.n, row.spent) for row in rows]


async def messages(tx: Tx, run_id: int) -> dict[str, int]:
    """The run's messages by where they stand now."""
    rows = await tx.all(
        """
        SELECT coalesce(o.state, m.status) AS status, count(*) AS n
        FROM messages m LEFT JOIN outbox o ON o.message_id = m.id
        WHERE m.run_id = :run AND m.run_id <> 0 GROUP BY coalesce(o.state, m.status)
        """,
        {"run": run_id},
    )
    return {row.status: row.n for row in rows}


async def failures(tx: Tx, run_id: int) -> Sequence[Any]:
    """The run's failed messages by reason: `code`, `reason`, `n`, most frequent first."""
    return await tx.all(
        """
        SELECT fault_code AS code, max(fault_reason) AS reason, count(*) AS n FROM messages
        WHERE run_id = :run AND run_id <> 0 AND status = 'failed'
        GROUP BY fault_code ORDER BY n DESC, fault_code LIMIT :limit
        """,
        {"run": run_id, "limit": SHOWN},
    )


async def endings(tx: Tx, run_id: int) -> Sequence[Any]:
    """Why people ended as `failed`: `node`, `reason`, `n`, most frequent first."""
    return await tx.all(
        "SELECT node, reason, count(*) AS n FROM positions WHERE run_id = :run AND outcome = 'failed' "
        "GROUP BY node, reason ORDER BY n DESC, node, reason LIMIT :limit",
        {"run": run_id, "limit": SHOWN},
    )


async def people(
    tx: Tx,
    run_id: int,
    *,
    node: str = "",
    outcome: str = "",
    person: str = "",
    after: int = 0,
    upto: int = 0,
    limit: int = 50,
) -> list[Place]:
    """People of the run by id: at a node now, ended with an outcome, or one of them; with ids up to `upto` only."""
    values = {"node": node, "outcome": outcome, "person": person, "upto": upto}
    given = {name: value for name, value in values.items() if value}
    # A person has few positions and a run has many: + keeps SQLite and PostgreSQL from walking the run.
    run = "+p.run_id = :run AND p.journey_id = (SELECT journey_id FROM runs WHERE id = :run)"
    wanted = [run if person else "p.run_id = :run", "p.id > :after", *(_PEOPLE[name] for name in given)]
    rows = await tx.all(
        f"{_PLACES} WHERE {' AND '.join(wanted)} ORDER BY p.id LIMIT :limit",
        {"run": run_id, "after": after, "limit": limit, **given},
    )
    return [_place(row) for row in rows]


_PLACES = """
    SELECT p.id, p.run_id, p.contact_id, coalesce(c.address, p.person) AS address, p.person, v.number, p.version_id,
           p.node, p.visit, p.variables, p.outcome, p.reason, p.entered_at, p.moved_at, p.ended_at,
           coalesce(t.due_at, 0) AS due_at
    FROM positions p JOIN journey_versions v ON v.id = p.version_id
    LEFT JOIN contacts c ON c.id = p.contact_id
    LEFT JOIN timers t ON t.position_id = p.id AND t.visit = p.visit
"""
_PEOPLE = {
    "node": "p.node = :node AND p.outcome = ''",
    "outcome": "p.outcome = :outcome AND p.outcome <> ''",
    "person": "p.person = :person",
    "upto": "p.id <= :upto",
}


async def place(tx: Tx, workspace: int, position_id: int) -> Place:
    """One person in one run. Raises NotFound."""
    row = await tx.first(
        f"{_PLACES} WHERE p.id = :id AND p.workspace_id = :workspace",
        {"id": position_id, "workspace": workspace},
    )
    if row is None:
        raise NotFound("position", position_id)
    return _place(row)


async def far(tx: Tx, run_id: int, after: int) -> int:
    """The last id of the next LOOK people of the run; 0 when fewer are left."""
    found = await tx.scalar(
        "SELECT id FROM positions WHERE run_id = :run AND id > :after ORDER BY id LIMIT 1 OFFSET :look",
        {"run": run_id, "after": after, "look": LOOK - 1},
    )
    return int(found or 0)


async def standing_at(tx: Tx, run_id: int, node: str) -> int:
    """How many people are at the node now, by the counts."""
    found = await tx.scalar(
        "SELECT coalesce(sum(CASE WHEN way = 'in' THEN n WHEN way = 'enter' THEN 0 ELSE -n END), 0) "
        "FROM node_counts WHERE run_id = :run AND node = :node",
        {"run": run_id, "node": node},
    )
    return int(found)


async def trail(tx: Tx, position_id: int) -> list[dict[str, Any]]:
    """What happened to a position, oldest first."""
    rows = await tx.all(
        "SELECT id, at, visit, node, event, edge, to_node, outcome, why, tried, reply_id FROM trails "
        "WHERE position_id = :position ORDER BY id",
        {"position": position_id},
    )
    return [{**row._mapping, "tried": dialect.json_value(row.tried)} for row in rows]


async def sent(tx: Tx, position_id: int) -> list[dict[str, Any]]:
    """The messages of a position, oldest first."""
    rows = await tx.all(
        """
        SELECT m.id, m.visit, m.content, coalesce(o.state, m.status) AS status, m.fault_code AS code,
               m.fault_reason AS reason, s.name AS sender, m.created_at, m.accepted_at, m.delivered_at, m.read_at,
               m.failed_at
        FROM messages m JOIN senders s ON s.id = m.sender_id LEFT JOIN outbox o ON o.message_id = m.id
        WHERE m.position_id = :position AND m.position_id <> 0 ORDER BY m.visit
        """,
        {"position": position_id},
    )
    return [{**row._mapping, "content": dialect.json_value(row.content)} for row in rows]


async def heard(tx: Tx, workspace: int, person: str, position_id: int) -> Sequence[Any]:
    """The replies that were routed to a position, or came too late for it, oldest first."""
    return await tx.all(
        "SELECT id, kind, text, payload, routed, why, at FROM replies "
        "WHERE workspace_id = :workspace AND person = :person AND position_id = :position ORDER BY at, id",
        {"workspace": workspace, "person": person, "position": position_id},
    )


async def standing(tx: Tx, run_id: int, *, but: int) -> Sequence[Any]:
    """Where people under way stand who are on another version than `but`: `version_id`, `number`, `node`, `n`."""
    return await tx.all(
        sa.select(
            positions.c.version_id,
            journey_versions.c.number,
            positions.c.node,
            sa.func.count().label("n"),
        )
        .join(journey_versions, journey_versions.c.id == positions.c.version_id)
        .where(positions.c.run_id == run_id, positions.c.outcome == "", positions.c.version_id != but)
        .group_by(positions.c.version_id, journey_versions.c.number, positions.c.node)
        .order_by(journey_versions.c.number, positions.c.node)
    )


def _place(row: sa.Row[Any]) -> Place:
    return Place(**{**row._mapping, "variables": dialect.json_value(row.variables)})


def _run(row: sa.Row[Any]) -> Run:
    return Run(**{**row._mapping, "entered": int(row.entered), "ended": int(row.ended)})
