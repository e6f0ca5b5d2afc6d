"""The users of a workspace, and their roles."""

from collections.abc import Sequence

from clarion.domain.access import Role, may_manage
from clarion.domain.errors import ClarionError, NotFound
from clarion.services.access.callers import Caller
from clarion.store.access import memberships, sessions
from clarion.store.access.memberships import Member
from clarion.store.db import Database, Tx


class RoleNotYours(ClarionError):
    """The caller may not give this role to anybody, or take it from somebody."""

    def __init__(self, role: Role) -> None:
        why = (
            "only owners make, change and remove owners"
            if role is Role.OWNER
            else f"the role {role} may do things that you may not"
        )
        super().__init__(f"This is not yours to decide: {why}.")
        self.role = role


class LastOwner(ClarionError):
    """A workspace must keep an owner."""

    def __init__(self) -> None:
        super().__init__("This is the workspace's last owner: make somebody else an owner first.")


async def list_members(db: Database, *, workspace: int, after: int = 0, limit: int) -> Sequence[Member]:
    """Users of a workspace, in the order they were made."""
    async with db.reading() as tx:
        return await memberships.members(tx, workspace, after=after, limit=limit)


async def find_member(db: Database, user_id: int, *, workspace: int) -> Member:
    """One user of a workspace. Raises NotFound."""
    async with db.reading() as tx:
        return await _find(tx, workspace, user_id)


async def find_by_email(db: Database, email: str, *, workspace: int) -> Member:
    """The user of a workspace with this address. Raises NotFound."""
    async with db.reading() as tx:
        found = await memberships.by_email(tx, workspace, email.strip().lower())
    if found is None:
        raise NotFound("user", email)
    return found


async def change_role(
    db: Database, user_id: int, role: Role, *, workspace: int, caller: Caller | None = None
) -> Member:
    """Give a user another role; it counts from their next request on. `caller` None: the operator.

    Raises NotFound, RoleNotYours, LastOwner.
    """
    async with db.transaction() as tx:
        owners = await memberships.owners(tx, workspace)
        found = await _find(tx, workspace, user_id)
        check_may_manage(caller, found.role)
        check_may_manage(caller, role)
        if found.role is Role.OWNER and role is not Role.OWNER and len(owners) == 1:
            raise LastOwner
        await memberships.put(tx, workspace, user_id, role, found.joined_at)
        return await _find(tx, workspace, user_id)


async def remove_member(
    db: Database, user_id: int, *, workspace: int, caller: Caller | None = None
) -> Member:
    """Take a user out of a workspace; their sessions there end. `caller` None: the operator.

    Raises NotFound, RoleNotYours, LastOwner.
    """
    async with db.transaction() as tx:
        owners = await memberships.owners(tx, workspace)
        found = await _find(tx, workspace, user_id)
        check_may_manage(caller, found.role)
        if found.role is Role.OWNER and len(owners) == 1:
            raise LastOwner
        await memberships.remove(tx, workspace, user_id)
        await sessions.end_in(tx, user_id, workspace)
    return found


def check_may_manage(caller: Caller | None, role: Role) -> None:
    """Raises RoleNotYours unless the caller may give this role, and take it away. None: the operator may."""
    if caller is not None and not may_manage(role, own=caller.role, permissions=caller.permissions):
        raise RoleNotYours(role)


async def _find(tx: Tx, workspace: int, user_id: int) -> Member:
    found = await memberships.member(tx, workspace, user_id)
    if found is None:
        raise NotFound("user", user_id)
    return found
