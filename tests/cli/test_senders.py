"""Senders from the command line: credentials come from files, are kept encrypted, and are never shown."""

import pytest

from tests.cli.shell import Shell


def test_a_sender_is_added_shown_and_steered(clarion: Shell) -> None:
    added = clarion.whatsapp("--rate", "60", "--json")
    assert added.json == {"id": 1, "name": "shop", "provider": "whatsapp", "rate": 60.0}
    assert clarion("sender", "rate", "shop", "75.5", "--json").json["rate"] == 75.5
    assert clarion("sender", "pause", "1", "--reason", "holiday", "--json").json["state_reason"] == "holiday"
    assert clarion("sender", "resume", "shop", "--json").json["state"] == "active"
    shown = clarion("sender", "show", "shop").out
    assert "75.5 per second set" in shown
    assert [each["name"] for each in clarion("sender", "list", "--json").json] == ["shop"]


def test_a_twilio_sender_needs_a_number_or_a_service(clarion: Shell) -> None:
    token = clarion.secret("auth", "secret")
    sid = "AC00000000000000000000000000000001"
    bare = clarion(
        "sender", "add", "twilio", "--name", "sms", "--account-sid", sid, "--auth-token-file", token
    )
    assert bare.code == 2
    assert "from" in bare.err
    added = clarion(
        *("sender", "add", "twilio", "--name", "sms", "--account-sid", sid, "--auth-token-file", token),
        *("--from", "+15005550006", "--json"),
    )
    assert added.json["rate"] == 1.0


def test_credentials_are_encrypted_and_never_shown(clarion: Shell) -> None:
    clarion.secret("token", "")
    clarion.whatsapp()
    everything = "".join(clarion(*words).out for words in (["sender", "show", "shop"], ["doctor"]))
    assert "sim-token" not in everything
    data = clarion.folder / "clarion-data"
    assert all(b"sim-token" not in path.read_bytes() for path in data.iterdir())
    assert (data / "secret.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(["--token-file", "nowhere"], "nowhere cannot be read: No such file", id="no file"),
        pytest.param(["--token-file", "empty"], "empty is empty", id="empty file"),
        pytest.param(["--rate", "-1"], "rate is -1", id="negative rate"),
        pytest.param(["--rate", "5000"], "at most 1000/s", id="too fast"),
        pytest.param(["--rate", "fast"], "Invalid value for '--rate'", id="no number"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(clarion: Shell, change: list[str], message: str) -> None:
    (clarion.folder / "empty").write_text("\n")
    ran = clarion.whatsapp(*change)
    assert ran.code == 2
    assert message in ran.err
    assert clarion("sender", "list", "--json").json == []


def test_a_taken_name_is_refused(clarion: Shell) -> None:
    clarion.whatsapp()
    ran = clarion.whatsapp()
    assert ran.code == 2
    assert "'shop' exists already" in ran.err


def test_a_new_token_replaces_the_old_one(clarion: Shell) -> None:
    clarion.whatsapp()
    fresh = clarion.secret("fresh", "another-token")
    ran = clarion("sender", "secrets", "whatsapp", "shop", "--token-file", fresh, "--json")
    assert ran.json["replaced"] == ["token"]
    nothing = clarion("sender", "secrets", "whatsapp", "shop")
    assert nothing.code == 2
    assert "--token-file" in nothing.err


def test_a_wrong_or_missing_key_is_a_clear_error_and_is_never_replaced(clarion: Shell) -> None:
    clarion.whatsapp()
    key = clarion.folder / "clarion-data" / "secret.key"
    held = key.read_text()
    other = clarion("secrets", "key").out.strip()
    wrong = clarion("sender", "list", env={"CLARION_SECRET_KEY": other})
    assert wrong.code == 2
    assert "does not open the credentials" in wrong.err
    key.unlink()
    missing = clarion("sender", "list")
    assert missing.code == 2
    assert "restore the file" in missing.err
    assert not key.exists()
    key.write_text(held)
    assert clarion("sender", "list").code == 0


def test_keys_are_rotated_in_three_steps(clarion: Shell) -> None:
    old, new = clarion("secrets", "key", "old").out.strip(), clarion("secrets", "key", "new").out.strip()
    clarion.env["CLARION_SECRET_KEY"] = old
    clarion.whatsapp()
    clarion.env["CLARION_SECRET_KEY"] = f"{new},{old}"
    assert clarion("secrets", "rotate", "--json").json == {"changed": 1, "key": "new"}
    clarion.env["CLARION_SECRET_KEY"] = new
    assert clarion("sender", "list").code == 0


def test_the_provider_is_asked_whether_a_sender_works(clarion: Shell, simulator: str) -> None:
    clarion.env["CLARION_WHATSAPP__BASE_URL"] = simulator
    clarion.whatsapp()
    assert clarion("sender", "check", "shop", "--json").json["ok"] is True
    revoked = clarion.secret("revoked", "not-the-token")
    clarion("sender", "secrets", "whatsapp", "shop", "--token-file", revoked)
    ran = clarion("sender", "check", "shop")
    assert ran.code == 2
    assert "refused" in ran.err


def test_doctor_says_what_is_wrong_and_how_to_mend_it(clarion: Shell) -> None:
    clarion.whatsapp()
    good = clarion("doctor", "--books", "--json")
    assert (good.code, good.json["ok"]) == (0, True)
    assert {"database", "secret key", "sender shop", "books"} <= {
        check["name"] for check in good.json["checks"]
    }
    clarion("sender", "pause", "shop", "--reason", "the token ran out")
    bad = clarion("doctor", env={"CLARION_WHATSAPP__VERSION": "v20.0", "CLARION_HTPP__PORT": "1"})
    assert bad.code == 3
    assert "the token ran out: mend it, then `clarion sender resume shop`" in bad.out
    assert "Meta stopped serving v20.0" in bad.out
    assert "did you mean CLARION_HTTP__PORT?" in bad.out
