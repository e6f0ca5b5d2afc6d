"""The embedded engine: wakes coalesce, one worker per lane, and a lane that broke is tried again."""

import asyncio

from clarion.workers.wake import InProcess, Run


class Lane:
    """A lane body that counts its runs and can be held up."""

    def __init__(self, *answers: int | Exception | None) -> None:
        self.answers = list(answers)
        self.runs = self.together = self.most = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def run(self, news: asyncio.Event) -> int | None:
        self.runs += 1
        self.together += 1
        self.most = max(self.most, self.together)
        await self.gate.wait()
        self.together -= 1
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


def engine(lane: Lane) -> InProcess:
    def find(name: str) -> Run | None:
        return lane.run if name == "known" else None

    return InProcess(find)


async def soon() -> None:
    for _ in range(5):
        await asyncio.sleep(0.002)


async def test_many_wakes_while_a_lane_works_are_one_more_look() -> None:
    lane = Lane()
    lane.gate.clear()
    waker = engine(lane)
    waker.wake("known")
    await soon()
    for _ in range(100):
        waker.wake("known")
    lane.gate.set()
    await soon()
    assert (lane.runs, lane.most) == (2, 1)
    assert waker.awake() == []


async def test_a_lane_is_looked_at_again_when_it_said_more_would_be_due() -> None:
    lane = Lane(5_000, None)
    engine(lane).wake("known")
    await asyncio.sleep(0.05)
    assert lane.runs == 2


async def test_the_earliest_of_several_later_looks_counts() -> None:
    lane = Lane()
    waker = engine(lane)
    waker.wake("known", after=10_000_000)
    waker.wake("known", after=5_000)
    waker.wake("known", after=20_000_000)
    await asyncio.sleep(0.05)
    assert lane.runs == 1
    await waker.stop()


async def test_a_lane_that_broke_is_tried_again() -> None:
    lane = Lane(RuntimeError("database away"), None)
    engine(lane).wake("known")
    await asyncio.sleep(1.0)
    assert lane.runs == 2


async def test_an_unknown_lane_harms_nobody() -> None:
    lane = Lane()
    waker = engine(lane)
    waker.wake("unknown")
    waker.wake("known")
    await soon()
    assert lane.runs == 1


async def test_after_the_stop_nothing_starts() -> None:
    lane = Lane()
    lane.gate.clear()
    waker = engine(lane)
    waker.wake("known")
    await soon()
    stopping = asyncio.create_task(waker.stop(grace=5))
    await soon()
    waker.wake("known")
    lane.gate.set()
    await stopping
    assert lane.runs == 1
