"""Every usual kind of file, and the unusual ones said clearly."""

from pathlib import Path

import openpyxl
import pytest

from clarion.domain.errors import BadFile, BadMapping
from clarion.services.importing.shape import Hints, find_shape
from clarion.services.importing.start import inspect

TEXT = "nome;telefone;cidade\nJosé;41991234567;São Paulo\nÂngela;(41) 99123-4568;Maceió\n"


def _write(folder: Path, content: bytes) -> Path:
    path = folder / "people.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_R02_encoding_delimiter_and_line_ends_are_found_out(
    tmp_path: Path, encoding: str, delimiter: str, end: str
) -> None:
    content = TEXT.replace(";", delimiter).replace("\n", end).encode(encoding)
    shape, sample = find_shape(_write(tmp_path, content))
    assert shape.header == ("nome", "telefone", "cidade")
    assert [record.cells for record in sample] == [
        ["José", "41991234567", "São Paulo"],
        ["Ângela", "(41) 99123-4568", "Maceió"],
    ]


def test_R02_a_late_accent_decides_the_encoding_too(tmp_path: Path) -> None:
    plain = "nome;telefone\n" + "Ana;41991234567\n" * 60_000
    shape, _ = find_shape(_write(tmp_path, (plain + "José;41991234568\n" * 5_000).encode("cp1252")))
    assert shape.encoding == "cp1252"


def test_R02_other_scripts_are_left_to_charset_normalizer(tmp_path: Path) -> None:
    content = "имя,телефон\n" + "Иван Петров,+79161234567\nМария Сидорова,+79161234568\n" * 20
    shape, sample = find_shape(_write(tmp_path, content.encode("cp1251")))
    assert shape.header == ("имя", "телефон")
    assert sample[0].cells[0] == "Иван Петров"


def test_R02_utf8_with_one_broken_byte_stays_utf8(tmp_path: Path) -> None:
    content = TEXT.encode() + b"Jos\xe9;41991234569;X\n"
    shape, sample = find_shape(_write(tmp_path, content))
    assert shape.encoding == "utf-8"
    assert (sample[2].line, sample[2].problem) == (4, "cannot be read as utf-8: byte 0xe9 at character 4")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"\n\r\n", "is empty"),
        (b"%PDF-1.7 ...", "is a PDF"),
        (b"\xd0\xcf\x11\xe0...", "is an old Excel file"),
        (b"\x1f\x8b...", "is compressed"),
        (b"PK\x03\x04...", "is a zip file without an Excel sheet"),
        (
            b'name,"phone\nAna,41991234567\n',
            "line 1, the header, has a quote that is opened and never closed",
        ),
    ],
)
def test_a_file_that_is_no_list_is_refused_whole(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(BadFile, match=problem):
        find_shape(_write(tmp_path, content))


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"nothing\.csv: is not there"):
        find_shape(tmp_path / "nothing.csv")


def test_hints_outweigh_what_was_found(tmp_path: Path) -> None:
    path = _write(tmp_path, TEXT.encode())
    assert find_shape(path, Hints(header=False))[0].header == ("1", "2", "3")
    assert find_shape(path, Hints(encoding="latin-1"))[1][0].cells[0] == "JosÃ©"
    with pytest.raises(BadFile, match="'nope' is no encoding"):
        find_shape(path, Hints(encoding="nope"))
    with pytest.raises(BadFile, match="must be one character"):
        find_shape(path, Hints(delimiter=";;"))


def test_a_file_of_bare_numbers_has_no_header(tmp_path: Path) -> None:
    shape, sample = find_shape(_write(tmp_path, b"41991234567\n41991234568\n"))
    assert (shape.has_header, shape.header, len(sample)) == (False, ("1",), 2)


async def test_an_inspection_guesses_the_mapping_or_says_why_not(tmp_path: Path) -> None:
    path = _write(tmp_path, TEXT.encode())
    found = await inspect(path, country="br")
    assert found.guessed == {"phone": "telefone", "name": "nome", "city": "cidade"}
    none = await inspect(path)
    assert none.guessed is None
    assert "give a default country" in none.doubt
    with pytest.raises(BadMapping, match="'Brasil' is not a country"):
        await inspect(path, country="Brasil")


def test_an_excel_sheet_is_read_as_its_text(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("People", 0)
    sheet.append(["nome", "telefone", "valor"])
    sheet.append(["José", 5541991234567, 1.5])
    sheet.append([])
    sheet.append(["Ana", 5541991234568.0])
    book.create_sheet("Hidden", 0).sheet_state = "hidden"
    path = tmp_path / "people.xlsx"
    book.save(path)
    shape, sample = find_shape(path)
    assert (shape.kind, shape.sheet) == ("xlsx", "People")
    assert [(r.line, r.cells) for r in sample] == [
        (2, ["José", "5541991234567", "1.5"]),
        (4, ["Ana", "5541991234568"]),
    ]
    with pytest.raises(BadFile, match="has no sheet 'Hidden': choose one of 'People', 'Sheet'"):
        find_shape(path, Hints(sheet="Hidden"))


def test_a_broken_excel_file_is_refused(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    path = tmp_path / "people.xlsx"
    book.save(path)
    path.write_bytes(path.read_bytes()[:-200] + b"\0" * 200)
    with pytest.raises(BadFile):
        find_shape(path)
