"""Imports end to end, on both databases: verdicts, resuming, rejects."""

import asyncio
import csv
import io
import os
import signal
import sys
from pathlib import Path

import openpyxl
import psutil
import pytest

from clarion.domain.errors import BadFile, BadMapping, ImportNotPossible
from clarion.services import contacts
from clarion.services.importing import overview
from clarion.services.importing.check import check_file
from clarion.services.importing.rejects import write_rejects
from clarion.services.importing.run import Progress, import_batch, import_result, run_import, stop_import
from clarion.services.importing.start import fit, inspect, start_import
from clarion.store.db import Database
from tests.importing.conftest import Import

MAPPING = {"phone": "phone", "name": "name"}


async def _told(db: Database, import_id: int) -> list[tuple[int, str, str]]:
    return [(r.line, r.verdict, r.detail) for r in await overview.told_rows(db, import_id, limit=10_000)]


async def _names(db: Database) -> dict[str, str]:
    return {
        c.address: c.attributes.get("name", "")
        for c in await contacts.list_contacts(db, list_name="l", limit=9999)
    }


async def _nothing_stored(db: Database) -> bool:
    async with db.reading() as tx:
        return not any(
            [await tx.scalar(f"SELECT count(*) FROM {t}") for t in ("contacts", "lists", "imports")]
        )


def _people(rows: int) -> str:
    """Good, repeated, corrected and useless rows, all over the file."""
    lines = ["name,phone"]
    for n in range(rows):
        phone = f"+55119{60_000_000 + n}"
        if n % 7 == 3:
            phone = f"11 {61_000_000 + n}"  # without the ninth digit
        elif n % 11 == 5:
            phone = f"+55119{60_000_000 + n - n % 100}"  # somebody earlier
        elif n % 13 == 7:
            phone = "5.54199E+12"
        lines.append(f"P{n},{phone}")
    return "\n".join(lines) + "\n"


# --- verdicts ---------------------------------------------------------------------------------------------


async def test_R03_every_row_gets_a_verdict_and_the_useless_ones_a_reason(
    db: Database, import_file: Import
) -> None:
    numbers = [
        "+55 (41) 99123-4567",
        "0055 41 99123-4568",
        "41 9123-4569",
        "5.54199E+12",
        "٤١٩٩١٢٣٤٥٦٧",
        "9" * 30,
        "",
    ]
    result = await import_file("name;phone\n" + "".join(f"P{n};{text}\n" for n, text in enumerate(numbers)))
    assert (result.rows, result.accepted, result.corrected, result.invalid) == (7, 2, 1, 4)
    assert [(line, verdict) for line, verdict, _ in await _told(db, result.id)] == [
        (4, "corrected"),
        (5, "invalid"),
        (6, "invalid"),
        (7, "invalid"),
        (8, "invalid"),
    ]
    assert await _names(db) == {"+5541991234567": "P0", "+5541991234568": "P1", "+5541991234569": "P2"}


async def test_R04_same_person_in_five_spellings_is_one_contact(db: Database, import_file: Import) -> None:
    spellings = ["+5541991234567", "(41) 99123-4567", "41 9123-4567", "0041991234567"[1:], "55 41 9123 4567"]
    result = await import_file("name,phone\n" + "".join(f"P{n},{text}\n" for n, text in enumerate(spellings)))
    assert (result.accepted, result.duplicate) == (1, 4)
    assert await _told(db, result.id) == [(n, "duplicate", "duplicate of line 2") for n in range(3, 7)]
    assert await _names(db) == {"+5541991234567": "P0"}  # the first row won


async def test_R04_a_duplicate_far_away_names_the_first_line(db: Database, import_file: Import) -> None:
    far = "".join(f"P{n},+55119{60_000_000 + n}\n" for n in range(6_000))
    again = "late,11 60000000\nlater,+5511960000000\n"
    result = await import_file(f"name,phone\n{far}{again}")
    assert (result.accepted, result.duplicate) == (6_000, 2)
    assert await _told(db, result.id) == [
        (6_002, "duplicate", "duplicate of line 2"),
        (6_003, "duplicate", "duplicate of line 2"),
    ]


