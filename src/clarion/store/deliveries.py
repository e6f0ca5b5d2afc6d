"""Deliveries: one for each subscription that wants an event, kept for a while after it ended.

Whoever sends one takes it first, for a time. What a dead worker has taken is due again when that time is over, so a
delivery may arrive twice, and is never forgotten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.tables import deliveries


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery as it is shown. `took` and instants in microseconds, 0: never; `status` 0: no answer."""

    id: int
    subscription_id: int
    event: str
    event_id: str
    state: str
    tries: int
    due_at: int
    status: int
    problem: str
    answer: str
    took: int
    created_at: int
    ended_at: int


@dataclass(frozen=True, slots=True)
class New:
    """A delivery to be made."""

    workspace_id: int
    subscription_id: int
    event: str
    event_id: str
    body: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that is ours for now. `tries` counts this one, and tells it from others'."""

    id: int
    subscription_id: int
    tries: int
    event_id: str
    body: str
    url: str
    secrets: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """An active subscription with deliveries to be made. `due_in`: microseconds until the first, 0 if it is due."""

    subscription_id: int
    due_in: int


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a try. `state` is the delivery's now; `wait`: microseconds until it is tried again."""

    taken: Taken
    state: str
    wait: int
    status: int
    problem: str
    answer: str
    took: int


_SHOWN = [deliveries.c[each] for each in Delivery.__dataclass_fields__]
_IDS = dialect.Rows({"id": "int"})
_NAMES = dialect.Rows({"name": "text"})
_NEW = dialect.Rows(
    {"workspace": "int", "subscription": "int", "event": "text", "event_id": "text", "body": "text"}
)
_ENDED = dialect.Rows(
    {
        "id": "int",
        "tries": "int",
        "state": "text",
        "wait": "int",
        "status": "int",
        "problem": "text",
        "answer": "text",
        "took": "int",
    }
)
_OPEN = "state IN ('queued', 'sending')"


async def add(tx: Tx, new: Sequence[New]) -> list[int]:
    """Queue deliveries, due now; their ids."""
    if not new:
        return []
    rows = [[n.workspace_id, n.subscription_id, n.event, n.event_id, n.body] for n in new]
    made = await tx.all(
        "INSERT INTO deliveries (workspace_id, subscription_id, event, event_id, body, due_at, created_at) "
        "SELECT v.workspace, v.subscription, v.event, v.event_id, v.body, :now, :now "
        f"FROM {_NEW.sql(tx.name)} WHERE true RETURNING id",
        {"now": await tx.now(), **_NEW.params(tx.name, rows)},
    )
    return [row.id for row in made]


async def waiting(tx: Tx) -> list[Waiting]:
    """Active subscriptions with something to deliver, the longest due first."""
    # A look-up each: what one has waiting must not be walked over to find another's.
    rows = await tx.all(
        f"""
        SELECT w.id, w.due_at, {dialect.now_sql(tx.name)} AS now FROM (
          SELECT s.id, (SELECT d.due_at FROM deliveries d WHERE d.subscription_id = s.id AND d.{_OPEN}
                        ORDER BY d.due_at LIMIT 1) AS due_at
          FROM subscriptions s WHERE s.state = 'active') AS w
        WHERE w.due_at IS NOT NULL ORDER BY w.due_at, w.id
        """
    )
    return [Waiting(row.id, max(0, row.due_at - row.now)) for row in rows]


async def any_due(tx: Tx) -> bool:
    """Whether there is anything to deliver now, or news to make deliveries of."""
    return bool(
        await tx.scalar(
            "SELECT EXISTS (SELECT 1 FROM news) OR EXISTS (SELECT 1 FROM subscriptions s WHERE s.state = 'active' "
            f"AND EXISTS (SELECT 1 FROM deliveries d WHERE d.subscription_id = s.id AND d.{_OPEN} "
            f"AND d.due_at <= {dialect.now_sql(tx.name)}))"
        )
    )


async def take(tx: Tx, want: Mapping[int, int], *, worker: str, lease: int) -> list[Taken]:
    """Take up to `want` due deliveries of each subscription for `lease` microseconds; send them after the commit."""
    now = await tx.now()
    lock = dialect.for_update(tx.name, skip_locked=True).replace("FOR UPDATE", "FOR UPDATE OF d")
    taken: list[Taken] = []
    for ident, limit in want.items():
        rows = await tx.all(
            "SELECT d.id, d.subscription_id, d.tries, d.event_id, d.body, s.url, s.secrets "
            "FROM subscriptions s JOIN deliveries d ON d.subscription_id = s.id "
            f"WHERE s.id = :id AND s.state = 'active' AND d.{_OPEN} AND d.due_at <= :now "
            f"ORDER BY d.due_at, d.id LIMIT :limit {lock}",
            {"id": ident, "now": now, "limit": limit},
        )
        taken += [Taken(**{**row._mapping, "tries": row.tries + 1}) for row in rows]
    if taken:
        await tx.run(
            "UPDATE deliveries SET state = 'sending', tries = tries + 1, worker = :worker, due_at = :until "
            f"FROM {_IDS.sql(tx.name)} WHERE deliveries.id = v.id",
            {"worker": worker, "until": now + lease, **_IDS.params(tx.name, [[t.id] for t in taken])},
        )
    return taken


