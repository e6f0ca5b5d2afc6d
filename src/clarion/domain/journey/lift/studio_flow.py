"""A Studio flow as it was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clarion.domain.journey.lift.draft import Draft
from clarion.domain.journey.lift.report import Report, brief
from clarion.domain.journey.lift.splits import Match


@dataclass(frozen=True, slots=True)
class Widget:
    """One state. `ways` are its transitions by event, without those that have conditions: these are `matches`."""

    name: str
    kind: str
    properties: Mapping[str, Any]
    at: tuple[float, float]
    ways: Mapping[str, str]
    matches: tuple[Match, ...] = ()

    @property
    def leads(self) -> list[tuple[str, str]]:
        """All transitions: the event, and where each leads ("" = nowhere)."""
        return [*self.ways.items(), *(("match", match.to) for match in self.matches)]


@dataclass(frozen=True, slots=True)
class Flow:
    """All widgets by name, and what is made of them. `folded`: splits that become edges of a wait."""

    widgets: Mapping[str, Widget]
    draft: Draft
    report: Report
    folded: frozenset[str]

    def to(self, name: str, where: str) -> str:
        """Our node for a transition's target; the common end where it leads nowhere."""
        if name in self.widgets:
            return self.draft.ids.of(name)
        if name:
            self.report.lost(
                where, f"It leads to {brief(name)!r}, but there is no such widget: it ends there."
            )
        return self.draft.over()

    def follow(self, widget: Widget, node: str, event: str, on: str) -> None:
        """Draw a transition, if it leads somewhere."""
        if widget.ways.get(event):
            self.draft.draw(node, self.to(widget.ways[event], widget.name), on)

    def go_on(self, widget: Widget, node: str, event: str) -> None:
        """Draw the transition as the node's `next`: to the common end if it leads nowhere."""
        self.draft.draw(node, self.to(widget.ways.get(event, ""), widget.name))
