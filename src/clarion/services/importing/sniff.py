"""What a CSV file's bytes say about it: encoding, delimiter, header. Only a bounded sample is looked at."""

import codecs
import io
import re
from pathlib import Path

from charset_normalizer import from_bytes

from clarion.domain.csv_safe import restore
from clarion.domain.errors import BadFile
from clarion.services.importing.lines import open_text, records

WINDOWS = 8  # places looked at, evenly over the file: names with accents may come late
WINDOW = 64 * 1024  # bytes of each
DELIMITERS = ",;\t|"

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_FILES = {
    b"\xd0\xcf\x11\xe0": "is an old Excel file: save it as .xlsx or CSV",
    b"%PDF": "is a PDF: export the list as CSV",
    b"\x1f\x8b": "is compressed: unpack it first",
    b"PK\x03\x04": "is a zip file without an Excel sheet in it: unpack it first",
}
_LETTERS = "ªºÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿŒœŠšŽž"
_MARKS = "¡¿«»´’‘“”–—…€£°·"


def sniff_encoding(path: Path, name: str) -> str:
    """The encoding, as Python names it. Raises BadFile when the bytes are no text."""
    windows = _windows(path)
    with path.open("rb") as file:
        head = file.read(4_096)
    for magic, problem in _OTHER_FILES.items():
        if head.startswith(magic):
            raise BadFile(name, problem)
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding
    if utf16 := _utf16_without_bom(head):
        return utf16
    if _is_utf8(windows):
        return "utf-8"
    sample = b"\n".join(windows)
    if _is_western(sample):
        undefined = re.search(rb"[\x81\x8d\x8f\x90\x9d]", sample)
        return "latin-1" if undefined else "cp1252"
    found = from_bytes(sample[: 4 * WINDOW]).best()
    if found is None:
        raise BadFile(
            name, "its letters are in no encoding we can tell: save it as UTF-8, or name the encoding"
        )
    return found.encoding


def _windows(path: Path) -> list[bytes]:
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= WINDOWS * WINDOW:
            return [file.read()]
        windows = [file.read(WINDOW)]
        for n in range(1, WINDOWS):
            file.seek((size - WINDOW) * n // (WINDOWS - 1))
            windows.append(file.read(WINDOW))
        return [_whole_lines(window) for window in windows]


def _whole_lines(window: bytes) -> bytes:
    """Without the pieces at both ends, which may begin or end inside a character."""
    lines = window.splitlines(keepends=True)
    return b"".join(lines[1:-1]) if len(lines) > 2 else window


def _utf16_without_bom(head: bytes) -> str:
    """Every second byte of mostly Latin text is zero, and which one tells the order; a few NULs are faults."""
    if len(head) < 4:
        return ""
    even, odd = head[0::2].count(0) / len(head[0::2]), head[1::2].count(0) / len(head[1::2])
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.05 else ""


def _is_utf8(windows: list[bytes]) -> bool:
    """Whether the text is UTF-8, up to a broken byte here and there, which the import names by line."""
    text = "".join(window.decode("utf-8", "surrogateescape") for window in windows)
    bad = len(re.findall("[\udc80-\udcff]", text))
    good = len(re.findall("[^\x00-\x7f\udc80-\udcff]", text))
    return bad <= good


def _is_western(sample: bytes) -> bool:
    """Accented letters of western Europe stand alone between plain ones; Cyrillic or Chinese ones together."""
    runs = re.findall(rb"[\x80-\xff]+", sample)
    high = b"".join(runs).decode("cp1252", "replace")
    known = sum(c in _LETTERS or c in _MARKS for c in high)
    return bool(runs) and len(high) / len(runs) < 1.6 and known >= 0.9 * len(high)


def sniff_delimiter(path: Path, encoding: str) -> str:
    """The delimiter that cuts the first rows most evenly; a comma when there is only one column."""
    with path.open("rb") as file:
        text = open_text(io.BytesIO(file.read(WINDOW)), encoding).read()
    lines = text.splitlines()[:-1] or text.splitlines()
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        widths = [len(row) for row in _rows("\n".join(lines[:200]), delimiter) if row]
        usual = max(set(widths), key=widths.count, default=1)
        score = (round(widths.count(usual) / len(widths), 1), usual) if usual > 1 else (0.0, 0)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _rows(text: str, delimiter: str) -> list[list[str]]:
    buffer = open_text(io.BytesIO(text.encode("utf-8", "surrogateescape")), "utf-8")
    return [record.cells for record in records(buffer, delimiter)]


def is_header(cells: list[str]) -> bool:
    """Whether a first row names columns: it has letters, and nothing in it looks like a phone or an e-mail."""
    cells = [restore(cell).strip() for cell in cells]
    if not any(c.isalpha() for cell in cells for c in cell):
        return False
    return not any("@" in cell or sum(c.isdigit() for c in cell) >= 7 for cell in cells)
