"""`clarion journey simulate` and `clarion journey chat`, the real commands."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import COMMAND, Ran, Shell

TEMPLATE = {
    "type": "template",
    "name": "order",
    "language": "en",
    "body": [{"name": "1", "value": "{{ name }}"}],
    "buttons": [
        {"index": 0, "kind": "quick_reply", "value": "YES"},
        {"index": 1, "kind": "quick_reply", "value": "NO"},
    ],
}


def journey(**changes: Any) -> dict[str, Any]:
    """Ask by template; on yes look at the stock and thank, on no ask why, else say goodbye."""
    return {
        "name": "Order",
        "sender": "shop",
        "nodes": [
            {"id": "start", "kind": "audience", "lists": ["people"]},
            {"id": "ask", "kind": "message", "content": TEMPLATE},
            {"id": "answer", "kind": "wait", "timeout": "1d"},
            {"id": "stock", "kind": "api", "url": "https://x.example/stock", "save": {"left": "$.left"}},
            {
                "id": "thanks",
                "kind": "message",
                "content": {"type": "text", "body": "Thanks, {{ left }} left"},
            },
            {"id": "why", "kind": "wait", "save": "reason"},
            {"id": "bye", "kind": "message", "content": {"type": "text", "body": "Goodbye"}},
            {"id": "done", "kind": "end", "outcome": "bought"},
            {"id": "lost", "kind": "end", "outcome": "lost"},
        ],
        "edges": [
            {"from": "start", "to": "ask"},
            {"from": "ask", "to": "answer"},
            {"from": "answer", "to": "stock", "on": "payload", "value": "YES"},
            {"from": "answer", "to": "why", "on": "payload", "value": "NO"},
            {"from": "answer", "to": "bye", "on": "timeout"},
            {"from": "stock", "to": "thanks", "on": "success"},
            {"from": "thanks", "to": "done"},
            {"from": "why", "to": "lost", "on": "keywords", "words": ["expensive"]},
            {"from": "bye", "to": "lost"},
        ],
        **changes,
    }


@pytest.fixture
def graph(clarion: Shell) -> str:
    """The journey in a file."""
    (clarion.folder / "order.json").write_text(json.dumps(journey()))
    return "order.json"


def typed(clarion: Shell, text: str, *arguments: str) -> Ran:
    """The chat, with these lines on its standard input."""
    done = subprocess.run(
        (*COMMAND, "journey", "chat", *arguments),
        input=text,
        cwd=clarion.folder,
        env=clarion.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


# --- simulate -----------------------------------------------------------------------------------------------


def test_a_dry_run_tells_in_plain_words_what_to_mend(clarion: Shell, graph: str) -> None:
    ran = clarion("journey", "simulate", graph, "--people", "500", "--replies", "button:1=40%,button:2=20%")
    assert ran.code == 3, "there is something to mend"
    assert "500 people enter" in ran.out
    assert "people have no value for 'left', which thanks needs" in ran.out
    assert "wait at why for ever: set a timeout" in ran.out
    assert "are not written to by bye: the 24-hour window is closed" in ran.out
    assert "people are still under way at" in ran.out
    assert "there is no sender 'shop'" in ran.err, "what validate says is told, too"


def test_a_dry_run_in_json_is_one_value_that_balances(clarion: Shell, graph: str) -> None:
    one = clarion("journey", "simulate", graph, "--people", "200", "--seed", "7", "--json").json
    two = clarion("journey", "simulate", graph, "--people", "200", "--seed", "7", "--json").json
    assert one["people"] == 200 == one["here"] + sum(one["outcomes"].values())
    assert [node["left"] for node in one["nodes"]] == [node["left"] for node in two["nodes"]]
    assert one["findings"]
    assert {problem["level"] for problem in one["problems"]} == {"error", "warning"} or one["problems"]


def test_a_plan_and_prices_come_from_files(clarion: Shell, graph: str) -> None:
    (clarion.folder / "plan.toml").write_text(
        '[nodes.answer]\nreplies = "button:1=100%"\nafter = "1m"\n'
        '[messages]\nfailed = "0%"\n[calls.stock]\nbody = { left = 3 }\n'
    )
    (clarion.folder / "prices.toml").write_text(
        'currency = "USD"\n[whatsapp]\ntemplate = 0.05\nservice = 0\n'
    )
    ran = clarion(
        *("journey", "simulate", graph, "--people", "100", "--rate", "0"),
        *("--replies", "plan.toml", "--prices", "prices.toml"),
    )
    assert ran.code == 0, ran.out
    assert "Everybody is through after" in ran.out
    assert "bought 100" in ran.out
    assert "Together 5.00 USD." in ran.out


def test_people_come_from_a_file_or_a_saved_journeys_own_list(clarion: Shell, graph: str) -> None:
    (clarion.folder / "people.csv").write_text("phone,name\n+5541991230001,Ana\n+5541991230002,Bia\n")
    ran = clarion("journey", "simulate", graph, "--file", "people.csv", "--json")
    assert ran.json["people"] == 2
    assert clarion("import", "contacts", "people.csv", "--guess").code == 0
    assert clarion("journey", "save", graph).code == 0
    assert clarion("journey", "simulate", "Order", "--json").json["people"] == 2
    assert (
        clarion("journey", "simulate", "Order", "--audience", "people", "--limit", "1", "--json").json[
            "people"
        ]
        == 1
    )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--people", "5", "--audience", "x"), "one of --audience, --file and --people"),
        (("--people", "5", "--replies", "button:1"), "--replies: 'button:1' has no share"),
        (("--people", "5", "--until", "soon"), "--until: 'soon' is not a duration"),
        (("--people", "5", "--prices", "none.toml"), "none.toml cannot be read"),
        (("--people", "5", "--prices", "order.json"), "order.json cannot be used"),
        ((), "There is no list 'people'"),
    ],
)
def test_what_cannot_be_simulated_is_refused(
    clarion: Shell, graph: str, options: tuple[str, ...], problem: str
) -> None:
    ran = clarion("journey", "simulate", graph, *options)
    assert ran.code == 2
    assert problem in ran.err


# --- chat ---------------------------------------------------------------------------------------------------


def test_one_contact_is_played_in_the_terminal(clarion: Shell, graph: str) -> None:
    ran = typed(clarion, '1\n200\n{"left": 3}\n', graph, "--set", "name=Ana")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[1:6] == ["| template order", "| 1: Ana", "|   1  YES", "|   2  NO", "> 1"]
    assert lines[6:] == [
        "(stock calls GET https://x.example/stock)",
        "  status [200]: 200",
        '  JSON [{}]: {"left": 3}',
        "| Thanks, 3 left",
        "(the journey ends at done as bought)",
    ]


def test_time_passes_only_when_it_is_told_to(clarion: Shell, graph: str) -> None:
    ran = typed(clarion, "/wait 2h\n/state\n/wait 1d\n", graph, "--set", "name=Ana")
    assert "(2h later:" in ran.out
    assert "timer in 22h" in ran.out
    assert "24-hour window: closed" in ran.out
    assert "(the journey ends at bye as failed: the 24-hour window is closed" in ran.out


def test_decisions_are_explained(clarion: Shell, graph: str) -> None:
    ran = typed(clarion, "2\nhm\n/why\ntoo expensive\n", graph, "--set", "name=Ana", "--json")
    assert "(the reply fits no edge: you are still at why)" in ran.err
    assert "· keywords expensive: the reply has none of the words" in ran.err
    told = ran.json
    assert (told["outcome"], told["variables"]) == ("lost", {"reason": "too expensive"})
    assert [left["edge"] for left in told["trail"]] == [
        "next",
        "next",
        "payload NO",
        "",
        "keywords expensive",
        "",
    ]


def test_the_end_of_the_input_and_quit_leave_the_chat(clarion: Shell, graph: str) -> None:
    assert typed(clarion, "", graph, "--set", "name=Ana").code == 0
    assert typed(clarion, "/quit\n1\n", graph, "--set", "name=Ana", "--json").json["node"] == "answer"


def test_api_nodes_answer_from_a_file(clarion: Shell, graph: str) -> None:
    (clarion.folder / "answers.json").write_text('{"stock": {"status": 200, "body": {"left": 9}}}')
    ran = typed(clarion, "1\n", graph, "--set", "name=Ana", "--answers", "answers.json")
    assert "| Thanks, 9 left" in ran.out


def test_a_message_that_cannot_be_written_says_why(clarion: Shell, tmp_path: Path) -> None:
    nodes = [
        {"id": "start", "kind": "audience"},
        {"id": "ask", "kind": "message", "content": TEMPLATE},
        {"id": "pause", "kind": "delay", "for": "1h"},
        {"id": "help", "kind": "handoff", "wait": True},
    ]
    edges = [
        {"from": "start", "to": "ask"},
        {"from": "ask", "to": "pause", "on": "failed"},
        {"from": "pause", "to": "help"},
    ]
    (tmp_path / "sad.json").write_text(json.dumps(journey(nodes=nodes, edges=edges)))
    ran = typed(clarion, "hello?\n/wait x\n/what\n/wait 1h\n/close\n", "sad.json")
    assert "(ask is not sent: no value for name)" in ran.out
    assert "(at pause: nothing to answer, a timer fires in 1h)" in ran.out
    assert "(no node listens now: this would go to the inbox)" in ran.out
    assert "'x' is not a duration" in ran.out
    assert "(at help: nothing to answer)" in ran.out
    assert "(the journey ends at help as" in ran.out
