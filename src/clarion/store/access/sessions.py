"""Sessions' rows: browsers that are signed in. Only a hash of the cookie is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from clarion.domain.access import Role
from clarion.store.db import Tx
from clarion.store.tables import memberships, sessions, users

KEPT = 50
"""Sessions of one user; beyond them the oldest end."""


@dataclass(frozen=True, slots=True)
class Held:
    """A session with what its user is now. `role` is None when they left the workspace it looks at."""

    id: int
    user_id: int
    workspace_id: int
    csrf: str
    seen_at: int
    expires_at: int
    email: str
    disabled: bool
    role: Role | None


@dataclass(frozen=True, slots=True)
class Session:
    """A session as its user is shown it. Instants in microseconds since 1970."""

    id: int
    address: str
    agent: str
    created_at: int
    seen_at: int
    expires_at: int


_SHOWN = [sessions.c[each] for each in Session.__dataclass_fields__]


async def add(tx: Tx, values: Mapping[str, Any]) -> int:
    """Insert a session; its id."""
    return int(await tx.scalar(sa.insert(sessions).returning(sessions.c.id), values))


async def by_digest(tx: Tx, digest: str) -> Held | None:
    """The session with this hash, whatever its state."""
    columns = (
        sessions.c.id,
        sessions.c.user_id,
        sessions.c.workspace_id,
        sessions.c.csrf,
        sessions.c.seen_at,
        sessions.c.expires_at,
        users.c.email,
        users.c.disabled,
        memberships.c.role,
    )
    here = sa.and_(
        memberships.c.user_id == sessions.c.user_id,
        memberships.c.workspace_id == sessions.c.workspace_id,
    )
    query = (
        sa.select(*columns)
        .join(users, users.c.id == sessions.c.user_id)
        .outerjoin(memberships, here)
        .where(sessions.c.digest == digest)
    )
    row = await tx.first(query)
    if row is None:
        return None
    return Held(**{**row._mapping, "role": Role(row.role) if row.role else None})


async def seen(tx: Tx, session_id: int, now: int) -> None:
    """Remember when it was last used."""
    await tx.run(sa.update(sessions).where(sessions.c.id == session_id).values(seen_at=now))


async def look_at(tx: Tx, session_id: int, workspace: int) -> None:
    """Have it look at another workspace."""
    await tx.run(sa.update(sessions).where(sessions.c.id == session_id).values(workspace_id=workspace))


async def of_user(tx: Tx, user_id: int, now: int, *, seen_after: int) -> Sequence[Session]:
    """A user's sessions that have not ended, newest first."""
    mine = (sessions.c.user_id == user_id, sessions.c.expires_at > now, sessions.c.seen_at > seen_after)
    query = sa.select(*_SHOWN).where(*mine).order_by(sessions.c.id.desc())
    return [Session(**row._mapping) for row in await tx.all(query)]


async def end(tx: Tx, user_id: int, session_id: int) -> bool:
    """End one session of a user; False if they have no such session."""
    mine = (sessions.c.user_id == user_id, sessions.c.id == session_id)
    return await tx.run(sa.delete(sessions).where(*mine)) == 1


async def end_digest(tx: Tx, digest: str) -> None:
    """End the session with this hash."""
    await tx.run(sa.delete(sessions).where(sessions.c.digest == digest))


async def end_all(tx: Tx, user_id: int, *, but: int = 0) -> int:
    """End a user's sessions, except one; how many."""
    return await tx.run(sa.delete(sessions).where(sessions.c.user_id == user_id, sessions.c.id != but))


async def end_in(tx: Tx, user_id: int, workspace: int) -> None:
    """End a user's sessions that look at a workspace."""
    mine = (sessions.c.user_id == user_id, sessions.c.workspace_id == workspace)
    await tx.run(sa.delete(sessions).where(*mine))


async def tidy(tx: Tx, user_id: int, now: int) -> None:
    """Delete a user's sessions that have ended, and the oldest of too many."""
    newest = sa.select(sessions.c.id).where(sessions.c.user_id == user_id)
    kept = newest.order_by(sessions.c.id.desc()).limit(KEPT)
    over = sa.or_(sessions.c.expires_at <= now, sessions.c.id.not_in(kept))
    await tx.run(sa.delete(sessions).where(sessions.c.user_id == user_id, over))
