"""Twilio Studio flow definitions: states (widgets) and their transitions.

Read after https://www.twilio.com/docs/studio/rest-api/v2/flow-definition and the widget library there.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from clarion.domain.journey.lift.draft import Draft
from clarion.domain.journey.lift.loose import as_list, as_map, place, text
from clarion.domain.journey.lift.references import References
from clarion.domain.journey.lift.report import Report, brief
from clarion.domain.journey.lift.splits import fits_wait, matches
from clarion.domain.journey.lift.studio_flow import Flow, Widget
from clarion.domain.journey.lift.studio_start import draft_start
from clarion.domain.journey.lift.studio_widgets import Widgets


def draft_studio(data: Mapping[str, Any], draft: Draft, report: Report) -> None:
    """Fill the draft and the report from one flow."""
    widgets = {widget.name: widget for widget in _read(data, report)}
    flow = Flow(widgets, draft, report, folded=frozenset(_foldable(widgets)))
    references = References({widget.name: widget.kind for widget in widgets.values()}, report)
    started = draft_start(flow, text(data.get("initial_state")))
    maker = Widgets(flow, references)
    for widget in widgets.values():
        if widget.name != started and widget.name not in flow.folded:
            maker.make(widget)
    maker.keep_answers()


def _read(data: Mapping[str, Any], report: Report) -> Iterator[Widget]:
    seen: set[str] = set()
    for n, state in enumerate(data["states"], 1):
        name = text(as_map(state).get("name"))
        if not name or name in seen:
            why = "has no name" if not name else f"has the name {brief(name)!r} of an earlier one"
            report.lost(name, f"Widget #{n} {why} and was left out.")
            continue
        seen.add(name)
        properties = as_map(state.get("properties"))
        ways: dict[str, str] = {}
        for each in as_list(state.get("transitions")):
            event, to = text(as_map(each).get("event")), text(as_map(each).get("next"))
            if event and event != "match":
                ways.setdefault(event, to)
        at = place(properties.get("offset"))
        yield Widget(name, text(state.get("type")), properties, at, ways, tuple(matches(state)))


def _foldable(widgets: Mapping[str, Widget]) -> Iterator[str]:
    """Splits that only decide about the reply to the one widget before them: they become edges of its wait."""
    before: dict[str, list[tuple[str, str]]] = {}
    for widget in widgets.values():
        for event, to in widget.leads:
            before.setdefault(to, []).append((widget.name, event))
    for widget in widgets.values():
        came = before.get(widget.name, [])
        if widget.kind != "split-based-on" or len(came) != 1 or came[0][1] != "incomingMessage":
            continue
        if widgets[came[0][0]].kind == "send-and-wait-for-reply" and fits_wait(widget.matches, came[0][0]):
            yield widget.name
