"""Places on the canvas for graphs that come without."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

COLUMN, ROW = 260.0, 140.0


def arrange(nodes: Mapping[str, dict[str, Any]], edges: Sequence[Mapping[str, Any]]) -> None:
    """Put each node as many columns from the start as its shortest way has steps; what nothing reaches comes last."""
    leads: dict[str, list[str]] = {}
    for edge in edges:
        leads.setdefault(edge["from"], []).append(edge["to"])
    column: dict[str, int] = {}
    waiting = deque((node, 0) for node, made in nodes.items() if made["kind"] == "audience")
    while waiting:
        node, steps = waiting.popleft()
        if node not in column:
            column[node] = steps
            waiting.extend((to, steps + 1) for to in leads.get(node, ()))
    last = max(column.values(), default=-1) + 1
    rows: dict[int, int] = {}
    for node, made in nodes.items():
        x = column.get(node, last)
        made["at"] = [x * COLUMN, rows.get(x, 0) * ROW]
        rows[x] = rows.get(x, 0) + 1
