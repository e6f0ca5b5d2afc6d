"""What was delivered and what was not, and sending it again."""

from collections.abc import Sequence

from clarion.domain.errors import NotFound, WebhookNotActive
from clarion.services.ports import Waker
from clarion.services.telling.subscribing import find_subscription
from clarion.store import deliveries, subscriptions
from clarion.store.db import Database, Tx
from clarion.store.deliveries import Delivery

BATCH = 1_000
"""Failed deliveries that one request sends again."""


async def list_deliveries(
    db: Database,
    subscription: int,
    *,
    workspace: int,
    before: int | None = None,
    state: str = "",
    event: str = "",
    limit: int = 50,
) -> Sequence[Delivery]:
    """A subscription's deliveries, newest first; `before`: the last page's last id. Raises NotFound."""
    await find_subscription(db, subscription, workspace=workspace)
    async with db.reading() as tx:
        return await deliveries.page(tx, subscription, before=before, state=state, event=event, limit=limit)


async def find_delivery(db: Database, ident: int, *, workspace: int) -> tuple[Delivery, str]:
    """One delivery and its body. Raises NotFound."""
    async with db.reading() as tx:
        return await _find(tx, workspace, ident)


async def resend(db: Database, waker: Waker, ident: int, *, workspace: int) -> None:
    """Begin anew with a delivery, whatever came of it: the same body, under the same webhook-id.

    One that is on its way stays so. Raises NotFound, WebhookNotActive.
    """
    async with db.transaction() as tx:
        held, _ = await _find(tx, workspace, ident)
        await _need_active(tx, workspace, held.subscription_id)
        await deliveries.again(tx, ident)
    waker.wake("notify")


async def resend_failed(
    db: Database, waker: Waker, subscription: int, *, workspace: int, since: int, limit: int = BATCH
) -> int:
    """Begin anew with the oldest `limit` deliveries made since then that failed; how many they are.

    `since` in microseconds since 1970. Raises NotFound, WebhookNotActive.
    """
    async with db.transaction() as tx:
        await _need_active(tx, workspace, subscription)
        found = await deliveries.failed_again(tx, subscription, since=since, limit=limit)
    waker.wake("notify")
    return found


async def _find(tx: Tx, workspace: int, ident: int) -> tuple[Delivery, str]:
    found = await deliveries.find(tx, workspace, ident)
    if found is None or await subscriptions.find(tx, workspace, found[0].subscription_id) is None:
        raise NotFound("delivery", ident)
    return found


async def _need_active(tx: Tx, workspace: int, ident: int) -> None:
    held = await subscriptions.find(tx, workspace, ident)
    if held is None:
        raise NotFound("webhook", ident)
    if held.state != "active":
        raise WebhookNotActive(held.state)
