"""Judge a whole file and store nothing: what an import would say, as far as the file alone can tell."""

from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from clarion.domain.mapping import Columns
from clarion.services.importing.judge import Rules
from clarion.services.importing.reader import Job, read_batches
from clarion.services.importing.shape import FileShape

SHOWN = 100  # problems kept with their lines; the others are counted


@dataclass(frozen=True, slots=True)
class FileCheck:
    """`usable` rows have a phone number; duplicates and opted-out people among them only the import can tell."""

    rows: int
    usable: int
    corrected: int
    invalid: int
    problems: list[tuple[int, str]]  # line, problem: the first SHOWN


async def check_file(path: Path, shape: FileShape, columns: Columns, *, country: str = "") -> FileCheck:
    """Read and judge every row. Raises BadFile."""
    rules = Rules(columns.phone, columns.attributes, shape.width, country)
    counts: Counter[str] = Counter()
    problems: list[tuple[int, str]] = []
    async with aclosing(read_batches(Job(path, shape, rules, 0, 5_000))) as batches:
        async for batch in batches:
            good: list[list[Any]] = orjson.loads(batch.good)
            counts.update(
                usable=len(good), corrected=sum(bool(row[-1]) for row in good), invalid=batch.bad_count
            )
            if batch.bad_count and len(problems) < SHOWN:
                problems += [(line, problem) for line, problem, _ in orjson.loads(batch.bad)]
    rows = counts["usable"] + counts["invalid"]
    return FileCheck(rows, counts["usable"], counts["corrected"], counts["invalid"], problems[:SHOWN])
