"""API keys: shown once, stored as a hash, with scopes and an end.

A key is `clr_live_`, 32 random letters and digits (190 bits), and six that check the rest: a mistyped key, or
one found by a scanner in somebody's code, is recognised without a look into the database.
"""

import hashlib
import secrets
import string
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clarion.domain.access import Permission
from clarion.domain.errors import BadField, NotFound
from clarion.services.access.callers import Caller, NotSignedIn
from clarion.store.access import keys
from clarion.store.access.keys import ApiKey
from clarion.store.db import Database

PREFIX = "clr_live_"
MINUTE = 60_000_000
_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM, _CHECK = 32, 6


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key; `secret` is never told again."""

    id: int
    secret: str


async def make_key(
    db: Database,
    *,
    workspace: int,
    name: str,
    scopes: Iterable[str],
    expires_at: int = 0,
    made_by: int = 0,
) -> MadeKey:
    """Make a key for a workspace. `expires_at` in microseconds since 1970, 0: never. Raises BadField."""
    wanted = sorted(set(scopes))
    unknown = [each for each in wanted if each not in set(Permission)]
    if unknown:
        raise BadField("scopes", f"{unknown[0]!r} is no scope: use some of {', '.join(Permission)}")
    if not wanted:
        raise BadField("scopes", "name at least one scope")
    if not name.strip():
        raise BadField("name", "give it a name")
    body = "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM))
    secret = f"{PREFIX}{body}{_check(body)}"
    async with db.transaction() as tx:
        now = await tx.now()
        if expires_at and expires_at <= now:
            raise BadField("expires_at", "it lies in the past")
        ident = await keys.add(
            tx,
            {
                "workspace_id": workspace,
                "name": name.strip(),
                "digest": digest(secret),
                "hint": secret[: len(PREFIX) + 4],
                "scopes": wanted,
                "made_by": made_by,
                "created_at": now,
                "expires_at": expires_at,
            },
        )
    return MadeKey(ident, secret)


async def list_keys(db: Database, *, workspace: int) -> Sequence[ApiKey]:
    """A workspace's keys, newest first."""
    async with db.reading() as tx:
        return await keys.of_workspace(tx, workspace)


async def find_key(db: Database, key_id: int, *, workspace: int) -> ApiKey:
    """One key. Raises NotFound."""
    async with db.reading() as tx:
        found = await keys.find(tx, workspace, key_id)
    if found is None:
        raise NotFound("API key", key_id)
    return found


async def revoke_key(db: Database, key_id: int, *, workspace: int) -> None:
    """No request with the key is answered once this returns. Repeating does nothing. Raises NotFound."""
    async with db.transaction() as tx:
        if await keys.find(tx, workspace, key_id) is None:
            raise NotFound("API key", key_id)
        await keys.revoke(tx, workspace, key_id, await tx.now())


async def caller_of(db: Database, secret: str) -> Caller:
    """Whom a key speaks for. Raises NotSignedIn for one that is unknown, expired or revoked."""
    if not well_formed(secret):
        raise NotSignedIn("This is not an API key: they look like clr_live_ and 38 letters and digits.")
    async with db.reading() as tx:
        found, now = await keys.by_digest(tx, digest(secret)), await tx.now()
    if found is None:
        raise NotSignedIn("This API key is not known here: make a new one, or check which server you ask.")
    if found.revoked_at:
        raise NotSignedIn("This API key was revoked: make a new one.")
    if found.expires_at and found.expires_at <= now:
        raise NotSignedIn("This API key has expired: make a new one.")
    if now - found.used_at > MINUTE:
        async with db.transaction() as tx:
            await keys.used(tx, found.id, now)
    permissions = frozenset(Permission(each) for each in found.scopes if each in set(Permission))
    return Caller(found.workspace_id, f"key:{found.id}", found.name, permissions)


def well_formed(secret: str) -> bool:
    """Whether this can be a key at all."""
    body = secret.removeprefix(PREFIX)
    if body == secret or len(body) != _RANDOM + _CHECK or not set(body) <= set(_LETTERS):
        return False
    return body[_RANDOM:] == _check(body[:_RANDOM])


def digest(secret: str) -> str:
    """What is stored of a key. A key is random enough that a fast hash cannot be reversed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _check(body: str) -> str:
    number, letters = zlib.crc32(body.encode()), []
    for _ in range(_CHECK):
        number, rest = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return "".join(letters)
