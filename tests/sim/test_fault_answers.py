"""Each fault does over the wire what its name says, and the ledger knows whether the message was taken."""

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from clarion.sim.faults import BEFORE, Fault
from tests.sim.talk import FROM, Hook, Talk, order_update, person, talking, until


async def send(talk: Talk, provider: str, number: int = 1) -> Any:
    """One valid message; aiohttp's exception instead of an answer when there is none."""
    try:
        if provider == "whatsapp":
            return await talk.whatsapp(order_update(person(number)))
        return await talk.twilio(To=person(number), From=FROM, Body="Hi")
    except aiohttp.ClientError as error:
        return error


@pytest.mark.parametrize("provider", ["whatsapp", "twilio"])
@pytest.mark.parametrize("fault", Fault)
async def test_the_ledger_says_whether_a_faulty_request_was_accepted(provider: str, fault: Fault) -> None:
    async with talking(faults={fault.value: 1, "timeout_ms": 20}) as talk:
        await send(talk, provider)
        (row,) = await talk.ledger()
        assert row["fault"] == fault
        assert (row["outcome"] == "accepted") == (fault not in BEFORE)
        assert (row["provider_id"] is not None) == (fault not in BEFORE)
        total = await talk.total()
        assert total["faults"] == {fault.value: 1}
        assert total["accepted"] == (fault not in BEFORE)


@pytest.mark.parametrize("fault", ["reset_before_accept", "reset_after_accept"])
@pytest.mark.parametrize("provider", ["whatsapp", "twilio"])
async def test_a_reset_is_a_reset(provider: str, fault: str) -> None:
    async with talking(faults={fault: 1}) as talk:
        error = await send(talk, provider)
        assert isinstance(error, aiohttp.ClientOSError)
        assert isinstance(error, ConnectionResetError) or error.errno == 104


@pytest.mark.parametrize("fault", ["html_5xx_before_accept", "html_5xx_after_accept"])
@pytest.mark.parametrize("provider", ["whatsapp", "twilio"])
async def test_a_bare_5xx_has_no_envelope(provider: str, fault: str) -> None:
    async with talking(faults={fault: 1, "html_status": 502}) as talk:
        reply = await send(talk, provider)
        assert reply.status == 502
        assert reply.headers["Content-Type"].startswith("text/html")
        assert b"<html>" in reply.raw


@pytest.mark.parametrize(
    ("provider", "settings", "status", "code"),
    [
        ("whatsapp", {}, 500, 131000),
        ("whatsapp", {"whatsapp_5xx_code": 131016}, 500, 131016),
        ("twilio", {}, 500, 20500),
        ("twilio", {"twilio_5xx_code": 20503}, 503, 20503),
    ],
)
async def test_a_provider_s_5xx_comes_in_its_envelope(
    provider: str, settings: dict[str, int], status: int, code: int
) -> None:
    async with talking(faults={"provider_5xx": 1, **settings}) as talk:
        reply = await send(talk, provider)
        assert (reply.status, reply.code) == (status, code)


@pytest.mark.parametrize("provider", ["whatsapp", "twilio"])
async def test_a_2xx_can_be_empty_or_cut_off(provider: str) -> None:
    async with talking(faults={"empty_2xx": 1}) as talk:
        empty = await send(talk, provider)
        await talk.control("PATCH", "config", {"faults": {"empty_2xx": 0, "broken_2xx": 1}})
        broken = await send(talk, provider)
        assert empty.status // 100 == broken.status // 100 == 2
        assert empty.raw == b""
        with pytest.raises(ValueError):
            _ = broken.json
        assert (await talk.total())["accepted"] == 2


async def test_the_answer_of_an_accepted_message_can_come_late_while_its_receipts_do_not() -> None:
    async with (
        Hook() as hook,
        talking(
            faults={"accept_then_timeout": 1, "timeout_ms": 500}, whatsapp={"webhook_url": hook.url}
        ) as talk,
    ):
        started = time.monotonic()
        reply = await talk.whatsapp(order_update(person(1)))
        assert time.monotonic() - started > 0.5
        assert reply.status == 200
        assert hook.statuses
        assert hook.posts[0].at - started < 0.3


