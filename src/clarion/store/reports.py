"""What a campaign has come to: groups and lists for people to read."""

from collections.abc import Sequence
from typing import Any

from clarion.store import audience
from clarion.store.campaigns import Campaign, audience_of
from clarion.store.db import Tx


async def unwritten(tx: Tx, campaign: Campaign) -> int:
    """How many rows of the audience are still to be turned into messages; what they lack is not looked at."""
    if campaign.expanded or not campaign.launched_at or campaign.status == "stopped":
        return 0
    people = await audience_of(tx, campaign)
    window = {**people.params, "after": campaign.cursor, "upto": campaign.bound}
    return int(await tx.scalar(f"SELECT count(*) FROM {audience.distinct(people)}", window))


async def failures(tx: Tx, campaign_id: int) -> Sequence[Any]:
    """Failed messages by provider code: `code`, `reason`, `n`, most frequent first."""
    return await tx.all(
        """
        SELECT fault_code AS code, min(fault_reason) AS reason, count(*) AS n FROM messages
        WHERE campaign_id = :campaign AND fault_code <> '' AND status = 'failed'
        GROUP BY fault_code ORDER BY n DESC, fault_code
        """,
        {"campaign": campaign_id},
    )


async def unresolved(tx: Tx, campaign_id: int) -> int:
    """Messages nobody knows about whose time for evidence has ended."""
    return int(
        await tx.scalar(
            "SELECT count(*) FROM outbox WHERE campaign_id = :campaign AND state = 'unknown' "
            "AND unresolved = :yes",
            {"campaign": campaign_id, "yes": True},
        )
    )


async def people(tx: Tx, campaign: Campaign, *, after: int, limit: int) -> Sequence[Any]:
    """The next messages by id, each with where it stands, and the line and file its person came from."""
    lists = ", ".join(f":list{n}" for n in range(len(campaign.lists)))
    came_from = (
        "(SELECT min(lm.id) FROM list_members lm "
        f"WHERE lm.contact_id = m.contact_id AND lm.list_id IN ({lists}))"
    )
    return await tx.all(
        f"""
        SELECT m.id, m.address, m.variables, coalesce(o.state, m.status) AS status, m.attempts,
               m.provider_id, m.fault_code, m.fault_reason, m.conflict, m.created_at, m.accepted_at,
               m.sent_at, m.delivered_at, m.read_at, m.failed_at,
               coalesce(l.line, 0) AS line, coalesce(i.name, '') AS file
        FROM (SELECT * FROM messages WHERE campaign_id = :campaign AND id > :after ORDER BY id LIMIT :limit) m
        LEFT JOIN outbox o ON o.message_id = m.id
        LEFT JOIN list_members l ON l.id = {came_from}
        LEFT JOIN imports i ON i.id = l.import_id
        ORDER BY m.id
        """,
        {
            "campaign": campaign.id,
            "after": after,
            "limit": limit,
            **{f"list{n}": list_id for n, list_id in enumerate(campaign.lists)},
        },
    )
