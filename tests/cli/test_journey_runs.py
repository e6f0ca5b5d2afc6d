"""Runs from the command line: started, looked at, held, moved, ended; and the inbox."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clarion.services.workspaces import add_workspace
from clarion.store.db import Database
from tests.cli.shell import Shell
from tests.support.journey_engine import Stage

HELLO = {"type": "template", "name": "hello_world", "language": "en_US"}


def greeting(*, wait: str = "answer") -> dict[str, Any]:
    """Greet, wait a day; whoever writes `person` is handed over."""
    return {
        "name": "greet",
        "sender": "shop",
        "nodes": [
            {"id": "start", "kind": "audience", "api": True},
            {"id": "hello", "kind": "message", "content": HELLO},
            {"id": wait, "kind": "wait", "timeout": "1d"},
            {"id": "help", "kind": "handoff", "wait": True, "timeout": "2d", "note": "Wants a person."},
            {"id": "done", "kind": "end"},
        ],
        "edges": [
            {"from": "start", "to": "hello"},
            {"from": "hello", "to": wait},
            {"from": wait, "to": "help", "on": "keywords", "words": ["person"]},
            {"from": wait, "to": "done", "on": "timeout"},
            {"from": "help", "to": "done"},
            {"from": "help", "to": "done", "on": "timeout"},
        ],
    }


@pytest.fixture(scope="module")
def furnished(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A sender, and a published journey; made once, then copied."""
    shell = Shell(tmp_path_factory.mktemp("shop"), {"CLARION_WHATSAPP__BASE_URL": simulator})
    assert shell.whatsapp("--rate", "60").code == 0
    assert shell("template", "sync", "--sender", "shop").code == 0
    (shell.folder / "people.csv").write_text(
        "phone,name\n+5541900000001,Ana\n41 90000-0002,Bo\n+55 (41) 90000-0003,Cy\n"
    )
    publish(shell, greeting())
    return shell


@pytest.fixture
def shop(furnished: Shell, tmp_path: Path) -> Shell:
    """A copy of the furnished installation for one test."""
    shutil.copytree(furnished.folder, tmp_path / "shop")
    return Shell(tmp_path / "shop", furnished.env)


def publish(shell: Shell, graph: dict[str, Any]) -> None:
    """The graph as the journey's next version."""
    (shell.folder / "greet.json").write_text(json.dumps(graph))
    assert shell("journey", "save", "greet.json").code == 0
    published = shell("journey", "publish", "greet")
    assert published.code == 0, published.err


def play(shell: Shell, act: Callable[[Stage], Awaitable[object]]) -> None:
    """Let the engine work on the installation's database, as `clarion serve` would."""

    async def run() -> None:
        db = await Database.open(f"sqlite:///{shell.folder}/clarion-data/clarion.db")
        try:
            await act(Stage(db, sender=1))
        finally:
            await db.close()

    asyncio.run(run())


def begun(shop: Shell) -> None:
    """Run 1: three people from a file at the wait; Bo asked for a person."""
    started = shop("journey", "start", "greet", "--file", "people.csv", "--country", "BR", "--json")
    assert started.code == 0, started.err
    assert (started.json["id"], started.json["status"]) == (1, "running")

    async def act(stage: Stage) -> None:
        await stage.clear(1)  # lets everybody in
        await stage.settle()
        await stage.say(2, "a person please")

    play(shop, act)


def test_a_file_of_people_goes_through_a_journey_and_can_be_followed(shop: Shell) -> None:
    begun(shop)
    (run,) = shop("journey", "runs", "--json").json
    assert (run["journey"], run["number"], run["entered"], run["under_way"]) == ("greet", 1, 3, 3)
    assert shop("list", "show", "people", "--json").json["members"] == 3
    stats = shop("journey", "stats", "1", "--json").json
    assert {each["node"]: each["here"] for each in stats["nodes"] if each["here"]} == {"answer": 2, "help": 1}
    assert stats["messages"] == {"accepted": 3}
    text = shop("journey", "stats", "1").out
    assert "Run 1 of greet, version 1: running. 3 entered, 3 under way, 0 ended." in text
    assert "keywords person 1 (100%)" in text
    assert "Messages: accepted 3." in text
    waiting = shop("journey", "people", "1", "--node", "answer", "--json").json
    assert [each["address"][-1] for each in waiting] == ["1", "3"]
    page = shop("journey", "people", "1", "--limit", "2")
    assert "--after 2" in page.out
    assert "Nobody." in shop("journey", "people", "1", "--outcome", "won").out


def test_one_person_s_way_is_told_with_every_reason(shop: Shell) -> None:
    begun(shop)
    text = shop("journey", "trace", "1", "41 90000-0002", "--country", "BR").out
    for words in (
        "+5541900000002 in run 1 of greet",
        "at help (visit 3) since",
        "message 2 from shop, accepted: template hello_world",
        "reply 'a person please' (position: ",
        "answer (visit 2) heard replied: keywords person → help",
        "✓ keywords person: the reply has 'person'",
    ):
        assert words in text
    told = shop("journey", "trace", "1", "+5541900000002", "--json").json
    assert [step["node"] for step in told["passages"][0]["steps"]] == ["start", "hello", "answer"]
    assert told["passages"][0]["place"]["entered_at"].startswith("20")
    assert shop("journey", "trace", "1", "+5541900000009").code == 2


