"""Signing in and out, and who one is."""

from starlette.responses import Response

from clarion.api import cookies
from clarion.api.backend import Backend
from clarion.api.context import Ctx
from clarion.api.fields import SessionId
from clarion.api.operation import Router
from clarion.api.origin import NeedsHttps, need_https
from clarion.api.schemas.session import (
    KeyRef,
    OwnSessions,
    PlaceShown,
    SessionShown,
    SignIn,
    Switch,
    UserRef,
    WhoAmI,
    WorkspaceRef,
)
from clarion.domain.errors import KeyMissing, KeyWrong, NotFound
from clarion.services.access import sessions, sign_in
from clarion.services.access.callers import Caller, NeedsUser
from clarion.services.access.sessions import SignInRefused, Started
from clarion.services.access.sign_in import CodeNeeded
from clarion.services.access.throttle import TooManyAttempts

router = Router("Session")


@router.operation(
    "POST",
    "/session",
    id="sign_in",
    summary="Sign in",
    public=True,
    status=201,
    refusals=[SignInRefused, CodeNeeded, TooManyAttempts, NeedsHttps, KeyMissing, KeyWrong],
)
async def post_session(ctx: Ctx, body: SignIn, response: Response) -> WhoAmI:
    """Sign in with a password, for browsers: the session is a cookie that scripts cannot read.

    What changes something later must carry `csrf_token` in the header X-CSRF-Token. Programs use API keys.
    """
    need_https(ctx.backend.public_url)
    started = await sign_in.sign_in(
        ctx.backend.access,
        email=body.email,
        password=body.password,
        code=body.code,
        visitor=cookies.visitor_of(ctx.request),
    )
    return await welcome(ctx.backend, started, response)


@router.operation("GET", "/session", id="get_session", summary="Show who asks")
async def get_session(ctx: Ctx) -> WhoAmI:
    """Whom the session or key speaks for, for which workspace, and what they may do there."""
    return await who(ctx.backend, ctx.caller)


@router.operation(
    "PATCH",
    "/session",
    id="switch_workspace",
    summary="Look at another workspace",
    everywhere=True,
    refusals=[NeedsUser, NotFound],
)
async def patch_session(ctx: Ctx, body: Switch) -> WhoAmI:
    """Look at another of one's own workspaces: from the next request on, ids and lists are those of that one."""
    ctx.caller.need_user()
    ctx.target = f"wsp_{body.workspace}"
    return await who(ctx.backend, await sessions.switch(ctx.db, ctx.caller, body.workspace))


@router.operation(
    "DELETE",
    "/session",
    id="sign_out",
    summary="Sign out",
    everywhere=True,
    status=204,
    refusals=[NeedsUser, NotFound],
)
async def delete_session(ctx: Ctx, response: Response) -> None:
    """End the session: its cookie is worth nothing from now on, wherever it was copied to."""
    ctx.caller.need_user()
    await sessions.end(ctx.db, ctx.caller.user_id, ctx.caller.session_id)
    cookies.take_back(response)


@router.operation(
    "GET", "/sessions", id="list_sessions", summary="List one's own sessions", refusals=[NeedsUser]
)
async def list_sessions(ctx: Ctx) -> OwnSessions:
    """Every browser in which one is signed in, newest first; at most fifty."""
    ctx.caller.need_user()
    found = await sessions.list_sessions(ctx.backend.access, ctx.backend.db, ctx.caller.user_id)
    return OwnSessions(
        items=[
            SessionShown(
                id=each.id,
                current=each.id == ctx.caller.session_id,
                address=each.address,
                agent=each.agent,
                created_at=each.created_at,
                seen_at=each.seen_at,
                expires_at=each.expires_at,
            )
            for each in found
        ]
    )


@router.operation(
    "DELETE",
    "/sessions/{session_id}",
    id="end_session",
    summary="End one of one's own sessions",
    everywhere=True,
    status=204,
)
async def end_session(ctx: Ctx, session_id: SessionId) -> None:
    """Sign out elsewhere. A key has no sessions, so it finds none."""
    await sessions.end(ctx.db, ctx.caller.user_id, session_id)


async def welcome(backend: Backend, started: Started, response: Response) -> WhoAmI:
    """Answer somebody who just signed in, with the cookies."""
    cookies.give(response, started, lifetime=backend.access.lifetime)
    response.headers["Location"] = "/api/v1/session"
    return await who(backend, started.caller)


async def who(backend: Backend, caller: Caller) -> WhoAmI:
    """A caller as they are shown to themselves."""
    user, places, workspace = await sessions.who(backend.db, caller)
    here = WorkspaceRef(id=caller.workspace, name=workspace)
    mine = [PlaceShown(id=each.id, name=each.name, role=each.role) for each in places]
    return WhoAmI(
        user=UserRef(
            id=user.id,
            email=user.email,
            name=user.name,
            second_factor=user.totp_on,
            has_password=bool(user.password),
        )
        if user
        else None,
        key=None if user else KeyRef(id=int(caller.name.removeprefix("key:")), name=caller.title),
        workspace=here,
        role=caller.role,
        permissions=sorted(caller.permissions),
        csrf_token=caller.csrf or None,
        workspaces=mine or [PlaceShown(id=here.id, name=here.name, role=None)],
    )
