"""Who is asking: an API key in the Authorization header, or a browser's session."""

from starlette.requests import Request

from clarion.api.backend import Backend
from clarion.api.errors import QueryKeyRefused
from clarion.services.access import keys
from clarion.services.access.callers import Caller, NotSignedIn


async def authenticate(request: Request, backend: Backend) -> Caller:
    """The caller. Raises NotSignedIn, QueryKeyRefused."""
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
    raise NotSignedIn("Nobody is signed in: send an API key as `Authorization: Bearer clr_live_...`.")
