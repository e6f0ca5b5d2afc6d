"""Single messages over HTTP: sent, refused with the reason, found again, cancelled, decided about."""

import asyncio
import time
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from clarion.domain.access import Permission
from clarion.services.access.keys import make_key
from clarion.services.campaigns import expand_campaign
from clarion.services.senders import add_sender
from clarion.store import dialect
from clarion.store.books import check_books
from tests.support.api import Api
from tests.support.campaigns import a_sender, number, running
from tests.support.people import BOX, a_list, named, settle, stop_person
from tests.support.stack import stack

TEXT = {"type": "text", "body": "Order {{ order }} is on its way, {{ name | default: 'friend' }}."}
PHONE = "+15005550099"


async def whatsapp(api: Api) -> str:
    ident = await add_sender(
        api.db,
        BOX,
        workspace=1,
        name="wa",
        provider="whatsapp",
        account="106540352242922",
        config={"waba_id": "102290129340398"},
        secrets={"token": "EAAB", "app_secret": "s3", "verify_token": "v"},
        rate=60,
    )
    return f"snd_{ident}"


async def a_template(api: Api) -> None:
    async with api.db.transaction() as tx:
        await tx.run(
            "INSERT INTO templates (workspace_id, provider, account, provider_id, name, language, status, variables, "
            f"text) VALUES (1, 'whatsapp', '102290129340398', '7', 'order', 'en', 'APPROVED', "
            f"{dialect.json_of(tx.name, ':variables')}, 'Order {{{{1}}}} is on its way.')",
            {"variables": '["body.1"]'},
        )


async def refused(api: Api, body: dict[str, Any]) -> tuple[int, str, str]:
    """Status, type and pointer of a refusal."""
    answer = await api.post("/messages", body)
    errors = answer.data.get("errors") or [{"pointer": ""}]
    return answer.status, answer.data["type"].removeprefix("urn:clarion:problem:"), errors[0]["pointer"]


async def test_a_message_is_queued_before_everything_else_and_can_be_looked_up(api: Api) -> None:
    sender = await a_sender(api)
    body = {"sender_id": sender, "to": "+1 (500) 555-0099", "content": TEXT, "variables": {"order": 4711}}
    sent = await api.post("/messages", body)
    assert (sent.status, sent.data["status"]) == (202, "queued")
    assert sent.headers["Location"] == f"/api/v1/messages/{sent.data['id']}"
    assert api.waker.lanes == [f"send:{number(sender)}"]
    found = (await api.get(f"/messages/{sent.data['id']}")).data
    assert found["text"] == "Order 4711 is on its way, friend."
    assert (found["phone"], found["status"], found["campaign_id"]) == (PHONE, "queued", None)
    again = await api.made(
        "/messages", {**body, "priority": "normal", "to": None, "contact_id": found["contact_id"]}
    )
    async with api.db.reading() as tx:
        rows = await tx.all("SELECT priority, campaign_id FROM outbox ORDER BY message_id")
        contacts = await tx.scalar("SELECT count(*) FROM contacts")
        noted = await tx.scalar("SELECT count(*) FROM audit")
    assert [(row.priority, row.campaign_id) for row in rows] == [(0, 0), (10, 0)]
    assert (contacts, noted) == (1, 0)
    assert (await api.get(f"/messages/{again['id']}")).data["contact_id"] == found["contact_id"]
    assert await check_books(api.db) == []


async def test_what_is_wrong_with_a_message_is_named(api: Api) -> None:
    sender = await a_sender(api)
    good = {"sender_id": sender, "to": PHONE, "content": {"type": "text", "body": "Hi"}}
    await a_list(api.db, "all", named("Ann"))
    await stop_person(api.db, 1)
    for change, expected in (
        ({"to": "12"}, (422, "bad-address", "")),
        ({"to": None}, (422, "invalid", "#/to")),
        ({"contact_id": "con_1"}, (422, "invalid", "#/to")),
        ({"to": None, "contact_id": "con_999"}, (422, "invalid", "#/contact_id")),
        ({"sender_id": "snd_999"}, (422, "invalid", "#/sender_id")),
        ({"sender_id": 1}, (422, "invalid", "#/sender_id")),
        ({"to": "+554100000001"}, (422, "bad-address", "")),
        ({"to": "+5541900000001"}, (422, "person-stopped", "")),
        ({"content": TEXT}, (422, "invalid", "#/variables")),
        ({"content": {"type": "text", "body": "{{"}}, (422, "template-syntax", "#/content/body")),
        ({"content": {"type": "fax"}}, (422, "bad-content", "#/content/type")),
        ({"content": {"type": "text", "body": ""}}, (422, "bad-content", "#/content/body")),
        ({"expires_at": "2020-01-01T00:00:00Z"}, (422, "invalid", "#/expires_at")),
        ({"priority": 0}, (422, "invalid", "#/priority")),
        ({"status": "sent"}, (422, "invalid", "#/status")),
    ):
        assert await refused(api, {**good, **change}) == expected, change
    async with api.db.reading() as tx:
        assert await tx.scalar("SELECT count(*) FROM messages") == 0


