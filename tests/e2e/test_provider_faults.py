"""What providers do to a campaign, and what must come of it: lost nothing, doubled nothing, claimed nothing false."""

import asyncio
from pathlib import Path
from typing import Any

from clarion.services import campaigns
from clarion.services.senders import get_sender, resume_sender, set_secrets
from clarion.store import timelines
from tests.support.stack import Stack, stack

SOON: dict[str, Any] = {
    "sending": {"request_timeout": "PT0.6S", "connect_timeout": "PT0.3S", "attempt_deadline": "PT2S"}
}


def ledger(clarion: Stack) -> set[str]:
    accepted = clarion.accepted()
    assert len(accepted) == len(set(accepted)), "somebody got it twice"
    return set(accepted)


async def unknown_people(clarion: Stack, campaign: int) -> set[str]:
    async with clarion.db.reading() as tx:
        rows = await tx.all(
            "SELECT m.address FROM messages m JOIN outbox o ON o.message_id = m.id "
            "WHERE o.campaign_id = :id AND o.state = 'unknown'",
            {"id": campaign},
        )
    return {row.address for row in rows}


async def test_R33_an_answer_that_never_comes_is_settled_by_the_receipts(
    database_url: str, tmp_path: Path
) -> None:
    faults = {"faults": {"accept_then_timeout": 0.2, "timeout_ms": None}}
    async with stack(database_url, tmp_path, sim=faults, **SOON) as clarion:
        campaign = await clarion.campaign(await clarion.whatsapp(), await clarion.people(100))
        counts = await clarion.settled(campaign)
        assert counts.get("delivered", 0) + counts.get("read", 0) == 100
        assert len(ledger(clarion)) == 100
        assert await clarion.books() == []


async def test_R33_a_sender_whose_provider_hangs_does_not_slow_another(
    database_url: str, tmp_path: Path
) -> None:
    hanging = {"faults": {"recipients": {f"+4477009{n:05}": "accept_then_timeout" for n in range(60)}}}
    async with stack(
        database_url,
        tmp_path,
        sim=hanging,
        sending={"in_flight": 20, "request_timeout": "PT5S", "connect_timeout": "PT1S"},
    ) as clarion:
        stuck = await clarion.campaign(await clarion.whatsapp(name="a"), await clarion.people(60))
        other = await clarion.whatsapp(name="b", number="100000000000002")
        free = await clarion.campaign(other, await clarion.people(100, list_name="more", first=1_000))
        await clarion.until(free, lambda c: c.get("delivered", 0) + c.get("read", 0) == 100, seconds=4)
        held = await clarion.counts(stuck)
        assert sum(held.get(s, 0) for s in ("queued", "leased", "sending")) > 0


async def test_R34_throttle_answers_slow_the_sender_and_fail_nobody(
    database_url: str, tmp_path: Path
) -> None:
    async with stack(database_url, tmp_path, sim={"whatsapp": {"rate": 20}}) as clarion:
        sender = await clarion.whatsapp(rate=80)
        campaign = await clarion.campaign(sender, await clarion.people(100))
        counts = await clarion.settled(campaign, seconds=60)
        assert counts.get("failed", 0) == 0
        assert len(ledger(clarion)) == 100
        assert clarion.stats()["total"]["throttled"] > 0
        assert clarion.stats()["total"]["rate_max_1s"] <= 20


async def test_R35_bare_5xx_after_acceptance_is_settled_and_before_it_stays_unknown(
    database_url: str, tmp_path: Path
) -> None:
    faults = {"faults": {"html_5xx_after_accept": 0.1, "html_5xx_before_accept": 0.1}}
    async with stack(database_url, tmp_path, sim=faults) as clarion:
        campaign = await clarion.campaign(await clarion.whatsapp(), await clarion.people(200))
        counts = await clarion.settled(campaign)
        taken = ledger(clarion)
        assert counts.get("delivered", 0) + counts.get("read", 0) == len(taken)
        everybody = {f"+4477009{n:05}" for n in range(200)}
        assert await unknown_people(clarion, campaign) == everybody - taken
        assert 0 < counts["unknown"] < 60
        assert await clarion.books() == []


