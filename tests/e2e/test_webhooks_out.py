"""A customer's system is told: every event by doing the thing; and what a killed server leaves behind."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from clarion.domain.access import Permission
from clarion.domain.news import EVENTS, Event
from clarion.services import campaigns, contacts, senders
from clarion.services.access.keys import make_key
from clarion.services.importing.run import run_import
from clarion.services.importing.start import start_import
from clarion.services.journeys import runs
from clarion.services.journeys.journeys import publish_journey, save_journey
from clarion.sim.server import Simulator
from clarion.store import news
from clarion.store.db import Database
from tests.e2e.test_webhooks import payload, post
from tests.support.receiver import Call, Receiver, receiver
from tests.support.server import Server, closing, finished, prepare, simulated
from tests.support.stack import Stack, free_port, stack

SECOND = 1_000_000
UNREACHABLE, LOST = "+447700900002", "+447700900003"
SIM = {
    "people": {"bad": [UNREACHABLE], "read_share": 1.0},
    "faults": {"recipients": {LOST: "reset_before_accept"}},
}
JOURNEY = {
    "format": "clarion.journey/1",
    "name": "Welcome",
    "sender": "tw",
    "nodes": [
        {"id": "start", "kind": "audience", "reentry": "always"},
        {"id": "hello", "kind": "message", "content": {"type": "text", "body": "Hello {{ name }}"}},
        {"id": "later", "kind": "delay", "for": "1s"},
        {"id": "person", "kind": "handoff", "wait": False, "note": "wants a person"},
        {"id": "end", "kind": "end", "outcome": "done"},
    ],
    "edges": [
        {"from": "start", "to": "hello"},
        {"from": "hello", "to": "later"},
        {"from": "later", "to": "person"},
        {"from": "person", "to": "end"},
    ],
}


@asynccontextmanager
async def told(database_url: str, folder: Path, **more: Any) -> AsyncIterator[tuple[Stack, Receiver, str]]:
    """The whole product, a system that it tells everything, and that webhook's secret."""
    async with receiver() as heard:
        calls = {"allow": ["127.0.0.1"], "ports": [heard.port]}
        async with stack(database_url, folder, sim=SIM, calls=calls, **more) as clarion:
            yield clarion, heard, await subscribed(clarion, heard)


async def subscribed(clarion: Stack, heard: Receiver, path: str = "/hook", *events: str) -> str:
    key = (await make_key(clarion.db, workspace=1, name="t", scopes=Permission)).secret
    url = f"{clarion.settings.http.public_url}/api/v1/webhooks"
    body = {"url": heard.url(path), "events": list(events)}
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, json=body, headers={"Authorization": f"Bearer {key}"}) as answer,
    ):
        assert answer.status == 201
        secret = str((await answer.json())["secret"])
    await asyncio.sleep(news.KEPT + 0.1)  # until the process has noticed, as documented
    return secret


async def said(clarion: Stack, number: str, text: str) -> None:
    """The person writes to our number."""
    message = {"id": f"wamid.{text}", "from": number, "timestamp": "1790000000", "type": "text"}
    assert (await post(clarion, payload(messages=[{**message, "text": {"body": text}}])))[0] == 200


