"""Outcomes the database could not take, one JSON line each, flushed to disk. Reading them twice changes nothing."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog

from clarion.domain.sending import Accepted, Fault, FaultKind, NotSent, Outcome, Rejected, Unknown
from clarion.store.outbox.settle import Result

log = structlog.get_logger()

_KINDS: dict[str, type[Outcome]] = {kind.__name__: kind for kind in (Accepted, Rejected, NotSent, Unknown)}


class Journal:
    """An append-only file beside the data. `append` returns after the bytes and the directory entry are on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, results: Sequence[Result]) -> None:
        """Keep these outcomes."""
        fresh = not self._path.exists()
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(_line(result)) + "\n" for result in results)
            file.flush()
            os.fsync(file.fileno())
        if fresh:
            directory = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)

    def read(self) -> list[Result]:
        """Every outcome that can be read; a line that cannot (cut short by a crash) is set aside with an error."""
        if not self._path.exists():
            return []
        results = []
        for number, line in enumerate(self._path.read_text("utf-8", errors="replace").splitlines(), start=1):
            try:
                results.append(_result(json.loads(line)))
            except (ValueError, KeyError, TypeError):
                log.error("journal.line_unreadable", line=number)
                with self._path.with_suffix(".unreadable").open("a", encoding="utf-8") as aside:
                    aside.write(line + "\n")
        return results

    def clear(self) -> None:
        """Everything in it has been applied."""
        self._path.unlink(missing_ok=True)


def _line(result: Result) -> dict[str, Any]:
    return {
        "message": result.message_id,
        "attempt": result.attempt_id,
        "outcome": type(result.outcome).__name__,
        "values": asdict(result.outcome),
    }


def _result(line: dict[str, Any]) -> Result:
    values = dict(line["values"])
    if "fault" in values:
        values["fault"] = Fault(**{**values["fault"], "kind": FaultKind(values["fault"]["kind"])})
    return Result(line["message"], line["attempt"], _KINDS[line["outcome"]](**values))
