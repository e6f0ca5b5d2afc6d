"""A graph from a file, ours or another system's, with what became of its parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from clarion.domain.journey.graph import read_graph
from clarion.domain.journey.lift import Note, lift


@dataclass(frozen=True, slots=True)
class Brought:
    """A graph in our form. `kind` is where it came from: clarion, studio or platform; ours has no report."""

    graph: Mapping[str, Any]
    report: tuple[Note, ...]
    kind: Literal["clarion", "studio", "platform"]

    @property
    def lost(self) -> bool:
        """Whether something needs a hand before it does here what it did there."""
        return any(each.level == "lost" for each in self.report)


def bring(source: bytes | Mapping[str, Any], name: str = "", sender: str = "") -> Brought:
    """The graph in JSON of ours or of another system. `name` and `sender` go before what it says. Raises BadGraph."""
    if not _is_ours(source):
        lifted = lift(source, name=name, sender=sender)
        return Brought(lifted.graph, lifted.report, lifted.kind)
    changes = {key: value for key, value in (("name", name), ("sender", sender)) if value}
    return Brought({**read_graph(source).to_json(), **changes}, (), "clarion")


def _is_ours(source: bytes | Mapping[str, Any]) -> bool:
    try:
        data = source if isinstance(source, Mapping) else orjson.loads(source)
    except ValueError:
        return False  # the reader of foreign graphs says what is wrong with it
    return isinstance(data, Mapping) and str(data.get("format", "")).startswith("clarion.journey")
