"""Launching and expanding: one message per person, whatever the batches, on both databases."""

import asyncio

import pytest

from clarion.domain.errors import (
    CampaignRefused,
)
from clarion.services.campaigns import (
    check_campaign,
    expand_campaign,
    export_campaign,
    get_campaign,
    launch_campaign,
    pause_campaign,
)
from clarion.store.books import check_books
from clarion.store.db import Database
from tests.support.people import (
    Woken,
    a_campaign,
    a_list,
    a_sender,
    counts,
    expand_all,
    launched,
    named,
    stop_person,
)


async def test_launching_writes_one_message_per_person_in_the_order_of_the_list(
    db: Database, woken: Woken
) -> None:
    campaign_id = await launched(db, woken, 5)
    assert await counts(db, campaign_id) == {"audience": 5, "queued": 5}
    assert woken.lanes == [f"expand:{campaign_id}", "send:1"]
    rows = [row async for row in export_campaign(db, campaign_id)]
    assert [(row["line"], row["text"], row["status"]) for row in rows] == [
        (n + 1, f"Hi P{n}", "queued") for n in range(1, 6)
    ]
    async with db.reading() as tx:
        first = await tx.first("SELECT * FROM outbox ORDER BY message_id LIMIT 1")
    assert first is not None
    assert (first.priority, first.state, first.campaign_id) == (20, "queued", campaign_id)
    assert await check_books(db) == []


async def test_launching_again_changes_nothing(db: Database, woken: Woken) -> None:
    campaign_id = await launched(db, woken, 3)
    before = await get_campaign(db, campaign_id)
    assert await launch_campaign(db, woken, campaign_id) == "running"
    await pause_campaign(db, campaign_id)
    assert await launch_campaign(db, woken, campaign_id) == "paused"
    assert not await expand_campaign(db, woken, campaign_id)
    after = await get_campaign(db, campaign_id)
    assert (before.cursor, before.launched_at) == (after.cursor, after.launched_at)
    assert await counts(db, campaign_id) == {"audience": 3, "queued": 3}


async def test_R04_a_person_on_two_lists_gets_one_message(db: Database, woken: Woken) -> None:
    await a_sender(db)
    await a_list(db, "first", named("Ana", "Bo", "Cy"))
    await a_list(db, "second", named("Bo again", "Cy again", "Di"), first=2)
    campaign_id = await a_campaign(db, ["first", "second"])
    assert (await check_campaign(db, campaign_id)).merged == 2
    await launch_campaign(db, woken, campaign_id)
    await expand_all(db, woken, campaign_id, batch=2)
    assert await counts(db, campaign_id) == {"audience": 4, "queued": 4, "merged": 2}
    assert [row["text"] async for row in export_campaign(db, campaign_id)] == [
        "Hi Ana", "Hi Bo", "Hi Cy", "Hi Di",
    ]  # fmt: skip
    assert await check_books(db) == []


@pytest.mark.parametrize("batch", [1, 2, 100])
async def test_people_who_lack_a_variable_or_stopped_are_counted_the_same_in_any_batches(
    db: Database, woken: Woken, batch: int
) -> None:
    await a_sender(db)
    await a_list(db, "first", [{"name": "Ana"}, {"name": ""}, {"name": "Cy"}, {}, {"name": "Ed"}])
    await a_list(db, "second", [{}, {}, {"name": "Gil"}], first=4)  # 4 lacks it too, 5 is met again
    await stop_person(db, 3)
    await stop_person(db, 1, until=1)  # long over
    campaign_id = await a_campaign(db, ["first", "second"], on_missing="exclude")
    report = await check_campaign(db, campaign_id)
    assert (report.people, report.left_out, report.suppressed, report.to_send, report.merged) == (
        6,
        2,
        1,
        3,
        2,
    )
    await launch_campaign(db, woken, campaign_id)
    await expand_all(db, woken, campaign_id, batch=batch)
    assert await counts(db, campaign_id) == {
        "audience": 4, "queued": 3, "suppressed": 1, "missing": 2, "merged": 2,
    }  # fmt: skip
    assert await check_books(db) == []


async def test_people_who_lack_a_variable_are_refused_unless_left_out_by_choice(
    db: Database, woken: Woken
) -> None:
    await a_sender(db)
    await a_list(db, "all", [{"name": "Ana"}, {"name": ""}])
    campaign_id = await a_campaign(db, ["all"])
    with pytest.raises(CampaignRefused, match=r"1 people have nothing in 'name' \(all.csv line 3\)"):
        await launch_campaign(db, woken, campaign_id)
    assert (await get_campaign(db, campaign_id)).status == "draft"
    await launch_campaign(db, woken, campaign_id, on_missing="exclude")
    await expand_all(db, woken, campaign_id)
    assert await counts(db, campaign_id) == {"audience": 1, "queued": 1, "missing": 1}


async def test_who_joins_the_list_after_the_launch_is_not_written_to(db: Database, woken: Woken) -> None:
    await a_sender(db)
    list_id = await a_list(db, "all", named("Ana", "Bo"))
    campaign_id = await a_campaign(db, ["all"])
    await launch_campaign(db, woken, campaign_id)
    async with db.transaction() as tx:
        await tx.run("INSERT INTO contacts (workspace_id, address, person) VALUES (1, '+1', '1')")
        await tx.run(
            "INSERT INTO list_members (list_id, contact_id) SELECT :l, id FROM contacts WHERE person = '1'",
            {"l": list_id},
        )
    await expand_all(db, woken, campaign_id)
    assert await counts(db, campaign_id) == {"audience": 2, "queued": 2}


async def test_two_workers_may_expand_one_campaign_at_once(db: Database, woken: Woken) -> None:
    await a_sender(db)
    await a_list(db, "all", named(*(f"P{n}" for n in range(200))))
    campaign_id = await a_campaign(db, ["all"])
    await launch_campaign(db, woken, campaign_id)
    await asyncio.gather(*(expand_all(db, woken, campaign_id, batch=10) for _ in range(3)))
    assert await counts(db, campaign_id) == {"audience": 200, "queued": 200}
    assert await check_books(db) == []
