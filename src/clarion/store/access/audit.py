"""The audit log's rows: only ever added."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from clarion.domain.audit import Entry, chained
from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.tables import audit, audit_heads


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
