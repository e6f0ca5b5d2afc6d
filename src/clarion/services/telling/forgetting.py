"""Deliveries are kept for a month, and not at all once their subscription is deleted."""

import asyncio

from clarion.services.telling.verdict import DAY
from clarion.store import deliveries, subscriptions
from clarion.store.db import Database

KEPT = 30 * DAY
_BATCH = 2_000
_BREATH = 0.01  # seconds between batches, so that others get the writer


async def forget_old(db: Database) -> None:
    """Remove what is over, batch by batch. Safe to repeat, beside itself too."""
    gone = _BATCH
    while gone >= _BATCH:
        async with db.transaction() as tx:
            gone = await deliveries.forget(tx, older_than=await tx.now() - KEPT, limit=_BATCH)
        await asyncio.sleep(_BREATH)
    async with db.transaction() as tx:
        await subscriptions.clear_deleted(tx)
