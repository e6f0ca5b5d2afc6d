"""The process that reads and judges a file, so that the one that sends keeps its core and its pace.

`read_batches` runs it: `python -m clarion.services.importing.reader`, a job on stdin, batches on stdout. It ends by
itself when nobody reads any more. Batches come as JSON text that goes to the database as it is.
"""

import asyncio
import contextlib
import gc
import os
import sys
from collections.abc import AsyncGenerator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from clarion.domain.errors import BadFile, ImportNotPossible
from clarion.services.importing.judge import Bad, Good, Rules, judge
from clarion.services.importing.shape import FileShape, rows

_MODULE = "clarion.services.importing.reader"
_NICE = 5  # below whoever sends


@dataclass(frozen=True, slots=True)
class Job:
    """What to read: lines after `cursor`, `batch` rows at a time."""

    path: Path
    shape: FileShape
    rules: Rules
    cursor: int
    batch: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Judged rows. `good` and `bad` are JSON arrays of the rows of `judge.Good` and `judge.Bad`."""

    cursor: int  # the last line in it
    good_count: int
    bad_count: int
    share: float  # of the file read so far, 0 when that is not known
    good: str
    bad: str


async def read_batches(job: Job) -> AsyncGenerator[Batch, None]:
    """Judge the file in a process of its own. Close it when you stop early.

    Raises BadFile, ImportNotPossible."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # the directory we are in is nobody's package
        "-m",
        _MODULE,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(_job_line(job))
        await process.stdin.drain()
        while head := await process.stdout.readline():
            note = orjson.loads(head)
            if "problem" in note:
                raise BadFile(job.path.name, note["problem"])
            if "end" in note:
                return
            good = await process.stdout.readexactly(note.pop("good"))
            bad = await process.stdout.readexactly(note.pop("bad"))
            yield Batch(**note, good=good.decode(), bad=bad.decode())
        raise _ended(job)
    except (asyncio.IncompleteReadError, BrokenPipeError, ConnectionResetError):
        raise _ended(job) from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.stdin.close()
        await process.wait()


def _ended(job: Job) -> ImportNotPossible:
    return ImportNotPossible(
        f"The process that read {job.path.name} was ended from outside: resume the import."
    )


def _job_line(job: Job) -> bytes:
    value = {**asdict(job), "path": str(job.path), "shape": job.shape.as_json()}
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def judged(job: Job) -> Iterator[Batch]:
    """The file's batches, in this process."""
    good: list[Good] = []
    bad: list[Bad] = []
    with rows(job.path, job.shape) as opened:
        records = opened.records
        if job.shape.has_header:
            next(records, None)
        line = job.cursor
        for record in records:
            if record.line <= job.cursor:
                continue
            line = record.line
            verdict = judge(record, job.rules)
            if isinstance(verdict, Good):
                good.append(verdict)
            elif verdict is not None:
                bad.append(verdict)
            if len(good) + len(bad) >= job.batch:
                yield _batch(line, good, bad, opened.position / opened.size if opened.size else 0)
                good, bad = [], []
        if good or bad:
            yield _batch(line, good, bad, 1)


def _batch(line: int, good: list[Good], bad: list[Bad], share: float) -> Batch:
    return Batch(line, len(good), len(bad), share, _json(good), _json(bad))


def _json(values: list[Good] | list[Bad]) -> str:
    return orjson.dumps([list(value) for value in values]).decode()


def main(stdin: BinaryIO, stdout: BinaryIO) -> None:
    """Read one job, write its batches: a line of JSON each, then as many bytes as it says."""
    value: dict[str, Any] = orjson.loads(stdin.readline())
    job = Job(
        Path(value["path"]),
        FileShape.from_json(value["shape"]),
        Rules(**value["rules"]),
        value["cursor"],
        value["batch"],
    )
    try:
        for batch in judged(job):
            good, bad = batch.good.encode(), batch.bad.encode()
            note = {
                "cursor": batch.cursor,
                "good_count": batch.good_count,
                "bad_count": batch.bad_count,
                "share": batch.share,
                "good": len(good),
                "bad": len(bad),
            }
            stdout.write(orjson.dumps(note, option=orjson.OPT_APPEND_NEWLINE) + good + bad)
            stdout.flush()
        last: dict[str, Any] = {"end": True}
    except (BadFile, OSError) as error:
        last = {"problem": error.problem if isinstance(error, BadFile) else str(error)}
    stdout.write(orjson.dumps(last, option=orjson.OPT_APPEND_NEWLINE))
    stdout.flush()


if __name__ == "__main__":
    os.nice(_NICE)
    gc.set_threshold(
        100_000
    )  # rows hold no cycles; looking for some in every batch costs a sixth of the time
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        main(sys.stdin.buffer, sys.stdout.buffer)
    # Nothing is left to write, and nobody to read it: Python would complain about a closed pipe at its end.
    os._exit(0)
