"""Campaigns over HTTP: written down, checked, launched, steered, looked at."""

import asyncio
import csv
import io
from typing import Any

from clarion.services.campaigns import expand_campaign
from clarion.services.lists import create_list
from tests.support.api import Api
from tests.support.campaigns import TEXT, a_sender, draft, number, running
from tests.support.people import named, settle, stop_person


async def test_a_campaign_from_draft_to_figures(api: Api) -> None:
    made = await draft(api, [*named("Ann", "Bob", "Cy"), {}])
    assert (made["status"], made["counters"]["audience"], made["progress"]["share"]) == ("draft", 0, None)
    assert made["content"]["body"] == "Hi {{ name }}"
    path = f"/campaigns/{made['id']}"
    check = await api.made(f"{path}/check")
    assert (check["ok"], check["people"], check["left_out"]) == (False, 4, 1)
    assert check["missing"] == [{"variable": "name", "people": 1, "places": ["all.csv line 5"]}]
    assert [each["text"] for each in check["previews"]] == ["Hi Ann", "Hi Bob", "Hi Cy"]
    refused = await api.post(f"{path}/launch")
    assert (refused.status, refused.data["type"]) == (422, "urn:clarion:problem:campaign-refused")
    assert "'name'" in refused.data["errors"][0]["detail"]
    launched = await api.post(f"{path}/launch", {"on_missing": "exclude"})
    assert (launched.status, launched.data["status"]) == (202, "running")
    assert launched.headers["Location"] == f"/api/v1{path}"
    assert api.waker.lanes == [f"expand:{number(made['id'])}"]
    assert (await api.made(f"{path}/launch"))["status"] == "running"
    await expand_campaign(api.db, api.waker, number(made["id"]))
    await settle(api.db, number(made["id"]), 1, "delivered")
    await settle(
        api.db,
        number(made["id"]),
        1,
        "failed",
        code="63003",
        reason="The number is not on WhatsApp: use SMS.",
    )
    stats = (await api.get(f"{path}/stats")).data
    assert stats["counters"] | {"queued": 1, "delivered": 1, "failed": 1, "missing": 1} == stats["counters"]
    assert stats["funnel"] == {
        "people": 4, "written": 3, "accepted": 1, "sent": 1, "delivered": 1, "read": 0,
    }  # fmt: skip
    assert stats["failures"] == [
        {
            "code": "63003",
            "kind": "",
            "reason": "The number is not on WhatsApp.",
            "advice": "Use SMS.",
            "people": 1,
            "at_least": False,
        }
    ]
    shown = (await api.get(path)).data
    assert (shown["progress"]["done"], shown["progress"]["expected"], shown["progress"]["share"]) == (
        2,
        3,
        0.6667,
    )
    assert shown["progress"]["rate"] == 60
    assert shown["progress"]["seconds_left"] == round(1 / 60, 10) or shown["progress"]["seconds_left"] < 0.02


async def test_the_list_is_paged_newest_first_and_by_status(api: Api) -> None:
    sender = await a_sender(api)
    people = f"lst_{await create_list(api.db, 'empty')}"
    for n in range(5):
        body = {"name": f"c{n}", "sender_id": sender, "lists": [people], "content": TEXT}
        await api.made("/campaigns", body)
    first = (await api.get("/campaigns", limit=2)).data
    assert [each["name"] for each in first["items"]] == ["c4", "c3"]
    second = (await api.get("/campaigns", limit=2, cursor=first["next_cursor"])).data
    last = (await api.get("/campaigns", limit=2, cursor=second["next_cursor"])).data
    assert [each["name"] for each in [*second["items"], *last["items"]]] == ["c2", "c1", "c0"]
    assert last["next_cursor"] is None
    assert len((await api.get("/campaigns", status="draft")).data["items"]) == 5
    assert (await api.get("/campaigns", status="running")).data["items"] == []
    assert (await api.get("/campaigns", status="done")).status == 422


