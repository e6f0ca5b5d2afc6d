"""News become deliveries: one for each subscription that wants it, with the bytes it will be sent as."""

import secrets

from clarion.domain.news import wants
from clarion.services.telling.bodies import bodies
from clarion.store import deliveries, news, subscriptions
from clarion.store.db import Database
from clarion.store.deliveries import New

BATCH = 250  # on SQLite everybody else who writes waits for this transaction


def new_event_id() -> str:
    """The header webhook-id of a new delivery."""
    return f"evt_{secrets.token_hex(12)}"


async def fan_out(db: Database) -> bool:
    """Make deliveries of the oldest news; True while there may be more.

    News and deliveries change together: killed anywhere and called again, nothing is told twice or forgotten.
    """

    async def work() -> int:
        async with db.transaction() as tx:
            found = await news.take(tx, BATCH)
            if not found:
                return 0
            listeners = await subscriptions.active(tx, {each.workspace_id for each in found})
            made = await bodies(tx, found)
            await deliveries.add(
                tx,
                [
                    New(each.workspace_id, listener.id, each.event, new_event_id(), made[each.id])
                    for each in found
                    if each.id in made
                    for listener in listeners
                    if listener.workspace_id == each.workspace_id and wants(listener.events, each.event)
                ],
            )
            await news.forget(tx, [each.id for each in found])
            return len(found)

    async with db.reading() as tx:
        if not await news.any_left(tx):
            return False
    return await db.persist(work) == BATCH
