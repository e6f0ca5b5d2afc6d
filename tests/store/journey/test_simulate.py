"""A dry run over the people of the database, of a file, or invented."""

from pathlib import Path
from typing import Any

import pytest

from clarion.domain.errors import BadMapping, JourneyRefused, NotFound
from clarion.domain.journey.crowd import Deliveries, Plan
from clarion.domain.journey.graph import Graph, read_graph
from clarion.domain.journey.plan import read_mix
from clarion.domain.journey.world import Forecast
from clarion.providers.registry import kind_of
from clarion.services.journeys.crowds import People, invented, members, people_in_file
from clarion.services.journeys.simulate import senders_of, simulate, simulate_people
from clarion.services.senders import get_sender
from clarion.services.templates import template_account
from clarion.store import templates
from clarion.store.db import Database
from tests.support.people import a_list, a_sender, named, stop_person

START = 1_800_000_000_000_000
UNTIL = START + 7 * 86_400_000_000


def graph(**audience: Any) -> Graph:
    """Ask by template, wait a day, thank."""
    content = {
        "type": "template",
        "name": "hello",
        "language": "en",
        "body": [{"name": "1", "value": "{{ name }}"}],
    }
    return read_graph(
        {
            "name": "test",
            "sender": "main",
            "nodes": [
                {"id": "start", "kind": "audience", "lists": ["everyone"], **audience},
                {"id": "ask", "kind": "message", "content": content},
                {"id": "answer", "kind": "wait", "timeout": "1d"},
                {"id": "thanks", "kind": "message", "content": {"type": "text", "body": "Thanks"}},
                {"id": "done", "kind": "end", "outcome": "answered"},
                {"id": "lost", "kind": "end", "outcome": "silent"},
            ],
            "edges": [
                {"from": "start", "to": "ask"},
                {"from": "ask", "to": "answer"},
                {"from": "answer", "to": "thanks", "on": "fallback"},
                {"from": "answer", "to": "lost", "on": "timeout"},
                {"from": "thanks", "to": "done"},
            ],
        }
    )


async def run(db: Database, journey: Graph, **values: Any) -> Forecast:
    return await simulate(db, journey, start=START, until=UNTIL, **values)


async def test_the_real_audience_goes_through_without_a_trace_in_the_database(db: Database) -> None:
    await a_sender(db, name="main", rate=2)
    await a_list(db, "everyone", named(*(f"P{n}" for n in range(1, 41))))
    await stop_person(db, 3)
    told: list[int] = []
    plan = Plan(replies=read_mix("text:yes=100%,after=1m..2m"))
    found = await run(db, graph(), plan=plan, progress=told.append)
    assert (found.people, found.skipped) == (39, {"opted out": 1})
    assert found.here == 0
    assert found.outcomes.get("answered", 0) >= 35, "all but those whose message fails"
    assert told == [40]
    async with db.reading() as tx:
        for table in ("messages", "positions", "runs", "replies"):
            assert await tx.scalar(f"SELECT count(*) FROM {table}") == 0


async def test_the_senders_own_rate_is_used_unless_another_is_given(db: Database) -> None:
    await a_sender(db, name="main", rate=2)
    await a_list(db, "everyone", named(*(f"P{n}" for n in range(21))))
    silent = Plan(replies=read_mix("none=100%"))
    day = 86_400_000_000
    slow, fast = [(await run(db, graph(), plan=silent, rate=rate)).finished_at for rate in (None, 0.0)]
    assert slow is not None
    assert fast is not None
    assert START + day + 10_000_000 <= slow < START + day + 11_000_000, (
        "20 messages after the first, at 2 a second"
    )
    assert fast < START + day + 1_000_000


async def test_a_person_on_two_lists_enters_once_and_a_limit_holds(db: Database) -> None:
    await a_sender(db, name="main")
    await a_list(db, "everyone", named("A", "B", "C"))
    await a_list(db, "again", named("B", "C", "D"), first=2)
    both = await run(db, graph(), list_names=["everyone", "again"])
    assert (both.people, both.skipped) == (4, {"met twice": 2})
    assert (await run(db, graph(), list_names=["everyone", "again"], limit=2)).people == 2


