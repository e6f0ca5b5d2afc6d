"""The dry run beside a running engine: one at a time on a thread of its own, for so many people and so long."""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from clarion.domain.errors import BadField
from clarion.domain.journey.crowd import Crowd, Plan
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.world import Forecast, Person, Sender, World
from clarion.services.journeys.crowds import People, invented, members
from clarion.services.journeys.simulate import senders_of, stop_words_of
from clarion.services.journeys.trial import check_walkable, walked
from clarion.store.db import Database

MOST_PEOPLE = 10_000
SECONDS = 20.0
"""How long the virtual world may turn."""
MOST_WAITING = 4

_BREATH = 500
"""Things that happen between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What is to be tried out. `people` invented ones, or (0) the members of `lists`, by default the journey's own.

    `start` and `until` in microseconds since 1970; `rate`: messages per second instead of the senders' own.
    """

    plan: Plan
    start: int
    until: int
    lists: Sequence[str] = ()
    people: int = 0
    seed: int = 1
    rate: float | None = None


class Busy(Exception):
    """Others are waiting for their dry runs already."""


class Rehearsals:
    """The one thread on which a process plays dry runs."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="rehearsal")
        self._waiting = 0

    async def rehearse(
        self, db: Database, graph: Graph, rehearsal: Rehearsal, *, workspace: int = 1
    ) -> Forecast:
        """The forecast. Raises NotFound, JourneyRefused when nobody is meant, BadField when it takes too long, Busy."""
        check_walkable(graph)
        if self._waiting >= MOST_WAITING:
            raise Busy
        self._waiting += 1
        try:
            found, unusable = await _gather(_people(db, graph, rehearsal, workspace))
            senders = await senders_of(db, graph, workspace=workspace, rate=rehearsal.rate)
            words = await stop_words_of(db, workspace=workspace)
            play = partial(_play, graph, rehearsal, found, unusable, senders, words)
            return await asyncio.get_running_loop().run_in_executor(self._thread, walked, play)
        finally:
            self._waiting -= 1


def _people(db: Database, graph: Graph, rehearsal: Rehearsal, workspace: int) -> People:
    if rehearsal.people:
        return invented(graph, rehearsal.people)
    return members(db, graph, workspace=workspace, list_names=rehearsal.lists, limit=MOST_PEOPLE)


async def _gather(people: People) -> tuple[list[Person], int]:
    found: dict[str, Person] = {}
    unusable = 0
    async for page, bad in people:
        unusable += bad
        for person in page:
            found.setdefault(person.key, person)
    return list(found.values()), unusable


def _play(
    graph: Graph,
    rehearsal: Rehearsal,
    people: Sequence[Person],
    unusable: int,
    senders: Sequence[Sender],
    words: Sequence[str],
) -> Forecast:
    end = time.monotonic() + SECONDS
    world = World(
        graph,
        behaviour=Crowd(rehearsal.plan, seed=rehearsal.seed),
        start=rehearsal.start,
        until=rehearsal.until,
        senders=senders,
        stop_words=words,
    )
    world.skip("unusable row", unusable)
    for first in range(0, len(people), _BREATH):
        world.admit(people[first : first + _BREATH])
        _look(end)
    while world.work(_BREATH):
        _look(end)
    return world.forecast()


def _look(end: float) -> None:
    if time.monotonic() > end:
        raise BadField(
            "people",
            f"this takes longer than {SECONDS:.0f} s: try it with fewer people, or follow them for a shorter time",
        )
