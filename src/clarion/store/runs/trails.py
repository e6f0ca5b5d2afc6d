"""How each person went: written with the step it tells of."""

from collections.abc import Sequence
from dataclasses import asdict

import orjson

from clarion.domain.journey.step import Left
from clarion.store import dialect
from clarion.store.db import Tx

_ROWS = dialect.Rows(
    {
        "position": "int",
        "visit": "int",
        "node": "text",
        "event": "text",
        "edge": "text",
        "to_node": "text",
        "outcome": "text",
        "why": "text",
        "tried": "json",
        "reply": "int",
    }
)


async def add(tx: Tx, trail: Sequence[tuple[int, Left, int]], now: int) -> None:
    """Keep [position, what happened, reply id or 0], in this order."""
    if trail:
        rows = [
            [position, left.visit, left.node, left.event, left.edge, left.to, left.outcome, left.why,
             orjson.dumps([list(asdict(tried).values()) for tried in left.tried]).decode(), reply]
            for position, left, reply in trail
        ]  # fmt: skip
        await tx.run(
            f"""
            INSERT INTO trails (position_id, visit, node, event, edge, to_node, outcome, why, tried, reply_id, at)
            SELECT v.position, v.visit, v.node, v.event, v.edge, v.to_node, v.outcome, v.why, v.tried, v.reply,
                   cast(:now AS bigint)
            FROM {_ROWS.sql(tx.name)} WHERE true
            """,
            {"now": now, **_ROWS.params(tx.name, rows)},
        )
