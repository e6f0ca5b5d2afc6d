"""What became of every person of a campaign, as a stream."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from clarion.services.campaigns.words import Words, words_of
from clarion.store import campaigns, reports
from clarion.store.db import Database

PAGE = 2_000

COLUMNS = (
    "file", "line", "address", "status", "attempts", "provider_id", "accepted_at", "sent_at", "delivered_at",
    "read_at", "failed_at", "fault_code", "fault_reason", "text",
)  # fmt: skip
"""The keys of every exported row, in order."""

_TIMES = ("accepted_at", "sent_at", "delivered_at", "read_at", "failed_at")


async def export_campaign(
    db: Database, campaign_id: int, *, workspace: int | None = None
) -> AsyncIterator[dict[str, Any]]:
    """One dict of COLUMNS per message, in the order of the list; times in RFC 3339, "" for never.

    Read in pages, so any size works in constant memory, and a message is told once while others move on.
    `text` is what the person reads. For a spreadsheet pass each cell through `csv_safe.protect`. Raises NotFound.
    """
    async with db.reading() as tx:
        campaign = await campaigns.find(tx, campaign_id, workspace=workspace)
        words = await words_of(tx, campaign)
        after = (
            await tx.scalar("SELECT min(id) FROM messages WHERE campaign_id = :id", {"id": campaign_id}) or 1
        ) - 1
    while True:
        async with db.reading() as tx:
            page = await reports.people(tx, campaign, after=after, limit=PAGE)
        for row in page:
            yield _row(row, words)
        if len(page) < PAGE:
            return
        after = page[-1].id


def _row(row: Any, words: Words) -> dict[str, Any]:
    values = {column: getattr(row, column, "") for column in COLUMNS}
    values |= {column: _time(getattr(row, column)) for column in _TIMES}
    return values | {"provider_id": row.provider_id or "", "text": words.text(row)}


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1_000_000, UTC).isoformat(timespec="milliseconds") if at else ""
