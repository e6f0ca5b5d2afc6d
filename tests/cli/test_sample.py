"""The sample file: 2,087 rows, the same bytes everywhere, as messy as it claims to be."""

import csv
import io
from pathlib import Path

import pytest

from clarion.cli.demo.sample import COUNTRY, MAPPING, ROWS, customers
from clarion.services.importing.run import run_import
from clarion.services.importing.start import start_import
from clarion.store.db import Database

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "customers.csv"


def test_the_example_is_what_the_demo_makes() -> None:
    assert EXAMPLE.read_bytes() == customers(), "write it anew with clarion.cli.demo.sample.customers()"


def test_it_has_the_rows_it_is_known_for() -> None:
    rows = list(csv.reader(io.StringIO(customers().decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 1 + ROWS == 2_088
    assert set(MAPPING.values()) <= set(rows[0])
    assert customers(50, seed=2) != customers(50, seed=1) == customers(50)


@pytest.mark.parametrize("rows", [ROWS, 12_000])
async def test_every_kind_of_mess_is_in_it_and_nobody_else_comes_twice(
    sqlite_url: str, tmp_path: Path, rows: int
) -> None:
    path = tmp_path / "customers.csv"
    path.write_bytes(customers(rows))
    db = await Database.open(sqlite_url)
    try:
        started = await start_import(
            db, workspace=1, path=path, list_name="customers", mapping=MAPPING, country=COUNTRY
        )
        done = await run_import(db, started)
    finally:
        await db.close()
    assert done.rows == rows
    assert 0.02 < done.duplicate / rows < 0.04
    assert 0.01 < done.invalid / rows < 0.025
    assert done.corrected > 0
