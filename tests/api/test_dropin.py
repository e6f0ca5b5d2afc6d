"""The addresses of an earlier platform: driven as its clients do, and each message sent once."""

import asyncio
import socket
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson

from clarion.domain.access import Permission
from clarion.services.access.keys import make_key
from clarion.services.campaigns import expand_campaign
from clarion.store.books import check_books
from tests.support.api import Answer, Api
from tests.support.campaigns import a_sender, number
from tests.support.people import stop_person
from tests.support.stack import stack


def old(api: Api, path: str) -> str:
    """An address of the earlier platform."""
    return api.url.removesuffix("/v1") + path


async def written(api: Api, ident: str) -> None:
    while await expand_campaign(api.db, api.waker, number(ident), batch=2):
        pass


async def sent(api: Api, *messages: tuple[str, str], channel: str = "sms") -> Answer:
    body = {"messages": [{"to": to, "body": text, "channel": channel} for to, text in messages]}
    return await api.post(old(api, "/campaign/send"), body)


async def test_messages_are_kept_at_once_and_become_a_campaign(api: Api) -> None:
    await a_sender(api)
    await stop_person(api.db, 1)
    answer = await sent(
        api,
        ("+15005550001", "One"),
        ("12", "Nobody"),
        ("+15005550002", "Two"),
        ("whatsapp:+1 500 555 0001", "Three {{ body }} =1+1"),
        ("+5541900000001", "Stopped"),
        ("+15005550003", "   "),
    )
    ident = answer.data["campaignId"]
    assert (answer.status, answer.data) == (
        200, {"success": True, "campaignId": ident, "total": 6, "status": "queued"},
    )  # fmt: skip
    address = old(api, f"/campaign/{ident}")
    assert (await api.get(address)).data["campaign"]["status"] == "queued"
    await written(api, ident)
    shown = (await api.get(address)).data
    assert (shown["success"], shown["campaign"]["total"], shown["campaign"]["invalid"]) == (True, 6, 2)
    assert {k: n for k, n in shown["campaign"]["counts"].items() if n} == {"queued": 3, "suppressed": 1}
    assert [(each["index"], each["to"]) for each in shown["invalid"]] == [(1, "12"), (5, "+15005550003")]
    assert "empty" in shown["invalid"][1]["reason"]
    people = (await api.get(f"/campaigns/{ident}/recipients")).data["items"]
    texts = sorted([(await api.get(f"/messages/{each['message_id']}")).data["text"] for each in people])
    assert texts == ["One", "Stopped", "Three {{ body }} =1+1", "Two"]
    campaign = (await api.get(f"/campaigns/{ident}")).data
    assert (campaign["lists"], campaign["progress"]["expected"]) == ([], 4)
    assert (await api.post(f"/campaigns/{ident}/check")).status == 200
    assert await check_books(api.db) == []
    async with api.db.reading() as tx:
        assert await tx.scalar("SELECT rows FROM batches") is None


async def test_the_history_and_a_deletion(api: Api) -> None:
    await a_sender(api)
    first = (await sent(api, ("+15005550001", "One"))).data["campaignId"]
    second = (await sent(api, ("+15005550001", "Two"), ("+15005550002", "Two"))).data["campaignId"]
    await written(api, second)
    listed = (await api.get(old(api, "/campaign/history"))).data
    assert listed["success"] is True
    assert [(each["campaignId"], each["total"]) for each in listed["campaigns"]] == [(second, 2), (first, 1)]
    page = (await api.get(old(api, "/campaign/history"), limit=1, before=second)).data["campaigns"]
    assert [each["campaignId"] for each in page] == [first]
    for ident in (first, second):
        assert (await api.delete(old(api, f"/campaign/{ident}"))).data == {"success": True}
    assert (await api.get(old(api, "/campaign/history"))).data["campaigns"] == []
    gone = await api.delete(old(api, f"/campaign/{second}"))
    assert (gone.status, gone.data["success"], gone.data["type"]) == (
        404,
        False,
        "urn:clarion:problem:not-found",
    )
    counters = (await api.get(f"/campaigns/{second}")).data["counters"]
    assert (counters["cancelled"], counters["queued"]) == (2, 0)
    assert await check_books(api.db) == []