async def test_every_event_is_told_when_the_thing_happens(database_url: str, tmp_path: Path) -> None:
    async with told(database_url, tmp_path) as (clarion, heard, secret):
        db, waker = clarion.db, clarion.engine.waker
        sender = await clarion.whatsapp()

        # A campaign: one is read, one cannot be reached, of one nobody knows.
        campaign = await clarion.campaign(sender, await clarion.people(3, first=1), name="Spring sale")
        await heard.until(lambda: {"message.read", "message.failed", "message.unknown"} <= set(heard.types()))

        await clarion.campaign(sender, await clarion.people(1, list_name="one", first=1), name="one")

        # A slow one, paused and resumed; one person stops meanwhile, one is too late, the rest is cancelled.
        slow = await clarion.whatsapp(name="slow", number="100000000000002", rate=1)
        late = await clarion.campaign(slow, await clarion.people(5, list_name="slow", first=10))
        await clarion.until(late, lambda c: c.get("accepted", 0) + c.get("read", 0) >= 1)
        await campaigns.pause_campaign(db, late, "a break")
        await contacts.stop_person(db, "447700900014", workspace=1, source="operator")
        async with db.transaction() as tx:
            await tx.run(
                "UPDATE outbox SET expires_at = 1 WHERE message_id = (SELECT max(id) FROM messages "
                "WHERE person = '447700900013')"
            )
            await tx.run("UPDATE outbox SET due_at = due_at - 1000000 WHERE expires_at = 1")
        await campaigns.resume_campaign(db, waker, late)
        await heard.until(lambda: "message.expired" in heard.types())
        await campaigns.stop_campaign(db, late)
        await contacts.lift_person(db, "447700900014", workspace=1)

        # A scheduled one that cannot begin.
        people = await clarion.people(1, list_name="nameless", first=20)
        async with db.reading() as tx:
            soon = await tx.now() + SECOND // 2
        await clarion.campaign(sender, people, name="nobody", scheduled_at=soon)
        async with db.transaction() as tx:
            await tx.run("UPDATE contacts SET attributes = '{}' WHERE person = '447700900020'")

        # Senders and imports.
        await senders.pause_sender(db, slow, "looked at")
        await senders.resume_sender(db, waker, slow)
        file = tmp_path / "people.csv"
        file.write_text("phone,name\n+447911123456,Ana\nnobody,Bo\n")
        ident = await start_import(db, workspace=1, path=file, list_name="new", mapping={"phone": "phone"})
        await run_import(db, ident)

        # A journey: one person goes through and is handed over; then the run is over. Another run is stopped.
        await clarion.twilio()
        await save_journey(db, json.dumps(JOURNEY), workspace=1)
        await publish_journey(db, "Welcome", workspace=1)
        people = await clarion.people(1, list_name="journey", first=40)
        run = await runs.start_run(db, waker, "Welcome", lists=[people])
        await runs.pause_run(db, run, reason="a break")
        await runs.resume_run(db, waker, run)
        other = await runs.start_run(db, waker, "Welcome", lists=[people])
        await runs.stop_run(db, waker, other, reason="enough")
        await said(clarion, "447700900001", "person")

        everything = set(EVENTS) - {Event.WEBHOOK_TEST}
        await heard.until(lambda: everything <= set(heard.types()), seconds=25)
        assert await clarion.books() == []
        check(heard.calls, secret)
        by_type = {call.body["type"]: call.body["data"] for call in reversed(heard.calls)}
        reply = by_type["reply.received"]
        assert (reply["text"], reply["from"], reply["opt_out"]) == ("person", "+447700900001", False)
        assert reply["contact_id"].startswith("con_")
        assert reply["conversation_id"].startswith("cnv_")
        of_journey = [c.body["data"] for c in heard.calls if c.body["data"].get("run_id") == f"run_{run}"]
        assert {"+447700900040"} == {each["to"] for each in of_journey if "to" in each}
        assert by_type["handoff.opened"]["note"] == "wants a person"
        assert by_type["campaign.launched"] == {"campaign_id": f"cmp_{campaign}", "name": "Spring sale"}
        assert by_type["campaign.paused"]["reason"] == "a break"
        assert "'name'" in by_type["campaign.failed"]["reason"]
        assert by_type["message.failed"]["to"] == UNREACHABLE
        assert by_type["message.failed"]["code"] == "131026"
        assert by_type["message.unknown"]["to"] == LOST
        assert by_type["message.expired"]["to"] == "+447700900013"
        assert by_type["message.suppressed"]["to"] == "+447700900014"
        assert (
            by_type["contact.opted_out"] | {"phone": "+447700900014", "source": "operator"}
            == by_type["contact.opted_out"]
        )
        imported = by_type["import.finished"]
        assert (imported["status"], imported["accepted"], imported["invalid"]) == ("finished", 1, 1)
        assert (
            by_type["run.stopped"] | {"run_id": f"run_{other}", "journey": "Welcome", "reason": "enough"}
            == (by_type["run.stopped"])
        )
        assert by_type["sender.paused"] == {"sender_id": f"snd_{slow}", "name": "slow", "reason": "looked at"}
        # Each fact of a message once, in the order of the facts.
        (first,) = {c.body["data"]["message_id"] for c in heard.calls if c.body["data"].get("to") == "+447700900001"
                    and c.body["data"]["campaign_id"] == f"cmp_{campaign}"}  # fmt: skip
        facts = [c.body for c in heard.calls if c.body["data"].get("message_id") == first]
        assert sorted(each["type"] for each in facts) == [
            "message.accepted", "message.delivered", "message.read", "message.sent",
        ]  # fmt: skip


