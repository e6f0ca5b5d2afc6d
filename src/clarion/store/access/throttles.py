"""Buckets of tries (domain/throttle.py). A missing row is an empty bucket."""

from collections.abc import Sequence

from clarion.domain.throttle import Bucket, wait
from clarion.store import dialect
from clarion.store.db import Tx

# The arithmetic of domain.throttle.take in one statement: two tries at the same time are both counted.
_TAKE = """
INSERT INTO throttles (bucket, empty_at) VALUES (:bucket, :fresh)
ON CONFLICT (bucket) DO UPDATE
SET empty_at = CASE WHEN throttles.empty_at < :now THEN :now ELSE throttles.empty_at END + :gap
WHERE throttles.empty_at <= :fullest
RETURNING empty_at
"""


async def take(tx: Tx, bucket: Bucket, now: int) -> int:
    """Count one try; 0, or in how many microseconds a full bucket takes one."""
    rate = bucket.rate
    given = {
        "bucket": bucket.name,
        "now": now,
        "gap": rate.gap,
        "fresh": now + rate.gap,
        "fullest": now + rate.slack,
    }
    if await tx.first(_TAKE, given) is not None:
        return 0
    empty_at = await tx.scalar(
        "SELECT empty_at FROM throttles WHERE bucket = :bucket", {"bucket": bucket.name}
    )
    return max(1, wait(int(empty_at), now, rate))


async def give_back(tx: Tx, buckets: Sequence[Bucket]) -> None:
    """Undo one try in each, in the order in which they were taken."""
    for bucket in buckets:
        await tx.run(
            "UPDATE throttles SET empty_at = empty_at - :gap WHERE bucket = :bucket",
            {"bucket": bucket.name, "gap": bucket.rate.gap},
        )


async def forget_empty(tx: Tx, now: int, *, limit: int) -> None:
    """Delete some buckets that are empty, leaving alone those that others are at."""
    await tx.run(
        "DELETE FROM throttles WHERE bucket IN (SELECT bucket FROM throttles WHERE empty_at < :now "
        f"ORDER BY empty_at LIMIT :limit {dialect.for_update(tx.name, skip_locked=True)})",
        {"now": now, "limit": limit},
    )
