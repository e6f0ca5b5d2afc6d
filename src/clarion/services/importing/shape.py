"""How a file is to be read, found out once and kept with the import, so that a resumed one reads the same rows."""

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from clarion.domain.errors import BadFile
from clarion.domain.mapping import tidy_header
from clarion.services.importing import sheet, sniff
from clarion.services.importing.lines import Record, open_text, records

SAMPLE = 200  # rows looked at before anything is stored


@dataclass(frozen=True, slots=True)
class FileShape:
    """`header` names the columns; a file without one has them named by their numbers."""

    kind: str  # csv, xlsx
    header: tuple[str, ...]
    has_header: bool
    encoding: str = ""  # csv
    delimiter: str = ""  # csv
    sheet: str = ""  # xlsx

    @property
    def width(self) -> int:
        return len(self.header)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "FileShape":
        return cls(**{**value, "header": tuple(value["header"])})


@dataclass(frozen=True, slots=True)
class Hints:
    """What a person knows better than we can tell; "" and None mean: find out."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header: bool | None = None


def find_shape(path: Path, hints: Hints | None = None) -> tuple[FileShape, list[Record]]:
    """How to read the file, and its first rows. Raises BadFile."""
    hints = hints or Hints()
    shape = _without_header(path, hints)
    with rows(path, shape) as found:
        first = list(islice(found.records, SAMPLE + 1))
    if not first:
        raise BadFile(path.name, "is empty")
    has_header = sniff.is_header(first[0].cells) if hints.header is None else hints.header
    if has_header and first[0].problem:
        raise BadFile(path.name, f"line {first[0].line}, the header, {first[0].problem}")
    widest = max((len(record.cells) for record in first if not record.problem), default=0)
    header = tidy_header(first[0].cells) if has_header else [str(n + 1) for n in range(widest)]
    if not header:
        raise BadFile(path.name, "names no columns on its first line")
    return replace(shape, header=tuple(header), has_header=has_header), first[int(has_header) :][:SAMPLE]


def _without_header(path: Path, hints: Hints) -> FileShape:
    if not path.is_file():
        raise BadFile(str(path), "is not there, or not a file")
    if sheet.is_sheet(path):
        return FileShape("xlsx", (), has_header=False, sheet=sheet.choose_sheet(path, path.name, hints.sheet))
    encoding = hints.encoding or sniff.sniff_encoding(path, path.name)
    try:
        "".encode(encoding)
        codecs.getdecoder(encoding)(b"", "surrogateescape")  # some are for names of hosts, not for files
    except (LookupError, UnicodeError):
        raise BadFile(path.name, f"{encoding!r} is no encoding: use utf-8, cp1252 or another") from None
    delimiter = hints.delimiter or sniff.sniff_delimiter(path, encoding)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise BadFile(
            path.name, f"{delimiter!r} cannot separate columns: it must be one character, and no quote"
        )
    return FileShape("csv", (), has_header=False, encoding=encoding, delimiter=delimiter)


@dataclass(frozen=True, slots=True)
class Rows:
    """An open file's rows. `position` is how many of its `size` bytes were read; 0 of 0 when that is not known."""

    records: Iterator[Record]
    size: int
    _file: BinaryIO | None

    @property
    def position(self) -> int:
        return self._file.tell() if self._file else 0


@contextmanager
def rows(path: Path, shape: FileShape) -> Iterator[Rows]:
    """The file's rows, its header included."""
    if shape.kind == "xlsx":
        yield Rows(sheet.sheet_records(path, path.name, shape.sheet, width=shape.width), 0, None)
        return
    with path.open("rb") as file, open_text(file, shape.encoding) as text:
        yield Rows(records(text, shape.delimiter, width=shape.width), path.stat().st_size, file)