async def test_what_is_wrong_with_a_new_campaign_is_named(api: Api) -> None:
    body = {
        "name": "c",
        "sender_id": await a_sender(api),
        "lists": [f"lst_{await create_list(api.db, 'l')}"],
        "content": TEXT,
    }
    for change, pointer in (
        ({"sender_id": "snd_999"}, "#/sender_id"),
        ({"lists": ["lst_999"]}, "#/lists"),
        ({"lists": []}, "#/lists"),
        ({"name": "  "}, "#/name"),
        ({"content": {"type": "text", "bdy": "x"}}, "#/content/bdy"),
        ({"content": {"type": "text", "body": "{{ name"}}, "#/content/body"),
        ({"policy": "often"}, "#/policy"),
        ({"status": "running"}, "#/status"),
        ({"workspace_id": 2}, "#/workspace_id"),
        ({"dry_run": 1}, "#/dry_run"),
        ({"scheduled_at": "2030-01-02T00:00:00Z", "expires_at": "2030-01-01T00:00:00Z"}, "#/expires_at"),
    ):
        answer = await api.post("/campaigns", {**body, **change})
        assert answer.status == 422, change
        assert answer.data["errors"][0]["pointer"] == pointer, answer.data
    await api.made("/campaigns", body)
    again = await api.post("/campaigns", body)
    assert (again.status, again.data["type"]) == (409, "urn:clarion:problem:already-exists")


async def test_a_draft_changes_in_every_field_and_can_be_deleted(api: Api) -> None:
    made = await draft(api, named("Ann"))
    path = f"/campaigns/{made['id']}"
    other = await a_sender(api, name="other")
    changes = {
        "name": "other",
        "sender_id": other,
        "lists": [f"lst_{await create_list(api.db, 'more')}"],
        "content": {"type": "text", "body": "Bye"},
        "policy": "must_arrive",
        "on_missing": "exclude",
        "scheduled_at": "2030-01-01T00:00:00.000Z",
        "expires_at": "2030-01-02T00:00:00.000Z",
        "dry_run": True,
    }
    shown = (await api.patch(path, changes)).data
    assert {**shown, **changes, "content": shown["content"]} == shown
    assert shown["content"] == {"type": "text", "body": "Bye", "preview_url": False}
    cleared = (await api.patch(path, {"scheduled_at": None})).data
    assert (cleared["scheduled_at"], cleared["name"]) == (None, "other")
    assert (await api.patch(path, {"status": "running"})).data["errors"][0]["pointer"] == "#/status"
    assert (await api.patch(path, {"lists": ["lst_999"]})).data["errors"][0]["pointer"] == "#/lists"
    assert (await api.patch(path, {})).status == 200
    assert (await api.delete(path)).status == 204
    assert (await api.get(path)).status == 404
    assert (await api.delete(path)).status == 404
    async with api.db.reading() as tx:
        noted = await tx.all("SELECT action, detail FROM audit ORDER BY seq")
    assert [row.action for row in noted][:2] == ["create_campaign", "change_campaign"]


async def test_a_paused_campaign_changes_for_those_who_wait_only(api: Api) -> None:
    ident = await running(api, 3)
    path, campaign = f"/campaigns/{ident}", number(ident)
    busy = await api.patch(path, {"name": "x"})
    assert (busy.status, busy.data["type"]) == (409, "urn:clarion:problem:wrong-status")
    await settle(api.db, campaign, 1, "delivered")
    await settle(api.db, campaign, 1, "sending")
    async with api.db.transaction() as tx:
        await tx.run("UPDATE messages SET accepted_at = 5 WHERE status = 'delivered'")
    paused = (await api.post(f"{path}/pause", {"reason": "a mistake in it"})).data
    assert paused == {"id": ident, "status": "paused", "draining": 1}
    for field, value in (
        ("lists", ["lst_1"]),
        ("dry_run", True),
        ("scheduled_at", None),
        ("on_missing", "refuse"),
    ):
        refused = await api.patch(path, {field: value})
        assert refused.status == 422
        assert refused.data["errors"][0]["pointer"] == f"#/{field}"
    lacking = await api.patch(path, {"content": {"type": "text", "body": "{{ city }}"}})
    assert (lacking.status, lacking.data["type"]) == (422, "urn:clarion:problem:campaign-refused")
    new = {"content": {"type": "text", "body": "Dear {{ name }}"}, "policy": "must_arrive"}
    changed = await api.patch(path, new)
    assert (changed.status, changed.data["content"]["body"]) == (200, "Dear {{ name }}")
    people = (await api.get(f"{path}/recipients")).data["items"]
    texts = [(await api.get(f"/messages/{each['message_id']}")).data for each in people]
    assert [each["text"] for each in texts] == ["Hi P1", "Hi P2", "Dear P3"]
    assert [each["policy"] for each in texts] == ["must_arrive", "no_duplicates", "must_arrive"]
    exported = (await api.get(f"{path}/export")).data
    assert [row["text"] for row in csv.DictReader(io.StringIO(exported))] == ["Hi P1", "Hi P2", "Dear P3"]
    assert (await api.post(f"{path}/resume")).data["status"] == "running"