def check(calls: Sequence[Call], secret: str) -> None:
    """Every request is signed, has an id of its own, and the fields that are promised."""
    assert len({call.id for call in calls}) == len(calls)
    for call in calls:
        body = call.verified_by(secret)
        assert list(body) == ["type", "timestamp", "data"]
        assert list(body["data"]) == [field.name for field in EVENTS[Event(body["type"])].fields]


async def test_where_nobody_subscribes_nothing_is_written(sqlite_url: str, tmp_path: Path) -> None:
    async with receiver() as heard:
        calls = {"allow": ["127.0.0.1"], "ports": [heard.port]}
        async with stack(sqlite_url, tmp_path, calls=calls) as clarion:
            await subscribed(clarion, heard, "/hook", "import.finished")
            campaign = await clarion.campaign(await clarion.whatsapp(), await clarion.people(20))
            await clarion.settled(campaign)
            async with clarion.db.reading() as tx:
                # Rows are numbered on even after they are gone, as long as one is left: none ever was.
                assert await tx.scalar("SELECT count(*) FROM news") == 0
                assert await tx.scalar("SELECT count(*) FROM deliveries") == 0
            assert heard.calls == []


async def test_killed_while_it_sends_everything_is_told_again_and_nothing_is_lost(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, people = free_port(), 60
    async with Simulator(simulated(port)) as sim, receiver() as heard:
        monkeypatch.setenv("CLARION_CALLS__ALLOW", "127.0.0.1")
        monkeypatch.setenv("CLARION_CALLS__PORTS", str(heard.port))
        hang = asyncio.Event()

        async def never(_: Call) -> web.Response:
            await hang.wait()
            return web.Response()

        heard.answers["/hook"] = never
        db = await Database.open(sqlite_url, pool=3)
        with closing(Server(sqlite_url, tmp_path, sim.url, port)) as server:
            await server.start()
            key = (await make_key(db, workspace=1, name="t", scopes=Permission)).secret
            async with (
                aiohttp.ClientSession() as http,
                http.post(
                    f"http://127.0.0.1:{port}/api/v1/webhooks",
                    json={"url": heard.url(), "events": ["message.accepted"]},
                    headers={"Authorization": f"Bearer {key}"},
                ) as answer,
            ):
                secret = (await answer.json())["secret"]
            await asyncio.sleep(news.KEPT + 0.1)
            campaign = await prepare(db, tmp_path, people=people, rate=200)
            await heard.until(lambda: len(heard.calls) == 8)
            await server.end(signal.SIGKILL)
            lost = {call.id for call in heard.calls}
            hang.set()
            heard.answers.clear()
            await server.start()
            await finished(db, campaign, people)
            async with (
                db.reading() as tx
            ):  # requests that the kill cut off are in doubt, and accepted by nobody
                taken = {row.id for row in await tx.all("SELECT id FROM messages WHERE accepted_at > 0")}
            wanted = {f"msg_{each}" for each in taken}
            assert len(wanted) > 8
            await heard.until(lambda: {call.body["data"]["message_id"] for call in heard.calls} >= wanted)
            await heard.until(lambda: lost <= {call.id for call in heard.calls[8:]})
            assert await server.end(signal.SIGTERM) == 0
        for call in heard.calls:
            call.verified_by(secret)
        ids = [call.id for call in heard.calls]
        assert len(set(ids)) == len(wanted)
        assert sorted(each for each in set(ids) if ids.count(each) > 1) == sorted(lost)
        async with db.reading() as tx:
            assert await tx.scalar("SELECT count(*) FROM deliveries WHERE state = 'delivered'") == len(wanted)
        await db.close()
