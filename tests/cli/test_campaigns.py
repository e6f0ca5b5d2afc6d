"""Campaigns from the command line, up to the moment `clarion serve` would send."""

import csv
import io
import re
import shutil
from pathlib import Path

import pytest

from tests.cli.shell import Shell

PEOPLE = "phone,name,order\n+5541901234567,Ana,17\n41 90123-4568,,18\n+55 (41) 90123-4567,Ana again,19\n"
TEMPLATE = ("--template", "order_update:pt_BR", "--param", "2={{ order }}", "--param", "3=a caminho")
FRIENDLY = (*TEMPLATE, "--param", "1={{ name | default: 'cliente' }}")
STRICT = (*TEMPLATE, "--param", "1={{ name }}")


@pytest.fixture(scope="module")
def furnished(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """An installation with a sender, its templates, and two people on a list; made once, then copied."""
    shell = Shell(tmp_path_factory.mktemp("shop"), {"CLARION_WHATSAPP__BASE_URL": simulator})
    (shell.folder / "people.csv").write_text(PEOPLE)
    assert shell.whatsapp("--rate", "60").code == 0
    assert shell("template", "sync", "--sender", "shop", "--json").json["total"] > 3
    imported = shell("import", "contacts", "people.csv", "--guess", "--country", "BR", "--json").json
    assert (imported["accepted"] + imported["corrected"], imported["duplicate"]) == (2, 1)
    return shell


@pytest.fixture
def shop(furnished: Shell, tmp_path: Path) -> Shell:
    """A copy of the furnished installation for one test."""
    shutil.copytree(furnished.folder, tmp_path / "shop")
    return Shell(tmp_path / "shop", furnished.env)


def create(shop: Shell, *content: str, name: str = "spring") -> int:
    """A draft for the two people; its id."""
    made = shop(
        *("campaign", "create", "--name", name, "--sender", "shop", "--to-list", "people"), *content, "--json"
    )
    assert made.code == 0, made.err
    return int(made.json["id"])


def test_a_campaign_is_checked_launched_steered_and_exported(shop: Shell) -> None:
    create(shop, *FRIENDLY)
    checked = shop("campaign", "check", "spring", "--json").json
    assert (checked["ok"], checked["people"], checked["to_send"]) == (True, 2, 2)
    assert [each["text"] for each in checked["previews"]] == [
        "Oi Ana, seu pedido 17 está a caminho.",
        "Oi cliente, seu pedido 18 está a caminho.",
    ]
    assert shop("campaign", "launch", "spring", "--json").json["status"] == "running"
    assert shop("campaign", "launch", "spring").code == 0
    assert shop("campaign", "pause", "spring", "--json").json["draining"] == 0
    assert shop("campaign", "resume", "1").code == 0
    assert shop("campaign", "rate", "spring", "30", "--json").json["rate"] == 30.0
    assert shop("campaign", "show", "spring", "--json").json["progress"]["rate"] == 30.0
    assert shop("campaign", "stop", "spring", "--json").json["status"] == "stopped"
    watched = shop("campaign", "watch", "spring", "--json")
    assert watched.json["shown"] == "stopped"
    exported = shop("campaign", "export", "spring").out
    assert next(csv.reader(io.StringIO(exported)))[:4] == ["file", "line", "address", "status"]
    assert shop("doctor", "--books").code == 0


def test_people_without_a_variable_are_named_with_their_lines(shop: Shell) -> None:
    create(shop, *STRICT)
    ran = shop("campaign", "check", "spring")
    assert ran.code == 3
    assert "1 people have nothing in 'name': people.csv line 3" in ran.out
    refused = shop("campaign", "launch", "spring")
    assert refused.code == 2
    assert "people.csv line 3" in refused.err
    assert shop("campaign", "launch", "spring", "--on-missing", "exclude").code == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(["--template", "nix:pt_BR"], "nix", id="unknown template"),
        pytest.param(["--template", "winter_paused:en_US", "--param", "1=x"], "is paused", id="paused"),
        pytest.param(
            ["--template", "order_update:pt_BR", "--param", "1=x"], "body.2", id="parameter missing"
        ),
        pytest.param([*FRIENDLY, "--param", "4=x"], "no variable body.4", id="parameter too many"),
        pytest.param(["--text", "Oi {{ nome }}"], "Did you mean 'name'?", id="misspelt variable"),
    ],
)
def test_what_does_not_fit_is_told_by_the_check(shop: Shell, content: list[str], message: str) -> None:
    made = shop(
        *("campaign", "create", "--name", "bad", "--sender", "shop", "--to-list", "people"),
        *content,
        "--json",
    )
    ran = made if made.code else shop("campaign", "check", "bad")
    assert ran.code in (2, 3)
    assert message in ran.out + ran.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param([], "exactly one of --text, --content and --template", id="nothing to say"),
        pytest.param(["--text", "a", "--template", "b"], "exactly one of", id="two things to say"),
        pytest.param(["--text", "a", "--param", "1=b"], "belong to --template", id="parameters of a text"),
        pytest.param(["--text", "Oi {{ name"], "line 1", id="broken variable"),
        pytest.param(["--text", "a", "--to-list", "nobody"], "no list 'nobody'", id="unknown list"),
        pytest.param(["--text", "a", "--policy", "maybe"], "'--policy'", id="unknown policy"),
        pytest.param(["--text", "a", "--at", "tomorrow"], "--at 'tomorrow': write a date", id="no date"),
        pytest.param(["--content", "nowhere.json"], "nowhere.json cannot be read", id="no file"),
    ],
)
def test_a_campaign_that_cannot_be_is_refused_by_name(shop: Shell, options: list[str], message: str) -> None:
    ran = shop("campaign", "create", "--name", "x", "--sender", "shop", "--to-list", "people", *options)
    assert ran.code == 2
    assert message in ran.err
    assert shop("campaign", "list", "--json").json == []


