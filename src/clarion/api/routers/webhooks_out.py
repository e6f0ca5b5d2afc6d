"""Webhooks that we send: where a workspace's systems are told of what happens."""

from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from clarion.api.context import Context, Ctx
from clarion.api.fields import DeliveryId, WebhookId
from clarion.api.operation import Router
from clarion.api.pages import Cursor, Limit, Page, make_cursor, page, read_cursor
from clarion.api.schemas.webhooks_out import (
    Delivery,
    DeliveryDetail,
    EventField,
    EventKind,
    EventKinds,
    MadeWebhook,
    NewWebhook,
    Resend,
    Resent,
    Secret,
    Webhook,
    WebhookChange,
)
from clarion.domain.access import Permission
from clarion.domain.errors import BadField, KeyMissing, KeyWrong, LimitReached, WebhookNotActive
from clarion.domain.news import EVENTS, Event
from clarion.domain.news_reference import example
from clarion.services.telling import resending, subscribing
from clarion.store import deliveries
from clarion.store.subscriptions import Subscription

router = Router("Webhooks")


@router.operation(
    "GET",
    "/webhooks/events",
    id="list_webhook_events",
    summary="List the events",
    needs=Permission.WEBHOOKS_READ,
)
async def list_webhook_events(ctx: Ctx) -> EventKinds:
    """Everything that a webhook may be told of, with the fields and an example of each."""
    return EventKinds(
        items=[
            EventKind(
                name=event,
                meaning=told.meaning,
                fields=[EventField(name=each.name, meaning=each.meaning) for each in told.fields],
                example=example(event),
            )
            for event, told in EVENTS.items()
        ]
    )


@router.operation(
    "GET", "/webhooks", id="list_webhooks", summary="List the webhooks", needs=Permission.WEBHOOKS_READ
)
async def list_webhooks(ctx: Ctx) -> Page[Webhook]:
    """Every webhook of the workspace, newest first, on one page: there are at most fifty."""
    found = await subscribing.list_subscriptions(ctx.db, workspace=ctx.workspace)
    return Page[Webhook](items=[_shown(each) for each in found])


@router.operation(
    "POST",
    "/webhooks",
    id="create_webhook",
    summary="Make a webhook",
    needs=Permission.WEBHOOKS_WRITE,
    status=201,
    keyed=False,
    refusals=[LimitReached],
)
async def create_webhook(ctx: Ctx, body: NewWebhook, response: Response) -> MadeWebhook:
    """Tell an address of what happens, from two seconds after this. Its secret is in the answer, and never told again.

    Nothing is sent to it yet: `POST /webhooks/{id}/test` does.
    """
    made = await subscribing.subscribe(
        ctx.db,
        ctx.backend.box,
        ctx.backend.client,
        workspace=ctx.workspace,
        url=body.url,
        events=body.events,
        description=body.description,
    )
    response.headers["Location"] = f"/api/v1/webhooks/whk_{made.id}"
    found = await _find(ctx, made.id)
    return MadeWebhook(**found.model_dump(mode="python"), secret=made.secret)


@router.operation(
    "GET",
    "/webhooks/{webhook_id}",
    id="get_webhook",
    summary="Show a webhook",
    needs=Permission.WEBHOOKS_READ,
)
async def get_webhook(ctx: Ctx, webhook_id: WebhookId) -> Webhook:
    """One webhook, without its secret."""
    return await _find(ctx, webhook_id)


@router.operation(
    "PATCH",
    "/webhooks/{webhook_id}",
    id="change_webhook",
    summary="Change a webhook",
    needs=Permission.WEBHOOKS_WRITE,
)
async def change_webhook(ctx: Ctx, webhook_id: WebhookId, body: WebhookChange) -> Webhook:
    """Change what is given. What is queued goes to the new address."""
    given = body.model_fields_set
    if "url" in given and not body.url:
        raise BadField("url", "it is empty")
    await subscribing.change_subscription(
        ctx.db,
        ctx.backend.client,
        webhook_id,
        workspace=ctx.workspace,
        url=body.url if "url" in given else None,
        events=body.events if "events" in given else None,
        description=body.description if "description" in given else None,
    )
    return await _find(ctx, webhook_id)


@router.operation(
    "DELETE",
    "/webhooks/{webhook_id}",
    id="delete_webhook",
    summary="Delete a webhook",
    needs=Permission.WEBHOOKS_WRITE,
    status=204,
)
async def delete_webhook(ctx: Ctx, webhook_id: WebhookId) -> None:
    """Tell it nothing more. What was not sent yet never is, and the log of its deliveries goes with it."""
    await subscribing.delete_subscription(ctx.db, webhook_id, workspace=ctx.workspace)


@router.operation(
    "POST",
    "/webhooks/{webhook_id}/rotate-secret",
    id="rotate_webhook_secret",
    summary="Give a webhook a new secret",
    needs=Permission.WEBHOOKS_WRITE,
    keyed=False,
    refusals=[KeyMissing, KeyWrong],
    json=False,
)
async def rotate_webhook_secret(ctx: Ctx, webhook_id: WebhookId) -> Secret:
    """For a day each request is signed with the new secret and with the one before: change yours in that time."""
    secret = await subscribing.rotate_secret(ctx.db, ctx.backend.box, webhook_id, workspace=ctx.workspace)
    return Secret(secret=secret)


