"""Runs: started, held, ended, looked at, and moved to another version."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from clarion.api.context import Context, Ctx
from clarion.api.fields import JourneyId, RunId, show_id
from clarion.api.operation import Router
from clarion.api.pages import Cursor, Limit, Page, make_cursor, page, read_cursor
from clarion.api.routers.positions import shown as shown_position
from clarion.api.schemas import runs as schemas
from clarion.api.schemas.runs import (
    HeldRun,
    Landing,
    Moved,
    MovePreview,
    NewEntry,
    NewMove,
    NewRun,
    Position,
    Run,
    RunReason,
    RunStats,
    RunStatus,
)
from clarion.domain.access import Permission
from clarion.domain.errors import BadAddress, BadField, JourneyRefused, NotFound
from clarion.services.journeys import moving, reports, runs
from clarion.services.journeys.known import list_names
from clarion.store import run_reports

router = Router("Runs")

MOVE_SECONDS = 10.0
"""How long one request moves people."""


@router.operation(
    "POST",
    "/journeys/{journey_id}/runs",
    id="start_run",
    summary="Start a run",
    needs=Permission.JOURNEYS_RUN,
    status=202,
    refusals=[JourneyRefused],
)
async def start_run(ctx: Ctx, journey_id: JourneyId, body: NewRun, response: Response) -> Run:
    """Send everybody on the lists into the published version. They enter from now on; see the run for how far."""
    names = await list_names(ctx.db, body.lists, workspace=ctx.workspace)
    try:
        run_id = await runs.start_run(
            ctx.db, ctx.waker, journey_id, workspace=ctx.workspace, lists=names, run_name=body.name
        )
    except NotFound as lost:
        if lost.what != "list":
            raise
        raise JourneyRefused(
            "This journey", "started", f"its audience names the list {lost.which!r}, which is gone"
        ) from None
    ctx.target = show_id("run", run_id)
    response.headers["Location"] = f"/api/v1/runs/{show_id('run', run_id)}"
    return _shown(await reports.find_run(ctx.db, run_id, workspace=ctx.workspace))


@router.operation(
    "POST",
    "/journeys/{journey_id}/entries",
    id="enter_journey",
    summary="Send one person into a journey",
    needs=Permission.JOURNEYS_RUN,
    status=201,
    refusals=[JourneyRefused, BadAddress],
    audited=False,
)
async def enter_journey(ctx: Ctx, journey_id: JourneyId, body: NewEntry, response: Response) -> Position:
    """Let one person enter the published version, whose start must allow it (`api`)."""
    if (body.phone is None) == (body.contact_id is None):
        raise BadField("phone", "name the person either by phone or by contact_id")
    try:
        position_id = await runs.enter(
            ctx.db,
            ctx.waker,
            journey_id,
            body.phone or "",
            body.variables,
            workspace=ctx.workspace,
            contact_id=body.contact_id or 0,
            trigger=body.key,
        )
    except NotFound as lost:
        if lost.what != "contact":
            raise
        raise BadField("contact_id", "there is no such contact") from None
    found = await reports.find_position(ctx.db, position_id, workspace=ctx.workspace)
    response.headers["Location"] = f"/api/v1/positions/{show_id('position', position_id)}"
    return shown_position(found)


@router.operation("GET", "/runs", id="list_runs", summary="List the runs", needs=Permission.JOURNEYS_READ)
async def list_runs(
    ctx: Ctx,
    journey_id: Annotated[JourneyId | None, Query(description="Only of this journey.")] = None,
    status: Annotated[RunStatus | None, Query(description="Only with this status.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Run]:
    """Runs, newest first."""
    after = read_cursor("runs", cursor, int)
    try:
        found = await reports.list_runs(
            ctx.db,
            workspace=ctx.workspace,
            journey=journey_id or "",
            status=status or "",
            before=after[0] if after else 0,
            limit=limit + 1,
        )
    except NotFound:
        found = []  # nobody's journey has runs
    return page(found, limit, _shown, lambda last: make_cursor("runs", last.id))


@router.operation("GET", "/runs/{run_id}", id="get_run", summary="Show a run", needs=Permission.JOURNEYS_READ)
async def get_run(ctx: Ctx, run_id: RunId) -> Run:
    """One run."""
    return _shown(await reports.find_run(ctx.db, run_id, workspace=ctx.workspace))


@router.operation(
    "POST",
    "/runs/{run_id}/pause",
    id="pause_run",
    summary="Pause a run",
    needs=Permission.JOURNEYS_RUN,
    refusals=[JourneyRefused],
    joined=False,
)
async def pause_run(ctx: Ctx, run_id: RunId, body: RunReason) -> HeldRun:
    """Nothing new is sent and nobody moves once this answers. Replies are kept, timers run on. Repeating is safe."""
    reason = body.reason or "paused over the API"
    held = await reports.find_run(ctx.db, run_id, workspace=ctx.workspace)
    draining = 0
    if held.status != "paused":
        draining = await runs.pause_run(ctx.db, run_id, workspace=ctx.workspace, reason=reason)
    return await _held(ctx, run_id, draining)


@router.operation(
    "POST",
    "/runs/{run_id}/resume",
    id="resume_run",
    summary="Resume a run",
    needs=Permission.JOURNEYS_RUN,
    refusals=[JourneyRefused],
)
async def resume_run(ctx: Ctx, run_id: RunId) -> Run:
    """Go on exactly where everybody was: what came due meanwhile happens now."""
    await runs.resume_run(ctx.db, ctx.waker, run_id, workspace=ctx.workspace)
    return _shown(await reports.find_run(ctx.db, run_id, workspace=ctx.workspace))


@router.operation(
    "POST",
    "/runs/{run_id}/stop",
    id="stop_run",
    summary="Stop a run for good",
    needs=Permission.JOURNEYS_RUN,
    refusals=[JourneyRefused],
)
async def stop_run(ctx: Ctx, run_id: RunId, body: RunReason) -> HeldRun:
    """End it: everybody in it ends as `stopped`, what was not sent is cancelled. It cannot be resumed."""
    reason = body.reason or "stopped over the API"
    draining = await runs.stop_run(ctx.db, ctx.waker, run_id, workspace=ctx.workspace, reason=reason)
    return await _held(ctx, run_id, draining)


@router.operation(
    "GET",
    "/runs/{run_id}/stats",
    id="get_run_stats",
    summary="Show how a run stands",
    needs=Permission.JOURNEYS_READ,
)
async def get_run_stats(
    ctx: Ctx,
    run_id: RunId,
    messages: Annotated[
        bool, Query(description="Count its messages and failures, too: that walks through all of them.")
    ] = False,
) -> RunStats:
    """For each node who entered, who is there, and how they left: figures of one moment, for any number of people."""
    found = await reports.run_stats(ctx.db, run_id, workspace=ctx.workspace, messages=messages)
    return RunStats(
        run=_shown(found.run),
        outcomes=dict(found.outcomes),
        nodes=[schemas.NodeStats.model_validate(each) for each in found.nodes],
        messages=dict(found.messages),
        failures=[schemas.RunFailure.model_validate(each) for each in found.failures],
        at=found.at,
    )


@router.operation(
    "POST",
    "/runs/{run_id}/moves/preview",
    id="preview_move",
    summary="Show where people would land",
    needs=Permission.JOURNEYS_READ,
    refusals=[JourneyRefused],
    joined=False,
    audited=False,
)
async def preview_move(ctx: Ctx, run_id: RunId, body: NewMove) -> MovePreview:
    """Who would land where if people under way went over to another version. Changes nothing."""
    found = await moving.preview_move(ctx.db, run_id, body.version, body.mapping, workspace=ctx.workspace)
    landings = [
        Landing(
            version=each.number,
            node=each.node,
            people=each.people,
            to=each.to,
            why=each.why,
            loses=list(each.loses),
        )
        for each in found.landings
    ]
    return MovePreview(
        version=found.to_version, landings=landings, moving=found.moving, staying=found.staying
    )


@router.operation(
    "POST",
    "/runs/{run_id}/moves",
    id="move_run",
    summary="Move people to another version",
    needs=Permission.JOURNEYS_RUN,
    refusals=[JourneyRefused],
    joined=False,
)
async def move_run(ctx: Ctx, run_id: RunId, body: NewMove) -> Moved:
    """Bring people over where they stand, as the preview shows; nobody is written to by that.

    Works for ten seconds at most: while `left` is not 0, ask again. Repeating it moves who is left.
    """
    found = await moving.move_run(
        ctx.db, run_id, body.version, body.mapping, workspace=ctx.workspace, within=MOVE_SECONDS
    )
    ctx.detail = {"version": body.version, "moved": found.moved}
    return Moved.model_validate(found)


async def _held(ctx: Context, run_id: int, draining: int) -> HeldRun:
    run = _shown(await reports.find_run(ctx.db, run_id, workspace=ctx.workspace))
    return HeldRun(**run.model_dump(mode="python"), draining=draining)


def _shown(run: run_reports.Run) -> Run:
    return Run.model_validate(
        {
            **{name: getattr(run, name) for name in run_reports.Run.__dataclass_fields__},
            "version": run.number,
            "under_way": run.under_way,
        }
    )
