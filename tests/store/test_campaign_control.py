"""Pausing, stopping, finishing, progress and schedules, on both databases."""

import pytest

from clarion.domain.errors import (
    WrongStatus,
)
from clarion.services.campaigns import (
    Pause,
    Stopped,
    expand_campaign,
    finish_campaigns,
    get_campaign,
    launch_campaign,
    pause_campaign,
    progress,
    resume_campaign,
    set_campaign_rate,
    start_due_campaigns,
    stop_campaign,
)
from clarion.services.senders import get_sender
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
    settle,
)


async def test_a_paused_campaign_is_written_but_counts_what_is_on_its_way(db: Database, woken: Woken) -> None:
    await a_sender(db)
    await a_list(db, "all", named(*(f"P{n}" for n in range(20))))
    campaign_id = await a_campaign(db, ["all"])
    await launch_campaign(db, woken, campaign_id)
    await expand_campaign(db, woken, campaign_id, batch=10)
    await settle(db, campaign_id, 3, "sending")
    assert await pause_campaign(db, campaign_id, "too many complaints") == Pause(3)
    assert await pause_campaign(db, campaign_id) == Pause(3)
    paused = await get_campaign(db, campaign_id)
    assert (paused.status, paused.status_reason, paused.epoch) == ("paused", "too many complaints", 1)
    await expand_all(db, woken, campaign_id)
    assert (await counts(db, campaign_id))["audience"] == 20
    async with db.transaction() as tx:
        await tx.run("UPDATE campaign_counts SET breaker = 'rrr'")
    woken.lanes.clear()
    await resume_campaign(db, woken, campaign_id)
    await resume_campaign(db, woken, campaign_id)
    async with db.reading() as tx:
        assert await tx.scalar("SELECT breaker FROM campaign_counts") == ""
    assert woken.lanes[0] == "send:1"
    assert (await get_campaign(db, campaign_id)).status == "running"


async def test_a_stop_cancels_what_waits_and_is_final(db: Database, woken: Woken) -> None:
    campaign_id = await launched(db, woken, 12)
    await settle(db, campaign_id, 2, "sending")
    await settle(db, campaign_id, 3, "leased")
    await settle(db, campaign_id, 1, "accepted")
    assert await stop_campaign(db, campaign_id, batch=4) == Stopped(cancelled=9, draining=2)
    assert await stop_campaign(db, campaign_id) == Stopped(0, 2)
    assert await counts(db, campaign_id) == {"audience": 12, "accepted": 1, "sending": 2, "cancelled": 9}
    assert await check_books(db) == []
    for refused in (
        pause_campaign(db, campaign_id),
        resume_campaign(db, woken, campaign_id),
        launch_campaign(db, woken, campaign_id),
    ):
        with pytest.raises(WrongStatus, match="is stopped and cannot be"):
            await refused


async def test_a_stop_that_was_cut_short_is_ended_by_the_sweep(db: Database, woken: Woken) -> None:
    campaign_id = await launched(db, woken, 5)
    async with db.transaction() as tx:
        await tx.run("UPDATE campaigns SET status = 'stopped'")
    assert await finish_campaigns(db) == []
    assert await counts(db, campaign_id) == {"audience": 5, "cancelled": 5}
    assert await check_books(db) == []


async def test_finished_is_computed_and_doubts_are_told(db: Database, woken: Woken) -> None:
    campaign_id = await launched(db, woken, 4)
    await settle(db, campaign_id, 3, "accepted")
    assert await finish_campaigns(db) == []
    assert (await progress(db, campaign_id)).shown == "running"
    await settle(db, campaign_id, 1, "unknown")
    assert (await progress(db, campaign_id)).shown == "finished, 1 being checked"
    assert await finish_campaigns(db) == []  # proof that it was never sent would send it
    async with db.transaction() as tx:
        await tx.run("UPDATE outbox SET unresolved = :yes", {"yes": True})
    assert await finish_campaigns(db) == [campaign_id]
    now = await progress(db, campaign_id)
    assert (now.status, now.shown, now.unresolved) == ("finished", "finished, 1 being checked", 1)
    with pytest.raises(WrongStatus):
        await stop_campaign(db, campaign_id)


async def test_progress_tells_failures_by_reason_and_the_time_left(db: Database, woken: Woken) -> None:
    campaign_id = await launched(db, woken, 130)
    await settle(db, campaign_id, 3, "failed", code="131026", reason="This number has no WhatsApp.")
    await settle(db, campaign_id, 1, "failed", code="131049", reason="Too much marketing.")
    await settle(db, campaign_id, 6, "delivered")
    await set_campaign_rate(db, woken, campaign_id, 40)
    assert woken.lanes[-1] == "send:1"
    now = await progress(db, campaign_id)
    assert [(each.code, each.people) for each in now.failures] == [("131026", 3), ("131049", 1)]
    assert now.failures[0].reason == "This number has no WhatsApp."
    assert (now.audience, now.expected, now.done, now.rate) == (130, 130, 10, 40)
    assert now.seconds_left == pytest.approx(3)
    await pause_campaign(db, campaign_id)
    assert (await progress(db, campaign_id)).seconds_left is None


