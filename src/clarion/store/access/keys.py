"""API keys' rows. Only a hash of the key is stored."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from clarion.store.db import Tx
from clarion.store.tables import api_keys


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key as it is shown: never the key itself. Instants in microseconds since 1970, 0 for never."""

    id: int
    workspace_id: int
    name: str
    hint: str
    scopes: list[str]
    made_by: int
    created_at: int
    expires_at: int
    used_at: int
    revoked_at: int


_SHOWN = [api_keys.c[each] for each in ApiKey.__dataclass_fields__]


async def add(tx: Tx, values: dict[str, object]) -> int:
    """Insert a key; its id."""
    return int(await tx.scalar(sa.insert(api_keys).returning(api_keys.c.id), values))


async def by_digest(tx: Tx, digest: str) -> ApiKey | None:
    """The key with this hash, whatever its state."""
    row = await tx.first(sa.select(*_SHOWN).where(api_keys.c.digest == digest))
    return None if row is None else ApiKey(**row._mapping)


async def find(tx: Tx, workspace: int, key_id: int) -> ApiKey | None:
    """One key of a workspace."""
    row = await tx.first(
        sa.select(*_SHOWN).where(api_keys.c.id == key_id, api_keys.c.workspace_id == workspace)
    )
    return None if row is None else ApiKey(**row._mapping)


async def of_workspace(tx: Tx, workspace: int) -> Sequence[ApiKey]:
    """Every key of a workspace, newest first."""
    query = sa.select(*_SHOWN).where(api_keys.c.workspace_id == workspace).order_by(api_keys.c.id.desc())
    return [ApiKey(**row._mapping) for row in await tx.all(query)]


async def revoke(tx: Tx, workspace: int, key_id: int, now: int) -> None:
    """End a key; one that was ended already keeps its time."""
    await tx.run(
        sa.update(api_keys)
        .where(api_keys.c.id == key_id, api_keys.c.workspace_id == workspace, api_keys.c.revoked_at == 0)
        .values(revoked_at=now)
    )


async def used(tx: Tx, key_id: int, now: int) -> None:
    """Remember when it was last used."""
    await tx.run(sa.update(api_keys).where(api_keys.c.id == key_id).values(used_at=now))
