"""Webhooks over real HTTP: who gets in, what is stored, what comes of it; on both databases."""

import asyncio
import base64
import hmac
import io
import json
import random
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
import sqlalchemy as sa

from clarion.services.senders import add_sender
from tests.support.stack import Stack, stack

NUMBER, OTHER = "100000000000001", "100000000000002"
ACCOUNT = "AC00000000000000000000000000000001"
SECRET = "sim-app-secret"
SILENT = {"receipts": {"missing": 1}}
"""A simulator that never says what became of a message: the tests do."""


def webhooks(clarion: Stack, provider: str = "whatsapp") -> str:
    return f"{clarion.settings.http.public_url}/webhooks/{provider}"


def payload(*statuses: Any, number: str = NUMBER, **value: Any) -> bytes:
    value = {"metadata": {"phone_number_id": number}, "statuses": list(statuses), **value}
    entry = {"id": "200000000000001", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def status(row: Any, word: str, *, at: int = 1_790_000_000, **more: Any) -> dict[str, Any]:
    """A receipt as Meta writes it, for a row of `messages`."""
    failed = {"errors": [{"code": 131026, "title": "Message undeliverable"}]} if word == "failed" else {}
    return {"id": row.provider_id, "status": word, "timestamp": str(at), **failed, **more}


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Hub-Signature-256": f"sha256={hmac.digest(secret.encode(), body, 'sha256').hex()}"}


async def post(
    clarion: Stack, body: bytes | io.BytesIO, headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    given = headers if headers is not None or not isinstance(body, bytes) else signed(body)
    async with (
        aiohttp.ClientSession() as http,
        http.post(webhooks(clarion), data=body, headers=given) as answer,
    ):
        return answer.status, await answer.text()


async def another_account(clarion: Stack) -> None:
    """A second WhatsApp sender, of another app with its own secret."""
    await add_sender(
        clarion.db,
        clarion.box,
        workspace=1,
        name="other",
        provider="whatsapp",
        account=OTHER,
        config={"waba_id": "200000000000002"},
        secrets={"token": "t", "app_secret": "another secret", "verify_token": "v"},
        rate=0,
    )


async def rows(clarion: Stack, query: str) -> Sequence[Any]:
    async with clarion.db.reading() as tx:
        return await tx.all(query)


async def number_of(clarion: Stack, query: str) -> int:
    return int((await rows(clarion, f"SELECT count(*) AS n FROM {query}"))[0].n)


async def accepted(clarion: Stack, people: int) -> tuple[int, Sequence[Any]]:
    """A campaign whose messages the provider took and said nothing about since; its id and messages."""
    campaign = await clarion.campaign(await clarion.whatsapp(), await clarion.people(people))
    await clarion.until(campaign, lambda c: c.get("accepted") == people)
    return campaign, await rows(clarion, "SELECT id, provider_id, address FROM messages ORDER BY id")


async def read_up(clarion: Stack) -> None:
    """Wait until no stored event waits to be read for the first time."""
    for _ in range(400):
        if not await number_of(clarion, "inbox WHERE state = 'new'"):
            return
        await asyncio.sleep(0.025)
    pytest.fail("events are still unread after 10 s")


async def test_R10_only_what_the_provider_signed_gets_in(database_url: str, tmp_path: Path) -> None:
    async with stack(database_url, tmp_path, sim=SILENT) as clarion:
        campaign, (row,) = await accepted(clarion, 1)
        await another_account(clarion)
        body = payload(status(row, "delivered"))
        again = json.dumps(json.loads(body), separators=(",", ":")).encode()
        wrong = {"X-Hub-Signature-256": "sha256=" + "0" * 64}
        sha1 = {"X-Hub-Signature": "sha1=" + hmac.digest(SECRET.encode(), body, "sha1").hex()}
        attempts = [
            await post(clarion, body, {}),
            await post(clarion, body, wrong),
            await post(clarion, body, sha1),
            await post(clarion, body.replace(b"delivered", b"read"), signed(body)),
            await post(clarion, body, signed(body, "another secret")),
            await post(clarion, again, signed(body)),
        ]
        assert attempts == [(403, "refused")] * 6
        assert await number_of(clarion, "inbox") == 0
        assert await post(clarion, body) == (200, "ok")
        await clarion.until(campaign, lambda c: c.get("delivered") == 1)


async def test_R10_the_secret_of_one_account_moves_no_message_of_another(
    database_url: str, tmp_path: Path
) -> None:
    async with stack(database_url, tmp_path, sim=SILENT) as clarion:
        campaign, (row,) = await accepted(clarion, 1)
        await another_account(clarion)
        own = json.loads(payload(number=OTHER))
        own["entry"] += json.loads(payload(status(row, "failed")))["entry"]
        own["entry"] += json.loads(payload(status(row, "failed"), number=OTHER))["entry"]
        body = json.dumps(own).encode()
        assert await post(clarion, body, signed(body, "another secret")) == (200, "ok")
        await read_up(clarion)
        assert await clarion.counts(campaign) == {"audience": 1, "accepted": 1}
        assert await number_of(clarion, "inbox WHERE state = 'orphan'") == 2


async def test_R10_a_twilio_form_with_one_changed_byte_is_refused(database_url: str, tmp_path: Path) -> None:
    async with stack(database_url, tmp_path, sim=SILENT) as clarion:
        await clarion.twilio()
        form = {"AccountSid": ACCOUNT, "MessageSid": "SM" + "1" * 32, "MessageStatus": "sent"}
        url = webhooks(clarion, "twilio")
        material = url + "".join(name + form[name] for name in sorted(form))
        signature = base64.b64encode(hmac.digest(b"sim-auth-token", material.encode(), "sha1")).decode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answers = []
        async with aiohttp.ClientSession() as http:
            for said, header in (
                (form, {}),
                (form, {"X-Twilio-Signature": "x" * 28}),
                ({**form, "MessageStatus": "delivered"}, {"X-Twilio-Signature": signature}),
                (form, {"X-Twilio-Signature": signature, "Host": "evil.example.com"}),
            ):
                async with http.post(url, data=urlencode(said), headers={**kind, **header}) as answer:
                    answers.append(answer.status)
        assert answers == [403, 403, 403, 200]
        assert await number_of(clarion, "inbox") == 1


async def test_R11_every_webhook_three_times_at_once_has_one_effect(
    database_url: str, tmp_path: Path
) -> None:
    async with stack(database_url, tmp_path, sim=SILENT) as clarion:
        campaign, messages = await accepted(clarion, 30)
        said = [
            {"id": f"wamid.reply{n}", "from": row.address[1:], "timestamp": "1790000000", "type": "text"}
            for n, row in enumerate(messages)
        ]
        bodies = [payload(status(row, word)) for row in messages for word in ("delivered", "read")]
        bodies += [payload(messages=[{**reply, "text": {"body": "hi"}}]) for reply in said]
        answers = await asyncio.gather(*(post(clarion, body) for body in bodies * 3))
        assert answers == [(200, "ok")] * 270
        await clarion.until(campaign, lambda c: c.get("read") == 30)
        await read_up(clarion)
        assert await number_of(clarion, "inbox") == 90
        assert await number_of(clarion, "replies") == 30
        assert await clarion.counts(campaign) == {"audience": 30, "read": 30}
        assert await clarion.books() == []


RANK = ("sent", "failed", "delivered", "read")


async def test_R12_statuses_in_any_order_give_one_result(database_url: str, tmp_path: Path) -> None:
    async with stack(database_url, tmp_path, sim=SILENT) as clarion:
        campaign, messages = await accepted(clarion, 40)
        chance = random.Random(12)
        told = [chance.sample(RANK, chance.randint(1, 4)) if n else ["read"] for n, _ in enumerate(messages)]
        events = [(row, word) for row, words in zip(messages, told, strict=True) for word in words]
        chance.shuffle(events)
        for at in range(0, len(events), 7):
            assert (await post(clarion, payload(*(status(*e) for e in events[at : at + 7]))))[0] == 200
        await read_up(clarion)
        shown = {row.id: row for row in await rows(clarion, "SELECT * FROM messages")}
        for row, words in zip(messages, told, strict=True):
            now = shown[row.id]
            assert now.status == max(words, key=RANK.index)
            assert bool(now.delivered_at) == bool({"delivered", "read"} & set(words))
            assert bool(now.conflict) == ("failed" in words and bool(now.delivered_at))
        assert await clarion.books() == []
        assert (await clarion.counts(campaign))["audience"] == 40


async def test_R13_a_status_before_the_http_answer_settles_at_once(database_url: str, tmp_path: Path) -> None:
    slow = {**SILENT, "latency": {"kind": "fixed", "low_ms": 1500, "high_ms": 1500}}
    async with stack(database_url, tmp_path, sim=slow) as clarion:
        campaign = await clarion.campaign(await clarion.whatsapp(), await clarion.people(1))
        await clarion.until(campaign, lambda c: c.get("sending") == 1)
        (row,) = await rows(clarion, "SELECT message_id, attempt_id FROM outbox")
        echo = {"biz_opaque_callback_data": f"{row.message_id}.{row.attempt_id}"}
        early = {"id": "wamid.early", "status": "delivered", "timestamp": "1790000000", **echo}
        assert await post(clarion, payload(early)) == (200, "ok")
        counts = await clarion.until(campaign, lambda c: not c.get("sending"), seconds=1)
        assert counts == {"audience": 1, "delivered": 1}
        await asyncio.sleep(2)
        (message,) = await rows(clarion, "SELECT status, provider_id FROM messages")
        assert (message.status, message.provider_id) == ("delivered", "wamid.early")
        assert await clarion.books() == []


async def test_R14_one_broken_event_in_a_thousand_costs_no_other(database_url: str, tmp_path: Path) -> None:
    async with stack(database_url, tmp_path, sim=SILENT) as clarion:
        campaign, messages = await accepted(clarion, 998)
        statuses: list[Any] = [status(row, "delivered") for row in messages]
        statuses.insert(100, {"status": "delivered", "timestamp": "1790000000"})
        statuses.insert(500, status(messages[0], "teleported"))
        whole = json.loads(payload(*statuses))
        whole["entry"][0]["changes"].append({"field": "horoscope", "value": {"sign": "Leo"}})
        assert await post(clarion, json.dumps(whole).encode()) == (200, "ok")
        await clarion.until(campaign, lambda c: c.get("delivered") == 998)
        await read_up(clarion)
        aside = await rows(clarion, "SELECT reason FROM inbox WHERE state = 'aside' ORDER BY id")
        assert [row.reason for row in aside] == [
            "The event cannot be read: a status has no id.",
            "The status word teleported is not known.",
            "Events called horoscope are not acted on.",
        ]
        assert await number_of(clarion, "inbox WHERE state = 'done'") == 998
        assert await clarion.books() == []


async def test_an_event_that_breaks_is_set_aside_alone_and_late_failures_of_a_finished_campaign_blame_nobody(
    database_url: str, tmp_path: Path
) -> None:
    async with stack(database_url, tmp_path, sim=SILENT) as clarion:
        campaign, messages = await accepted(clarion, 60)
        async with clarion.db.transaction() as tx:
            await tx.run("UPDATE campaigns SET status = 'finished'")
        for row in messages:
            assert (await post(clarion, payload(status(row, "failed"))))[0] == 200
        await clarion.until(campaign, lambda c: c.get("failed") == 60)
        await read_up(clarion)
        assert await number_of(clarion, "inbox WHERE state = 'done' AND tries = 0 AND reason = ''") == 60


async def test_the_get_verification_answers_only_our_token(database_url: str, tmp_path: Path) -> None:
    async with stack(database_url, tmp_path) as clarion:
        await clarion.whatsapp()
        answers = []
        async with aiohttp.ClientSession() as http:
            for token in ("sim-verify", "another", ""):
                asked = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1158201444"}
                async with http.get(webhooks(clarion), params=asked) as answer:
                    answers.append((answer.status, await answer.text()))
        assert answers == [(200, "1158201444"), (403, "refused"), (403, "refused")]


async def test_more_than_four_mebibytes_are_refused(database_url: str, tmp_path: Path) -> None:
    async with stack(database_url, tmp_path) as clarion:
        await clarion.whatsapp()
        largest = 4 * 1024 * 1024
        assert await post(clarion, io.BytesIO(b"x" * largest), {}) == (403, "refused")
        assert await post(clarion, io.BytesIO(b"x" * (largest + 1)), {}) == (413, "too large")

        async def in_pieces() -> Any:
            for _ in range(65):
                yield b"x" * 65_536

        async with aiohttp.ClientSession() as http, http.post(webhooks(clarion), data=in_pieces()) as answer:
            assert answer.status == 413
        assert await number_of(clarion, "inbox") == 0


async def test_R15_what_cannot_be_stored_is_not_acknowledged(database_url: str, tmp_path: Path) -> None:
    async with stack(database_url, tmp_path, sim=SILENT) as clarion:
        campaign, (row,) = await accepted(clarion, 1)
        body = payload(status(row, "delivered"))
        async with clarion.db.transaction() as tx:
            await tx.run("ALTER TABLE inbox RENAME TO away")
        assert await post(clarion, body) == (503, "try again")
        async with clarion.db.transaction() as tx:
            await tx.run("ALTER TABLE away RENAME TO inbox")
        assert await post(clarion, body) == (200, "ok")
        await clarion.until(campaign, lambda c: c.get("delivered") == 1)
        assert await number_of(clarion, "inbox") == 1


async def test_R30_a_webhook_is_answered_within_seconds_while_another_process_holds_the_file(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with stack(sqlite_url, tmp_path, sim=SILENT) as clarion:
        campaign, (row,) = await accepted(clarion, 1)
        body = payload(status(row, "delivered"))
        other = sqlite3.connect(str(sa.make_url(sqlite_url).database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        began = asyncio.get_running_loop().time()
        assert await post(clarion, body) == (503, "try again")
        assert asyncio.get_running_loop().time() - began < 6
        other.execute("ROLLBACK")
        other.close()
        assert await post(clarion, body) == (200, "ok")
        await clarion.until(campaign, lambda c: c.get("delivered") == 1)
        assert await number_of(clarion, "inbox") == 1
