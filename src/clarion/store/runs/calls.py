"""Calls that positions asked for: at most one for each, deleted when its answer becomes an event.

A call is marked before its request begins. What a worker that died leaves marked is made again where that does no
harm; where it may, the position is told that nobody knows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.runs import events

LOST = "The process ended during the call; it is not known whether the other side got it."


@dataclass(frozen=True, slots=True)
class NewCall:
    """A call to be made. `request` is an `effects.Call` as JSON text."""

    position_id: int
    run_id: int
    visit: int
    request: str


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call that is ours for now. `attempts` counts this one, and tells it from others of the same visit."""

    position_id: int
    run_id: int
    visit: int
    attempts: int
    request: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A running run with queued calls. `due_in`: microseconds until its first one is due, 0 if it is."""

    run_id: int
    due_in: int


@dataclass(frozen=True, slots=True)
class Recovered:
    """Calls of workers that are gone: `again` will be made again, `told` positions hear that nobody knows."""

    again: int
    told: int


_NEW = dialect.Rows({"position": "int", "run": "int", "visit": "int", "request": "json"})
_AGAIN = dialect.Rows({"position": "int", "visit": "int", "attempts": "int", "wait": "int"})
_VISITS = dialect.Rows({"position": "int", "visit": "int"})
_IDS = dialect.Rows({"id": "int"})


async def add(tx: Tx, calls: Sequence[NewCall]) -> None:
    """Queue calls, due now. A position's earlier call belongs to a visit it has left, and is forgotten."""
    if calls:
        rows = [[c.position_id, c.run_id, c.visit, c.request] for c in calls]
        await tx.run(
            f"""
            INSERT INTO calls (position_id, run_id, visit, request, due_at)
            SELECT v.position, v.run, v.visit, v.request, {dialect.now_sql(tx.name)} FROM {_NEW.sql(tx.name)} WHERE true
            ON CONFLICT (position_id) DO UPDATE SET run_id = excluded.run_id, visit = excluded.visit,
              request = excluded.request, due_at = excluded.due_at, state = 'queued', held = false, attempts = 0,
              worker = '', until = 0
            """,
            _NEW.params(tx.name, rows),
        )


async def drop(tx: Tx, positions: Sequence[int]) -> None:
    """Forget the calls of these positions; the answer to one that is under way will be dropped."""
    if positions:
        await tx.run(
            f"DELETE FROM calls WHERE position_id IN (SELECT id FROM {_IDS.sql(tx.name)})",
            _IDS.params(tx.name, [[p] for p in positions]),
        )


async def waiting(tx: Tx) -> list[Waiting]:
    """Running runs with queued calls, the longest due first."""
    # A look-up per run: a run with a hundred thousand calls must not be walked to find another's one.
    rows = await tx.all(
        f"""
        SELECT w.id, w.due_at, {dialect.now_sql(tx.name)} AS now FROM (
          SELECT r.id, (SELECT c.due_at FROM calls c WHERE c.run_id = r.id AND c.state = 'queued' AND NOT c.held
                        ORDER BY c.due_at LIMIT 1) AS due_at
          FROM runs r WHERE r.status = 'running') AS w
        WHERE w.due_at IS NOT NULL ORDER BY w.due_at, w.id
        """
    )
    return [Waiting(row.id, max(0, row.due_at - row.now)) for row in rows]


async def next_due(tx: Tx) -> int | None:
    """Microseconds until a call is due, 0 if one is; None if none is queued."""
    found = await waiting(tx)
    return found[0].due_in if found else None