async def test_the_answer_of_an_accepted_message_can_stay_away_for_ever() -> None:
    async with (
        Hook() as hook,
        talking(
            faults={"accept_then_timeout": 1, "timeout_ms": None}, whatsapp={"webhook_url": hook.url}
        ) as talk,
    ):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(talk.whatsapp(order_update(person(1))), 0.3)
        await until(lambda: len(hook.statuses) >= 2)
        assert (await talk.total())["accepted"] == 1


@pytest.mark.parametrize("provider", ["whatsapp", "twilio"])
async def test_the_same_recipients_suffer_in_every_run(provider: str) -> None:
    shares = {"provider_5xx": 0.1, "html_5xx_after_accept": 0.1, "empty_2xx": 0.1}
    runs = []
    for seed in (5, 5, 6):
        async with talking(faults=shares, seed=seed) as talk:
            await asyncio.gather(*(send(talk, provider, n) for n in range(120)))
            runs.append({row["recipient"]: row["fault"] for row in await talk.ledger()})
    assert runs[0] == runs[1] != runs[2]
    assert {"provider_5xx", "html_5xx_after_accept", "empty_2xx", None} == set(runs[0].values())


async def test_a_fault_can_be_given_to_one_recipient() -> None:
    async with talking(faults={"recipients": {person(2): "provider_5xx"}}) as talk:
        assert (await send(talk, "whatsapp", 1)).status == 200
        assert (await send(talk, "whatsapp", 2)).status == 500


async def test_faults_of_first_attempts_let_the_second_pass() -> None:
    async with talking(faults={"provider_5xx": 1, "first_attempts": 1}) as talk:
        assert [(await send(talk, "twilio")).status for _ in range(3)] == [500, 201, 201]


@pytest.mark.parametrize(("provider", "code"), [("whatsapp", 190), ("twilio", 20003)])
async def test_a_token_dies_after_a_number_of_sends_or_at_once_and_can_be_restored(
    provider: str, code: int
) -> None:
    async with talking(**{provider: {"revoke_after": 2}}) as talk:
        replies = [await send(talk, provider, n) for n in range(4)]
        assert [reply.status // 100 for reply in replies] == [2, 2, 4, 4]
        assert (replies[3].status, replies[3].code) == (401, code)
        await talk.control("POST", "token", {"provider": provider, "action": "restore"})
        assert (await send(talk, provider)).status // 100 == 2
        await talk.control("POST", "token", {"provider": provider, "action": "revoke"})
        assert (await send(talk, provider)).code == code
        await talk.control("POST", "token", {"provider": provider, "action": "revoke", "after": 1})
        assert [(await send(talk, provider)).status // 100 for _ in range(2)] == [2, 4]


@pytest.mark.parametrize(("provider", "code"), [("whatsapp", 130429), ("twilio", 20429)])
async def test_everything_can_be_too_much_for_a_while(provider: str, code: int) -> None:
    async with talking() as talk:
        await talk.control("POST", "throttle", {"provider": provider, "for_ms": 300})
        refused = await send(talk, provider)
        assert refused.code == code
        await asyncio.sleep(0.35)
        assert (await send(talk, provider)).status // 100 == 2
        total = await talk.total()
        assert (total["throttled"], total["counted"]) == (1, 1)


async def test_a_template_can_be_paused_and_approved_again() -> None:
    async with Hook() as hook, talking(whatsapp={"webhook_url": hook.url}) as talk:
        for action, status, event in (("pause", 400, "PAUSED"), ("approve", 200, "REINSTATED")):
            hook.posts.clear()
            order = {"name": "order_update", "action": action, "language": "en_US"}
            assert (await talk.control("POST", "template", order)) == {"changed": ["300000000000001"]}
            reply = await talk.whatsapp(order_update(person(1)))
            assert reply.status == status
            await until(lambda: hook.values)
            assert hook.values[0]["event"] == event
            assert hook.values[0]["message_template_name"] == "order_update"


async def test_latency_is_kept() -> None:
    async with talking(latency={"kind": "uniform", "low_ms": 100, "high_ms": 200}) as talk:

        async def timed(number: int) -> float:
            started = time.monotonic()
            await send(talk, "whatsapp", number)
            return time.monotonic() - started

        took = await asyncio.gather(*(timed(n) for n in range(50)))
        assert min(took) > 0.095
        assert max(took) - min(took) > 0.05
