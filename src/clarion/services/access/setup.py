"""The first user of an installation: by a one-time link, or from the settings."""

from clarion.domain.access import Role
from clarion.domain.errors import ClarionError
from clarion.domain.users import check_password, read_email
from clarion.services.access import links, sessions
from clarion.services.access.accounts import make_user
from clarion.services.access.passwords import Hasher
from clarion.services.access.sessions import Access, Started, Visitor
from clarion.store import workspaces
from clarion.store.access import audit, memberships, users
from clarion.store.access import links as stored
from clarion.store.db import Database, Tx


class SetUpAlready(ClarionError):
    """There are users: the first one was made before."""

    def __init__(self) -> None:
        super().__init__(
            "Clarion is set up: sign in, or have `clarion user link` make a link for a new password."
        )


async def is_open(db: Database) -> bool:
    """Whether there is nobody yet."""
    async with db.reading() as tx:
        return not await users.any_at_all(tx)


async def open_link(db: Database) -> str:
    """The path of a link that makes the first user. Each lasts a day, and all end with the first user."""
    async with db.transaction() as tx:
        path, _ = await links.make(tx, stored.SETUP)
    return path


async def set_up(
    access: Access, *, token: str, email: str, name: str, password: str, visitor: Visitor
) -> Started:
    """Become the first user, the owner of the first workspace, and sign in.

    Raises SetUpAlready, BadLink, BadField.
    """
    email = read_email(email)
    async with access.db.reading() as tx:
        if await users.any_at_all(tx):
            raise SetUpAlready
        await links.look(tx, stored.SETUP, token)
    check_password(password, email=email)
    hashed = await access.hasher.hash(password)
    async with access.db.transaction() as tx:
        await stored.hold_all(tx, stored.SETUP)
        if await users.any_at_all(tx):
            raise SetUpAlready
        await links.use(tx, stored.SETUP, token)
        user_id = await _make_owner(tx, email, name, hashed)
        user = await users.find(tx, user_id)
        assert user is not None
        return await sessions.begin(tx, access, user, visitor, action="set_up")


async def make_first_user(db: Database, hasher: Hasher, *, email: str, password: str) -> bool:
    """The first user by the settings; False, and nothing is done, when there is a user. Raises BadField."""
    if not await is_open(db):
        return False
    email = read_email(email)
    check_password(password, email=email)
    hashed = await hasher.hash(password)
    async with db.transaction() as tx:
        if await users.by_email(tx, email) is not None:
            return False
        user_id = await _make_owner(tx, email, "", hashed)
        workspace = await workspaces.first(tx)
        await audit.add(tx, workspace, actor="settings", action="set_up", target=f"usr_{user_id}")
    return True


async def _make_owner(tx: Tx, email: str, name: str, hashed: str) -> int:
    user_id = await make_user(tx, email, name=name, password=hashed)
    await memberships.put(tx, await workspaces.first(tx), user_id, Role.OWNER, await tx.now())
    return user_id