async def test_the_filter_sees_attributes_tags_and_lists(db: Database) -> None:
    await a_sender(db, name="main")
    await a_list(db, "everyone", [{"name": "A", "city": "Recife"}, {"name": "B"}, {"name": "C"}])
    await a_list(db, "vips", [{}], first=2)
    async with db.transaction() as tx:
        await tx.run("UPDATE contacts SET tags = '[\"new\"]' WHERE person = '5541900000003'")
    for condition in ({"attribute": "city", "is": "recife"}, {"list": "vips"}, {"tag": "new"}):
        found = await run(db, graph(filter=condition))
        assert (found.people, sum(found.skipped.values())) == (1, 2), condition


async def test_whoever_wrote_today_may_be_sent_free_text(db: Database) -> None:
    sender = await a_sender(db, name="main")
    await a_list(db, "everyone", named("A", "B"))
    async with db.transaction() as tx:
        await tx.run(
            "INSERT INTO replies (workspace_id, sender_id, person, provider_id, kind, at, received_at) "
            "VALUES (1, :sender, '5541900000001', 'in.1', 'text', :at, :at)",
            {"sender": sender, "at": START - 3_600_000_000},
        )
    data = graph().to_json()
    data["edges"][0]["to"] = "thanks"
    found = await run(db, read_graph(data))
    assert next(node for node in found.nodes if node.id == "thanks").outside_window == 1


async def test_templates_are_counted_by_the_category_they_were_approved_as(db: Database) -> None:
    await a_sender(db, name="main")
    await a_list(db, "everyone", named("A", "B"))
    sender = await get_sender(db, "main")
    row = ["hello", "en", "T1", "MARKETING", "APPROVED", 0, '["1"]', "Hi {{1}}", "", "{}"]
    async with db.transaction() as tx:
        await templates.put(tx, 1, sender.provider, template_account(sender), [row])
    found = await run(db, graph(), plan=Plan(replies=read_mix("none=100%")))
    assert [(s.provider, s.category, s.country, s.messages) for s in found.sent] == [
        ("whatsapp", "marketing", "55", 2)
    ]
    assert [each.window for each in await senders_of(db, graph())] == [kind_of("whatsapp").window({})]


async def test_the_workspaces_own_stop_words_are_obeyed(db: Database) -> None:
    await a_sender(db, name="main")
    await a_list(db, "everyone", named("A"))
    plan = Plan(replies=read_mix("text:basta=100%"), deliveries=Deliveries(failed=0.0))
    assert (await run(db, graph(), plan=plan)).outcomes == {"answered": 1}
    async with db.transaction() as tx:
        await tx.run("UPDATE workspaces SET opt_out_words = '[\"BASTA\"]'")
    assert (await run(db, graph(), plan=plan)).outcomes == {"opted_out": 1}


async def test_an_audience_without_a_list_must_be_named(db: Database) -> None:
    with pytest.raises(JourneyRefused, match="names no list"):
        await run(db, graph(lists=[]))
    with pytest.raises(NotFound, match="'everyone'"):
        await run(db, graph())
    assert [page async for page in _none(db)] == []


async def _none(db: Database) -> People:
    await a_list(db, "everyone", [])
    async for page in members(db, graph()):
        yield page


async def from_anywhere(people: People) -> Forecast:
    return await simulate_people(graph(), people, senders=(), start=START, until=UNTIL)


async def test_people_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("phone,name\n+5541991230001,Ana\n+5541991230002,Bia\n+5541991230001,Ana\nnobody,X\n")
    found = await from_anywhere(people_in_file(path))
    assert (found.people, found.skipped) == (2, {"met twice": 1, "unusable row": 1})
    assert (await from_anywhere(people_in_file(path, limit=1))).people == 1
    path.write_text("name\nAna\n")
    with pytest.raises(BadMapping):
        await from_anywhere(people_in_file(path))


async def test_invented_people_lack_nothing_that_the_journey_reads() -> None:
    found = await from_anywhere(invented(graph(), 2_500))
    assert (found.people, found.missing) == (2_500, ())
