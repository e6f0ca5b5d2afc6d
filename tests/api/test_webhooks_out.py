"""Webhooks out: what they are told, when it does not arrive, and who may see what."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks.webhooks import WebhookVerificationError

from clarion.domain.addresses import Allowed
from clarion.domain.news import EVENTS, Event
from clarion.net.client import GuardedClient
from clarion.services.secrets import rotate_keys
from clarion.services.telling.deliver import Telling
from clarion.services.telling.forgetting import forget_old
from clarion.store import news
from clarion.store.news import News
from tests.support.api import Api
from tests.support.api import api as open_api
from tests.support.receiver import Receiver, receiver

SECOND = 1_000_000
DAY = 86_400 * SECOND


@dataclass(slots=True)
class World:
    """The API, a customer's system that it may reach, and the lane that tells; worked by hand."""

    api: Api
    heard: Receiver
    telling: Telling

    async def webhook(self, path: str = "/hook", events: list[str] | None = None) -> Any:
        return await self.api.made("/webhooks", {"url": self.heard.url(path), "events": events or []})

    async def happen(self, event: Event = Event.SENDER_RESUMED, times: int = 1, *, work: bool = True) -> None:
        """Something happens, and (unless the lane is left alone) is told to whoever wants it."""
        async with self.api.db.transaction() as tx:
            await tx.run(
                "INSERT INTO senders (id, workspace_id, name, provider, account, config, secrets) "
                "VALUES (1, 1, 'wa', 'whatsapp', '1', '{}', '') ON CONFLICT DO NOTHING"
            )
            await news.tell(tx, [News(1, event, 1) for _ in range(times)])
        if work:
            await self.work()

    async def work(self) -> None:
        """Work the lane until what could be sent was answered."""
        while True:
            await self.telling.work()
            if not self.telling._open:
                return
            await asyncio.wait(list(self.telling._open), timeout=20)

    async def aged(self, by: int = DAY) -> None:
        """Let time pass for what waits."""
        async with self.api.db.transaction() as tx:
            await tx.run("UPDATE deliveries SET due_at = due_at - :by WHERE state = 'queued'", {"by": by})

    async def deliveries(self, webhook: str, **query: Any) -> list[Any]:
        answer = await self.api.get(f"/webhooks/{webhook}/deliveries", **query)
        assert answer.status == 200
        return list(answer.data["items"])

    async def one(self, sql: str) -> Any:
        async with self.api.db.reading() as tx:
            return await tx.scalar(sql)


@asynccontextmanager
async def _world(
    database_url: str, folder: Path, *, client: GuardedClient | None = None
) -> AsyncIterator[World]:
    async with (
        receiver() as heard,
        open_api(database_url, folder, calls={"allow": ["127.0.0.1"], "ports": [heard.port]}) as running,
    ):
        allowed = client or GuardedClient(Allowed.parse(["127.0.0.1"]), ports=[heard.port])
        telling = Telling(running.db, allowed, running.box, running.waker, worker="w")
        try:
            yield World(running, heard, telling)
        finally:
            await telling.stop(grace=0.1)


