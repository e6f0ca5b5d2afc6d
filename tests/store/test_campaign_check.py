"""Drafts, and what a check finds before anything is sent, on both databases."""

import pytest

from clarion.domain.errors import (
    AlreadyExists,
    BadCampaign,
    BadContent,
    CampaignRefused,
    NotFound,
    TemplateSyntax,
)
from clarion.services.campaigns import (
    check_campaign,
    get_campaign,
    launch_campaign,
    list_campaigns,
)
from clarion.store.db import Database
from tests.support.people import Woken, a_campaign, a_list, a_sender, named, stop_person


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
