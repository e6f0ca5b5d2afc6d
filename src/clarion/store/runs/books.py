"""Whether the counts of journeys equal their rows, and whether everybody under way will ever be looked at again."""

from collections import defaultdict

from clarion.store.db import Tx


async def check(tx: Tx) -> list[str]:
    """A sentence for everything that does not balance; [] when all does."""
    return [*await _counts(tx), *await _strays(tx)]


async def _counts(tx: Tx) -> list[str]:
    standing: defaultdict[tuple[int, str], int] = defaultdict(int)
    entered: defaultdict[int, int] = defaultdict(int)
    outcomes: defaultdict[tuple[int, str], int] = defaultdict(int)
    for row in await tx.all("SELECT run_id, node, way, n FROM node_counts"):
        kind, _, name = row.way.partition(":")
        if kind == "enter":
            entered[row.run_id] += row.n
        else:
            standing[row.run_id, row.node] += row.n if kind == "in" else -row.n
        if kind == "end":
            outcomes[row.run_id, name] += row.n
    found = []
    for row in await tx.all(
        "SELECT run_id, node, outcome, count(*) AS n FROM positions GROUP BY run_id, node, outcome"
    ):
        entered[row.run_id] -= row.n
        if row.outcome:
            outcomes[row.run_id, row.outcome] -= row.n
        else:
            standing[row.run_id, row.node] -= row.n
    found += [
        f"Run {run}: the counts say {n:+,} people more entered than are there."
        for run, n in entered.items()
        if n
    ]
    found += [
        f"Run {run}, node {node!r}: the counts say {n:+,} people more than stand there."
        for (run, node), n in standing.items()
        if n
    ]
    found += [
        f"Run {run}: the counts say {n:+,} people more ended as {outcome!r} than did."
        for (run, outcome), n in outcomes.items()
        if n
    ]
    return found


async def _strays(tx: Tx) -> list[str]:
    stuck = await tx.scalar(
        """
        SELECT count(*) FROM positions p WHERE p.outcome = '' AND NOT p.listens
          AND NOT EXISTS (SELECT 1 FROM position_events e WHERE e.position_id = p.id)
          AND NOT EXISTS (SELECT 1 FROM timers t WHERE t.position_id = p.id)
          AND NOT EXISTS (SELECT 1 FROM calls c WHERE c.position_id = p.id)
          AND NOT EXISTS (SELECT 1 FROM handoffs h WHERE h.position_id = p.id AND h.waits AND h.state = 'open')
          AND NOT EXISTS (SELECT 1 FROM positions q WHERE q.parent_id = p.id AND q.outcome = '')
        """
    )
    silent = await tx.scalar(
        """
        SELECT count(*) FROM positions p JOIN messages m ON m.id = p.message_id
        WHERE p.outcome = '' AND p.awaits & 1 <> 0 AND m.status <> 'queued'
          AND NOT EXISTS (SELECT 1 FROM position_events e WHERE e.position_id = p.id)
        """
    )
    late = await tx.scalar(
        "SELECT count(*) FROM timers t LEFT JOIN positions p ON p.id = t.position_id "
        "WHERE p.id IS NULL OR p.outcome <> '' OR p.visit <> t.visit"
    )
    return [
        sentence
        for n, sentence in (
            (stuck, f"{stuck:,} people are under way with nothing that would ever move them."),
            (silent, f"{silent:,} people wait for the fate of a message that is known already."),
            (late, f"{late:,} timers belong to a node that was left, or to nobody."),
        )
        if n
    ]
