"""What became of a campaign: figures, people, and everything as a file."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import StreamingResponse

from clarion.api.context import Ctx
from clarion.api.fields import CampaignId, show_id
from clarion.api.operation import Router
from clarion.api.pages import Cursor, Limit, Page, make_cursor, read_cursor
from clarion.api.schemas.campaigns import CampaignStats, Recipient
from clarion.api.shown.campaigns import recipient_shown, stats_shown
from clarion.domain.access import Permission
from clarion.domain.csv_safe import protect
from clarion.domain.message import Status
from clarion.services import campaigns
from clarion.services.campaigns.export import COLUMNS
from clarion.services.campaigns.stats import campaign_recipients, campaign_stats

router = Router("Campaigns")

NAME = "recipients"
_ROWS = 500  # lines of a file sent at once

_CSV: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A CSV file in UTF-8. Cells that a spreadsheet would run are quoted with an apostrophe.",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    }
}


@router.operation(
    "GET",
    "/campaigns/{campaign_id}/stats",
    id="get_campaign_stats",
    summary="Show what a campaign has come to",
    needs=Permission.CAMPAIGNS_READ,
)
async def get_campaign_stats(ctx: Ctx, campaign_id: CampaignId) -> CampaignStats:
    """Counters, the way from people to read messages, and failures by reason.

    Counters are exact. Of each reason up to 5,000 failures are counted; `at_least` says where there are more.
    """
    return stats_shown(await campaign_stats(ctx.db, campaign_id, workspace=ctx.workspace))


@router.operation(
    "GET",
    "/campaigns/{campaign_id}/recipients",
    id="list_campaign_recipients",
    summary="List the people of a campaign",
    needs=Permission.CAMPAIGNS_READ,
)
async def list_campaign_recipients(
    ctx: Ctx,
    campaign_id: CampaignId,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[Status | None, Query(description="Only those whose message stands here.")] = None,
    code: Annotated[
        str, Query(max_length=60, description="Only those whose message failed with this provider's code.")
    ] = "",
) -> Page[Recipient]:
    """Everybody whose message is written, in the order of their contacts' ids; those queued, in that of sending.

    With another filter, at most 10,000 people are looked at for one page: it may hold fewer than `limit`, even
    none, while `next_cursor` leads on. Up to 5,000 who failed, or whose message is on its way, are found at once.
    """
    name = f"{NAME}-queued" if status is Status.QUEUED and not code else NAME
    found = await campaign_recipients(
        ctx.db,
        campaign_id,
        workspace=ctx.workspace,
        status=status.value if status else "",
        code=code,
        after=read_cursor(name, cursor, int, int),
        limit=limit,
    )
    return Page[Recipient](
        items=[recipient_shown(each) for each in found.messages],
        next_cursor=make_cursor(name, *found.next) if found.next else None,
    )


@router.operation(
    "GET",
    "/campaigns/{campaign_id}/export",
    id="export_campaign",
    summary="Download everybody of a campaign",
    needs=Permission.CAMPAIGNS_READ,
    audited=True,
    response_class=StreamingResponse,
    responses=_CSV,
)
async def export_campaign(ctx: Ctx, campaign_id: CampaignId) -> StreamingResponse:
    """A CSV file with a line for each message: who, where from, when, why, and what they read. It comes as a stream."""
    await campaigns.get_campaign(ctx.db, campaign_id, workspace=ctx.workspace)  # before anything is sent
    name = f"{show_id('campaign', campaign_id)}.csv"
    return StreamingResponse(
        _lines(ctx, campaign_id),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


async def _lines(ctx: Ctx, campaign_id: int) -> AsyncIterator[bytes]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    held = 0
    async for row in campaigns.export_campaign(ctx.db, campaign_id, workspace=ctx.workspace):
        writer.writerow([protect(str(row[column])) for column in COLUMNS])
        held += 1
        if held == _ROWS:
            yield _taken(buffer)
            held = 0
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    lines = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return lines
