"""Our two cookies: the session, and the browser that was signed in before."""

from starlette.requests import Request
from starlette.responses import Response

from clarion.api.origin import address_of
from clarion.services.access.sessions import Started, Visitor

SESSION = "__Host-clarion"
DEVICE = "__Host-clarion-device"
_DEVICE_LASTS = 400 * 86_400  # seconds; browsers keep nothing longer


def visitor_of(request: Request) -> Visitor:
    """Who wants to sign in, as far as is known before."""
    return Visitor(
        address=address_of(request, request.app.state.backend.trusted_proxies),
        agent=request.headers.get("user-agent", ""),
        session=request.cookies.get(SESSION, ""),
        device=request.cookies.get(DEVICE, ""),
    )


def give(response: Response, started: Started, *, lifetime: int) -> None:
    """Have the browser keep what was begun. `lifetime` in microseconds."""
    _set(response, SESSION, started.token, lifetime // 1_000_000)
    _set(response, DEVICE, started.device, _DEVICE_LASTS)


def take_back(response: Response) -> None:
    """Have the browser forget the session; it stays a browser that was signed in before."""
    _set(response, SESSION, "", 0)


def _set(response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")