async def test_pause_resume_stop_and_rate(api: Api) -> None:
    ident = await running(api, 4)
    path = f"/campaigns/{ident}"
    assert (await api.put(f"{path}/rate", {"rate": 12.5})).data["rate"] == 12.5
    assert (await api.get(path)).data["progress"]["rate"] == 12.5
    assert (await api.put(f"{path}/rate", {"rate": -1})).status == 422
    await api.made(f"{path}/pause")
    assert (await api.get(path)).data["status_reason"] == "paused by test"
    assert (await api.post(f"{path}/resume")).data["status_reason"] == ""
    stopped = (await api.post(f"{path}/stop")).data
    assert stopped == {"id": ident, "status": "stopped", "cancelled": 4, "draining": 0}
    assert (await api.post(f"{path}/stop")).data["cancelled"] == 0
    refused = await api.post(f"{path}/resume")
    assert (refused.status, refused.data["type"]) == (409, "urn:clarion:problem:wrong-status")
    assert (await api.post(f"{path}/launch")).status == 409
    assert (await api.delete(path)).status == 409


async def test_those_who_were_not_reached_are_written_to_again(api: Api) -> None:
    ident = await running(api, 3)
    await settle(api.db, number(ident), 2, "failed", code="1", reason="no")
    await settle(api.db, number(ident), 1, "delivered")
    again = await api.post(f"/campaigns/{ident}/retries")
    assert again.status == 202
    assert again.headers["Location"] == f"/api/v1/campaigns/{again.data['id']}"
    assert (again.data["retry_of"], again.data["retry_statuses"]) == (ident, ["failed"])
    assert again.data["progress"]["expected"] == 2
    assert (await api.post(f"/campaigns/{ident}/retries")).data["id"] == again.data["id"]
    doubtful = await api.post(f"/campaigns/{ident}/retries", {"statuses": ["unknown"]})
    assert doubtful.status == 422
    assert doubtful.data["errors"][0]["pointer"] == "#/statuses"


async def test_a_test_message_is_queued_with_somebody_elses_values(api: Api) -> None:
    made = await draft(api, named("Ann"))
    async with api.db.reading() as tx:
        ann = await tx.scalar("SELECT id FROM contacts")
    path = f"/campaigns/{made['id']}/tests"
    lacking = await api.post(path, {"phone": "+15005550099"})
    assert (lacking.status, lacking.data["type"]) == (422, "urn:clarion:problem:bad-content")
    sent = await api.post(path, {"phone": "+15005550099", "contact_id": f"con_{ann}"})
    assert sent.status == 202
    message = (await api.ask("GET", sent.headers["Location"].removeprefix("/api/v1"))).data
    assert (message["text"], message["phone"], message["campaign_id"]) == ("Hi Ann", "+15005550099", None)
    stranger = await api.post(path, {"phone": "+15005550099", "contact_id": "con_999"})
    assert stranger.data["errors"][0]["pointer"] == "#/contact_id"
    await stop_person(api.db, 1)
    stopped = await api.post(path, {"phone": "+554100000001", "variables": {"name": "x"}})
    assert stopped.status == 422


