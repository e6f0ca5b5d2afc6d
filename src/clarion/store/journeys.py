"""Journey rows: the draft that is edited, and the versions that never change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from clarion.domain.errors import AlreadyExists, NotFound
from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.runs.counts import under_way_sql
from clarion.store.tables import journey_versions, journeys

_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Journey:
    """One row of `journeys`. `version_id`: the newest published one, 0 if there is none."""

    id: int
    workspace_id: int
    name: str
    draft: dict[str, Any]
    version_id: int
    triggers: list[dict[str, Any]]
    sender_id: int
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Version:
    """One published graph. Numbers count from 1 within the journey."""

    id: int
    journey_id: int
    number: int
    graph: dict[str, Any]
    note: str
    published_at: int


@dataclass(frozen=True, slots=True)
class Overview:
    """A journey in a list. `version`: the newest number, 0 if never published; `changed`: the draft is another."""

    id: int
    name: str
    version: int
    changed: bool
    nodes: int
    runs: int
    under_way: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A journey on a page. `version`: the newest number, 0 if never published; `changed`: the draft is another.

    `running`: runs that are running or paused; `under_way`: people in it who have not ended.
    """

    id: int
    name: str
    version: int
    changed: bool
    running: int
    under_way: int
    created_at: int
    updated_at: int


