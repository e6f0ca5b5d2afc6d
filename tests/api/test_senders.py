"""Senders: added, changed, watched; their credentials never shown again."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from clarion.sim.server import Simulator
from clarion.store import minutes
from tests.support.api import Api, api

SECRETS = {"token": "sim-token", "app_secret": "sim-app-secret", "verify_token": "sim-verify"}
WHATSAPP = {
    "name": "Shop",
    "provider": "whatsapp",
    "account": "100000000000001",
    "config": {"waba_id": "200000000000001"},
    "secrets": SECRETS,
    "rate": 50,
}


@pytest.fixture(name="simulated")
async def simulated_fixture(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """The API beside a simulator of both providers."""
    async with Simulator() as sim:
        urls = dict.fromkeys(("base_url", "content_url", "messaging_url"), sim.url)
        async with api(sqlite_url, tmp_path, whatsapp={"base_url": sim.url}, twilio=urls) as running:
            yield running


async def test_a_sender_is_added_and_shown_without_its_credentials(api: Api) -> None:
    listed = await api.get("/providers")
    whatsapp = listed.data["items"][0]
    assert whatsapp["name"] == "whatsapp"
    assert {f["name"]: f["place"] for f in whatsapp["fields"]}["token"] == "secret"
    made = await api.post("/senders", WHATSAPP)
    assert (made.status, made.headers["Location"]) == (201, f"/api/v1/senders/{made.data['id']}")
    assert made.data["secrets"] == ["app_secret", "token", "verify_token"]
    assert made.data["webhook_url"].endswith("/webhooks/whatsapp")
    assert (made.data["rate"], made.data["state"]) == (50, "active")
    for answer in (made, await api.get(f"/senders/{made.data['id']}"), await api.get("/senders")):
        assert not any(secret in str(answer.data) for secret in SECRETS.values())
    async with api.db.reading() as tx:
        noted = await tx.all("SELECT action, detail FROM audit")
        stored = await tx.scalar("SELECT secrets FROM senders")
    assert not any(secret in f"{noted} {stored}" for secret in SECRETS.values())


async def test_what_cannot_be_a_sender_is_refused_with_the_reason(api: Api) -> None:
    changes: list[tuple[dict[str, Any], str, str]] = [
        ({"provider": "pigeon"}, "invalid", "must be one of"),
        ({"secrets": {}}, "bad-sender", "token is missing"),
        ({"config": {"token": "EAAG"}}, "invalid", "#/config/token"),
        ({"secrets": {"waba_id": "1", "token": "x"}}, "invalid", "#/secrets/waba_id"),
        ({"rate": 5_000}, "bad-sender", "1000"),
        ({"rate": -1}, "invalid", "rate"),
        ({"name": " "}, "bad-sender", "name is missing"),
        ({"colour": "red"}, "invalid", "colour"),
    ]
    for change, kind, said in changes:
        answer = await api.post("/senders", {**WHATSAPP, **change})
        assert (answer.status, answer.data["type"]) == (422, f"urn:clarion:problem:{kind}"), change
        assert said in str(answer.data)
    assert (await api.get("/senders")).data["items"] == []


async def test_a_sender_is_changed_field_by_field(api: Api) -> None:
    made = await api.made("/senders", WHATSAPP)
    path = f"/senders/{made['id']}"
    renamed = await api.patch(path, {"name": "Store"})
    assert (renamed.data["name"], renamed.data["config"]) == ("Store", {"waba_id": "200000000000001"})
    assert (await api.patch(path, {"config": {"waba_id": None}})).data["config"] == {}
    await api.made("/senders", {**WHATSAPP, "name": "Other"})
    assert (await api.patch(path, {"name": "Other"})).status == 409
    assert (await api.patch(path, {"config": {"token": "x"}})).status == 422
    fast = await api.put(f"{path}/rate", {"rate": 79.5})
    assert (fast.data["rate"], fast.data["pace"]) == (79.5, 79.5)
    assert (await api.put(f"{path}/rate", {"rate": 1_001})).status == 422
    paused = await api.post(f"{path}/pause", {"reason": "number is being moved"})
    assert (paused.data["state"], paused.data["state_reason"]) == ("paused", "number is being moved")
    assert (await api.post(f"{path}/pause")).data["state_reason"] == "paused by test"
    assert (await api.post(f"{path}/resume")).data["state"] == "active"
    assert api.waker.lanes.count(f"send:{made['id'].removeprefix('snd_')}") == 2


async def test_credentials_are_replaced_and_never_shown(api: Api) -> None:
    made = await api.made("/senders", WHATSAPP)
    path = f"/senders/{made['id']}/secrets"
    answer = await api.put(path, {"secrets": {"token": "EAAG-new-token", "verify_token": None}})
    assert answer.data == {"secrets": ["app_secret", "token"]}
    assert (await api.put(path, {"secrets": {"token": None}})).data["type"].endswith("bad-sender")
    assert (await api.put(path, {"secrets": {"waba_id": "1"}})).status == 422
    assert (await api.put(path, {"secrets": {}})).status == 422
    assert (await api.get(path)).status == 405
    async with api.db.reading() as tx:
        noted = str(
            await tx.all("SELECT action, target, detail FROM audit WHERE action = 'replace_sender_secrets'")
        )
    assert "token" in noted
    assert "EAAG" not in noted


async def test_a_sender_in_use_is_not_deleted(api: Api) -> None:
    used = await api.made("/senders", {**WHATSAPP, "name": "used"})
    free = await api.made("/senders", {**WHATSAPP, "name": "free"})
    number = int(used["id"].removeprefix("snd_"))
    async with api.db.transaction() as tx:
        await tx.run(
            "INSERT INTO campaigns (workspace_id, name, sender_id, content) VALUES (1, 'spring', :s, '{}')",
            {"s": number},
        )
    refused = await api.delete(f"/senders/{used['id']}")
    assert (refused.status, refused.data["type"]) == (409, "urn:clarion:problem:in-use")
    assert "spring" in refused.data["detail"]
    await _waiting_message(api, int(free["id"].removeprefix("snd_")))
    assert (await api.delete(f"/senders/{free['id']}")).status == 409
    async with api.db.transaction() as tx:
        await tx.run("DELETE FROM outbox")
    assert (await api.delete(f"/senders/{free['id']}")).status == 204
    assert (await api.get(f"/senders/{free['id']}")).status == 404


async def test_a_sender_that_a_journey_under_way_names_keeps_its_name(api: Api) -> None:
    made = await api.made("/senders", WHATSAPP)
    graph = orjson.dumps({"sender": "", "nodes": [{"id": "a", "sender": "Shop"}]}).decode()
    async with api.db.transaction() as tx:
        await tx.run("INSERT INTO journeys (workspace_id, name, draft) VALUES (1, 'welcome', '{}')")
        await tx.run(
            "INSERT INTO journey_versions (journey_id, number, graph) VALUES (1, 1, "
            f"{'cast(:graph as jsonb)' if tx.name == 'postgresql' else ':graph'})",
            {"graph": graph},
        )
        await tx.run("INSERT INTO runs (workspace_id, journey_id, version_id, kind) VALUES (1, 1, 1, 'open')")
    for answer in (
        await api.patch(f"/senders/{made['id']}", {"name": "Store"}),
        await api.delete(f"/senders/{made['id']}"),
    ):
        assert (answer.status, answer.data["type"]) == (409, "urn:clarion:problem:in-use")
        assert "welcome" in answer.data["detail"]


async def test_health_tells_the_last_hour_from_what_is_stored(api: Api) -> None:
    made = await api.made("/senders", WHATSAPP)
    number = int(made["id"].removeprefix("snd_"))
    async with api.db.transaction() as tx:
        now = await tx.now()
        await minutes.add(tx, {number: {"accepted": 90, "rejected": 10}}, now - minutes.MINUTE)
        await minutes.add(tx, {number: {"accepted": 8, "unknown": 2}}, now - 2 * minutes.MINUTE)
        await minutes.add(tx, {number: {"accepted": 700}}, now - 90 * minutes.MINUTE)
        await tx.run(
            "UPDATE timelines SET pace = 20, paced_at = :now, throttled_at = :now WHERE sender_id = :id",
            {"now": now, "id": number},
        )
    await _waiting_message(api, number)
    seen = (await api.get(f"/senders/{made['id']}/health")).data
    assert seen["last_minute"] in (
        {"accepted": 90, "rejected": 10, "not_sent": 0, "unknown": 0},
        {"accepted": 0, "rejected": 0, "not_sent": 0, "unknown": 0},  # the minute ended meanwhile
    )
    assert seen["last_hour"] == {"accepted": 98, "rejected": 10, "not_sent": 0, "unknown": 2}
    assert seen["refused_share"] == round(10 / 108, 4)
    assert [each["accepted"] for each in seen["minutes"]] == [8, 90]
    assert 20 <= seen["limits"]["pace"] < 50
    assert seen["limits"]["throttled_at"]
    assert (seen["limits"]["free_text_for"], seen["limits"]["default_rate"]) == (86_400, 80)
    assert seen["waiting"] == 1
    assert seen["oldest_due_at"]


async def test_another_workspace_s_sender_does_not_exist(api: Api) -> None:
    made = await api.made("/senders", WHATSAPP)
    _, theirs = await api.other_workspace()
    path = f"/senders/{made['id']}"
    for method, where, body in (
        ("GET", path, None),
        ("PATCH", path, {"name": "mine"}),
        ("DELETE", path, None),
        ("PUT", f"{path}/secrets", {"secrets": {"token": "x"}}),
        ("PUT", f"{path}/rate", {"rate": 1}),
        ("POST", f"{path}/pause", {}),
        ("POST", f"{path}/resume", None),
        ("GET", f"{path}/health", None),
        ("POST", f"{path}/check", None),
        ("POST", f"{path}/templates/sync", None),
    ):
        answer = await api.ask(method, where, body, key=theirs)
        missing = await api.ask(method, where.replace(made["id"], "snd_999"), body, key=theirs)
        assert (answer.status, missing.status) == (404, 404), where
        assert answer.data["detail"].replace(made["id"], "snd_999") == missing.data["detail"]
    # The same number may belong to senders of two workspaces.
    assert (await api.post("/senders", WHATSAPP, key=theirs)).status == 201
    assert len((await api.get("/senders", key=theirs)).data["items"]) == 1


async def test_the_provider_is_asked_and_its_refusal_is_an_answer(simulated: Api) -> None:
    made = await simulated.made("/senders", WHATSAPP)
    path = f"/senders/{made['id']}"
    well = await simulated.post(f"{path}/check")
    assert (well.status, well.data["ok"], well.data["quality"]) == (200, True, "GREEN")
    assert well.data["limit"] == 80
    wrong = await simulated.made(
        "/senders", {**WHATSAPP, "name": "wrong", "secrets": {"token": "not-the-token"}}
    )
    refused = await simulated.post(f"/senders/{wrong['id']}/check")
    assert (refused.status, refused.data["ok"]) == (200, False)
    assert "190" in refused.data["detail"]


async def test_a_provider_that_does_not_answer_is_told_as_such(sqlite_url: str, tmp_path: Path) -> None:
    nobody = "http://127.0.0.1:9"
    async with api(sqlite_url, tmp_path, whatsapp={"base_url": nobody}) as running:
        made = await running.made("/senders", WHATSAPP)
        answer = await running.post(f"/senders/{made['id']}/check")
        assert (answer.status, answer.data["type"]) == (503, "urn:clarion:problem:provider-unreachable")
        assert answer.headers["Retry-After"] == "30"
        assert (await running.post(f"/senders/{made['id']}/templates/sync")).status == 503


async def _waiting_message(api: Api, sender: int) -> None:
    async with api.db.transaction() as tx:
        await tx.run(
            "INSERT INTO outbox (message_id, workspace_id, sender_id, contact_id, person, priority, due_at) "
            "VALUES (:id, 1, :sender, 1, '1', 0, :now)",
            {"id": sender + 1_000, "sender": sender, "now": await tx.now() - 5_000_000},
        )
