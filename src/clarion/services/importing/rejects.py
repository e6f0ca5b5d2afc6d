"""The rows an import could not use, as a file to mend and import again."""

import csv
import io
from collections.abc import AsyncIterator
from typing import TextIO

from clarion.domain.csv_safe import protect, restore
from clarion.domain.mapping import OURS
from clarion.services.importing.shape import FileShape
from clarion.store import imports
from clarion.store.db import Database

_PAGE = 1_000


async def write_rejects(db: Database, import_id: int, out: TextIO, *, workspace: int = 1) -> int:
    """Write the invalid rows with line and problem before their cells; how many they were. Open `out` with
    newline=""."""
    written = -1  # the header
    async for rows, text in reject_rows(db, import_id, workspace=workspace):
        out.write(text)
        written += rows
    return written


async def reject_rows(db: Database, import_id: int, *, workspace: int = 1) -> AsyncIterator[tuple[int, str]]:
    """The invalid rows as pieces of a CSV file: how many lines, and their text.

    Duplicates and opted-out people are not in it: nothing in those rows can be mended. The columns are the
    file's own, so it is imported again with the same mapping.
    """
    async with db.reading() as tx:
        row = await imports.get(tx, workspace, import_id)
    shape = FileShape.from_json(row.shape)
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=shape.delimiter or ",")
    # In front, so that a row with too many cells can be seen, and mended, at its end.
    writer.writerow([*OURS, *map(protect, shape.header)])
    yield 1, text.getvalue()
    after = 0
    while True:
        async with db.reading() as tx:
            found = await imports.told(tx, import_id, verdict="invalid", after=after, limit=_PAGE)
        text.seek(0)
        text.truncate()
        for reject in found:
            padded = [*reject.raw, *[""] * (shape.width - len(reject.raw))]
            writer.writerow([reject.line, protect(reject.detail), *(protect(restore(c)) for c in padded)])
        if found:
            yield len(found), text.getvalue()
        if len(found) < _PAGE:
            return
        after = found[-1].line