async def test_whatsapp_takes_free_text_for_a_day_and_templates_as_they_were_approved(api: Api) -> None:
    sender = await whatsapp(api)
    text = {"sender_id": sender, "to": PHONE, "content": {"type": "text", "body": "Hi"}}
    assert await refused(api, text) == (409, "window-closed", "")
    async with api.db.transaction() as tx:
        await tx.run(
            "INSERT INTO replies (workspace_id, sender_id, person, provider_id, at) "
            "VALUES (1, :sender, '15005550099', 'x', :at)",
            {"sender": number(sender), "at": (time.time_ns() // 1_000) - 3_600_000_000},
        )
    assert (await api.post("/messages", text)).status == 202
    template = {
        "type": "template",
        "name": "order",
        "language": "en",
        "body": [{"name": "1", "value": "{{ o }}"}],
    }
    wish = {"sender_id": sender, "to": "+15005550098", "content": template, "variables": {"o": "4711"}}
    answer = await api.post("/messages", wish)
    assert answer.data["type"] == "urn:clarion:problem:bad-content"
    assert "not among the sender's templates" in answer.data["detail"]
    await a_template(api)
    made = await api.made("/messages", wish)
    assert (await api.get(f"/messages/{made['id']}")).data["text"] == "Order 4711 is on its way."
    lacking = await api.post("/messages", {**wish, "content": {**template, "body": []}})
    assert "needs a value for body.1" in lacking.data["detail"]


async def test_of_many_messages_each_has_its_own_verdict(api: Api) -> None:
    sender = await a_sender(api)
    text = {"type": "text", "body": "Hi {{ name | default: 'you' }}"}
    good = {"sender_id": sender, "content": text}
    wanted = [
        {**good, "to": "+15005550001", "variables": {"name": "Ann"}},
        {**good, "to": "12"},
        {**good, "to": "+15005550001"},
        {**good, "to": "+15005550002", "content": {"type": "fax"}},
        {**good, "to": "+15005550003", "sender_id": "snd_999"},
        {**good, "to": "+15005550004"},
    ]
    answer = await api.post("/messages/bulk", {"messages": wanted})
    assert (answer.status, answer.data["queued"], answer.data["refused"]) == (202, 3, 3)
    items = answer.data["items"]
    assert [each["status"] for each in items] == [
        "queued",
        "refused",
        "queued",
        "refused",
        "refused",
        "queued",
    ]
    assert [each["problem"] and each["problem"]["type"].split(":")[-1] for each in items] == [
        None, "bad-address", None, "bad-content", "invalid", None,
    ]  # fmt: skip
    assert items[4]["problem"]["errors"] == [
        {"pointer": "#/sender_id", "detail": "there is no sender snd_999"}
    ]
    shown = [(await api.get(f"/messages/{each['id']}")).data for each in items if each["id"]]
    assert [(each["phone"], each["text"]) for each in shown] == [
        ("+15005550001", "Hi Ann"),
        ("+15005550001", "Hi you"),
        ("+15005550004", "Hi you"),
    ]
    assert (await api.post("/messages/bulk", {"messages": []})).status == 422
    assert (await api.post("/messages/bulk", {"messages": [good] * 1_001})).status == 422
    thousand = [{**good, "to": f"+1500555{n:04}"} for n in range(1_000)]
    begun = time.monotonic()
    assert (await api.made("/messages/bulk", {"messages": thousand}))["queued"] == 1_000
    assert time.monotonic() - begun < 5
    assert await check_books(api.db) == []


async def test_the_log_is_searched_by_person_campaign_sender_status_and_time(api: Api) -> None:
    campaign = await running(api, 3)
    other = await a_sender(api, name="other")
    single = await api.made(
        "/messages", {"sender_id": other, "to": "+5541900000002", "content": {"type": "text", "body": "Hi"}}
    )
    await settle(api.db, number(campaign), 1, "failed", code="x", reason="No.")
    async with api.db.transaction() as tx:
        await tx.run("UPDATE messages SET created_at = 1000000 WHERE id = 1")

    async def found(**filters: Any) -> list[str]:
        return [each["id"] for each in (await api.get("/messages", **filters)).data["items"]]

    everything = await found()
    assert everything == [single["id"], "msg_3", "msg_2", "msg_1"]
    assert await found(phone="+55 41 90000-0002") == [single["id"], "msg_2"]
    contact = (await api.get(f"/messages/{single['id']}")).data["contact_id"]
    assert await found(contact_id=contact) == [single["id"], "msg_2"]
    assert await found(contact_id=contact, campaign_id=campaign) == ["msg_2"]
    assert await found(campaign_id=campaign) == ["msg_3", "msg_2", "msg_1"]
    assert await found(campaign_id=campaign, status="failed") == ["msg_1"]
    assert await found(status="queued") == [single["id"], "msg_3", "msg_2"]
    assert await found(sender_id=other) == [single["id"]]
    assert await found(run_id="run_1") == []
    assert await found(before="1970-01-02T00:00:00Z") == ["msg_1"]
    assert await found(after="1970-01-02T00:00:00Z", sender_id=other) == [single["id"]]
    first = (await api.get("/messages", limit=3)).data
    assert [each["id"] for each in first["items"]] == everything[:3]
    assert await found(limit=3, cursor=first["next_cursor"]) == everything[3:]
    pages = (await api.get("/messages", limit=2, campaign_id=campaign)).data
    assert await found(limit=2, campaign_id=campaign, cursor=pages["next_cursor"]) == ["msg_1"]
    assert (await api.get("/messages", phone="12")).data["type"] == "urn:clarion:problem:bad-address"
    assert (await api.get("/messages", contact_id="con_999")).status == 422
    assert (await api.get("/messages", campaign_id="cmp_999")).status == 422
    assert (
        await api.get("/messages", limit=3, campaign_id=campaign, cursor=first["next_cursor"])
    ).status == 422


async def test_a_message_that_waits_is_cancelled_and_one_on_its_way_is_not(api: Api) -> None:
    campaign = await running(api, 3)
    ids = [each["message_id"] for each in (await api.get(f"/campaigns/{campaign}/recipients")).data["items"]]
    await settle(api.db, number(campaign), 1, "sending")
    on_its_way = await api.post(f"/messages/{ids[0]}/cancel")
    assert (on_its_way.status, on_its_way.data["type"]) == (409, "urn:clarion:problem:wrong-status")
    cancelled = await api.post(f"/messages/{ids[1]}/cancel")
    assert (cancelled.data["status"], cancelled.data["reason"]) == (
        "cancelled",
        "It was cancelled before it was sent.",
    )
    assert (await api.post(f"/messages/{ids[1]}/cancel")).status == 200
    counters = (await api.get(f"/campaigns/{campaign}")).data["counters"]
    assert (counters["cancelled"], counters["queued"], counters["sending"]) == (1, 1, 1)
    assert await check_books(api.db) == []


async def test_somebody_decides_about_messages_in_doubt(api: Api) -> None:
    campaign = await running(api, 4)
    await settle(api.db, number(campaign), 4, "unknown")
    async with api.db.transaction() as tx:
        await tx.run("UPDATE outbox SET unresolved = :yes WHERE message_id > 1", {"yes": True})
        await tx.run("UPDATE outbox SET attempt_id = 'a' || cast(message_id AS text), attempts = 1")
        await tx.run("UPDATE campaigns SET status = 'finished', finished_at = 5")
    listed = (await api.get("/doubts")).data["items"]
    assert [each["id"] for each in listed] == ["msg_1", "msg_2", "msg_3", "msg_4"]
    assert [each["unresolved"] for each in listed] == [False, True, True, True]
    assert [each["id"] for each in (await api.get("/doubts", unresolved="false")).data["items"]] == ["msg_1"]
    page = (await api.get("/doubts", limit=3)).data
    rest = (await api.get("/doubts", limit=3, cursor=page["next_cursor"])).data
    assert [each["id"] for each in rest["items"]] == ["msg_4"]

    async def decided(message: str, resolution: str) -> Any:
        return (await api.post(f"/messages/{message}/resolution", {"resolution": resolution})).data

    assert (await decided("msg_2", "arrived"))["status"] == "accepted"
    given_up = await decided("msg_3", "give_up")
    assert (given_up["status"], given_up["code"]) == ("failed", "given_up")
    again = await decided("msg_4", "resend")
    assert (again["status"], again["earlier_attempts"][0]["reason"]) == ("queued", "sent again by a person")
    shown = (await api.get(f"/campaigns/{campaign}")).data
    assert (shown["status"], shown["finished_at"]) == ("running", None)
    assert (await decided("msg_4", "resend"))["type"] == "urn:clarion:problem:wrong-status"
    await api.made(f"/campaigns/{campaign}/stop")
    refused = await decided("msg_1", "resend")
    assert "its campaign was stopped" in refused["detail"]
    assert await check_books(api.db) == []


async def test_what_a_retry_writes_again_is_not_resent_as_well(api: Api) -> None:
    campaign = await running(api, 1)
    await settle(api.db, number(campaign), 1, "unknown")
    retry = await api.made(
        f"/campaigns/{campaign}/retries", {"statuses": ["unknown"], "accept_duplicates": True}
    )
    await expand_campaign(api.db, api.waker, number(retry["id"]))
    refused = await api.post("/messages/msg_1/resolution", {"resolution": "resend"})
    assert refused.status == 409
    assert "a retry of its campaign" in refused.data["detail"]


async def test_R07_a_message_is_sent_once_however_often_it_is_asked_for(api: Api) -> None:
    body = {"sender_id": await a_sender(api), "to": PHONE, "content": {"type": "text", "body": "Hi"}}
    headers = {"Idempotency-Key": "order-4711"}
    answers = await asyncio.gather(*(api.post("/messages", body, headers=headers) for _ in range(50)))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.data["id"] for answer in answers}) == 1
    assert len([a for a in answers if a.headers.get("Idempotency-Replayed")]) == 49
    other = await api.post("/messages", {**body, "to": "+15005550001"}, headers=headers)
    assert (other.status, other.data["type"]) == (422, "urn:clarion:problem:idempotency-key-reused")
    assert (await api.post("/messages", {**body, "to": "x"}, headers={"Idempotency-Key": "k"})).status == 422
    assert (await api.post("/messages", body, headers={"Idempotency-Key": "k"})).status == 202
    async with api.db.reading() as tx:
        assert await tx.scalar("SELECT count(*) FROM messages") == 2