def test_a_run_is_paused_resumed_and_stopped(shop: Shell) -> None:
    begun(shop)
    paused = shop("journey", "pause", "1", "--reason", "lunch", "--json").json
    assert paused == {"id": 1, "status": "paused", "draining": 0}
    assert shop("journey", "stats", "1", "--json").json["run"]["status_reason"] == "lunch"
    assert "cannot be paused: it is paused" in shop("journey", "pause", "1").err
    assert shop("journey", "resume", "1").out == "Run 1 is running.\n"
    assert shop("journey", "stop", "1", "--json").json["status"] == "stopped"
    play(shop, lambda stage: stage.clear(1))
    watched = shop("journey", "watch", "1", "--json").json
    assert (watched["under_way"], watched["outcomes"]) == (0, {"stopped": 3})
    assert "stopped 3" in shop("journey", "watch", "1").out
    assert shop("journey", "resume", "1").code == 2


def test_people_are_moved_to_another_version_after_a_look(shop: Shell) -> None:
    begun(shop)
    publish(shop, greeting(wait="reply"))
    look = shop("journey", "move", "1", "--to-version", "2")
    assert "2 at answer (version 1) stays: version 2 has no node 'answer'" in look.out
    assert "1 at help (version 1) → help" in look.out
    assert "1 people would move, 2 would stay.\nNothing was changed: add --yes to move them." in look.out
    moved = shop("journey", "move", "1", "--to-version", "2", "--map", "answer=reply", "--yes", "--json").json
    assert moved["done"] == {"moved": 3, "stayed": 0, "left": 0}
    assert shop("journey", "people", "1", "--node", "reply", "--json").json[0]["number"] == 2
    again = shop("journey", "move", "1", "--to-version", "2").out
    assert again == "Nobody under way in run 1 is on another version than 2.\n"
    for options, problem in (
        (("--map", "answer"), "write OLD=NEW"),
        (("--map", "nix=reply"), "with a node 'nix'"),
    ):
        refused = shop("journey", "move", "1", "--to-version", "2", *options)
        assert refused.code == 2
        assert problem in refused.err


def test_one_person_is_sent_in_with_variables_of_their_own(shop: Shell) -> None:
    made = shop(
        "journey", "enter", "greet", "41 90000-0007", "--country", "BR", "--set", "offer=spring=10", "--json"
    )
    assert made.json == {"position_id": 1, "name": "greet"}
    (found,) = shop("journey", "people", "1", "--json").json
    assert (found["address"], found["variables"]) == ("+5541900000007", {"offer": "spring=10"})
    again = shop("journey", "enter", "greet", "+5541900000007")
    assert again.code == 2
    assert "cannot be entered by +5541900000007" in again.err
    assert shop("journey", "enter", "greet", "12").code == 2
    assert shop("journey", "enter", "greet", "+5541900000008", "--set", "offer").code == 2


def test_a_start_that_cannot_be_is_refused_by_name(shop: Shell) -> None:
    for words, problem in (
        (("nix",), "no journey 'nix'"),
        (("greet",), "names no list"),
        (("greet", "--list", "nobody"), "no list 'nobody'"),
        (("greet", "--country", "BR"), "name one"),
    ):
        refused = shop("journey", "start", *words)
        assert refused.code == 2
        assert problem in refused.err
    assert shop("journey", "runs").out.startswith("No run yet")


def test_the_inbox_shows_who_waits_for_a_person(shop: Shell) -> None:
    assert shop("inbox", "list").out == "Nothing waits for a person.\n"
    begun(shop)
    play(shop, lambda stage: replace(stage, replies=5).say(8, "who are you?"))
    told = shop("inbox", "list", "--json").json
    assert [(each["address"], each["journey"]) for each in told["handoffs"]] == [("+5541900000002", "greet")]
    assert [each["text"] for each in told["replies"]] == ["who are you?"]
    text = shop("inbox", "list").out
    assert "Wants a person." in text
    assert "who are you?" in text
    assert shop("inbox", "close", "1").out == "Conversation 1 is closed.\n"
    assert shop("inbox", "close", "1", "--json").json == {"id": 1, "closed": False}
    assert shop("inbox", "close", "9").code == 2
    play(shop, lambda stage: stage.step())
    assert (
        shop("journey", "people", "1", "--outcome", "finished", "--json").json[0]["address"]
        == "+5541900000002"
    )


def test_a_run_of_another_workspace_does_not_exist(shop: Shell) -> None:
    shop("journey", "enter", "greet", "+5541900000007")

    async def another(stage: Stage) -> None:
        await add_workspace(stage.db, "other")

    play(shop, another)
    for command in ("stats", "pause", "stop", "watch"):
        refused = shop("--workspace", "other", "journey", command, "1")
        assert (refused.code, refused.err) == (2, "error: There is no run 1.\n")
