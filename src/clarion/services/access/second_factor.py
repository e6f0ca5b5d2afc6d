"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when it is lost."""

import hashlib
import hmac
import secrets

import pyotp

from clarion.domain.errors import BadField, ClarionError
from clarion.services.secrets import SecretBox
from clarion.store.access import users
from clarion.store.access.users import User
from clarion.store.db import Database, Tx

STEP = 30_000_000
_DRIFT = 1  # steps that a phone's clock may be off
_RECOVERY = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another


class SecondFactorState(ClarionError):
    """The second factor is on or off already, or was not begun."""


async def begin(db: Database, box: SecretBox, user_id: int) -> tuple[str, str]:
    """A new secret and its `otpauth://` address; nothing is asked for until it is confirmed.

    Raises SecondFactorState when it is on.
    """
    secret = pyotp.random_base32()
    async with db.transaction() as tx:
        user = await users.find(tx, user_id, lock=True)
        if user is None or user.totp_on:
            raise SecondFactorState("The second factor is on already: switch it off first.")
        await users.change(tx, user_id, {"totp": box.seal(identity(user_id), secret)})
    return secret, pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name="Clarion")


async def confirm(db: Database, box: SecretBox, user_id: int, code: str) -> list[str]:
    """Switch it on, given a code; the recovery codes, told this once. Raises BadField, SecondFactorState."""
    codes = [_recovery_code() for _ in range(_RECOVERY)]
    async with db.transaction() as tx:
        user = await users.find(tx, user_id, lock=True)
        if user is None or user.totp_on or not user.totp:
            raise SecondFactorState("There is no second factor to confirm: begin anew.")
        if not await _takes(tx, box, user, _digits(code)):
            raise BadField("code", "is not the one that the app shows now: check the phone's clock")
        await users.change(tx, user_id, {"totp_on": True, "recovery": [_digest(each) for each in codes]})
    return codes


async def remove(db: Database, user_id: int) -> None:
    """Switch it off, and forget the secret and the recovery codes. Repeating does nothing."""
    async with db.transaction() as tx:
        await users.change(tx, user_id, {"totp": "", "totp_on": False, "recovery": []})


async def check(tx: Tx, box: SecretBox, user: User, code: str) -> bool:
    """Whether a code is right; it is used up if it is. `user` is locked."""
    if await _takes(tx, box, user, _digits(code)):
        return True
    given = _digest(code)
    left = [each for each in user.recovery if not hmac.compare_digest(each, given)]
    if len(left) == len(user.recovery):
        return False
    await users.change(tx, user.id, {"recovery": left})
    return True


def identity(user_id: int) -> str:
    """What the sealed secret is bound to."""
    return f"user:{user_id}:totp"


async def _takes(tx: Tx, box: SecretBox, user: User, code: str) -> bool:
    totp = pyotp.TOTP(box.open(identity(user.id), user.totp))
    now = await tx.now() // STEP
    for step in range(now - _DRIFT, now + _DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step), code):
            return await users.take_step(tx, user.id, step)
    return False


def _recovery_code() -> str:
    letters = [secrets.choice(_LETTERS) for _ in range(12)]
    return "-".join("".join(letters[n : n + 4]) for n in (0, 4, 8))


def _digits(code: str) -> str:
    return "".join(each for each in code if each in "0123456789")


def _digest(code: str) -> str:
    # Random enough that a fast hash cannot be reversed.
    return hashlib.sha256("".join(c for c in code.lower() if c in _LETTERS).encode()).hexdigest()
