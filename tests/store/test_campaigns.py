"""Campaigns from the draft to the books, on both databases."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from clarion.domain.errors import (
    AlreadyExists,
    BadCampaign,
    BadContent,
    CampaignRefused,
    NotFound,
    PersonStopped,
    TemplateSyntax,
    WrongStatus,
)
from clarion.services.campaigns import (
    Pause,
    Stopped,
    check_campaign,
    expand_campaign,
    export_campaign,
    finish_campaigns,
    get_campaign,
    launch_campaign,
    list_campaigns,
    pause_campaign,
    progress,
    resume_campaign,
    retry_campaign,
    send_test,
    set_campaign_rate,
    start_due_campaigns,
    stop_campaign,
)
from clarion.services.senders import get_sender
from clarion.store.books import check_books
from clarion.store.db import Database
from tests.support.people import Woken, a_campaign, a_list, a_sender, named


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    db = await Database.open(database_url)
    yield db
    await db.close()


@pytest.fixture
def woken() -> Woken:
    return Woken()


async def expand_all(db: Database, woken: Woken, campaign_id: int, *, batch: int = 5_000) -> None:
    while await expand_campaign(db, woken, campaign_id, batch=batch):
        pass


async def launched(db: Database, woken: Woken, people: int, **values: object) -> int:
    await a_sender(db)
    await a_list(db, "all", named(*(f"P{n}" for n in range(1, people + 1))))
    campaign_id = await a_campaign(db, ["all"], **values)
    await launch_campaign(db, woken, campaign_id)
    await expand_all(db, woken, campaign_id)
    return campaign_id


async def stop_person(db: Database, n: int, *, until: int = 0) -> None:
    async with db.transaction() as tx:
        await tx.run(
            "INSERT INTO suppressions (workspace_id, person, reason, until) VALUES (1, :p, 'opt_out', :until)",
            {"p": f"55419{n:08d}", "until": until},
        )


async def settle(db: Database, campaign_id: int, n: int, status: str, **facts: str) -> None:
    """The first `n` queued messages ended as `status`, written as the sending half would."""
    async with db.transaction() as tx:
        rows = await tx.all(
            "SELECT message_id FROM outbox WHERE campaign_id = :c AND state = 'queued' ORDER BY message_id LIMIT :n",
            {"c": campaign_id, "n": n},
        )
        for row in rows:
            if status in ("sending", "leased", "unknown"):
                await tx.run(
                    "UPDATE outbox SET state = :s WHERE message_id = :m", {"s": status, "m": row.message_id}
                )
                continue
            await tx.run("DELETE FROM outbox WHERE message_id = :m", {"m": row.message_id})
            await tx.run(
                "UPDATE messages SET status = :s, fault_code = :code, fault_reason = :reason WHERE id = :m",
                {"s": status, "m": row.message_id, "code": "", "reason": "", **facts},
            )
        await tx.run(
            f"UPDATE campaign_counts SET queued = queued - :n, {status} = {status} + :n WHERE campaign_id = :c",
            {"n": len(rows), "c": campaign_id},
        )


async def counts(db: Database, campaign_id: int) -> dict[str, int]:
    found = (await progress(db, campaign_id)).counts
    return {name: n for name, n in found.items() if n}


# --- drafts and checks --------------------------------------------------------------------------------------


async def test_a_draft_is_refused_for_what_is_wrong_with_it(db: Database) -> None:
    await a_sender(db)
    await a_list(db, "all", named("Ana"))
    for values, refusal, words in (
        ({"sender": "nobody"}, NotFound, "There is no sender 'nobody'"),
        ({"name": " "}, BadCampaign, "name: give it a name"),
        ({"policy": "maybe"}, BadCampaign, "policy: 'maybe' must be one of no_duplicates"),
        ({"on_missing": "guess"}, BadCampaign, "on_missing: 'guess' must be one of refuse, exclude"),
        ({"content": {"type": "text", "body": "{{ x"}}, TemplateSyntax, "content.body: line 1, column 1"),
        ({"content": {"type": "txt"}}, BadContent, "content.type"),
        ({"scheduled_at": 20, "expires_at": 10}, BadCampaign, "expires_at: it lies before scheduled_at"),
    ):
        with pytest.raises(refusal, match=words):
            await a_campaign(db, ["all"], **values)
    with pytest.raises(NotFound, match="There is no list 'most'"):
        await a_campaign(db, ["all", "most"])
    with pytest.raises(BadCampaign, match="lists: name at least one"):
        await a_campaign(db, [])
    await a_campaign(db, ["all"])
    with pytest.raises(AlreadyExists):
        await a_campaign(db, ["all"])
    assert [campaign.name for campaign, _ in await list_campaigns(db)] == ["greet"]


async def test_a_check_tells_who_lacks_what_by_file_and_line(db: Database) -> None:
    await a_sender(db)
    people = [{"name": "Ana"}, {"name": " \t"}, {"city": "Rio"}, {"name": "Bo"}]
    await a_list(db, "all", people)
    await stop_person(db, 4)
    report = await check_campaign(db, await a_campaign(db, ["all"]))
    assert (report.people, report.left_out, report.suppressed, report.to_send) == (4, 2, 1, 1)
    [missing] = report.missing
    assert (missing.variable, missing.people) == ("name", 2)
    assert missing.places == ("all.csv line 3", "all.csv line 4")
    assert [each.text for each in report.previews] == ["Hi Ana", "Hi Bo"]
    assert report.problems == ()
    assert report.seconds == pytest.approx(1 / 60)


async def test_a_check_names_a_variable_nobody_has(db: Database, woken: Woken) -> None:
    await a_sender(db)
    await a_list(db, "all", named("Ana", "Bo"))
    campaign_id = await a_campaign(db, ["all"], content={"type": "text", "body": "Hi {{ nmae }}"})
    report = await check_campaign(db, campaign_id)
    assert report.problems == ("Nobody in the audience has the attribute 'nmae'. Did you mean 'name'?",)
    with pytest.raises(CampaignRefused, match="Did you mean 'name'"):
        await launch_campaign(db, woken, campaign_id, on_missing="exclude")
    assert woken.lanes == []


async def test_a_check_tries_the_longest_messages_against_the_providers_rules(db: Database) -> None:
    await a_sender(db)
    await a_list(db, "all", named(*["Ana"] * 30, "x" * 5_000))
    report = await check_campaign(db, await a_campaign(db, ["all"]), sample=2)
    [problem] = report.problems
    assert problem.startswith("The message to +5541900000031 breaks a rule: content.body")
    assert len(report.previews) == 2


async def test_an_empty_list_and_a_past_end_are_problems(db: Database, woken: Woken) -> None:
    await a_sender(db)
    await a_list(db, "all", [])
    campaign_id = await a_campaign(db, ["all"], expires_at=1)
    with pytest.raises(CampaignRefused, match=r"the lists are empty.*expires_at lies in the past"):
        await launch_campaign(db, woken, campaign_id)


async def test_a_template_that_does_not_fit_is_told_in_every_way(db: Database) -> None:
    await a_sender(db)
    await a_list(db, "all", named("Ana"))
    async with db.transaction() as tx:
        for name, language, status, media in (
            ("promo", "en", "PAUSED", "image"),
            ("promo", "pt_BR", "APPROVED", ""),
        ):
            await tx.run(
                "INSERT INTO templates (workspace_id, provider, account, provider_id, name, language, status, "
                "variables, text, header_media) VALUES (1, 'whatsapp', '102290129340398', :id, :name, :language, "
                """:status, '["body.1", "body.2"]', 'Hi {{1}}, {{2}}', :media)""",
                {
                    "id": f"{name}{language}",
                    "name": name,
                    "language": language,
                    "status": status,
                    "media": media,
                },
            )

    async def problems(name: str, **content: object) -> tuple[str, ...]:
        values = {"type": "template", "name": name.split(":", maxsplit=1)[0], **content}
        campaign_id = await a_campaign(db, ["all"], content=values, name=f"{name} {content}")
        return (await check_campaign(db, campaign_id)).problems

    one = [{"name": "1", "value": "{{ name }}"}]
    assert await problems("prmo") == (
        "The template prmo is not among the sender's templates. Did you mean 'promo'?",
    )
    assert await problems("promo", body=one) == (
        "The template promo exists in several languages (en, pt_BR): name one of them.",
    )
    assert await problems("promo", language="en", body=[*one, {"name": "3", "value": "x"}]) == (
        "The template promo:en is paused: only approved ones are sent.",
        "The template promo:en needs a value for body.2.",
        "The template promo:en has no variable body.3: leave it out.",
        "The template promo:en needs a header image.",
    )
    named_ones = [{"name": "first", "value": "x"}]
    assert "has numbered variables: body.1, body.2; give them so." in " ".join(
        await problems("promo", language="pt_BR", body=named_ones, named=True)
    )
    fine = {"language": "pt_BR", "body": [*one, {"name": "2", "value": "ok"}]}
    assert await problems("promo", **fine) == ()
    campaign = await get_campaign(db, f"promo {fine}")
    assert (await check_campaign(db, campaign.id)).previews[0].text == "Hi Ana, ok"


# --- launching and expanding --------------------------------------------------------------------------------


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


# --- schedules ----------------------------------------------------------------------------------------------


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


# --- retries, tests, exports --------------------------------------------------------------------------------


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
    with pytest.raises(BadCampaign, match="say that you accept duplicates"):
        await retry_campaign(db, woken, campaign_id, statuses=["unknown"])
    retry_id = await retry_campaign(db, woken, campaign_id, statuses=["unknown"], accept_duplicates=True)
    with pytest.raises(BadCampaign, match="a retry of unknown messages is under way"):
        await retry_campaign(db, woken, campaign_id)
    await expand_all(db, woken, retry_id)
    assert await counts(db, retry_id) == {"audience": 2, "queued": 2}
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


# --- the books ----------------------------------------------------------------------------------------------


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
