"""How much waits, in bounded time: what could be millions is counted up to MOST, by index, and no further.

`workspace` None: of the whole installation. Rows of one workspace are told by their sender or run, small tables;
where many rows of others may stand in front, the first MOST are looked at: a figure is then "at least".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.outbox.claim import PRIORITIES
from clarion.store.outbox.recover import HELD

MOST = 1_000

_EVERY = " UNION ALL ".join(f"SELECT {each} AS priority" for each in PRIORITIES)


@dataclass(frozen=True, slots=True)
class Depth:
    """How many rows are due, and since when the oldest is (0: none is). `more`: it was not counted on."""

    due: int = 0
    oldest_at: int = 0
    more: bool = False

    def with_more(self, other: "Depth") -> "Depth":
        """Both together."""
        known = [at for at in (self.oldest_at, other.oldest_at) if at]
        return Depth(self.due + other.due, min(known, default=0), self.more or other.more)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What may leave from one sender now, and who it is. `line` values are as they were stored."""

    sender_id: int
    name: str
    provider: str
    state: str
    rate: float
    pace: float
    paced_at: int
    throttled_at: int
    free_at: int
    hold_until: int
    depth: Depth


async def sending(
    tx: Tx, workspace: int | None, *, sender: int | None = None, limit: int = 500
) -> Sequence[Waiting]:
    """What waits for each sender: running campaigns by their counters, single messages and journeys' by index.

    They are counted in the index's own order: else PostgreSQL may prefer to walk the whole outbox, hoping for a few.
    """
    conditions, values = ["1 = 1"], {"limit": limit}
    if workspace is not None:
        conditions.append("s.workspace_id = :workspace")
        values["workspace"] = workspace
    if sender is not None:
        conditions.append("s.id = :sender")
        values["sender"] = sender
    rows = await tx.all(
        f"""
        SELECT s.id, s.name, s.provider, s.state, t.rate, t.pace, t.paced_at, t.throttled_at, t.free_at, t.hold_until,
               coalesce((SELECT sum(k.queued) FROM campaigns c JOIN campaign_counts k ON k.campaign_id = c.id
                         WHERE c.sender_id = s.id AND c.status = 'running'), 0) AS queued,
               (SELECT count(*) FROM (SELECT 1 FROM outbox o WHERE o.sender_id = s.id AND o.campaign_id = 0
                                      AND o.state = 'queued'
                                      ORDER BY o.priority, o.due_at, o.message_id LIMIT {MOST + 1}) AS few) AS singles
        FROM senders s JOIN timelines t ON t.sender_id = s.id
        WHERE {" AND ".join(conditions)} ORDER BY s.id LIMIT :limit
        """,
        values,
    )
    values.pop("limit")
    # A look-up per campaign and priority, as a claim does; never a walk over what is queued.
    oldest = await tx.all(
        f"""
        SELECT d.sender_id, min(d.due_at) AS due_at FROM (
          SELECT r.sender_id,
                 (SELECT o.due_at FROM outbox o WHERE o.sender_id = r.sender_id AND o.campaign_id = r.campaign_id
                    AND o.priority = p.priority AND o.state = 'queued' ORDER BY o.due_at LIMIT 1) AS due_at
          FROM (SELECT s.id AS sender_id, 0 AS campaign_id FROM senders s WHERE {" AND ".join(conditions)}
                UNION ALL
                SELECT c.sender_id, c.id FROM campaigns c JOIN campaign_counts k ON k.campaign_id = c.id
                JOIN senders s ON s.id = c.sender_id
                WHERE c.status = 'running' AND k.queued > 0 AND {" AND ".join(conditions)}) AS r
          CROSS JOIN ({_EVERY}) AS p
        ) AS d WHERE d.due_at IS NOT NULL GROUP BY d.sender_id
        """,
        values,
    )
    since = {row.sender_id: row.due_at for row in oldest}
    return [
        Waiting(
            row.id, row.name, row.provider, row.state, row.rate, row.pace, row.paced_at, row.throttled_at,
            row.free_at, row.hold_until,
            Depth(int(row.queued) + min(row.singles, MOST), since.get(row.id, 0), row.singles > MOST),
        )
        for row in rows
    ]  # fmt: skip


async def growing(tx: Tx, workspace: int | None) -> Depth:
    """Campaigns whose messages are still being written."""
    return await _few(
        tx,
        "SELECT count(*) AS due, min(launched_at) AS oldest FROM campaigns c "
        f"WHERE status = 'running' AND NOT expanded {_own('c', workspace)}",
        workspace,
    )


