"""Walking through journeys that were lifted from foreign graphs, and bending such graphs out of shape."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from hypothesis import strategies as st

from clarion.domain.content import Content
from clarion.domain.journey.effects import Call, HandOff, Send
from clarion.domain.journey.events import Arrived, Called, Event, MessageStatus, Replied, TimerFired
from clarion.domain.journey.graph import read_graph
from clarion.domain.journey.lift import Lifted, lift
from clarion.domain.journey.position import Facts, Position
from clarion.domain.journey.step import step

FOREIGN = Path(__file__).parent.parent / "data" / "journeys" / "foreign"
LATER = "(time passes)"
"""Among what a person does: nothing, until the timer fires."""


def lifted(name: str) -> Lifted:
    """One of the samples, as a journey of ours."""
    return lift((FOREIGN / f"{name}.json").read_bytes())


@dataclass(frozen=True, slots=True)
class Press:
    """The person presses a button."""

    payload: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Walk:
    """Nodes in the order they were entered, what was sent and asked for, and how it ended ("" = it has not)."""

    places: tuple[str, ...]
    sent: tuple[Content, ...]
    calls: tuple[Call, ...]
    handed_over: bool
    outcome: str
    position: Position


def walk(graph: dict[str, Any], does: Sequence[str | Press | Called] = (), **attributes: str) -> Walk:
    """One person from the start. Messages are accepted at once; `does` follows whenever the journey rests.

    An answer to a call is given with visit 0 and put in for the visit that waits for it.
    """
    read = read_graph(graph)
    position, waiting = Position(read.start), list(does)
    facts = Facts(now=1, person="p1", address="+5541999990000", attributes=attributes, run="r1")
    places, sent, calls, handed = [position.node], list[Content](), list[Call](), False
    event: Event | None = Arrived()
    while event is not None:
        done = step(read, position, event, facts)
        position = done.position
        places += [left.to for left in done.trail if left.to]
        messages = [effect for effect in done.effects if isinstance(effect, Send)]
        sent += [message.content for message in messages]
        calls += [effect for effect in done.effects if isinstance(effect, Call)]
        handed = handed or any(isinstance(effect, HandOff) for effect in done.effects)
        if position.outcome:
            break
        event = MessageStatus(messages[-1].visit, "accepted") if messages else _next(waiting, position)
    return Walk(tuple(places), tuple(sent), tuple(calls), handed, position.outcome, position)


def _next(waiting: list[str | Press | Called], position: Position) -> Event | None:
    if not waiting:
        return None
    match waiting.pop(0):
        case Press(payload, title):
            return Replied(text=title, payload=payload, about="button")
        case Called(status=status, body=body, error=error):
            return Called(position.visit, status, body, error)
        case "(time passes)":
            return TimerFired(position.visit)
        case said:
            return Replied(text=said)


ODD = ("{{", "{% if %}", "{{widgets.ask.inbound.Body}}", "/(/", "(?=a)", "${x}", "$1", "HX1", "a" * 300)
JUNK = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-10, 2**63), st.floats(allow_nan=False), st.text(max_size=8),
        st.sampled_from(ODD),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=4,
)  # fmt: skip


@st.composite
def bent(draw: st.DrawFn, name: str) -> Any:
    """A sample with some of its parts taken out, doubled, swapped for one another, or replaced by junk."""
    data = orjson.loads((FOREIGN / f"{name}.json").read_bytes())
    for _ in range(draw(st.integers(1, 6))):
        parts = list(_parts(data))
        if not parts:
            break
        holder, key = draw(st.sampled_from(parts))
        match draw(st.sampled_from(["drop", "junk", "junk", "other", "double"])):
            case "drop":
                del holder[key]
            case "junk":
                holder[key] = draw(JUNK)
            case "other":
                other, where = draw(st.sampled_from(parts))
                holder[key] = orjson.loads(orjson.dumps(other[where]))
            case _ if isinstance(holder, list):
                holder.append(orjson.loads(orjson.dumps(holder[key])))
    return data


def _parts(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        found.append((value, key))
        found += _parts(value[key])
    return found
