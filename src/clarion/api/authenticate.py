"""Who is asking: an API key in the Authorization header, or a browser's session."""

import hmac

from starlette.requests import Request

from clarion.api.backend import Backend
from clarion.api.cookies import SESSION
from clarion.api.errors import QueryKeyRefused
from clarion.api.origin import ForgedRequest, need_own_site
from clarion.services.access import keys, sessions
from clarion.services.access.callers import Caller, NotSignedIn

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


async def authenticate(request: Request, backend: Backend) -> Caller:
    """The caller: whom the key speaks for, else whom the session does.

    Raises NotSignedIn, QueryKeyRefused; ForgedRequest for what another site may have had a browser send.
    """
    if any(value.startswith(keys.PREFIX) for value in request.query_params.values()):
        raise QueryKeyRefused(
            "A key does not belong into an address, where logs and histories keep it: revoke it, and send a new one "
            "as `Authorization: Bearer clr_live_...`."
        )
    given = request.headers.get("authorization", "")
    scheme, _, credentials = given.partition(" ")
    if given:
        if scheme.lower() != "bearer":
            raise NotSignedIn("Send the API key as `Authorization: Bearer clr_live_...`.")
        return await keys.caller_of(backend.db, credentials.strip())
    token = request.cookies.get(SESSION, "")
    if not token:
        raise NotSignedIn(
            "Nobody is signed in: send an API key as `Authorization: Bearer clr_live_...`, or sign in."
        )
    caller = await sessions.caller_of(backend.access, token)
    if request.method not in SAFE:
        need_own_site(request, backend.public_url, browser=True)
        sent = request.headers.get("x-csrf-token", "")
        if not hmac.compare_digest(sent.encode(), caller.csrf.encode()):
            raise ForgedRequest("Send the session's `csrf_token` in the header X-CSRF-Token.")
    return caller
