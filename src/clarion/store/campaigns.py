"""Campaign rows: what was asked for, and how far it has come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clarion.domain.campaign import CampaignStatus
from clarion.domain.errors import AlreadyExists, NotFound
from clarion.domain.news import Event
from clarion.store import audience, dialect, news
from clarion.store.counts import COLUMNS
from clarion.store.db import Tx
from clarion.store.tables import campaign_counts, campaigns, lists


@dataclass(frozen=True, slots=True)
class Campaign:
    """One row of `campaigns`, with its status as a CampaignStatus."""

    id: int
    workspace_id: int
    name: str
    sender_id: int
    lists: list[int]
    retry_of: int | None
    retry_statuses: list[str]
    content: dict[str, Any]
    earlier: list[Any]
    required: list[str]
    on_missing: str
    policy: str
    dry_run: bool
    status: CampaignStatus
    status_reason: str
    epoch: int
    members: int
    cursor: int
    bound: int
    expanded: bool
    scheduled_at: int
    expires_at: int
    created_at: int
    launched_at: int
    finished_at: int

    @property
    def is_batch(self) -> bool:
        """Whether its messages were handed over in one request, each with its own number and text."""
        return not self.lists and self.retry_of is None


async def create(tx: Tx, values: Mapping[str, Any]) -> int:
    """Insert a draft and its counters. Raises AlreadyExists for a taken name."""
    try:
        row = await tx.first(
            sa.insert(campaigns).returning(campaigns.c.id), {**values, "created_at": await tx.now()}
        )
    except IntegrityError:
        raise AlreadyExists("campaign", values["name"]) from None
    assert row is not None
    await tx.run(sa.insert(campaign_counts), {"campaign_id": row.id})
    return int(row.id)


async def find(tx: Tx, campaign: int | str, *, workspace: int | None = None) -> Campaign:
    """One campaign by id or, within a workspace, by name. Raises NotFound."""
    query = sa.select(campaigns).where(
        campaigns.c.id == campaign if isinstance(campaign, int) else campaigns.c.name == campaign
    )
    if workspace is not None:
        query = query.where(campaigns.c.workspace_id == workspace)
    return _campaign(await tx.first(query), campaign)


async def lock(tx: Tx, campaign_id: int, *, workspace: int | None = None) -> Campaign:
    """The campaign, held until the transaction ends. Raises NotFound."""
    query = sa.select(campaigns).where(campaigns.c.id == campaign_id).with_for_update()
    if workspace is not None:
        query = query.where(campaigns.c.workspace_id == workspace)
    return _campaign(await tx.first(query), campaign_id)


async def page(
    tx: Tx, workspace: int, *, before: int | None = None, status: str = "", limit: int
) -> list[Campaign]:
    """Campaigns of a workspace, newest first: those with smaller ids than `before`, of one status if given."""
    query = sa.select(campaigns).where(campaigns.c.workspace_id == workspace)
    if before is not None:
        query = query.where(campaigns.c.id < before)
    if status:
        query = query.where(campaigns.c.status == status)
    rows = await tx.all(query.order_by(campaigns.c.id.desc()).limit(limit))
    return [_campaign(row, "") for row in rows]


async def every(tx: Tx, workspace: int) -> list[Campaign]:
    """All campaigns of a workspace, newest first."""
    query = sa.select(campaigns).where(campaigns.c.workspace_id == workspace).order_by(campaigns.c.id.desc())
    return [_campaign(row, "") for row in await tx.all(query)]


async def tell(tx: Tx, campaign: Campaign, event: Event, reason: str = "") -> None:
    """News of a campaign that moved."""
    data = {"reason": reason} if reason else {}
    await news.tell(tx, [news.News(campaign.workspace_id, event, campaign.id, data=data)])


async def update(tx: Tx, campaign_id: int, **values: Any) -> None:
    """Set columns of a locked campaign. Raises AlreadyExists for a taken name."""
    try:
        await tx.run(sa.update(campaigns).where(campaigns.c.id == campaign_id).values(**values))
    except IntegrityError:
        raise AlreadyExists("campaign", values.get("name", campaign_id)) from None


async def delete(tx: Tx, campaign_id: int) -> None:
    """Remove a campaign that has no messages, and its counters."""
    await tx.run(sa.delete(campaigns).where(campaigns.c.id == campaign_id))


async def move_cursor(tx: Tx, campaign: Campaign, upto: int, *, expanded: bool) -> bool:
    """The campaign's messages are written up to this id; False if it ended, or another moved it, since it was read."""
    moved = await tx.run(
        sa.update(campaigns)
        .where(campaigns.c.id == campaign.id, campaigns.c.cursor == campaign.cursor)
        .where(campaigns.c.status.in_((CampaignStatus.RUNNING, CampaignStatus.PAUSED)))
        .values(cursor=upto, expanded=expanded)
    )
    return moved == 1


