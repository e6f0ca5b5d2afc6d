"""Retries, test sends, exports and the books, on both databases."""

import pytest

from clarion.domain.errors import (
    BadCampaign,
    BadContent,
    CampaignRefused,
    PersonStopped,
)
from clarion.services.campaigns import (
    export_campaign,
    finish_campaigns,
    progress,
    retry_campaign,
    send_test,
    stop_campaign,
)
from clarion.store.books import check_books
from clarion.store.db import Database
from clarion.store.outbox import doubts
from tests.support.people import Woken, counts, expand_all, launched, settle, stop_person


async def test_a_retry_writes_to_those_who_failed_and_to_nobody_twice(db: Database, woken: Woken) -> None:
    campaign_id = await launched(db, woken, 10)
    await settle(db, campaign_id, 4, "failed", code="131026", reason="No WhatsApp.")
    await settle(db, campaign_id, 6, "delivered")
    await stop_person(db, 2)
    retry_id = await retry_campaign(db, woken, campaign_id)
    assert await retry_campaign(db, woken, campaign_id) == retry_id
    await expand_all(db, woken, retry_id)
    assert await counts(db, retry_id) == {"audience": 4, "queued": 3, "suppressed": 1}
    assert [row["line"] async for row in export_campaign(db, retry_id)] == [2, 3, 4, 5]
    await settle(db, retry_id, 3, "failed", code="131026", reason="No WhatsApp.")
    assert await finish_campaigns(db) == [campaign_id, retry_id]
    with pytest.raises(CampaignRefused, match="Nobody's message in 'greet' is failed"):
        await retry_campaign(db, woken, campaign_id)
    again = await retry_campaign(db, woken, retry_id)
    await expand_all(db, woken, again)
    assert await counts(db, again) == {"audience": 3, "queued": 3}
    assert await check_books(db) == []


async def test_a_retry_reads_mended_attributes(db: Database, woken: Woken) -> None:
    campaign_id = await launched(db, woken, 1)
    await settle(db, campaign_id, 1, "failed", code="132018", reason="Bad parameter.")
    async with db.transaction() as tx:
        await tx.run("""UPDATE contacts SET attributes = '{"name": "Mended"}'""")
    retry_id = await retry_campaign(db, woken, campaign_id)
    await expand_all(db, woken, retry_id)
    assert [row["text"] async for row in export_campaign(db, retry_id)] == ["Hi Mended"]


async def test_doubts_are_resent_only_when_duplicates_are_accepted_and_then_never_by_themselves(
    db: Database, woken: Woken
) -> None:
    campaign_id = await launched(db, woken, 5)
    await settle(db, campaign_id, 2, "unknown")
    await settle(db, campaign_id, 3, "accepted")
    async with db.reading() as tx:
        [first, _] = await doubts.due(tx, limit=10)
    with pytest.raises(BadCampaign, match="say that you accept duplicates"):
        await retry_campaign(db, woken, campaign_id, statuses=["unknown"])
    retry_id = await retry_campaign(db, woken, campaign_id, statuses=["unknown"], accept_duplicates=True)
    with pytest.raises(BadCampaign, match="a retry of unknown messages is under way"):
        await retry_campaign(db, woken, campaign_id)
    await expand_all(db, woken, retry_id)
    assert await counts(db, retry_id) == {"audience": 2, "queued": 2}
    async with db.transaction() as tx:
        await doubts.look_again(tx, [(first.message_id, 0, False)])  # by one who read it before the retry
        await doubts.requeue(tx, first, absent=True)
        assert await doubts.due(tx, limit=10) == []
    assert (await progress(db, campaign_id)).unresolved == 2
    assert await check_books(db) == []


async def test_what_a_stopped_campaign_cancelled_can_be_sent_after_all(db: Database, woken: Woken) -> None:
    campaign_id = await launched(db, woken, 3)
    await stop_campaign(db, campaign_id)
    retry_id = await retry_campaign(db, woken, campaign_id, statuses=["cancelled"], name="after all")
    await stop_campaign(db, retry_id)
    third = await retry_campaign(db, woken, campaign_id, statuses=["cancelled"])
    await expand_all(db, woken, third)
    assert await counts(db, third) == {"audience": 3, "queued": 3}


async def test_a_test_send_is_one_urgent_message_outside_the_campaign(db: Database, woken: Woken) -> None:
    campaign_id = await launched(db, woken, 2)
    before = await counts(db, campaign_id)
    with pytest.raises(BadContent, match="give a value for name"):
        await send_test(db, woken, campaign_id, "+55 41 99876-5432")
    message_id = await send_test(db, woken, campaign_id, "+55 41 99876-5432", {"name": "Me"})
    async with db.reading() as tx:
        row = await tx.first(
            "SELECT o.priority, o.campaign_id, m.campaign_id AS c, m.address FROM outbox o "
            "JOIN messages m ON m.id = o.message_id WHERE m.id = :id",
            {"id": message_id},
        )
    assert row is not None
    assert tuple(row) == (0, 0, None, "+5541998765432")
    assert await counts(db, campaign_id) == before
    assert await check_books(db) == []
    await stop_person(db, 2)
    with pytest.raises(PersonStopped, match=r"\+5541900000002 must not be written to \(opt out\)"):
        await send_test(db, woken, campaign_id, "+55 41 9 0000-0002")


async def test_an_export_pages_through_any_number_of_rows(db: Database, woken: Woken) -> None:
    campaign_id = await launched(db, woken, 4_001)
    await settle(db, campaign_id, 1, "failed", code="131026", reason="No WhatsApp.")
    rows = [row async for row in export_campaign(db, campaign_id)]
    assert [row["line"] for row in rows] == list(range(2, 4_003))
    assert (rows[0]["status"], rows[0]["fault_code"], rows[0]["file"]) == ("failed", "131026", "all.csv")
    assert rows[1]["accepted_at"] == ""


async def test_the_books_tell_every_way_in_which_they_do_not_balance(db: Database, woken: Woken) -> None:
    campaign_id = await launched(db, woken, 4)
    assert await check_books(db) == []
    async with db.transaction() as tx:
        await tx.run("UPDATE campaign_counts SET delivered = 1")
        await tx.run("DELETE FROM outbox WHERE message_id = (SELECT min(message_id) FROM outbox)")
        await tx.run("UPDATE messages SET status = 'read' WHERE id = (SELECT max(id) FROM messages)")
    title = f"Campaign {campaign_id} 'greet'"
    assert sorted(await check_books(db)) == sorted(
        [
            f"{title}: the counter says 1 delivered, the rows say 0.",
            f"{title}: the counter says 0 read, the rows say 1.",
            f"{title}: the counter says 4 queued, the rows say 3.",
            f"{title}: the statuses add up to 5, the audience is 4.",
            "1 messages are queued but not in the outbox: nothing would send them.",
            "1 outbox rows belong to messages that are settled: they would be sent again.",
        ]
    )
