"""Templates by pages, health, and the listing that settles doubts, over real HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from clarion.domain.errors import ProviderRefused
from clarion.domain.message import Status
from clarion.providers.base import Provider, SenderAccount, TemplateInfo
from clarion.providers.transport import MICROS, Transport
from clarion.providers.twilio.templates import read_template
from tests.contract import samples
from tests.contract.adapters import (
    ACCOUNTS,
    MESSAGES,
    NOBODY,
    QUICK,
    TEMPLATES,
    TWILIO,
    WHATSAPP,
    provider_at,
)
from tests.contract.servers import Act, Server, answer, by_path, in_turn, silence, write_and_close


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport(QUICK) as made:
        yield made


async def _templates(provider: Provider) -> list[TemplateInfo]:
    return [template async for template in provider.templates()]


async def test_whatsapp_templates_are_fetched_page_by_page(transport: Transport) -> None:
    pages = in_turn(
        answer(200, samples.raw("wa-templates-page1.response.json")),
        answer(200, samples.raw("wa-templates-page2.response.json")),
    )
    async with Server(by_path({TEMPLATES: pages})) as server:
        found = await _templates(provider_at(server.url, "whatsapp", transport))
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
            await _templates(provider_at(server.url, "whatsapp", transport))
    assert len(server.requests) == 2


async def test_a_sender_without_a_waba_id_says_so_when_templates_are_wanted(transport: Transport) -> None:
    account = SenderAccount(WHATSAPP.account, {}, WHATSAPP.secrets)
    with pytest.raises(ProviderRefused, match="waba_id"):
        await _templates(provider_at(NOBODY, "whatsapp", transport, account))


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
        found = await _templates(provider_at(server.url, "twilio", transport, account))
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
            await _templates(provider_at(server.url, "twilio", transport))
    assert len(server.requests) == 1


async def test_whatsapp_health_tells_name_quality_and_rate(transport: Transport) -> None:
    act = answer(200, samples.raw("wa-phone-number.response.json"))
    async with Server(by_path({f"/v26.0/{samples.NUMBER_ID}": act})) as server:
        health = await provider_at(server.url, "whatsapp", transport).health()
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
        assert not (await provider_at(server.url, "whatsapp", transport).health()).ok


async def test_twilio_health_proves_the_credentials(transport: Transport) -> None:
    act = answer(200, samples.raw("tw-list-last.response.json"))
    async with Server(by_path({MESSAGES: act})) as server:
        health = await provider_at(server.url, "twilio", transport).health()
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
            await provider_at(server.url, name, transport).health()
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
            await provider_at(server.url, name, transport).health()
    assert refused.value.code == code
    with pytest.raises(ProviderRefused) as refused:
        await provider_at(NOBODY, name, transport).health()
    assert refused.value.code == "connect"


async def test_whatsapp_has_no_listing(transport: Transport) -> None:
    assert await provider_at(NOBODY, "whatsapp", transport).sent_to("+12025550141", since=0) is None


NOON = 1_795_176_000 * MICROS  # Friday 20 November 2026, 12:00 UTC
ORDER = "Hi Ana, your order 1042 has shipped. Reply STOP to opt out."


async def test_twilios_listing_is_followed_to_its_end(transport: Transport) -> None:
    first = samples.data("tw-list-page0.response.json")
    pages = in_turn(answer(200, first), answer(200, samples.raw("tw-list-last.response.json")))
    async with Server(by_path({MESSAGES: pages})) as server:
        found = await provider_at(server.url, "twilio", transport).sent_to("+12025550141", since=NOON)
    assert found is not None
    assert server.requests[0].query == {"To": "+12025550141", "PageSize": "1000"}
    assert server.requests[1].target == first["next_page_uri"]
    seen = [(row.provider_id, row.status, row.created_at, row.fault and row.fault.code) for row in found]
    assert seen == [
        ("SM4a8a08f09d37b73795649038408b5f33", Status.FAILED, NOON + 600 * MICROS, "30003"),
        ("SM0cc175b9c0f1b6a831c399e269772661", Status.DELIVERED, NOON, None),
    ]  # the third was created an hour before `since`
    assert {(row.to, row.body) for row in found} == {("+12025550141", ORDER)}


@pytest.mark.parametrize(
    ("file", "status", "code"),
    [
        ("tw-fetch-delivered.response.json", Status.DELIVERED, None),
        ("tw-fetch-undelivered.response.json", Status.FAILED, "30003"),
        ("tw-fetch-failed-63016.response.json", Status.FAILED, "63016"),
    ],
)
async def test_every_recorded_message_can_stand_in_a_listing(
    file: str, status: Status, code: str | None, transport: Transport
) -> None:
    row = samples.data(file)
    config = {"from": row["from"].removeprefix("whatsapp:")}
    if row["from"].startswith("whatsapp:"):
        config["channel"] = "whatsapp"
    account = SenderAccount(TWILIO.account, config, TWILIO.secrets)
    async with Server(answer(200, {"messages": [row], "next_page_uri": None})) as server:
        (found,) = await provider_at(server.url, "twilio", transport, account).sent_to("+1", since=0) or ()
    assert (found.status, found.fault and found.fault.code, found.body) == (status, code, row["body"])
    assert found.to == row["to"].removeprefix("whatsapp:")


def _row(**changes: Any) -> dict[str, Any]:
    return {**samples.data("tw-send-queued.response.json"), **changes}


@pytest.mark.parametrize(
    ("config", "row", "ours"),
    [
        ({"from": "+12025550111"}, _row(), True),
        ({"from": "+12025550111"}, _row(**{"from": None}), True),
        ({"from": "+12025550111"}, _row(**{"from": "+12025550999"}), False),
        ({"from": "+12025550111"}, _row(direction="inbound"), False),
        (
            {"messaging_service": samples.SERVICE},
            _row(**{"from": None}, messaging_service_sid=samples.SERVICE),
            True,
        ),
        ({"messaging_service": samples.SERVICE}, _row(), False),
    ],
)
async def test_a_listing_holds_what_this_sender_sent(
    config: dict[str, str], row: dict[str, Any], ours: bool, transport: Transport
) -> None:
    account = SenderAccount(TWILIO.account, config, TWILIO.secrets)
    async with Server(answer(200, {"messages": [row], "next_page_uri": None})) as server:
        found = await provider_at(server.url, "twilio", transport, account).sent_to("+1", since=0)
    assert found is not None
    assert len(found) == ours


PAGE = samples.data("tw-list-page0.response.json")


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(answer(500, samples.raw("tw-error-20500.response.json")), id="an error"),
        pytest.param(answer(200, b"{}x"), id="half a page"),
        pytest.param(answer(200, {"end": 0}), id="no list"),
        pytest.param(write_and_close(), id="a cut"),
        pytest.param(answer(200, {**PAGE, "next_page_uri": "//evil.example/x"}), id="a page elsewhere"),
        pytest.param(answer(200, {"messages": [_row(date_created=None)]}), id="a message without a date"),
    ],
)
async def test_a_listing_that_is_not_complete_is_refused_because_absence_must_be_proven(
    second: Act, transport: Transport
) -> None:
    async with Server(in_turn(answer(200, PAGE), second)) as server:
        with pytest.raises(ProviderRefused):
            await provider_at(server.url, "twilio", transport).sent_to("+12025550141", since=0)