async def counts(tx: Tx, campaign_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """The counters of each campaign."""
    query = sa.select(campaign_counts).where(campaign_counts.c.campaign_id.in_(campaign_ids))
    return {
        row.campaign_id: {column: getattr(row, column) for column in COLUMNS} for row in await tx.all(query)
    }


async def clear_breaker(tx: Tx, campaign_id: int) -> None:
    """Forget the outcomes that paused the campaign: the cause was mended."""
    await tx.run("UPDATE campaign_counts SET breaker = '' WHERE campaign_id = :id", {"id": campaign_id})


async def retries_of(tx: Tx, campaign_id: int) -> list[Campaign]:
    """The campaigns that retry this one, oldest first."""
    query = sa.select(campaigns).where(campaigns.c.retry_of == campaign_id).order_by(campaigns.c.id)
    return [_campaign(row, "") for row in await tx.all(query)]


async def audience_of(tx: Tx, campaign: Campaign) -> audience.Audience:
    """Whom the campaign writes to."""
    if campaign.is_batch:
        return audience.of_nobody()
    if campaign.retry_of is None:
        return audience.of_lists(campaign.lists)
    siblings = [each.id for each in await retries_of(tx, campaign.retry_of) if each.id != campaign.id]
    return audience.of_campaign(campaign.retry_of, campaign.retry_statuses, siblings, own=not campaign.lists)


async def list_ids(tx: Tx, workspace: int, wanted: Sequence[int | str]) -> list[int]:
    """The ids of lists named by id or name, each once, in the order given. Raises NotFound."""
    rows = await tx.all(
        sa.select(lists.c.id, lists.c.name).where(lists.c.workspace_id == workspace, lists.c.deleted_at == 0)
    )
    known: dict[int | str, int] = {row.id: row.id for row in rows} | {row.name: row.id for row in rows}
    for each in wanted:
        if each not in known:
            raise NotFound("list", each)
    return list(dict.fromkeys(known[each] for each in wanted))


async def due(tx: Tx, now: int) -> Sequence[sa.Row[Any]]:
    """`id`, `scheduled_at` of the scheduled campaigns whose time has come."""
    return await tx.all(
        "SELECT id, scheduled_at FROM campaigns "
        "WHERE status = 'scheduled' AND scheduled_at <= :now ORDER BY id",
        {"now": now},
    )


async def finish(tx: Tx) -> list[int]:
    """Mark as finished what has nothing left that could still be sent by itself; the ids."""
    over = """
        status IN ('running', 'paused') AND expanded = :yes AND NOT EXISTS (
            SELECT 1 FROM outbox o WHERE o.campaign_id = campaigns.id AND o.unresolved = :no)
        """
    values = {"yes": True, "no": False}
    # Held, then looked at again: a message may have been given back to it meanwhile.
    held = await tx.all(
        f"SELECT id FROM campaigns WHERE {over} ORDER BY id {dialect.for_update(tx.name)}", values
    )
    if not held:
        return []
    rows = await tx.all(
        f"UPDATE campaigns SET status = 'finished', finished_at = {dialect.now_sql(tx.name)} "
        f"WHERE {over} RETURNING id, workspace_id",
        values,
    )
    await news.tell(tx, [news.News(row.workspace_id, Event.CAMPAIGN_FINISHED, row.id) for row in rows])
    return [row.id for row in rows]


async def half_stopped(tx: Tx) -> list[int]:
    """Stopped campaigns that still have messages waiting."""
    rows = await tx.all(
        """
        SELECT id FROM campaigns WHERE status = 'stopped' AND EXISTS (
            SELECT 1 FROM outbox o WHERE o.campaign_id = campaigns.id AND o.state IN ('queued', 'leased'))
        """
    )
    return [row.id for row in rows]


async def in_state(tx: Tx, campaign_id: int, state: str) -> int:
    """How many messages the outbox holds in one state."""
    return int(
        await tx.scalar(
            "SELECT count(*) FROM outbox WHERE campaign_id = :id AND state = :state",
            {"id": campaign_id, "state": state},
        )
    )


async def waiting(tx: Tx, campaign_id: int, limit: int) -> Sequence[sa.Row[Any]]:
    """Lock the first `limit` messages that nobody has begun to send: `message_id`, `state`."""
    return await tx.all(
        f"""
        SELECT message_id, state FROM outbox WHERE campaign_id = :id AND state IN ('queued', 'leased')
        ORDER BY message_id LIMIT :limit {dialect.for_update(tx.name)}
        """,
        {"id": campaign_id, "limit": limit},
    )


def _campaign(row: sa.Row[Any] | None, wanted: int | str) -> Campaign:
    if row is None:
        raise NotFound("campaign", wanted)
    return Campaign(**{**row._mapping, "status": CampaignStatus(row.status)})
