"""Journeys from the command line: graphs are checked, saved, published, exported and brought in."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import Shell


def asking(**changes: Any) -> dict[str, Any]:
    """Say that an order is on its way, and wait a day for an answer."""
    parameters = {"1": "{{ name | default: 'friend' }}", "2": "{{ order }}", "3": "a caminho"}
    content = {
        "type": "template",
        "name": "order_update",
        "language": "pt_BR",
        "body": [{"name": name, "value": value} for name, value in parameters.items()],
    }
    return {
        "name": "ask",
        "sender": "shop",
        "nodes": [
            {"id": "start", "kind": "audience", "lists": ["people"], "api": True},
            {"id": "ask", "kind": "message", "content": content},
            {"id": "answer", "kind": "wait", "timeout": "1d"},
            {"id": "done", "kind": "end"},
        ],
        "edges": [
            {"from": "start", "to": "ask"},
            {"from": "ask", "to": "answer"},
            {"from": "answer", "to": "done", "on": "fallback"},
            {"from": "answer", "to": "done", "on": "timeout"},
        ],
        **changes,
    }


@pytest.fixture(scope="module")
def furnished(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A sender with its templates, and two people on a list; made once, then copied."""
    shell = Shell(tmp_path_factory.mktemp("shop"), {"CLARION_WHATSAPP__BASE_URL": simulator})
    (shell.folder / "people.csv").write_text("phone,name,order\n+5541901234567,Ana,17\n+5541901234568,,18\n")
    assert shell.whatsapp("--rate", "60").code == 0
    assert shell("template", "sync", "--sender", "shop").code == 0
    assert shell("import", "contacts", "people.csv", "--guess", "--country", "BR").code == 0
    write(shell, "ask.json", asking())
    return shell


@pytest.fixture
def shop(furnished: Shell, tmp_path: Path) -> Shell:
    """A copy of the furnished installation for one test."""
    shutil.copytree(furnished.folder, tmp_path / "shop")
    return Shell(tmp_path / "shop", furnished.env)


def write(shell: Shell, name: str, graph: dict[str, Any]) -> None:
    """The graph as a file in the shell's folder."""
    (shell.folder / name).write_text(json.dumps(graph), encoding="utf-8")


def test_a_graph_without_problems_is_valid_with_and_without_a_database(shop: Shell, clarion: Shell) -> None:
    assert shop("journey", "validate", "ask.json", "--json").json == {"ok": True, "problems": []}
    write(clarion, "ask.json", asking())
    assert clarion("journey", "validate", "ask.json", "--offline").out == "ask.json: nothing is wrong.\n"
    assert not (clarion.folder / "clarion-data").exists()


def test_every_problem_stands_on_a_line_of_its_own_with_its_node(shop: Shell) -> None:
    graph = asking(sender="shopp")
    graph["nodes"][0]["lists"] = ["peple"]
    graph["nodes"][1]["content"]["body"][1]["value"] = "{{ ordr }}"
    graph["edges"].append({"from": "done", "to": "ask"})
    write(shop, "bad.json", graph)
    ran = shop("journey", "validate", "bad.json")
    assert ran.code == 3
    lines = ran.out.splitlines()
    assert all(line.startswith(("error    ", "warning  ")) for line in lines)
    for words in ("'shopp'", "node 'start'", "'peple'", "node 'ask'", "'ordr'", "node 'done'"):
        assert words in ran.out
    assert len(lines) >= 4
    told = shop("journey", "validate", "bad.json", "--json")
    assert (told.code, told.json["ok"], len(told.json["problems"])) == (3, False, len(lines))
    assert {"node", "edge", "field", "problem", "level"} == set(told.json["problems"][0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", "not JSON", id="no JSON"),
        pytest.param(
            '{"name": "x", "nodes": [{"id": "a", "kind": "massage"}]}', "node 'a'", id="unknown kind"
        ),
    ],
)
def test_a_file_of_the_wrong_shape_is_told_and_not_saved(shop: Shell, text: str, message: str) -> None:
    (shop.folder / "odd.json").write_text(text)
    offline = shop("journey", "validate", "odd.json", "--offline")
    assert (offline.code, message in offline.out) == (3, True)
    saved = shop("journey", "save", "odd.json")
    assert (saved.code, message in saved.err) == (2, True)
    assert shop("journey", "list", "--json").json == []