async def test_recipients_by_page_status_and_code(api: Api) -> None:
    ident = await running(api, 9)
    path, campaign = f"/campaigns/{ident}/recipients", number(ident)
    await settle(api.db, campaign, 2, "failed", code="a", reason="No such number.")
    await settle(api.db, campaign, 1, "failed", code="b", reason="Blocked.")
    await settle(api.db, campaign, 2, "delivered")
    await settle(api.db, campaign, 1, "unknown")
    pages, cursor = [], None
    while True:
        page = (await api.get(path, limit=4, **({"cursor": cursor} if cursor else {}))).data
        pages.append([each["phone"][-1] for each in page["items"]])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert pages == [list("1234"), list("5678"), list("9")]

    async def found(**filters: str) -> list[str]:
        return [each["phone"][-1] for each in (await api.get(path, **filters)).data["items"]]

    assert await found(status="failed") == ["1", "2", "3"]
    assert await found(code="b") == ["3"]
    assert await found(code="a", status="failed") == ["1", "2"]
    assert await found(status="delivered") == ["4", "5"]
    assert await found(status="unknown") == ["6"]
    assert await found(status="queued") == ["7", "8", "9"]
    assert await found(status="read") == []
    half = (await api.get(path, status="failed", limit=2)).data
    rest = (await api.get(path, status="failed", limit=2, cursor=half["next_cursor"])).data
    assert [each["reason"] for each in half["items"] + rest["items"]] == ["No such number."] * 2 + [
        "Blocked."
    ]
    assert (await api.get(path, limit=101)).status == 422
    assert (await api.get(path, cursor="x")).data["type"] == "urn:clarion:problem:bad-cursor"


async def test_the_export_is_a_file_that_spreadsheets_take_as_text(api: Api) -> None:
    made = await draft(api, [{"name": "=1+1"}, *named("Ann")])
    await api.made(f"/campaigns/{made['id']}/launch")
    await expand_campaign(api.db, api.waker, number(made["id"]))
    answer = await api.get(f"/campaigns/{made['id']}/export")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{made["id"]}.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.data)))
    assert [(row["address"][:2], row["status"], row["text"]) for row in rows] == [
        ("'+", "queued", "Hi =1+1"),
        ("'+", "queued", "Hi Ann"),
    ]


async def test_R07_a_launch_and_a_retry_happen_once(api: Api) -> None:
    made = await draft(api, named("Ann", "Bob"))
    path, headers = f"/campaigns/{made['id']}", {"Idempotency-Key": "launch-once"}
    answers = await asyncio.gather(
        *(api.post(f"{path}/launch", {"on_missing": "exclude"}, headers=headers) for _ in range(50))
    )
    assert {(answer.status, answer.data["status"]) for answer in answers} == {(202, "running")}
    assert len({answer.data["launched_at"] for answer in answers}) == 1
    assert len([a for a in answers if a.headers.get("Idempotency-Replayed")]) == 49
    other = await api.post(f"{path}/launch", {"on_missing": "refuse"}, headers=headers)
    assert (other.status, other.data["type"]) == (422, "urn:clarion:problem:idempotency-key-reused")
    await expand_campaign(api.db, api.waker, number(made["id"]))
    await settle(api.db, number(made["id"]), 2, "failed", code="1", reason="no")
    again = await asyncio.gather(*(api.post(f"{path}/retries") for _ in range(20)))
    assert {answer.status for answer in again} == {202}
    assert len({answer.data["id"] for answer in again}) == 1


async def test_R26_another_workspaces_campaign_is_not_there(api: Api) -> None:
    ident = await running(api, 2)
    other, key = await api.other_workspace()
    theirs = await a_sender(api, workspace=other)
    own = await create_list(api.db, "own", workspace=other)
    path = f"/campaigns/{ident}"
    for method, tail, body in (
        ("GET", "", None), ("PATCH", "", {"name": "x"}), ("DELETE", "", None), ("POST", "/check", None),
        ("POST", "/launch", None), ("POST", "/pause", None), ("POST", "/resume", None), ("POST", "/stop", None),
        ("PUT", "/rate", {"rate": 1}), ("POST", "/retries", None), ("POST", "/tests", {"phone": "+15005550099"}),
        ("GET", "/stats", None), ("GET", "/recipients", None), ("GET", "/export", None),
    ):  # fmt: skip
        answer = await api.ask(method, f"{path}{tail}", body, key=key)
        missing = await api.ask(method, f"/campaigns/cmp_999{tail}", body, key=key)
        assert (answer.status, missing.status) == (404, 404), (method, tail)
        assert answer.data | {"detail": ""} == missing.data | {"detail": ""}
    assert (await api.get("/campaigns", key=key)).data["items"] == []
    mine = await a_sender(api, name="mine")
    strangers: list[dict[str, Any]] = [
        {"sender_id": mine, "lists": [f"lst_{own}"]},
        {"sender_id": theirs, "lists": ["lst_1"]},
    ]
    for body in strangers:
        refused = await api.post("/campaigns", {"name": "x", "content": TEXT, **body}, key=key)
        assert refused.status == 422
    assert (await api.get(path)).data["status"] == "running"