def test_a_scheduled_campaign_waits_and_says_until_when(shop: Shell) -> None:
    create(shop, *FRIENDLY, "--at", "2099-12-01 09:00 America/Sao_Paulo")
    ran = shop("campaign", "launch", "spring")
    assert "starts at 2099-12-01T12:00:00+00:00" in ran.out


def test_a_test_message_goes_to_one_number_outside_the_books(shop: Shell) -> None:
    create(shop, *STRICT)
    lacking = shop("campaign", "test", "spring", "--to", "+5541901239999")
    assert lacking.code == 2
    assert "name, order" in lacking.err
    ran = shop(
        *("campaign", "test", "spring", "--to", "+5541901239999", "--var", "name=Bia", "--var", "order=1")
    )
    assert re.match(r"Test message \d+ is queued", ran.out)
    assert shop("campaign", "show", "spring", "--json").json["progress"]["audience"] == 0


def test_sending_unknown_messages_again_needs_a_yes_to_duplicates(shop: Shell) -> None:
    create(shop, *FRIENDLY)
    shop("campaign", "launch", "spring")
    ran = shop("campaign", "retry", "spring", "--status", "unknown")
    assert ran.code == 2
    assert "--accept-duplicates" in ran.err


def test_an_export_never_overwrites_a_file(shop: Shell) -> None:
    create(shop, *FRIENDLY)
    assert shop("campaign", "export", "spring", "-o", "out.csv").code == 0
    again = shop("campaign", "export", "spring", "-o", "out.csv")
    assert again.code == 2
    assert "exists already" in again.err
    assert shop("campaign", "export", "spring", "--status", "lost").code == 2


def test_templates_are_listed_with_the_options_that_fill_them(shop: Shell) -> None:
    ran = shop("template", "show", "order_update:pt_BR", "--sender", "shop")
    assert "--param 1='...' --param 2='...' --param 3='...'" in ran.out
    assert "order_update" in shop("template", "list", "--sender", "shop").out
    assert shop("template", "show", "nix", "--sender", "shop").code == 2


def test_watching_a_draft_says_what_comes_next(shop: Shell) -> None:
    create(shop, *FRIENDLY)
    assert "It is a draft: clarion campaign launch 1" in shop("campaign", "watch", "spring").out
