"""Users' rows: people who sign in. They stand above workspaces; what they are in one is a membership."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.tables import identities, users


@dataclass(frozen=True, slots=True)
class User:
    """One user with what proves who they are. Never shown as it is."""

    id: int
    email: str
    name: str
    password: str
    totp: str
    totp_on: bool
    totp_used: int
    recovery: list[str]
    disabled: bool


_COLUMNS = [users.c[each] for each in User.__dataclass_fields__]


async def any_at_all(tx: Tx) -> bool:
    """Whether there is a user."""
    return await tx.first("SELECT id FROM users LIMIT 1") is not None


async def add(tx: Tx, email: str, *, name: str, password: str, now: int) -> int | None:
    """A new user's id; None if the address is taken."""
    row = await tx.first(
        "INSERT INTO users (email, name, password, created_at) VALUES (:email, :name, :password, :now) "
        "ON CONFLICT (email) DO NOTHING RETURNING id",
        {"email": email, "name": name, "password": password, "now": now},
    )
    return None if row is None else int(row.id)


async def by_email(tx: Tx, email: str) -> User | None:
    """The user with this address, in lower case."""
    return _user(await tx.first(sa.select(*_COLUMNS).where(users.c.email == email)))


async def find(tx: Tx, user_id: int, *, lock: bool = False) -> User | None:
    """One user; `lock`: as they are until the commit."""
    query = sa.select(*_COLUMNS).where(users.c.id == user_id)
    return _user(await tx.first(query.with_for_update() if lock else query))


async def change(tx: Tx, user_id: int, values: Mapping[str, Any]) -> None:
    """Set columns of one user."""
    await tx.run(sa.update(users).where(users.c.id == user_id).values(**values))


async def take_step(tx: Tx, user_id: int, step: int) -> bool:
    """Use up a time step of the second factor; False if it, or a later one, was used before."""
    taken = await tx.run(
        "UPDATE users SET totp_used = :step WHERE id = :user AND totp_used < :step",
        {"user": user_id, "step": step},
    )
    return taken == 1


async def of_identity(tx: Tx, issuer: str, subject: str) -> int | None:
    """The user whom another identity provider knows by this subject."""
    found = await tx.scalar(
        sa.select(identities.c.user_id).where(identities.c.issuer == issuer, identities.c.subject == subject)
    )
    return None if found is None else int(found)


async def add_identity(tx: Tx, issuer: str, subject: str, user_id: int, now: int) -> None:
    """Remember whom another identity provider means."""
    await tx.run(
        "INSERT INTO identities (issuer, subject, user_id, created_at) "
        "VALUES (:issuer, :subject, :user, :now) ON CONFLICT DO NOTHING",
        {"issuer": issuer, "subject": subject, "user": user_id, "now": now},
    )


async def all_secrets(tx: Tx, *, lock: bool = False) -> Sequence[tuple[int, str]]:
    """Id and encrypted second factor of every user who has one."""
    locking = dialect.for_update(tx.name) if lock else ""
    rows = await tx.all(f"SELECT id, totp FROM users WHERE totp <> '' ORDER BY id {locking}")
    return [(row.id, row.totp) for row in rows]


async def set_totp(tx: Tx, user_id: int, sealed: str) -> None:
    """Store an encrypted second factor."""
    await change(tx, user_id, {"totp": sealed})


def _user(row: sa.Row[Any] | None) -> User | None:
    return None if row is None else User(**row._mapping)
