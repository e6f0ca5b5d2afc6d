"""A CSV file as records, one at a time, in constant memory. A broken record never takes its neighbours along."""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

MAX_LINE = 1 << 20  # characters: a longer line is not a row
MAX_CELL = 131_072  # characters, the csv module's own limit
MAX_ROW_LINES = 200  # a quoted cell over more lines than this is a quote somebody forgot to close
KEPT = 1_000  # characters kept of each cell of a row that cannot be read

_UNCLOSED = "has a quote that is opened and never closed"
_DAMAGED = re.compile("[\ud800-\udfff\ufffd]")


class Record(NamedTuple):
    """One row: the line it begins on (counted from 1), its cells, and why it is unusable ("" = it is fine)."""

    line: int
    cells: list[str]
    problem: str = ""


class _Long(Exception):
    pass


class _Unclosed(Exception):
    pass


def open_text(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """The file as text; bytes that are not of the encoding are marked for `records` to find."""
    # UTF-16 has no way to carry single bytes along, so there they become U+FFFD.
    errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
    return io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="")


def records(text: io.TextIOWrapper, delimiter: str, *, width: int = 0) -> Iterator[Record]:
    """Every row, blank lines left out. `width`: a row over several lines must have so many cells (0 = any).

    A row that cannot be read is given with its problem, and reading goes on with the line after its first:
    an unclosed quote costs one row, not the rest of the file.
    """
    lines = _Lines(text)
    rows = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        line = lines.begin()
        try:
            cells = next(rows)
            problem = ""
        except StopIteration:
            return
        except _Long:
            cells, problem = [], f"is longer than {MAX_LINE:,} characters"
        except _Unclosed:
            cells, problem = [], _UNCLOSED
        except csv.Error as error:
            cells, problem = [], _UNCLOSED if len(lines.taken) > 1 else _explain(str(error))
        if not problem and len(lines.taken) > 1 and width and len(cells) != width:
            problem = _UNCLOSED
        problem = problem or _unreadable(lines.taken, text.encoding)
        if problem:
            cells = _salvage(lines.keep_first(), delimiter)
        elif not cells:
            continue
        yield Record(line, cells, problem)


class _Lines:
    """The file's lines for the csv module, which takes as many as a row needs; a row's lines can be given back."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self._number = 0
        self.taken: list[str] = []

    def begin(self) -> int:
        """A new row begins: the number of its first line."""
        self.taken = []
        return self._number + 1

    def keep_first(self) -> str:
        """Give back all lines of the row but the first, which is returned."""
        self._again.extendleft(reversed(self.taken[1:]))
        self._number -= len(self.taken) - 1
        return self.taken[0]

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if len(self.taken) == MAX_ROW_LINES:
            raise _Unclosed
        line = self._again.popleft() if self._again else self._read()
        if not line:
            raise StopIteration
        self._number += 1
        self.taken.append(line)
        if _is_cut(line):
            raise _Long
        return line

    def _read(self) -> str:
        line = rest = self._text.readline(MAX_LINE)
        while _is_cut(rest):
            rest = self._text.readline(MAX_LINE)
        return line


def _is_cut(line: str) -> bool:
    return len(line) == MAX_LINE and line[-1] not in "\r\n"


def _explain(error: str) -> str:
    if "field larger" in error:
        return f"has a cell longer than {MAX_CELL:,} characters"
    if "unexpected end" in error:
        return _UNCLOSED
    return 'has text after a closing quote: write quotes inside a quoted cell twice ("")'


def _unreadable(lines: list[str], encoding: str) -> str:
    for line in lines:
        if "\0" in line:
            return "holds a NUL character"
        if not line.isascii() and (found := _DAMAGED.search(line)):
            if "\udc80" <= found[0] <= "\udcff":
                byte = ord(found[0]) - 0xDC00
                return f"cannot be read as {encoding}: byte 0x{byte:02x} at character {found.start() + 1}"
            return f"holds a character that was damaged before ({found[0]!r} at {found.start() + 1})"
    return ""


def _salvage(line: str, delimiter: str) -> list[str]:
    """What can be shown of a broken row, for a person to mend."""
    line = _DAMAGED.sub("\ufffd", line).replace("\0", "\ufffd").rstrip("\r\n")
    try:
        cells = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        cells = line.split(delimiter)
    return [cell if len(cell) <= KEPT else f"{cell[:KEPT]}…" for cell in cells]
