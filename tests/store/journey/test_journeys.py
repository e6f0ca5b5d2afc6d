"""Drafts, versions, exports and removal of journeys, on both databases."""

import json
from typing import Any

import orjson
import pytest

from clarion.domain.errors import BadGraph, JourneyRefused, NotFound
from clarion.services.journeys.journeys import (
    check_journey,
    export_journey,
    find_journey,
    list_journeys,
    publish_journey,
    remove_journey,
    save_journey,
    versions_of,
)
from clarion.services.journeys.runs import stop_run
from clarion.services.workspaces import add_workspace
from clarion.store import templates
from clarion.store.db import Database
from tests.support.journey_engine import Stage
from tests.support.people import a_list, a_sender, named


def asking(**changes: Any) -> dict[str, Any]:
    """Ask everybody by template and wait a day."""
    graph = {
        "name": "ask",
        "sender": "main",
        "nodes": [
            {
                "id": "start",
                "kind": "audience",
                "lists": ["everyone"],
                "triggers": [{"words": ["hello"]}],
                "at": [0, 0],
            },
            {
                "id": "ask",
                "kind": "message",
                "content": {
                    "type": "template",
                    "name": "hello",
                    "language": "en",
                    "body": [{"name": "1", "value": "{{ name }}"}],
                },
                "at": [120, 40.5],
            },
            {"id": "answer", "kind": "wait", "timeout": "1d"},
            {"id": "done", "kind": "end"},
        ],
        "edges": [
            {"from": "start", "to": "ask", "on": "next"},
            {"from": "ask", "to": "answer", "on": "next"},
            {"from": "answer", "to": "done", "on": "fallback"},
            {"from": "answer", "to": "done", "on": "timeout"},
        ],
    }
    return {**graph, **changes}


async def furnish(db: Database, *, status: str = "APPROVED") -> None:
    """What the asking journey names: a sender, a list with two people, an approved template."""
    await a_sender(db)
    await a_list(db, "everyone", named("Ana", "Bo"))
    await a_template(db, status)


async def a_template(db: Database, status: str) -> None:
    """The template `hello` in the sender's account."""
    row = ["hello", "en", "t1", "MARKETING", status, 0, json.dumps(["body.1"]), "Hi {{1}}", "", "{}"]
    async with db.transaction() as tx:
        await templates.put(tx, 1, "whatsapp", "102290129340398", [row])


async def test_a_saved_draft_is_kept_shown_and_replaced(db: Database) -> None:
    await furnish(db)
    made = await save_journey(db, orjson.dumps(asking()))
    assert (made.name, made.version, made.changed, made.problems) == ("ask", 0, True, ())
    again = await save_journey(db, asking())
    assert (again.id, again.updated_at) == (made.id, made.updated_at)
    changed = await save_journey(db, asking(description="More"))
    assert (changed.id, changed.draft["description"]) == (made.id, "More")
    assert changed.updated_at > made.updated_at
    other = await save_journey(db, asking(), name="ask again")
    assert (other.id != made.id, other.draft["name"]) == (True, "ask again")
    assert [each.name for each in await list_journeys(db)] == ["ask", "ask again"]


async def test_a_draft_may_have_problems_but_no_wrong_shape(db: Database) -> None:
    await furnish(db, status="PAUSED")
    view = await save_journey(db, asking(sender="mian"))
    assert any("'mian'" in str(each) for each in view.problems)
    with pytest.raises(BadGraph) as refused:
        await save_journey(db, {"name": "x", "nodes": [{"id": "a", "kind": "massage"}, {"kind": "end"}]})
    assert len(refused.value.problems) == 2
    with pytest.raises(BadGraph, match="not JSON"):
        await save_journey(db, b"{")
    assert [each.name for each in await list_journeys(db)] == ["ask"]


async def test_publishing_refuses_errors_naming_each_by_its_node(db: Database) -> None:
    await furnish(db, status="PAUSED")
    await save_journey(db, asking())
    with pytest.raises(BadGraph, match=r"node 'ask'.*hello:en is paused"):
        await publish_journey(db, "ask")
    assert (await find_journey(db, "ask")).version == 0
    with pytest.raises(NotFound):
        await publish_journey(db, "nope")


async def test_a_published_version_never_changes_and_an_unchanged_draft_makes_none(db: Database) -> None:
    await furnish(db)
    await save_journey(db, asking())
    first = await publish_journey(db, "ask", note="the first")
    assert (first.number, first.fresh) == (1, True)
    same = await publish_journey(db, "ask", note="again")
    assert (same.number, same.version_id, same.fresh) == (1, first.version_id, False)
    await save_journey(db, asking(description="More"))
    assert (await find_journey(db, "ask")).changed
    second = await publish_journey(db, "ask")
    assert (second.number, second.fresh) == (2, True)
    view = await find_journey(db, "ask")
    assert (view.version, view.changed) == (2, False)
    assert [(each.number, each.note) for each in await versions_of(db, "ask")] == [(2, ""), (1, "the first")]
    assert "description" not in await export_journey(db, "ask", version=1)
    assert (await export_journey(db, "ask", version=2))["description"] == "More"
    with pytest.raises(NotFound, match="version 3"):
        await export_journey(db, "ask", version=3)


