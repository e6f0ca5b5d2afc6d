"""Runs with positions that asked for calls, written straight into the tables."""

import json
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from clarion.domain.journey.effects import Call
from clarion.store import dialect
from clarion.store.db import Database
from clarion.store.runs import calls
from clarion.store.runs.calls import NewCall
from clarion.store.tables import journey_versions, journeys, positions, runs


async def a_run(db: Database, name: str = "order", *, status: str = "running") -> int:
    """A run of a journey of its own."""
    async with db.transaction() as tx:

        async def add(table: sa.Table, **values: Any) -> int:
            return int(await tx.scalar(sa.insert(table).values(**values).returning(table.c.id)))

        journey = await add(journeys, workspace_id=1, name=name, draft={})
        version = await add(journey_versions, journey_id=journey, number=1, graph={})
        return await add(
            runs, workspace_id=1, journey_id=journey, version_id=version, kind="audience", status=status
        )


async def a_position(db: Database, run_id: int, *, outcome: str = "") -> int:
    """Somebody in the run."""
    async with db.transaction() as tx:
        n = int(await tx.scalar("SELECT count(*) FROM positions")) + 1
        values = {
            "workspace_id": 1,
            "run_id": run_id,
            "journey_id": run_id,
            "version_id": run_id,
            "contact_id": n,
            "person": f"p{n}",
            "entry": "",
            "node": "ask",
            "visit": 1,
            "outcome": outcome,
        }
        return int(await tx.scalar(sa.insert(positions).values(**values).returning(positions.c.id)))


def a_call(visit: int = 1, **values: Any) -> Call:
    """A GET, unless `values` say otherwise; GETs are repeatable."""
    given = {"method": "GET", "url": "http://api.example/", "repeatable": True, **values}
    return Call(visit, "ask", **given)


async def asked(db: Database, run_id: int, position_id: int, call: Call) -> None:
    """The position asks for the call."""
    async with db.transaction() as tx:
        await calls.add(tx, [NewCall(position_id, run_id, call.visit, json.dumps(asdict(call)))])


async def asking(db: Database, run_id: int, call: Call, *, people: int = 1) -> list[int]:
    """That many new positions, each asking for the call."""
    found = [await a_position(db, run_id) for _ in range(people)]
    async with db.transaction() as tx:
        request = json.dumps(asdict(call))
        await calls.add(tx, [NewCall(position, run_id, call.visit, request) for position in found])
    return found


async def told(db: Database) -> dict[int, dict[str, Any]]:
    """What `called` events hold, by position. Fails if one position has two."""
    async with db.reading() as tx:
        rows = await tx.all("SELECT position_id, kind, data FROM position_events ORDER BY id")
    assert {row.kind for row in rows} <= {"called"}
    found = {row.position_id: dialect.json_value(row.data) for row in rows}
    assert len(found) == len(rows)
    return found


async def rows(db: Database) -> list[Any]:
    """The calls that are left, by position."""
    async with db.reading() as tx:
        return list(await tx.all("SELECT * FROM calls ORDER BY position_id"))