@pytest.fixture(name="world")
async def world_fixture(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with _world(database_url, tmp_path) as world:
        yield world


@pytest.fixture(name="lite")
async def lite_fixture(sqlite_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The same, for what does not depend on the database."""
    async with _world(sqlite_url, tmp_path) as world:
        yield world


def _answering(*statuses: int, **headers: str) -> Callable[[Any], web.Response]:
    """These statuses in turn, the last one for good."""
    left = list(statuses)
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: web.Response(
        status=left.pop(0) if len(left) > 1 else left[0], text="as I said", headers=shown
    )


async def test_a_webhook_is_made_changed_and_deleted_and_tells_its_secret_once(api: Api) -> None:
    given = {"url": "https://shop.example.org/in", "events": ["reply.received"], "description": "shop"}
    answer = await api.post("/webhooks", given)
    made = answer.data
    assert (answer.status, answer.headers["Location"]) == (201, f"/api/v1/webhooks/{made['id']}")
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"))) <= 64
    assert made | given == made
    assert (made["state"], made["failing_since"]) == ("active", None)
    shown = await api.get(f"/webhooks/{made['id']}")
    assert shown.data == made
    changed = await api.patch(f"/webhooks/{made['id']}", {"events": []})
    assert changed.data == {**made, "events": []}
    listed = await api.get("/webhooks")
    assert listed.data == {"items": [changed.data], "next_cursor": None}
    async with api.db.reading() as tx:
        stored = await tx.scalar("SELECT secrets FROM subscriptions")
    assert secret not in stored
    assert secret not in str((await api.get(f"/webhooks/{made['id']}/deliveries")).data)
    assert (await api.delete(f"/webhooks/{made['id']}")).status == 204
    assert (await api.get(f"/webhooks/{made['id']}")).status == 404
    assert (await api.get("/webhooks")).data["items"] == []


PRIVATE = (
    "http://127.0.0.1/x", "http://169.254.169.254/latest", "http://10.0.0.1/", "http://localhost/", "http://[::1]/",
    "http://2130706433/", "ftp://example.org/", "https://example.org:22/", "nothing", "https://user:pw@example.org/",
)  # fmt: skip


async def test_a_private_address_is_refused_when_a_webhook_is_made_or_changed(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with open_api(sqlite_url, tmp_path) as api:
        made = await api.made("/webhooks", {"url": "https://shop.example.org/in"})
        for url in PRIVATE:
            for refused in (
                await api.post("/webhooks", {"url": url}),
                await api.patch(f"/webhooks/{made['id']}", {"url": url}),
            ):
                assert (refused.status, refused.data["errors"][0]["pointer"]) == (422, "#/url"), url
        assert (await api.get(f"/webhooks/{made['id']}")).data["url"] == "https://shop.example.org/in"


async def test_a_private_address_is_refused_again_at_each_delivery(sqlite_url: str, tmp_path: Path) -> None:
    async with _world(sqlite_url, tmp_path, client=GuardedClient()) as world:
        made = await world.webhook()
        await world.happen()
        (found,) = await world.deliveries(made["id"])
        assert (found["state"], found["status"]) == ("queued", None)
        assert "may not be called" in found["problem"]
        assert world.heard.calls == []


async def test_only_events_that_exist_can_be_wanted_and_the_catalogue_names_them(lite: World) -> None:
    refused = await lite.api.post("/webhooks", {"url": "https://example.org/", "events": ["message.eaten"]})
    assert refused.status == 422
    found = await lite.api.get("/webhooks/events")
    assert [each["name"] for each in found.data["items"]] == [str(event) for event in EVENTS]
    for each in found.data["items"]:
        assert list(each["example"]["data"]) == [field["name"] for field in each["fields"]]


async def test_a_workspace_has_at_most_fifty_webhooks(lite: World) -> None:
    for _ in range(50):
        await lite.api.made("/webhooks", {"url": "https://example.org/"})
    refused = await lite.api.post("/webhooks", {"url": "https://example.org/"})
    assert (refused.status, refused.data["type"]) == (409, "urn:clarion:problem:limit-reached")


async def test_a_delivery_is_signed_and_written_down(world: World) -> None:
    made = await world.webhook()
    await world.happen()
    (call,) = world.heard.calls
    body = call.verified_by(made["secret"])
    assert (body["type"], body["data"]) == ("sender.resumed", {"sender_id": "snd_1", "name": "wa"})
    assert body["timestamp"].endswith("Z")
    assert call.headers["content-type"] == "application/json"
    assert call.headers["user-agent"].startswith("Clarion/")
    with pytest.raises(WebhookVerificationError):
        call.verified_by("whsec_" + "MDEy" * 8)
    (found,) = await world.deliveries(made["id"])
    assert (found["state"], found["tries"], found["status"]) == ("delivered", 1, 204)
    assert (found["event_id"], found["next_try_at"]) == (call.id, None)
    assert found["ended_at"] >= found["created_at"]
    detail = (await world.api.get(f"/deliveries/{found['id']}")).data
    assert detail == {**found, "body": call.raw.decode()}
    assert await world.one("SELECT count(*) FROM news") == 0


async def test_news_are_written_only_where_somebody_wants_them(world: World) -> None:
    await world.happen()
    await world.webhook("/replies", ["reply.received"])
    paused = await world.webhook("/paused")
    await world.api.post(f"/webhooks/{paused['id']}/pause")
    world.api.db.memory.clear()  # as after a second
    async with world.api.db.transaction() as tx:
        await news.tell(tx, [News(1, Event.SENDER_RESUMED, 1), News(2, Event.REPLY_RECEIVED, 1)])
    assert await world.one("SELECT count(*) FROM news") == 0
    await world.webhook("/both", ["reply.received", "sender.resumed"])
    world.api.db.memory.clear()
    await world.happen()
    assert [(call.path, call.body["type"]) for call in world.heard.calls] == [("/both", "sender.resumed")]


async def test_what_is_wanted_is_kept_in_mind_for_a_second(lite: World) -> None:
    await lite.happen()
    memory = lite.api.db.memory
    until, wanted = memory[news._WANTED]
    assert until - time.monotonic() <= news.KEPT == 1.0
    await lite.webhook()
    memory[news._WANTED] = time.monotonic() + 60, wanted
    await lite.happen()
    assert lite.heard.calls == []  # the process has not noticed yet
    memory[news._WANTED] = time.monotonic() - 0.001, wanted
    await lite.happen()
    assert len(lite.heard.calls) == 1


async def test_a_failed_try_is_made_again_under_the_same_id(lite: World) -> None:
    made = await lite.webhook()
    lite.heard.answers["/hook"] = _answering(500, 204)
    await lite.happen()
    (found,) = await lite.deliveries(made["id"])
    assert (found["state"], found["status"], found["answer"]) == ("queued", 500, "as I said")
    assert found["problem"] == "It answered 500."
    assert found["next_try_at"] > found["created_at"]
    assert (await lite.api.get(f"/webhooks/{made['id']}")).data["failing_since"] is not None
    await lite.work()
    assert len(lite.heard.calls) == 1  # not before its time
    await lite.aged(10 * SECOND)
    await lite.work()
    first, second = lite.heard.calls
    assert (first.id, first.raw) == (second.id, second.raw)
    second.verified_by(made["secret"])
    (found,) = await lite.deliveries(made["id"])
    assert (found["state"], found["tries"], found["problem"]) == ("delivered", 2, "")
    assert (await lite.api.get(f"/webhooks/{made['id']}")).data["failing_since"] is None


async def test_after_ten_tries_it_has_failed_and_can_be_sent_again(lite: World) -> None:
    made = await lite.webhook()
    lite.heard.answers["/hook"] = _answering(503, Retry_After="7200")
    await lite.happen()
    await lite.aged(7_000 * SECOND)
    await lite.work()
    assert len(lite.heard.calls) == 1  # it asked for two hours
    for _ in range(9):
        await lite.aged(30 * 3_600 * SECOND)
        await lite.work()
    assert len(lite.heard.calls) == 10
    (found,) = await lite.deliveries(made["id"])
    assert (found["state"], found["tries"], found["next_try_at"]) == ("failed", 10, None)
    await lite.aged(30 * 3_600 * SECOND)
    await lite.work()
    assert len(lite.heard.calls) == 10
    lite.heard.answers.clear()
    answer = await lite.api.post(f"/deliveries/{found['id']}/resend")
    assert (answer.status, answer.data["state"]) == (202, "queued")
    assert answer.headers["Location"] == f"/api/v1/deliveries/{found['id']}"
    assert "notify" in lite.api.waker.lanes
    await lite.work()
    assert lite.heard.calls[10].id == lite.heard.calls[0].id
    (found,) = await lite.deliveries(made["id"])
    assert (found["state"], found["tries"]) == ("delivered", 1)


async def test_all_that_failed_since_a_time_is_sent_again(world: World) -> None:
    made = await world.webhook()
    await world.happen(times=3)
    async with world.api.db.transaction() as tx:
        await tx.run(
            "UPDATE deliveries SET state = 'failed', created_at = created_at - :d WHERE id > 1", {"d": DAY}
        )
        await tx.run(
            "UPDATE deliveries SET state = 'failed', created_at = created_at + :d WHERE id = 3", {"d": DAY}
        )
    since = (await world.api.get(f"/webhooks/{made['id']}")).data["created_at"]
    url = f"/webhooks/{made['id']}/resend"
    assert (await world.api.post(url, {"since": since})).data == {"resent": 1, "more": False}
    await world.work()
    assert len(world.heard.calls) == 4
    assert (await world.api.post(url, {})).data == {"resent": 1, "more": False}
    await world.work()
    assert len(world.heard.calls) == 5
    assert (await world.api.post(url, {})).data == {"resent": 0, "more": False}


async def test_a_slow_address_does_not_delay_another(world: World) -> None:
    free = asyncio.Event()

    async def slow(_: object) -> web.Response:
        await free.wait()
        return web.Response()

    world.heard.answers["/slow"] = slow
    await world.webhook("/slow")
    await world.webhook("/fast")
    await world.happen(times=100, work=False)
    while len(world.heard.of("/fast")) < 100:
        await world.telling.work()
        await asyncio.sleep(0.01)
    assert len(world.heard.of("/slow")) == 8  # its share of this process
    free.set()
    await world.work()
    assert len(world.heard.of("/slow")) == 100
    assert len({call.id for call in world.heard.calls}) == 200


async def test_410_disables_at_once_with_a_notice(lite: World) -> None:
    made = await lite.webhook()
    lite.heard.answers["/hook"] = _answering(410, 204)
    await lite.happen()
    shown = (await lite.api.get(f"/webhooks/{made['id']}")).data
    assert (shown["state"], "410" in shown["state_reason"]) == ("disabled", True)
    (found,) = await lite.deliveries(made["id"])
    assert (found["state"], found["tries"]) == ("failed", 1)
    async with lite.api.db.reading() as tx:
        notice = await tx.first("SELECT workspace_id, about, event, detail FROM notices")
    assert notice is not None
    assert tuple(notice) == (1, f"webhook:{made['id'][4:]}", "webhook_disabled", shown["state_reason"])
    refused = await lite.api.post(f"/deliveries/{found['id']}/resend")
    assert (refused.status, refused.data["type"]) == (409, "urn:clarion:problem:webhook-not-active")
    resumed = await lite.api.post(f"/webhooks/{made['id']}/resume")
    assert (resumed.data["state"], resumed.data["state_reason"]) == ("active", "")
    lite.api.db.memory.clear()
    await lite.happen()
    assert len(lite.heard.calls) == 2


async def test_five_days_without_success_disable_one_success_starts_anew(world: World) -> None:
    made = await world.webhook()
    ident = made["id"]

    async def five_days_later() -> None:
        async with world.api.db.transaction() as tx:
            await tx.run(
                "UPDATE subscriptions SET failing_since = failing_since - :d WHERE failing_since <> 0",
                {"d": 5 * DAY},
            )
        await world.aged(5 * DAY)
        await world.work()

    world.heard.answers["/hook"] = _answering(500, 204, 500, 500)
    await world.happen()
    await five_days_later()
    await world.happen()
    assert (await world.api.get(f"/webhooks/{ident}")).data["state"] == "active"
    await five_days_later()
    shown = (await world.api.get(f"/webhooks/{ident}")).data
    assert (shown["state"], shown["state_reason"]) == (
        "disabled",
        "Nothing could be delivered for five days.",
    )
    assert await world.one("SELECT count(*) FROM notices") == 1
    queued = await world.deliveries(ident, state="queued")
    await five_days_later()
    assert len(await world.deliveries(ident, state="queued")) == len(queued) == 1  # it waits
    assert len(world.heard.calls) == 4


async def test_while_the_secret_changes_both_verify_for_a_day(lite: World) -> None:
    made = await lite.webhook()
    rotated = await lite.api.made(f"/webhooks/{made['id']}/rotate-secret")
    assert list(rotated) == ["secret"]
    await lite.happen()
    both = lite.heard.calls[0]
    assert both.headers["webhook-signature"].count("v1,") == 2
    assert both.verified_by(made["secret"]) == both.verified_by(rotated["secret"])
    box, ident = lite.api.box, int(made["id"][4:])
    async with lite.api.db.transaction() as tx:
        sealed = await tx.scalar("SELECT secrets FROM subscriptions")
        opened = box.open(f"subscription:{ident}", sealed)
        later = opened.replace(opened.split(", ")[-1].rstrip("]"), "1")  # the old one's time is over
        await tx.run("UPDATE subscriptions SET secrets = :s", {"s": box.seal(f"subscription:{ident}", later)})
    await lite.happen()
    one = lite.heard.calls[1]
    assert one.headers["webhook-signature"].count("v1,") == 1
    one.verified_by(rotated["secret"])
    with pytest.raises(WebhookVerificationError):
        one.verified_by(made["secret"])


async def test_a_new_key_of_the_installation_seals_webhooks_too(lite: World) -> None:
    made = await lite.webhook()
    newer = type(lite.api.box).from_setting("k2:" + base64.b64encode(b"x" * 32).decode() + ","
                                             + (lite.api.settings.data_dir / "secret.key").read_text())  # fmt: skip
    assert await rotate_keys(lite.api.db, newer) == 1
    lite.telling._box = newer
    await lite.happen()
    lite.heard.calls[0].verified_by(made["secret"])


async def test_paused_nothing_new_is_kept_and_what_is_queued_waits(lite: World) -> None:
    made = await lite.webhook()
    lite.heard.answers["/hook"] = _answering(500, 204)
    await lite.happen()
    for _ in range(2):
        paused = await lite.api.post(f"/webhooks/{made['id']}/pause")
        assert (paused.status, paused.data["state"]) == (200, "paused")
    await lite.aged()
    await lite.happen()
    assert len(lite.heard.calls) == 1
    refused = await lite.api.post(f"/webhooks/{made['id']}/test")
    assert (refused.status, refused.data["type"]) == (409, "urn:clarion:problem:webhook-not-active")
    await lite.api.post(f"/webhooks/{made['id']}/resume")
    await lite.work()
    assert len(lite.heard.calls) == 2
    assert len({call.id for call in lite.heard.calls}) == 1


async def test_a_test_event_goes_out_whatever_is_wanted(lite: World) -> None:
    made = await lite.webhook(events=["reply.received"])
    answer = await lite.api.post(f"/webhooks/{made['id']}/test")
    assert (answer.status, answer.data["event"]) == (202, "webhook.test")
    await lite.work()
    assert lite.heard.calls[0].verified_by(made["secret"])["data"] == {"webhook_id": made["id"]}
    assert (await lite.api.get(answer.headers["Location"].removeprefix("/api/v1"))).data[
        "state"
    ] == "delivered"


async def test_the_log_is_read_page_by_page_and_filtered(world: World) -> None:
    made = await world.webhook()
    await world.happen(times=5)
    world.heard.answers["/hook"] = _answering(500)
    await world.happen(Event.SENDER_PAUSED, times=2)
    ids: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        answer = await world.api.get(f"/webhooks/{made['id']}/deliveries", **query)
        ids += [each["id"] for each in answer.data["items"]]
        if answer.data["next_cursor"] is None:
            break
        query["cursor"] = answer.data["next_cursor"]
    assert ids == [f"dlv_{n}" for n in range(7, 0, -1)]
    assert len(await world.deliveries(made["id"], state="queued")) == 2
    assert len(await world.deliveries(made["id"], event="sender.resumed")) == 5
    assert await world.deliveries(made["id"], event="sender.resumed", state="failed") == []
    assert (await world.api.get(f"/webhooks/{made['id']}/deliveries", state="lost")).status == 422


async def test_deliveries_are_kept_for_a_month_and_not_after_their_webhook(world: World) -> None:
    made, other = await world.webhook(), await world.webhook("/other")
    await world.happen(times=3)
    async with world.api.db.transaction() as tx:
        await tx.run("UPDATE deliveries SET created_at = created_at - :d WHERE id <= 2", {"d": 31 * DAY})
    await forget_old(world.api.db)
    assert await world.one("SELECT count(*) FROM deliveries") == 4
    await world.api.delete(f"/webhooks/{other['id']}")
    assert (await world.api.get(f"/webhooks/{other['id']}/deliveries")).status == 404
    assert (await world.api.get("/deliveries/dlv_6")).status == 404
    await forget_old(world.api.db)
    assert await world.one("SELECT count(*) FROM deliveries") == len(await world.deliveries(made["id"])) == 2
    assert await world.one("SELECT count(*) FROM subscriptions") == 1


async def test_what_a_dead_process_was_sending_is_sent_again(world: World) -> None:
    await world.webhook()
    await world.happen()
    async with world.api.db.transaction() as tx:
        await tx.run("UPDATE deliveries SET state = 'sending', worker = 'dead', due_at = :at",
                     {"at": await tx.now() + 60 * SECOND})  # fmt: skip
    await world.work()
    assert len(world.heard.calls) == 1
    async with world.api.db.transaction() as tx:
        await tx.run("UPDATE deliveries SET due_at = 1")
    await world.work()
    assert len(world.heard.calls) == 2
    assert len({call.id for call in world.heard.calls}) == 1


async def test_R26_another_workspace_sees_no_webhook_and_hears_nothing(world: World) -> None:
    _, key = await world.api.other_workspace()
    theirs = await world.api.made("/webhooks", {"url": world.heard.url("/theirs")}, key=key)
    ours = await world.webhook()
    await world.happen()
    assert [call.path for call in world.heard.calls] == ["/hook"]
    (delivery,) = await world.deliveries(ours["id"])
    for method, path in (
        ("GET", f"/webhooks/{ours['id']}"), ("PATCH", f"/webhooks/{ours['id']}"), ("DELETE", f"/webhooks/{ours['id']}"),
        ("POST", f"/webhooks/{ours['id']}/rotate-secret"), ("POST", f"/webhooks/{ours['id']}/test"),
        ("GET", f"/webhooks/{ours['id']}/deliveries"), ("GET", f"/deliveries/{delivery['id']}"),
        ("POST", f"/deliveries/{delivery['id']}/resend"), ("POST", f"/webhooks/{ours['id']}/resend"),
    ):  # fmt: skip
        body: Any = {} if method == "PATCH" or path.endswith(f"{ours['id']}/resend") else None
        assert (await world.api.ask(method, path, body, key=key)).status == 404, path
    listed = await world.api.get("/webhooks", key=key)
    assert [each["id"] for each in listed.data["items"]] == [theirs["id"]]
