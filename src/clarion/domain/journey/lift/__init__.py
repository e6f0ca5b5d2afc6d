"""Journeys of other systems as ours: the Node and Twilio platform's graphs, and Twilio Studio flows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clarion.domain.journey.graph import read_graph
from clarion.domain.journey.lift.draft import Draft
from clarion.domain.journey.lift.platform import draft_platform
from clarion.domain.journey.lift.report import Note, Report
from clarion.domain.journey.lift.source import Kind, read_source
from clarion.domain.journey.lift.studio import draft_studio

__all__ = ["Lifted", "Note", "lift"]

_BLANKS = (
    "A message is not sent to people for whom one of its variables is blank: where a gap does no harm, write "
    '{{ name | default: "friend" }}.'
)


@dataclass(frozen=True, slots=True)
class Lifted:
    """A graph in our JSON, which `read_graph` takes, and what became of each part of the foreign one."""

    graph: dict[str, Any]
    report: tuple[Note, ...]
    kind: Kind


def lift(source: bytes | Mapping[str, Any], *, name: str = "", sender: str = "") -> Lifted:
    """The journey in a foreign file. `name` and `sender` go before what the file says.

    Nothing is dropped without a note; where a part has no counterpart, an end named after it stands in its place.
    Raises BadGraph if the file is neither kind, or larger than our own journeys may be.
    """
    kind, data, own_name = read_source(source)
    report = Report()
    draft = Draft(report)
    (draft_studio if kind == "studio" else draft_platform)(data, draft, report)
    if any("{{" in str(node.get("content", "")) for node in draft.nodes.values()):
        report.changed("", _BLANKS)
    description = data.get("description")
    description = description.strip() if isinstance(description, str) else ""
    if len(description) > 2_000:
        report.changed("", "Its description was cut to 2,000 characters.")
    title = name or own_name or (description.splitlines()[0] if description else "")
    graph = draft.finish((title or "Imported journey")[:200], description[:2_000], sender)
    read_graph(graph)
    return Lifted(graph, tuple(report.notes), kind)
