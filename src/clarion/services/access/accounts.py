"""Users as such: made, known by other identity providers, given new passwords."""

from clarion.domain.access import Role
from clarion.domain.errors import AlreadyExists, ClarionError, NotFound
from clarion.domain.users import check_password, read_email
from clarion.services.access import links, second_factor, sessions, sign_in
from clarion.services.access.callers import Caller
from clarion.services.access.links import BadLink
from clarion.services.access.members import check_may_manage
from clarion.services.access.sessions import Access, Started, Visitor
from clarion.store.access import links as stored_links
from clarion.store.access import memberships, users
from clarion.store.access import sessions as stored_sessions
from clarion.store.db import Database, Tx


class BelongsElsewhere(ClarionError):
    """A user is in another workspace too: an admin of one must not decide about the other."""

    def __init__(self) -> None:
        super().__init__(
            "This user belongs to another workspace too, so only the operator can make the link: "
            "`clarion user link`."
        )


async def make_user(tx: Tx, email: str, *, name: str = "", password: str = "") -> int:
    """A new user's id; `password` is hashed already. Every open invitation to the address is accepted with it.

    So an invitation is open only as long as nobody has its address. Raises AlreadyExists.
    """
    now = await tx.now()
    user_id = await users.add(tx, email, name=name.strip(), password=password, now=now)
    if user_id is None:
        raise AlreadyExists("user", email)
    for link in await stored_links.open_invitations(tx, now, email=email):
        await memberships.put(tx, link.workspace_id, user_id, Role(link.role), now)
        await stored_links.used(tx, link.id, now)
    return user_id


async def user_of_identity(db: Database, *, issuer: str, subject: str, email: str, name: str = "") -> int:
    """The user whom another identity provider means; made when there is none.

    The provider must have verified that the address is theirs: a user who has it already is taken for them.
    """
    email = read_email(email)
    async with db.transaction() as tx:
        known = await users.of_identity(tx, issuer, subject)
        if known is not None:
            return known
        held = await users.by_email(tx, email)
        user_id = held.id if held else await make_user(tx, email, name=name)
        await users.add_identity(tx, issuer, subject, user_id, await tx.now())
        return user_id


async def change_password(access: Access, db: Database, caller: Caller, *, current: str, new: str) -> None:
    """Give oneself another password; every other session ends.

    Raises WrongPassword, TooManyAttempts, BadField.
    """
    user = await sign_in.prove_password(access, caller.user_id, current)
    check_password(new, email=user.email, field="new")
    hashed = await access.hasher.hash(new)
    async with db.transaction() as tx:
        await users.change(tx, user.id, {"password": hashed})
        await stored_links.withdraw_resets(tx, user.id)
        await stored_sessions.end_all(tx, user.id, but=caller.session_id)


async def make_reset_link(db: Database, caller: Caller, user_id: int) -> tuple[str, int]:
    """The path of a link by which a user of the caller's workspace chooses a new password, and when it ends.

    Raises NotFound, RoleNotYours, BelongsElsewhere.
    """
    async with db.transaction() as tx:
        member = await memberships.member(tx, caller.workspace, user_id)
        if member is None:
            raise NotFound("user", user_id)
        check_may_manage(caller, member.role)
        if len(await memberships.places(tx, user_id)) > 1:
            raise BelongsElsewhere
        return await _reset_link(tx, user_id, caller.user_id)


async def make_link_for(
    db: Database, email: str, *, forget_second_factor: bool = False
) -> tuple[int, str, int]:
    """The same for any user, on the operator's word, with the user's id. Raises NotFound."""
    async with db.transaction() as tx:
        user = await users.by_email(tx, email.strip().lower())
        if user is None:
            raise NotFound("user", email)
        if forget_second_factor:
            await users.change(tx, user.id, {"totp": "", "totp_on": False, "recovery": []})
        return user.id, *await _reset_link(tx, user.id, 0)


async def reset_password(
    access: Access, *, token: str, password: str, code: str, visitor: Visitor
) -> Started:
    """Choose a new password by a link, and sign in. Every session there was ends.

    Raises BadLink, BadField, CodeNeeded, SignInRefused, TooManyAttempts.
    """
    async with access.db.reading() as tx:
        link = await links.look(tx, stored_links.RESET, token)
        user = await users.find(tx, link.user_id)
    if user is None:
        raise BadLink
    check_password(password, email=user.email)
    await sign_in.check_code(access, user, code)
    hashed = await access.hasher.hash(password)
    async with access.db.transaction() as tx:
        await links.use(tx, stored_links.RESET, token)
        await users.change(tx, user.id, {"password": hashed})
        await stored_sessions.end_all(tx, user.id)
        return await sessions.begin(tx, access, user, visitor, action="reset_password")


async def begin_second_factor(access: Access, db: Database, caller: Caller, password: str) -> tuple[str, str]:
    """The secret of a second factor, and its `otpauth://` address.

    Raises WrongPassword, TooManyAttempts, SecondFactorState.
    """
    await sign_in.prove_password(access, caller.user_id, password)
    return await second_factor.begin(db, access.box, caller.user_id)


async def remove_second_factor(access: Access, db: Database, caller: Caller, password: str) -> None:
    """Do without the second factor. Raises WrongPassword, TooManyAttempts."""
    await sign_in.prove_password(access, caller.user_id, password)
    await second_factor.remove(db, caller.user_id)


async def _reset_link(tx: Tx, user_id: int, made_by: int) -> tuple[str, int]:
    await stored_links.withdraw_resets(tx, user_id)
    path, link = await links.make(tx, stored_links.RESET, user_id=user_id, made_by=made_by)
    return path, link.expires_at
