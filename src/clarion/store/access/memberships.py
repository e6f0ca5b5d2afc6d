"""Who belongs to which workspace, and as what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clarion.domain.access import Role
from clarion.store import dialect
from clarion.store.db import Tx


@dataclass(frozen=True, slots=True)
class Place:
    """One workspace of a user."""

    id: int
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Member:
    """One user of a workspace. Instants in microseconds since 1970, 0 for never."""

    id: int
    email: str
    name: str
    role: Role
    second_factor: bool
    joined_at: int
    signed_in_at: int


async def places(tx: Tx, user_id: int) -> Sequence[Place]:
    """A user's workspaces, the oldest first."""
    rows = await tx.all(
        "SELECT w.id, w.name, m.role FROM memberships m JOIN workspaces w ON w.id = m.workspace_id "
        "WHERE m.user_id = :user ORDER BY w.id",
        {"user": user_id},
    )
    return [Place(row.id, row.name, Role(row.role)) for row in rows]


async def put(tx: Tx, workspace: int, user_id: int, role: Role, now: int) -> None:
    """Make a user a member, or give a member another role."""
    await tx.run(
        "INSERT INTO memberships (user_id, workspace_id, role, created_at) VALUES (:user, :workspace, :role, :now) "
        "ON CONFLICT (user_id, workspace_id) DO UPDATE SET role = :role",
        {"user": user_id, "workspace": workspace, "role": str(role), "now": now},
    )


async def remove(tx: Tx, workspace: int, user_id: int) -> None:
    """End a membership."""
    await tx.run(
        "DELETE FROM memberships WHERE user_id = :user AND workspace_id = :workspace",
        {"user": user_id, "workspace": workspace},
    )


async def owners(tx: Tx, workspace: int) -> Sequence[int]:
    """The owners of a workspace, held until the commit: two of them cannot demote each other at once."""
    rows = await tx.all(
        "SELECT user_id FROM memberships WHERE workspace_id = :workspace AND role = 'owner' "
        f"ORDER BY user_id {dialect.for_update(tx.name)}",
        {"workspace": workspace},
    )
    return [row.user_id for row in rows]


_MEMBER = (
    "SELECT u.id, u.email, u.name, m.role, u.totp_on, m.created_at, u.signed_in_at "
    "FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.workspace_id = :workspace "
)


async def member(tx: Tx, workspace: int, user_id: int) -> Member | None:
    """One user of a workspace."""
    rows = await _members(tx, "AND m.user_id = :user", {"workspace": workspace, "user": user_id})
    return rows[0] if rows else None


async def by_email(tx: Tx, workspace: int, email: str) -> Member | None:
    """The user of a workspace with this address."""
    rows = await _members(tx, "AND u.email = :email", {"workspace": workspace, "email": email})
    return rows[0] if rows else None


async def members(tx: Tx, workspace: int, *, after: int = 0, limit: int = 1_000_000) -> Sequence[Member]:
    """Users of a workspace, in the order they were made."""
    given = {"workspace": workspace, "after": after, "limit": limit}
    return await _members(tx, "AND m.user_id > :after ORDER BY m.user_id LIMIT :limit", given)


async def _members(tx: Tx, which: str, given: Mapping[str, object]) -> Sequence[Member]:
    return [
        Member(
            row.id, row.email, row.name, Role(row.role), bool(row.totp_on), row.created_at, row.signed_in_at
        )
        for row in await tx.all(_MEMBER + which, given)
    ]