def test_a_journey_is_saved_published_once_for_each_change_and_listed(shop: Shell) -> None:
    saved = shop("journey", "save", "ask.json")
    assert saved.out.endswith("Next: clarion journey publish 'ask'\n")
    assert shop("journey", "publish", "ask", "--note", "first", "--json").json["number"] == 1
    assert "still version 1" in shop("journey", "publish", "ask").out
    write(shop, "ask.json", asking(description="More"))
    assert shop("journey", "save", "ask.json", "--json").json["changed"] is True
    (listed,) = shop("journey", "list", "--json").json
    assert (listed["name"], listed["version"], listed["changed"], listed["nodes"]) == ("ask", 1, True, 4)
    assert shop("journey", "publish", "ask", "--json").json["number"] == 2
    shown = shop("journey", "show", "ask", "--json").json
    assert [(each["number"], each["note"]) for each in shown["versions"]] == [(2, ""), (1, "first")]
    text = shop("journey", "show", "ask").out
    assert "2; the draft is what is published" in text
    assert "4: 1 audience, 1 message, 1 wait, 1 end" in text


def test_a_draft_with_errors_is_kept_but_not_published(shop: Shell) -> None:
    write(shop, "ask.json", asking(sender=""))
    saved = shop("journey", "save", "ask.json", "--name", "later")
    assert saved.code == 0
    assert "in the way of publishing it" in saved.out
    refused = shop("journey", "publish", "later")
    assert refused.code == 2
    assert refused.err.startswith("error: The journey cannot be used: ")
    assert shop("journey", "publish", "nope").err == "error: There is no journey 'nope'.\n"


def test_an_export_can_be_kept_in_git_and_comes_back_the_same(shop: Shell) -> None:
    shop("journey", "save", "ask.json")
    shop("journey", "publish", "ask")
    shop("journey", "export", "ask", "-o", "a.json")
    first = (shop.folder / "a.json").read_text("utf-8")
    assert first.startswith('{\n  "format": "clarion.journey/1",\n  "name": "ask",\n')
    assert first.endswith("}\n")
    back = shop("journey", "import", "a.json", "--json").json
    assert (back["kind"], back["lost"], back["report"], back["journey"]["changed"]) == (
        "clarion",
        False,
        [],
        False,
    )
    assert shop("journey", "export", "ask").out == first
    assert shop("journey", "export", "ask", "--version", "1").out == first
    assert shop("journey", "export", "ask", "--json").json == json.loads(first)
    assert shop("journey", "export", "ask", "--version", "2").code == 2
    copied = shop("journey", "import", "a.json", "--name", "copy", "--json").json
    assert copied["journey"]["name"] == "copy"


def test_a_studio_flow_is_brought_in_with_a_report(shop: Shell) -> None:
    flow = {
        "description": "Welcome",
        "initial_state": "Trigger",
        "states": [
            {
                "name": "Trigger",
                "type": "trigger",
                "transitions": [{"event": "incomingMessage", "next": "hi"}],
            },
            {
                "name": "hi",
                "type": "send-message",
                "transitions": [{"event": "sent", "next": "robot"}, {"event": "failed"}],
                "properties": {
                    "body": "Hello",
                    "from": "{{flow.channel.address}}",
                    "to": "{{contact.channel.address}}",
                },
            },
            {
                "name": "robot",
                "type": "run-function",
                "transitions": [],
                "properties": {"url": "https://x.example"},
            },
        ],
    }
    write(shop, "flow.json", flow)
    looked = shop("journey", "import", "flow.json", "--check", "--json")
    assert (looked.json["kind"], looked.json["journey"]) == ("studio", None)
    assert shop("journey", "list", "--json").json == []
    ran = shop("journey", "import", "flow.json", "--name", "welcome", "--sender", "shop")
    assert ran.code == (3 if looked.json["lost"] else 0)
    assert "Draft of welcome is saved." in ran.out
    assert any(each["where"] == "robot" for each in looked.json["report"])
    assert shop("journey", "show", "welcome", "--json").json["draft"]["sender"] == "shop"


def test_a_file_that_is_no_journey_at_all_is_refused(shop: Shell) -> None:
    write(shop, "odd.json", {"colour": "red"})
    ran = shop("journey", "import", "odd.json")
    assert ran.code == 2
    assert "neither" in ran.err
    missing = shop("journey", "import", "nowhere.json")
    assert missing.err == "error: The file nowhere.json cannot be read: No such file or directory.\n"


def test_a_journey_is_removed_only_with_a_yes(shop: Shell) -> None:
    shop("journey", "save", "ask.json")
    refused = shop("journey", "remove", "ask")
    assert refused.code == 2
    assert "add --yes" in refused.err
    assert shop("journey", "remove", "ask", "--yes").out == "ask is removed.\n"
    assert shop("journey", "list").out.startswith("No journey yet")
