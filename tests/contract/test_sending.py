"""Sending through both adapters over real HTTP, and everything that can go wrong with it."""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import pytest

from clarion.domain.content import Buttons, Choice
from clarion.domain.sending import Accepted, FaultKind, NotSent, Rejected, Unknown
from clarion.providers.base import Outgoing, SenderAccount
from clarion.providers.transport import MICROS, Transport
from tests.contract import samples
from tests.contract.adapters import (
    ACCOUNTS,
    MESSAGE,
    MESSAGES,
    NOBODY,
    QUICK,
    TAKEN,
    TWILIO,
    WHATSAPP,
    provider_at,
)
from tests.contract.servers import Act, Server, after, answer, reset, silence, write_and_close


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport(QUICK) as made:
        yield made


async def _send(name: str, act: Act, transport: Transport) -> tuple[object, Server]:
    async with Server(act) as server:
        return await provider_at(server.url, name, transport).send(MESSAGE), server


async def test_a_whatsapp_send_is_one_post_with_the_token_and_the_attempt(transport: Transport) -> None:
    outcome, server = await _send("whatsapp", TAKEN["whatsapp"], transport)
    assert outcome == Accepted("wamid.HBgMNDQ3NzAwOTAwMTIzFQIAERgSRjQ0QzMwRDA3RDMzMUM2RkY2AA==")
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", f"/v26.0/{samples.NUMBER_ID}/messages")
    assert request.headers["authorization"] == "Bearer EAAG-example"
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body)["biz_opaque_callback_data"] == MESSAGE.echo


async def test_a_twilio_send_is_one_post_with_basic_auth_and_the_callback(transport: Transport) -> None:
    outcome, server = await _send("twilio", TAKEN["twilio"], transport)
    assert outcome == Accepted("SM0cc175b9c0f1b6a831c399e269772661")
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", MESSAGES)
    assert b64decode(request.headers["authorization"].removeprefix("Basic ")) == (
        f"{samples.ACCOUNT_SID}:token".encode()
    )
    callback = parse_qs(request.body.decode())["StatusCallback"][0]
    assert callback.startswith("https://hooks.example.com/webhooks/twilio/status?attempt=0123456789abcdef")


async def test_twilio_takes_an_api_key_for_requests(transport: Transport) -> None:
    secrets = {"auth_token": "token", "api_key": "SK1", "api_secret": "quiet"}
    async with Server(TAKEN["twilio"]) as server:
        account = SenderAccount(TWILIO.account, TWILIO.config, secrets)
        await provider_at(server.url, "twilio", transport, account).send(MESSAGE)
    assert b64decode(server.requests[0].headers["authorization"].removeprefix("Basic ")) == b"SK1:quiet"


async def test_content_a_provider_cannot_send_is_rejected_without_a_request(transport: Transport) -> None:
    async with Server(TAKEN["twilio"]) as server:
        buttons = Outgoing("+447700900123", Buttons("Yes?", (Choice("1", "Yes"),)), "")
        outcome = await provider_at(server.url, "twilio", transport).send(buttons)
    assert isinstance(outcome, Rejected)
    assert (outcome.fault.kind, outcome.fault.code) == (FaultKind.REQUEST, "content")
    assert "content template" in outcome.fault.reason
    assert server.connections == 0


@pytest.mark.parametrize("name", ACCOUNTS)
async def test_no_connection_is_certainly_not_sent(name: str, transport: Transport) -> None:
    outcome = await provider_at(NOBODY, name, transport).send(MESSAGE)
    assert isinstance(outcome, NotSent)
    assert (outcome.fault.kind, outcome.fault.code) == (FaultKind.NETWORK, "connect")


@pytest.mark.parametrize("name", ACCOUNTS)
async def test_R33_an_answer_just_in_time_counts(name: str, transport: Transport) -> None:
    # The 29 s, 31 s and never of the case, with a time-out of half a second instead of thirty.
    outcome, server = await _send(name, after(0.4, TAKEN[name]), transport)
    assert isinstance(outcome, Accepted)
    assert server.posts == 1