async def test_R35_one_command_sends_the_unknown_ones_again(database_url: str, tmp_path: Path) -> None:
    faults = {"faults": {"html_5xx_before_accept": 0.2, "first_attempts": 1}}
    async with stack(database_url, tmp_path, sim=faults) as clarion:
        campaign = await clarion.campaign(await clarion.whatsapp(), await clarion.people(50))
        counts = await clarion.settled(campaign)
        again = await campaigns.retry_campaign(
            clarion.db, clarion.engine.waker, campaign, statuses=("unknown",), accept_duplicates=True
        )
        second = await clarion.settled(again)
        assert second["audience"] == counts["unknown"]
        assert len(ledger(clarion)) == 50


async def test_R36_broken_answers_and_resets_never_send_twice(database_url: str, tmp_path: Path) -> None:
    faults = {
        "faults": {
            "reset_before_accept": 0.05,
            "reset_after_accept": 0.1,
            "empty_2xx": 0.1,
            "broken_2xx": 0.1,
        }
    }
    async with stack(database_url, tmp_path, sim=faults) as clarion:
        campaign = await clarion.campaign(await clarion.whatsapp(), await clarion.people(200))
        counts = await clarion.settled(campaign)
        taken = ledger(clarion)
        assert counts.get("delivered", 0) + counts.get("read", 0) == len(taken)
        assert await unknown_people(clarion, campaign) == {f"+4477009{n:05}" for n in range(200)} - taken


async def test_5xx_in_the_providers_own_words_is_tried_again(database_url: str, tmp_path: Path) -> None:
    faults = {"faults": {"provider_5xx": 0.3, "first_attempts": 1}}
    async with stack(database_url, tmp_path, sim=faults) as clarion:
        campaign = await clarion.campaign(await clarion.whatsapp(), await clarion.people(60))
        counts = await clarion.settled(campaign)
        assert counts.get("delivered", 0) + counts.get("read", 0) == 60
        assert len(ledger(clarion)) == 60


async def test_R37_a_revoked_token_pauses_the_sender_and_the_rest_waits_for_a_new_one(
    database_url: str, tmp_path: Path
) -> None:
    async with stack(database_url, tmp_path, sim={"whatsapp": {"revoke_after": 100}}) as clarion:
        sender = await clarion.whatsapp(rate=100)
        campaign = await clarion.campaign(sender, await clarion.people(200))
        await clarion.until(
            campaign, lambda c: c.get("queued") == 100 == c.get("delivered", 0) + c.get("read", 0)
        )
        assert len(ledger(clarion)) == 100
        async with clarion.db.reading() as tx:
            row = await tx.first("SELECT state, state_reason FROM senders")
        assert row is not None
        assert row.state == "paused"
        assert "190" in row.state_reason
        clarion.configure_sim({"whatsapp": {"revoke_after": None, "token": "fresh-token"}})
        clarion.sim.world.tokens["whatsapp"].valid = True
        await set_secrets(clarion.db, clarion.box, sender, {"token": "fresh-token"})
        await asyncio.sleep(1.1)
        await resume_sender(clarion.db, clarion.engine.waker, sender)
        await clarion.settled(campaign)
        assert len(ledger(clarion)) == 200
        assert await clarion.books() == []


async def test_a_provider_that_cannot_be_reached_costs_no_message(database_url: str, tmp_path: Path) -> None:
    async with stack(database_url, tmp_path, whatsapp={"base_url": "http://127.0.0.1:9"}) as clarion:
        campaign = await clarion.campaign(await clarion.whatsapp(rate=50), await clarion.people(30))
        await asyncio.sleep(2)
        counts = await clarion.counts(campaign)
        assert counts.get("failed", 0) + counts.get("unknown", 0) == 0
        assert await clarion.books() == []