async def test_people_who_opted_out_are_told_and_not_stored(db: Database, import_file: Import) -> None:
    await contacts.opt_out(db, "+5541991234567", source="reply")
    result = await import_file("name,phone\nAna,41 9123-4567\nAna,+5541991234567\nBia,+5541991234568\n")
    assert (result.opted_out, result.accepted, result.duplicate) == (2, 1, 0)
    assert await _told(db, result.id) == [
        (2, "opted_out", "opted out: reply"),
        (3, "opted_out", "opted out: reply"),
    ]
    assert await _names(db) == {"+5541991234568": "Bia"}


async def test_a_later_import_wins_and_blank_cells_erase_nothing(db: Database, import_file: Import) -> None:
    await import_file("name,phone,city\nAna,+5541991234567,Curitiba\n", keep_rest=True)
    await import_file("name,phone,city\n,+5541991234567,Lapa\n", keep_rest=True)
    assert (await contacts.find_contact(db, "+5541991234567")).attributes == {"name": "Ana", "city": "Lapa"}
    await import_file("name,phone,city\n,+5541991234567,Lapa\n", keep_rest=True, overwrite_blanks=True)
    assert (await contacts.find_contact(db, "+5541991234567")).attributes == {"name": "", "city": "Lapa"}


async def test_columns_nothing_is_mapped_to_are_left_out_unless_kept(
    db: Database, import_file: Import
) -> None:
    await import_file("name,phone,cpf\nAna,+5541991234567,1\n")
    assert (await contacts.find_contact(db, "+5541991234567")).attributes == {"name": "Ana"}


async def test_language_and_timezone_go_to_their_own_columns(db: Database, import_file: Import) -> None:
    content = "name,phone,language,tz\nAna,+5541991234567,pt_BR,America/Sao_Paulo\nBia,+5541991234568,pt,Mars/Base\n"
    result = await import_file(content, mapping={**MAPPING, "language": "language", "timezone": "tz"})
    found = await contacts.find_contact(db, "+5541991234567")
    assert (found.language, found.timezone) == ("pt_BR", "America/Sao_Paulo")
    assert result.invalid == 1
    assert "timezone 'Mars/Base' does not exist" in (await _told(db, result.id))[0][2]


async def test_R02_good_rows_survive_their_neighbours_and_each_bad_row_is_named(
    db: Database, import_file: Import
) -> None:
    rows = [
        b"P2,+5511960000002",
        b'P3,"+5511960000003',  # never closed
        b"P4,+5511960000004",
        b"P5,+5511960000005\0",
        b"P" + b"6" * 200_000 + b",+5511960000006",
        b"P7,+5511960000007,more",
        b"P8",
        b"P9,+5511960000009,,",
        '"Zoë\nLine",+5511960000010'.encode(),
        b"Jos\xe9,+5511960000011",
        b'"P" 13,+5511960000013',
        b"P14,+5511960000014",
    ]
    result = await import_file(b"name,phone\n" + b"\n".join(rows))
    assert await _names(db) == {
        "+5511960000002": "P2",
        "+5511960000004": "P4",
        "+5511960000009": "P9",
        "+5511960000010": "Zoë\nLine",
        "+5511960000014": "P14",
    }
    assert await _told(db, result.id) == [
        (3, "invalid", "the row has a quote that is opened and never closed"),
        (5, "invalid", "the row holds a NUL character"),
        (6, "invalid", "the row has a cell longer than 131,072 characters"),
        (7, "invalid", "the row has 3 cells where the header has 2: look for a stray delimiter"),
        (8, "invalid", "the row has 1 cells where the header has 2"),
        (12, "invalid", "the row cannot be read as utf-8: byte 0xe9 at character 4"),
        (
            13,
            "invalid",
            'the row has text after a closing quote: write quotes inside a quoted cell twice ("")',
        ),
    ]