@router.operation(
    "POST",
    "/webhooks/{webhook_id}/pause",
    id="pause_webhook",
    summary="Pause a webhook",
    needs=Permission.WEBHOOKS_WRITE,
    json=False,
)
async def pause_webhook(ctx: Ctx, webhook_id: WebhookId) -> Webhook:
    """What happens from now on is not kept for it; what is queued waits. Repeating does nothing."""
    await subscribing.pause_subscription(ctx.db, webhook_id, workspace=ctx.workspace)
    return await _find(ctx, webhook_id)


@router.operation(
    "POST",
    "/webhooks/{webhook_id}/resume",
    id="resume_webhook",
    summary="Resume a webhook",
    needs=Permission.WEBHOOKS_WRITE,
    json=False,
)
async def resume_webhook(ctx: Ctx, webhook_id: WebhookId) -> Webhook:
    """Tell it again, also one that was disabled; what is queued goes out. Repeating does nothing."""
    await subscribing.resume_subscription(ctx.db, ctx.waker, webhook_id, workspace=ctx.workspace)
    return await _find(ctx, webhook_id)


@router.operation(
    "POST",
    "/webhooks/{webhook_id}/test",
    id="test_webhook",
    summary="Send a webhook a test event",
    needs=Permission.WEBHOOKS_WRITE,
    status=202,
    refusals=[WebhookNotActive],
    json=False,
)
async def test_webhook(ctx: Ctx, webhook_id: WebhookId, response: Response) -> Delivery:
    """Send `webhook.test`, whatever it wants to hear of. The delivery says what came of it."""
    made = await subscribing.test_subscription(ctx.db, ctx.waker, webhook_id, workspace=ctx.workspace)
    response.headers["Location"] = f"/api/v1/deliveries/dlv_{made}"
    return (await _delivery(ctx, made))[0]


@router.operation(
    "GET",
    "/webhooks/{webhook_id}/deliveries",
    id="list_deliveries",
    summary="List a webhook's deliveries",
    needs=Permission.WEBHOOKS_READ,
)
async def list_deliveries(
    ctx: Ctx,
    webhook_id: WebhookId,
    limit: Limit = 50,
    cursor: Cursor = None,
    state: Annotated[
        Literal["queued", "sending", "delivered", "failed"] | None, Query(description="Only in this state.")
    ] = None,
    event: Annotated[Event | None, Query(description="Only of this event.")] = None,
) -> Page[Delivery]:
    """What it was told in the last 30 days, or is to be, newest first."""
    after = read_cursor("deliveries", cursor, int)
    found = await resending.list_deliveries(
        ctx.db,
        webhook_id,
        workspace=ctx.workspace,
        before=after[0] if after else None,
        state=state or "",
        event=event or "",
        limit=limit + 1,
    )
    return page(found, limit, _shown_delivery, lambda each: make_cursor("deliveries", each.id))


@router.operation(
    "POST",
    "/webhooks/{webhook_id}/resend",
    id="resend_failed_deliveries",
    summary="Send again what failed",
    needs=Permission.WEBHOOKS_WRITE,
    status=202,
    refusals=[WebhookNotActive],
)
async def resend_failed_deliveries(ctx: Ctx, webhook_id: WebhookId, body: Resend) -> Resent:
    """Send failed deliveries again, the oldest thousand at a time: same body, same `webhook-id`, all tries anew."""
    resent = await resending.resend_failed(
        ctx.db, ctx.waker, webhook_id, workspace=ctx.workspace, since=body.since
    )
    return Resent(resent=resent, more=resent == resending.BATCH)


@router.operation(
    "GET",
    "/deliveries/{delivery_id}",
    id="get_delivery",
    summary="Show a delivery",
    needs=Permission.WEBHOOKS_READ,
)
async def get_delivery(ctx: Ctx, delivery_id: DeliveryId) -> DeliveryDetail:
    """One delivery, with the bytes that are sent."""
    found, body = await _delivery(ctx, delivery_id)
    return DeliveryDetail(**found.model_dump(mode="python"), body=body)


@router.operation(
    "POST",
    "/deliveries/{delivery_id}/resend",
    id="resend_delivery",
    summary="Send a delivery again",
    needs=Permission.WEBHOOKS_WRITE,
    status=202,
    refusals=[WebhookNotActive],
    json=False,
)
async def resend_delivery(ctx: Ctx, delivery_id: DeliveryId, response: Response) -> Delivery:
    """Send it now, whatever came of it: same body, same `webhook-id`, all tries anew. One on its way stays so."""
    await resending.resend(ctx.db, ctx.waker, delivery_id, workspace=ctx.workspace)
    response.headers["Location"] = f"/api/v1/deliveries/dlv_{delivery_id}"
    return (await _delivery(ctx, delivery_id))[0]


async def _find(ctx: Context, ident: int) -> Webhook:
    return _shown(await subscribing.find_subscription(ctx.db, ident, workspace=ctx.workspace))


async def _delivery(ctx: Context, ident: int) -> tuple[Delivery, str]:
    found, body = await resending.find_delivery(ctx.db, ident, workspace=ctx.workspace)
    return _shown_delivery(found), body


def _shown(found: Subscription) -> Webhook:
    return Webhook.model_validate(found)


def _shown_delivery(found: deliveries.Delivery) -> Delivery:
    return Delivery.model_validate(
        {
            **{
                name: getattr(found, name)
                for name in ("id", "event", "event_id", "state", "tries", "problem", "answer")
            },
            "webhook_id": found.subscription_id,
            "next_try_at": found.due_at if found.state == "queued" else 0,
            "status": found.status or None,
            "took_ms": found.took // 1_000,
            "created_at": found.created_at,
            "ended_at": found.ended_at,
        }
    )