async def test_R26_another_workspaces_messages_are_not_there(api: Api) -> None:
    sender = await a_sender(api, name="single")
    body = {"sender_id": sender, "to": PHONE, "content": {"type": "text", "body": "Hi"}}
    made = await api.made("/messages", body)
    campaign = await running(api, 1)
    contact = (await api.get(f"/messages/{made['id']}")).data["contact_id"]
    other, key = await api.other_workspace()
    theirs = await a_sender(api, workspace=other)
    for method, path, wish in (
        ("GET", "", None), ("POST", "/cancel", None), ("POST", "/resolution", {"resolution": "resend"}),
    ):  # fmt: skip
        answer = await api.ask(method, f"/messages/{made['id']}{path}", wish, key=key)
        missing = await api.ask(method, f"/messages/msg_999{path}", wish, key=key)
        assert (answer.status, missing.status) == (404, 404)
        assert orjson.dumps(answer.data).replace(made["id"].encode(), b"msg_999") == orjson.dumps(
            missing.data
        )
    for filters in ({}, {"phone": PHONE}, {"run_id": "run_1"}, {"status": "queued"}, {"sender_id": sender}):
        assert (await api.get("/messages", key=key, **filters)).data == {"items": [], "next_cursor": None}
    assert (await api.get("/messages", key=key, campaign_id=campaign)).status == 422
    assert (await api.get("/messages", key=key, contact_id=contact)).status == 422
    assert (await api.get("/doubts", key=key)).data["items"] == []
    assert (await api.post("/messages", body, key=key)).data["errors"][0]["pointer"] == "#/sender_id"
    nobody = {**body, "sender_id": theirs, "to": None, "contact_id": contact}
    assert (await api.post("/messages", nobody, key=key)).data["errors"][0]["pointer"] == "#/contact_id"
    bulk = await api.made("/messages/bulk", {"messages": [body, nobody]}, key=key)
    assert bulk["queued"] == 0


