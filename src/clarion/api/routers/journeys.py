"""Journeys: their drafts and versions."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response

from clarion.api.context import Ctx
from clarion.api.errors import Changed, NoPrecondition
from clarion.api.fields import JourneyId, show_id
from clarion.api.match import IfMatch, etag, matching
from clarion.api.operation import Router
from clarion.api.pages import Cursor, Limit, Page, make_cursor, page, read_cursor
from clarion.api.schemas.journeys import (
    MOST_BYTES,
    ChangedPart,
    Draft,
    EdgeName,
    GraphJson,
    GraphProblem,
    Journey,
    JourneyCopy,
    JourneyDiff,
    JourneyItem,
    JourneyPatch,
    NewJourney,
    NewVersion,
    PublishedVersion,
    Status,
    Version,
    VersionItem,
)
from clarion.domain.access import Permission
from clarion.domain.errors import AlreadyExists, BadGraph, JourneyRefused
from clarion.domain.journey.problem import Problem
from clarion.services.journeys import drafts, journeys
from clarion.services.journeys.journeys import JourneyView
from clarion.store.journeys import Listed

router = Router("Journeys")

Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="A version's number.")]
_STATE = "^(draft|[1-9][0-9]{0,8})$"
_SAYS = "`draft`, or a version's number."


@router.operation(
    "GET", "/journeys", id="list_journeys", summary="List the journeys", needs=Permission.JOURNEYS_READ
)
async def list_journeys(ctx: Ctx, limit: Limit = 50, cursor: Cursor = None) -> Page[JourneyItem]:
    """Every journey, newest first."""
    after = read_cursor("journeys", cursor, int)
    found = await drafts.page_of_journeys(
        ctx.db, workspace=ctx.workspace, before=after[0] if after else 0, limit=limit + 1
    )
    return page(found, limit, _item, lambda last: make_cursor("journeys", last.id))


@router.operation(
    "POST",
    "/journeys",
    id="create_journey",
    summary="Make a journey",
    needs=Permission.JOURNEYS_WRITE,
    status=201,
    refusals=[BadGraph, AlreadyExists],
    limit=MOST_BYTES,
)
async def create_journey(ctx: Ctx, body: NewJourney, response: Response) -> Journey:
    """Make a journey with a draft. The draft may have problems, which are told; publishing refuses them."""
    view = await drafts.create_journey(ctx.db, body.graph, workspace=ctx.workspace, name=body.name or "")
    response.headers["Location"] = f"/api/v1/journeys/{show_id('journey', view.id)}"
    return await shown(ctx, view, response)


@router.operation(
    "GET",
    "/journeys/{journey_id}",
    id="get_journey",
    summary="Show a journey",
    needs=Permission.JOURNEYS_READ,
)
async def get_journey(ctx: Ctx, journey_id: JourneyId, response: Response) -> Journey:
    """The draft, what is wrong with it, and the newest versions. `ETag` stands for the draft."""
    view = await journeys.find_journey(ctx.db, journey_id, workspace=ctx.workspace)
    return await shown(ctx, view, response)


@router.operation(
    "PUT",
    "/journeys/{journey_id}/draft",
    id="save_journey_draft",
    summary="Save a journey's draft",
    needs=Permission.JOURNEYS_WRITE,
    refusals=[BadGraph, Changed, NoPrecondition],
    limit=MOST_BYTES,
)
async def save_journey_draft(
    ctx: Ctx, journey_id: JourneyId, body: Draft, response: Response, if_match: IfMatch = None
) -> Journey:
    """Replace the draft you have seen: `If-Match` is needed. Versions and who is under way stay as they are."""
    check = matching(if_match, "draft")
    view = await drafts.save_draft(ctx.db, journey_id, body.graph, workspace=ctx.workspace, check=check)
    return await shown(ctx, view, response)


@router.operation(
    "PATCH",
    "/journeys/{journey_id}",
    id="update_journey",
    summary="Rename a journey",
    needs=Permission.JOURNEYS_WRITE,
    refusals=[BadGraph, AlreadyExists, Changed],
)
async def update_journey(
    ctx: Ctx, journey_id: JourneyId, body: JourneyPatch, response: Response, if_match: IfMatch = None
) -> Journey:
    """Rename it. Versions keep the name they were published with; other journeys that lead to it must be changed."""
    check = matching(if_match, "draft", needed=False)
    view = await drafts.rename_journey(ctx.db, journey_id, body.name, workspace=ctx.workspace, check=check)
    return await shown(ctx, view, response)


@router.operation(
    "DELETE",
    "/journeys/{journey_id}",
    id="delete_journey",
    summary="Delete a journey",
    needs=Permission.JOURNEYS_WRITE,
    status=204,
    refusals=[JourneyRefused],
    joined=False,
)
async def delete_journey(ctx: Ctx, journey_id: JourneyId) -> None:
    """Forget it with its versions, runs, and the ways people went. Refused while somebody is under way in it."""
    await journeys.remove_journey(ctx.db, journey_id, workspace=ctx.workspace)


@router.operation(
    "POST",
    "/journeys/{journey_id}/copy",
    id="copy_journey",
    summary="Copy a journey",
    needs=Permission.JOURNEYS_WRITE,
    status=201,
    refusals=[BadGraph, AlreadyExists],
)
async def copy_journey(ctx: Ctx, journey_id: JourneyId, body: JourneyCopy, response: Response) -> Journey:
    """Make a journey with the same draft under another name."""
    view = await drafts.copy_journey(ctx.db, journey_id, body.name, workspace=ctx.workspace)
    response.headers["Location"] = f"/api/v1/journeys/{show_id('journey', view.id)}"
    return await shown(ctx, view, response)


@router.operation(
    "GET",
    "/journeys/{journey_id}/export",
    id="export_journey",
    summary="Export a journey",
    needs=Permission.JOURNEYS_READ,
)
async def export_journey(
    ctx: Ctx,
    journey_id: JourneyId,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="By default the draft.")] = None,
) -> GraphJson:
    """The graph alone, as files hold it: the same graph gives the same JSON."""
    return await journeys.export_journey(ctx.db, journey_id, workspace=ctx.workspace, version=version or 0)


@router.operation(
    "POST",
    "/journeys/{journey_id}/versions",
    id="publish_journey",
    summary="Publish a journey",
    needs=Permission.JOURNEYS_RUN,  # whoever writes a trigger's word is answered by it from now on
    status=201,
    refusals=[BadGraph, JourneyRefused, Changed],
)
async def publish_journey(
    ctx: Ctx, journey_id: JourneyId, body: NewVersion, response: Response, if_match: IfMatch = None
) -> PublishedVersion:
    """Freeze the draft as the next version, which people enter from now on; who is under way stays on theirs.

    With `If-Match` only the draft you have seen. Refused with every error of the graph and its place.
    """
    check = matching(if_match, "draft", needed=False)
    check(drafts.digest(await journeys.export_journey(ctx.db, journey_id, workspace=ctx.workspace)))
    made = await journeys.publish_journey(ctx.db, journey_id, workspace=ctx.workspace, note=body.note)
    journey = show_id("journey", journey_id)
    response.headers["Location"] = f"/api/v1/journeys/{journey}/versions/{made.number}"
    ctx.target = f"{journey} version {made.number}"
    return PublishedVersion(number=made.number, fresh=made.fresh, warnings=problems(made.warnings))


@router.operation(
    "GET",
    "/journeys/{journey_id}/versions",
    id="list_journey_versions",
    summary="List a journey's versions",
    needs=Permission.JOURNEYS_READ,
)
async def list_journey_versions(
    ctx: Ctx, journey_id: JourneyId, limit: Limit = 50, cursor: Cursor = None
) -> Page[VersionItem]:
    """What was published, newest first, without the graphs."""
    after = read_cursor("versions", cursor, int)
    found = await drafts.page_of_versions(
        ctx.db, journey_id, workspace=ctx.workspace, before=after[0] if after else 0, limit=limit + 1
    )
    return page(found, limit, VersionItem.model_validate, lambda last: make_cursor("versions", last.number))


@router.operation(
    "GET",
    "/journeys/{journey_id}/versions/{number}",
    id="get_journey_version",
    summary="Show a version",
    needs=Permission.JOURNEYS_READ,
)
async def get_journey_version(ctx: Ctx, journey_id: JourneyId, number: Number) -> Version:
    """One version with its graph."""
    found = await drafts.find_version(ctx.db, journey_id, number, workspace=ctx.workspace)
    return Version(number=found.number, note=found.note, published_at=found.published_at, graph=found.graph)


@router.operation(
    "GET",
    "/journeys/{journey_id}/diff",
    id="compare_journey_versions",
    summary="Compare two versions",
    needs=Permission.JOURNEYS_READ,
)
async def compare_journey_versions(
    ctx: Ctx,
    journey_id: JourneyId,
    old: Annotated[str, Query(alias="from", pattern=_STATE, description=_SAYS)],
    new: Annotated[str, Query(alias="to", pattern=_STATE, description=_SAYS)] = "draft",
) -> JourneyDiff:
    """What differs from one version, or the draft, to another: nodes, edges, and which of their fields."""
    numbers = [0 if each == "draft" else int(each) for each in (old, new)]
    found = await drafts.compare(ctx.db, journey_id, *numbers, workspace=ctx.workspace)
    return JourneyDiff(
        settings=list(found.settings),
        nodes_added=list(found.added),
        nodes_removed=list(found.removed),
        nodes_changed=[ChangedPart.model_validate(each) for each in found.changed],
        edges_added=[EdgeName(node=node, key=key) for node, key in found.edges.added],
        edges_removed=[EdgeName(node=node, key=key) for node, key in found.edges.removed],
        edges_changed=[ChangedPart.model_validate(each) for each in found.edges.changed],
    )


async def shown(ctx: Ctx, view: JourneyView, response: Response) -> Journey:
    """A journey as it is told, with the ETag of its draft."""
    response.headers["ETag"] = etag(drafts.digest(view.draft))
    versions = await drafts.page_of_versions(ctx.db, view.id, workspace=ctx.workspace, limit=20)
    return Journey(
        id=view.id,
        name=view.name,
        status=_status(view.version, view.changed),
        version=view.version or None,
        graph=view.draft,
        problems=problems(view.problems),
        versions=[VersionItem.model_validate(each) for each in versions],
        created_at=view.created_at,
        updated_at=view.updated_at,
    )


def problems(found: Iterable[Problem]) -> list[GraphProblem]:
    """A graph's problems as they are told."""
    return [GraphProblem.model_validate(each) for each in found]


def _item(row: Listed) -> JourneyItem:
    return JourneyItem(
        id=row.id,
        name=row.name,
        status=_status(row.version, row.changed),
        version=row.version or None,
        running=row.running,
        under_way=row.under_way,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _status(version: int, changed: bool) -> Status:
    if not version:
        return "draft"
    return "changed" if changed else "published"
