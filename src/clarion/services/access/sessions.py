"""Sessions: browsers that are signed in. Each is a row, so it ends when the row does.

What its user may do is read at each request: a role that is taken away is gone at once.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from clarion.domain.access import PERMISSIONS
from clarion.domain.errors import ClarionError, NotFound
from clarion.services.access import devices
from clarion.services.access.callers import Caller, NotSignedIn
from clarion.services.access.passwords import Hasher
from clarion.services.access.throttle import Throttle
from clarion.services.secrets import SecretBox
from clarion.store import workspaces
from clarion.store.access import audit, memberships, sessions, users
from clarion.store.access.memberships import Place
from clarion.store.access.sessions import Session
from clarion.store.access.users import User
from clarion.store.db import Database, Tx

MINUTE = 60_000_000
_AGENT = 200


@dataclass(frozen=True, slots=True)
class Access:
    """What signing in stands on, made once by a process. Durations in microseconds."""

    db: Database
    """Every workspace: users stand above them."""
    box: SecretBox
    hasher: Hasher
    throttle: Throttle
    idle: int
    """A session that nobody used for this long has ended."""
    lifetime: int
    """A session ends this long after it began."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser that is not signed in yet. `session` and `device` are its cookies."""

    address: str = ""
    agent: str = ""
    session: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """A session that began. `token` and `device` are its cookies, and told this once."""

    token: str
    device: str
    caller: Caller


class SignInRefused(ClarionError):
    """Address, password or code is wrong, or the user may not sign in: which of them is not told."""

    def __init__(self) -> None:
        super().__init__("The address, the password or the code is not right.")


async def begin(
    tx: Tx, access: Access, user: User, visitor: Visitor, *, action: str = "sign_in", workspace: int = 0
) -> Started:
    """Sign in a user who has proven who they are. The session that the browser had ends.

    It looks at `workspace`, or else at the first one the user belongs to. Raises SignInRefused for somebody who
    is disabled or belongs to none.
    """
    places = await memberships.places(tx, user.id)
    if user.disabled or not places:
        raise SignInRefused
    place = next((each for each in places if each.id == workspace), places[0])
    now = await tx.now()
    if visitor.session:
        await sessions.end_digest(tx, _digest(visitor.session))
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    session_id = await sessions.add(
        tx,
        {
            "digest": _digest(token),
            "user_id": user.id,
            "workspace_id": place.id,
            "csrf": csrf,
            "address": visitor.address,
            "agent": visitor.agent[:_AGENT],
            "created_at": now,
            "seen_at": now,
            "expires_at": now + access.lifetime,
        },
    )
    await sessions.tidy(tx, user.id, now)
    await users.change(tx, user.id, {"signed_in_at": now})
    caller = _caller(place, user.id, user.email, session_id, csrf)
    await audit.add(
        tx, place.id, actor=caller.name, actor_name=user.email, action=action, address=visitor.address
    )
    return Started(token, devices.mark(access.box, user.email, visitor.device), caller)


async def sign_in_user(access: Access, user_id: int, visitor: Visitor) -> Started:
    """Sign in a user whom somebody else has identified. Raises SignInRefused."""
    async with access.db.transaction() as tx:
        user = await users.find(tx, user_id)
        if user is None:
            raise SignInRefused
        return await begin(tx, access, user, visitor)


async def caller_of(access: Access, token: str) -> Caller:
    """Whom a session's cookie speaks for. Raises NotSignedIn."""
    async with access.db.reading() as tx:
        held, now = await sessions.by_digest(tx, _digest(token)), await tx.now()
    if (
        held is None
        or held.disabled
        or held.role is None
        or held.expires_at <= now
        or now - held.seen_at > access.idle
    ):
        raise NotSignedIn("The session has ended: sign in again.")
    if now - held.seen_at > MINUTE:
        async with access.db.transaction() as tx:
            await sessions.seen(tx, held.id, now)
    place = Place(held.workspace_id, "", held.role)
    return _caller(place, held.user_id, held.email, held.id, held.csrf)


async def who(db: Database, caller: Caller) -> tuple[User | None, Sequence[Place], str]:
    """The user who asks (None: a key does), the workspaces they belong to, and the name of the one they look at."""
    async with db.reading() as tx:
        name = await workspaces.name_of(tx, caller.workspace)
        if not caller.session_id:
            return None, (), name
        return await users.find(tx, caller.user_id), await memberships.places(tx, caller.user_id), name


async def switch(db: Database, caller: Caller, workspace: int) -> Caller:
    """Have a session look at another workspace of its user. Raises NotFound."""
    async with db.transaction() as tx:
        found = [each for each in await memberships.places(tx, caller.user_id) if each.id == workspace]
        if not found:
            raise NotFound("workspace", workspace)
        await sessions.look_at(tx, caller.session_id, workspace)
    return _caller(found[0], caller.user_id, caller.title, caller.session_id, caller.csrf)


async def list_sessions(access: Access, db: Database, user_id: int) -> Sequence[Session]:
    """A user's sessions that have not ended, newest first."""
    async with db.reading() as tx:
        now = await tx.now()
        return await sessions.of_user(tx, user_id, now, seen_after=now - access.idle)


async def end(db: Database, user_id: int, session_id: int) -> None:
    """End one session of a user: its cookie is worth nothing once this returns. Raises NotFound."""
    async with db.transaction() as tx:
        if not await sessions.end(tx, user_id, session_id):
            raise NotFound("session", session_id)


def _caller(place: Place, user_id: int, email: str, session_id: int, csrf: str) -> Caller:
    return Caller(
        place.id, f"user:{user_id}", email, PERMISSIONS[place.role], place.role, user_id, session_id, csrf
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
