"""People under way go over to another version: where they stand, and without being written to."""

import asyncio
from typing import Any

import pytest

from clarion.domain.errors import JourneyRefused, NotFound
from clarion.domain.message import Status
from clarion.services.journeys.moving import Landing, Moved, move_run, preview_move
from clarion.services.journeys.reports import run_stats
from clarion.services.journeys.runs import stop_run
from clarion.services.journeys.trace import trace
from clarion.services.workspaces import add_workspace
from clarion.store.db import Database
from tests.support.journey_engine import Stage
from tests.support.people import named

HELLO = {"type": "template", "name": "hello", "language": "en"}


def chain(*, renamed: bool = False, delivered: bool = False, timeout: bool = True) -> dict[str, Any]:
    """Ask, wait for an answer, thank. The wait may be renamed; it may hear of the delivery; it may wait for ever."""
    wait = "reply" if renamed else "answer"
    more = [{"from": wait, "to": "thank", "on": "delivered"}] if delivered else []
    ends = [{"from": wait, "to": "done", "on": "timeout"}] if timeout else []
    return {
        "name": "test",
        "sender": "main",
        "nodes": [
            {"id": "start", "kind": "audience"},
            {"id": "ask", "kind": "message", "content": HELLO},
            {"id": wait, "kind": "wait", **({"timeout": "1h"} if timeout else {})},
            {"id": "thank", "kind": "message", "content": HELLO},
            {"id": "done", "kind": "end", "outcome": "done"},
        ],
        "edges": [
            {"from": "start", "to": "ask"},
            {"from": "ask", "to": wait},
            *more,
            {"from": wait, "to": "thank" if renamed or delivered else "done", "on": "fallback"},
            *ends,
            {"from": "thank", "to": "done"},
        ],
    }


@pytest.fixture
async def stage(db: Database) -> Stage:
    """Seven people in a run, five of them at the wait, two whose message has not left."""
    stage = Stage(db)
    await stage.set(chain(), named(*(f"P{n}" for n in range(1, 8))))
    await stage.start()
    for n in range(1, 6):
        await stage.settle(only=n)
    assert await stage.where() == {"ask": 2, "answer": 5}
    return stage


async def test_a_preview_says_who_would_land_where_and_why_others_stay(stage: Stage) -> None:
    await stage.publish(chain(renamed=True))
    preview = await preview_move(stage.db, 1, 2)
    assert preview.landings == (
        Landing(1, "answer", 5, "", "stays: version 2 has no node 'answer'"),
        Landing(1, "ask", 2, "ask", ""),
    )
    assert (preview.moving, preview.staying) == (2, 5)
    mapped = await preview_move(stage.db, 1, 2, {"answer": "reply"})
    assert mapped.landings[0] == Landing(1, "answer", 5, "reply", "")
    assert (mapped.moving, mapped.staying) == (7, 0)
    other_kind = await preview_move(stage.db, 1, 2, {"answer": "thank"})
    assert other_kind.landings[0].why == "stays: 'thank' is of kind message there, 'answer' is of kind wait"
    assert (await stage.position(1)).version_id == 1


async def test_people_go_over_with_their_visit_and_their_timer_and_without_a_message(stage: Stage) -> None:
    await stage.publish(chain(renamed=True))
    before = await stage.position(1)
    assert await move_run(stage.db, 1, 2, {"answer": "reply"}, batch=2) == Moved(7, 0)
    after = await stage.position(1)
    assert (after.version_id, after.node, after.visit) == (2, "reply", before.visit)
    assert (after.listens, after.moved_at, after.message_id) == (True, before.moved_at, before.message_id)
    await stage.step()
    assert len(await stage.messages()) == 7
    (passage,) = (await trace(stage.db, 1, "+5541900000001")).passages
    assert passage.steps[-1].why == "moved to version 2, where the node is 'reply'"
    await stage.say(1, "hello")
    assert await stage.where() == {"ask": 2, "reply": 4, "thank": 1}  # the other version's edge
    await stage.wait(3_601)
    assert await stage.where() == {"ask": 2, "=done": 4, "thank": 1}  # their timers ran on
    await stage.settle()
    assert (await stage.where())["reply"] == 2


