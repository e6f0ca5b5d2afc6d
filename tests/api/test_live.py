"""Live updates: how things stand, what changes, what was missed; and the end when the right ends."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from clarion.services import campaigns
from clarion.services.access.keys import revoke_key
from clarion.services.live import Full, Live, Topic
from clarion.services.senders import add_sender
from clarion.store import replies
from clarion.store.db import Database
from tests.support.api import Api, api
from tests.support.live import Event, listen


async def sender(api: Api, *, workspace: int = 1) -> int:
    return await add_sender(
        api.db,
        api.box,
        workspace=workspace,
        name="wa",
        provider="whatsapp",
        account=f"10000000000000{workspace}",
        config={"waba_id": "200000000000001"},
        secrets={"token": "t", "app_secret": "s", "verify_token": "v"},
    )


async def campaign(api: Api, sender_id: int, *, workspace: int = 1, status: str = "running") -> int:
    """A campaign to an empty list, put into a status."""
    async with api.db.transaction() as tx:
        await tx.run(
            "INSERT INTO lists (workspace_id, name) VALUES (:w, 'all') ON CONFLICT DO NOTHING",
            {"w": workspace},
        )
    ident = await campaigns.create_campaign(
        api.db,
        workspace=workspace,
        name=f"spring {workspace}",
        sender=sender_id,
        lists=["all"],
        content={"type": "text", "body": "Hello"},
    )
    await put(api.db, ident, status=status)
    return ident


async def put(db: Database, campaign_id: int, **values: Any) -> None:
    changes = ", ".join(f"{name} = :{name}" for name in values)
    async with db.transaction() as tx:
        await tx.run(f"UPDATE campaigns SET {changes} WHERE id = :id", {"id": campaign_id, **values})


async def reply(api: Api, sender_id: int, text: str, *, workspace: int = 1) -> None:
    """Something a person wrote, and where their conversation stands then."""
    async with api.db.transaction() as tx:
        row = [workspace, sender_id, "447700900001", f"id {text}", "text", text, "", "", 0, 0, await tx.now()]
        (ident,) = (await replies.add(tx, [row])).values()
        await tx.run(
            "INSERT INTO conversations (workspace_id, sender_id, person, state, unread, reply_id, moved_at) "
            "VALUES (:workspace, :sender, '447700900001', 'open', 1, :reply, :now) "
            "ON CONFLICT (sender_id, person) DO UPDATE "
            "SET unread = conversations.unread + 1, reply_id = :reply, moved_at = :now",
            {"workspace": workspace, "sender": sender_id, "reply": ident, "now": await tx.now()},
        )


def is_campaign(**values: Any) -> Any:
    def found(event: Event) -> bool:
        return event.name == "campaign" and all(event.data[name] == held for name, held in values.items())

    return found


async def test_one_stream_tells_how_everything_stands_and_then_what_changes(api: Api) -> None:
    wa = await sender(api)
    spring = await campaign(api, wa)
    async with listen(api.http, api.url, api.key) as stream:
        first = await stream.until(lambda event: event.name == "engine")
        assert stream.lines[0].startswith("retry: ")
        (found,) = [event.data for event in first if event.name == "campaign"]
        assert found["id"] == f"cmp_{spring}"
        assert (found["status"], found["shown"], found["status_reason"]) == ("running", "running", "")
        assert found["counters"]["audience"] == 0
        assert found["launched_at"] is None
        await put(api.db, spring, status="paused", status_reason="by hand")
        changed = (await stream.until(is_campaign(status="paused")))[-1]
        assert changed.data["status_reason"] == "by hand"
        await reply(api, wa, "Is it open?")
        told = await stream.until(lambda event: event.name == "conversation")
        (heard,) = [event.data for event in told if event.name == "reply"]
        assert heard["text"] == "Is it open?"
        assert told[-1].data["id"] == heard["conversation_id"]
        assert (told[-1].data["unread"], told[-1].data["last_text"]) == (1, "Is it open?")
        assert told[-1].data["contact_id"] is None


async def test_whoever_comes_back_is_told_each_reply_since_once_and_how_things_stand(api: Api) -> None:
    wa = await sender(api)
    spring = await campaign(api, wa)
    await reply(api, wa, "before")
    async with listen(api.http, api.url, api.key, topics="campaigns,inbox") as stream:
        await stream.until(is_campaign())
        await reply(api, wa, "while there")
        heard = await stream.until(lambda event: event.name == "reply")
        assert heard[-1].data["text"] == "while there"
        since = heard[-1].id
    await reply(api, wa, "while away 1")
    await reply(api, wa, "while away 2")
    await put(api.db, spring, status="paused")
    async with listen(api.http, api.url, api.key, since=since, topics="campaigns,inbox") as stream:
        found = await stream.until(is_campaign(status="paused"))
        texts = [event.data["text"] for event in found if event.name == "reply"]
        assert texts == ["while away 1", "while away 2"]
        assert not [event for event in found if event.name == "resync"]


@pytest.mark.parametrize("since", ["nonsense", "1700000000000000-0", "99999999999999999-0"])
async def test_an_id_that_is_none_too_old_or_of_another_time_asks_to_read_anew(api: Api, since: str) -> None:
    wa = await sender(api)
    await campaign(api, wa)
    async with listen(api.http, api.url, api.key, since=since, topics="campaigns") as stream:
        found = await stream.until(is_campaign())
    assert found[0].name == "resync"


async def test_R26_a_stream_tells_nothing_of_another_workspace(api: Api) -> None:
    other, other_key = await api.other_workspace()
    ours, theirs = await sender(api), await sender(api, workspace=other)
    mine, hidden = await campaign(api, ours), await campaign(api, theirs, workspace=other)
    unknown = await api.get("/live", topics="campaign:cmp_999999")
    foreign = await api.get("/live", topics=f"campaign:cmp_{hidden}")
    assert (unknown.status, foreign.status) == (404, 404)
    assert unknown.data["detail"].replace("999999", str(hidden)) == foreign.data["detail"]
    assert (await api.get("/live", topics="run:run_999999")).status == 404
    async with (
        listen(api.http, api.url, api.key) as stream,
        listen(api.http, api.url, other_key) as across,
    ):
        await stream.until(lambda event: event.name == "engine")
        await across.until(lambda event: event.name == "engine")
        await reply(api, theirs, "a secret", workspace=other)
        await put(api.db, hidden, status="paused")
        await across.until(is_campaign(id=f"cmp_{hidden}", status="paused"))
        await put(api.db, mine, status="paused")
        await reply(api, ours, "the last")
        found = await stream.until(lambda event: event.name == "conversation")
        lines = "".join([*stream.lines])
        assert f"cmp_{mine}" in lines
        assert f"cmp_{hidden}" not in lines
        assert "a secret" not in lines
        assert [event.data["text"] for event in found if event.name == "reply"] == ["the last"]


async def test_a_topic_needs_its_permission_and_must_be_one(api: Api) -> None:
    weak = await api.key_with("campaigns:read")
    for topic in ("runs", "inbox", "engine", "campaigns,inbox"):
        refused = await api.get("/live", topics=topic, key=weak)
        assert (refused.status, refused.data["type"]) == (403, "urn:clarion:problem:not-allowed"), topic
    unknown = await api.get("/live", topics="campaigns,weather")
    assert unknown.status == 422
    assert unknown.data["errors"][0]["pointer"] == "query/topics"
    assert "'weather' is no topic" in unknown.data["errors"][0]["detail"]
    nothing = await api.get("/live", key=await api.key_with("keys:read"))
    assert nothing.status == 403
    await campaign(api, await sender(api))
    async with listen(api.http, api.url, weak) as stream:
        found = await stream.until(is_campaign())
    assert {event.name for event in found} == {"campaign"}


async def test_one_thing_alone_is_told_however_old_it_is(api: Api) -> None:
    wa = await sender(api)
    old = await campaign(api, wa, status="finished")
    await put(api.db, old, finished_at=1, name="old")
    await campaign(api, wa)
    async with listen(api.http, api.url, api.key, topics=f"campaign:cmp_{old}") as stream:
        first = await stream.next()
        assert first is not None
        assert (first.name, first.data["id"]) == ("campaign", f"cmp_{old}")
        await put(api.db, old, status_reason="looked at again")
        again = await stream.next()
        assert again is not None
        assert again.data["status_reason"] == "looked at again"


async def test_R27_a_stream_ends_within_five_seconds_of_its_key(sqlite_url: str, tmp_path: Path) -> None:
    async with api(sqlite_url, tmp_path) as running:
        made = await running.made("/keys", {"name": "k", "scopes": ["campaigns:read"]})
        async with listen(running.http, running.url, made["secret"]) as stream:
            started = time.monotonic()
            await revoke_key(running.db, int(made["id"].removeprefix("key_")), workspace=1)
            (last,) = await stream.until(lambda event: event.name == "end", seconds=6)
            assert time.monotonic() - started < 5
            assert last.data["reason"] == "not-signed-in"
            assert "revoked" in last.data["detail"]
            assert await stream.next() is None
        assert (await running.get("/live", key=made["secret"])).status == 401


async def test_a_caller_opens_only_so_many_and_every_stream_ends_with_the_server(
    sqlite_url: str, tmp_path: Path
) -> None:
    limits = {"rate": 0, "streams": 3, "streams_per_caller": 2}
    async with api(sqlite_url, tmp_path, api=limits) as running:
        second = await running.key_with("campaigns:read")
        async with (
            listen(running.http, running.url, running.key) as first,
            listen(running.http, running.url, running.key),
        ):
            refused = await running.get("/live")
            assert (refused.status, refused.headers["Retry-After"]) == (429, "10")
            assert "one caller" in refused.data["detail"]
            async with listen(running.http, running.url, second):
                third = await running.get("/live", key=await running.key_with("campaigns:read"))
                assert third.status == 429
                assert "come back later" in third.data["detail"]
            running.app.state.live.close()
            (*_, last) = await first.until(lambda event: event.name == "end", seconds=2)
            assert last.data["reason"] == "stopping"
            assert await first.next() is None


async def test_nobody_is_looked_for_when_nobody_listens(api: Api) -> None:
    looks = 0

    class Counted(Database):
        def __init__(self) -> None:
            self.__dict__.update(api.db.__dict__)

        def within(self, workspace: int) -> Database:
            nonlocal looks
            looks += 1
            return super().within(workspace)

    live = Live(Counted(), lambda key, told: b"{}", most=2, most_of_caller=2, every=0.01)
    assert not live.watched
    topics = [Topic("campaigns"), Topic("inbox")]
    with live.listening(1, "key:1", topics, None), live.listening(1, "key:1", topics, None):
        assert looks == 1  # one for the workspace, not for each who listens
        assert list(live.watched) == [1]
        with pytest.raises(Full):
            live.need_room("key:2")
    assert not live.watched
    await asyncio.sleep(0)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "live 1" and not task.cancelling()]
