"""How things stand, for live streams: asked twice a second, so by index, and never a count over many rows."""

from collections.abc import Collection, Sequence
from typing import Any

from clarion.store import dialect
from clarion.store.counts import COLUMNS
from clarion.store.db import Tx

COUNTED = 10_000
"""What is due is counted up to here."""
MOST = 500
"""Campaigns and runs that are told of, the newest; beside those that are asked for by id."""
_IDS = dialect.Rows({"id": "int"})


async def campaigns(tx: Tx, workspace: int, *, since: int, ids: Collection[int]) -> Sequence[Any]:
    """Campaigns that wait, run, or ended after `since`, and those with these ids: with counters and pace."""
    counters = ", ".join(f"k.{column}" for column in COLUMNS)
    return await tx.all(
        f"""
        SELECT c.id, c.name, c.status, c.status_reason, c.expanded, c.members, c.launched_at, c.finished_at, {counters},
               s.state AS sender_state, s.state_reason AS sender_reason, t.rate, t.pace
        FROM campaigns c JOIN campaign_counts k ON k.campaign_id = c.id
        JOIN senders s ON s.id = c.sender_id JOIN timelines t ON t.sender_id = c.sender_id
        WHERE c.workspace_id = :workspace AND c.id IN (
            SELECT id FROM (
                SELECT id FROM campaigns
                WHERE workspace_id = :workspace AND status IN ('scheduled', 'running', 'paused', 'failed')
                UNION SELECT id FROM campaigns WHERE workspace_id = :workspace AND finished_at > :since
                ORDER BY id DESC LIMIT {MOST}) q
            UNION SELECT id FROM {_IDS.sql(tx.name)})
        ORDER BY c.id
        """,
        {"workspace": workspace, "since": since, **_ids(tx, ids)},
    )


async def runs(tx: Tx, workspace: int, *, since: int, ids: Collection[int]) -> Sequence[Any]:
    """Runs that somebody may still be in, or that ended after `since`, and those with these ids."""
    return await tx.all(
        f"""
        SELECT r.id, r.name, r.journey_id, r.status, r.status_reason, r.created_at, r.finished_at FROM runs r
        WHERE r.workspace_id = :workspace AND r.id IN (
            SELECT id FROM (
                SELECT id FROM runs WHERE workspace_id = :workspace AND finished_at = 0
                UNION SELECT id FROM runs WHERE workspace_id = :workspace AND finished_at > :since
                ORDER BY id DESC LIMIT {MOST}) q
            UNION SELECT id FROM {_IDS.sql(tx.name)})
        ORDER BY r.id
        """,
        {"workspace": workspace, "since": since, **_ids(tx, ids)},
    )


async def run_counts(tx: Tx, ids: Collection[int]) -> Sequence[Any]:
    """People of these runs by `way`: `enter`, or `end:` and an outcome. `run_id`, `way`, `n`."""
    return await tx.all(
        f"""
        SELECT n.run_id, n.way, sum(n.n) AS n FROM {_IDS.sql(tx.name)} JOIN node_counts n ON n.run_id = v.id
        WHERE n.way = 'enter' OR n.way LIKE 'end:%' GROUP BY n.run_id, n.way ORDER BY n.run_id, n.way
        """,
        _ids(tx, ids),
    )


async def conversations(tx: Tx, workspace: int, *, newest: int, ids: Collection[int]) -> Sequence[Any]:
    """The `newest` conversations by when they moved, and those with these ids."""
    return await tx.all(
        f"""
        SELECT c.id, c.sender_id, c.contact_id, c.state, c.assignee_id, c.unread, c.replied_at, c.moved_at,
               substr(coalesce(r.text, ''), 1, 140) AS last_text
        FROM conversations c LEFT JOIN replies r ON r.id = c.reply_id
        WHERE c.workspace_id = :workspace AND c.id IN (
            SELECT id FROM (SELECT id FROM conversations WHERE workspace_id = :workspace
                            ORDER BY moved_at DESC, id DESC LIMIT :newest) q
            UNION SELECT id FROM {_IDS.sql(tx.name)})
        ORDER BY c.moved_at, c.id
        """,
        {"workspace": workspace, "newest": newest, **_ids(tx, ids)},
    )


async def newest_reply(tx: Tx, workspace: int) -> int:
    """The id of the workspace's newest reply; 0 without one."""
    found = await tx.scalar(
        "SELECT id FROM replies WHERE workspace_id = :workspace ORDER BY id DESC LIMIT 1",
        {"workspace": workspace},
    )
    return int(found or 0)


async def replies(tx: Tx, workspace: int, *, after: int, limit: int) -> Sequence[Any]:
    """What people wrote, in the order in which it was stored: one reader at a time stores it, so none is overtaken."""
    return await tx.all(
        """
        SELECT r.id, coalesce(c.id, 0) AS conversation_id, coalesce(r.contact_id, 0) AS contact_id, r.sender_id,
               r.kind AS type, substr(r.text, 1, 1000) AS text, r.opt_out, r.routed, r.at
        FROM replies r LEFT JOIN conversations c ON c.sender_id = r.sender_id AND c.person = r.person
        WHERE r.workspace_id = :workspace AND r.id > :after ORDER BY r.id LIMIT :limit
        """,
        {"workspace": workspace, "after": after, "limit": limit},
    )


async def notices(tx: Tx, workspace: int, *, since: int, limit: int) -> Sequence[Any]:
    """Notices made since then, oldest first."""
    return await tx.all(
        "SELECT id, about, event, detail, created_at FROM notices "
        "WHERE workspace_id = :workspace AND created_at >= :since ORDER BY created_at, id LIMIT :limit",
        {"workspace": workspace, "since": since, "limit": limit},
    )


async def waiting(tx: Tx, workspace: int) -> int:
    """Messages of running campaigns that wait for their slot."""
    found = await tx.scalar(
        "SELECT coalesce(sum(k.queued + k.leased), 0) FROM campaigns c "
        "JOIN campaign_counts k ON k.campaign_id = c.id "
        "WHERE c.workspace_id = :workspace AND c.status = 'running'",
        {"workspace": workspace},
    )
    return int(found)


async def due(tx: Tx, workspace: int) -> tuple[int, int]:
    """How much is due that no pace holds back, up to COUNTED of a kind, and since when: microseconds, 0 for none.

    These are messages without a campaign, and events of journeys.
    """
    now = dialect.now_sql(tx.name)
    rows = [
        await tx.first(
            f"SELECT count(*) AS n, coalesce(min(q.at), 0) AS at FROM ({question} LIMIT {COUNTED}) q",
            {"workspace": workspace},
        )
        for question in (
            f"""
            SELECT o.due_at AS at FROM senders s
            JOIN outbox o ON o.sender_id = s.id AND o.campaign_id = 0 AND o.state = 'queued' AND o.due_at <= {now}
            WHERE s.workspace_id = :workspace AND s.state = 'active'
            """,
            """
            SELECT e.at AS at FROM runs r JOIN position_events e ON e.run_id = r.id AND NOT e.held
            WHERE r.workspace_id = :workspace AND r.finished_at = 0
            """,
        )
    ]
    found = [row for row in rows if row is not None and row.n]
    return sum(row.n for row in found), min((int(row.at) for row in found), default=0)


async def workers(tx: Tx) -> int:
    """How many processes say that they send; of the installation, not of a workspace."""
    return int(await tx.scalar("SELECT count(*) FROM workers"))


def _ids(tx: Tx, ids: Collection[int]) -> dict[str, Any]:
    return _IDS.params(tx.name, [[each] for each in sorted(ids)])
