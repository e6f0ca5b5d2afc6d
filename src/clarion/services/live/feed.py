"""One workspace's live news: a task that looks while anybody listens."""

import asyncio
from collections.abc import Callable

import structlog

from clarion.services.live.listener import Listener, Parcel
from clarion.services.live.look import Looking
from clarion.services.live.states import News, State
from clarion.services.live.topics import Key
from clarion.store.db import Database

log = structlog.get_logger()

Show = Callable[[Key, State | News], bytes]
"""Makes an event's body."""
_FIRST_RETRY, _LAST_RETRY = 1.0, 15.0  # seconds after the database did not answer


class Feed:
    """Looks at most every `every` seconds, compares, and tells each listener what changed that it wants to hear."""

    def __init__(self, db: Database, workspace: int, show: Show, *, every: float) -> None:
        self._looking = Looking(db, workspace)
        self._workspace, self._show, self._every = workspace, show, every
        self._listeners: set[Listener] = set()
        self._newcomers: list[Listener] = []
        self._held: dict[Key, tuple[State, Parcel]] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The task that looks; None before the first listener."""
        return self._task

    def join(self, listener: Listener) -> None:
        """Tell this listener how things stand at the next look, and what changes from then on."""
        self._newcomers.append(listener)
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name=f"live {self._workspace}")

    def leave(self, listener: Listener) -> bool:
        """Tell it nothing more; whether nobody is left, and the feed has ended."""
        self._listeners.discard(listener)
        if listener in self._newcomers:
            self._newcomers.remove(listener)
        if self._listeners or self._newcomers:
            return False
        if self._task is not None:
            self._task.cancel()
        return True

    async def _work(self) -> None:
        loop, retry = asyncio.get_running_loop(), _FIRST_RETRY
        while True:
            began = loop.time()
            try:
                await self._turn()
                retry, wait = _FIRST_RETRY, self._every
            except Exception:
                log.exception("live.broke", workspace_id=self._workspace, retry_s=retry)
                retry, wait = min(retry * 2, _LAST_RETRY), retry
            await asyncio.sleep(max(0.0, began + wait - loop.time()))

    async def _turn(self) -> None:
        newcomers = list(self._newcomers)
        wishes = [each.wish for each in (*self._listeners, *newcomers)]
        kinds = frozenset().union(*(wish.all_kinds() for wish in wishes))
        things = frozenset().union(*(wish.things for wish in wishes))
        seen = await self._looking.look(kinds, things, [each.since for each in newcomers])
        changed = []
        held, self._held = self._held, {}
        for key, state in seen.states.items():
            before = held.get(key)
            if before is None or before[0] != state:
                self._held[key] = state, Parcel(key, self._show(key, state))
                changed.append(self._held[key][1])
            else:
                self._held[key] = before
        news = [(mark, Parcel(key, self._show(key, each))) for mark, key, each in seen.news]
        if changed or news:
            for listener in self._listeners:
                listener.put(seen.mark, changed, news)
        everything = [parcel for _, parcel in self._held.values()]
        for listener, missed in zip(newcomers, seen.missed, strict=True):
            if listener not in self._newcomers:
                continue  # it left while we looked
            self._newcomers.remove(listener)
            self._listeners.add(listener)
            listener.anew = listener.anew or missed is None
            told = [(mark, Parcel(key, self._show(key, each))) for mark, key, each in missed or ()]
            listener.put(seen.mark, everything, told)
        for listener in self._listeners:
            listener.mark = seen.mark
