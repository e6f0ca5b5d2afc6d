"""Outcomes the database could not take, one JSON line each, flushed to disk. Reading them twice changes nothing."""

import fcntl
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import structlog

from clarion.domain.sending import Accepted, Fault, FaultKind, NotSent, Outcome, Rejected, Unknown
from clarion.store.outbox.settle import Result

log = structlog.get_logger()

_KINDS: dict[str, type[Outcome]] = {kind.__name__: kind for kind in (Accepted, Rejected, NotSent, Unknown)}


class Journal:
    """A file of this process's own in `folder`, there only while it holds something.

    The kernel's lock on it ends with the process, however it ends: another one may then adopt what it left.
    """

    def __init__(self, folder: Path, worker: str) -> None:
        self._folder = folder
        self._path = folder / f"outcomes-{worker}.jsonl"
        self._file: IO[bytes] | None = None
        self._applied = self._read = 0  # bytes from the start

    def append(self, results: Sequence[Result]) -> None:
        """Keep these outcomes; returns after the bytes and the directory entry are on disk. Raises OSError."""
        if self._file is None:
            self._file = self._open()
        end = self._file.seek(0, os.SEEK_END)
        try:
            self._file.write(b"".join(json.dumps(_line(result)).encode() + b"\n" for result in results))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(end)  # half a line would spoil the next one
            raise

    def read(self) -> list[Result]:
        """Every outcome that is not `applied` yet."""
        if self._file is None:
            return []
        self._file.seek(self._applied)
        lines = self._file.read()
        self._read = self._applied + len(lines)
        return self._results(lines)

    def applied(self) -> None:
        """What was read last is in the database; what was added since stays."""
        self._applied = self._read
        if self._file is not None and self._file.seek(0, os.SEEK_END) == self._applied:
            self._path.unlink(missing_ok=True)
            self.close()

    def adopt(self) -> None:
        """Take over what processes that have ended left behind. Raises OSError."""
        for path in sorted(self._folder.glob("outcomes*.jsonl")):
            if path == self._path:
                continue
            with path.open("rb") as file:
                if not _lock(file):
                    continue
                results = self._results(file.read())
                if results:
                    self.append(results)
                path.unlink()

    def close(self) -> None:
        """Let go of the file; what is in it stays for whoever adopts it."""
        if self._file is not None:
            self._file.close()
            self._file, self._applied, self._read = None, 0, 0

    def _open(self) -> IO[bytes]:
        file = self._path.open("a+b")
        _lock(file)
        directory = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        return file

    def _results(self, lines: bytes) -> list[Result]:
        """A line that cannot be read (cut short by a crash) is set aside with an error."""
        results = []
        for number, line in enumerate(lines.splitlines(), start=1):
            try:
                results.append(_result(json.loads(line)))
            except (ValueError, KeyError, TypeError):
                log.error("journal.line_unreadable", line=number)
                with (self._folder / "outcomes.unreadable").open("ab") as aside:
                    aside.write(line + b"\n")
        return results


def _lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _line(result: Result) -> dict[str, Any]:
    return {
        "message": result.message_id,
        "attempt": result.attempt_id,
        "sender": result.sender_id,
        "outcome": type(result.outcome).__name__,
        "values": asdict(result.outcome),
    }


def _result(line: dict[str, Any]) -> Result:
    values = dict(line["values"])
    if "fault" in values:
        values["fault"] = Fault(**{**values["fault"], "kind": FaultKind(values["fault"]["kind"])})
    outcome = _KINDS[line["outcome"]](**values)
    return Result(line["message"], line["attempt"], outcome, line.get("sender", 0))
