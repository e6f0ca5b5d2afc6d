"""Problems of a graph, each named by its place; and pydantic's findings in those words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. `node` is an id ("" = the whole journey), `field` a path in it."""

    node: str
    field: str
    problem: str
    level: Literal["error", "warning"] = "error"
    edge: str = ""

    def __str__(self) -> str:
        where = [
            f"node {self.node!r}" if self.node else "",
            f"edge {self.edge!r}" if self.edge else "",
            self.field,
        ]
        return f"{', '.join(filter(None, where)) or 'the journey'}: {self.problem}"


def explain(error: ValidationError, data: Mapping[str, Any]) -> list[Problem]:
    """A Problem for each finding, naming nodes by id and edges by their ends."""
    problems = []
    for found in error.errors(include_url=False, include_context=True):
        place = [*found["loc"]]
        node = edge = ""
        if len(place) >= 2 and place[0] in ("nodes", "edges") and isinstance(place[1], int):
            what = data[str(place[0])][place[1]]
            tag = what.get("kind" if place[0] == "nodes" else "on") if isinstance(what, dict) else None
            if place[0] == "nodes":
                node = (
                    str(what.get("id") or f"#{place[1] + 1}")
                    if isinstance(what, dict)
                    else f"#{place[1] + 1}"
                )
            elif isinstance(what, dict):
                node, edge = str(what.get("from", "")), f"{what.get('from')} → {what.get('to')}"
            else:
                edge = f"#{place[1] + 1}"
            place = [p for p in place[2:] if p != tag] if place[2:3] == [tag] else place[2:]
        words = found["msg"].removeprefix("Value error, ")
        problems.append(Problem(node, "/".join(map(str, place)), words[:1].lower() + words[1:], edge=edge))
    return problems
