"""Subscriptions: where a workspace wants to be told of what, and how that goes. Secrets are encrypted text here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.tables import subscriptions


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription as it is shown: never its secrets. `events` empty: all. Instants in microseconds, 0: never."""

    id: int
    workspace_id: int
    url: str
    description: str
    events: list[str]
    state: str
    state_reason: str
    failing_since: int
    created_at: int


_SHOWN = [subscriptions.c[each] for each in Subscription.__dataclass_fields__]
_THERE = subscriptions.c.state != "deleted"
_IDS = dialect.Rows({"id": "int"})


async def add(tx: Tx, values: Mapping[str, Any]) -> int:
    """Insert a subscription, without secrets yet; its id."""
    statement = sa.insert(subscriptions).returning(subscriptions.c.id)
    return int(await tx.scalar(statement, {**values, "secrets": "", "created_at": await tx.now()}))


async def of_workspace(tx: Tx, workspace: int) -> list[Subscription]:
    """Every subscription of a workspace, newest first: they are few."""
    query = sa.select(*_SHOWN).where(subscriptions.c.workspace_id == workspace, _THERE)
    return [Subscription(**row._mapping) for row in await tx.all(query.order_by(subscriptions.c.id.desc()))]


async def find(tx: Tx, workspace: int, ident: int) -> Subscription | None:
    """One subscription of a workspace."""
    row = await tx.first(
        sa.select(*_SHOWN).where(
            subscriptions.c.id == ident, subscriptions.c.workspace_id == workspace, _THERE
        )
    )
    return None if row is None else Subscription(**row._mapping)


async def active(tx: Tx, workspaces: Iterable[int]) -> list[Subscription]:
    """The active subscriptions of these workspaces, oldest first."""
    rows = await tx.all(
        sa.select(*_SHOWN)
        .where(subscriptions.c.state == "active", subscriptions.c.workspace_id.in_(sorted(set(workspaces))))
        .order_by(subscriptions.c.id)
    )
    return [Subscription(**row._mapping) for row in rows]


async def update(tx: Tx, ident: int, **values: Any) -> None:
    """Set columns of a subscription."""
    await tx.run(sa.update(subscriptions).where(subscriptions.c.id == ident).values(**values))


async def secrets_of(tx: Tx, ident: int) -> str:
    """A subscription's sealed secrets, held still until the commit."""
    lock = dialect.for_update(tx.name)
    return str(await tx.scalar(f"SELECT secrets FROM subscriptions WHERE id = :id {lock}", {"id": ident}))


async def all_secrets(tx: Tx, *, lock: bool = False) -> Sequence[tuple[int, str]]:
    """Id and sealed secrets of every subscription that has any."""
    locking = dialect.for_update(tx.name) if lock else ""
    rows = await tx.all(f"SELECT id, secrets FROM subscriptions WHERE secrets <> '' ORDER BY id {locking}")
    return [(row.id, row.secrets) for row in rows]


async def set_secrets(tx: Tx, ident: int, sealed: str) -> None:
    """Store sealed secrets."""
    await update(tx, ident, secrets=sealed)


async def went_well(tx: Tx, idents: Sequence[int]) -> None:
    """A delivery of each of these arrived."""
    await tx.run(
        f"UPDATE subscriptions SET failing_since = 0 WHERE id IN (SELECT id FROM {_IDS.sql(tx.name)}) "
        "AND failing_since <> 0",
        _IDS.params(tx.name, [[each] for each in sorted(idents)]),
    )


async def went_badly(tx: Tx, idents: Sequence[int], now: int) -> Sequence[Any]:
    """No try of these succeeded: `id`, and `failing_since`, when that began."""
    return await tx.all(
        "UPDATE subscriptions SET failing_since = CASE WHEN failing_since = 0 THEN :now ELSE failing_since END "
        f"WHERE id IN (SELECT id FROM {_IDS.sql(tx.name)}) RETURNING id, failing_since",
        {"now": now, **_IDS.params(tx.name, [[each] for each in sorted(idents)])},
    )


async def disable(tx: Tx, ident: int, reason: str) -> bool:
    """Tell this one nothing more, and leave a notice that says why; False if it was not active."""
    changed = await tx.all(
        "UPDATE subscriptions SET state = 'disabled', state_reason = :reason WHERE id = :id AND state = 'active' "
        "RETURNING workspace_id",
        {"id": ident, "reason": reason},
    )
    for row in changed:
        await tx.run(
            "INSERT INTO notices (workspace_id, about, event, detail, created_at) "
            f"VALUES (:workspace, :about, 'webhook_disabled', :detail, {dialect.now_sql(tx.name)})",
            {"workspace": row.workspace_id, "about": f"webhook:{ident}", "detail": reason},
        )
    return bool(changed)


async def clear_deleted(tx: Tx) -> None:
    """Remove those that were deleted and have no deliveries left."""
    await tx.run(
        "DELETE FROM subscriptions WHERE state = 'deleted' "
        "AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.subscription_id = subscriptions.id)"
    )
