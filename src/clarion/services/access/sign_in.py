"""Signing in with a password: slowed for those who guess, never for a browser that its owner used before."""

from clarion.domain.errors import ClarionError
from clarion.domain.throttle import (
    ACCOUNT,
    CODE,
    DEVICE,
    EVERYBODY,
    NETWORK,
    NOTE,
    NOTES,
    OWN_PASSWORD,
    Bucket,
    account_of,
    network_of,
)
from clarion.services.access import devices, second_factor, sessions
from clarion.services.access.sessions import Access, SignInRefused, Started, Visitor
from clarion.services.access.throttle import TooManyAttempts
from clarion.store import workspaces
from clarion.store.access import audit, memberships, users
from clarion.store.access.users import User


class CodeNeeded(ClarionError):
    """The password is right, and the user has a second factor."""

    def __init__(self) -> None:
        super().__init__("Send the code that the authenticator app shows, or a recovery code, as `code`.")


class WrongPassword(ClarionError):
    """A signed-in user gave another password than theirs."""

    def __init__(self) -> None:
        super().__init__("This is not your password.")


async def sign_in(access: Access, *, email: str, password: str, code: str, visitor: Visitor) -> Started:
    """Begin a session. Raises SignInRefused, CodeNeeded, TooManyAttempts.

    An unknown address takes as long as a known one, and is answered the same.
    """
    email = email.strip().lower()
    device = devices.name_of(access.box, email, visitor.device)
    buckets = _buckets(email, device, visitor)
    try:
        await access.throttle.take(*buckets)
        async with access.db.reading() as tx:
            user = await users.by_email(tx, email)
        usable = user is not None and not user.disabled
        if not await access.hasher.matches(user.password if user and usable else "", password) or not user:
            raise SignInRefused
        if user.totp_on and not code:
            await access.throttle.give_back(*buckets)
            raise CodeNeeded
        if user.totp_on:
            await access.throttle.take(_code_bucket(user.id, device))
        started = await _begin(access, user, password, code, visitor)
    except SignInRefused:
        await _note(access, "sign_in_refused", email, visitor, full="")
        raise
    except TooManyAttempts as full:
        await _note(access, "sign_in_slowed", email, visitor, full=full.bucket)
        raise
    await access.throttle.give_back(*buckets, *([_code_bucket(user.id, device)] if user.totp_on else []))
    return started


async def prove_password(access: Access, user_id: int, password: str) -> User:
    """A signed-in user gives their password again. Raises WrongPassword, TooManyAttempts."""
    bucket = Bucket(f"own:{user_id}", OWN_PASSWORD)
    await access.throttle.take(bucket)
    async with access.db.reading() as tx:
        user = await users.find(tx, user_id)
    if not await access.hasher.matches(user.password if user else "", password) or user is None:
        raise WrongPassword
    await access.throttle.give_back(bucket)
    return user


async def check_code(access: Access, user: User, code: str) -> None:
    """Ask a user who gives a new password by a link for their second factor, if they have one.

    Raises CodeNeeded, SignInRefused, TooManyAttempts.
    """
    if not user.totp_on:
        return
    if not code:
        raise CodeNeeded
    bucket = _code_bucket(user.id, "link")
    await access.throttle.take(bucket)
    async with access.db.transaction() as tx:
        held = await users.find(tx, user.id, lock=True)
        if held is None or not await second_factor.check(tx, access.box, held, code):
            raise SignInRefused
    await access.throttle.give_back(bucket)


async def _begin(access: Access, user: User, password: str, code: str, visitor: Visitor) -> Started:
    # Hashing is slow, and a transaction is to be short.
    fresh = await access.hasher.hash(password) if access.hasher.outdated(user.password) else ""
    async with access.db.transaction() as tx:
        held = await users.find(tx, user.id, lock=True)
        if held is None or held.password != user.password:
            raise SignInRefused  # changed just now
        if held.totp_on and not await second_factor.check(tx, access.box, held, code):
            raise SignInRefused
        if fresh:
            await users.change(tx, user.id, {"password": fresh})
        return await sessions.begin(tx, access, held, visitor)


def _buckets(email: str, device: str, visitor: Visitor) -> list[Bucket]:
    if device:
        return [Bucket(f"device:{device}", DEVICE)]
    return [
        Bucket(f"account:{account_of(email)}", ACCOUNT),
        Bucket(f"network:{network_of(visitor.address)}", NETWORK),
        Bucket("everybody", EVERYBODY),
    ]


def _code_bucket(user_id: int, device: str) -> Bucket:
    return Bucket(f"code:{user_id}:{device}", CODE)


async def _note(access: Access, action: str, email: str, visitor: Visitor, *, full: str) -> None:
    """A line in the audit log, once an hour for one address or full bucket: a flood of attempts is no flood there.

    What is not about a user of ours goes into the first workspace's log, without what was typed: it may be a
    password in the wrong field.
    """
    about = full or f"account:{account_of(email)}"
    if not await access.throttle.first(Bucket(f"note:{action}:{about}", NOTE)):
        return
    limit = full.partition(":")[0]
    async with access.db.reading() as tx:
        user = None if limit in {"network", "everybody"} else await users.by_email(tx, email)
        places = await memberships.places(tx, user.id) if user else []
        workspace = places[0].id if places else await workspaces.first(tx)
    if not await access.throttle.first(Bucket(f"notes:{action}:{'known' if user else 'unknown'}", NOTES)):
        return
    async with access.db.transaction() as tx:
        await audit.add(
            tx,
            workspace,
            actor=f"user:{user.id}" if user else "nobody",
            actor_name=user.email if user else "",
            action=action,
            detail={"limit": limit} if limit else {},
            address=visitor.address,
        )