async def settle(tx: Tx, ended: Sequence[Ended], now: int) -> None:
    """Write what came of tries. One that is not ours any more stays as it is."""
    rows = [
        [e.taken.id, e.taken.tries, e.state, e.wait, e.status, e.problem, e.answer, e.took]
        for e in sorted(ended, key=lambda each: each.taken.id)
    ]
    await tx.run(
        "UPDATE deliveries SET state = v.state, worker = '', status = v.status, problem = v.problem, "
        "answer = v.answer, took = v.took, "
        "due_at = CASE WHEN v.state = 'queued' THEN :now + v.wait ELSE 0 END, "
        "ended_at = CASE WHEN v.state = 'queued' THEN 0 ELSE :now END "
        f"FROM {_ENDED.sql(tx.name)} WHERE deliveries.id = v.id AND deliveries.tries = v.tries "
        "AND deliveries.state = 'sending'",
        {"now": now, **_ENDED.params(tx.name, rows)},
    )


async def recover(tx: Tx, *, dead: Sequence[str] = (), everybody_but: str | None = None) -> int:
    """What workers in `dead` have taken is due now, and more tries are free; how many those were.

    `everybody_but` names the only worker alive.
    """
    if everybody_but is None and not dead:
        return 0
    whose, values = "worker <> :alive", {"alive": everybody_but}
    if everybody_but is None:
        whose, values = f"worker IN (SELECT name FROM {_NAMES.sql(tx.name)})", {}
        values |= _NAMES.params(tx.name, [[name] for name in dead])
    return await tx.run(
        f"UPDATE deliveries SET due_at = {dialect.now_sql(tx.name)} WHERE state = 'sending' "
        f"AND subscription_id IN (SELECT id FROM subscriptions) AND {whose}",
        values,
    )


async def page(
    tx: Tx, ident: int, *, before: int | None = None, state: str = "", event: str = "", limit: int
) -> list[Delivery]:
    """A subscription's deliveries, newest first: those with smaller ids than `before`."""
    query = sa.select(*_SHOWN).where(deliveries.c.subscription_id == ident)
    if before is not None:
        query = query.where(deliveries.c.id < before)
    if state:
        query = query.where(deliveries.c.state == state)
    if event:
        query = query.where(deliveries.c.event == event)
    rows = await tx.all(query.order_by(deliveries.c.id.desc()).limit(limit))
    return [Delivery(**row._mapping) for row in rows]


async def find(tx: Tx, workspace: int, ident: int) -> tuple[Delivery, str] | None:
    """One delivery of a workspace, and its body."""
    row = await tx.first(
        sa.select(*_SHOWN, deliveries.c.body).where(
            deliveries.c.id == ident, deliveries.c.workspace_id == workspace
        )
    )
    if row is None:
        return None
    values = dict(row._mapping)
    body = str(values.pop("body"))
    return Delivery(**values), body


async def again(tx: Tx, ident: int) -> None:
    """Begin anew with one, now; one that is on its way stays so."""
    await tx.run(
        f"UPDATE deliveries SET {_ANEW} WHERE id = :id AND state <> 'sending'",
        {"id": ident, "now": await tx.now()},
    )


async def failed_again(tx: Tx, ident: int, *, since: int, limit: int) -> int:
    """Begin anew with up to `limit` failed deliveries of a subscription, made since then; how many they are."""
    return await tx.run(
        f"UPDATE deliveries SET {_ANEW} WHERE id IN (SELECT id FROM deliveries WHERE subscription_id = :id "
        "AND state = 'failed' AND created_at >= :since ORDER BY id LIMIT :limit)",
        {"id": ident, "since": since, "limit": limit, "now": await tx.now()},
    )


_ANEW = "state = 'queued', tries = 0, due_at = :now, ended_at = 0"


async def forget(tx: Tx, *, older_than: int, limit: int) -> int:
    """Remove up to `limit` deliveries made before then, or of deleted subscriptions; how many went."""
    old = await tx.all("SELECT id, created_at FROM deliveries ORDER BY id LIMIT :limit", {"limit": limit})
    gone = [row.id for row in old if row.created_at < older_than]
    orphans = await tx.all(
        "SELECT d.id FROM subscriptions s JOIN deliveries d ON d.subscription_id = s.id "
        "WHERE s.state = 'deleted' LIMIT :limit",
        {"limit": limit},
    )
    gone += [row.id for row in orphans]
    if gone:
        await tx.run(
            f"DELETE FROM deliveries WHERE id IN (SELECT id FROM {_IDS.sql(tx.name)})",
            _IDS.params(tx.name, [[each] for each in sorted(set(gone))]),
        )
    return len(set(gone))
