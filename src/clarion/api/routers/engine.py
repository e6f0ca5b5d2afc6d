"""How the engine does: lanes, workers, what providers told."""

import shutil
from typing import Any

from clarion import __version__
from clarion.api.context import Ctx
from clarion.api.operation import Router
from clarion.api.pages import BadCursor, Cursor, Limit, Page, make_cursor, page, read_cursor
from clarion.api.schemas.engine import DatabaseState, Depth, EngineHealth, Lane, Loop, Notice, Worker
from clarion.domain.access import Permission
from clarion.services.health import engine
from clarion.services.health.process import Process

router = Router("Engine")


@router.operation(
    "GET", "/engine", id="get_engine", summary="How the engine does", needs=Permission.ENGINE_READ
)
async def get_engine(ctx: Ctx) -> EngineHealth:
    """What waits for this workspace, which processes work, and how late they are."""
    # Bounded queries that name the workspace: see services/health/engine.py.
    db, process = ctx.backend.db, ctx.backend.process
    seen = await engine.look(db, ctx.workspace)
    revision, at_head = await engine.revision(db)
    return EngineHealth(
        lanes=[Lane(kind=kind, **_depth(seen.now, depth)) for kind, depth in seen.lanes.items()],
        doubts=Depth(**_depth(seen.now, seen.doubts)),
        workers=[
            Worker(
                name=each.name,
                host=each.host,
                version=each.version,
                started_at=each.started_at,
                silent_s=None if each.silent is None else round(each.silent, 1),
                here=each.here,
            )
            for each in await engine.workers(db, process)
        ],
        loop=_loop(process),
        database=DatabaseState(kind=db.name, revision=revision, at_head=at_head),
        disk_free=shutil.disk_usage(ctx.backend.data_dir).free,
    )


@router.operation(
    "GET",
    "/engine/notices",
    id="list_notices",
    summary="List what providers told",
    needs=Permission.ENGINE_READ,
    refusals=[BadCursor],
)
async def list_notices(ctx: Ctx, limit: Limit = 50, cursor: Cursor = None) -> Page[Notice]:
    """What providers told about templates and accounts, newest first."""
    before = read_cursor("notices", cursor, int, int)
    rows = await engine.page_of_notices(ctx.db, workspace=ctx.workspace, before=before, limit=limit + 1)
    return page(
        rows, limit, Notice.model_validate, lambda row: make_cursor("notices", row.created_at, row.id)
    )


def _depth(now: int, depth: engine.Depth) -> dict[str, Any]:
    oldest = max(0, now - depth.oldest_at) / 1_000_000 if depth.oldest_at else 0.0
    return {"due": depth.due, "more": depth.more, "oldest_s": round(oldest, 1)}


def _loop(process: Process | None) -> Loop:
    if process is None:
        return Loop(version=__version__, lag_ms=0.0, worst_lag_ms=0.0, sweep_age_s=None)
    age = process.watching.age()
    return Loop(
        version=__version__,
        lag_ms=round(process.loop.now * 1_000, 1),
        worst_lag_ms=round(process.loop.worst * 1_000, 1),
        sweep_age_s=None if age is None else round(age, 1),
    )
