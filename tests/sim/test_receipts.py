"""Receipts and replies come back signed, and can come in every wrong way."""

import hashlib
import hmac
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl

import pytest

from clarion.sim.webhooks import twilio_signature
from tests.sim.talk import (
    FROM,
    SERVICE,
    WHATSAPP_FROM,
    Hook,
    order_update,
    person,
    promo,
    talking,
    text,
    until,
)

TO = person(1)
ALL_READ = {"read_share": 1.0}


async def test_whatsapp_receipts_are_signed_echo_our_string_and_come_in_order() -> None:
    async with Hook() as hook, talking(people=ALL_READ, whatsapp={"webhook_url": hook.url}) as talk:
        wamid = (await talk.whatsapp(order_update(TO, "attempt:42 é"))).json["messages"][0]["id"]
        await until(lambda: len(hook.statuses) == 3)
        assert [item["status"] for item in hook.statuses] == ["sent", "delivered", "read"]
        for item in hook.statuses:
            assert (item["id"], item["biz_opaque_callback_data"]) == (wamid, "attempt:42 é")
            assert (item["recipient_id"], item["timestamp"].isdigit()) == (TO[1:], True)
        assert hook.statuses[0]["pricing"]["category"] == "utility"
        for post in hook.posts:
            digest = hmac.new(b"sim-app-secret", post.body, hashlib.sha256).hexdigest()
            assert post.headers["X-Hub-Signature-256"] == f"sha256={digest}"
            assert post.body.isascii()
            assert post.json["entry"][0]["id"] == "200000000000001"
            value = post.json["entry"][0]["changes"][0]["value"]
            assert value["metadata"] == {
                "display_phone_number": "15550100001",
                "phone_number_id": "100000000000001",
            }
        total = await talk.total()
        assert [total[name] for name in ("sent", "delivered", "read", "failed")] == [1, 1, 1, 0]
        assert (total["callbacks_sent"], total["callbacks_pending"]) == (3, 0)


async def test_updates_of_many_messages_share_posts_up_to_the_limit() -> None:
    delivery = {"batch_max": 40, "batch_wait_ms": 300}
    async with (
        Hook() as hook,
        talking(people=ALL_READ, delivery=delivery, whatsapp={"webhook_url": hook.url}) as talk,
    ):
        for n in range(30):
            await talk.whatsapp(order_update(person(n)))
        await until(lambda: len(hook.statuses) == 90)
        sizes = [
            len(change["value"]["statuses"]) for p in hook.posts for change in p.json["entry"][0]["changes"]
        ]
        assert max(sizes) == 40
        assert len(hook.posts) <= 5


async def test_with_a_batch_of_one_each_update_has_its_own_post() -> None:
    async with Hook() as hook, talking(delivery={"batch_max": 1}, whatsapp={"webhook_url": hook.url}) as talk:
        for n in range(5):
            await talk.whatsapp(order_update(person(n)))
        await until(lambda: len(hook.statuses) >= 10)
        assert len(hook.posts) == len(hook.statuses)


async def test_a_webhook_that_fails_is_called_again_until_it_takes_the_update() -> None:
    async with (
        Hook(answers=[500, 503, 301, 204]) as hook,
        talking(
            people={"read_share": 0}, delivery={"batch_wait_ms": 50}, whatsapp={"webhook_url": hook.url}
        ) as talk,
    ):
        await talk.whatsapp(order_update(TO))
        await until(lambda: len(hook.posts) == 5)
        assert len({post.body for post in hook.posts}) == 1
        await until(lambda: talk.sim.world.ledger.total.events["callbacks_pending"] == 0)
        total = await talk.total()
        assert (total["callbacks_sent"], total["callbacks_failed"]) == (2, 0)


async def test_a_webhook_that_never_works_is_given_up_at_the_horizon() -> None:
    delivery = {"retry_ms": 1_000, "retry_factor": 2, "retry_horizon_s": 8, "clock": 1_000}
    async with (
        Hook(status=500) as hook,
        talking(
            people={"read_share": 0},
            delivery={**delivery, "batch_wait_ms": 50},
            whatsapp={"webhook_url": hook.url},
        ) as talk,
    ):
        await talk.whatsapp(order_update(TO))
        await until(lambda: talk.sim.world.ledger.total.events["callbacks_failed"] == 2)
        assert (
            len(hook.posts) == 5
        )  # at first, at once, and after 1, 2 and 4 s of a clock that runs 1,000 times faster


