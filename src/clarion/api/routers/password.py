"""One's own password and second factor."""

from starlette.responses import Response

from clarion.api import cookies
from clarion.api.context import Ctx
from clarion.api.operation import Router
from clarion.api.origin import NeedsHttps, need_https
from clarion.api.routers.session import welcome
from clarion.api.schemas.session import (
    Confirmation,
    NewSecondFactor,
    PasswordAgain,
    PasswordChange,
    PasswordReset,
    RecoveryCodes,
    WhoAmI,
)
from clarion.domain.errors import BadField, KeyMissing, KeyWrong
from clarion.services.access import accounts, second_factor
from clarion.services.access.callers import NeedsUser
from clarion.services.access.links import BadLink
from clarion.services.access.second_factor import SecondFactorState
from clarion.services.access.sessions import SignInRefused
from clarion.services.access.sign_in import CodeNeeded, WrongPassword
from clarion.services.access.throttle import TooManyAttempts

router = Router("Session")


@router.operation(
    "POST",
    "/password",
    id="change_password",
    summary="Change one's password",
    everywhere=True,
    keyed=False,
    status=204,
    refusals=[NeedsUser, WrongPassword, TooManyAttempts, BadField],
)
async def change_password(ctx: Ctx, body: PasswordChange) -> None:
    """Choose another password. Every other session of yours ends."""
    ctx.caller.need_user()
    await accounts.change_password(ctx.backend.access, ctx.db, ctx.caller, current=body.current, new=body.new)


@router.operation(
    "POST",
    "/password/reset",
    id="reset_password",
    summary="Choose a new password by a link",
    public=True,
    status=201,
    refusals=[
        BadLink,
        BadField,
        CodeNeeded,
        SignInRefused,
        TooManyAttempts,
        NeedsHttps,
        KeyMissing,
        KeyWrong,
    ],
)
async def reset_password(ctx: Ctx, body: PasswordReset, response: Response) -> WhoAmI:
    """Use a link that an admin or `clarion user link` made. It signs in, and ends every session there was."""
    need_https(ctx.backend.public_url)
    started = await accounts.reset_password(
        ctx.backend.access,
        token=body.token,
        password=body.password,
        code=body.code,
        visitor=cookies.visitor_of(ctx.request),
    )
    return await welcome(ctx.backend, started, response)


@router.operation(
    "POST",
    "/session/totp",
    id="begin_second_factor",
    summary="Begin a second factor",
    everywhere=True,
    keyed=False,
    refusals=[NeedsUser, WrongPassword, TooManyAttempts, SecondFactorState],
)
async def begin_second_factor(ctx: Ctx, body: PasswordAgain) -> NewSecondFactor:
    """A secret for an authenticator app (TOTP). Nothing is asked for until it is confirmed; beginning again makes
    another one."""
    ctx.caller.need_user()
    secret, uri = await accounts.begin_second_factor(ctx.backend.access, ctx.db, ctx.caller, body.password)
    return NewSecondFactor(secret=secret, uri=uri)


@router.operation(
    "POST",
    "/session/totp/confirmation",
    id="confirm_second_factor",
    summary="Switch the second factor on",
    everywhere=True,
    keyed=False,
    refusals=[NeedsUser, SecondFactorState, BadField, KeyMissing, KeyWrong],
)
async def confirm_second_factor(ctx: Ctx, body: Confirmation) -> RecoveryCodes:
    """Prove that the app works by a code it shows. From now on signing in asks for one."""
    ctx.caller.need_user()
    codes = await second_factor.confirm(ctx.db, ctx.backend.box, ctx.caller.user_id, body.code)
    return RecoveryCodes(codes=codes)


@router.operation(
    "POST",
    "/session/totp/removal",
    id="remove_second_factor",
    summary="Switch the second factor off",
    everywhere=True,
    keyed=False,
    status=204,
    refusals=[NeedsUser, WrongPassword, TooManyAttempts],
)
async def remove_second_factor(ctx: Ctx, body: PasswordAgain) -> None:
    """Do without the second factor; its secret and the recovery codes are forgotten."""
    ctx.caller.need_user()
    await accounts.remove_second_factor(ctx.backend.access, ctx.db, ctx.caller, body.password)
