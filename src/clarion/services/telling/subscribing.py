"""Subscriptions: who wants to be told of what, and the secrets that prove it is us who tells."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clarion.domain.errors import BadField, LimitReached, NotFound, WebhookNotActive
from clarion.domain.news import Event
from clarion.domain.shown import show_id
from clarion.net.client import GuardedClient
from clarion.services.ports import Waker
from clarion.services.secrets import SecretBox
from clarion.services.telling.bodies import body_of
from clarion.services.telling.fan_out import new_event_id
from clarion.services.telling.signing import new_secret
from clarion.services.telling.verdict import DAY
from clarion.store import deliveries, subscriptions
from clarion.store.db import Database, Tx
from clarion.store.deliveries import New
from clarion.store.subscriptions import Subscription

MOST = 50
"""Subscriptions of one workspace: each event is written once for every one that wants it."""
OVERLAP = DAY
"""Microseconds for which the secret before a new one still signs."""
_SECRETS = 3  # that sign at once, however often somebody rotates


@dataclass(frozen=True, slots=True)
class Made:
    """A new subscription; `secret` is never told again."""

    id: int
    secret: str


async def subscribe(
    db: Database,
    box: SecretBox,
    client: GuardedClient,
    *,
    workspace: int,
    url: str,
    events: Iterable[str],
    description: str = "",
) -> Made:
    """Tell `url` of these events (none: of all) from now on. Raises BadField, LimitReached."""
    check_url(client, url)
    secret = new_secret()
    async with db.transaction() as tx:
        if len(await subscriptions.of_workspace(tx, workspace)) >= MOST:
            raise LimitReached("webhooks", MOST)
        ident = await subscriptions.add(
            tx,
            {
                "workspace_id": workspace,
                "url": url,
                "description": description,
                "events": _named(events),
            },
        )
        await _keep(tx, box, ident, [(secret, 0)])
    return Made(ident, secret)


def check_url(client: GuardedClient, url: str) -> None:
    """Raises BadField for an address that may not be called. What its name leads to is checked at each delivery."""
    refusal = client.refusal(url)
    if refusal:
        raise BadField("url", refusal.rstrip("."))


async def list_subscriptions(db: Database, *, workspace: int) -> Sequence[Subscription]:
    """A workspace's subscriptions, newest first."""
    async with db.reading() as tx:
        return await subscriptions.of_workspace(tx, workspace)


async def find_subscription(db: Database, ident: int, *, workspace: int) -> Subscription:
    """One subscription. Raises NotFound."""
    async with db.reading() as tx:
        return await _find(tx, workspace, ident)


async def change_subscription(
    db: Database,
    client: GuardedClient,
    ident: int,
    *,
    workspace: int,
    url: str | None = None,
    events: Iterable[str] | None = None,
    description: str | None = None,
) -> None:
    """Change what is given. Deliveries that wait go to the new address. Raises NotFound, BadField."""
    if url is not None:
        check_url(client, url)
    given = {
        "url": url,
        "events": None if events is None else _named(events),
        "description": description,
    }
    values = {name: value for name, value in given.items() if value is not None}
    async with db.transaction() as tx:
        await _find(tx, workspace, ident)
        if values:
            await subscriptions.update(tx, ident, **values)


async def delete_subscription(db: Database, ident: int, *, workspace: int) -> None:
    """Tell it nothing more, and forget its secrets; its deliveries go within the hour. Raises NotFound."""
    async with db.transaction() as tx:
        await _find(tx, workspace, ident)
        await subscriptions.update(tx, ident, state="deleted", url="", description="", secrets="")


async def pause_subscription(db: Database, ident: int, *, workspace: int) -> None:
    """What happens from now on is not kept for it; what is queued waits. Repeating does nothing. Raises NotFound."""
    async with db.transaction() as tx:
        if (await _find(tx, workspace, ident)).state == "active":
            await subscriptions.update(tx, ident, state="paused", state_reason="")


async def resume_subscription(db: Database, waker: Waker, ident: int, *, workspace: int) -> None:
    """Tell it again, also one that was disabled; what is queued goes out. Repeating does nothing. Raises NotFound."""
    async with db.transaction() as tx:
        if (await _find(tx, workspace, ident)).state != "active":
            await subscriptions.update(tx, ident, state="active", state_reason="", failing_since=0)
    waker.wake("notify")


async def rotate_secret(db: Database, box: SecretBox, ident: int, *, workspace: int) -> str:
    """A new secret; the one before signs beside it for a day. Raises NotFound, KeyMissing, KeyWrong."""
    secret = new_secret()
    async with db.transaction() as tx:
        await _find(tx, workspace, ident)
        now = await tx.now()
        held = json.loads(box.open(_identity(ident), await subscriptions.secrets_of(tx, ident)))
        older = [(each, until or now + OVERLAP) for each, until in held if not until or until > now]
        await _keep(tx, box, ident, [(secret, 0), *older][:_SECRETS])
    return secret


async def test_subscription(db: Database, waker: Waker, ident: int, *, workspace: int) -> int:
    """Send it a test event, whatever it wants to hear of; the delivery's id. Raises NotFound, WebhookNotActive."""
    async with db.transaction() as tx:
        held = await _find(tx, workspace, ident)
        if held.state != "active":
            raise WebhookNotActive(held.state)
        body = body_of(Event.WEBHOOK_TEST, await tx.now(), {"webhook_id": show_id("webhook", ident)})
        (made,) = await deliveries.add(tx, [New(workspace, ident, Event.WEBHOOK_TEST, new_event_id(), body)])
    waker.wake("notify")
    return made


async def _find(tx: Tx, workspace: int, ident: int) -> Subscription:
    found = await subscriptions.find(tx, workspace, ident)
    if found is None:
        raise NotFound("webhook", ident)
    return found


async def _keep(tx: Tx, box: SecretBox, ident: int, secrets: Sequence[tuple[str, int]]) -> None:
    await subscriptions.set_secrets(tx, ident, box.seal(_identity(ident), json.dumps(secrets)))


def _identity(ident: int) -> str:
    return f"subscription:{ident}"


def _named(events: Iterable[str]) -> list[str]:
    return [str(event) for event in dict.fromkeys(events)]
