"""The cache of templates equals the provider's list after every sync."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from clarion.domain.errors import NotFound, ProviderRefused
from clarion.providers.base import TemplateInfo
from clarion.services.senders import add_sender, get_sender
from clarion.services.templates import SyncReport, find_template, list_templates, sync_templates
from clarion.store.db import Database
from tests.support.people import BOX, a_sender


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    db = await Database.open(database_url)
    await a_sender(db)
    yield db
    await db.close()


class Listing:
    """Stands where a provider stands, with a list that the test changes."""

    def __init__(self, *listed: TemplateInfo, broken: bool = False) -> None:
        self.listed, self.broken = listed, broken

    async def templates(self) -> AsyncIterator[TemplateInfo]:
        for info in self.listed:
            yield info
        if self.broken:
            raise ProviderRefused("whatsapp", "190", "the token has expired")


PROMO = TemplateInfo(
    provider_id="900",
    name="promo",
    language="pt_BR",
    category="MARKETING",
    status="APPROVED",
    named=True,
    variables=("header.1", "body.nome"),
    text="Olá {{nome}} 👋",
    content={"components": [{"type": "BODY", "text": "Olá {{nome}} 👋"}]},
    header_media="",
)
ENGLISH = replace(PROMO, provider_id="901", language="en", text="Hi {{nome}}", header_media="image")


async def sync(db: Database, listing: Listing) -> SyncReport:
    return await sync_templates(db, listing, await get_sender(db, "main"))  # type: ignore[arg-type]  # only lists


async def test_a_sync_tells_what_is_new_changed_and_gone(db: Database) -> None:
    assert await sync(db, Listing(PROMO, ENGLISH)) == SyncReport(("promo:pt_BR", "promo:en"), (), (), 2)
    assert await sync(db, Listing(PROMO, ENGLISH)) == SyncReport((), (), (), 2)
    paused = replace(PROMO, status="PAUSED")
    assert await sync(db, Listing(paused)) == SyncReport((), ("promo:pt_BR",), ("promo:en",), 1)
    [held] = await list_templates(db, await get_sender(db, "main"))
    assert (held.status, held.named, held.variables) == ("PAUSED", True, ["header.1", "body.nome"])
    assert (held.text, held.account, held.header_media) == ("Olá {{nome}} 👋", "102290129340398", "")
    async with db.reading() as tx:
        assert "components" in str(await tx.scalar("SELECT content FROM templates"))
    assert await sync(db, Listing()) == SyncReport((), (), ("promo:pt_BR",), 0)


async def test_a_listing_that_breaks_off_changes_nothing(db: Database) -> None:
    await sync(db, Listing(PROMO, ENGLISH))
    with pytest.raises(ProviderRefused, match="token has expired"):
        await sync(db, Listing(PROMO, broken=True))
    assert len(await list_templates(db, await get_sender(db, "main"))) == 2


async def test_a_template_is_found_by_name_and_language_or_by_its_id(db: Database) -> None:
    await sync(db, Listing(PROMO, ENGLISH))
    sender = await get_sender(db, "main")
    assert (await find_template(db, sender, "promo", "en")).header_media == "image"
    assert (await find_template(db, sender, "900")).language == "pt_BR"
    with pytest.raises(NotFound, match=r"promo in one language: it exists in en, pt_BR"):
        await find_template(db, sender, "promo")
    with pytest.raises(NotFound, match="There is no template 'promo:fr'"):
        await find_template(db, sender, "promo", "fr")


async def test_two_contents_of_one_name_stay_two(db: Database) -> None:
    twin = replace(PROMO, provider_id="902", text="Oi {{nome}}")
    assert (await sync(db, Listing(PROMO, twin))).total == 2
    assert {held.text for held in await list_templates(db, await get_sender(db, "main"))} == {
        PROMO.text,
        twin.text,
    }


async def test_an_sms_senders_sync_says_nothing_about_whatsapp(db: Database) -> None:
    senders = []
    for channel in ("whatsapp", "sms"):
        ident = await add_sender(
            db,
            BOX,
            workspace=1,
            name=channel,
            provider="twilio",
            account="AC" + "0" * 31 + "1",
            config={"from": "+15005550006", "channel": channel},
            secrets={"auth_token": "t"},
        )
        senders.append(await get_sender(db, ident))
    rejected, fine = replace(PROMO, status="REJECTED"), PROMO
    await sync_templates(db, Listing(rejected), senders[0])  # type: ignore[arg-type]  # only lists
    await sync_templates(db, Listing(fine), senders[1])  # type: ignore[arg-type]  # only lists
    assert [held.status for held in await list_templates(db, senders[0])] == ["REJECTED"]
