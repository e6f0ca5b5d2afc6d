"""How a run stands, one person's way through it, the inbox, on both databases."""

from typing import Any

import pytest

from clarion.domain.errors import NotFound
from clarion.services.journeys.handoffs import close_handoff, open_handoffs, unwanted_replies
from clarion.services.journeys.reports import NodeStats, RunStats, find_run, list_runs, people, run_stats
from clarion.services.journeys.runs import enter, pause_run
from clarion.services.journeys.trace import trace
from clarion.services.workspaces import add_workspace
from clarion.store.db import Database
from tests.support.journey_engine import Stage, refused
from tests.support.people import named


def asking() -> dict[str, Any]:
    """Ask, wait an hour, thank whoever says yes, hand over whoever asks for a person."""
    return {
        "name": "test",
        "sender": "main",
        "nodes": [
            {"id": "start", "kind": "audience", "api": True, "reentry": "always"},
            {
                "id": "ask",
                "kind": "message",
                "content": {"type": "template", "name": "hello", "language": "en"},
            },
            {"id": "answer", "kind": "wait", "timeout": "1h", "save": "said", "name": "Their answer"},
            {"id": "thank", "kind": "message", "content": {"type": "text", "body": "Thanks {{ name }}"}},
            {"id": "person", "kind": "handoff", "wait": True, "note": "wants a person"},
            {"id": "won", "kind": "end", "outcome": "won"},
            {"id": "silent", "kind": "end", "outcome": "silent"},
        ],
        "edges": [
            {"from": "start", "to": "ask"},
            {"from": "ask", "to": "answer"},
            {"from": "answer", "to": "thank", "on": "keywords", "words": ["yes"]},
            {"from": "answer", "to": "person", "on": "keywords", "words": ["person"]},
            {"from": "answer", "to": "silent", "on": "timeout"},
            {"from": "thank", "to": "won"},
            {"from": "person", "to": "won"},
        ],
    }


@pytest.fixture
async def stage(db: Database) -> Stage:
    """The asking journey, published, and five people."""
    stage = Stage(db)
    await stage.set(asking(), named("Ana", "Bo", "Cy", "Di", "Ed"))
    return stage


async def answered(stage: Stage) -> int:
    """A run: Ana said yes, Bo asked for a person, Cy's message was refused, Di and Ed say nothing."""
    run = await stage.start()
    await stage.settle(only=3, outcome=refused())
    await stage.settle()
    await stage.say(1, "well, yes")
    await stage.say(2, "a person please")
    return run


def at(stats: RunStats, node: str) -> NodeStats:
    """The figures of one node."""
    return next(each for each in stats.nodes if each.node == node)


async def test_stats_tell_for_each_node_who_came_who_is_there_and_how_they_left(stage: Stage) -> None:
    run = await answered(stage)
    stats = await run_stats(stage.db, run)
    assert (stats.entered, stats.under_way, stats.finished, stats.skipped) == (5, 4, 1, 0)
    assert stats.outcomes == {"failed": 1}
    assert [each.node for each in stats.nodes] == [
        "start",
        "ask",
        "answer",
        "thank",
        "person",
        "won",
        "silent",
    ]
    assert [(e.entered, e.here) for e in stats.nodes] == [
        (5, 0),
        (5, 0),
        (4, 2),
        (1, 1),
        (1, 1),
        (0, 0),
        (0, 0),
    ]
    ask, answer = at(stats, "ask"), at(stats, "answer")
    assert [(way.label, way.n, way.share) for way in ask.left] == [("next", 4, 0.8)]
    assert [(way.label, way.n, way.share) for way in ask.ended] == [("failed", 1, 0.2)]
    assert ask.failed == 1
    assert ask.seconds is not None
    assert ask.seconds >= 0
    assert [(way.label, way.n, way.share) for way in answer.left] == [
        ("keywords yes", 1, 0.5),
        ("keywords person", 1, 0.5),
        ("timeout", 0, 0.0),
    ]
    assert (answer.kind, answer.name) == ("wait", "Their answer")
    assert at(stats, "won").seconds is None


async def test_stats_count_messages_and_group_failures_by_reason(stage: Stage) -> None:
    run = await answered(stage)
    stats = await run_stats(stage.db, run)
    assert stats.messages == {"accepted": 4, "failed": 1, "queued": 1}
    assert [(f.people, f.code, f.node) for f in stats.failures] == [(1, "131026", ""), (1, "", "ask")]
    assert "The number cannot be reached." in stats.failures[1].reason
    without = await run_stats(stage.db, run, messages=False)
    assert (without.messages, without.failures, without.nodes) == ({}, (), stats.nodes)


async def test_in_the_end_everybody_is_counted_by_outcome(stage: Stage) -> None:
    run = await answered(stage)
    await stage.settle()
    await stage.wait(3_601)
    stats = await run_stats(stage.db, run)
    assert stats.outcomes == {"silent": 2, "failed": 1, "won": 1}
    assert (stats.under_way, at(stats, "person").here) == (1, 1)
    assert sum(each.here for each in stats.nodes) == stats.under_way
    seconds = at(stats, "answer").seconds
    assert seconds is not None
    assert seconds < 60  # the clock did not move, only the timers


async def test_a_run_that_nobody_entered_has_stats_too(db: Database) -> None:
    stage = Stage(db)
    await stage.set(asking(), named("Ana"))
    async with db.transaction() as tx:
        await tx.run("DELETE FROM list_members")
    stats = await run_stats(db, await stage.start())
    assert (stats.entered, stats.under_way, [each.here for each in stats.nodes]) == (0, 0, [0] * 7)


