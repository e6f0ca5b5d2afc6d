"""The adapters over real HTTP: sending, templates by pages, health, and the listing that settles doubts."""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from clarion.domain.content import Buttons, Choice, Text
from clarion.domain.errors import ProviderRefused
from clarion.domain.message import Status
from clarion.domain.sending import Accepted, FaultKind, NotSent, Rejected, Unknown
from clarion.providers.base import Outgoing, Provider, SenderAccount, TemplateInfo
from clarion.providers.registry import build
from clarion.providers.transport import MICROS, Timeouts, Transport
from clarion.providers.twilio.templates import read_template
from tests.contract import samples
from tests.contract.servers import Act, Server, after, answer, by_path, in_turn, reset, silence, write_and_close

QUICK = Timeouts(connect=MICROS // 4, read=MICROS // 2, total=MICROS)
MESSAGE = Outgoing("+447700900123", Text("Hi Ana"), "0123456789abcdef0123456789abcdef")
NOBODY = "http://127.0.0.1:9"

WHATSAPP = SenderAccount(samples.NUMBER_ID, {"waba_id": "100200300400500"}, {"token": "EAAG-example"})
TWILIO = SenderAccount(samples.ACCOUNT_SID, {"from": "+12025550111"}, {"auth_token": "token"})
ACCOUNTS = {"whatsapp": WHATSAPP, "twilio": TWILIO}
TAKEN = {
    "whatsapp": answer(200, samples.raw("wa-send.response.json")),
    "twilio": answer(201, samples.raw("tw-send-queued.response.json")),
}
MESSAGES = f"/2010-04-01/Accounts/{samples.ACCOUNT_SID}/Messages.json"
TEMPLATES = "/v26.0/100200300400500/message_templates"


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport(QUICK) as made:
        yield made


def _provider(name: str, url: str, transport: Transport, account: SenderAccount | None = None) -> Provider:
    settings = {"whatsapp": {"url": url}, "twilio": {"url": url, "content_url": url}}[name]
    held = account or ACCOUNTS[name]
    return build(name, held, transport, settings=settings, public_url="https://hooks.example.com/")


async def _send(name: str, act: Act, transport: Transport) -> tuple[object, Server]:
    async with Server(act) as server:
        return await _provider(name, server.url, transport).send(MESSAGE), server


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
        await _provider("twilio", server.url, transport, account).send(MESSAGE)
    assert b64decode(server.requests[0].headers["authorization"].removeprefix("Basic ")) == b"SK1:quiet"


async def test_content_a_provider_cannot_send_is_rejected_without_a_request(transport: Transport) -> None:
    async with Server(TAKEN["twilio"]) as server:
        buttons = Outgoing("+447700900123", Buttons("Yes?", (Choice("1", "Yes"),)), "")
        outcome = await _provider("twilio", server.url, transport).send(buttons)
    assert isinstance(outcome, Rejected)
    assert (outcome.fault.kind, outcome.fault.code) == (FaultKind.REQUEST, "content")
    assert "content template" in outcome.fault.reason
    assert server.connections == 0


@pytest.mark.parametrize("name", ACCOUNTS)
async def test_no_connection_is_certainly_not_sent(name: str, transport: Transport) -> None:
    outcome = await _provider(name, NOBODY, transport).send(MESSAGE)
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
            asyncio.create_task(_provider("whatsapp", stuck.url, transport).send(MESSAGE)) for _ in range(50)
        ]
        while stuck.posts < 50:  # noqa: ASYNC110  # all fifty are on the wire
            await asyncio.sleep(0.01)
        began = asyncio.get_running_loop().time()
        twilio = _provider("twilio", quick.url, transport)
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
        pytest.param(write_and_close(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{\"me"), id="half a JSON"),
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


async def _templates(provider: Provider) -> list[TemplateInfo]:
    return [template async for template in provider.templates()]


async def test_whatsapp_templates_are_fetched_page_by_page(transport: Transport) -> None:
    pages = in_turn(
        answer(200, samples.raw("wa-templates-page1.response.json")),
        answer(200, samples.raw("wa-templates-page2.response.json")),
    )
    async with Server(by_path({TEMPLATES: pages})) as server:
        found = await _templates(_provider("whatsapp", server.url, transport))
    # The recorded `next` leads to graph.facebook.com; the cursor is followed on our own base URL.
    assert [request.query.get("after") for request in server.requests] == [None, "MQZDZD"]
    assert all(request.headers["authorization"] for request in server.requests)
    seen = [(template.name, template.status, template.named, template.variables) for template in found]
    assert seen == [
        ("autumn_offer", "APPROVED", False, ("body.1", "body.2", "button.0")),
        ("appointment_reminder", "APPROVED", True, ("header.clinic", "body.first_name", "body.slot")),
        ("login_code", "PAUSED", False, ("body.1", "button.0")),
        ("spring_offer", "REJECTED", False, ("body.1",)),
    ]
    first = found[0]
    assert first.text == "Hi {{1}}, autumn prices are here: {{2}} off until Sunday."
    assert (first.language, first.category, first.header_media) == ("en_GB", "MARKETING", "image")
    assert first.content == samples.data("wa-templates-page1.response.json")["data"][0]
    assert [template.header_media for template in found[1:]] == ["", "", ""]


async def test_whatsapp_paging_in_a_circle_is_refused(transport: Transport) -> None:
    page = answer(200, samples.raw("wa-templates-page1.response.json"))
    async with Server(by_path({TEMPLATES: page})) as server:
        with pytest.raises(ProviderRefused, match="no cursor"):
            await _templates(_provider("whatsapp", server.url, transport))
    assert len(server.requests) == 2


async def test_a_sender_without_a_waba_id_says_so_when_templates_are_wanted(transport: Transport) -> None:
    account = SenderAccount(WHATSAPP.account, {}, WHATSAPP.secrets)
    with pytest.raises(ProviderRefused, match="waba_id"):
        await _templates(_provider("whatsapp", NOBODY, transport, account))


def _contents(url: str, following: str | None) -> dict[str, Any]:
    page = samples.data("tw-content-and-approvals.response.json")
    page["meta"]["next_page_url"] = following and f"{url}{following}"
    return dict(page)


async def test_twilio_templates_are_fetched_page_by_page(transport: Transport) -> None:
    following = "/v1/ContentAndApprovals?PageSize=50&Page=1&PageToken=AA%2FB"
    async with Server(by_path({})) as server:
        pages = in_turn(answer(200, _contents(server.url, following)), answer(200, _contents("", None)))
        server.act = by_path({"/v1/ContentAndApprovals": pages})
        account = SenderAccount(TWILIO.account, {**TWILIO.config, "channel": "whatsapp"}, TWILIO.secrets)
        found = await _templates(_provider("twilio", server.url, transport, account))
    assert server.requests[1].target == following
    assert len(found) == 4
    offer, picker = found[:2]
    assert (offer.provider_id, offer.name) == ("HX5b7c7d82043de853233efb5420a26b93", "autumn_offer")
    assert (offer.status, offer.category, offer.named) == ("APPROVED", "MARKETING", False)
    assert offer.variables == ("body.1", "body.2")
    assert offer.text == "Hi {{1}}, autumn prices are here: {{2}} off until Sunday."
    assert (picker.status, picker.variables) == ("UNSUBMITTED", ())


@pytest.mark.parametrize("file", ["tw-content-list.response.json", "tw-content-create.response.json"])
def test_a_content_without_approval_is_sendable_by_sms_only(file: str) -> None:
    data = samples.data(file)
    row = data["contents"][0] if "contents" in data else data
    assert read_template(row, "whatsapp").status == "UNSUBMITTED"
    assert read_template(row, "sms").status == "APPROVED"
    assert read_template(row, "sms").variables == ("body.1", "body.2")


@pytest.mark.parametrize(
    "following", ["https://evil.example/v1", "//evil.example/v1", "http://[", "http://127.0.0.1:1/v1"]
)
async def test_a_next_page_elsewhere_is_not_followed_with_our_credentials(
    following: str, transport: Transport
) -> None:
    page = answer(200, _contents("", following))
    async with Server(by_path({"/v1/ContentAndApprovals": page})) as server:
        with pytest.raises(ProviderRefused, match="the next page"):
            await _templates(_provider("twilio", server.url, transport))
    assert len(server.requests) == 1


async def test_whatsapp_health_tells_name_quality_and_rate(transport: Transport) -> None:
    act = answer(200, samples.raw("wa-phone-number.response.json"))
    async with Server(by_path({f"/v26.0/{samples.NUMBER_ID}": act})) as server:
        health = await _provider("whatsapp", server.url, transport).health()
    assert (health.ok, health.name, health.quality, health.limit) == (
        True,
        "Example Shop +1 202-555-0100",
        "GREEN",
        80,
    )
    assert "CONNECTED" in health.detail


@pytest.mark.parametrize(
    "change", [{"status": "FLAGGED"}, {"health_status": {"can_send_message": "BLOCKED"}}]
)
async def test_a_whatsapp_number_that_cannot_send_is_not_well(
    change: dict[str, Any], transport: Transport
) -> None:
    act = answer(200, {**samples.data("wa-phone-number.response.json"), **change})
    async with Server(act) as server:
        assert not (await _provider("whatsapp", server.url, transport).health()).ok


async def test_twilio_health_proves_the_credentials(transport: Transport) -> None:
    act = answer(200, samples.raw("tw-list-last.response.json"))
    async with Server(by_path({MESSAGES: act})) as server:
        health = await _provider("twilio", server.url, transport).health()
    assert (health.ok, health.name) == (True, "+12025550111")
    assert server.requests[0].query == {"PageSize": "1"}


@pytest.mark.parametrize(
    ("name", "file", "status", "code"),
    [
        ("whatsapp", "wa-error-190.response.json", 401, "190"),
        ("whatsapp", "wa-error-100-33.response.json", 400, "100"),
        ("twilio", "tw-error-20003.response.json", 401, "20003"),
    ],
)
async def test_wrong_credentials_are_refused_with_the_reason(
    name: str, file: str, status: int, code: str, transport: Transport
) -> None:
    async with Server(answer(status, samples.raw(file))) as server:
        with pytest.raises(ProviderRefused) as refused:
            await _provider(name, server.url, transport).health()
    assert refused.value.code == code
    assert ACCOUNTS[name].secrets.get("token", "token") not in str(refused.value).split()


@pytest.mark.parametrize("name", ACCOUNTS)
@pytest.mark.parametrize(
    ("act", "code"),
    [
        (answer(502, b"<html>"), "HTTP 502"),
        (answer(200, b"<html>"), "HTTP 200"),
        (answer(302, headers={"Location": "/"}), "HTTP 302"),
        (silence, "no_answer"),
    ],
)
async def test_an_administrative_call_that_fails_says_how(
    name: str, act: Act, code: str, transport: Transport
) -> None:
    async with Server(act) as server:
        with pytest.raises(ProviderRefused) as refused:
            await _provider(name, server.url, transport).health()
    assert refused.value.code == code
    with pytest.raises(ProviderRefused) as refused:
        await _provider(name, NOBODY, transport).health()
    assert refused.value.code == "connect"


async def test_whatsapp_has_no_listing(transport: Transport) -> None:
    assert await _provider("whatsapp", NOBODY, transport).sent_to("+12025550141", since=0) is None


FRIDAY = 1_795_176_000 - 3600 * 24 * 1  # Friday 20 November 2026 12:00 UTC
