"""Group commit: one flush for many, each with its own results and its own fault."""

import asyncio
from collections.abc import Sequence

import pytest

from clarion.services.grouping import Grouping


async def test_those_who_come_during_a_flush_share_the_next_one() -> None:
    groups: list[list[int]] = []
    gate = asyncio.Event()

    async def flush(items: Sequence[int]) -> Sequence[int]:
        groups.append(list(items))
        await gate.wait()
        return [item * 10 for item in items]

    group = Grouping(flush)
    asked = [asyncio.create_task(group.submit([n, n + 100])) for n in range(5)]
    await asyncio.sleep(0.01)
    gate.set()
    assert [list(await each) for each in asked] == [[n * 10, (n + 100) * 10] for n in range(5)]
    assert len(groups) <= 2


async def test_a_flush_that_breaks_fails_its_own_submitters_only() -> None:
    async def flush(items: Sequence[int]) -> Sequence[int]:
        await asyncio.sleep(0.005)
        if 1 in items:
            raise OSError("disk")
        return items

    group = Grouping(flush, limit=1)
    first, second = asyncio.create_task(group.submit([1])), asyncio.create_task(group.submit([2]))
    with pytest.raises(OSError, match="disk"):
        await first
    assert list(await second) == [2]


async def test_whoever_gives_up_waiting_does_not_harm_the_others() -> None:
    async def flush(items: Sequence[int]) -> Sequence[int]:
        await asyncio.sleep(0.01)
        return items

    group = Grouping(flush)
    given_up = asyncio.create_task(group.submit([1]))
    kept = asyncio.create_task(group.submit([2]))
    await asyncio.sleep(0.002)
    given_up.cancel()
    assert list(await kept) == [2]


async def test_no_group_is_larger_than_the_limit_unless_one_asks_for_more() -> None:
    sizes: list[int] = []

    async def flush(items: Sequence[int]) -> Sequence[int]:
        sizes.append(len(items))
        await asyncio.sleep(0)
        return items

    group = Grouping(flush, limit=10)
    await asyncio.gather(*(group.submit([0] * 4) for _ in range(10)), group.submit([0] * 25))
    assert max(sizes) == 25
    assert all(size <= 10 for size in sizes if size != 25)
