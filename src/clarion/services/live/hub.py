"""Everybody in this process who listens, by workspace and by caller."""

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from clarion.services.live.feed import Feed, Show
from clarion.services.live.listener import Listener
from clarion.services.live.marks import Mark
from clarion.services.live.topics import Topic
from clarion.store.db import Database

EVERY = 0.5
"""Seconds between two looks at a workspace."""
STOPPING = "stopping"
"""Why a stream ends when the process does: the client may come back."""


class Full(Exception):
    """As many streams are open as there may be: `of_caller`, the caller's; else the process's."""

    def __init__(self, *, of_caller: bool) -> None:
        super().__init__()
        self.of_caller = of_caller


class Live:
    """Begins to look when the first client of a workspace listens, and ends with the last one."""

    def __init__(
        self, db: Database, show: Show, *, most: int, most_of_caller: int, every: float = EVERY
    ) -> None:
        self._db, self._show, self._every = db, show, every
        self._most, self._most_of_caller = most, most_of_caller
        self._feeds: dict[int, Feed] = {}
        self._open: Counter[str] = Counter()
        self._listeners: set[Listener] = set()
        self._closed = False

    @property
    def watched(self) -> Collection[int]:
        """The workspaces that are looked at now."""
        return list(self._feeds)

    @contextmanager
    def listening(
        self,
        workspace: int,
        caller: str,
        topics: Collection[Topic],
        since: Mark | None,
        *,
        anew: bool = False,
    ) -> Iterator[Listener]:
        """A listener while the block lasts. `anew`: it is told to read everything again first. Raises Full."""
        self.need_room(caller)
        listener = Listener(topics, since, anew=anew)
        feed = self._feeds.get(workspace)
        if feed is None:
            feed = self._feeds[workspace] = Feed(self._db, workspace, self._show, every=self._every)
        self._open[caller] += 1
        self._listeners.add(listener)
        feed.join(listener)
        if self._closed:
            listener.end(STOPPING)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            self._open -= Counter({caller: 1})
            if feed.leave(listener) and self._feeds.get(workspace) is feed:
                del self._feeds[workspace]

    def need_room(self, caller: str) -> None:
        """Raises Full when this caller, or anybody, may open no more."""
        if self._open[caller] >= self._most_of_caller:
            raise Full(of_caller=True)
        if len(self._listeners) >= self._most:
            raise Full(of_caller=False)

    def close(self) -> None:
        """Every stream ends by itself, at once: the process stops."""
        self._closed = True
        for listener in self._listeners:
            listener.end(STOPPING)