async def test_what_lacks_is_named_in_both_languages(api: Api) -> None:
    nobody = await sent(api, ("+15005550001", "One"), channel="whatsapp")
    assert (nobody.status, nobody.data["success"]) == (409, False)
    assert "whatsapp: the workspace has no such sender" in nobody.data["error"]
    sender = await a_sender(api)
    async with api.db.transaction() as tx:
        await tx.run("UPDATE senders SET state = 'paused'")
    assert "'main' is paused" in (await sent(api, ("+15005550001", "One"))).data["error"]
    assert sender
    address = old(api, "/campaign/send")
    for body, pointer in (
        ({"messages": []}, "#/messages"),
        ({"messages": [{"to": "+1", "body": "x", "channel": "fax"}]}, "#/messages/0/channel"),
        ({"messages": [{"to": "+1", "body": "", "channel": "sms"}]}, "#/messages/0/body"),
        ({"messages": [{"to": "+1", "body": "x"}]}, "#/messages/0/channel"),
        ({"messages": [{"to": "+1", "body": "x", "channel": "sms", "name": "A"}]}, "#/messages/0/name"),
    ):
        refused = await api.post(address, body)
        assert (refused.status, refused.data["success"]) == (422, False)
        assert refused.data["errors"][0]["pointer"] == pointer
    assert (await api.post(address, {"messages": []}, key="")).data["success"] is False
    weak = await api.key_with("campaigns:read")
    assert (await api.post(address, {"messages": []}, key=weak)).status == 403


async def test_both_channels_in_one_request_are_one_campaign_to_its_sender(api: Api) -> None:
    await a_sender(api)
    whatsapp = await a_sender(api, name="wa")
    async with api.db.transaction() as tx:
        await tx.run(
            "UPDATE senders SET provider = 'whatsapp', config = '{}' WHERE id = :id", {"id": number(whatsapp)}
        )
    messages = [
        {"to": "+15005550001", "body": "a", "channel": "sms"},
        {"to": "+15005550001", "body": "b", "channel": "whatsapp"},
        {"to": "x", "body": "c", "channel": "whatsapp"},
    ]
    made = await api.made(old(api, "/campaign/send"), {"messages": messages})
    assert made["total"] == 3
    assert len(api.waker.lanes) == 2
    for lane in api.waker.lanes:
        await expand_campaign(api.db, api.waker, int(lane.split(":")[1]))
    shown = (await api.get(old(api, f"/campaign/{made['campaignId']}"))).data
    assert (shown["campaign"]["total"], shown["campaign"]["counts"]["queued"]) == (3, 2)
    assert [each["index"] for each in shown["invalid"]] == [2]
    assert len((await api.get(old(api, "/campaign/history"))).data["campaigns"]) == 1
    assert (await api.delete(old(api, f"/campaign/{made['campaignId']}"))).status == 200
    assert await check_books(api.db) == []


def form(content: bytes, *, name: str = "file") -> tuple[bytes, dict[str, str]]:
    head = f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="people.csv"\r\n\r\n'
    return head.encode() + content + b"\r\n--x--\r\n", {"Content-Type": "multipart/form-data; boundary=x"}


async def test_a_file_is_looked_into_and_nothing_of_it_is_kept(api: Api) -> None:
    address = old(api, "/campaign/upload")
    lines = "".join(f"+1500555{n:04};Ann {n}\n" for n in range(25))
    raw, headers = form(b"phone;name\n" + lines.encode())
    answer = await api.post(address, raw=raw, headers=headers)
    assert answer.status == 200, answer.data
    assert answer.data == {
        "success": True,
        "filename": "people.csv",
        "rows": 25,
        "columns": ["phone", "name"],
        "preview": [{"phone": f"+1500555{n:04}", "name": f"Ann {n}"} for n in range(10)],
    }
    other, headers = form(b"phone\n1\n", name="document")
    missing = await api.post(address, raw=other, headers=headers)
    assert (missing.status, missing.data["errors"][0]["pointer"]) == (422, "#/document")
    nothing = await api.post(address, raw=b"--x--\r\n", headers=headers)
    assert (nothing.status, nothing.data["errors"][0]["pointer"]) == (422, "#/file")
    assert (await api.post(address, {"file": "x"})).status == 415
    for nonsense, kind in ((b"nonsense", headers), (raw, {"Content-Type": "multipart/form-data"})):
        assert (await api.post(address, raw=nonsense, headers=kind)).status == 400
    empty, headers = form(b"")
    assert (await api.post(address, raw=empty, headers=headers)).data[
        "type"
    ] == "urn:clarion:problem:bad-file"
    assert not list(api.backend.data_dir.glob("look-*"))


