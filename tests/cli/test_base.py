"""Errors are one line, JSON is one value, exit codes mean what the reference says."""

import json
import sqlite3
import subprocess
from contextlib import closing

import pytest

from tests.cli.shell import COMMAND, Shell


def test_the_version_is_printed_for_people_and_for_machines(clarion: Shell) -> None:
    assert clarion("version").out.startswith("clarion 0.")
    assert set(clarion("version", "--json").json) == {"version"}
    assert set(clarion("--json", "version").json) == {"version"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["nix"], "No such command 'nix'", id="command"),
        pytest.param(["campaign", "show"], "Missing argument 'CAMPAIGN'", id="argument"),
        pytest.param(["campaign", "list", "--colour"], "No such option: --colour", id="option"),
        pytest.param(["sim", "--port", "70000"], "Invalid value for '--port'", id="port"),
        pytest.param(["--workspace", "nobody", "sender", "list"], "no workspace 'nobody'", id="workspace"),
        pytest.param(
            ["--database-url", "mysql://x/y", "sender", "list"], "sqlite:////absolute", id="database"
        ),
        pytest.param(["campaign", "show", "spring"], "There is no campaign 'spring'", id="campaign"),
    ],
)
def test_bad_input_is_one_line_on_stderr_and_exit_code_2(
    clarion: Shell, arguments: list[str], message: str
) -> None:
    ran = clarion(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    assert message in ran.err


def test_an_error_with_json_is_one_json_value_too(clarion: Shell) -> None:
    ran = clarion("campaign", "show", "7", "--json")
    assert ran.code == 2
    assert ran.json == {"error": "There is no campaign 7."}


def test_a_wrong_setting_is_named_with_its_source(clarion: Shell) -> None:
    ran = clarion("sender", "list", env={"CLARION_HTTP__PORT": "many"})
    assert ran.code == 2
    assert "CLARION_HTTP__PORT=many (environment)" in ran.err


def test_a_database_that_does_not_answer_is_named_without_its_password(clarion: Shell) -> None:
    ran = clarion("--database-url", "postgresql://me:hidden@127.0.0.1:1/none", "sender", "list")
    assert ran.code == 2
    assert "postgresql://me:***@127.0.0.1:1/none" in ran.err
    assert "hidden" not in ran.err


def test_a_data_directory_that_cannot_be_made_is_a_clear_error(clarion: Shell) -> None:
    (clarion.folder / "taken").write_text("a file")
    ran = clarion("sender", "list", env={"CLARION_DATA_DIR": str(clarion.folder / "taken" / "data")})
    assert ran.code == 2
    assert "CLARION_DATA_DIR" in ran.err


def test_something_unexpected_is_one_line_and_the_traceback_goes_to_a_file(clarion: Shell) -> None:
    clarion("sender", "list")
    (clarion.folder / "clarion-data" / "clarion.db").write_bytes(b"this is not a database" * 100)
    ran = clarion("sender", "list")
    assert ran.code in (1, 2)
    assert ran.err.count("\n") == 1
    assert "not a database" in ran.err


def test_output_that_is_not_a_terminal_has_no_escape_codes(clarion: Shell) -> None:
    clarion.whatsapp()
    for arguments in (["sender", "list"], ["doctor"], ["--help"]):
        assert "\x1b" not in clarion(*arguments).out


def test_a_reader_that_leaves_early_is_no_error(clarion: Shell) -> None:
    clarion("version")
    piped = subprocess.run(
        f"{' '.join(COMMAND)} campaign list | true",
        shell=True,
        cwd=clarion.folder,
        env=clarion.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in piped.stderr


def test_the_embedded_database_is_made_on_first_use_and_is_as_the_release_needs(clarion: Shell) -> None:
    assert clarion("sender", "list", "--json").json == []
    checked = clarion("db", "check", "--json")
    assert (checked.code, checked.json["ok"], checked.json["differences"]) == (0, True, [])


def test_a_postgresql_database_is_upgraded_only_when_told_to(clarion: Shell, empty_database_url: str) -> None:
    clarion.env["CLARION_DATABASE_URL"] = empty_database_url
    if empty_database_url.startswith("postgresql"):
        refused = clarion("sender", "list")
        assert refused.code == 2
        assert "run `clarion db upgrade` once" in refused.err
        assert clarion("db", "check").code == 3
    assert json.loads(clarion("db", "upgrade", "--json").out)["before"] is None
    assert clarion("db", "check").code == 0
    assert "already at" in clarion("db", "upgrade").out
    assert clarion("sender", "list", "--json").json == []


def test_a_database_of_a_newer_release_is_left_alone(clarion: Shell) -> None:
    clarion("sender", "list")
    with closing(sqlite3.connect(clarion.folder / "clarion-data" / "clarion.db")) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
        raw.commit()
    for arguments in (["sender", "list"], ["db", "upgrade"], ["serve", "--port", "0"]):
        ran = clarion(*arguments)
        assert ran.code == 2
        assert "a newer release of Clarion upgraded it" in ran.err
