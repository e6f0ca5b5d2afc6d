"""R01: memory does not grow with the file."""

from contextlib import aclosing
from pathlib import Path

import psutil

from clarion.services.importing.judge import Rules
from clarion.services.importing.reader import Job, read_batches
from clarion.services.importing.shape import find_shape


async def _rss(path: Path) -> tuple[int, int, int]:
    """The reader's memory after its first batch and at its highest, and the rows it judged."""
    shape, _ = find_shape(path)
    others = {child.pid for child in psutil.Process().children(recursive=True)}  # the tests' own PostgreSQL
    first = highest = rows = 0
    async with aclosing(read_batches(Job(path, shape, Rules(0, {"note": 1}, 2), 0, 5_000))) as batches:
        async for batch in batches:
            children = psutil.Process().children(recursive=True)
            held = sum(child.memory_info().rss for child in children if child.pid not in others)
            first = first or held
            highest = max(highest, held)
            rows += batch.good_count + batch.bad_count
    return first, highest, rows


async def test_R01_memory_stays_level_over_a_long_file(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("w") as file:
        file.write("phone,note\n")
        for n in range(150_000):
            file.write(f"+55119{60_000_000 + n},{'x' * 200}\n")
    first, highest, rows = await _rss(path)
    assert rows == 150_000
    assert highest - first < 16 << 20
    assert highest < 200 << 20


async def test_R01_memory_stays_level_over_one_endless_line(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    with path.open("w") as file:
        file.write("phone,note\n+5511960000000,a\n")
        for _ in range(100):
            file.write("x" * (1 << 20))
        file.write("\n+5511960000001,b\n")
    _, highest, rows = await _rss(path)
    assert rows == 3  # two people, and one row that is too long
    assert highest < 200 << 20
