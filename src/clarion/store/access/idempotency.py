"""Answers that were given under an Idempotency-Key, to be given again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from clarion.store.db import Tx
from clarion.store.tables import idempotency


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and the fingerprint of the request that it was given to."""

    fingerprint: str
    status: int
    headers: Mapping[str, str]
    body: str


async def find(tx: Tx, workspace: int, caller: str, key: str) -> Kept | None:
    """What was answered under this key, or None."""
    row = await tx.first(sa.select(idempotency).where(*_this(workspace, caller, key)))
    return None if row is None else Kept(row.fingerprint, row.status, row.headers, row.body)


async def claim(tx: Tx, workspace: int, caller: str, key: str, fingerprint: str) -> bool:
    """Take the key; False if it is taken. Waits for a transaction that is taking it."""
    taken = await tx.run(
        "INSERT INTO idempotency (workspace_id, caller, key, fingerprint, created_at) "
        "VALUES (:workspace, :caller, :key, :fingerprint, :now) ON CONFLICT DO NOTHING",
        {
            "workspace": workspace,
            "caller": caller,
            "key": key,
            "fingerprint": fingerprint,
            "now": await tx.now(),
        },
    )
    return taken == 1


async def keep(tx: Tx, workspace: int, caller: str, key: str, answer: Mapping[str, Any]) -> None:
    """Put the answer (`status`, `headers`, `body`) under a key just claimed."""
    await tx.run(sa.update(idempotency).where(*_this(workspace, caller, key)).values(**answer))


async def forget(tx: Tx, *, older_than: int) -> int:
    """Delete keys taken before an instant; how many."""
    return await tx.run(sa.delete(idempotency).where(idempotency.c.created_at < older_than))


def _this(workspace: int, caller: str, key: str) -> tuple[sa.ColumnElement[bool], ...]:
    columns = idempotency.c
    return columns.workspace_id == workspace, columns.caller == caller, columns.key == key
