"""Who has something to hear: the question of the lane `step`, answered from two small indexes in one statement."""

from clarion.store import dialect
from clarion.store.db import Tx


async def positions(tx: Tx, limit: int) -> tuple[list[int], set[int]]:
    """Up to `limit` positions with events (by rank, then oldest first) and as many whose timer is due.

    All of them, each once, and those among them with a due timer.
    """
    rows = await tx.all(
        f"""
        SELECT position_id, 0 AS timed FROM (
          SELECT position_id FROM position_events WHERE NOT held ORDER BY rank, id LIMIT :limit) AS e
        UNION ALL
        SELECT position_id, 1 AS timed FROM (
          SELECT position_id FROM timers WHERE NOT held AND due_at <= {dialect.now_sql(tx.name)}
          ORDER BY due_at LIMIT :limit) AS t
        """,
        {"limit": limit},
    )
    return list(dict.fromkeys(row.position_id for row in rows)), {
        row.position_id for row in rows if row.timed
    }
