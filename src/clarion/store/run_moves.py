"""People of a run go over to another version, where they stand."""

from collections.abc import Sequence
from typing import Any

from clarion.domain.message import Status
from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.runs import told

_MOVES = dialect.Rows({"id": "int", "node": "text", "listens": "int", "awaits": "int"})
_IDS = dialect.Rows({"id": "int"})


async def candidates(tx: Tx, run_id: int, *, but: int, after: int, limit: int) -> list[int]:
    """The next people under way on another version than `but`. Many at once: each look walks the whole run."""
    rows = await tx.all(
        "SELECT id FROM positions WHERE run_id = :run AND id > :after AND outcome = '' AND version_id <> :but "
        "ORDER BY id LIMIT :limit",
        {"run": run_id, "after": after, "but": but, "limit": limit},
    )
    return [row.id for row in rows]


async def lock(tx: Tx, ids: Sequence[int]) -> Sequence[Any]:
    """Those of these positions that have not ended, locked.

    Rows have `id`, `version_id`, `node`, `visit`, `awaits`, `message_id`.
    """
    lock = dialect.for_update(tx.name).replace("FOR UPDATE", "FOR UPDATE OF p")
    return await tx.all(
        f"""
        SELECT p.id, p.version_id, p.node, p.visit, p.awaits, p.message_id
        FROM {_IDS.sql(tx.name)} JOIN positions p ON p.id = v.id WHERE p.outcome = '' ORDER BY p.id {lock}
        """,
        _IDS.params(tx.name, [[position] for position in ids]),
    )


async def move(tx: Tx, version_id: int, moves: Sequence[tuple[int, str, bool, int]]) -> None:
    """Put locked positions on a version: [position, its node there, listens, awaits]. Nothing else changes."""
    if moves:
        rows = [[position, node, int(listens), awaits] for position, node, listens, awaits in moves]
        await tx.run(
            f"""
            UPDATE positions SET version_id = :version, node = v.node, listens = (v.listens = 1), awaits = v.awaits
            FROM {_MOVES.sql(tx.name)} WHERE positions.id = v.id
            """,
            {"version": version_id, **_MOVES.params(tx.name, rows)},
        )


async def tell_again(tx: Tx, messages: Sequence[int]) -> None:
    """Tell positions what is known of these messages already: they did not wait for it before they were moved.

    The messages are held, so that a receipt comes before this or after it, and is told once either way.
    """
    if messages:
        rows = await tx.all(
            "SELECT m.id, m.status, m.fault_code, m.fault_reason "
            f"FROM messages m WHERE m.id IN (SELECT id FROM {_IDS.sql(tx.name)}) "
            f"ORDER BY m.id {dialect.for_share(tx.name)}",
            _IDS.params(tx.name, [[message] for message in messages]),
        )
        await told.tell(
            tx, [told.News(row.id, Status(row.status), row.fault_code, row.fault_reason) for row in rows]
        )
