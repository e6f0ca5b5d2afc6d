"""Inviting people into the workspace."""

from starlette.responses import Response

from clarion.api import cookies
from clarion.api.context import Ctx
from clarion.api.fields import InvitationId
from clarion.api.operation import Router
from clarion.api.origin import NeedsHttps, need_https
from clarion.api.pages import BadCursor, Cursor, Limit, Page, make_cursor, page, read_cursor
from clarion.api.routers.session import welcome
from clarion.api.schemas.session import WhoAmI
from clarion.api.schemas.users import (
    Acceptance,
    Invitation,
    InvitationSeen,
    LookUp,
    MadeInvitation,
    NewInvitation,
)
from clarion.domain.access import Permission, Role
from clarion.domain.errors import AlreadyExists, BadField
from clarion.services.access import invitations
from clarion.services.access.links import BadLink
from clarion.services.access.members import RoleNotYours
from clarion.store.access.links import Link

router = Router("Users")


@router.operation(
    "GET",
    "/users/invitations",
    id="list_invitations",
    summary="List the open invitations",
    needs=Permission.USERS_READ,
    refusals=[BadCursor],
)
async def list_invitations(ctx: Ctx, limit: Limit = 50, cursor: Cursor = None) -> Page[Invitation]:
    """Invitations that can still be accepted, the oldest first."""
    after = read_cursor("invitations", cursor, int)
    found = await invitations.list_invitations(
        ctx.backend.db, workspace=ctx.workspace, after=after[0] if after else 0, limit=limit + 1
    )
    return page(found, limit, _shown, lambda last: make_cursor("invitations", last.id))


@router.operation(
    "POST",
    "/users/invitations",
    id="invite_user",
    summary="Invite somebody",
    needs=Permission.USERS_WRITE,
    everywhere=True,
    keyed=False,
    status=201,
    refusals=[RoleNotYours, AlreadyExists, BadField],
)
async def invite_user(ctx: Ctx, body: NewInvitation, response: Response) -> MadeInvitation:
    """Who is a user of another workspace here is added at once. Anybody else follows the link in the answer, which
    you send them: Clarion sends no e-mail. Inviting an address again makes a new link, and ends the earlier one."""
    made = await invitations.invite(ctx.db, body.email, body.role, workspace=ctx.workspace, caller=ctx.caller)
    link = made.link
    ctx.target = f"inv_{link.id}" if link else f"usr_{made.user_id}"
    ctx.detail = {"role": str(made.role)}
    response.headers["Location"] = (
        "/api/v1/users/invitations" if link else f"/api/v1/users/usr_{made.user_id}"
    )
    return MadeInvitation(
        id=link.id if link else None,
        user_id=made.user_id or None,
        email=made.email,
        role=made.role,
        link=ctx.backend.public_url + made.path if link else None,
        expires_at=link.expires_at if link else 0,
    )


@router.operation(
    "DELETE",
    "/users/invitations/{invitation_id}",
    id="withdraw_invitation",
    summary="Withdraw an invitation",
    needs=Permission.USERS_WRITE,
    everywhere=True,
    status=204,
)
async def withdraw_invitation(ctx: Ctx, invitation_id: InvitationId) -> None:
    """Its link does not work any more."""
    await invitations.withdraw(ctx.db, invitation_id, workspace=ctx.workspace)


@router.operation(
    "POST",
    "/invitations/look-up",
    id="look_up_invitation",
    summary="Look at an invitation",
    public=True,
    refusals=[BadLink],
)
async def look_up_invitation(ctx: Ctx, body: LookUp) -> InvitationSeen:
    """What one is invited to, by the token in the link. It is not used up."""
    link, workspace = await invitations.look(ctx.db, body.token)
    return InvitationSeen(
        email=link.email, role=Role(link.role), workspace=workspace, expires_at=link.expires_at
    )


@router.operation(
    "POST",
    "/invitations/accept",
    id="accept_invitation",
    summary="Accept an invitation",
    public=True,
    status=201,
    refusals=[BadLink, BadField, NeedsHttps],
)
async def accept_invitation(ctx: Ctx, body: Acceptance, response: Response) -> WhoAmI:
    """Become a user with a password of one's own, and sign in."""
    need_https(ctx.backend.public_url)
    started = await invitations.accept(
        ctx.backend.access,
        token=body.token,
        name=body.name,
        password=body.password,
        visitor=cookies.visitor_of(ctx.request),
    )
    return await welcome(ctx.backend, started, response)


def _shown(link: Link) -> Invitation:
    return Invitation(
        id=link.id,
        email=link.email,
        role=Role(link.role),
        made_by=link.made_by or None,
        created_at=link.created_at,
        expires_at=link.expires_at,
    )