async def take(tx: Tx, want: Mapping[int, int], *, worker: str, lease: int) -> list[CallRow]:
    """Mark up to `want` due calls of each run as ours for `lease` microseconds; their requests may begin on commit."""
    now = await tx.now()
    taken: list[CallRow] = []
    for run_id, limit in want.items():
        rows = await tx.all(
            "SELECT position_id, run_id, visit, attempts, request FROM calls "
            "WHERE run_id = :run AND state = 'queued' AND NOT held AND due_at <= :now "
            f"ORDER BY due_at LIMIT :limit {dialect.for_update(tx.name, skip_locked=True)}",
            {"run": run_id, "now": now, "limit": limit},
        )
        taken += [
            CallRow(r.position_id, r.run_id, r.visit, r.attempts + 1, dialect.json_value(r.request))
            for r in rows
        ]
    if taken:
        await tx.run(
            "UPDATE calls SET state = 'calling', attempts = attempts + 1, worker = :worker, until = :until "
            f"FROM {_IDS.sql(tx.name)} WHERE calls.position_id = v.id",
            {
                "worker": worker,
                "until": now + lease,
                **_IDS.params(tx.name, [[c.position_id] for c in taken]),
            },
        )
    return taken


async def again(tx: Tx, calls: Sequence[tuple[CallRow, int]]) -> None:
    """Queue calls again, each due after a wait in microseconds: those that are still the attempt we made."""
    if calls:
        rows = [[c.position_id, c.visit, c.attempts, wait] for c, wait in calls]
        await tx.run(
            f"UPDATE calls SET state = 'queued', worker = '', until = 0, due_at = {dialect.now_sql(tx.name)} + v.wait "
            f"FROM {_AGAIN.sql(tx.name)} WHERE calls.position_id = v.position AND calls.visit = v.visit "
            "AND calls.attempts = v.attempts AND calls.state = 'calling'",
            _AGAIN.params(tx.name, rows),
        )


async def answered(tx: Tx, answers: Sequence[tuple[int, Mapping[str, Any]]]) -> int:
    """Turn the calls of these positions into events, given the data of each `Called`; how many there still were.

    Nothing happens where the position has left that visit, or was stopped: its call is gone.
    """
    if not answers:
        return 0
    data = {(position, said["visit"]): said for position, said in answers}
    rows = await tx.all(
        f"DELETE FROM calls WHERE EXISTS (SELECT 1 FROM {_VISITS.sql(tx.name)} "
        "WHERE v.position = calls.position_id AND v.visit = calls.visit) RETURNING position_id, visit",
        _VISITS.params(tx.name, [list(key) for key in data]),
    )
    await events.add(
        tx, [(r.position_id, "called", dict(data[r.position_id, r.visit])) for r in sorted(rows, key=tuple)]
    )
    return len(rows)


async def overdue(tx: Tx) -> bool:
    """Whether a worker has kept a call for longer than it said."""
    now = dialect.now_sql(tx.name)
    return bool(
        await tx.scalar(f"SELECT EXISTS (SELECT 1 FROM calls WHERE state = 'calling' AND until <= {now})")
    )


async def recover(tx: Tx, *, everybody_but: str | None = None, limit: int = 500) -> Recovered:
    """End calls whose worker kept them too long; of `everybody_but` that one, at once.

    `everybody_but` names the only worker alive: used at the start of an engine that owns its database alone.
    A repeatable call goes back to the queue once more than its retries allow, as the request may never have left.
    """
    whose = "until <= :now" if everybody_but is None else "worker <> :alive"
    values = {"now": await tx.now()} if everybody_but is None else {"alive": everybody_but}
    rows = await tx.all(
        f"SELECT position_id, run_id, visit, attempts, request FROM calls WHERE state = 'calling' AND {whose} "
        f"ORDER BY position_id LIMIT :limit {dialect.for_update(tx.name, skip_locked=True)}",
        {**values, "limit": limit},
    )
    found = [
        CallRow(r.position_id, r.run_id, r.visit, r.attempts, dialect.json_value(r.request)) for r in rows
    ]
    repeated = [c for c in found if c.request["repeatable"] and c.attempts <= c.request["retries"] + 1]
    await again(tx, [(call, 0) for call in repeated])
    told = await answered(
        tx,
        [
            (c.position_id, {"visit": c.visit, "status": 0, "body": None, "error": LOST})
            for c in found
            if c not in repeated
        ],
    )
    return Recovered(len(repeated), told)