async def test_R01_a_form_that_is_too_large_or_cut_off_leaves_nothing(api: Api) -> None:
    place = urlsplit(old(api, "/campaign/upload"))
    head = (
        f"POST {place.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.key}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {}\r\n\r\n"
    )

    def told(length: int, sent: bytes) -> bytes:
        with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as line:
            line.sendall(head.format(length).encode() + sent)
            if len(sent) < length < 10_000_000:
                return b""  # hang up in the middle
            return line.recv(4_096)

    raw, _ = form(b"phone\n" + b"+15005550001\n" * 100_000)
    assert b"413" in (await asyncio.to_thread(told, 65 * 1024 * 1024, raw)).split(b"\r\n")[0]
    await asyncio.to_thread(told, len(raw), raw[: len(raw) * 6 // 10])
    whole, headers = form(b"phone\n+15005550001\n")
    assert (await api.post(old(api, "/campaign/upload"), raw=whole, headers=headers)).data["rows"] == 1
    assert not list(api.backend.data_dir.glob("look-*"))


async def test_R26_what_another_workspace_sent_is_not_there(api: Api) -> None:
    await a_sender(api)
    ident = (await sent(api, ("+15005550001", "One"))).data["campaignId"]
    _, key = await api.other_workspace()
    for method in ("GET", "DELETE"):
        answer = await api.ask(method, old(api, f"/campaign/{ident}"), key=key)
        missing = await api.ask(method, old(api, "/campaign/cmp_999"), key=key)
        assert (answer.status, missing.status) == (404, 404)
    assert (await api.get(old(api, "/campaign/history"), key=key)).data["campaigns"] == []
    body = {"messages": [{"to": "+15005550001", "body": "x", "channel": "sms"}]}
    assert (await api.post(old(api, "/campaign/send"), body, key=key)).status == 409
    assert (await api.get(old(api, f"/campaign/{ident}"))).data["campaign"]["status"] == "queued"


async def test_R07_the_same_request_to_send_is_kept_once(api: Api) -> None:
    await a_sender(api)
    body = {"messages": [{"to": "+15005550001", "body": "x", "channel": "sms"}]}
    headers = {"Idempotency-Key": "batch-1"}
    address = old(api, "/campaign/send")
    answers = await asyncio.gather(*(api.post(address, body, headers=headers) for _ in range(50)))
    assert len({answer.data["campaignId"] for answer in answers}) == 1
    async with api.db.reading() as tx:
        assert await tx.scalar("SELECT count(*) FROM campaigns") == 1


async def test_thousands_of_messages_are_answered_at_once_and_sent_once_each(
    database_url: str, tmp_path: Path
) -> None:
    many = 10_000 if database_url.startswith("sqlite") else 1_000
    messages = [
        {"to": f"+4477{n:08}", "body": f"Order {n} is on its way.", "channel": "whatsapp"}
        for n in range(many)
    ]
    messages[7]["to"] = messages[3]["to"]  # one person, two messages
    messages[9]["to"] = "nobody"
    # Its own receipts are what other tests look at, and would take most of the time.
    async with stack(database_url, tmp_path, sim={"receipts": {"missing": 1.0}}) as running:
        await running.whatsapp()
        key = (await make_key(running.db, workspace=1, name="old", scopes=Permission)).secret
        address = f"http://127.0.0.1:{running.settings.http.port}/api/campaign"
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as http:

            async def ask(method: str, path: str, body: Any = None) -> Any:
                headers = {"Content-Type": "application/json"}
                data = orjson.dumps(body) if body else None
                async with http.request(method, f"{address}{path}", data=data, headers=headers) as answer:
                    assert answer.status == 200, await answer.text()
                    return await answer.json()

            begun = time.monotonic()
            made = await ask("POST", "/send", {"messages": messages})
            took = time.monotonic() - begun
            print(f"{many:,} messages were kept after {took * 1_000:.0f} ms")
            assert took < 5
            assert (made["success"], made["total"], made["status"]) == (True, many, "queued")
            path = f"/{made['campaignId']}"
            while (shown := await ask("GET", path))["campaign"]["status"] != "completed":
                await asyncio.sleep(0.2)
            assert [each["index"] for each in shown["invalid"]] == [9]
            assert shown["campaign"]["counts"]["accepted"] == many - 1
            assert (await ask("GET", "/history"))["campaigns"] == [shown["campaign"]]
            assert await ask("DELETE", path) == {"success": True}
        accepted = Counter(f"+{to.lstrip('+')}" for to in running.accepted())
        expected = Counter(each["to"] for each in messages if each["to"] != "nobody")
        assert accepted == expected
        assert accepted[messages[3]["to"]] == 2
        assert await running.books() == []
