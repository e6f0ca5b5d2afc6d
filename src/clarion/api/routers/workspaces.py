"""Workspaces and their settings."""

from starlette.responses import Response

from clarion.api.context import Ctx
from clarion.api.operation import Router
from clarion.api.routers.session import who
from clarion.api.schemas.workspaces import NewWorkspace, OwnWorkspaces, WorkspaceChange, WorkspaceShown
from clarion.domain.access import Permission, Role
from clarion.domain.errors import AlreadyExists, BadField
from clarion.services import workspaces
from clarion.services.access import sessions
from clarion.services.access.callers import NeedsUser
from clarion.services.access.members import RoleNotYours

router = Router("Workspaces")


@router.operation(
    "GET", "/workspace", id="get_workspace", summary="Show the workspace", needs=Permission.WORKSPACE_READ
)
async def get_workspace(ctx: Ctx) -> WorkspaceShown:
    """The workspace that the session or key speaks for, with its settings."""
    return WorkspaceShown.model_validate(await workspaces.show_workspace(ctx.db, ctx.workspace))


@router.operation(
    "PATCH",
    "/workspace",
    id="change_workspace",
    summary="Change the workspace's settings",
    needs=Permission.WORKSPACE_WRITE,
    everywhere=True,  # names are unique among all workspaces
    refusals=[AlreadyExists, BadField],
)
async def change_workspace(ctx: Ctx, body: WorkspaceChange) -> WorkspaceShown:
    """Only what is given changes. Words for a stop count from the next reply on."""
    given = body.model_fields_set
    ctx.target, ctx.detail = f"wsp_{ctx.workspace}", {"changed": sorted(given)}
    changed = await workspaces.change_workspace(
        ctx.db,
        ctx.workspace,
        name=body.name if "name" in given else None,
        opt_out_words=body.opt_out_words if "opt_out_words" in given else None,
    )
    return WorkspaceShown.model_validate(changed)


@router.operation("GET", "/workspaces", id="list_workspaces", summary="List one's workspaces")
async def list_workspaces(ctx: Ctx) -> OwnWorkspaces:
    """Every workspace of the user who asks; `PATCH /session` switches. A key has one."""
    found = await who(ctx.backend, ctx.caller)
    return OwnWorkspaces(items=found.workspaces)


@router.operation(
    "POST",
    "/workspaces",
    id="create_workspace",
    summary="Make a workspace",
    everywhere=True,
    status=201,
    refusals=[NeedsUser, RoleNotYours, AlreadyExists, BadField],
)
async def create_workspace(ctx: Ctx, body: NewWorkspace, response: Response) -> WorkspaceShown:
    """Whoever owns a workspace may make another one, and owns it. Workspaces share nothing but the machine."""
    ctx.caller.need_user()
    _, places, _ = await sessions.who(ctx.db, ctx.caller)
    if not any(each.role is Role.OWNER for each in places):
        raise RoleNotYours(Role.OWNER)
    made = await workspaces.add_workspace(ctx.db, body.name, owner=ctx.caller.user_id)
    response.headers["Location"] = "/api/v1/workspaces"
    return WorkspaceShown.model_validate(await workspaces.show_workspace(ctx.db, made))
