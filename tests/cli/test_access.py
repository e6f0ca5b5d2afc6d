"""Users, keys, workspaces and the audit log from the command line."""

import sqlite3

import pytest

from tests.cli.shell import Shell


def test_a_user_is_added_given_a_role_and_removed(clarion: Shell) -> None:
    password = clarion.secret("password", "four random words")
    added = clarion(
        *("user", "add", "Ana@Example.org", "--role", "owner", "--name", "Ana"),
        *("--password-file", password, "--json"),
    )
    assert added.json == {"id": 1, "email": "ana@example.org", "role": "owner", "link": None}
    linked = clarion("user", "add", "bea@example.org", "--role", "viewer")
    assert "http://127.0.0.1:8080/invitation?token=" in linked.out
    listed = clarion("user", "list", "--json").json
    assert [(each["email"], each["role"], each["signed_in_at"]) for each in listed] == [
        ("ana@example.org", "owner", "")
    ]
    refused = clarion("user", "remove", "ana@example.org")
    assert (refused.code, refused.out) == (2, "")
    assert "last owner" in refused.err
    clarion("user", "add", "cleo@example.org", "--role", "owner", "--password-file", password)
    assert clarion("user", "role", "ana@example.org", "sender", "--json").json["role"] == "sender"
    assert clarion("user", "remove", "ana@example.org", "--json").json == {"removed": "ana@example.org"}
    assert clarion("user", "list").out.count("@") == 1
    link = clarion("user", "link", "cleo@example.org", "--forget-second-factor", "--json").json
    assert link["link"].startswith("http://127.0.0.1:8080/password?token=")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(("add", "no-address"), "not an e-mail address", id="no address"),
        pytest.param(("add", "a@b.c", "--role", "king"), "king", id="no role"),
        pytest.param(("add", "a@b.c", "--password-file", "short"), "12 to 200 characters", id="short"),
        pytest.param(("role", "a@b.c", "viewer"), "no user 'a@b.c'", id="nobody's role"),
        pytest.param(("link", "a@b.c"), "no user 'a@b.c'", id="nobody's link"),
    ],
)
def test_what_cannot_be_done_with_a_user_is_one_line(
    clarion: Shell, words: tuple[str, ...], message: str
) -> None:
    clarion.secret("short", "short")
    ran = clarion("user", *words)
    assert ran.code == 2
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_a_key_is_made_listed_and_revoked(clarion: Shell) -> None:
    made = clarion("key", "create", "Web shop", "--scope", "messages:send", "--scope", "messages:read")
    assert made.out.startswith("clr_live_")
    assert len(made.out.strip()) == 47
    everything = clarion(
        "key", "create", "ops", "--scope", "all", "--expires", "2099-01-01T00:00:00+00:00", "--json"
    )
    assert everything.json["id"] == 2
    listed = clarion("key", "list", "--json").json
    assert [(each["name"], each["expires_at"][:4]) for each in listed] == [("ops", "2099"), ("Web shop", "")]
    assert made.out.strip() not in clarion("key", "list").out
    assert clarion("key", "revoke", "1", "--json").json == {"revoked": 1}
    assert clarion("key", "list", "--json").json[1]["revoked_at"]
    for words in (
        ("create", "x", "--scope", "everything"),
        ("create", "x", "--scope", "all", "--expires", "tomorrow"),
        ("revoke", "9"),
    ):
        assert clarion("key", *words).code == 2


def test_workspaces_are_made_and_renamed_and_the_first_needs_no_name(clarion: Shell) -> None:
    assert clarion("workspace", "add", "shop", "--json").json == {"id": 2, "name": "shop"}
    assert clarion("workspace", "add", "shop").code == 2
    assert clarion("workspace", "rename", "default", "main", "--json").json["name"] == "main"
    assert [each["name"] for each in clarion("workspace", "list", "--json").json] == ["main", "shop"]
    clarion("--workspace", "shop", "list", "create", "theirs")
    assert clarion("list", "list", "--json").json == []
    assert clarion("--workspace", "default", "list", "list").code == 2


def test_what_the_command_line_does_is_in_the_audit_log_and_the_log_is_proven(clarion: Shell) -> None:
    clarion("key", "create", "x", "--scope", "all")
    clarion("user", "add", "bea@example.org", "--role", "viewer")
    clarion("user", "remove", "nobody@example.org")
    noted = clarion("audit", "list", "--json").json
    assert [(each["actor"], each["action"], each["target"]) for each in noted] == [
        ("cli", "invite_user", "inv_1"),
        ("cli", "create_key", "key_1"),
    ]
    assert "bea@example.org" not in str(noted)
    assert clarion("audit", "list", "--action", "create_key", "--json").json == noted[1:]
    proven = clarion("audit", "verify", "--json")
    assert (proven.code, proven.json["intact"], proven.json["entries"]) == (0, True, 2)
    with sqlite3.connect(clarion.folder / "clarion-data" / "clarion.db") as db:
        db.execute("UPDATE audit SET action = 'nothing' WHERE seq = 2")
    db.close()
    broken = clarion("audit", "verify")
    assert broken.code == 3
    assert "Entry 2" in broken.out


def test_a_first_user_whom_anybody_could_be_is_refused(clarion: Shell) -> None:
    given = {
        "CLARION_FIRST_USER__EMAIL": "ana@example.org",
        "CLARION_FIRST_USER__PASSWORD": "adminadminadmin",
    }
    ran = clarion("serve", "--port", "0", env=given)
    assert ran.code == 2
    assert "error: CLARION_FIRST_USER__PASSWORD: is among the first" in ran.err
    alone = clarion("serve", env={"CLARION_FIRST_USER__EMAIL": "ana@example.org"})
    assert alone.code == 2
    assert "together" in alone.err
