"""What one client has still to be sent: bounded, however slowly it reads."""

import asyncio
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from clarion.services.live.marks import Mark
from clarion.services.live.topics import Key, Topic, Wish

WAITING = 2_000
"""Most news that wait for a slow client, and most states: whoever has more to be told reads anew."""

RESYNC: Key = ("resync", 0)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event as it is sent, made once for all who listen."""

    key: Key
    body: bytes


class Listener:
    """A client. States that wait are replaced by newer ones; news are kept in order."""

    def __init__(self, topics: Collection[Topic], since: Mark | None, *, anew: bool = False) -> None:
        self.wish, self.since = Wish(topics), since
        self.anew = anew
        self.ended = ""
        self.mark = since
        self._states: dict[Key, Parcel] = {}
        self._news: deque[tuple[Mark, Parcel]] = deque()
        self._something = asyncio.Event()

    def put(self, mark: Mark, states: Iterable[Parcel], news: Iterable[tuple[Mark, Parcel]]) -> None:
        """What a look found. Nothing of it waits for the client."""
        for told in news:
            if told[1].key in self.wish:
                self._news.append(told)
        for state in states:
            if state.key in self.wish:
                self._states.pop(state.key, None)
                self._states[state.key] = state
        if len(self._news) > WAITING or len(self._states) > WAITING:
            self._news.clear()
            self._states.clear()
            self.anew = True
        self.mark = mark
        if self._news or self._states or self.anew:
            self._something.set()

    def end(self, reason: str) -> None:
        """Nothing more is sent."""
        self.ended = self.ended or reason
        self._something.set()

    async def wait(self) -> None:
        """Until there is something to take, or it has ended."""
        await self._something.wait()

    def take(self) -> list[tuple[Mark | None, Parcel]]:
        """Everything that waits, each with the id to send with it: news in their order, then states."""
        self._something.clear()
        taken: list[tuple[Mark | None, Parcel]] = [*self._news]
        if self.anew:
            taken.insert(0, (None, Parcel(RESYNC, b"")))
        taken += [(self.mark, state) for state in self._states.values()]
        self._news.clear()
        self._states.clear()
        self.anew = False
        return taken
