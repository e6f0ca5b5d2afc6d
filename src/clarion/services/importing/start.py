"""Look at a file, and begin its import. Nothing is stored before file and mapping are known to fit."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from clarion.domain.contact import check_country
from clarion.domain.errors import BadFile, BadMapping, ImportNotPossible
from clarion.domain.mapping import Columns, check_mapping, guess_mapping
from clarion.services.importing.judge import Rules
from clarion.services.importing.lines import Record
from clarion.services.importing.shape import FileShape, Hints, find_shape
from clarion.store import imports, lists
from clarion.store.db import Database


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file looks like. `guessed` is None when no column looks like phone numbers; `doubt` says why."""

    shape: FileShape
    sample: Sequence[Record]
    guessed: dict[str, str] | None
    doubt: str = ""


async def inspect(path: Path, *, country: str = "", hints: Hints | None = None) -> Inspection:
    """Find out how to read the file and what its columns hold. Stores nothing. Raises BadFile, BadMapping."""
    country = _country(country)

    def look() -> Inspection:
        shape, sample = find_shape(path, hints)
        cells = [record.cells for record in sample if not record.problem]
        try:
            return Inspection(shape, sample, guess_mapping(shape.header, cells, country))
        except BadMapping as error:
            return Inspection(shape, sample, None, str(error))

    return await asyncio.to_thread(look)


def fit(
    path: Path,
    found: Inspection,
    mapping: Mapping[str, str],
    *,
    required: Sequence[str] = (),
    keep_rest: bool = False,
) -> Columns:
    """Where the mapped columns stand; `required` variables must be among them. Raises BadMapping, BadFile."""
    columns = check_mapping(mapping, found.shape.header, required=required, keep_rest=keep_rest)
    width = found.shape.width
    ragged = [r.line for r in found.sample if not r.problem and not _fits(r.cells, width, found.shape.kind)]
    if len(ragged) > len(found.sample) / 2:
        shown = ", ".join(str(line) for line in ragged[:5])
        raise BadFile(
            path.name,
            f"most rows do not have the header's {width} columns (lines {shown} ...), separated by "
            f"{found.shape.delimiter!r}: name the right delimiter, or mend the file",
        )
    return columns


def _fits(cells: Sequence[str], width: int, kind: str) -> bool:
    return (kind == "xlsx" or len(cells) >= width) and not any(cell.strip() for cell in cells[width:])


async def start_import(
    db: Database,
    *,
    workspace: int,
    path: Path,
    list_name: str,
    mapping: Mapping[str, str],
    country: str = "",
    required: Sequence[str] = (),
    keep_rest: bool = False,
    overwrite_blanks: bool = False,
    hints: Hints | None = None,
    name: str = "",
    upload_id: int = 0,
    digest: str = "",
) -> int:
    """The id of an import of the file into the list, which is made if it is new; `run_import` does the work.

    Repeating it while the import of the same bytes is unfinished gives the same id, so that it goes on where it
    stood. `name` is what the operator calls the file. With an upload the engine does the work (importing/turns.py);
    its digest is known. Raises BadFile, BadMapping, ImportNotPossible.
    """
    path, country = _absolute(path), _country(country)
    found = await inspect(path, country=country, hints=hints)
    columns = fit(path, found, mapping, required=required, keep_rest=keep_rest)
    rules = Rules(columns.phone, columns.attributes, found.shape.width, country, overwrite_blanks)
    digest = digest or await asyncio.to_thread(file_digest, path)
    async with db.transaction() as tx:
        list_id = await lists.ensure(tx, workspace, list_name)
        await lists.lock(tx, list_id)  # one import at a time fills a list
        held = await imports.running_on(tx, list_id)
        if held is not None:
            same = Rules(**held.mapping) == rules and FileShape.from_json(held.shape) == found.shape
            if same and held.digest == digest and bool(held.upload_id) == bool(upload_id):
                return int(held.id)
            raise ImportNotPossible(
                f"Import {held.id} of {held.name!r} into list {list_name!r} is not finished: "
                + (
                    "wait until it is, or stop it."
                    if held.upload_id
                    else f"go on with `clarion import resume {held.id}` or end it with "
                    f"`clarion import stop {held.id}`."
                )
            )
        return await imports.insert(
            tx,
            {
                "workspace_id": workspace,
                "list_id": list_id,
                "file": str(path),
                "name": name or path.name,
                "digest": digest,
                "shape": found.shape.as_json(),
                "mapping": asdict(rules),
                "country": country,
                "status": "running",
                "upload_id": upload_id,
            },
        )


def file_digest(path: Path) -> str:
    """SHA-256 of the file's bytes, in hex. Raises BadFile."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadFile(str(path), f"cannot be read: {error.strerror}") from None


def _absolute(path: Path) -> Path:
    return path.absolute()  # asks only for the current directory, which is known


def _country(country: str) -> str:
    try:
        return check_country(country)
    except ValueError as error:
        raise BadMapping([str(error)]) from None
