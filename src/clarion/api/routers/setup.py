"""The first user."""

from starlette.responses import Response

from clarion.api import cookies
from clarion.api.context import Ctx
from clarion.api.operation import Router
from clarion.api.origin import NeedsHttps, need_https
from clarion.api.routers.session import welcome
from clarion.api.schemas.session import WhoAmI
from clarion.api.schemas.setup import SetUp, SetupState
from clarion.domain.errors import BadField
from clarion.services.access import setup
from clarion.services.access.links import BadLink
from clarion.services.access.setup import SetUpAlready

router = Router("Set-up")


@router.operation("GET", "/setup", id="get_setup", summary="Whether there is nobody yet", public=True)
async def get_setup(ctx: Ctx) -> SetupState:
    """Whether the first user is still to be made, by the link that `clarion serve` prints."""
    return SetupState(open=await setup.is_open(ctx.db))


@router.operation(
    "POST",
    "/setup",
    id="set_up",
    summary="Make the first user",
    public=True,
    status=201,
    refusals=[SetUpAlready, BadLink, BadField, NeedsHttps],
)
async def set_up(ctx: Ctx, body: SetUp, response: Response) -> WhoAmI:
    """Become the owner of the first workspace, and sign in."""
    need_https(ctx.backend.public_url)
    started = await setup.set_up(
        ctx.backend.access,
        token=body.token,
        email=body.email,
        name=body.name,
        password=body.password,
        visitor=cookies.visitor_of(ctx.request),
    )
    return await welcome(ctx.backend, started, response)
