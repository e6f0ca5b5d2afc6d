"""What became of every person of a campaign, as a stream."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

from clarion.domain import preview
from clarion.domain.content import Template, from_json
from clarion.domain.errors import BadContent
from clarion.domain.template import compile_content
from clarion.services.templates import matching
from clarion.store import campaigns, dialect, reports, senders
from clarion.store.campaigns import Campaign
from clarion.store.db import Database, Tx

PAGE = 2_000

COLUMNS = (
    "file", "line", "address", "status", "attempts", "provider_id", "accepted_at", "sent_at", "delivered_at",
    "read_at", "failed_at", "fault_code", "fault_reason", "text",
)  # fmt: skip
"""The keys of every exported row, in order."""

_TIMES = ("accepted_at", "sent_at", "delivered_at", "read_at", "failed_at")


async def export_campaign(db: Database, campaign_id: int) -> AsyncIterator[dict[str, Any]]:
    """One dict of COLUMNS per message, in the order of the list; times in RFC 3339, "" for never.

    Read in pages, so any size works in constant memory, and a message is told once while others move on.
    `text` is what the person reads. For a spreadsheet pass each cell through `csv_safe.protect`. Raises NotFound.
    """
    async with db.reading() as tx:
        campaign = await campaigns.find(tx, campaign_id)
        text_of = await _text_of(tx, campaign)
        after = (
            await tx.scalar("SELECT min(id) FROM messages WHERE campaign_id = :id", {"id": campaign_id}) or 1
        ) - 1
    while True:
        async with db.reading() as tx:
            page = await reports.people(tx, campaign, after=after, limit=PAGE)
        for row in page:
            yield _row(row, text_of)
        if len(page) < PAGE:
            return
        after = page[-1].id


def _row(row: Any, text_of: Callable[[dict[str, Any]], str]) -> dict[str, Any]:
    values = {column: getattr(row, column, "") for column in COLUMNS}
    values |= {column: _time(getattr(row, column)) for column in _TIMES}
    return values | {
        "provider_id": row.provider_id or "",
        "text": text_of(dialect.json_value(row.variables) or {}),
    }


async def _text_of(tx: Tx, campaign: Campaign) -> Callable[[dict[str, Any]], str]:
    content = from_json(campaign.content)
    compiled, approved = compile_content(content), ""
    if isinstance(content, Template):
        sender = await senders.find(tx, campaign.workspace_id, campaign.sender_id)
        found = await matching(tx, sender, content.name, content.language) if sender else []
        approved = found[0].text if found else ""

    def text_of(variables: dict[str, Any]) -> str:
        try:
            return preview.as_text(compiled.render(variables), approved)
        except BadContent as problem:
            return str(problem)

    return text_of


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1_000_000, UTC).isoformat(timespec="milliseconds") if at else ""