async def test_progress_while_being_written_expects_everybody(db: Database, woken: Woken) -> None:
    await a_sender(db)
    await a_list(db, "a", named("Ana", "Bo", "Cy"))
    await a_list(db, "b", named("Bo", "Cy", "Di"), first=2)
    campaign_id = await a_campaign(db, ["a", "b"])
    assert (await progress(db, campaign_id)).expected == 0
    await launch_campaign(db, woken, campaign_id)
    await expand_campaign(db, woken, campaign_id, batch=1)
    now = await progress(db, campaign_id)
    assert (now.audience, now.expected) == (1, 4)


async def now_of(db: Database) -> int:
    async with db.reading() as tx:
        return await tx.now()


async def test_a_scheduled_campaign_waits_and_then_starts_by_itself(db: Database, woken: Woken) -> None:
    await a_sender(db)
    await a_list(db, "all", named("Ana"))
    campaign_id = await a_campaign(db, ["all"], scheduled_at=await now_of(db) + 3_600_000_000)
    assert await launch_campaign(db, woken, campaign_id) == "scheduled"
    assert await launch_campaign(db, woken, campaign_id) == "scheduled"
    assert (woken.lanes, await start_due_campaigns(db, woken)) == ([], [])
    async with db.transaction() as tx:
        await tx.run("UPDATE campaigns SET scheduled_at = :at", {"at": await tx.now() - 60_000_000})
    assert await start_due_campaigns(db, woken) == [campaign_id]
    assert await start_due_campaigns(db, woken) == []
    assert woken.lanes == [f"expand:{campaign_id}"]


async def test_a_schedule_missed_by_more_than_an_hour_asks_before_it_starts(
    db: Database, woken: Woken
) -> None:
    await a_sender(db)
    await a_list(db, "all", named("Ana"))
    campaign_id = await a_campaign(db, ["all"], scheduled_at=await now_of(db) + 3_600_000_000)
    await launch_campaign(db, woken, campaign_id)
    async with db.transaction() as tx:
        await tx.run("UPDATE campaigns SET scheduled_at = :at", {"at": await tx.now() - 7_200_000_000})
    assert await start_due_campaigns(db, woken) == []
    held = await get_campaign(db, campaign_id)
    assert (held.status, held.status_reason) == (
        "paused",
        "missed its time by 120 minutes: resume it to start now, or stop it",
    )
    await resume_campaign(db, woken, campaign_id)
    assert (await get_campaign(db, campaign_id)).status == "running"
    await expand_all(db, woken, campaign_id)
    assert await counts(db, campaign_id) == {"audience": 1, "queued": 1}


async def test_a_scheduled_campaign_that_cannot_start_says_why_and_starts_once_mended(
    db: Database, woken: Woken
) -> None:
    await a_sender(db)
    await a_list(db, "all", named("Ana"))
    campaign_id = await a_campaign(db, ["all"], scheduled_at=await now_of(db) + 3_600_000_000)
    await launch_campaign(db, woken, campaign_id)
    async with db.transaction() as tx:
        await tx.run("UPDATE campaigns SET scheduled_at = :at", {"at": await tx.now() - 1})
        await tx.run("UPDATE contacts SET attributes = '{}'")
    assert await start_due_campaigns(db, woken) == []
    failed = await get_campaign(db, campaign_id)
    assert failed.status == "failed"
    assert "Nobody in the audience has the attribute 'name'" in failed.status_reason
    async with db.transaction() as tx:
        await tx.run("""UPDATE contacts SET attributes = '{"name": "Ana"}'""")
    assert await launch_campaign(db, woken, campaign_id) == "running"


async def test_a_new_rate_moves_the_next_slot_at_once(db: Database, woken: Woken) -> None:
    campaign_id = await launched(db, woken, 1)
    async with db.transaction() as tx:
        await tx.run(
            "UPDATE timelines SET rate = 0.1, pace = 0.1, free_at = :at", {"at": await tx.now() + 10**7}
        )
    await set_campaign_rate(db, woken, campaign_id, 100)
    sender = await get_sender(db, "main")
    assert (sender.rate, sender.pace) == (100, 100)
    async with db.reading() as tx:
        assert await tx.scalar("SELECT free_at FROM timelines") < await tx.now() + 20_000
