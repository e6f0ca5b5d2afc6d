"""A campaign from launch to receipts, over real HTTP, on both databases."""

import asyncio
from pathlib import Path

import aiohttp

from clarion.services import campaigns
from clarion.sim.habits import People
from tests.support.stack import stack


async def test_every_person_gets_the_message_once_and_the_books_balance(
    database_url: str, tmp_path: Path
) -> None:
    async with stack(database_url, tmp_path) as clarion:
        sender = await clarion.whatsapp()
        campaign = await clarion.campaign(sender, await clarion.people(200))
        counts = await clarion.settled(campaign)
        assert counts["audience"] == 200
        assert counts.get("delivered", 0) + counts.get("read", 0) == 200
        assert len(clarion.accepted()) == len(set(clarion.accepted())) == 200
        assert await clarion.books() == []


async def test_the_same_through_twilio(database_url: str, tmp_path: Path) -> None:
    async with stack(database_url, tmp_path) as clarion:
        sender = await clarion.twilio()
        campaign = await clarion.campaign(sender, await clarion.people(100))
        counts = await clarion.settled(campaign)
        assert counts == {"audience": 100, "delivered": 100}
        assert len(clarion.accepted()) == len(set(clarion.accepted())) == 100


async def test_pause_means_now_and_resume_sends_the_rest_once(database_url: str, tmp_path: Path) -> None:
    async with stack(database_url, tmp_path, sim={"latency": {"low_ms": 100, "high_ms": 200}}) as clarion:
        sender = await clarion.whatsapp(rate=80)
        campaign = await clarion.campaign(sender, await clarion.people(150))
        await clarion.until(campaign, lambda c: c.get("queued", 150) < 100)
        began = asyncio.get_running_loop().time()
        paused = await campaigns.pause_campaign(clarion.db, campaign)
        assert asyncio.get_running_loop().time() - began < 1
        taken = len(clarion.accepted())
        await asyncio.sleep(1.5)
        assert len(clarion.accepted()) <= taken + paused.draining
        held = await clarion.counts(campaign)
        assert "sending" not in held
        assert "leased" not in held
        await campaigns.resume_campaign(clarion.db, clarion.engine.waker, campaign)
        await clarion.settled(campaign)
        assert len(clarion.accepted()) == len(set(clarion.accepted())) == 150


async def test_stop_is_final_and_cancels_what_has_not_left(database_url: str, tmp_path: Path) -> None:
    async with stack(database_url, tmp_path) as clarion:
        sender = await clarion.whatsapp(rate=50)
        campaign = await clarion.campaign(sender, await clarion.people(150))
        await clarion.until(campaign, lambda c: c.get("queued", 150) < 120)
        await campaigns.stop_campaign(clarion.db, campaign)
        counts = await clarion.settled(campaign)
        assert counts["cancelled"] + len(clarion.accepted()) == 150
        assert await clarion.books() == []


async def test_a_dry_run_goes_all_the_way_but_asks_the_provider_nothing(
    database_url: str, tmp_path: Path
) -> None:
    async with stack(database_url, tmp_path) as clarion:
        sender = await clarion.whatsapp()
        campaign = await clarion.campaign(sender, await clarion.people(20), dry_run=True)
        assert (await clarion.until(campaign, lambda c: c.get("accepted") == 20))["audience"] == 20
        assert clarion.accepted() == []
        rows = [row async for row in campaigns.export_campaign(clarion.db, campaign)]
        assert {row["text"] for row in rows} == {f"Hello Person {n}" for n in range(20)}


async def test_failed_ones_are_tried_again_in_a_campaign_of_their_own(
    database_url: str, tmp_path: Path
) -> None:
    bad = {"people": {"refuse": {"+447700900003": 131009}}}
    async with stack(database_url, tmp_path, sim=bad) as clarion:
        sender = await clarion.whatsapp()
        campaign = await clarion.campaign(sender, await clarion.people(10))
        assert (await clarion.settled(campaign))["failed"] == 1
        clarion.sim.configure(clarion.sim.world.config.model_copy(update={"people": People()}))
        again = await campaigns.retry_campaign(clarion.db, clarion.engine.waker, campaign)
        counts = await clarion.settled(again)
        assert counts["audience"] == 1
        assert counts.get("delivered", 0) + counts.get("read", 0) == 1


async def test_opting_out_by_reply_stops_the_rest_of_a_running_campaign(
    database_url: str, tmp_path: Path
) -> None:
    async with stack(database_url, tmp_path) as clarion:
        sender = await clarion.whatsapp(rate=20)
        campaign = await clarion.campaign(sender, await clarion.people(60))
        last = "+447700900059"
        async with aiohttp.ClientSession() as http:
            answer = await http.post(
                f"{clarion.sim.url}/_sim/inbound",
                json={"provider": "whatsapp", "from": last, "to": "100000000000001", "text": "Stop!"},
            )
            assert answer.status < 300, await answer.text()
        counts = await clarion.settled(campaign)
        assert counts["suppressed"] == 1
        assert last not in clarion.accepted()
        assert await clarion.books() == []
