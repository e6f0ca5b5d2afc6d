import base64
from datetime import date, timedelta
from pathlib import Path

import pytest

from clarion.settings import Setting, Settings, SettingsError, describe, load_settings, micros, secret_keys

KEY = base64.b64encode(bytes(range(32))).decode()
TODAY = date(2026, 11, 1)


@pytest.fixture(autouse=True)
def an_installation_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory and no CLARION_ variables."""
    monkeypatch.chdir(tmp_path)
    for name in [leaf.env for leaf in describe(Settings(), env_file=None)]:
        monkeypatch.delenv(name, raising=False)


def report(settings: Settings | None = None) -> dict[str, Setting]:
    return {line.name: line for line in describe(settings or load_settings(), today=TODAY)}


def test_without_any_variable_everything_is_in_the_working_directory(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.data_dir == tmp_path / "clarion-data"
    assert settings.database_url == f"sqlite:///{tmp_path}/clarion-data/clarion.db"
    assert {line.source for line in report().values()} == {"default"}
    assert [line.problem for line in report().values() if line.problem] == []


def test_the_environment_wins_over_the_env_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("CLARION_HTTP__PORT=1\nCLARION_HTTP__HOST='::1'\nOTHER=2\n")
    monkeypatch.setenv("CLARION_HTTP__PORT", "2")
    assert (load_settings().http.port, load_settings().http.host) == (2, "::1")
    assert (report()["http.port"].source, report()["http.host"].source) == ("environment", ".env")


def test_an_argument_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLARION_HTTP__PORT", "2")
    monkeypatch.setenv("CLARION_HTTP__HOST", "::1")
    settings = load_settings(http={"port": 3})
    assert (settings.http.port, settings.http.host) == (3, "::1")
    assert report(settings)["http.port"].source == "argument"


def test_an_empty_variable_is_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLARION_HTTP__PORT", "")
    assert load_settings().http.port == 8080


def test_a_secret_can_be_in_a_file_and_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("key").write_text(f"k1:{KEY}\n")
    monkeypatch.setenv("CLARION_SECRET_KEY_FILE", "key")
    settings = load_settings()
    assert settings.secret_key is not None
    assert secret_keys(settings.secret_key.get_secret_value()) == [("k1", bytes(range(32)))]
    assert (report()["secret_key"].value, report()["secret_key"].source) == ("***", "file key")
    assert KEY not in repr(settings)


def test_the_password_of_a_database_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLARION_DATABASE_URL", "postgresql://clarion:p@ss@db:5432/clarion")
    assert report()["database_url"].value == "postgresql://clarion:***@db:5432/clarion"


def test_the_first_of_several_keys_is_the_one_that_encrypts() -> None:
    assert [name for name, _ in secret_keys(f"new:{KEY}, old:{KEY}")] == ["new", "old"]


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        (
            "CLARION_HTTP__PORT",
            "abc",
            "CLARION_HTTP__PORT=abc (environment): Input should be a valid integer",
        ),
        ("CLARION_HTTP__PORT", "99999", "less than or equal to 65535"),
        ("CLARION_HTTP__PUBLIC_URL", "example.org", "must be an address such as https://example.org"),
        ("CLARION_SENDING__LEASE", "60", "must be a duration such as"),
        ("CLARION_SENDING__LEASE", "-PT1M", "must be a duration such as"),
        ("CLARION_SENDING__LEASE", "PT0S", "must be longer than nothing"),
        ("CLARION_SENDING__LEASE", "PT1S", "lease must be at least twice horizon"),
        ("CLARION_SENDING__REQUEST_TIMEOUT", "PT2M", "must not be longer than attempt_deadline"),
        ("CLARION_ENGINE__HEARTBEAT", "PT20S", "dead_after must be at least twice heartbeat"),
        ("CLARION_EVIDENCE__QUERY_AFTER", "PT1S,soon", "CLARION_EVIDENCE__QUERY_AFTER=PT1S,soon"),
        (
            "CLARION_CALLS__ALLOW",
            "crm.internal,10.1.2.3/16",
            "'10.1.2.3/16' is not a network such as 10.1.0.0/16",
        ),
        ("CLARION_CALLS__ALLOW", "http://crm.internal", "is a URL: give only its host"),
        ("CLARION_CALLS__PORTS", "8080,http", "Input should be a valid integer"),
        ("CLARION_CALLS__PORTS", "0", "greater than or equal to 1"),
        ("CLARION_CALLS__TIMEOUT", "PT2M", "must not be longer than PT1M"),
        ("CLARION_DATABASE_URL", "mysql://u:secret@h/d", "CLARION_DATABASE_URL=mysql://u:***@h/d"),
        ("CLARION_DATABASE_URL", "sqlite:///", "must be sqlite:////absolute/path.db"),
        ("CLARION_IMPORTS__DEFAULT_COUNTRY", "Brazil", "CLARION_IMPORTS__DEFAULT_COUNTRY=Brazil"),
        ("CLARION_LOG__LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("CLARION_SECRET_KEY", "k1:c2hvcnQ=", "CLARION_SECRET_KEY=*** (environment): key 1 must be an id"),
        ("CLARION_SECRET_KEY", f"a:{KEY},a:{KEY}", "two keys have the same id"),
        (
            "CLARION_SECRET_KEY_FILE",
            "nowhere",
            "CLARION_SECRET_KEY_FILE=nowhere: the file cannot be read: No such",
        ),
    ],
)
def test_a_wrong_value_is_explained_in_one_line(
    variable: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert KEY not in str(refused.value)


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLARION_HTTP__PORT", "abc")
    monkeypatch.setenv("CLARION_SENDING__IN_FLIGHT", "0")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert [line.split("=")[0] for line in str(refused.value).splitlines()] == [
        "CLARION_HTTP__PORT",
        "CLARION_SENDING__IN_FLIGHT",
    ]


def test_a_value_given_both_directly_and_by_a_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLARION_HTTP__PORT", "1")
    monkeypatch.setenv("CLARION_HTTP__PORT_FILE", "port")
    with pytest.raises(SettingsError, match="CLARION_HTTP__PORT and CLARION_HTTP__PORT_FILE are both set"):
        load_settings()


@pytest.mark.parametrize(
    ("variable", "problem"),
    [
        ("CLARION_HTTP__PROT", "did you mean CLARION_HTTP__PORT?"),
        ("CLARION_SECRETKEY_FILE", "did you mean CLARION_SECRET_KEY_FILE?"),
        ("CLARION_ZZZZZZ", "There is no such setting; remove it."),
    ],
)
def test_a_misspelt_variable_is_found(
    variable: str, problem: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "value").touch()
    monkeypatch.setenv(variable, "value")
    line = report()[variable]
    assert problem in str(line.problem)
    assert (line.source, line.value) == ("environment", "")


@pytest.mark.parametrize(
    ("version", "today", "problem"),
    [
        ("v25.0", date(2026, 11, 1), None),
        ("v21.0", date(2026, 11, 1), "Meta stops serving v21.0 on 2027-01-21"),
        ("v20.0", date(2026, 11, 1), "Meta stopped serving v20.0 on 2026-09-24"),
        ("v99.0", date(2026, 11, 1), "does not know v99.0"),
        ("v26.0", date(2030, 1, 1), None),
    ],
)
def test_a_graph_version_near_its_end_is_a_problem(version: str, today: date, problem: str | None) -> None:
    settings = load_settings(whatsapp={"version": version})
    found = next(line for line in describe(settings, today=today) if line.name == "whatsapp.version").problem
    assert found is None if problem is None else problem in str(found)


def test_webhooks_need_https() -> None:
    assert report(load_settings(http={"public_url": "http://example.org"}))["http.public_url"].problem
    assert not report(load_settings(http={"public_url": "http://127.0.0.1:8080"}))["http.public_url"].problem


def test_a_duration_is_counted_in_microseconds() -> None:
    assert micros(timedelta(milliseconds=20)) == 20_000
    assert micros(timedelta(days=1)) == 86_400_000_000