@pytest.mark.parametrize(
    ("receipts", "expected"),
    [
        ({"reversed": 1}, ["read", "delivered", "sent"]),
        ({"repeated": 1}, ["sent", "sent", "delivered", "delivered", "read", "read"]),
        ({"missing": 1}, []),
        ({"skip_delivered": 1}, ["sent", "read"]),
    ],
)
@pytest.mark.parametrize("provider", ["whatsapp", "twilio"])
async def test_receipts_can_be_reversed_repeated_and_missing(
    provider: str, receipts: dict[str, float], expected: list[str]
) -> None:
    async with (
        Hook() as hook,
        talking(
            people=ALL_READ,
            receipts=receipts,
            whatsapp={"webhook_url": hook.url},
            delivery={"connections": 1},
        ) as talk,
    ):
        if provider == "whatsapp":
            await talk.whatsapp(order_update(TO))
        else:
            form = {"ContentSid": f"HX{1:032x}", "StatusCallback": f"{hook.url}?attempt=7"}
            await talk.twilio(To=f"whatsapp:{TO}", From=WHATSAPP_FROM, **form)
        await until(lambda: talk.sim.world.ledger.total.events["read"] == 1)
        await until(lambda: talk.sim.world.ledger.total.events["callbacks_pending"] == 0)
        if provider == "whatsapp":
            told = [item["status"] for item in hook.statuses]
        else:
            told = [post.form["MessageStatus"] for post in hook.posts]
        assert sorted(told) == sorted(expected) if "repeated" in receipts else told == expected


async def test_receipts_can_be_late_and_can_come_before_the_answer() -> None:
    slow = {"kind": "fixed", "fixed_ms": 400}
    async with (
        Hook() as hook,
        talking(latency=slow, receipts={"before_answer": 1}, whatsapp={"webhook_url": hook.url}) as talk,
    ):
        wamid = (await talk.whatsapp(order_update(TO))).json["messages"][0]["id"]
        assert hook.statuses[0]["id"] == wamid
    async with (
        Hook() as hook,
        talking(receipts={"late": 1, "late_ms": 300}, whatsapp={"webhook_url": hook.url}) as talk,
    ):
        await talk.whatsapp(order_update(TO))
        await until(lambda: talk.sim.world.ledger.total.events["delivered"] == 1)
        assert hook.posts == []
        await until(lambda: hook.statuses)


@pytest.mark.parametrize(
    ("people", "marketing", "code"),
    [
        ({"bad": [TO]}, False, 131026),
        ({"bad_share": 1}, False, 131026),
        ({"opted_out": [TO]}, True, 131050),
        ({"opted_out_share": 1}, True, 131050),
        ({"fail": {TO: 131049}}, True, 131049),
    ],
)
async def test_who_cannot_be_reached_on_whatsapp_is_accepted_and_fails_later(
    people: dict[str, Any], marketing: bool, code: int
) -> None:
    async with Hook() as hook, talking(people=people, whatsapp={"webhook_url": hook.url}) as talk:
        reply = await talk.whatsapp(promo(TO) if marketing else order_update(TO))
        assert reply.status == 200
        await until(lambda: hook.statuses)
        (item,) = hook.statuses
        assert (item["status"], item["errors"][0]["code"]) == ("failed", code)
        assert item["errors"][0].keys() == {"code", "title", "message", "error_data", "href"}
        assert "contacts" not in hook.values[0]
        assert (await talk.total())["failed"] == 1


async def test_opted_out_people_still_get_utility_messages() -> None:
    async with talking(people={"opted_out": [TO]}) as talk:
        await talk.whatsapp(order_update(TO))
        await until(lambda: talk.sim.world.ledger.total.events["delivered"] == 1)


