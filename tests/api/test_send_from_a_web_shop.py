"""docs/howto/send-from-a-web-shop.md: its requests and its Python, taken from the page and run."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from clarion.api.errors import KINDS, OTHERS
from clarion.domain.message import Status
from clarion.services.senders import add_sender
from clarion.store import dialect
from tests.support.api import Api
from tests.support.campaigns import a_sender
from tests.support.people import BOX, a_list, named, stop_person

PAGE = (Path(__file__).parent.parent.parent / "docs" / "howto" / "send-from-a-web-shop.md").read_text("utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


async def a_shop(api: Api) -> None:
    """What the page takes for granted: snd_1 on WhatsApp, and an approved template."""
    sender = await add_sender(
        api.db,
        BOX,
        workspace=1,
        name="shop",
        provider="whatsapp",
        account="106540352242922",
        config={"waba_id": "102290129340398"},
        secrets={"token": "EAAB", "app_secret": "s3", "verify_token": "v"},
    )
    assert sender == 1
    async with api.db.transaction() as tx:
        await tx.run(
            "INSERT INTO templates (workspace_id, provider, account, provider_id, name, language, status, variables, "
            "text) VALUES (1, 'whatsapp', '102290129340398', '7', 'order_confirmation', 'en', 'APPROVED', "
            f"{dialect.json_of(api.db.name, ':variables')}, 'Thank you {{{{1}}}}, we have your order {{{{2}}}}.')",
            {"variables": '["body.1", "body.2"]'},
        )


def program(api: Api, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The page's Python, as a shop would import it."""
    monkeypatch.setenv("MESSAGES_URL", api.url.removesuffix("/api/v1"))
    monkeypatch.setenv("MESSAGES_KEY", api.key)
    shop: dict[str, Any] = {}
    exec(blocks("python")[0], shop)
    return shop


async def test_the_order_is_confirmed_once_however_often_the_shop_asks(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_shop(api)
    request, _, bulk = [json.loads(each) for each in blocks("json")]
    sent = await api.post("/messages", request, headers={"Idempotency-Key": "order-4711-confirmation"})
    assert sent.status == 202
    assert set(sent.data) == {"id", "status"}
    shown = (await api.get(f"/messages/{sent.data['id']}")).data
    assert shown["text"] == "Thank you Ana, we have your order 4711."
    shop = program(api, monkeypatch)
    order = ("4712", "Bob", "+5541991234568")
    ids = await asyncio.gather(*(asyncio.to_thread(shop["confirm"], *order) for _ in range(5)))
    assert len(set(ids)) == 1
    assert (await api.get(f"/messages/{ids[0]}")).data["text"] == "Thank you Bob, we have your order 4712."
    await api.made("/messages/bulk", bulk)
    assert (
        len((await api.get("/messages")).data["items"]) == 2
    )  # free text is outside the 24 hours, `12` no number
    sms = await a_sender(api)
    verdicts = [{**each, "sender_id": sms} for each in bulk["messages"]]
    assert (await api.made("/messages/bulk", {"messages": verdicts}))["queued"] == 1


async def test_the_shop_is_told_what_to_mend(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_shop(api)
    shop = program(api, monkeypatch)
    await a_list(api.db, "all", named("Ann"))
    await stop_person(api.db, 1)
    for phone, kind in (("12", "bad-address"), ("+5541900000001", "person-stopped")):
        with pytest.raises(shop["Refused"]) as refused:
            await asyncio.to_thread(shop["confirm"], "1", "Ann", phone)
        assert refused.value.args[0] == f"urn:clarion:problem:{kind}"


def test_every_refusal_and_status_that_the_page_names_exists() -> None:
    slugs = {kind.slug: kind.status for kind in (*KINDS.values(), *OTHERS.values())}
    told = re.findall(r"^\| ((?:`[\w-]+`(?:, )?)+) \| (\d+)(?:, (\d+))? \|", PAGE, re.MULTILINE)
    assert len(told) >= 8
    for names, *statuses in told:
        for name in re.findall(r"`([\w-]+)`", names):
            assert str(slugs[name]) in statuses
    table = PAGE.split("| `status` |")[1].split("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", table)) - {"reason"} == set(Status) - {"leased"}
