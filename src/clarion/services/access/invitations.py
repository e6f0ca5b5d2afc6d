"""Inviting people into a workspace."""

from collections.abc import Sequence
from dataclasses import dataclass

from clarion.domain.access import Role
from clarion.domain.errors import AlreadyExists, NotFound
from clarion.domain.users import check_password, read_email
from clarion.services.access import links, members, sessions
from clarion.services.access.accounts import make_user
from clarion.services.access.callers import Caller
from clarion.services.access.links import BadLink
from clarion.services.access.sessions import Access, Started, Visitor
from clarion.store import workspaces
from clarion.store.access import links as stored
from clarion.store.access import memberships, users
from clarion.store.access.links import Link
from clarion.store.db import Database


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who was invited. Who was a user already is one of the workspace now, and has no link."""

    email: str
    role: Role
    user_id: int = 0
    link: Link | None = None
    path: str = ""


async def invite(
    db: Database,
    email: str,
    role: Role,
    *,
    workspace: int,
    caller: Caller | None = None,
    name: str = "",
    password: str = "",
) -> Invited:
    """Let somebody in: a user at once, anybody else by a link. An earlier link for the address ends.

    `caller` None: the operator, who may give a hashed `password`: then nobody needs a link, and a user keeps
    theirs. Raises BadField, RoleNotYours, AlreadyExists.
    """
    email = read_email(email)
    members.check_may_manage(caller, role)
    async with db.transaction() as tx:
        held = await users.by_email(tx, email)
        if held is not None and await memberships.member(tx, workspace, held.id) is not None:
            raise AlreadyExists("user", email)
        if held is not None or password:
            user_id = held.id if held else await make_user(tx, email, name=name, password=password)
            await memberships.put(tx, workspace, user_id, role, await tx.now())
            return Invited(email, role, user_id)
        await stored.withdraw(tx, workspace=workspace, email=email)
        path, link = await links.make(
            tx,
            stored.INVITE,
            workspace=workspace,
            email=email,
            role=role,
            made_by=caller.user_id if caller else 0,
        )
    return Invited(email, role, link=link, path=path)


async def list_invitations(db: Database, *, workspace: int, after: int = 0, limit: int) -> Sequence[Link]:
    """Invitations that can be accepted, the oldest first."""
    async with db.reading() as tx:
        now = await tx.now()
        return await stored.open_invitations(tx, now, workspace=workspace, after=after, limit=limit)


async def withdraw(db: Database, link_id: int, *, workspace: int) -> None:
    """End an invitation. Raises NotFound."""
    async with db.transaction() as tx:
        if not await stored.withdraw(tx, workspace=workspace, link_id=link_id):
            raise NotFound("invitation", link_id)


async def look(db: Database, token: str) -> tuple[Link, str]:
    """An invitation, and the name of its workspace. Raises BadLink."""
    async with db.reading() as tx:
        link = await links.look(tx, stored.INVITE, token)
        return link, await workspaces.name_of(tx, link.workspace_id)


async def accept(access: Access, *, token: str, name: str, password: str, visitor: Visitor) -> Started:
    """Become a user by an invitation, and sign in. Raises BadLink, BadField."""
    async with access.db.reading() as tx:
        link = await links.look(tx, stored.INVITE, token)
    check_password(password, email=link.email)
    hashed = await access.hasher.hash(password)
    async with access.db.transaction() as tx:
        link = await links.use(tx, stored.INVITE, token)
        try:
            user_id = await make_user(tx, link.email, name=name, password=hashed)
        except AlreadyExists:
            raise BadLink from None  # made a moment ago, and that accepted this invitation too
        await memberships.put(tx, link.workspace_id, user_id, Role(link.role), await tx.now())
        user = await users.find(tx, user_id)
        assert user is not None
        return await sessions.begin(
            tx, access, user, visitor, action="accept_invitation", workspace=link.workspace_id
        )