@pytest.mark.parametrize("name", ACCOUNTS)
@pytest.mark.parametrize("seconds", [0.7, None])
async def test_R33_an_answer_too_late_or_never_is_unknown(
    name: str, seconds: float | None, transport: Transport
) -> None:
    act = silence if seconds is None else after(seconds, TAKEN[name])
    outcome, server = await _send(name, act, transport)
    assert outcome == Unknown("127.0.0.1 did not answer in time.")
    assert server.posts == 1


async def test_R33_a_silent_provider_does_not_hold_up_another_sender(transport: Transport) -> None:
    async with Server(silence) as stuck, Server(TAKEN["twilio"]) as quick:
        waiting = [
            asyncio.create_task(provider_at(stuck.url, "whatsapp", transport).send(MESSAGE))
            for _ in range(50)
        ]
        while stuck.posts < 50:  # all fifty are on the wire
            await asyncio.sleep(0.01)
        began = asyncio.get_running_loop().time()
        twilio = provider_at(quick.url, "twilio", transport)
        outcomes = [await twilio.send(MESSAGE) for _ in range(20)]
        took = asyncio.get_running_loop().time() - began
        assert all(isinstance(outcome, Accepted) for outcome in outcomes)
        assert took < 0.3
        assert all(isinstance(outcome, Unknown) for outcome in await asyncio.gather(*waiting))


THROTTLES = {"whatsapp": "wa-error-130429.response.json", "twilio": "tw-error-20429.response.json"}


@pytest.mark.parametrize("name", ACCOUNTS)
@pytest.mark.parametrize(("headers", "wait"), [({}, 0), ({"Retry-After": "12"}, 12 * MICROS)])
async def test_R34_a_throttle_is_not_a_failure(
    name: str, headers: dict[str, str], wait: int, transport: Transport
) -> None:
    act = answer(429, samples.raw(THROTTLES[name]), headers=headers)
    outcome, server = await _send(name, act, transport)
    assert isinstance(outcome, NotSent)
    assert (outcome.fault.kind, outcome.retry_after) == (FaultKind.THROTTLE_SENDER, wait)
    assert server.posts == 1


@pytest.mark.parametrize("name", ACCOUNTS)
@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b"{}"])
async def test_R35_a_bare_5xx_is_unknown(name: str, status: int, body: bytes, transport: Transport) -> None:
    outcome, server = await _send(name, answer(status, body), transport)
    assert isinstance(outcome, Unknown)
    assert server.posts == 1


async def test_R35_a_5xx_of_twilios_own_is_unknown_and_of_metas_own_not_sent(transport: Transport) -> None:
    outcome, _ = await _send("twilio", answer(500, samples.raw("tw-error-20500.response.json")), transport)
    assert isinstance(outcome, Unknown)
    outcome, _ = await _send("whatsapp", answer(503, samples.raw("wa-error-2.response.json")), transport)
    assert isinstance(outcome, NotSent)
    assert outcome.fault.kind is FaultKind.TRANSIENT


@pytest.mark.parametrize("name", ACCOUNTS)
@pytest.mark.parametrize(
    "act",
    [
        pytest.param(reset, id="reset after the body"),
        pytest.param(write_and_close(), id="closed after the body"),
        pytest.param(write_and_close(b'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"me'), id="half a JSON"),
        pytest.param(answer(200, b'{"messages":[{"id":'), id="half a JSON of the right length"),
        pytest.param(answer(200, b"{}"), id="an empty object"),
        pytest.param(answer(200, b"<html>Sign in</html>"), id="HTML"),
        pytest.param(answer(302, headers={"Location": "https://portal.example/"}), id="captive portal"),
        pytest.param(answer(403, b"<html>Blocked</html>"), id="a proxy's 403"),
    ],
)
async def test_R36_no_proof_is_unknown_and_never_a_second_post(
    name: str, act: Act, transport: Transport
) -> None:
    outcome, server = await _send(name, act, transport)
    assert isinstance(outcome, Unknown)
    assert server.posts == 1


def test_credentials_are_not_shown_in_tracebacks() -> None:
    assert repr(WHATSAPP) == f"SenderAccount('{samples.NUMBER_ID}')"
