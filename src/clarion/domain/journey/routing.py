"""Whom a reply is for. Tried in order: the message it quotes, the newest waiting position, a trigger, the inbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from clarion.domain.journey.edges import Match
from clarion.domain.journey.events import Replied
from clarion.domain.journey.nodes.audience import Trigger


class Route(StrEnum):
    """Where a reply went."""

    OPT_OUT = "opt_out"
    POSITION = "position"
    TRIGGER = "trigger"
    LATE = "late"
    INBOX = "inbox"


@dataclass(frozen=True, slots=True)
class Standing:
    """A position of the person that has not ended.

    `held_back`: its newest message has not left us, so nobody can be answering it. `since`: microseconds.
    """

    id: int
    journey: str
    sender_id: int
    visit: int
    answered: int
    listens: bool
    held_back: bool
    since: int


@dataclass(frozen=True, slots=True)
class Quoted:
    """The message a reply quotes, if a journey sent it: by which position, on which visit."""

    position_id: int
    visit: int


@dataclass(frozen=True, slots=True)
class Door:
    """A published journey that people may enter by writing to us. `sender_id` 0: to any of our senders."""

    journey_id: int
    journey: str
    sender_id: int
    triggers: tuple[Trigger, ...]


@dataclass(frozen=True, slots=True)
class Routed:
    """The decision, and one sentence about it. `position_id` or `journey_id` say whom."""

    route: Route
    why: str
    position_id: int = 0
    journey_id: int = 0
    visit: int = 0


def route(
    reply: Replied, sender_id: int, quoted: Quoted | None, standing: Sequence[Standing], doors: Sequence[Door]
) -> Routed:
    """Decide for one reply, which asks for nothing else (stop words were obeyed before)."""
    open_ = [each for each in standing if each.listens and not each.held_back]
    if quoted is not None:
        mine = next((each for each in open_ if each.id == quoted.position_id), None)
        if mine is not None and quoted.visit > mine.answered:
            return _to(mine, f"it quotes a message of {mine.journey!r}")
        return Routed(
            Route.LATE, "it quotes a message that was answered already, or whose journey has gone on"
        )
    waiting = [each for each in open_ if each.sender_id == sender_id]
    if waiting:
        newest = max(waiting, key=lambda each: (each.since, each.id))
        return _to(newest, f"{newest.journey!r} waits for an answer on this number")
    for door in doors:
        if door.sender_id not in (0, sender_id):
            continue
        for trigger in door.triggers:
            found = trigger.edge().hears(reply)
            if isinstance(found, Match):
                return Routed(
                    Route.TRIGGER, f"{found.why}: {door.journey!r} begins", journey_id=door.journey_id
                )
    return Routed(Route.INBOX, "no journey waits for an answer, and no trigger fits")


def _to(standing: Standing, why: str) -> Routed:
    return Routed(Route.POSITION, why, position_id=standing.id, visit=standing.visit)
