"""Users of the workspace."""

from clarion.api.context import Ctx
from clarion.api.fields import UserId
from clarion.api.operation import Router
from clarion.api.pages import BadCursor, Cursor, Limit, Page, make_cursor, page, read_cursor
from clarion.api.schemas.users import ResetLink, RoleChange, UserShown
from clarion.domain.access import Permission
from clarion.services.access import accounts, members
from clarion.services.access.accounts import BelongsElsewhere
from clarion.services.access.members import LastOwner, RoleNotYours
from clarion.store.access.memberships import Member

router = Router("Users")


@router.operation(
    "GET",
    "/users",
    id="list_users",
    summary="List the users",
    needs=Permission.USERS_READ,
    refusals=[BadCursor],
)
async def list_users(ctx: Ctx, limit: Limit = 50, cursor: Cursor = None) -> Page[UserShown]:
    """The users of the workspace, in the order they were made."""
    after = read_cursor("users", cursor, int)
    found = await members.list_members(
        ctx.backend.db, workspace=ctx.workspace, after=after[0] if after else 0, limit=limit + 1
    )
    return page(found, limit, _shown, lambda last: make_cursor("users", last.id))


@router.operation(
    "GET", "/users/{user_id}", id="get_user", summary="Show a user", needs=Permission.USERS_READ
)
async def get_user(ctx: Ctx, user_id: UserId) -> UserShown:
    """One user of the workspace."""
    return _shown(await members.find_member(ctx.backend.db, user_id, workspace=ctx.workspace))


@router.operation(
    "PATCH",
    "/users/{user_id}",
    id="change_role",
    summary="Give a user another role",
    needs=Permission.USERS_WRITE,
    everywhere=True,
    refusals=[RoleNotYours, LastOwner],
)
async def change_role(ctx: Ctx, user_id: UserId, body: RoleChange) -> UserShown:
    """What they may do changes with their next request. Only owners deal with owners, nobody gives more than they
    have, and the last owner stays one."""
    ctx.detail = {"role": str(body.role)}
    return _shown(
        await members.change_role(ctx.db, user_id, body.role, workspace=ctx.workspace, caller=ctx.caller)
    )


@router.operation(
    "DELETE",
    "/users/{user_id}",
    id="remove_user",
    summary="Take a user out of the workspace",
    needs=Permission.USERS_WRITE,
    everywhere=True,
    status=204,
    refusals=[RoleNotYours, LastOwner],
)
async def remove_user(ctx: Ctx, user_id: UserId) -> None:
    """Their sessions in this workspace end at once. In other workspaces they stay what they are, and API keys that
    they made go on: revoke those too, if they know them."""
    await members.remove_member(ctx.db, user_id, workspace=ctx.workspace, caller=ctx.caller)


@router.operation(
    "POST",
    "/users/{user_id}/password-link",
    id="make_password_link",
    summary="Make a link for a new password",
    needs=Permission.USERS_WRITE,
    everywhere=True,
    keyed=False,
    refusals=[RoleNotYours, BelongsElsewhere],
)
async def make_password_link(ctx: Ctx, user_id: UserId) -> ResetLink:
    """For a user who forgot theirs. Give the link to them and nobody else; an earlier one ends. The second factor
    is still asked for."""
    path, expires_at = await accounts.make_reset_link(ctx.db, ctx.caller, user_id)
    return ResetLink(link=ctx.backend.public_url + path, expires_at=expires_at)


def _shown(member: Member) -> UserShown:
    return UserShown.model_validate(member)
