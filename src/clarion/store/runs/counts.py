"""How many people entered, left and ended where: moved in the transaction that moves the positions."""

from collections import defaultdict
from collections.abc import Mapping

from clarion.store import dialect
from clarion.store.db import Tx

ENTER = "enter"  # into the run, at its start
IN = "in"  # into the node


def out(edge: str) -> str:
    """The `way` of people who left by this edge."""
    return f"out:{edge}"


def end(outcome: str) -> str:
    """The `way` of people whose journey ended at the node."""
    return f"end:{outcome}"


class Ways:
    """Collects what a batch does to the counts: (run, node, way) -> [people, microseconds they had been there]."""

    def __init__(self) -> None:
        self.found: defaultdict[tuple[int, str, str], list[int]] = defaultdict(lambda: [0, 0])

    def add(self, run: int, node: str, way: str, *, n: int = 1, spent: int = 0) -> None:
        """`n` more people went this way."""
        held = self.found[run, node, way]
        held[0] += n
        held[1] += spent


_ROWS = dialect.Rows({"run": "int", "node": "text", "way": "text", "n": "int", "spent": "int"})


async def apply(tx: Tx, found: Mapping[tuple[int, str, str], list[int]]) -> None:
    """Add what was collected, in one order for everybody, so that two transactions never wait in a ring."""
    if found:
        await tx.run(
            f"""
            INSERT INTO node_counts (run_id, node, way, n, spent)
            SELECT v.run, v.node, v.way, v.n, v.spent FROM {_ROWS.sql(tx.name)} WHERE true
            ORDER BY v.run, v.node, v.way
            ON CONFLICT (run_id, node, way) DO UPDATE
            SET n = node_counts.n + excluded.n, spent = node_counts.spent + excluded.spent
            """,
            _ROWS.params(tx.name, [[*key, *n] for key, n in sorted(found.items())]),
        )


def under_way_sql(run: str = "r.id") -> str:
    """How many positions of a run have not ended, from the counts."""
    return (
        f"(SELECT coalesce(sum(CASE WHEN k.way = '{ENTER}' THEN k.n WHEN k.way LIKE 'end:%' THEN -k.n ELSE 0 END), 0) "
        f"FROM node_counts k WHERE k.run_id = {run})"
    )