async def test_who_cannot_go_over_stays_on_their_version_and_goes_on_there(stage: Stage) -> None:
    await stage.publish(chain(renamed=True))
    assert await move_run(stage.db, 1, 2) == Moved(2, 5)
    assert await move_run(stage.db, 1, 2) == Moved(0, 5)
    await stage.say(1, "hello")
    assert await stage.where() == {"ask": 2, "answer": 4, "=done": 1}
    told = await trace(stage.db, 1, "+5541900000001")
    assert told.passages[0].place.number == 1


async def test_a_wait_that_now_hears_of_deliveries_hears_of_one_that_was_before_the_move(
    stage: Stage,
) -> None:
    await stage.publish(chain(delivered=True))
    await stage.receipt((await stage.position(1)).message_id, Status.DELIVERED)
    assert await stage.where() == {"ask": 2, "answer": 5}
    assert await move_run(stage.db, 1, 2) == Moved(7, 0)
    await stage.step()
    assert await stage.where() == {"ask": 2, "answer": 4, "thank": 1}
    await stage.receipt((await stage.position(2)).message_id, Status.READ)
    assert await stage.where() == {"ask": 2, "answer": 3, "thank": 2}
    assert await stage.books() == []


async def test_who_steps_while_being_moved_is_neither_lost_nor_counted_twice(stage: Stage) -> None:
    await stage.publish(chain(renamed=True))
    for n in range(1, 6):
        await stage.hear(n, "hello")
    await asyncio.gather(
        move_run(stage.db, 1, 2, {"answer": "reply"}, batch=1),
        stage.step(),
        move_run(stage.db, 1, 2, batch=2),
    )
    await stage.step()
    await stage.settle()
    stats = await run_stats(stage.db, 1)
    assert (stats.entered, sum(each.here for each in stats.nodes)) == (7, stats.under_way)
    standing = {node: n for node, n in (await stage.where()).items() if not node.startswith("=")}
    assert {each.node: each.here for each in stats.nodes if each.here} == standing
    assert stats.outcomes == {"done": 5}
    assert await stage.books() == []


async def test_a_preview_warns_of_ways_out_that_are_gone(stage: Stage) -> None:
    await stage.publish(chain(timeout=False))
    preview = await preview_move(stage.db, 1, 2)
    assert preview.landings[0] == Landing(1, "answer", 5, "answer", "", ("timeout",))


async def test_stats_tell_of_the_nodes_of_every_version_people_are_on(stage: Stage) -> None:
    await stage.publish(chain(renamed=True))
    await move_run(stage.db, 1, 2)
    await stage.settle()
    stats = await run_stats(stage.db, 1)
    assert [each.node for each in stats.nodes] == ["start", "ask", "answer", "thank", "done", "reply"]
    assert {each.node: each.here for each in stats.nodes if each.here} == {"answer": 5, "reply": 2}
    assert stats.run.number == 1


async def test_figures_follow_people_whose_node_has_another_name_now(stage: Stage) -> None:
    await stage.publish(chain(renamed=True))
    await move_run(stage.db, 1, 2, {"answer": "reply"})
    stats = await run_stats(stage.db, 1)
    assert {each.node: each.here for each in stats.nodes if each.here} == {"ask": 2, "reply": 5}


@pytest.mark.parametrize(
    ("mapping", "problem"),
    [
        ({"answre": "reply"}, "nobody under way is in a version with a node 'answre'"),
        ({"answer": "repyl"}, "version 2 has no node 'repyl'"),
    ],
)
async def test_a_mapping_that_names_no_node_is_refused(
    stage: Stage, mapping: dict[str, str], problem: str
) -> None:
    await stage.publish(chain(renamed=True))
    with pytest.raises(JourneyRefused, match=problem):
        await move_run(stage.db, 1, 2, mapping)


async def test_only_a_live_run_of_the_workspace_is_moved_and_only_to_a_version_there_is(stage: Stage) -> None:
    with pytest.raises(NotFound, match="version 2"):
        await preview_move(stage.db, 1, 2)
    with pytest.raises(NotFound, match="run 1"):
        await move_run(stage.db, 1, 1, workspace=await add_workspace(stage.db, "other"))
    assert (await preview_move(stage.db, 1, 1)).landings == ()
    await stop_run(stage.db, stage.woken, 1)
    with pytest.raises(JourneyRefused, match="it is stopped"):
        await move_run(stage.db, 1, 1)
