"""People in runs, and the way each one went."""

from typing import Annotated

from fastapi import Query

from clarion.api.context import Ctx
from clarion.api.fields import PositionId, RunId
from clarion.api.operation import Router
from clarion.api.pages import Cursor, Limit, Page, make_cursor, read_cursor
from clarion.api.routers.contacts import NO_NUL
from clarion.api.schemas import runs as schemas
from clarion.api.schemas.runs import Passage, Position, RunTrace
from clarion.domain.access import Permission
from clarion.domain.errors import BadAddress
from clarion.services.journeys import reports, trace
from clarion.store import run_reports

router = Router("Runs")


@router.operation(
    "GET",
    "/runs/{run_id}/positions",
    id="list_positions",
    summary="List the people in a run",
    needs=Permission.JOURNEYS_READ,
)
async def list_positions(
    ctx: Ctx,
    run_id: RunId,
    node: Annotated[
        str | None,
        Query(min_length=1, max_length=64, pattern=NO_NUL, description="Only who stands at this node now."),
    ] = None,
    outcome: Annotated[
        str | None,
        Query(min_length=1, max_length=200, pattern=NO_NUL, description="Only who ended with this outcome."),
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Position]:
    """In the order they entered. With `node`, a page may be short, or empty, while there is a `next_cursor`."""
    after = read_cursor("positions", cursor, int)
    found, last = await reports.page_of_people(
        ctx.db,
        run_id,
        workspace=ctx.workspace,
        node=node or "",
        outcome=outcome or "",
        after=after[0] if after else 0,
        limit=limit,
    )
    more = make_cursor("positions", last) if last else None
    return Page[Position](items=[shown(each) for each in found], next_cursor=more)


@router.operation(
    "GET",
    "/runs/{run_id}/trace",
    id="trace_person",
    summary="Show how one person went through a run",
    needs=Permission.JOURNEYS_READ,
    refusals=[BadAddress],
)
async def trace_person(
    ctx: Ctx,
    run_id: RunId,
    phone: Annotated[
        str,
        Query(
            min_length=1,
            max_length=40,
            pattern=NO_NUL,
            description="In international form, such as +14155552671.",
        ),
    ],
) -> RunTrace:
    """Every event with the edges that were looked at and why, the messages and the replies."""
    found = await trace.trace(ctx.db, run_id, phone, workspace=ctx.workspace)
    return RunTrace(phone=found.address, passages=[_passage(each) for each in found.passages])


@router.operation(
    "GET",
    "/positions/{position_id}",
    id="get_position",
    summary="Show one person's way through a run",
    needs=Permission.JOURNEYS_READ,
)
async def get_position(ctx: Ctx, position_id: PositionId) -> Passage:
    """Where they stand, and how they came there: every event, why each edge was taken or not, messages, replies."""
    return _passage(await trace.passage(ctx.db, position_id, workspace=ctx.workspace))


def shown(place: run_reports.Place) -> Position:
    """A position as it is told."""
    return Position(
        id=place.id,
        run_id=place.run_id,
        contact_id=place.contact_id,
        phone=place.address,
        version=place.number,
        node=place.node,
        visit=place.visit,
        variables=place.variables,
        outcome=place.outcome,
        reason=place.reason,
        entered_at=place.entered_at,
        moved_at=place.moved_at,
        ended_at=place.ended_at,
        timer_at=place.due_at,
    )


def _passage(found: trace.Passage) -> Passage:
    return Passage(
        position=shown(found.place),
        steps=[_step(each) for each in found.steps],
        messages=[schemas.TrailMessage.model_validate(each) for each in found.messages],
        replies=[schemas.TrailReply.model_validate(each) for each in found.replies],
    )


def _step(step: trace.Step) -> schemas.TrailStep:
    values = {name: getattr(step, name) for name in trace.Step.__dataclass_fields__}
    return schemas.TrailStep.model_validate({**values, "reply_id": step.reply_id or None})
