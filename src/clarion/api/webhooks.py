"""Webhooks: read, verify, store, answer. Plain Starlette routes: a FastAPI route costs 1.75 times as much."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from clarion.domain.errors import BadWebhook
from clarion.providers.base import WebhookRequest
from clarion.services.ports import UNWATCHED, Meters
from clarion.services.receiving.intake import Intake

log = structlog.get_logger()

LARGEST = 4 * 1024 * 1024  # bytes; Meta's batches reach 3 MB
WITHIN = 5.0  # seconds: providers give up soon after, and come again; what was stored by then is known
EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


def routes(
    intake: Intake, *, providers: list[str], public_url: str, meters: Meters = UNWATCHED
) -> list[Route]:
    """`/webhooks/<provider>` and everything below it, for each provider.

    `public_url` is what the provider was told, and so what it signed: a request's Host is never believed.
    """

    def endpoint(provider: str) -> Callable[[Request], Awaitable[Response]]:
        async def webhook(request: Request) -> Response:
            began = time.perf_counter()
            with meters.span("webhook", provider=provider) as span:
                result, response = await _answer(intake, provider, request, public_url)
                span.tell(result=result)
            meters.time("clarion_webhook_seconds", time.perf_counter() - began, provider)
            meters.add("clarion_webhooks_total", 1, provider, result)
            return response

        return webhook

    return [
        Route(f"/webhooks/{name}{rest}", endpoint(name), methods=["GET", "POST"])
        for name in providers
        for rest in ("", "/{path:path}")
    ]


async def _answer(intake: Intake, provider: str, request: Request, public_url: str) -> tuple[str, Response]:
    """What became of it, as the metrics call it, and what the provider is told."""
    body = await _body(request)
    if body is None:
        return "too_large", PlainTextResponse("too large", 413)
    query = request.url.query
    seen = WebhookRequest(
        method=request.method,
        url=f"{public_url}{request.scope['path']}{'?' + query if query else ''}",
        query=query,
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers.raw},
        body=body,
    )
    try:
        if request.method == "GET":
            challenge = await intake.challenge(provider, seen)
            if challenge is not None:
                return "challenge", PlainTextResponse(challenge)
        async with asyncio.timeout(WITHIN):
            accepted = await intake.receive(provider, seen)
        if not accepted:
            return "refused", PlainTextResponse("refused", 403)
    except BadWebhook as problem:
        log.warning("webhook.unreadable", provider=provider, problem=str(problem))
        return "unreadable", PlainTextResponse("unreadable", 400)
    except Exception:
        # Not stored, so not acknowledged: the provider comes again.
        log.exception("webhook.not_stored", provider=provider)
        return "failed", PlainTextResponse("try again", 503)
    if provider == "twilio":
        return "stored", Response(EMPTY_TWIML, media_type="text/xml")
    return "stored", PlainTextResponse("ok")


async def _body(request: Request) -> bytes | None:
    """The raw bytes, or None when there are more than LARGEST."""
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > LARGEST:
        return None
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > LARGEST:
                return None
            parts.append(part)
    except ClientDisconnect:
        return b""
    return b"".join(parts)