async def find(tx: Tx, workspace: int, journey: int | str, *, lock: bool = False) -> Journey:
    """One journey by id or name; with `lock` held until the transaction ends. Raises NotFound."""
    by = journeys.c.id == journey if isinstance(journey, int) else journeys.c.name == journey
    query = sa.select(journeys).where(journeys.c.workspace_id == workspace, by)
    row = await tx.first(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound("journey", journey)
    return Journey(**row._mapping)


async def save(tx: Tx, workspace: int, name: str, draft: Mapping[str, Any]) -> int:
    """Store the draft of the journey with this name, made if it is new; its id. The same draft changes nothing."""
    now = await tx.now()
    await tx.run(
        "INSERT INTO journeys (workspace_id, name, draft, created_at, updated_at) "
        f"VALUES (:workspace, :name, {dialect.json_of(tx.name, ':empty')}, :now, :now) "
        "ON CONFLICT (workspace_id, name) DO NOTHING",
        {"workspace": workspace, "name": name, "empty": "{}", "now": now},
    )
    held = await find(tx, workspace, name, lock=True)
    if held.draft != draft:
        await update(tx, held.id, draft=dict(draft), updated_at=now)
    return held.id


async def create(tx: Tx, workspace: int, name: str, draft: Mapping[str, Any]) -> int:
    """A new journey's id. Raises AlreadyExists."""
    now = await tx.now()
    row = await tx.first(
        "INSERT INTO journeys (workspace_id, name, draft, created_at, updated_at) "
        f"VALUES (:workspace, :name, {dialect.json_of(tx.name, ':draft')}, :now, :now) "
        "ON CONFLICT (workspace_id, name) DO NOTHING RETURNING id",
        {"workspace": workspace, "name": name, "draft": "{}", "now": now},
    )
    if row is None:
        raise AlreadyExists("journey", name)
    await update(tx, row.id, draft=dict(draft))
    return int(row.id)


async def rename(tx: Tx, journey: Journey, name: str, draft: Mapping[str, Any]) -> None:
    """Give a locked journey another name and draft. Raises AlreadyExists."""
    try:
        await update(tx, journey.id, name=name, draft=dict(draft), updated_at=await tx.now())
    except sa.exc.IntegrityError:
        raise AlreadyExists("journey", name) from None


async def update(tx: Tx, journey_id: int, **values: Any) -> None:
    """Set columns of a locked journey."""
    await tx.run(sa.update(journeys).where(journeys.c.id == journey_id).values(**values))


async def overview(tx: Tx, workspace: int) -> list[Overview]:
    """Every journey, by name."""
    rows = await tx.all(
        f"""
        SELECT j.id, j.name, j.draft, j.updated_at, coalesce(v.number, 0) AS version, v.graph,
               (SELECT count(*) FROM runs r WHERE r.journey_id = j.id) AS runs,
               (SELECT coalesce(sum({under_way_sql()}), 0) FROM runs r WHERE r.journey_id = j.id) AS under_way
        FROM journeys j LEFT JOIN journey_versions v ON v.id = j.version_id
        WHERE j.workspace_id = :workspace ORDER BY j.name
        """,
        {"workspace": workspace},
    )
    return [_overview(row) for row in rows]


async def page(tx: Tx, workspace: int, *, before: int, limit: int) -> list[Listed]:
    """Journeys, newest first; `before` is the last page's last id, 0 for the first page."""
    earlier = "AND j.id < :before" if before else ""
    rows = await tx.all(
        f"""
        SELECT j.id, j.name, coalesce(v.number, 0) AS version, j.created_at, j.updated_at,
               coalesce(v.graph <> j.draft, true) AS changed,
               (SELECT count(*) FROM runs r WHERE r.journey_id = j.id AND r.status IN ('running', 'paused')) AS running,
               (SELECT coalesce(sum({under_way_sql()}), 0) FROM runs r WHERE r.journey_id = j.id) AS under_way
        FROM journeys j LEFT JOIN journey_versions v ON v.id = j.version_id
        WHERE j.workspace_id = :workspace {earlier} ORDER BY j.id DESC LIMIT :limit
        """,
        {"workspace": workspace, "limit": limit, **({"before": before} if before else {})},
    )
    return [
        Listed(**{**row._mapping, "changed": bool(row.changed), "under_way": int(row.under_way)})
        for row in rows
    ]


async def numbers(tx: Tx, journey_id: int, *, before: int = 0, limit: int = 100) -> Sequence[sa.Row[Any]]:
    """`number`, `note`, `published_at` of versions, newest first, without their graphs."""
    v = journey_versions.c
    query = sa.select(v.number, v.note, v.published_at).where(v.journey_id == journey_id)
    query = query.where(v.number < before) if before else query
    return await tx.all(query.order_by(v.number.desc()).limit(limit))


async def versions(tx: Tx, journey_id: int) -> list[Version]:
    """Every version, newest first."""
    query = sa.select(journey_versions).where(journey_versions.c.journey_id == journey_id)
    return [Version(**row._mapping) for row in await tx.all(query.order_by(journey_versions.c.number.desc()))]


async def version(tx: Tx, journey_id: int, number: int) -> Version:
    """One version by its number. Raises NotFound."""
    row = await tx.first(
        sa.select(journey_versions).where(
            journey_versions.c.journey_id == journey_id, journey_versions.c.number == number
        )
    )
    if row is None:
        raise NotFound("version", number)
    return Version(**row._mapping)


async def newest(tx: Tx, journey: Journey) -> Version | None:
    """The version that people enter now."""
    row = await tx.first(sa.select(journey_versions).where(journey_versions.c.id == journey.version_id))
    return None if row is None else Version(**row._mapping)


async def publish(tx: Tx, journey: Journey, graph: Mapping[str, Any], note: str) -> Version:
    """Freeze a graph as the next version of a locked journey. What people enter is for the caller to set."""
    number = 1 + int(
        await tx.scalar(
            "SELECT coalesce(max(number), 0) FROM journey_versions WHERE journey_id = :id", {"id": journey.id}
        )
    )
    values: dict[str, Any] = {
        "journey_id": journey.id,
        "number": number,
        "graph": dict(graph),
        "note": note,
        "published_at": await tx.now(),
    }
    row = await tx.first(sa.insert(journey_versions).returning(journey_versions.c.id), values)
    assert row is not None
    return Version(id=row.id, **values)


async def under_way(tx: Tx, journey_id: int) -> Sequence[sa.Row[Any]]:
    """`id`, `people` of the runs that are not over: somebody is under way in them, or their start goes on."""
    return await tx.all(
        f"""
        SELECT id, people FROM (
            SELECT r.id, r.kind, r.status, {under_way_sql()} AS people FROM runs r WHERE r.journey_id = :id
        ) AS x WHERE people > 0 OR (kind = 'audience' AND status IN ('running', 'paused')) ORDER BY id
        """,
        {"id": journey_id},
    )


async def forget_people(tx: Tx, journey_id: int) -> bool:
    """Remove some of the journey's ended positions with their trails; True while there may be more."""
    some = "SELECT id FROM positions WHERE journey_id = :id AND outcome <> '' ORDER BY id LIMIT :limit"
    values = {"id": journey_id, "limit": _BATCH}
    await tx.run(f"DELETE FROM trails WHERE position_id IN ({some})", values)
    return await tx.run(f"DELETE FROM positions WHERE id IN ({some})", values) == _BATCH


async def remove(tx: Tx, journey_id: int) -> None:
    """Remove a locked journey without people: its runs, their counts, its versions, itself."""
    for statement in (
        "DELETE FROM node_counts WHERE run_id IN (SELECT id FROM runs WHERE journey_id = :id)",
        "DELETE FROM runs WHERE journey_id = :id",
        "DELETE FROM journey_versions WHERE journey_id = :id",
        "DELETE FROM journeys WHERE id = :id",
    ):
        await tx.run(statement, {"id": journey_id})


def _overview(row: sa.Row[Any]) -> Overview:
    draft = dialect.json_value(row.draft)
    changed = row.graph is None or dialect.json_value(row.graph) != draft
    nodes = len(draft["nodes"])
    return Overview(
        row.id, row.name, row.version, changed, nodes, row.runs, int(row.under_way), row.updated_at
    )
