"""`/metrics` for Prometheus, and what the API counts of itself."""

import hmac
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clarion.services.ports import Meters

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


@dataclass(frozen=True, slots=True)
class Exposed:
    """The page of metrics, and the token that opens it; "": only this machine may read it."""

    page: Callable[[], Awaitable[bytes]]
    media_type: str
    token: str = ""


def routes(exposed: Exposed | None) -> list[Route]:
    """`GET /metrics`; nothing where nothing is counted."""
    if exposed is None:
        return []

    async def metrics(request: Request) -> Response:
        refused = _refused(request, exposed.token)
        if refused:
            return PlainTextResponse(refused, 401 if exposed.token else 403)
        return Response(await exposed.page(), headers={"Content-Type": exposed.media_type})

    return [Route("/metrics", metrics, methods=["GET"])]


def _refused(request: Request, token: str) -> str:
    """Why the page is not shown; "" when it is."""
    if token:
        given = request.headers.get("authorization", "")
        if hmac.compare_digest(given.encode("utf-8", "replace"), f"Bearer {token}".encode()):
            return ""
        return "Send the token of CLARION_METRICS__TOKEN as `Authorization: Bearer ...`.\n"
    # What a proxy on this machine passes on comes from elsewhere, however near the proxy is.
    if _from_here(request) and not any(name in request.headers for name in _FORWARDED):
        return ""
    return "Without CLARION_METRICS__TOKEN only this machine itself may read the metrics: set one.\n"


def _from_here(request: Request) -> bool:
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False


class Measured:
    """Counts requests to the API by their operation, and times them up to the beginning of their answer.

    Plain ASGI, outermost: it sees the status that is really sent. What has no operation (webhooks, health, wrong
    addresses) is not counted: nobody outside can make up labels.
    """

    def __init__(self, app: ASGIApp, meters: Meters) -> None:
        self._app, self._meters = app, meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        parent = next(
            (value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), ""
        )
        with self._meters.span("api", parent=parent) as span:
            answered = False

            def count(status: int) -> None:
                operation = getattr(scope.get("route"), "operation_id", None)
                if operation:
                    took = time.perf_counter() - began
                    span.tell(f"api {operation}", operation=operation, status=status)
                    self._meters.time("clarion_api_request_seconds", took, operation)
                    self._meters.add("clarion_api_requests_total", 1, operation, f"{status // 100}xx")

            async def sending(message: Message) -> None:
                nonlocal answered
                if message["type"] == "http.response.start":
                    answered = True
                    count(message["status"])
                await send(message)

            try:
                await self._app(scope, receive, sending)
            except Exception:
                if not answered:
                    count(500)  # which is answered further out
                raise