async def test_a_free_form_message_outside_the_window_can_fail_later() -> None:
    async with Hook() as hook, talking(whatsapp={"webhook_url": hook.url, "window": "async"}) as talk:
        assert (await talk.whatsapp(text(TO))).status == 200
        await until(lambda: hook.statuses)
        assert hook.statuses[0]["errors"][0]["code"] == 131047


async def test_twilio_callbacks_are_signed_over_the_url_of_each_message() -> None:
    async with Hook() as hook, talking() as talk:
        url = f"{hook.url}?attempt=01JD3V7Q2N8X&a=b%20c"
        sid = (await talk.twilio(To=TO, MessagingServiceSid=SERVICE, Body="Hi", StatusCallback=url)).json[
            "sid"
        ]
        await until(lambda: len(hook.posts) == 3)
        assert [post.form["MessageStatus"] for post in hook.posts] == ["queued", "sent", "delivered"]
        for post in hook.posts:
            pairs = parse_qsl(post.body.decode(), keep_blank_values=True)
            assert post.headers["X-Twilio-Signature"] == twilio_signature("sim-auth-token", url, pairs)
            assert post.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
            assert (post.form["MessageSid"], post.form["MessagingServiceSid"]) == (sid, SERVICE)
            assert post.form["From"] in {FROM, "+15005550010"}
        assert "RawDlrDoneDate" in hook.posts[2].form
        (row,) = await talk.ledger()
        assert (row["echo"], row["sender"], row["recipient"]) == ("01JD3V7Q2N8X", SERVICE, TO)


async def test_no_callback_is_made_for_the_status_that_was_in_the_answer() -> None:
    async with Hook() as hook, talking() as talk:
        await talk.twilio(To=TO, From=FROM, Body="Hi", StatusCallback=hook.url)
        await until(lambda: len(hook.posts) == 2)
        assert [post.form["MessageStatus"] for post in hook.posts] == ["sent", "delivered"]


@pytest.mark.parametrize(
    ("people", "form", "status", "code"),
    [
        ({"bad": [TO]}, {"To": TO, "From": FROM, "Body": "Hi"}, "undelivered", 30005),
        (
            {"bad": [TO]},
            {"To": f"whatsapp:{TO}", "From": WHATSAPP_FROM, "ContentSid": f"HX{1:032x}"},
            "failed",
            63024,
        ),
        ({"opted_out": [TO]}, {"To": TO, "From": FROM, "Body": "Hi"}, "failed", 21610),
        (
            {"opted_out": [TO]},
            {"To": f"whatsapp:{TO}", "From": WHATSAPP_FROM, "ContentSid": f"HX{2:032x}"},
            "undelivered",
            63033,
        ),
        ({"fail": {TO: 30003}}, {"To": TO, "From": FROM, "Body": "Hi"}, "undelivered", 30003),
    ],
)
async def test_who_cannot_be_reached_over_twilio_is_accepted_and_fails_later(
    people: dict[str, Any], form: dict[str, str], status: str, code: int
) -> None:
    async with Hook() as hook, talking(people=people, twilio={"advanced_opt_out": True}) as talk:
        sent = await talk.twilio(StatusCallback=hook.url, **form)
        assert sent.status == 201
        await until(lambda: hook.posts)
        assert (hook.posts[-1].form["MessageStatus"], hook.posts[-1].form["ErrorCode"]) == (status, str(code))
        fetched = (await talk.twilio_api("GET", sent.json["uri"])).json
        assert (fetched["status"], fetched["error_code"]) == (status, code)


async def test_people_who_opted_out_are_refused_by_twilio_at_once_by_default() -> None:
    async with talking(people={"opted_out": [TO]}) as talk:
        assert (await talk.twilio(To=TO, From=FROM, Body="Hi")).code == 21610


