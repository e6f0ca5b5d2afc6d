"""People of a run go over to another version, where they stand."""

from collections.abc import Sequence
from typing import Any

from clarion.domain.message import Status
from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.runs import told

_NODES = dialect.Rows({"version": "int", "node": "text"})
_MOVES = dialect.Rows({"id": "int", "node": "text", "listens": "int", "awaits": "int"})
_IDS = dialect.Rows({"id": "int"})


async def lock(
    tx: Tx, run_id: int, nodes: Sequence[tuple[int, str]], *, after: int, limit: int
) -> Sequence[Any]:
    """The next people under way at these [version, node], locked.

    Rows have `id`, `version_id`, `node`, `visit`, `awaits`, `message_id`.
    """
    lock = dialect.for_update(tx.name)
    of = "OF p" if lock else ""
    return await tx.all(
        f"""
        SELECT p.id, p.version_id, p.node, p.visit, p.awaits, p.message_id
        FROM positions p JOIN {_NODES.sql(tx.name)} ON v.version = p.version_id AND v.node = p.node
        WHERE p.run_id = :run AND p.id > :after AND p.outcome = ''
        ORDER BY p.id LIMIT :limit {lock} {of}
        """,
        {"run": run_id, "after": after, "limit": limit, **_NODES.params(tx.name, [list(n) for n in nodes])},
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