async def test_twenty_refusals_in_a_row_pause_the_campaign_with_the_reason(
    database_url: str, tmp_path: Path
) -> None:
    refused = {"people": {"refuse": {f"+4477009{n:05}": 131009 for n in range(500)}}}
    async with stack(database_url, tmp_path, sim=refused) as clarion:
        campaign = await clarion.campaign(await clarion.whatsapp(rate=100), await clarion.people(300))
        await clarion.until(campaign, lambda c: c.get("failed", 0) >= 20)
        await asyncio.sleep(1)
        counts = await clarion.counts(campaign)
        assert counts["failed"] < 100
        async with clarion.db.reading() as tx:
            row = await tx.first("SELECT status, status_reason FROM campaigns")
        assert row is not None
        assert row.status == "paused"
        assert "in a row" in row.status_reason


async def test_twilios_own_list_settles_a_doubt_without_any_receipt(
    database_url: str, tmp_path: Path
) -> None:
    faults = {
        "faults": {"accept_then_timeout": 0.2, "html_5xx_before_accept": 0.1, "timeout_ms": None},
        "receipts": {"missing": 1},
    }
    looks: dict[str, Any] = {"evidence": {"query_after": "PT1S,PT3S"}}
    async with stack(database_url, tmp_path, sim=faults, **SOON, **looks) as clarion:
        campaign = await clarion.campaign(await clarion.twilio(), await clarion.people(60))
        counts = await clarion.until(
            campaign,
            lambda c: (
                c.get("accepted", 0) + c.get("unknown", 0) == 60
                and c.get("accepted", 0) == len(set(clarion.accepted()))
            ),
        )
        assert len(ledger(clarion)) == counts["accepted"]


async def test_an_answer_that_cannot_be_heeded_still_settles_its_message(
    database_url: str, tmp_path: Path
) -> None:
    async with stack(database_url, tmp_path, sim={"whatsapp": {"rate": 20}}) as clarion:
        sender = await clarion.whatsapp()
        never = (
            "CREATE TRIGGER never BEFORE UPDATE ON timelines WHEN NEW.throttled_at > 0 "
            "BEGIN SELECT RAISE(ABORT, 'never'); END"
            if clarion.db.name == "sqlite"
            else "ALTER TABLE timelines ADD CONSTRAINT never CHECK (throttled_at = 0)"
        )
        async with clarion.db.transaction() as tx:
            await tx.run(never)
        campaign = await clarion.campaign(sender, await clarion.people(60))
        counts = await clarion.settled(campaign, seconds=60)
        assert counts.get("delivered", 0) + counts.get("read", 0) == 60
        assert clarion.stats()["total"]["throttled"] > 0


async def test_credentials_that_cannot_be_read_pause_the_sender_and_fail_nobody(
    database_url: str, tmp_path: Path
) -> None:
    async with stack(database_url, tmp_path) as clarion:
        sender = await clarion.whatsapp()
        async with clarion.db.transaction() as tx:
            await tx.run("UPDATE senders SET secrets = 'v1.nobody.knows' WHERE id = :id", {"id": sender})
        campaign = await clarion.campaign(sender, await clarion.people(20))
        for _ in range(200):
            if (await get_sender(clarion.db, sender)).state == "paused":
                break
            await asyncio.sleep(0.05)
        counts = await clarion.until(campaign, lambda c: c.get("queued") == c.get("audience") == 20)
        assert counts == {"audience": 20, "queued": 20}
        assert (await get_sender(clarion.db, sender)).state == "paused"


async def test_R38_a_sender_that_has_to_wait_does_not_hold_up_a_graceful_stop(
    database_url: str, tmp_path: Path
) -> None:
    async with stack(database_url, tmp_path) as clarion:
        sender = await clarion.whatsapp(rate=20)
        campaign = await clarion.campaign(sender, await clarion.people(200))
        await clarion.until(campaign, lambda c: c.get("accepted", 0) + c.get("delivered", 0) > 5)
        async with clarion.db.transaction() as tx:
            await timelines.throttle(tx, sender, hold=60_000_000)
        await asyncio.sleep(0.6)
        began = asyncio.get_running_loop().time()
        await clarion.engine.sending.stop()
        assert asyncio.get_running_loop().time() - began < 2
        counts = await clarion.counts(campaign)
        assert not {"leased", "sending", "unknown"} & set(counts)
