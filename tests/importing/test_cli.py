"""`clarion import`, `contacts` and `list` as a person runs them."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

CONTENT = "nome;telefone\nAna;41991234567\nBia;41 9123-4568\nCy;5.5E+12\nAna;+55 41 99123-4567\n"


@pytest.fixture
def run(sqlite_url: str, tmp_path: Path) -> Run:
    def command(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-c", "from clarion.cli.main import app; app()", *arguments],
            env={
                "CLARION_DATABASE_URL": sqlite_url,
                "CLARION_DATA_DIR": str(tmp_path / "data"),
                "PYTHONUTF8": "1",
                "PATH": "",
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done

    return command


def _json(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


def test_a_file_is_imported_looked_at_and_its_rejects_mended(run: Run, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(CONTENT)
    told = _json(
        run(
            "import",
            "contacts",
            "people.csv",
            "--guess",
            "--country",
            "br",
            "--save-mapping",
            "crm",
            "--json",
        )
    )
    assert (told["list_name"], told["status"], told["rows"]) == ("people", "finished", 4)
    assert (told["accepted"], told["corrected"], told["duplicate"], told["invalid"]) == (1, 1, 1, 1)
    shown = run("import", "show", "1").stdout
    assert "5     duplicate  duplicate of line 2" in shown
    rejects = _json(run("import", "rejects", "1", "--json"))
    assert rejects == {"file": "import-1-rejects.csv", "rows": 1}
    path = tmp_path / "import-1-rejects.csv"
    path.write_text(path.read_text(encoding="utf-8-sig").replace("5.5E+12", "41991234569"))
    again = _json(
        run(
            "import",
            "contacts",
            str(path),
            "--mapping",
            "crm",
            "--list",
            "people",
            "--country",
            "BR",
            "--json",
        )
    )
    assert (again["accepted"], again["invalid"]) == (1, 0)
    people = _json(run("contacts", "list", "--list", "people", "--json"))
    assert [p["attributes"]["name"] for p in people] == ["Ana", "Bia", "Cy"]
    assert [(found["name"], found["members"]) for found in _json(run("list", "list", "--json"))] == [
        ("people", 3)
    ]


def test_a_mistake_is_one_line_with_the_way_to_mend_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(CONTENT)
    without = run("import", "contacts", "people.csv", "--country", "BR", code=2)
    assert without.stderr == (
        'error: no mapping was given: use --map "phone=telefone,name=nome" or, for just that, --guess\n'
    )
    wrong = run("import", "contacts", "people.csv", "--map", "phone=telefon", "--require", "zip", code=2)
    assert "column 'telefon' (for phone) is not in the file: the nearest is 'telefone'; " in wrong.stderr
    assert "variable 'zip' has no column" in wrong.stderr
    assert wrong.stderr.count("\n") == 1
    assert "There is no import 9." in run("import", "resume", "9", code=2).stderr
    assert _json(run("import", "list", "--json")) == []


def test_people_opt_out_and_in(run: Run) -> None:
    run("contacts", "add", "41 9123-4567", "--set", "name=Ana", "--list", "l", "--country", "BR")
    run("contacts", "opt-out", "+5541991234567")
    assert _json(run("contacts", "show", "+5541991234567", "--json"))["opted_out"] is True
    assert _json(run("contacts", "opt-in", "+5541991234567", "--json"))["lifted"] is True
    exported = run("contacts", "export", "-", "--list", "l").stdout
    assert exported.splitlines() == ["phone,name", "'+5541991234567,Ana"]
