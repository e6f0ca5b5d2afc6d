"""The embedded engine: one task per awake lane, in this process. Wakes coalesce; the sweep finds what they miss."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from clarion.services.ports import UNWATCHED, Meters

log = structlog.get_logger()

Run = Callable[[asyncio.Event], Awaitable[int | None]]
"""A lane's body: works until nothing is due; the event says there is news; returns microseconds until more is due."""

_FIRST_RETRY, _LAST_RETRY = 0.5, 30.0  # seconds after a lane broke


@dataclass(slots=True)
class _Lane:
    run: Run
    news: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    timer: asyncio.TimerHandle | None = None
    retry: float = _FIRST_RETRY


class InProcess:
    """A Waker that runs lanes itself. `find(lane)` gives a lane's body, or None for a name it does not know."""

    def __init__(self, find: Callable[[str], Run | None], *, meters: Meters = UNWATCHED) -> None:
        self._find, self._meters = find, meters
        self._lanes: dict[str, _Lane] = {}
        self._stopped = False

    def wake(self, lane: str, *, after: int = 0) -> None:
        """Have the lane looked at in `after` microseconds; an earlier look that is planned already stands."""
        held = self._lanes.get(lane)
        if held is None:
            run = self._find(lane)
            if run is None:
                log.error("lane.unknown", lane=lane)
                return
            held = self._lanes[lane] = _Lane(run)
        if self._stopped:
            return
        if after > 0:
            self._later(lane, held, after / 1_000_000)
            return
        held.news.set()
        if held.task is None:
            self._start(lane, held)

    def awake(self) -> list[str]:
        """The lanes that are working right now."""
        return [name for name, lane in self._lanes.items() if lane.task is not None]

    async def stop(self, *, grace: float = 30.0) -> None:
        """Start no more lanes and wait for those running; whoever is not done after `grace` seconds is cancelled."""
        self._stopped = True
        tasks = []
        for lane in self._lanes.values():
            if lane.timer is not None:
                lane.timer.cancel()
            lane.news.set()
            if lane.task is not None:
                tasks.append(lane.task)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _later(self, name: str, lane: _Lane, delay: float) -> None:
        loop = asyncio.get_running_loop()
        when = loop.time() + delay
        if lane.timer is not None and not lane.timer.cancelled():
            if lane.timer.when() <= when:
                return
            lane.timer.cancel()
        lane.timer = loop.call_at(when, self._ring, name, lane)

    def _ring(self, name: str, lane: _Lane) -> None:
        lane.timer = None
        self.wake(name)

    def _start(self, name: str, lane: _Lane) -> None:
        lane.task = asyncio.create_task(self._work(name, lane), name=f"lane {name}")

    async def _work(self, name: str, lane: _Lane) -> None:
        lane.news.clear()
        due: int | None = None
        kind, result = name.partition(":")[0], "done"
        try:
            due = await self._run(kind, name, lane)
            lane.retry = _FIRST_RETRY
        except Exception:
            result = "broke"
            log.exception("lane.broke", lane=name, retry_s=lane.retry)
            due = int(lane.retry * 1_000_000)
            lane.retry = min(lane.retry * 2, _LAST_RETRY)
        finally:
            lane.task = None
        self._meters.add("clarion_lane_runs_total", 1, kind, result)
        if self._stopped:
            return
        if lane.news.is_set():
            self._start(name, lane)
        elif due is not None:
            self.wake(name, after=max(due, 1_000))

    async def _run(self, kind: str, name: str, lane: _Lane) -> int | None:
        if kind == "send":  # it lasts as long as its sender has work: each of its requests is a span
            return await lane.run(lane.news)
        with self._meters.span(f"lane.{kind}", lane=name):
            return await lane.run(lane.news)
