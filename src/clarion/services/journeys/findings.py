"""What a dry run found, a sentence each, for the command line, the API and the builder alike."""

from collections.abc import Iterator

from clarion.domain.journey.world import Forecast, NodeForecast
from clarion.domain.journey.world.sender import UNKNOWN_TEMPLATE

_TOLD = ("no value for ", "the 24-hour window is closed", "more than ")
"""How reasons begin that have a finding of their own: missing variables, closed windows, circles."""


def troubled(forecast: Forecast) -> bool:
    """Whether something should be mended before anybody is written to."""
    return bool(forecast.missing) or any(
        node.stuck or node.circles or node.outside_window for node in forecast.nodes
    )


def findings(forecast: Forecast) -> Iterator[str]:
    """What a dry run found, a sentence each: what keeps people from getting through first."""
    for lack in forecast.missing:
        ids = ", ".join(map(str, lack.examples))
        yield (
            f"{_n(lack.people, 'has', 'have')} no value for {lack.name!r}, which {lack.node} needs (contacts {ids}): "
            "give it a `default`, or see that everybody has it."
        )
    for node in forecast.nodes:
        yield from _at(node)
    if forecast.unheard:
        yield (
            f"{_figure(forecast.unheard)} replies came where no node listens (after a timeout or the end): "
            "they would go to the inbox."
        )
    for journey, people in forecast.sub_journeys.items():
        yield (
            f"{_figure(people)} entries into the journey {journey!r} were not played: who returns came back at once."
        )
    unknown = sum(sent.messages for sent in forecast.sent if sent.category == UNKNOWN_TEMPLATE)
    if unknown:
        yield (
            f"The category of {_figure(unknown)} template messages is not known: `clarion template sync` reads it."
        )


def _at(node: NodeForecast) -> Iterator[str]:
    if node.outside_window:
        yield (
            f"{_n(node.outside_window, 'is', 'are')} not written to by {node.id}: the 24-hour window is closed, "
            "so only a template may be sent."
        )
    if node.circles:
        yield f"{_n(node.circles, 'goes', 'go')} in circles until the limit, last at {node.id}."
    if node.stuck and not node.left:
        yield f"{_n(node.stuck, 'stays', 'stay')} at {node.id} for ever: no way leads out of it."
    elif node.stuck:
        yield f"{_n(node.stuck, 'waits', 'wait')} at {node.id} for ever: set a timeout and draw an edge for it."
    if node.unmatched:
        yield f"{_figure(node.unmatched)} replies at {node.id} fit no edge: draw a `fallback`."
    for reason, people in node.failures.items():
        if not reason.startswith(_TOLD):
            yield f"{_n(people, 'ends', 'end')} at {node.id} as failed: {reason}."


def _n(people: int, does: str, do: str) -> str:
    return f"1 person {does}" if people == 1 else f"{_figure(people)} people {do}"


def _figure(n: int) -> str:
    return f"{n:,}"