async def entering(tx: Tx, workspace: int | None) -> Depth:
    """Runs that still let people in, or out."""
    return await _few(
        tx,
        "SELECT count(*) AS due, min(created_at) AS oldest FROM runs r WHERE finished_at = 0 "
        f"AND ((status = 'running' AND NOT expanded) OR status = 'stopped') {_own('r', workspace)}",
        workspace,
    )


async def stepping(tx: Tx, workspace: int | None) -> Depth:
    """Events and due timers of journeys' positions."""
    events = await _of_runs(
        tx, "SELECT run_id, at FROM position_events WHERE NOT held ORDER BY rank, id", "at", workspace
    )
    timers = await _of_runs(
        tx,
        f"SELECT run_id, due_at FROM timers WHERE NOT held AND due_at <= {dialect.now_sql(tx.name)} ORDER BY due_at",
        "due_at",
        workspace,
    )
    return events.with_more(timers)


async def calling(tx: Tx, workspace: int | None) -> Depth:
    """Calls of journeys that are due."""
    return await _of_runs(
        tx,
        "SELECT run_id, due_at FROM calls WHERE state = 'queued' AND NOT held "
        f"AND due_at <= {dialect.now_sql(tx.name)}",
        "due_at",
        workspace,
    )


async def hearing(tx: Tx, workspace: int | None, *, replies: bool) -> Depth:
    """Stored webhook events that are not read yet. Of a workspace: those that name one of its accounts."""
    which = "kind = 'reply'" if replies else "kind <> 'reply'"
    own = "WHERE account IN (SELECT account FROM senders WHERE workspace_id = :workspace)"
    return await _few(
        tx,
        "SELECT count(*) AS due, min(received_at) AS oldest FROM (SELECT account, received_at FROM inbox "
        f"WHERE state IN ('new', 'orphan') AND {which} AND due_at <= {dialect.now_sql(tx.name)} "
        f"ORDER BY due_at, id LIMIT {MOST + 1}) AS few {'' if workspace is None else own}",
        workspace,
    )


async def doubting(tx: Tx, workspace: int | None) -> Depth:
    """Messages of which nobody knows whether they arrived; those that wait for a person too."""
    return await _few(
        tx,
        "SELECT count(*) AS due, min(doubted_at) AS oldest FROM (SELECT workspace_id, doubted_at FROM outbox "
        f"WHERE state = 'unknown' AND {HELD} LIMIT {MOST + 1}) AS o WHERE 1 = 1 {_own('o', workspace)}",
        workspace,
    )


async def telling(tx: Tx, workspace: int | None) -> Depth:
    """News for customers' systems that no delivery was made of yet."""
    return await _few(
        tx,
        f"SELECT count(*) AS due, min(at) AS oldest FROM (SELECT workspace_id, at FROM news ORDER BY id "
        f"LIMIT {MOST + 1}) AS n WHERE 1 = 1 {_own('n', workspace)}",
        workspace,
    )


async def delivering(tx: Tx, workspace: int | None) -> Depth:
    """Deliveries to customers' systems that are due; those of a subscription that is paused are not."""
    return await _few(
        tx,
        "SELECT count(*) AS due, min(d.due_at) AS oldest FROM (SELECT v.workspace_id, v.due_at FROM subscriptions s "
        "JOIN deliveries v ON v.subscription_id = s.id "
        f"WHERE s.state = 'active' {_own('s', workspace)} AND v.state IN ('queued', 'sending') "
        f"AND v.due_at <= {dialect.now_sql(tx.name)} LIMIT {MOST + 1}) AS d",
        workspace,
    )


async def importing(tx: Tx, workspace: int | None) -> Depth:
    """Imports that run."""
    return await _few(
        tx,
        f"SELECT count(*) AS due, min(created_at) AS oldest FROM imports i WHERE status = 'running' "
        f"{_own('i', workspace)}",
        workspace,
    )


def _own(table: str, workspace: int | None) -> str:
    return "" if workspace is None else f"AND {table}.workspace_id = :workspace"


async def _of_runs(tx: Tx, rows: str, at: str, workspace: int | None) -> Depth:
    own = "WHERE few.run_id IN (SELECT id FROM runs WHERE workspace_id = :workspace)"
    return await _few(
        tx,
        f"SELECT count(*) AS due, min(few.{at}) AS oldest FROM ({rows} LIMIT {MOST + 1}) AS few "
        f"{'' if workspace is None else own}",
        workspace,
    )


async def _few(tx: Tx, query: str, workspace: int | None) -> Depth:
    row = await tx.first(query, None if workspace is None else {"workspace": workspace})
    if row is None or not row.due:
        return Depth()
    return Depth(min(int(row.due), MOST), int(row.oldest or 0), int(row.due) > MOST)