async def test_runs_are_listed_newest_first_and_found_in_their_workspace_only(stage: Stage) -> None:
    first = await stage.start()
    position = await enter(stage.db, stage.woken, "test", "+5541900000001", {"offer": "x"})
    runs = await list_runs(stage.db, journey="test")
    assert [(run.kind, run.entered, run.number) for run in runs] == [("open", 1, 1), ("audience", 5, 1)]
    assert [run.id for run in runs] == [first + 1, first]
    assert position == 6
    assert await list_runs(stage.db, limit=1) == runs[:1]
    await pause_run(stage.db, first, reason="lunch")
    found = await find_run(stage.db, first)
    assert (found.journey, found.status, found.status_reason, found.under_way) == (
        "test",
        "paused",
        "lunch",
        5,
    )
    other = await add_workspace(stage.db, "other")
    assert await list_runs(stage.db, workspace=other) == []
    for missing in (
        find_run(stage.db, first, workspace=other),
        run_stats(stage.db, first, workspace=other),
        people(stage.db, first, workspace=other),
        list_runs(stage.db, workspace=other, journey="test"),
        trace(stage.db, first, "+5541900000001", workspace=other),
        find_run(stage.db, 99),
    ):
        with pytest.raises(NotFound):
            await missing


async def test_a_trace_tells_every_edge_that_was_tried_and_why_not(stage: Stage) -> None:
    run = await stage.start()
    await stage.settle()
    await stage.say(1, "hm")
    await stage.say(1, "a person")
    (passage,) = (await trace(stage.db, run, "41 90000-0001", country="BR")).passages
    assert (passage.place.node, passage.place.outcome, passage.place.variables) == (
        "person",
        "",
        {"said": "a person"},
    )
    assert [(each.visit, each.node, each.event, each.edge, each.to) for each in passage.steps] == [
        (0, "start", "arrived", "next", "ask"),
        (1, "ask", "message", "next", "answer"),
        (2, "answer", "replied", "", ""),
        (2, "answer", "replied", "keywords person", "person"),
    ]
    assert [(tried.edge, tried.taken, tried.why) for tried in passage.steps[2].tried] == [
        ("keywords yes", False, "the reply has none of the words"),
        ("keywords person", False, "the reply has none of the words"),
    ]
    assert [tried.taken for tried in passage.steps[3].tried] == [False, True]
    assert [(sent.visit, sent.sender, sent.status) for sent in passage.messages] == [(1, "main", "accepted")]
    assert "hello" in passage.messages[0].text
    assert [reply.text for reply in passage.replies] == ["hm", "a person"]
    assert [step.reply_id for step in passage.steps[2:]] == [reply.id for reply in passage.replies]


async def test_a_trace_of_somebody_who_entered_twice_has_two_passages(stage: Stage) -> None:
    for offer in ("a", "b"):
        await enter(stage.db, stage.woken, "test", "+5541900000001", {"offer": offer}, trigger=offer)
    await stage.step()
    told = await trace(stage.db, 1, "+5541900000001")
    assert [each.place.variables for each in told.passages] == [{"offer": "a"}, {"offer": "b"}]
    with pytest.raises(NotFound, match="person in run 1"):
        await trace(stage.db, 1, "+5541900000002")


async def test_people_are_paged_by_node_and_by_outcome(stage: Stage) -> None:
    run = await answered(stage)
    everybody = await people(stage.db, run)
    assert [each.address[-1] for each in everybody] == ["1", "2", "3", "4", "5"]
    assert await people(stage.db, run, after=everybody[1].id, limit=2) == everybody[2:4]
    waiting = await people(stage.db, run, node="answer")
    assert [each.address[-1] for each in waiting] == ["4", "5"]
    assert all(each.due_at > each.moved_at for each in waiting)
    (failed,) = await people(stage.db, run, outcome="failed")
    assert (failed.address[-1], failed.node) == ("3", "ask")
    assert "cannot be reached" in failed.reason
    assert await people(stage.db, run, node="ask") == []  # it failed there, but is there no more


async def test_a_conversation_handed_over_waits_until_it_is_closed(stage: Stage) -> None:
    await answered(stage)
    (handoff,) = await open_handoffs(stage.db)
    assert (handoff.address, handoff.journey, handoff.note, handoff.waits) == (
        "+5541900000002",
        "test",
        "wants a person",
        True,
    )
    assert handoff.last_text == "a person please"
    other = await add_workspace(stage.db, "other")
    assert await open_handoffs(stage.db, workspace=other) == []
    with pytest.raises(NotFound):
        await close_handoff(stage.db, stage.woken, handoff.id, workspace=other)
    assert await close_handoff(stage.db, stage.woken, handoff.id) is True
    assert stage.woken.lanes[-1] == "step"
    assert await close_handoff(stage.db, stage.woken, handoff.id) is False
    assert await open_handoffs(stage.db) == []
    await stage.step()
    assert (await stage.position(2)).outcome == "won"


async def test_replies_that_nobody_waited_for_are_in_the_inbox_with_the_reason(stage: Stage) -> None:
    assert await stage.say(4, "hello?") == "inbox"
    assert await stage.say(5, "anybody there?") == "inbox"
    found = await unwanted_replies(stage.db)
    assert [(each.address[-1], each.text, each.sender) for each in found] == [
        ("5", "anybody there?", "main"),
        ("4", "hello?", "main"),
    ]
    assert all(each.why for each in found)
    assert await unwanted_replies(stage.db, before=found[0].id) == found[1:]
    assert await unwanted_replies(stage.db, workspace=await add_workspace(stage.db, "other")) == []
