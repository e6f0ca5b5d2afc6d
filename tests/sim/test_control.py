"""The simulator's own API: configuration, figures, ledger, and things done on request."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from clarion.sim.config import ConfigError, SimConfig, check, load_config, merged
from clarion.sim.server import Simulator
from tests.sim.talk import FROM, Hook, Talk, order_update, person, quick, talking, until


async def test_it_is_healthy_and_lists_its_endpoints() -> None:
    async with talking() as talk:
        assert (await talk.call("GET", "/healthz")).json == {"status": "ok"}
        nowhere = await talk.call("GET", "/nowhere")
        assert nowhere.status == 404
        assert "GET /_sim/stats" in nowhere.json["endpoints"]


async def test_a_patch_merges_deeply_and_a_put_replaces() -> None:
    async with talking(seed=7) as talk:
        patched = await talk.control(
            "PATCH", "config", {"latency": {"fixed_ms": 3}, "whatsapp": {"rate": 60}}
        )
        assert (patched["latency"]["fixed_ms"], patched["latency"]["kind"], patched["seed"]) == (
            3,
            "fixed",
            7,
        )
        assert patched["whatsapp"]["rate"] == 60
        assert patched["whatsapp"]["token"] == "sim-token"
        assert await talk.control("GET", "config") == patched
        assert talk.sim.world.config.whatsapp.rate == 60
        put = await talk.control("PUT", "config", {"seed": 9})
        assert (put["seed"], put["latency"]["kind"], put["whatsapp"]["rate"]) == (9, "uniform", 80)


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        ({"latency": {"low_ms": -1}}, "latency.low_ms"),
        ({"latency": {"low_ms": 600, "high_ms": 500}}, "latency"),
        ({"latency": {"kind": "gamma"}}, "latency.kind"),
        ({"faults": {"accept_then_timeout": 1.5}}, "faults.accept_then_timeout"),
        ({"faults": {"empty_2xx": 0.7, "broken_2xx": 0.7}}, "faults"),
        ({"faults": {"explode": 0.1}}, "faults.explode"),
        ({"whatsapp": {"rate": 0}}, "whatsapp.rate"),
        ({"whatsapp": {"webhook_url": "hooks"}}, "whatsapp.webhook_url"),
        ({"whatsapp": {"templates": [{"name": "A B"}]}}, "whatsapp.templates.0.id"),
        ({"twilio": {"account_sid": "AC1"}}, "twilio.account_sid"),
        ({"people": {"bad": ["nobody"]}}, "people.bad.0"),
        ({"people": {"replies": []}}, "people.replies"),
        ({"sede": 1}, "sede"),
    ],
)
async def test_a_wrong_value_is_named_and_changes_nothing(patch: dict[str, Any], field: str) -> None:
    async with talking() as talk:
        before = await talk.control("GET", "config")
        reply = await talk.call("PATCH", "/_sim/config", json=patch)
        assert reply.status == 422
        assert field in [problem["field"] for problem in reply.json["problems"]]
        assert field in reply.json["error"]
        assert await talk.control("GET", "config") == before


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"1"])
async def test_what_is_no_json_object_gets_a_clear_answer(raw: bytes) -> None:
    async with talking() as talk:
        for method, path in (("PATCH", "config"), ("PUT", "config"), ("POST", "inbound"), ("POST", "token")):
            reply = await talk.call(method, f"/_sim/{path}", data=raw)
            assert reply.status == 422
            assert "(body)" in reply.json["error"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("inbound", {"text": "hi"}, "from"),
        ("inbound", {"from": "+447700900001", "to": "999"}, "to"),
        ("inbound", {"from": "+447700900001", "to": "+12", "provider": "twilio"}, "to"),
        ("inbound", {"from": "+447700900001", "provider": "pigeon"}, "provider"),
        ("token", {"provider": "whatsapp", "action": "burn"}, "action"),
        ("template", {"name": "nobody", "action": "pause"}, "name"),
        ("throttle", {"provider": "twilio"}, "for_ms"),
    ],
)
async def test_a_wrong_order_is_named(path: str, body: dict[str, Any], field: str) -> None:
    async with talking() as talk:
        reply = await talk.call("POST", f"/_sim/{path}", json=body)
        assert reply.status == 422
        assert [problem["field"] for problem in reply.json["problems"]] == [field]


async def test_figures_are_kept_for_each_sender_and_for_all() -> None:
    async with talking() as talk:
        for n in range(10):
            await talk.whatsapp(order_update(person(n % 8), f"attempt-{n}"))
        await talk.whatsapp(order_update("Ana"))
        await talk.twilio(To=person(1), From=FROM, Body="Hi", StatusCallback="http://127.0.0.1:9/?attempt=1")
        await talk.twilio(To=person(1), From=FROM, Body="Hi", StatusCallback="http://127.0.0.1:9/?attempt=2")
        await talk.twilio(To=person(1), From=FROM, Body="Something else")
        stats = await talk.control("GET", "stats")
        whatsapp, twilio, total = stats["senders"]["100000000000001"], stats["senders"][FROM], stats["total"]
        assert (whatsapp["provider"], twilio["provider"]) == ("whatsapp", "twilio")
        assert [whatsapp[k] for k in ("requests", "accepted", "refused", "distinct_recipients")] == [
            11,
            10,
            1,
            8,
        ]
        assert (whatsapp["duplicates"], whatsapp["duplicates_by_recipient"]) == (2, 2)
        assert (twilio["duplicates"], twilio["duplicates_by_recipient"]) == (1, 2)
        assert whatsapp["codes"] == {"131009": 1}
        assert (total["requests"], total["accepted"], total["duplicates"], total["counted"]) == (
            14,
            13,
            3,
            14,
        )
        assert total["first_arrival"] == whatsapp["first_arrival"] < total["last_arrival"]
        assert (whatsapp["rate_max_1s"], total["rate_max_1s"]) == (11, 14)


async def test_the_mean_rate_is_measured_over_arrivals() -> None:
    async with talking() as talk:
        for n in range(21):
            await talk.whatsapp(order_update(person(n)))
            await asyncio.sleep(0.02)
        rows = await talk.ledger()
        span = rows[-1]["mono_ns"] - rows[0]["mono_ns"]
        assert (await talk.total())["rate_mean"] == pytest.approx(20e9 / span, abs=0.001)
        assert [row["mono_ns"] for row in rows] == sorted(row["mono_ns"] for row in rows)


async def test_the_ledger_is_read_in_pieces_and_accepted_rows_alone() -> None:
    async with talking(people={"refuse": {person(3): 131030}}) as talk:
        for n in range(6):
            await talk.whatsapp(order_update(person(n), f"attempt-{n}"))
        piece = await talk.call("GET", "/_sim/ledger?after=2&limit=3")
        rows = [orjson.loads(line) for line in piece.raw.splitlines()]
        assert [row["seq"] for row in rows] == [3, 4, 5]
        assert piece.headers["Content-Type"] == "application/x-ndjson"
        assert rows[0].keys() == {
            *(
                "seq",
                "mono_ns",
                "wall",
                "provider",
                "sender",
                "recipient",
                "echo",
                "outcome",
                "code",
                "fault",
            ),
            *("provider_id", "content"),
        }
        accepted = [
            orjson.loads(line) for line in (await talk.call("GET", "/_sim/ledger/accepted")).raw.splitlines()
        ]
        assert [[recipient, echo] for recipient, echo, _ in accepted] == [
            [person(n), f"attempt-{n}"] for n in (0, 1, 2, 4, 5)
        ]
        assert len({provider_id for _, _, provider_id in accepted}) == 5
        assert (await talk.call("GET", "/_sim/ledger?after=x")).status == 422


async def test_the_ledger_is_also_written_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    async with Simulator(quick(), ledger_path=path) as sim, Talk(sim) as talk:
        for n in range(300):
            await talk.whatsapp(order_update(person(n)))
        rows = await talk.ledger()
    assert [orjson.loads(line) for line in path.read_bytes().splitlines()] == rows


async def test_a_reset_forgets_everything_but_the_configuration() -> None:
    async with Hook() as hook, talking(whatsapp={"webhook_url": hook.url, "rate": 77}) as talk:
        await talk.control("PATCH", "config", {"receipts": {"sent": {"low_ms": 300, "high_ms": 300}}})
        first = (await talk.whatsapp(order_update(person(1)))).json["messages"][0]["id"]
        assert await talk.control("POST", "reset") == {"reset": True}
        total = await talk.total()
        assert (total["requests"], total["callbacks_pending"]) == (0, 0)
        assert (await talk.control("GET", "config"))["whatsapp"]["rate"] == 77
        second = (await talk.whatsapp(order_update(person(1)))).json["messages"][0]["id"]
        assert first != second
        await until(lambda: len(hook.statuses) >= 2)
        assert {item["id"] for item in hook.statuses} == {second}


async def test_a_person_can_be_made_to_write() -> None:
    async with (
        Hook() as hook,
        talking(whatsapp={"webhook_url": hook.url}, twilio={"inbound_url": f"{hook.url}/twilio"}) as talk,
    ):
        order = {
            "from": person(1),
            "to": "+1 555-010-0002",
            "payload": "yes",
            "text": "Yes",
            "kind": "list_reply",
        }
        await talk.control("POST", "inbound", order)
        await until(lambda: hook.messages)
        assert hook.values[0]["metadata"]["phone_number_id"] == "100000000000002"
        assert hook.messages[0]["interactive"] == {
            "type": "list_reply",
            "list_reply": {"id": "yes", "title": "Yes"},
        }
        await talk.control("POST", "inbound", {"provider": "twilio", "from": person(1), "text": "Olá"})
        await until(lambda: len(hook.posts) == 2)
        form = hook.posts[1].form
        assert (form["From"], form["To"], form["Body"], form["ToCity"]) == (person(1), FROM, "Olá", "")


async def test_the_webhook_is_verified_as_whatsapp_does() -> None:
    async with Hook() as hook, talking(whatsapp={"webhook_url": hook.url}) as talk:
        answer = await talk.control("POST", "verify")
        assert answer["verified"]
        assert "hub.verify_token=sim-verify" in hook.posts[0].url
        assert "hub.mode=subscribe" in hook.posts[0].url
        await talk.control("PATCH", "config", {"whatsapp": {"webhook_url": "http://127.0.0.1:9/none"}})
        assert not (await talk.control("POST", "verify"))["verified"]
    async with talking() as talk:
        assert (await talk.call("POST", "/_sim/verify")).status == 422


async def test_templates_paused_live_stay_paused_when_something_else_is_configured() -> None:
    async with talking() as talk:
        await talk.control("POST", "template", {"name": "order_update", "action": "pause"})
        await talk.control("PATCH", "config", {"seed": 2})
        assert (await talk.whatsapp(order_update(person(1)))).code == 132015
        config = await talk.control("GET", "config")
        config["whatsapp"]["templates"][0]["category"] = "MARKETING"
        await talk.control("PUT", "config", config)
        assert (await talk.whatsapp(order_update(person(1)))).status == 200


def test_a_configuration_is_read_from_toml_and_json(tmp_path: Path) -> None:
    toml, json = tmp_path / "sim.toml", tmp_path / "sim.json"
    toml.write_text("seed = 3\n[faults]\nprovider_5xx = 0.02\n[whatsapp]\nrate = 60\n")
    json.write_text('{"seed": 3, "faults": {"provider_5xx": 0.02}, "whatsapp": {"rate": 60}}')
    assert load_config(toml) == load_config(json)
    assert load_config(toml).whatsapp.rate == 60


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("sim.toml", "seed = ", "(file)"),
        ("sim.json", "{", "(file)"),
        ("sim.toml", "[faults]\nempty_2xx = 2", "faults.empty_2xx"),
        ("sim.toml", "seed = 2026-01-01", "seed"),
        ("sim.json", "[]", "(the whole)"),
    ],
)
def test_a_configuration_that_cannot_be_read_says_where(
    tmp_path: Path, name: str, content: str, told: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert told in str(caught.value)


def test_a_missing_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml"):
        load_config(tmp_path / "nowhere.toml")


def test_every_setting_survives_being_written_and_read() -> None:
    config = quick(people={"bad": ["+447700900001"]}, faults={"recipients": {"+447700900001": "empty_2xx"}})
    assert check(SimConfig, config.model_dump(mode="json")) == config
    assert merged(config, {}) == config