async def test_a_message_is_delivered_while_a_campaign_is_running(database_url: str, tmp_path: Path) -> None:
    async with stack(database_url, tmp_path) as product:
        sender = await product.whatsapp(rate=20)
        campaign = await product.campaign(sender, await product.people(400))
        await product.until(campaign, lambda counts: counts.get("queued", 0) > 300)
        twilio = await product.twilio()
        secret = (await make_key(product.db, workspace=1, name="shop", scopes=Permission)).secret
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": "one"}
        base = f"http://127.0.0.1:{product.settings.http.port}"
        text = {"type": "text", "body": "Order 4711"}
        body = {"sender_id": f"snd_{twilio}", "to": PHONE, "content": text}
        async with aiohttp.ClientSession(base, headers=headers) as http:
            places = set()
            for _ in range(3):
                async with http.post("/api/v1/messages", json=body) as answer:
                    assert answer.status == 202, await answer.text()
                    places.add(answer.headers["Location"])
            while True:
                async with http.get(*places) as answer:
                    shown = await answer.json()
                if shown["status"] in ("delivered", "read"):
                    break
                await asyncio.sleep(0.05)
        assert shown["accepted_at"] <= shown["sent_at"]
        assert shown["delivered_at"] is not None
        assert (shown["attempts"], shown["reason"]) == (1, "")
        assert product.accepted().count(PHONE) == 1
        assert (await product.counts(campaign))["queued"] > 0  # it did not wait for them
        assert await product.books() == []
