"""Credentials at rest: each record has its own data key, encrypted by a key from outside the database."""

import base64
import binascii
import os
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from clarion.domain.errors import KeyMissing, KeyWrong
from clarion.store import senders, subscriptions
from clarion.store.access import users
from clarion.store.db import Database, Tx

_FORMAT = "1"  # first part of what is stored, so that another cipher can stand beside it later
_NONCE = 12
_KEY = 32


class SecretBox:
    """Encrypts and decrypts small texts (AES-256-GCM, envelope of two keys).

    `keys`: id -> 32 bytes. The first one encrypts, all of them decrypt; so a key is replaced by putting the
    new one first, running `clarion secrets rotate`, and dropping the old one. What is encrypted is bound to
    the record's `identity` (such as `sender:7`): it cannot be moved to another record.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise KeyMissing(
                "No key for the credentials was given: set CLARION_SECRET_KEY or its _FILE form."
            )
        for name, key in keys.items():
            if len(key) != _KEY:
                raise KeyWrong(f"The key {name!r} has {len(key)} bytes, it must have {_KEY}.")
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self.first = next(iter(keys))

    @classmethod
    def from_setting(cls, text: str) -> "SecretBox":
        """Read `id:base64`, several separated by commas or spaces. Raises KeyMissing, KeyWrong."""
        keys: dict[str, bytes] = {}
        for part in text.replace(",", " ").split():
            name, colon, encoded = part.partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                key = b""
            if not colon or not name.isalnum() or len(key) != _KEY:
                raise KeyWrong(
                    "A secret key must look like `k1:` and 44 letters of base64 (32 bytes): "
                    "make one with `clarion secrets key`."
                )
            if name in keys:
                raise KeyWrong(f"Two secret keys are called {name!r}: give each its own name.")
            keys[name] = key
        return cls(keys)

    def seal(self, identity: str, text: str) -> str:
        """Encrypt `text` for the record `identity`."""
        bound = identity.encode()
        data_key = AESGCM.generate_key(bit_length=_KEY * 8)
        wrapped = _encrypt(self._ciphers[self.first], data_key, bound)
        return ":".join((_FORMAT, self.first, wrapped, _encrypt(AESGCM(data_key), text.encode(), bound)))

    def open(self, identity: str, sealed: str) -> str:
        """The text sealed for `identity`. Raises KeyMissing, or KeyWrong (also for another record's text)."""
        name = self.key_of(sealed)
        if name not in self._ciphers:
            raise KeyMissing(
                f"The credentials of {identity} are encrypted with the key {name!r}, which was not given: "
                "add it to CLARION_SECRET_KEY (or restore the key file)."
            )
        bound = identity.encode()
        try:
            _, _, wrapped, body = sealed.split(":")
            data_key = _decrypt(self._ciphers[name], wrapped, bound)
            return _decrypt(AESGCM(data_key), body, bound).decode()
        except (InvalidTag, ValueError):
            raise KeyWrong(
                f"The key {name!r} does not open the credentials of {identity}: it is not the key they were "
                "encrypted with (or the record was changed). Give the right key in CLARION_SECRET_KEY."
            ) from None

    @staticmethod
    def key_of(sealed: str) -> str:
        """The id of the key that encrypted `sealed`."""
        parts = sealed.split(":")
        return parts[1] if len(parts) == 4 and parts[0] == _FORMAT else ""


def generate_key(name: str = "k1") -> str:
    """A new key in the form the setting takes: `k1:` and base64 of 32 random bytes."""
    return f"{name}:{base64.b64encode(secrets.token_bytes(_KEY)).decode()}"


def load_or_create_key(path: Path, *, create: bool = True) -> str:
    """The key in the file at `path`; a new one, readable by its owner only, when there is no file.

    With `create` False a missing file raises KeyMissing: a new key could not read what the old one encrypted.
    Two processes that create at once end up with the same key.
    """
    if not path.exists():
        if not create:
            raise KeyMissing(
                f"The key file {path} is missing, and there are credentials encrypted with it: "
                "restore the file, or set CLARION_SECRET_KEY."
            )
        _create(path)
    return path.read_text(encoding="ascii").strip()


async def open_box(db: Database, setting: str, key_file: Path) -> SecretBox:
    """The box to start with: from the setting if given, else from the key file, made on the first start.

    Checks the keys against what is stored. Raises KeyMissing, KeyWrong.
    """
    async with db.reading() as tx:
        stored = [sealed for kept in KEPT for sealed in await kept.all(tx)]
    box = SecretBox.from_setting(setting or load_or_create_key(key_file, create=not stored))
    await check_keys(db, box)
    return box


async def check_keys(db: Database, box: SecretBox) -> int:
    """Open every stored credential; how many there are. Raises KeyMissing or KeyWrong if one stays shut."""
    opened = 0
    async with db.reading() as tx:
        for kept in KEPT:
            for ident, sealed in await kept.all(tx):
                box.open(kept.identity.format(ident), sealed)
                opened += 1
    return opened


async def rotate_keys(db: Database, box: SecretBox) -> int:
    """Encrypt anew what is not under the first key; how many records that were. Repeating does nothing."""
    changed = 0
    async with db.transaction() as tx:
        for kept in KEPT:
            for ident, sealed in await kept.all(tx, lock=True):
                if SecretBox.key_of(sealed) != box.first:
                    identity = kept.identity.format(ident)
                    await kept.put(tx, ident, box.seal(identity, box.open(identity, sealed)))
                    changed += 1
    return changed


class _All(Protocol):
    def __call__(self, tx: Tx, *, lock: bool = False) -> Awaitable[Sequence[tuple[int, str]]]: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """Encrypted texts of one table. `identity` is what each is bound to, with its row's id."""

    identity: str
    all: _All
    put: Callable[[Tx, int, str], Awaitable[None]]


KEPT = (
    Kept("sender:{}", senders.all_secrets, senders.set_secrets),
    Kept("user:{}:totp", users.all_secrets, users.set_totp),
    Kept("subscription:{}", subscriptions.all_secrets, subscriptions.set_secrets),
)
"""Everything that a new key must open, or be told of."""


def _encrypt(cipher: AESGCM, plain: bytes, bound: bytes) -> str:
    nonce = secrets.token_bytes(_NONCE)
    return base64.b64encode(nonce + cipher.encrypt(nonce, plain, bound)).decode()


def _decrypt(cipher: AESGCM, encoded: str, bound: bytes) -> bytes:
    raw = base64.b64decode(encoded, validate=True)
    return cipher.decrypt(raw[:_NONCE], raw[_NONCE:], bound)


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(generate_key() + "\n")
        file.flush()
        os.fsync(descriptor)
    try:
        os.link(fresh, path)  # unlike a rename it never replaces a key that another process has just made
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
