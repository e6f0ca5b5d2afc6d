"""An Excel file's rows, read as a stream. A cell is the text a person sees as its value, not its formula."""

import datetime
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clarion.domain.errors import BadFile
from clarion.services.importing.lines import MAX_CELL, Record

MAX_TEXTS = 256 << 20  # bytes: the file's table of texts is the one part that cannot be streamed
MAX_UNPACKED = 8 << 30


def is_sheet(path: Path) -> bool:
    """Whether the file is an Excel workbook (.xlsx), whatever it is called."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return "xl/workbook.xml" in archive.namelist()


def choose_sheet(path: Path, name: str, wanted: str = "") -> str:
    """The sheet to read: the wanted one or the first visible one. Raises BadFile."""
    _check_size(path, name)
    book = _open(path, name)
    try:
        visible = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
    finally:
        book.close()
    if wanted and wanted not in visible:
        named = ", ".join(repr(title) for title in visible)
        raise BadFile(name, f"has no sheet {wanted!r}: choose one of {named}")
    if not visible:
        raise BadFile(name, "has no visible sheet")
    return wanted or visible[0]


def sheet_records(path: Path, name: str, sheet: str, *, width: int = 0) -> Iterator[Record]:
    """Every row of the sheet with its number, empty ones left out, filled up to `width` cells: Excel's rows end
    with their last value."""
    book = _open(path, name)
    try:
        rows = book[sheet]
        rows.reset_dimensions()  # what the file says about its size is often wrong, and would cut rows off
        for line, row in enumerate(rows.iter_rows(values_only=True), start=1):
            cells = [_text(value) for value in row]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                yield Record(line, cells + [""] * (width - len(cells)), _unusable(cells))
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise BadFile(name, f"cannot be read as an Excel file ({error}): save it again, or as CSV") from error
    finally:
        book.close()


def _open(path: Path, name: str) -> Any:
    import openpyxl  # large, and most files are not Excel's
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and validations, which are not ours to keep
            return openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (InvalidFileException, KeyError, ValueError, zipfile.BadZipFile, OSError) as error:
        raise BadFile(name, f"cannot be read as an Excel file ({error}): save it again, or as CSV") from error


def _check_size(path: Path, name: str) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
    texts = sum(part.file_size for part in parts if part.filename.endswith("sharedStrings.xml"))
    if texts > MAX_TEXTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise BadFile(name, "is too large unpacked for an Excel file: save it as CSV, which has no limit")


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 1e15:  # beyond it Excel itself has lost digits
            return str(int(value))
        case datetime.datetime() if value.time() == datetime.time():
            return value.date().isoformat()
        case datetime.date() | datetime.time():
            return value.isoformat()
    return str(value)


def _unusable(cells: list[str]) -> str:
    if any("\0" in cell for cell in cells):
        return "holds a NUL character"
    if any(len(cell) > MAX_CELL for cell in cells):
        return f"has a cell longer than {MAX_CELL:,} characters"
    return ""