async def test_publishing_opens_the_doors_of_the_version(db: Database) -> None:
    await furnish(db)
    await save_journey(db, asking())
    made = await publish_journey(db, "ask")
    async with db.reading() as tx:
        row = await tx.first("SELECT version_id, sender_id FROM journeys")
    assert row is not None
    assert (row.version_id, row.sender_id) == (made.version_id, 1)
    stage = Stage(db, sender=1)
    assert await stage.say(1, "Hello") == "trigger"


async def test_an_export_comes_back_byte_for_byte(db: Database) -> None:
    await furnish(db)
    await save_journey(db, asking())
    exported = await export_journey(db, "ask")
    assert [node["id"] for node in exported["nodes"]] == ["start", "ask", "answer", "done"]
    assert [*exported["nodes"][1]][:2] == ["id", "kind"]
    await save_journey(db, exported, name="copy")
    copy = await export_journey(db, "copy")
    assert orjson.dumps({**copy, "name": "ask"}) == orjson.dumps(exported)


async def test_a_graph_is_checked_against_what_the_workspace_has(db: Database) -> None:
    await furnish(db)
    assert await check_journey(db, asking()) == []
    graph = asking()
    graph["nodes"][0]["lists"] = ["everyon"]
    graph["nodes"][1]["content"]["body"][0]["value"] = "{{ nome }}"
    found = [str(each) for each in await check_journey(db, graph)]
    assert any("'everyon'" in each for each in found)
    assert any("node 'ask'" in each and "nome" in each for each in found)
    assert any("not JSON" in str(each) for each in await check_journey(db, b"nope"))
    assert await list_journeys(db) == []


async def test_an_attribute_that_few_people_have_is_known(db: Database) -> None:
    await furnish(db)
    await a_list(db, "others", [*named("Cy"), {"name": "Di", "nick name": "D", "city": "Recife"}], first=3)
    graph = asking()
    graph["nodes"][1]["content"]["body"][0]["value"] = "{{ city }}"
    graph["nodes"][0]["lists"] = ["others"]
    assert await check_journey(db, graph) == []
    graph["nodes"][0]["lists"] = ["everyone"]
    assert await check_journey(db, graph) != []
    graph["nodes"][0]["lists"] = []
    assert await check_journey(db, graph) == []


async def test_without_people_no_variable_is_called_unknown(db: Database) -> None:
    await a_sender(db)
    await a_template(db, "APPROVED")
    graph = asking()
    graph["nodes"][0]["lists"] = []
    assert [each for each in await check_journey(db, graph) if "name" in str(each)] == []


async def test_a_journey_is_removed_with_its_runs_but_not_while_people_are_in_it(db: Database) -> None:
    stage = Stage(db)
    await furnish(db)
    stage.sender = 1
    await save_journey(db, asking())
    await publish_journey(db, "ask")
    run = await stage.start("ask")
    with pytest.raises(JourneyRefused, match="run 1 with 2 people in it goes on"):
        await remove_journey(db, "ask")
    await stop_run(db, stage.woken, run)
    await stage.clear(run)
    overview = (await list_journeys(db))[0]
    assert (overview.version, overview.changed, overview.runs, overview.under_way) == (1, False, 1, 0)
    await remove_journey(db, "ask")
    assert await list_journeys(db) == []
    async with db.reading() as tx:
        for table in (
            "positions",
            "trails",
            "runs",
            "node_counts",
            "journey_versions",
            "position_events",
            "timers",
        ):
            assert await tx.scalar(f"SELECT count(*) FROM {table}") == 0, table
        assert await tx.scalar("SELECT count(*) FROM messages") == 2
    with pytest.raises(NotFound):
        await remove_journey(db, "ask")


async def test_another_workspace_sees_nothing_of_it(db: Database) -> None:
    await furnish(db)
    await save_journey(db, asking())
    other = await add_workspace(db, "other")
    assert await list_journeys(db, workspace=other) == []
    for refused in (
        find_journey(db, 1, workspace=other),
        publish_journey(db, "ask", workspace=other),
        export_journey(db, "ask", workspace=other),
        versions_of(db, 1, workspace=other),
        remove_journey(db, 1, workspace=other),
    ):
        with pytest.raises(NotFound):
            await refused
    found = [str(each) for each in await check_journey(db, asking(), workspace=other)]
    assert any("'main'" in each for each in found)
