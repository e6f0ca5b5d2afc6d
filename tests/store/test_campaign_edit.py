"""A campaign that changes while it is paused: what was not marked says the new thing, the rest keeps its own."""

import secrets
import time

import pytest

from clarion.domain.content import Text
from clarion.domain.errors import BadCampaign, CampaignRefused, WrongStatus
from clarion.services.campaigns import (
    delete_campaign,
    edit_campaign,
    get_campaign,
    pause_campaign,
    resume_campaign,
    retry_campaign,
)
from clarion.services.campaigns.batch import Given, get_batch, send_batch
from clarion.services.campaigns.expand import expand_campaign
from clarion.services.sending.contents import Contents
from clarion.store.books import check_books
from clarion.store.db import Database
from clarion.store.outbox import doubts
from clarion.store.outbox.claim import Claim, claim
from clarion.store.outbox.mark import Mark, mark
from tests.support.people import Woken, a_sender, expand_all, launched, settle, stop_person

SECOND = 1_000_000
NEW = {"content": {"type": "text", "body": "Dear {{ name }}"}}


async def claimed(db: Database, *, want: int = 100) -> list[Claim]:
    async with db.transaction() as tx:
        await tx.run("UPDATE timelines SET rate = 0, pace = 0")
        found = await claim(
            tx, 1, worker="w", want=want, horizon=SECOND, lead=0, hurry=0, lease=60 * SECOND, headroom=0,
            clock=time.monotonic_ns,
        )  # fmt: skip
    assert found is not None
    return list(found.claims)


async def marked(db: Database, claims: list[Claim]) -> set[int]:
    marks = [
        Mark(c.message_id, c.token, secrets.token_hex(4), c.sender_id, c.campaign_id, epoch=c.epoch)
        for c in claims
    ]
    async with db.transaction() as tx:
        return await mark(tx, marks, deadline=60 * SECOND)


async def said(contents: Contents, claims: list[Claim]) -> list[object]:
    return [(await contents.render(each, 0, "a")).content for each in claims]


async def test_what_was_claimed_before_the_change_is_not_sent_as_it_was(db: Database, woken: Woken) -> None:
    campaign, contents = await launched(db, woken, 2), Contents(db)
    before = await claimed(db)
    assert await said(contents, before) == [Text("Hi P1"), Text("Hi P2")]
    await pause_campaign(db, campaign)
    await edit_campaign(db, campaign, NEW)
    await resume_campaign(db, woken, campaign)
    assert await marked(db, before) == set()
    async with db.transaction() as tx:  # as a lane does with what was refused
        await tx.run("UPDATE outbox SET state = 'queued'")
        await tx.run("UPDATE campaign_counts SET queued = 2, leased = 0")
    again = await claimed(db)
    assert await said(contents, again) == [Text("Dear P1"), Text("Dear P2")]
    assert await marked(db, again) == {each.message_id for each in again}


async def test_a_new_end_holds_for_everybody_who_waits(db: Database, woken: Woken) -> None:
    campaign = await launched(db, woken, 2)
    await pause_campaign(db, campaign)
    with pytest.raises(BadCampaign, match="lies in the past"):
        await edit_campaign(db, campaign, {"expires_at": 1})
    await edit_campaign(db, campaign, {"expires_at": time.time_ns() // 1_000 + 3_600 * SECOND})
    await resume_campaign(db, woken, campaign)
    async with db.transaction() as tx:
        await tx.run("UPDATE campaigns SET expires_at = expires_at - 7200000000")  # two hours later
    assert await claimed(db) == []
    async with db.reading() as tx:
        waits = await tx.scalar("SELECT count(*) FROM outbox WHERE state = 'queued'")
    assert waits == 0


async def test_a_doubt_keeps_the_policy_and_the_words_it_was_sent_with(db: Database, woken: Woken) -> None:
    campaign = await launched(db, woken, 2)
    await settle(db, campaign, 1, "unknown")
    await pause_campaign(db, campaign)
    await edit_campaign(db, campaign, {**NEW, "policy": "must_arrive"})
    async with db.transaction() as tx:
        due = await doubts.due(tx, limit=10)
        texts = await tx.all("SELECT content FROM messages ORDER BY id")
    assert [row.policy for row in due] == ["no_duplicates"]
    assert '"Hi P1"' in str(texts[0].content).replace("'", '"')
    assert texts[1].content is None
    held = await get_campaign(db, campaign)
    assert [content["body"] for _, content in held.earlier] == ["Hi {{ name }}"]


async def test_a_change_must_fit_those_who_wait(db: Database, woken: Woken) -> None:
    campaign = await launched(db, woken, 2)
    with pytest.raises(WrongStatus, match="pause it first"):
        await edit_campaign(db, campaign, NEW)
    await pause_campaign(db, campaign)
    async with (
        db.transaction() as tx
    ):  # they had a city when they were written to, and have none in their message
        await tx.run('UPDATE contacts SET attributes = \'{"name": "P", "city": "Rio"}\'')
    with pytest.raises(CampaignRefused, match="2 people who wait for their message have nothing in 'city'"):
        await edit_campaign(db, campaign, {"content": {"type": "text", "body": "{{ city }}"}})
    with pytest.raises(WrongStatus):
        await delete_campaign(db, campaign)


async def test_a_batch_is_retried_with_each_messages_own_text(db: Database, woken: Woken) -> None:
    await a_sender(db)
    given = [Given("+5541900000001", "One", "whatsapp"), Given("+5541900000001", "Two", "whatsapp")]
    batch = await send_batch(db, woken, given, workspace=1)
    assert woken.lanes == [f"expand:{batch}"]
    await expand_all(db, woken, batch, batch=1)
    assert not await expand_campaign(db, woken, batch)
    await pause_campaign(db, batch)
    with pytest.raises(BadCampaign, match="a text of its own"):
        await edit_campaign(db, batch, NEW)
    await resume_campaign(db, woken, batch)
    await settle(db, batch, 2, "failed", code="1", reason="no")
    retry = await retry_campaign(db, woken, batch)
    await expand_all(db, woken, retry)
    first = await claimed(db)
    assert await said(Contents(db), first) == [Text("One")]  # one message to a person at a time
    async with db.reading() as tx:
        rows = await tx.all("SELECT place FROM messages WHERE campaign_id = :id ORDER BY id", {"id": retry})
    assert [row.place for row in rows] == [1, 2]
    assert await check_books(db) == []


async def test_a_batch_ends_although_nobody_of_it_can_be_written_to(db: Database, woken: Woken) -> None:
    await a_sender(db)
    await stop_person(db, 1)
    given = [Given("12", "One", "whatsapp"), Given("+5541900000001", "Two", "whatsapp")]
    batch = await send_batch(db, woken, given, workspace=1)
    await expand_all(db, woken, batch)
    standing, refused = await get_batch(db, batch, workspace=1)
    assert (standing.status, standing.refused, standing.counts["suppressed"]) == ("completed", 1, 1)
    assert [(place, to) for place, to, _ in refused] == [(1, "12")]
    assert await check_books(db) == []
