"""What a campaign has come to: groups and lists for people to read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clarion.store.campaigns import Campaign
from clarion.store.db import Tx


def unwritten(campaign: Campaign, counts: Mapping[str, int]) -> int:
    """How many people are still to be turned into messages; what they lack is not looked at."""
    if campaign.expanded or not campaign.launched_at or campaign.status == "stopped":
        return 0
    return max(0, campaign.members - counts["audience"] - counts["missing"])


COUNTED = 5_000
"""Failures of one code are counted up to here."""
CODES = 100


@dataclass(frozen=True, slots=True)
class Group:
    """Failed messages of one provider code. `more`: there may be more than `n`."""

    code: str
    kind: str
    reason: str
    n: int
    more: bool = False


async def failures(tx: Tx, campaign_id: int, failed: int) -> Sequence[Group]:
    """What the `failed` messages of a campaign failed for, most frequent first.

    Never reads more than CODES codes and COUNTED messages of each: one code with more gets what the others leave.
    """
    if not failed:
        return []
    rows = await tx.all(
        f"""
        WITH RECURSIVE codes(code, n) AS (
            SELECT min(fault_code), 1 FROM messages WHERE campaign_id = :campaign AND fault_code <> ''
            UNION ALL
            SELECT (SELECT min(m.fault_code) FROM messages m WHERE m.campaign_id = :campaign
                    AND m.fault_code <> '' AND m.fault_code > codes.code), n + 1
            FROM codes WHERE codes.code IS NOT NULL AND n < {CODES})
        SELECT code,
               (SELECT count(*) FROM (
                   SELECT 1 AS one FROM messages m WHERE m.campaign_id = :campaign AND m.fault_code = codes.code
                   AND m.fault_code <> '' AND m.status = 'failed' LIMIT {COUNTED + 1}) AS q) AS n
        FROM codes WHERE code IS NOT NULL
        """,
        {"campaign": campaign_id},
    )
    counted = {row.code: row.n for row in rows if row.n}
    many = [code for code, n in counted.items() if n > COUNTED]
    if len(many) == 1:
        counted[many[0]] = failed - sum(n for code, n in counted.items() if code != many[0])
        many = []
    groups = [await _group(tx, campaign_id, code, n, more=code in many) for code, n in counted.items()]
    if not many and (rest := failed - sum(counted.values())) > 0:
        groups.append(Group("", "", "", rest))
    return sorted(groups, key=lambda group: (-group.n, group.code))


async def _group(tx: Tx, campaign_id: int, code: str, n: int, *, more: bool) -> Group:
    row = await tx.first(
        "SELECT fault_kind, fault_reason FROM messages "
        "WHERE campaign_id = :campaign AND fault_code = :code AND fault_code <> '' AND status = 'failed' LIMIT 1",
        {"campaign": campaign_id, "code": code},
    )
    kind, reason = (row.fault_kind, row.fault_reason) if row is not None else ("", "")
    return Group(code, kind, reason, min(n, COUNTED) if more else n, more)


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
    lists = ", ".join(f":list{n}" for n in range(len(campaign.lists))) or "NULL"
    came_from = (
        "(SELECT min(lm.id) FROM list_members lm "
        f"WHERE lm.contact_id = m.contact_id AND lm.list_id IN ({lists}))"
    )
    return await tx.all(
        f"""
        SELECT m.id, m.address, m.variables, m.content, coalesce(o.state, m.status) AS status, m.attempts,
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
