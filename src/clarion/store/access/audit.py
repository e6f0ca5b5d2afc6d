"""The audit log's rows: only ever added."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from clarion.domain.audit import Entry, chained
from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.tables import audit, audit_heads

_SHOWN = [audit.c[each] for each in Entry.__dataclass_fields__]


async def add(
    tx: Tx,
    workspace: int,
    *,
    actor: str,
    action: str,
    actor_name: str = "",
    target: str = "",
    detail: Mapping[str, Any] | None = None,
    address: str = "",
) -> int:
    """Add an entry to the workspace's chain; its number. Those who add at the same time take turns."""
    await tx.run(
        "INSERT INTO audit_heads (workspace_id) VALUES (:workspace) ON CONFLICT DO NOTHING",
        {"workspace": workspace},
    )
    head = await tx.first(
        f"SELECT seq, hash FROM audit_heads WHERE workspace_id = :workspace {dialect.for_update(tx.name)}",
        {"workspace": workspace},
    )
    assert head is not None
    entry = Entry(
        seq=head.seq + 1,
        at=await tx.now(),
        actor=actor,
        actor_name=actor_name,
        action=action,
        target=target,
        detail=dict(detail or {}),
        address=address,
    )
    digest = chained(head.hash, workspace, entry)
    await tx.run(
        sa.insert(audit),
        {
            "workspace_id": workspace,
            "seq": entry.seq,
            "actor": actor,
            "actor_name": actor_name,
            "action": action,
            "target": target,
            "detail": entry.detail,
            "address": address,
            "at": entry.at,
            "hash": digest,
        },
    )
    await tx.run(
        sa.update(audit_heads)
        .where(audit_heads.c.workspace_id == workspace)
        .values(seq=entry.seq, hash=digest)
    )
    return entry.seq


async def entries(
    tx: Tx,
    workspace: int,
    *,
    before: int = 0,
    actor: str = "",
    action: str = "",
    since: int = 0,
    until: int = 0,
    limit: int,
) -> Sequence[Entry]:
    """Entries of a workspace, newest first: numbers below `before`, written at or after `since` and before `until`."""
    wanted = [audit.c.workspace_id == workspace]
    if before:
        wanted.append(audit.c.seq < before)
    if actor:
        wanted.append(audit.c.actor == actor)
    if action:
        wanted.append(audit.c.action == action)
    if since:
        wanted.append(audit.c.at >= since)
    if until:
        wanted.append(audit.c.at < until)
    query = sa.select(*_SHOWN).where(*wanted).order_by(audit.c.seq.desc()).limit(limit)
    return [Entry(**row._mapping) for row in await tx.all(query)]


async def chain(tx: Tx, workspace: int, *, after: int, until: int, limit: int) -> Sequence[tuple[Entry, str]]:
    """Entries with their hashes, in order, from the one after `after` to `until`."""
    query = (
        sa.select(*_SHOWN, audit.c.hash)
        .where(audit.c.workspace_id == workspace, audit.c.seq > after, audit.c.seq <= until)
        .order_by(audit.c.seq)
        .limit(limit)
    )
    found = []
    for row in await tx.all(query):
        values = dict(row._mapping)
        stored = values.pop("hash")
        found.append((Entry(**values), stored))
    return found


async def newest(tx: Tx, workspace: int) -> tuple[int, str]:
    """Number and hash of the newest entry; 0 and "" without one."""
    row = await tx.first(
        "SELECT seq, hash FROM audit_heads WHERE workspace_id = :workspace", {"workspace": workspace}
    )
    return (0, "") if row is None else (row.seq, row.hash)
