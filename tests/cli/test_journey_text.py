"""How journeys look on a screen: pure, from what services tell."""

from pathlib import Path
from typing import Any

from rich.console import Console

from clarion.cli.journey_files import pretty
from clarion.cli.journey_text import head, line, move_lines, problem_lines, stats_picture, told, trace_lines
from clarion.domain.journey.graph import read_graph
from clarion.domain.journey.problem import Problem
from clarion.domain.journey.problems import problems
from clarion.services.journeys.moving import Landing, MovePreview
from clarion.services.journeys.reports import Failure, NodeStats, RunStats, Way
from clarion.services.journeys.trace import Heard, Passage, Sent, Step, Trace, Tried
from clarion.sim.config import load_config
from clarion.store.run_reports import Place, Run

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
AT = 1_790_000_000_000_000  # 2026-09-21 14:13:20 UTC


def a_run(**changes: Any) -> Run:
    """Run 7 of `welcome`: ten people entered, four have ended."""
    values: dict[str, Any] = {
        "id": 7, "name": "", "journey_id": 1, "journey": "welcome", "version_id": 3, "number": 2,
        "kind": "audience", "status": "running", "status_reason": "", "expanded": True, "skipped": 0,
        "created_at": AT, "finished_at": 0, "entered": 10, "ended": 4,
    }  # fmt: skip
    return Run(**{**values, **changes})


def some_stats(**changes: Any) -> RunStats:
    """The figures of that run."""
    wait = NodeStats(
        node="answer",
        kind="wait",
        name="",
        entered=10,
        here=6,
        left=(Way("keywords yes", 3, 0.75), Way("timeout", 0, 0.0)),
        ended=(Way("failed", 1, 0.25),),
        failed=1,
        seconds=7_200.0,
    )
    values: dict[str, Any] = {
        "run": a_run(), "entered": 10, "under_way": 6, "finished": 4, "skipped": 2,
        "outcomes": {"won": 3, "failed": 1}, "nodes": (wait,), "messages": {"sent": 9, "failed": 1},
        "failures": (Failure("No such number.", 1, code="131026"), Failure("", 1, node="answer")), "at": AT,
    }  # fmt: skip
    return RunStats(**{**values, **changes})


def drawn(stats: RunStats) -> str:
    """What a wide screen shows."""
    console = Console(width=160)
    with console.capture() as captured:
        console.print(stats_picture(stats))
    return captured.get()


def test_a_run_is_told_in_one_line() -> None:
    assert head(some_stats()) == (
        "Run 7 of welcome, version 2: running. 10 entered, 2 did not enter, 6 under way, 4 ended (won 3, failed 1)."
    )
    paused = some_stats(
        run=a_run(status="paused", status_reason="lunch", name="spring"), skipped=0, outcomes={}
    )
    assert head(paused).startswith(
        "Run 7 'spring' of welcome, version 2: paused (lunch). 10 entered, 6 under way"
    )
    assert line(some_stats()) == "14:13:20 running, 6 of 10 under way | answer 6"


def test_the_picture_has_a_row_for_each_node_and_says_why_things_failed() -> None:
    shown = drawn(some_stats())
    for words in (
        "answer  wait       10     6  keywords yes 3 (75%)  failed 1 (25%)",
        "timeout 0 (0%)",
        "2.0 h",
        "Messages: failed 1, sent 9.",
        "1  message: No such number. (131026)",
        "1  at answer: no reason given",
    ):
        assert words in shown
    assert "Messages" not in drawn(some_stats(messages={}, failures=()))


def test_problems_are_told_errors_first_each_on_its_line() -> None:
    found = [
        Problem("a", "", "has no way out", "warning"),
        Problem("b", "timeout", "is too long"),
        Problem("", "sender", "there is no sender 'x'"),
    ]
    assert problem_lines(found) == [
        "error    node 'b', timeout: is too long",
        "error    sender: there is no sender 'x'",
        "warning  node 'a': has no way out",
    ]


def test_a_trace_puts_messages_and_replies_where_they_belong() -> None:
    place = Place(
        1,
        "+5541900000001",
        "5541900000001",
        2,
        3,
        "answer",
        2,
        {"said": "hm"},
        "",
        "",
        AT,
        AT,
        0,
        AT + 60_000_000,
    )
    steps = (
        Step(AT, 1, "ask", "message", "next", "answer", "", "", (), 0),
        Step(
            AT,
            2,
            "answer",
            "replied",
            "",
            "",
            "",
            "the reply fits no edge",
            (Tried("keywords yes", False, "no"),),
            5,
        ),
    )
    message = Sent(9, 1, "Is it\nfine?", "shop", "failed", "131026", "No such number.", AT, 0, 0, 0, AT)
    replies = (
        Heard(5, "text", "hm", "", "position", "it waits for a reply", AT),
        Heard(6, "image", "", "", "late", "it has moved on", AT),
    )
    text = trace_lines(Trace(a_run(), place.address, (Passage(place, steps, (message,), replies),)))
    when = "2026-09-21T14:13:20+00:00"
    assert text.splitlines() == [
        "+5541900000001 in run 7 of welcome",
        "",
        f"Version 2, entered {when}, at answer (visit 2) since {when}, timer at 2026-09-21T14:14:20+00:00.",
        f"  {when}  message 9 from shop, failed: No such number. (131026): Is it fine?",
        f"  {when}  ask (visit 1) heard message: next → answer",
        f"  {when}  reply 'hm' (position: it waits for a reply)",
        f"  {when}  answer (visit 2) heard replied: nothing (the reply fits no edge)",
        "      · keywords yes: no",
        f"  {when}  reply '<image>' (late: it has moved on)",
        "  variables: said=hm",
    ]


def test_a_preview_says_who_lands_where_and_what_is_no_longer_drawn() -> None:
    landings = (
        Landing(1, "answer", 5, "reply", "", ("timeout",)),
        Landing(1, "ask", 2, "", "stays: version 2 has no node 'ask'"),
    )
    assert move_lines(MovePreview(7, 2, landings, 5, 2)).splitlines() == [
        "Run 7 to version 2:",
        "        5 at answer (version 1) → reply; nothing is drawn there for timeout",
        "        2 at ask (version 1) stays: version 2 has no node 'ask'",
        "5 people would move, 2 would stay.",
    ]
    assert move_lines(MovePreview(7, 2, (), 0, 0)).startswith("Nobody under way in run 7")


def test_instants_are_readable_in_json_and_variables_stay_as_they_are() -> None:
    place = Place(1, "+1", "1", 1, 1, "a", 1, {"at": 5, "moved_at": 6}, "", "", AT, AT, 0, 0)
    shown = told(place)
    assert (shown["entered_at"], shown["ended_at"]) == ("2026-09-21T14:13:20+00:00", "")
    assert shown["variables"] == {"at": 5, "moved_at": 6}


def test_the_example_journey_is_as_an_export_would_write_it_and_nothing_is_wrong_with_it() -> None:
    stored = (EXAMPLES / "visits.json").read_bytes()
    graph = read_graph(stored)
    assert pretty(graph.to_json()).encode() == stored
    assert problems(graph) == []


def test_the_example_s_people_are_ones_the_simulator_understands() -> None:
    people = load_config(EXAMPLES / "visits-people.toml").people
    assert [len(each.replies) for each in people.conversations] == [3, 2, 0]
