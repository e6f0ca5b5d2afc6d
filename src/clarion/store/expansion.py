"""Turning an audience into messages and outbox rows, a batch at a time and without touching single rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clarion.store.audience import STOPPED, WHITE, Audience, any_blank, blank, distinct
from clarion.store.campaigns import Campaign
from clarion.store.db import Tx
from clarion.store.outbox.doubts import FAR

PRIORITY = 20  # after replies (0) and journeys (10)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step of a walk wrote. `missing` were left out, `merged` had been met before."""

    queued: int
    suppressed: int
    missing: int
    merged: int


async def write(
    tx: Tx, audience: Audience, campaign: Campaign, *, after: int, upto: int, met: int, now: int
) -> Batch:
    """Turn the rows in (after, upto] into messages and outbox rows of `campaign` (a row of that table).

    A person whose required attribute is blank is left out; one who stopped gets a `suppressed` message; one
    who has a message already gets no second one. The caller locked the campaign and counts the batch.
    """
    window = {**audience.params, "after": after, "upto": upto}
    filled = "".join(f" AND NOT {blank(tx.name, name)}" for name in campaign.required)
    params = {
        **window,
        "workspace": campaign.workspace_id,
        "campaign": campaign.id,
        "sender": campaign.sender_id,
        "now": now,
    }
    variables, place = ("m.variables", "m.place") if audience.own else ("c.attributes", "0")
    before = await tx.scalar("SELECT coalesce(max(id), 0) FROM messages")
    await tx.run(
        f"""
        INSERT INTO messages
               (workspace_id, campaign_id, contact_id, place, sender_id, address, person, variables, status,
                created_at)
        SELECT c.workspace_id, :campaign, c.id, {place}, :sender, c.address, c.person, {variables},
               CASE WHEN s.person IS NULL THEN 'queued' ELSE 'suppressed' END, :now
        FROM {audience.rows} JOIN contacts c ON c.id = m.contact_id {STOPPED}
        WHERE c.workspace_id = :workspace{filled}
        ORDER BY m.id
        ON CONFLICT (campaign_id, contact_id, place) DO NOTHING
        """,
        {**params, **({"white": WHITE} if filled else {})},
    )
    queued, suppressed = await queue_written(tx, campaign.id, before, now)
    missing = await _left_out(tx, audience, campaign.required, window)
    merged = max(0, met - queued - suppressed - missing) if audience.from_lists else 0
    return Batch(queued, suppressed, missing, merged)


async def queue_written(tx: Tx, campaign_id: int, before: int, now: int) -> tuple[int, int]:
    """Outbox rows for the campaign's messages above the id `before`; how many are queued, and how many suppressed."""
    await tx.run(
        f"""
        INSERT INTO outbox (message_id, workspace_id, sender_id, campaign_id, contact_id, person, priority, due_at)
        SELECT id, workspace_id, sender_id, campaign_id, contact_id, person, {PRIORITY}, :now
        FROM messages WHERE campaign_id = :campaign AND id > :before AND status = 'queued' ORDER BY id
        """,
        {"now": now, "campaign": campaign_id, "before": before},
    )
    written = await tx.first(
        """
        SELECT count(*) AS n, coalesce(sum(CASE WHEN status = 'queued' THEN 1 ELSE 0 END), 0) AS queued
        FROM messages WHERE campaign_id = :campaign AND id > :before
        """,
        {"campaign": campaign_id, "before": before},
    )
    assert written is not None
    return written.queued, written.n - written.queued


async def _left_out(tx: Tx, audience: Audience, required: Sequence[str], window: Mapping[str, Any]) -> int:
    """People of the window who lack something, without those who were left out in an earlier one."""
    if not required:
        return 0
    lists = ", ".join(f":list{n}" for n in range(len(audience.branches)))
    first = (
        f" AND NOT EXISTS (SELECT 1 FROM list_members e WHERE e.list_id IN ({lists}) "
        "AND e.contact_id = m.contact_id AND e.id <= :after)"
        if audience.several
        else ""
    )
    return int(
        await tx.scalar(
            f"SELECT count(*) FROM {distinct(audience)} JOIN contacts c ON c.id = m.contact_id "
            f"WHERE {any_blank(tx.name, required)}{first}",
            {**window, "white": WHITE},
        )
    )


async def lay_aside(tx: Tx, campaign_id: int, *, after: int, upto: int) -> None:
    """Messages of the retried campaign that nobody knows about wait for a person from now on.

    Otherwise later proof that one was never sent would send it a second time, beside its retry.
    """
    await tx.run(
        """
        UPDATE outbox SET unresolved = :yes, until = :never
        WHERE campaign_id = :campaign AND state = 'unknown' AND message_id > :after AND message_id <= :upto
        """,
        {"yes": True, "never": FAR, "campaign": campaign_id, "after": after, "upto": upto},
    )
