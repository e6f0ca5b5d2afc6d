"""Studio's trigger as our start."""

from clarion.domain.journey.lift.references import FIRST_WORDS
from clarion.domain.journey.lift.report import brief
from clarion.domain.journey.lift.studio_flow import Flow, Widget
from clarion.domain.journey.words import fold

_DOORS = ("incomingMessage", "incomingRequest", "incomingConversationMessage", "incomingParent")
"""The trigger's events that are not calls, the likeliest first."""


def draft_start(flow: Flow, named: str) -> str:
    """Make the start. `named` is the flow's initial state. Gives the widget it was made of, "" if there was none."""
    triggers = [widget for widget in flow.widgets.values() if widget.kind == "trigger"]
    start = next((widget for widget in triggers if widget.name == named), next(iter(triggers), None))
    if start is None:
        begin = flow.widgets.get(named) or next(iter(flow.widgets.values()), None)
        flow.draft.begin(flow.to(begin.name if begin else "", ""), begin.at if begin else (0.0, 0.0))
        flow.report.changed(
            "", f"It had no trigger: a start was put before {begin.name if begin else '?'!r}."
        )
        return ""
    opened = [event for event in _DOORS if start.ways.get(event)]
    words = _first_words(flow)
    node = flow.draft.ids.of(start.name)
    flow.draft.add(
        "audience",
        node,
        start.name,
        name=start.name,
        at=start.at,
        api=True if "incomingRequest" in opened else None,
        triggers=[{"words": words}] if words else [],
    )
    flow.draft.draw(node, flow.to(start.ways[opened[0]] if opened else "", start.name))
    _tell(flow, start, opened, words)
    return start.name


def _tell(flow: Flow, start: Widget, opened: list[str], words: list[str]) -> None:
    report, where = flow.report, start.name
    report.carried(where, f"Became the start {flow.draft.ids.of(where)!r}.")
    if "incomingRequest" in opened:
        report.carried(where, "Programs may send people in, as through Studio's REST API.")
    if words:
        report.changed(where, f"Whoever writes one of these words enters: {brief(', '.join(words), 120)}.")
    elif {"incomingMessage", "incomingConversationMessage"} & {*opened}:
        report.changed(
            where,
            "There anybody who wrote came in; here people come from lists, or by words that you name as triggers.",
        )
    for event, to in start.ways.items():
        if to and event not in opened:
            report.lost(where, f"Its way {event!r} to {to!r} was left out: journeys take no calls.")
        elif to and to != start.ways[opened[0]]:
            report.lost(
                where, f"Its way {event!r} to {to!r} was left out: a start has one. Make it a journey."
            )


def _first_words(flow: Flow) -> list[str]:
    """Words that splits look for in the message that began it all."""
    found = [
        part.strip()
        for widget in flow.widgets.values()
        for match in widget.matches
        for test in match.tests
        if test.looks_at and test.looks_at.path == FIRST_WORDS and test.kind in ("equal_to", "matches_any_of")
        for part in (test.value.split(",") if test.kind == "matches_any_of" else [test.value])
    ]
    return [word for word in dict.fromkeys(found) if fold(word) and "{{" not in word][:200]
