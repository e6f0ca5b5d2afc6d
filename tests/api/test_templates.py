"""Templates: fetched, submitted, changed, deleted and shown, against the simulators of both providers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from clarion.sim.server import Simulator
from tests.api.test_senders import WHATSAPP
from tests.support.api import Api, api

TWILIO = {
    "name": "Texts",
    "provider": "twilio",
    "account": "AC00000000000000000000000000000001",
    "config": {"from": "+15005550006", "channel": "whatsapp"},
    "secrets": {"auth_token": "sim-auth-token"},
}
OFFER = {
    "name": "autumn_offer",
    "language": "en_GB",
    "category": "MARKETING",
    "content": {
        "header": "Hello {{1}}",
        "body": "Hi {{1}}, autumn prices are here: {{2}} off until Sunday.",
        "footer": "Tap below to stop these messages",
        "buttons": [
            {
                "kind": "url",
                "text": "Shop now",
                "url": "https://shop.example/{{1}}",
                "example": "https://shop.example/a",
            },
            {"kind": "quick_reply", "text": "Stop promotions"},
        ],
        "examples": {"header.1": "Ana", "body.1": "Ana", "body.2": "20%"},
    },
}


@pytest.fixture(name="simulated")
async def simulated_fixture(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """The API beside a simulator of both providers."""
    async with Simulator() as sim:
        urls = dict.fromkeys(("base_url", "content_url", "messaging_url"), sim.url)
        async with api(database_url, tmp_path, whatsapp={"base_url": sim.url}, twilio=urls) as running:
            yield running


async def _sender(api: Api, given: dict[str, Any] = WHATSAPP) -> str:
    return str((await api.made("/senders", given))["id"])


async def test_templates_are_fetched_listed_and_filtered(simulated: Api) -> None:
    sender = await _sender(simulated)
    first = (await simulated.post(f"/senders/{sender}/templates/sync")).data
    assert (first["total"], len(first["added"]), first["changed"], first["removed"]) == (9, 9, [], [])
    again = (await simulated.post(f"/senders/{sender}/templates/sync")).data
    assert (again["added"], again["changed"], again["removed"]) == ([], [], [])
    page = (await simulated.get("/templates", limit=4)).data
    names = [(each["name"], each["language"]) for each in page["items"]]
    while page["next_cursor"]:
        page = (await simulated.get("/templates", limit=4, cursor=page["next_cursor"])).data
        names += [(each["name"], each["language"]) for each in page["items"]]
    assert names == sorted(names)
    assert len(set(names)) == 9

    async def listed(**query: str) -> list[str]:
        return [each["name"] for each in (await simulated.get("/templates", **query)).data["items"]]

    assert await listed(status="paused") == ["winter_paused"]
    assert await listed(name="order_update", language="pt_BR") == ["order_update"]
    assert len(await listed(sender_id=sender)) == 9
    other = await _sender(simulated, {**WHATSAPP, "name": "else", "config": {"waba_id": "1"}})
    assert await listed(sender_id=other) == []
    assert (await simulated.get("/templates", sender_id="snd_999")).status == 422
    assert (await simulated.get("/templates", cursor="x")).data["type"].endswith("bad-cursor")


async def test_a_template_is_submitted_changed_and_deleted(simulated: Api) -> None:
    sender = await _sender(simulated)
    made = await simulated.post("/templates", {"sender_id": sender, **OFFER})
    assert (made.status, made.data["status"]) == (201, "PENDING")
    assert made.headers["Location"] == f"/api/v1/templates/{made.data['id']}"
    assert made.data["variables"] == ["header.1", "body.1", "body.2", "button.0"]
    assert made.data["content"]["buttons"][0]["url"] == "https://shop.example/{{1}}"
    assert made.data["content"]["examples"] == OFFER["content"]["examples"]  # type: ignore[index]
    report = (await simulated.post(f"/senders/{sender}/templates/sync")).data
    assert "autumn_offer:en_GB" not in report["added"] + report["changed"]  # it is as the provider lists it
    path = f"/templates/{made.data['id']}"
    assert (await simulated.post("/templates", {"sender_id": sender, **OFFER})).status == 409
    changed = {"content": {"body": "Autumn prices are here."}}
    assert (await simulated.put(path, changed)).status == 428
    tag = (await simulated.get(path)).headers["ETag"]
    stale = await simulated.put(path, changed, headers={"If-Match": '"something-else"'})
    assert (stale.status, stale.data["type"]) == (412, "urn:clarion:problem:changed")
    pending = await simulated.put(path, changed, headers={"If-Match": tag})
    assert (pending.status, pending.data["type"]) == (422, "urn:clarion:problem:provider-refused")
    assert "PENDING" in pending.data["detail"]
    assert (await simulated.delete(path)).status == 204
    assert (await simulated.get(path)).status == 404
    approved = (await simulated.get("/templates", name="hello_world")).data["items"][0]
    path = f"/templates/{approved['id']}"
    tag = (await simulated.get(path)).headers["ETag"]
    done = await simulated.put(path, changed, headers={"If-Match": tag})
    assert (done.status, done.data["text"], done.data["status"]) == (
        200,
        "Autumn prices are here.",
        "PENDING",
    )
    assert done.headers["ETag"] != tag
    late = await simulated.put(path, changed, headers={"If-Match": tag})
    assert late.status == 412


async def test_a_template_that_breaks_a_rule_is_refused_before_the_provider_is_asked(
    sqlite_url: str, tmp_path: Path
) -> None:
    button = {"kind": "url", "text": "Go"}
    changes: list[tuple[dict[str, Any], str]] = [
        ({"name": "Autumn Offer"}, "#/name"),
        ({"content": {"body": "{{1}} first", "examples": {"body.1": "Ana"}}}, "#/content/body"),
        ({"content": {"body": "Hi {{1}}!"}}, "#/content/examples"),
        ({"content": {"body": "Hi {{2}}!", "examples": {"body.2": "Ana"}}}, "#/content/body"),
        ({"content": {"body": "Hi", "header": "A", "header_media": "image"}}, "#/content/header"),
        ({"content": {"body": "Hi", "buttons": [button]}}, "#/content/buttons/0/url"),
        ({"sender_id": "snd_999"}, "#/sender_id"),
    ]
    async with api(sqlite_url, tmp_path, whatsapp={"base_url": "http://127.0.0.1:9"}) as running:
        sender = await _sender(running)
        for change, pointer in changes:
            answer = await running.post("/templates", {"sender_id": sender, **OFFER, **change})
            assert (answer.status, answer.data["errors"][0]["pointer"]) == (422, pointer)


async def test_twilio_makes_a_content_and_submits_it(simulated: Api) -> None:
    sender = await _sender(simulated, TWILIO)
    plain = {**OFFER, "language": "en", "content": {**OFFER["content"]}}  # type: ignore[dict-item]
    content = {"body": "Hi {{1}}, {{2}} off.", "examples": {"body.1": "Ana", "body.2": "20%"}}
    refused = await simulated.post("/templates", {"sender_id": sender, **plain})
    assert (refused.status, refused.data["errors"][0]["pointer"]) == (422, "#/content/header")
    made = await simulated.post("/templates", {"sender_id": sender, **plain, "content": content})
    assert (made.status, made.data["status"], made.data["category"]) == (201, "RECEIVED", "MARKETING")
    assert made.data["provider_id"].startswith("HX")
    path = f"/templates/{made.data['id']}"
    fixed = await simulated.put(path, {"content": content}, headers={"If-Match": "*"})
    assert (fixed.status, "cannot be changed" in fixed.data["detail"]) == (422, True)
    assert (await simulated.delete(path)).status == 204
    assert (await simulated.post(f"/senders/{sender}/templates/sync")).data["total"] == 8


async def test_a_template_a_campaign_needs_is_not_deleted(simulated: Api) -> None:
    sender = await _sender(simulated)
    await simulated.post(f"/senders/{sender}/templates/sync")
    found = (await simulated.get("/templates", name="order_update", language="en_US")).data["items"][0]
    async with simulated.db.transaction() as tx:
        json = "cast(:content as jsonb)" if tx.name == "postgresql" else ":content"
        await tx.run(
            "INSERT INTO campaigns (workspace_id, name, sender_id, status, content) "
            f"VALUES (1, 'spring', 1, 'running', {json})",
            {"content": '{"type": "template", "name": "order_update", "language": "en_US"}'},
        )
    refused = await simulated.delete(f"/templates/{found['id']}")
    assert (refused.status, "spring" in refused.data["detail"]) == (409, True)


async def test_a_preview_shows_what_the_person_sees(simulated: Api) -> None:
    sender = await _sender(simulated)
    await simulated.post(f"/senders/{sender}/templates/sync")
    by_name = {t["name"] + t["language"]: t["id"] for t in (await simulated.get("/templates")).data["items"]}
    order, named = by_name["order_updateen_US"], by_name["welcome_nameden_US"]
    own = {"variables": {"body.1": "Ana", "body.2": "1042"}}
    shown = (await simulated.post(f"/templates/{order}/preview", own)).data
    assert shown["text"] == "Hi Ana, your order 1042 is {{3}}."
    assert (shown["header"], shown["footer"], shown["blank"]) == (
        "Your order",
        "Clarion Sample Shop",
        ["body.3"],
    )
    async with simulated.db.transaction() as tx:
        json = "cast(:a as jsonb)" if tx.name == "postgresql" else ":a"
        await tx.run(
            f"INSERT INTO contacts (workspace_id, address, person, attributes) VALUES (1, '+1', '1', {json})",
            {"a": '{"first_name": "Bia", "code": "B-7"}'},
        )
    body = {"contact_id": "con_1", "variables": {"header.shop": "{{ first_name }}'s shop"}}
    shown = (await simulated.post(f"/templates/{named}/preview", body)).data
    assert (shown["header"], shown["text"]) == ("Welcome to Bia's shop", "Hello Bia, your code is B-7.")
    assert shown["blank"] == []
    promo = by_name["promo_imageen_US"]
    shown = (await simulated.post(f"/templates/{promo}/preview", {"variables": {"button.0": "x"}})).data
    assert (shown["header_media"], shown["blank"]) == ("image", ["body.1", "body.2"])
    assert shown["buttons"][0] == {"kind": "url", "text": "Shop now", "target": "https://shop.example.com/x"}
    unknown = await simulated.post(f"/templates/{order}/preview", {"variables": {"body.9": "x"}})
    assert unknown.data["errors"][0]["pointer"] == "#/variables/body.9"
    nobody = await simulated.post(f"/templates/{order}/preview", {"contact_id": "con_999"})
    assert nobody.data["errors"][0]["pointer"] == "#/contact_id"
    broken = {"contact_id": "con_1", "variables": {"body.1": "{{ first_name"}}
    assert (await simulated.post(f"/templates/{order}/preview", broken)).status == 422
    weak = await simulated.key_with("templates:read")
    assert (await simulated.post(f"/templates/{order}/preview", body, key=weak)).status == 403


async def test_another_workspace_s_templates_do_not_exist(simulated: Api) -> None:
    sender = await _sender(simulated)
    await simulated.post(f"/senders/{sender}/templates/sync")
    ident = (await simulated.get("/templates")).data["items"][0]["id"]
    _, theirs = await simulated.other_workspace()
    path = f"/templates/{ident}"
    for method, where, body in (
        ("GET", path, None),
        ("PUT", path, {"content": {"body": "Hi"}}),
        ("DELETE", path, None),
        ("POST", f"{path}/preview", {}),
    ):
        answer = await simulated.ask(method, where, body, key=theirs, headers={"If-Match": "*"})
        assert answer.status == 404, where
    assert (await simulated.get("/templates", key=theirs)).data["items"] == []
    mine = await simulated.post("/templates", {"sender_id": sender, **OFFER}, key=theirs)
    unknown = await simulated.post("/templates", {"sender_id": "snd_999", **OFFER}, key=theirs)
    assert (mine.status, mine.data) == (422, unknown.data)
    theirs_sender = (await simulated.made("/senders", WHATSAPP, key=theirs))["id"]
    async with simulated.db.transaction() as tx:
        json = "'{}'"
        await tx.run(
            f"INSERT INTO contacts (workspace_id, address, person, attributes) VALUES (1, '+1', '1', {json})"
        )
    await simulated.post(f"/senders/{theirs_sender}/templates/sync", key=theirs)
    own = (await simulated.get("/templates", key=theirs)).data["items"][0]["id"]
    answer = await simulated.post(f"/templates/{own}/preview", {"contact_id": "con_1"}, key=theirs)
    assert answer.data["errors"][0]["pointer"] == "#/contact_id"


async def test_a_filter_with_strange_letters_finds_nothing(simulated: Api) -> None:
    for name in ("\0", "' OR 1=1 --", "%", "😀" * 100):
        answer = await simulated.get("/templates", name=name)
        assert answer.status in (200, 422), name
        if answer.status == 200:
            assert answer.data["items"] == []