async def test_twilio_does_not_repeat_a_callback_unless_the_url_asks_for_it() -> None:
    async with Hook(answers=[500] * 20) as hook, talking(delivery={"retry_ms": 5}) as talk:
        await talk.twilio(To=TO, From=FROM, Body="Hi", StatusCallback=hook.url)
        await until(lambda: talk.sim.world.ledger.total.events["callbacks_failed"] == 2)
        assert len(hook.posts) == 2
        await talk.twilio(To=TO, From=FROM, Body="Hi", StatusCallback=f"{hook.url}#rc=3&rp=5xx")
        await until(lambda: talk.sim.world.ledger.total.events["callbacks_failed"] == 4)
        assert len(hook.posts) == 2 + 8
        tokens = Counter(post.headers["I-Twilio-Idempotency-Token"] for post in hook.posts)
        assert sorted(tokens.values()) == [1, 1, 4, 4]


async def test_twilio_repeats_a_callback_once_when_nobody_answers_the_door() -> None:
    async with Hook() as hook:
        closed = hook.url
    async with talking() as talk:
        await talk.twilio(To=TO, From=FROM, Body="Hi", StatusCallback=closed)
        await until(lambda: talk.sim.world.ledger.total.events["callbacks_failed"] == 2)


async def test_callbacks_without_an_address_are_counted() -> None:
    async with talking() as talk:
        await talk.twilio(To=TO, From=FROM, Body="Hi")
        await talk.whatsapp(order_update(TO))
        await until(lambda: talk.sim.world.ledger.total.events["callbacks_unaddressed"] >= 4)


async def test_people_reply_with_text_or_press_the_button_they_were_sent() -> None:
    people = {"reply_share": 1, "replies": [{"button": 0}], "read_share": 0}
    async with Hook() as hook, talking(people=people, whatsapp={"webhook_url": hook.url}) as talk:
        wamid = (await talk.whatsapp(promo(TO))).json["messages"][0]["id"]
        await until(lambda: hook.messages)
        (reply,) = hook.messages
        assert (reply["from"], reply["type"]) == (TO[1:], "button")
        assert reply["button"] == {"payload": "MORE:7", "text": "Tell me more"}
        assert reply["context"] == {"from": "15550100001", "id": wamid}
        await talk.control("PATCH", "config", {"people": {"replies": [{"text": "Olá"}]}})
        await talk.whatsapp(order_update(TO))
        await until(lambda: len(hook.messages) == 2)
        assert hook.messages[1]["text"] == {"body": "Olá"}
        assert (await talk.total())["replied"] == 2


async def test_people_reply_to_twilio_messages_too() -> None:
    people = {"reply_share": 1, "replies": [{"button": 1}]}
    async with Hook() as hook, talking(people=people, twilio={"inbound_url": hook.url}) as talk:
        form = {"ContentSid": f"HX{3:032x}", "ContentVariables": '{"1":"Ana"}'}
        sid = (await talk.twilio(To=f"whatsapp:{TO}", From=WHATSAPP_FROM, **form)).json["sid"]
        await until(lambda: hook.posts)
        form = hook.posts[0].form
        assert (form["From"], form["To"], form["WaId"]) == (f"whatsapp:{TO}", WHATSAPP_FROM, TO[1:])
        assert (form["ButtonPayload"], form["ButtonText"], form["Body"]) == (
            "SLOT_NO",
            "Another day",
            "Another day",
        )
        assert form["OriginalRepliedMessageSid"] == sid
        pairs = list(form.items())
        assert hook.posts[0].headers["X-Twilio-Signature"] == twilio_signature(
            "sim-auth-token", hook.url, pairs
        )


@pytest.mark.parametrize(
    ("identity", "present", "absent"),
    [
        ("phone", {"recipient_id"}, {"recipient_user_id"}),
        ("both", {"recipient_id", "recipient_user_id"}, set()),
        ("user_id", {"recipient_user_id"}, {"recipient_id"}),
    ],
)
async def test_webhooks_can_name_people_by_number_or_user_id(
    identity: str, present: set[str], absent: set[str]
) -> None:
    settings = {"identity": identity, "extra_fields": True}
    async with Hook() as hook, talking(whatsapp={"webhook_url": hook.url, **settings}) as talk:
        await talk.whatsapp(order_update(TO))
        await until(lambda: hook.statuses)
        assert present <= hook.statuses[0].keys()
        assert not absent & hook.statuses[0].keys()
        assert hook.values[0]["undocumented_field"]
