"""The WhatsApp side: what is accepted, what is refused and how, and the rest of the API."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.sim.talk import NUMBER, WABA, order_update, person, promo, talking, template, text

DATA = Path(__file__).parents[1] / "data" / "providers"


def sample(name: str) -> dict[str, Any]:
    """A recorded body."""
    return dict(json.loads((DATA / name).read_text("utf-8")))


async def test_a_template_is_accepted_and_answered_as_the_sample_shows() -> None:
    async with talking() as talk:
        reply = await talk.whatsapp(order_update(person(1)))
        assert reply.status == 200
        body, shape = reply.json, sample("wa-send-template.response.json")
        assert body.keys() == shape.keys()
        assert body["contacts"] == [{"input": person(1), "wa_id": person(1)[1:]}]
        assert body["messages"][0]["message_status"] == "accepted"
        assert body["messages"][0]["id"].startswith("wamid.")


async def test_message_ids_differ_and_any_version_is_served() -> None:
    async with talking() as talk:
        replies = [await talk.whatsapp(order_update(person(1))) for _ in range(3)]
        other = await talk.call(
            "POST",
            f"/v26.0/{NUMBER}/messages",
            json=order_update(person(2)),
            headers={"Authorization": "Bearer sim-token"},
        )
        ids = {reply.json["messages"][0]["id"] for reply in (*replies, other)}
        assert len(ids) == 4


@pytest.mark.parametrize(
    "name",
    [
        "wa-send-text.request.json",
        "wa-send-text-reply.request.json",
        "wa-send-text-bsuid.request.json",
        "wa-send-image.request.json",
        "wa-send-interactive-buttons.request.json",
        "wa-send-interactive-list.request.json",
        "wa-send-reaction.request.json",
    ],
)
async def test_every_sample_of_a_free_form_message_is_accepted_inside_the_window(name: str) -> None:
    async with talking() as talk:
        body = sample(name)
        writer = body.get("to") or body["recipient"]
        await talk.control("POST", "inbound", {"from": writer, "text": "hello"})
        reply = await talk.whatsapp(body)
        assert reply.status == 200, reply.raw
        assert "message_status" not in reply.json["messages"][0]


@pytest.mark.parametrize(
    ("name", "template_name"),
    [
        ("wa-send-template-positional.request.json", "autumn_offer"),
        ("wa-send-template-named.request.json", "appointment_reminder"),
    ],
)
async def test_sample_sends_fit_the_sample_templates(name: str, template_name: str) -> None:
    listed = sample("wa-templates-page1.response.json")["data"]
    async with talking(whatsapp={"templates": listed}) as talk:
        body = sample(name)
        assert body["template"]["name"] == template_name
        reply = await talk.whatsapp(body)
        assert reply.status == 200, reply.raw


TO = person(1)


def body_parameters(*texts: str, **more: Any) -> dict[str, Any]:
    return {"type": "body", "parameters": [{"type": "text", "text": text, **more} for text in texts]}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({**order_update(TO), "messaging_product": "sms"}, 400, 100, id="product"),
        pytest.param({**order_update(TO), "txt": 1}, 400, 100, id="unknown key"),
        pytest.param({**order_update(TO), "to": ""}, 400, 131008, id="no recipient"),
        pytest.param({**order_update(TO), "to": "Ana"}, 400, 131009, id="bad recipient"),
        pytest.param({**order_update(TO), "to": "+1 555-010-0001"}, 400, 131021, id="to itself"),
        pytest.param({**order_update(TO), "type": "poll"}, 400, 131051, id="unknown type"),
        pytest.param(
            {**order_update(TO), "biz_opaque_callback_data": "x" * 513}, 400, 100, id="echo too long"
        ),
        pytest.param({**text(TO), "text": {}}, 400, 131008, id="no text"),
        pytest.param(text(TO, "x" * 4097), 400, 131009, id="long text"),
        pytest.param({**text(TO), "text": {"txt": "a"}}, 400, 100, id="unknown key in text"),
        pytest.param({**text(TO), "type": "image", "image": {"id": "9"}}, 400, 100, id="unknown media"),
        pytest.param({**text(TO), "type": "image", "image": {}}, 400, 131008, id="no media"),
        pytest.param({**text(TO), "type": "image", "image": {"link": "ftp://a"}}, 400, 131009, id="bad link"),
        pytest.param({**text(TO), "type": "interactive", "interactive": {}}, 400, 131009, id="interactive"),
        pytest.param(text(TO), 400, 131047, id="outside the window"),
        pytest.param(template(TO, "nobody_knows"), 404, 132001, id="unknown template"),
        pytest.param(template(TO, "order_update", language="fr"), 404, 132001, id="other language"),
        pytest.param(template(TO, "winter_paused"), 400, 132015, id="paused"),
        pytest.param(template(TO, "spring_rejected"), 404, 132001, id="rejected"),
        pytest.param(template(TO, "order_update", body_parameters("a", "b")), 400, 132000, id="too few"),
        pytest.param(template(TO, "order_update", body_parameters("a", "b", "")), 400, 131008, id="empty"),
        pytest.param(
            template(TO, "order_update", body_parameters("a", "b", "c\nd")), 400, 132012, id="newline"
        ),
        pytest.param(
            template(TO, "order_update", body_parameters("a", "b", "x" * 1100)), 400, 132005, id="long"
        ),
        pytest.param(template(TO, "promo_image", body_parameters("a", "b")), 400, 132000, id="no header"),
        pytest.param(template(TO, "order_update", {"type": "foot"}), 400, 132012, id="component"),
        pytest.param({**template(TO, "x"), "template": {"name": "x"}}, 400, 131008, id="no language"),
        pytest.param({**template(TO, "hello_world"), "template": []}, 400, 100, id="not an object"),
        pytest.param(template(TO, "order_update", "body"), 400, 100, id="components are no objects"),
    ],
)
async def test_a_message_that_is_wrong_is_refused_with_its_code(body: Any, status: int, code: int) -> None:
    async with talking() as talk:
        reply = await talk.whatsapp(body)
        assert (reply.status, reply.code) == (status, code), reply.raw
        error = reply.json["error"]
        assert error["type"] == "OAuthException"
        assert error["error_data"]["messaging_product"] == "whatsapp"
        assert error["error_data"]["details"]
        assert error["fbtrace_id"]
        (row,) = await talk.ledger()
        assert (row["outcome"], row["code"], row["provider_id"]) == ("refused", code, None)


async def test_named_parameters_come_in_any_order_and_must_be_the_template_s() -> None:
    header = {"type": "header", "parameters": [{"type": "text", "parameter_name": "shop", "text": "Ours"}]}

    def body(*names: str) -> dict[str, Any]:
        return {
            "type": "body",
            "parameters": [{"type": "text", "parameter_name": n, "text": "x"} for n in names],
        }

    async with talking() as talk:
        good = await talk.whatsapp(template(TO, "welcome_named", header, body("code", "first_name")))
        assert good.status == 200, good.raw
        wrong = await talk.whatsapp(template(TO, "welcome_named", header, body("code", "name")))
        assert wrong.code == 132012


async def test_media_headers_and_buttons_are_checked() -> None:
    async with talking() as talk:
        assert (await talk.whatsapp(promo(TO))).status == 200
        for index, change, code in (
            (0, {"type": "header", "parameters": [{"type": "text", "text": "a"}]}, 132012),
            (2, {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": []}, 132012),
            (2, {"type": "button", "sub_type": "url", "index": "0", "parameters": []}, 132000),
            (3, {"type": "button", "sub_type": "url", "index": "7", "parameters": []}, 132018),
        ):
            body = promo(TO)
            body["template"]["components"][index] = change
            assert (await talk.whatsapp(body)).code == code
        body = promo(TO)
        del body["template"]["components"][2]
        assert (await talk.whatsapp(body)).code == 131008


@pytest.mark.parametrize(
    ("buttons", "code"),
    [
        ([], 131009),
        ([{"type": "reply", "reply": {"id": "a", "title": "x" * 21}}], 131009),
        ([{"type": "reply", "reply": {"id": "a", "title": "A"}}] * 2, 131009),
        ([{"type": "reply", "reply": {"id": str(n), "title": str(n)}} for n in range(4)], 131009),
    ],
)
async def test_reply_buttons_have_limits(buttons: list[Any], code: int) -> None:
    body = {"type": "button", "body": {"text": "?"}, "action": {"buttons": buttons}}
    async with talking(whatsapp={"window": "off"}) as talk:
        reply = await talk.whatsapp({**text(TO), "type": "interactive", "interactive": body})
        assert reply.code == code


async def test_a_wrong_token_and_an_unknown_number_get_the_real_bodies() -> None:
    async with talking() as talk:
        wrong = await talk.whatsapp(order_update(TO), token="stolen")
        assert (wrong.status, wrong.code, wrong.json["error"]["error_subcode"]) == (401, 190, 463)
        missing = await talk.call("POST", f"/v25.0/{NUMBER}/messages", json=order_update(TO))
        assert (missing.status, missing.code) == (401, 0)
        unknown = await talk.whatsapp(order_update(TO), number="999")
        assert (unknown.status, unknown.code, unknown.json["error"]["error_subcode"]) == (400, 100, 33)
        assert unknown.json["error"]["type"] == "GraphMethodException"
        total = await talk.total()
        assert (total["requests"], total["refused"], total["counted"]) == (3, 3, 0)


async def test_a_body_that_is_not_json_is_refused() -> None:
    async with talking() as talk:
        for raw in (b"", b"{", b"[]", b'"text"'):
            reply = await talk.graph("POST", f"{NUMBER}/messages", data=raw)
            assert (reply.status, reply.code) == (400, 100)


async def test_templates_come_in_pages_that_can_be_followed() -> None:
    async with talking() as talk:
        names, url = [], f"{WABA}/message_templates?fields=name,language,status,components&limit=2"
        pages = 0
        while url:
            page = (await talk.graph("GET", url)).json
            names += [(one["name"], one["language"], one["status"]) for one in page["data"]]
            assert all(
                one.keys() == {"id", "name", "language", "status", "components"} for one in page["data"]
            )
            url = page["paging"].get("next", "")
            pages += 1
        assert pages == 5
        assert len(set(names)) == len(names) == 9
        assert {status for _, _, status in names} == {"APPROVED", "PAUSED", "REJECTED"}
        second = (await talk.graph("GET", f"{WABA}/message_templates?limit=2&after=MQZDZD")).json
        assert second["data"][0]["name"] == names[2][0]
        back = (await talk.graph("GET", second["paging"]["previous"])).json
        assert [one["name"] for one in back["data"]] == [name for name, _, _ in names[:2]]


async def test_templates_can_be_filtered_made_and_deleted() -> None:
    async with talking() as talk:
        found = (await talk.graph("GET", f"{WABA}/message_templates?name=order_update&status=approved")).json
        assert {one["language"] for one in found["data"]} == {"en_US", "pt_BR"}
        asked = sample("wa-template-create.request.json")
        made = await talk.graph("POST", f"{WABA}/message_templates", json=asked)
        assert made.json["status"] == "PENDING"
        assert made.json.keys() == sample("wa-template-create.response.json").keys()
        assert (await talk.graph("POST", f"{WABA}/message_templates", json=asked)).code == 100
        body = sample("wa-send-template-positional.request.json")
        del body["template"]["components"][0]  # the definition above has no header
        assert (await talk.whatsapp(body)).code == 132001
        await talk.control("POST", "template", {"name": "autumn_offer", "action": "approve"})
        assert (await talk.whatsapp(body)).status == 200
        gone = await talk.graph("DELETE", f"{WABA}/message_templates?name=autumn_offer")
        assert gone.json == {"success": True}
        assert (await talk.whatsapp(body)).code == 132001


async def test_a_template_is_edited_once_it_was_reviewed() -> None:
    changed = {"components": [{"type": "BODY", "text": "Other words."}]}
    async with talking() as talk:
        found = (await talk.graph("GET", f"{WABA}/message_templates?name=hello_world")).json["data"][0]
        assert (await talk.graph("POST", found["id"], json=changed)).json == {"success": True}
        shown = (await talk.graph("GET", found["id"])).json
        assert (shown["status"], shown["components"]) == ("PENDING", changed["components"])
        assert (await talk.graph("POST", found["id"], json=changed)).code == 100
        assert (await talk.graph("POST", found["id"], json=["x"])).code == 100


async def test_phone_numbers_show_the_fields_asked_for() -> None:
    async with talking(whatsapp={"rate": 80}) as talk:
        listed = (await talk.graph("GET", f"{WABA}/phone_numbers")).json
        assert [one["id"] for one in listed["data"]] == [NUMBER, "100000000000002"]
        assert listed["data"][0].keys() == sample("wa-phone-numbers.response.json")["data"][0].keys()
        fields = "throughput,quality_rating,whatsapp_business_manager_messaging_limit,status"
        number = (await talk.graph("GET", f"{NUMBER}?fields={fields}")).json
        assert number == {
            "throughput": {"level": "STANDARD"},
            "quality_rating": "GREEN",
            "whatsapp_business_manager_messaging_limit": "TIER_UNLIMITED",
            "status": "CONNECTED",
            "id": NUMBER,
        }
        unknown = await talk.graph("GET", "123/message_templates")
        assert (unknown.status, unknown.code) == (400, 100)
        assert (await talk.graph("GET", "404404")).code == 100


async def test_media_is_uploaded_described_downloaded_sent_and_deleted() -> None:
    content = bytes(range(256)) * 20 + b"\r\n--almost a boundary\r\n"
    form = aiohttp.FormData()
    form.add_field("messaging_product", "whatsapp")
    form.add_field("type", "image/jpeg")
    form.add_field("file", content, filename="map.jpg", content_type="image/jpeg")
    async with talking(whatsapp={"window": "off"}) as talk:
        number = (await talk.graph("POST", f"{NUMBER}/media", data=form)).json["id"]
        described = (await talk.graph("GET", number)).json
        assert described.keys() == sample("wa-media-get.response.json").keys()
        assert (described["file_size"], described["mime_type"]) == (len(content), "image/jpeg")
        assert (await talk.graph("GET", described["url"])).raw == content
        assert (await talk.call("GET", described["url"])).status == 401
        expired = described["url"].replace(urlsplit(described["url"]).query.split("ext=")[1], "1")
        assert (await talk.graph("GET", expired)).status == 404
        assert (await talk.whatsapp({**text(TO), "type": "image", "image": {"id": number}})).status == 200
        assert (await talk.graph("DELETE", number)).json == {"success": True}
        assert (await talk.whatsapp({**text(TO), "type": "image", "image": {"id": number}})).code == 100


async def test_media_of_an_unknown_kind_is_refused() -> None:
    form = aiohttp.FormData()
    form.add_field("messaging_product", "whatsapp")
    form.add_field("file", b"MZ", filename="a.exe", content_type="application/x-msdownload")
    async with talking() as talk:
        assert (await talk.graph("POST", f"{NUMBER}/media", data=form)).code == 100
        assert (await talk.graph("POST", f"{NUMBER}/media", data=b"no form")).code == 100


async def test_marking_as_read_is_no_message() -> None:
    async with talking() as talk:
        reply = await talk.whatsapp(sample("wa-mark-read.request.json"))
        assert reply.json == {"success": True}
        assert await talk.ledger() == []


async def test_the_marketing_endpoint_takes_marketing_templates_only() -> None:
    async with talking() as talk:
        path = f"{NUMBER}/marketing_messages"
        assert (await talk.graph("POST", path, json=promo(TO))).status == 200
        assert (await talk.graph("POST", path, json=order_update(TO))).code == 134100


async def test_exactly_the_rate_passes_in_any_second() -> None:
    async with talking(whatsapp={"rate": 40}) as talk:
        replies = await asyncio.gather(*(talk.whatsapp(order_update(person(n))) for n in range(100)))
        assert [reply.status for reply in replies].count(200) == 40
        refused = [reply for reply in replies if reply.status != 200]
        assert {(reply.status, reply.code) for reply in refused} == {(400, 130429)}
        total = await talk.total()
        assert (total["accepted"], total["throttled"], total["rate_max_1s"]) == (40, 60, 40)
        await asyncio.sleep(1.01)
        assert (await talk.whatsapp(order_update(person(1)))).status == 200


async def test_the_rate_is_each_number_s_own_and_the_status_can_be_429() -> None:
    numbers = [{"id": NUMBER, "rate": 1}, {"id": "100000000000002", "rate": 2}]
    async with talking(whatsapp={"numbers": numbers, "throttle_status": 429}) as talk:
        first = [await talk.whatsapp(order_update(person(n))) for n in range(3)]
        second = [await talk.whatsapp(order_update(person(n)), number="100000000000002") for n in range(3)]
        assert [reply.status for reply in first] == [200, 429, 429]
        assert [reply.status for reply in second] == [200, 200, 429]


async def test_the_pair_limit_strikes_one_person_only() -> None:
    limit = {"enabled": True, "burst": 3, "every_ms": 60_000}
    async with talking(whatsapp={"pair_limit": limit}) as talk:
        codes = [await talk.whatsapp(order_update(TO)) for _ in range(4)]
        assert [reply.status for reply in codes] == [200, 200, 200, 400]
        assert codes[3].code == 131056
        assert (await talk.whatsapp(order_update(person(2)))).status == 200
        assert (await talk.total())["throttled"] == 1


async def test_people_can_be_refused_with_any_code_by_name() -> None:
    async with talking(people={"refuse": {TO: 131030}}) as talk:
        reply = await talk.whatsapp(order_update(TO))
        assert (reply.status, reply.code) == (400, 131030)


async def test_some_templates_may_be_held_for_quality() -> None:
    async with talking(whatsapp={"held_share": 1}) as talk:
        reply = await talk.whatsapp(order_update(TO))
        assert reply.json["messages"][0]["message_status"] == "held_for_quality_assessment"