async def test_an_excel_file_is_imported_like_a_csv(db: Database, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("People", 0)
    for row in (["phone", "name"], [41991234567, "Ana"], ["41 9123-4568"], ["5.5E+12", "x"]):
        sheet.append(row)
    path = tmp_path / "people.xlsx"
    book.save(path)
    result = await run_import(
        db,
        await start_import(db, workspace=1, path=path, list_name="l", mapping=MAPPING, country="BR"),
    )
    assert (result.accepted, result.corrected, result.invalid) == (1, 1, 1)
    assert await _names(db) == {"+5541991234567": "Ana", "+5541991234568": ""}


# --- nothing is stored before the file fits ---------------------------------------------------------------


async def test_a_column_mismatch_is_named_before_anything_is_stored(
    db: Database, import_file: Import
) -> None:
    with pytest.raises(BadMapping, match=r"column 'fone' .* is not in the file: the nearest is 'phone'"):
        await import_file("name,phone\nAna,1\n", mapping={"phone": "fone"})
    with pytest.raises(BadMapping, match="variable 'city' has no column"):
        await import_file("name,phone\nAna,1\n", required=["name", "city"])
    with pytest.raises(
        BadFile, match=r"most rows do not have the header's 2 columns \(lines 2, 3, 4 \.\.\.\)"
    ):
        await import_file("name,phone\na,b,c\na,b,c\na,b,c\na,b\n")
    assert await _nothing_stored(db)


async def test_checking_a_file_stores_nothing(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("name,phone\nAna,41 9123-4567\nBia,x\nCy,+5541991234568\n")
    found = await inspect(path, country="BR")
    checked = await check_file(path, found.shape, fit(path, found, MAPPING), country="BR")
    assert (checked.rows, checked.usable, checked.corrected, checked.invalid) == (3, 2, 1, 1)
    assert checked.problems == [(3, "phone 'x' has 'x', which is not part of a phone number")]
    assert await _nothing_stored(db)


async def test_a_campaigns_variables_and_saved_mappings_are_found_by_name(db: Database) -> None:
    await overview.keep_mapping(db, "crm", {"phone": "a"})
    await overview.keep_mapping(db, "crm", {"phone": "b"})
    assert await overview.load_mapping(db, "crm") == {"phone": "b"}


# --- stopping anywhere ------------------------------------------------------------------------------------


async def test_R01_a_killed_import_goes_on_and_ends_with_the_same_books(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(_people(40_000))
    expected = await run_import(
        db, await start_import(db, workspace=1, path=path, list_name="whole", mapping=MAPPING, country="BR")
    )
    import_id = await start_import(db, workspace=1, path=path, list_name="l", mapping=MAPPING, country="BR")
    await _kill_midway(db, database_url, import_id)
    stopped = await import_result(db, import_id)
    assert stopped.status == "running"
    assert 0 < stopped.rows < expected.rows
    again = await start_import(db, workspace=1, path=path, list_name="l", mapping=MAPPING, country="BR")
    assert again == import_id  # the same file goes on where it stood
    with pytest.raises(ImportNotPossible, match="is not finished"):  # but not by other rules
        await start_import(db, workspace=1, path=path, list_name="l", mapping=MAPPING, country="MX")
    result = await run_import(db, import_id)
    assert result.status == "finished"
    assert (result.accepted, result.corrected, result.duplicate, result.invalid) == (
        expected.accepted,
        expected.corrected,
        expected.duplicate,
        expected.invalid,
    )
    assert await _told(db, import_id) == await _told(db, expected.id)
    assert len(await _names(db)) == 9_999  # the first page; all of them:
    async with db.reading() as tx:
        members = await tx.scalar(
            "SELECT count(*) FROM list_members WHERE import_id = :id", {"id": import_id}
        )
    assert members == result.accepted + result.corrected


_RUN = """
import asyncio, sys
from clarion.services.importing.run import run_import
from clarion.store.db import Database

async def main(url, import_id):
    await run_import(await Database.open(url), import_id)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def _kill_midway(db: Database, url: str, import_id: int) -> None:
    """Import in a process of its own and kill it after its first batches; its reader must end by itself."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _RUN, url, str(import_id))
    while (await import_result(db, import_id)).rows == 0:  # it is another process's doing
        assert process.returncode is None
        await asyncio.sleep(0.01)
    readers = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, readers, 20)
    assert readers
    assert alive == []


async def test_an_import_can_be_done_in_slices(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(_people(12_000))
    import_id = await start_import(db, workspace=1, path=path, list_name="l", mapping=MAPPING, country="BR")
    seen = []
    while await import_batch(db, import_id, rows=3_000):
        seen.append((await import_result(db, import_id)).rows)
    assert len(seen) >= 1
    assert seen == sorted(set(seen))
    assert (await import_result(db, import_id)).rows == 12_000
    assert not await import_batch(db, import_id)  # finished: nothing to do


async def test_a_changed_file_stops_the_import_and_says_how_to_go_on(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("name,phone\nAna,+5541991234567\n")
    import_id = await start_import(db, workspace=1, path=path, list_name="l", mapping=MAPPING)
    path.write_text("name,phone\nBia,+5541991234567\n")
    with pytest.raises(ImportNotPossible, match="changed since it began"):
        await run_import(db, import_id)
    with pytest.raises(ImportNotPossible, match=f"clarion import stop {import_id}"):
        await start_import(db, workspace=1, path=path, list_name="l", mapping=MAPPING)
    path.unlink()
    with pytest.raises(ImportNotPossible, match="Put the file back"):
        await run_import(db, import_id)
    assert (await stop_import(db, import_id)).status == "failed"
    with pytest.raises(ImportNotPossible, match="stopped by the operator"):
        await run_import(db, import_id)


async def test_stopping_an_import_ends_the_one_that_does_it(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(_people(20_000))
    import_id = await start_import(db, workspace=1, path=path, list_name="l", mapping=MAPPING, country="BR")
    stopping: list[asyncio.Task[object]] = []

    def stop(_: Progress) -> None:
        if not stopping:
            stopping.append(asyncio.ensure_future(stop_import(db, import_id)))

    with pytest.raises(ImportNotPossible, match="was ended meanwhile"):
        await run_import(db, import_id, stop)
    await stopping[0]
    assert 0 < (await import_result(db, import_id)).rows < 20_000


# --- rejects and exports ----------------------------------------------------------------------------------


async def test_rejects_can_be_mended_and_imported_again(db: Database, import_file: Import) -> None:
    content = 'name;phone\nAna;+5541991234567\n=Bia;5.5E+12\nCy;"41 99123-4568\nDi;41 99123-4569;x\n'
    result = await import_file(content)
    out = io.StringIO()
    assert await write_rejects(db, result.id, out) == 3
    rows = list(csv.reader(io.StringIO(out.getvalue()), delimiter=";"))
    assert rows[0] == ["clarion_line", "clarion_problem", "name", "phone"]
    assert [row[0] for row in rows[1:]] == ["3", "4", "5"]
    assert rows[1][2:] == ["'=Bia", "5.5E+12"]
    mended = out.getvalue().replace("5.5E+12", "+5541991234560").replace("41 99123-4569;x", "41 99123-4569")
    again = await import_file(mended, name="mended.csv", keep_rest=True)
    assert (again.accepted, again.invalid) == (3, 0)  # writing Cy's cells properly mended the quote
    assert await _names(db) == {
        "+5541991234567": "Ana",
        "+5541991234560": "=Bia",
        "+5541991234568": "Cy",
        "+5541991234569": "Di",
    }
    found = await contacts.find_contact(db, "+5541991234560")
    assert set(found.attributes) == {"name"}  # our own columns are not kept


async def test_R05_formulas_are_text_and_come_back_unchanged(db: Database, import_file: Import) -> None:
    names = ["=1+1", "+x", "-y", "@z", "\tt", "'=q", "''=r", "'plain", "=cmd|' /C calc'!A0"]
    rows = "".join(f'"{name}",+551196000000{n}\n' for n, name in enumerate(names))
    await import_file(f"name,phone\n{rows}")
    stored = await _names(db)
    # What came in quoted for a spreadsheet is the text behind the quote; everything else is as it was.
    meant = [*names[:5], "=q", "'=r", *names[7:]]
    assert list(stored.values()) == meant
    out = io.StringIO()
    assert await contacts.export_contacts(db, out, list_name="l") == len(names)
    cells = [cell for row in csv.reader(io.StringIO(out.getvalue())) for cell in row]
    assert not [cell for cell in cells if cell[:1] in {"=", "+", "-", "@", "\t", "\r"}]
    await import_file(out.getvalue(), name="again.csv", keep_rest=True)
    assert await _names(db) == stored
