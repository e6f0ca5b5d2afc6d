"""Templates written from here: what the providers are sent, and that what they list is understood again."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from clarion.domain.definition import DefinedButton, Definition
from clarion.domain.errors import BadContent, ProviderRefused, ProviderUnreachable
from clarion.providers.base import Author, SenderAccount, TemplateInfo
from clarion.providers.transport import Transport
from clarion.providers.twilio import definitions as twilio
from clarion.providers.twilio.templates import read_template as read_content
from clarion.providers.whatsapp import definitions as whatsapp
from clarion.providers.whatsapp.templates import read_template
from tests.contract import samples
from tests.contract.adapters import NOBODY, QUICK, TEMPLATES, TWILIO, provider_at
from tests.contract.servers import Act, Server, answer, by_path, in_turn, silence

WHATSAPP_OFFER = Definition(
    body="Hi {{1}}, autumn prices are here: {{2}} off until Sunday.",
    footer="Tap below to stop these messages",
    buttons=(
        DefinedButton(
            "url", "Shop now", url="https://example.com/{{1}}", example="https://example.com/autumn"
        ),
        DefinedButton("quick_reply", "Stop promotions"),
    ),
    examples={"body.1": "Ana", "body.2": "20%"},
)
TWILIO_OFFER = Definition(
    body="Hi {{1}}, autumn prices are here: {{2}} off until Sunday.",
    buttons=(DefinedButton("quick_reply", "Stop promotions", id="OPTOUT"),),
    examples={"body.1": "Ana", "body.2": "20%"},
)
NAMED = Definition(
    body="Hello {{first_name}}, see you {{slot}}.",
    header="{{clinic}}",
    buttons=(
        DefinedButton("phone", "Call us", phone="+12025550111"),
        DefinedButton("copy_code", "", example="A1"),
    ),
    examples={"header.clinic": "Main St", "body.first_name": "Ana", "body.slot": "Monday"},
)
ON_WHATSAPP = SenderAccount(TWILIO.account, {**TWILIO.config, "channel": "whatsapp"}, TWILIO.secrets)
HELD = TemplateInfo("77", "autumn_offer", "en_GB", "MARKETING", "APPROVED", False, (), "", {})


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    async with Transport(QUICK) as made:
        yield made


def author(url: str, name: str, transport: Transport, account: SenderAccount | None = None) -> Author:
    made = provider_at(url, name, transport, account)
    assert isinstance(made, Author)
    return made


def test_the_recorded_whatsapp_template_is_what_we_write() -> None:
    sample = samples.data("wa-template-create.request.json")
    assert whatsapp.components(WHATSAPP_OFFER) == sample["components"]
    assert whatsapp.check("autumn_offer", WHATSAPP_OFFER) == []


def test_the_recorded_twilio_content_is_what_we_write() -> None:
    sample = samples.data("tw-content-create.request.json")
    assert twilio.types(TWILIO_OFFER) == sample["types"]
    assert twilio.samples(TWILIO_OFFER) == sample["variables"]
    assert twilio.check("autumn_offer", TWILIO_OFFER, "whatsapp") == []


@pytest.mark.parametrize("wanted", [WHATSAPP_OFFER, NAMED, Definition(body="Plain words.")])
def test_what_whatsapp_lists_reads_as_what_was_written(wanted: Definition) -> None:
    read = whatsapp.read_definition({"components": whatsapp.components(wanted)})
    buttons = tuple(replace(b, text="Copy code") if b.kind == "copy_code" else b for b in wanted.buttons)
    assert read == replace(wanted, buttons=buttons)


@pytest.mark.parametrize(
    "wanted",
    [
        TWILIO_OFFER,
        Definition(body="Plain words."),
        Definition(body="Look.", header_media="video", header_example="https://x.example/a.mp4"),
        Definition(
            body="Look.",
            header_media="image",
            header_example="https://x.example/a.jpg",
            buttons=(DefinedButton("url", "Go", url="https://x.example"),),
        ),
    ],
)
def test_what_twilio_lists_reads_as_what_was_written(wanted: Definition) -> None:
    row = {"types": twilio.types(wanted), "variables": twilio.samples(wanted)}
    assert twilio.read_definition(row) == wanted


@pytest.mark.parametrize("page", [1, 2])
def test_every_recorded_template_and_content_can_be_shown(page: int) -> None:
    for row in samples.data(f"wa-templates-page{page}.response.json")["data"]:
        shown = whatsapp.read_definition(row)
        assert shown.body == read_template(row).text
        assert shown.header_media == read_template(row).header_media
    for row in samples.data("tw-content-and-approvals.response.json")["contents"]:
        assert twilio.read_definition(row).body == read_content(row, "sms").text


@pytest.mark.parametrize("row", [{}, {"components": "x"}, {"components": [1, {"type": 2, "buttons": {}}]}])
def test_a_malformed_listing_shows_what_there_is(row: dict[str, Any]) -> None:
    assert whatsapp.read_definition(row).body == ""
    assert twilio.read_definition({"types": {"twilio/text": row}}).body == ""


@pytest.mark.parametrize(
    ("name", "change", "field"),
    [
        ("Offer", {}, "name"),
        ("offer", {"body": ""}, "body"),
        ("offer", {"body": "x" * 1_025, "examples": {}}, "body"),
        ("offer", {"body": "Hi {{1}}"}, "body"),
        ("offer", {"body": "Hi {{name}} and {{1}}.", "examples": {"body.name": "A", "body.1": "B"}}, "body"),
        ("offer", {"body": "Hi {{Name}}.", "examples": {"body.Name": "A"}}, "body"),
        ("offer", {"footer": "{{1}}"}, "footer"),
        ("offer", {"header_media": "image"}, "header_example"),
        ("offer", {"header_media": "cinema"}, "header_media"),
        ("offer", {"buttons": (DefinedButton("quick_reply", "x" * 26),)}, "buttons/0/text"),
        ("offer", {"buttons": (DefinedButton("quick_reply", "a"),) * 11}, "buttons"),
        ("offer", {"buttons": (DefinedButton("phone", "Call"),)}, "buttons/0/phone"),
        ("offer", {"buttons": (DefinedButton("other", "Flow"),)}, "buttons/0/kind"),
        (
            "offer",
            {"buttons": (DefinedButton("url", "Go", url="https://{{1}}/x", example="a"),)},
            "buttons/0/url",
        ),
        ("offer", {"examples": {"body.1": "Ana", "body.2": "B", "body.3": "C"}}, "examples"),
    ],
)
def test_whatsapp_rules(name: str, change: dict[str, Any], field: str) -> None:
    assert field in {problem.field for problem in whatsapp.check(name, replace(WHATSAPP_OFFER, **change))}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"header": "Hello"}, "header"),
        ({"footer": "Bye"}, "footer"),
        ({"header_media": "image"}, "header_example"),
        ({"body": "Hi {{name}}.", "examples": {"body.name": "A"}}, "body"),
        ({"buttons": (DefinedButton("copy_code", "", example="A"),)}, "buttons/0/kind"),
        ({"buttons": (*TWILIO_OFFER.buttons, DefinedButton("url", "Go", url="https://x"))}, "buttons"),
    ],
)
def test_twilio_rules(change: dict[str, Any], field: str) -> None:
    assert field in {
        problem.field for problem in twilio.check("offer", replace(TWILIO_OFFER, **change), "whatsapp")
    }


def test_a_text_message_has_no_buttons() -> None:
    assert [problem.field for problem in twilio.check("Any name", TWILIO_OFFER, "sms")] == ["buttons"]


async def test_a_whatsapp_template_is_submitted_changed_and_deleted(transport: Transport) -> None:
    acts = {
        TEMPLATES: in_turn(
            answer(200, samples.raw("wa-template-create.response.json")), answer(200, {"success": True})
        ),
        "/v26.0/77": answer(200, {"success": True}),
    }
    async with Server(by_path(acts)) as server:
        meta = author(server.url, "whatsapp", transport)
        made = await meta.create_template(
            WHATSAPP_OFFER, name="autumn_offer", language="en_GB", category="MARKETING"
        )
        changed = await meta.change_template(HELD, Definition(body="Other words."), category="UTILITY")
        await meta.delete_template(HELD)
    assert (made.provider_id, made.status, made.variables) == (
        "594425479261596",
        "PENDING",
        ("body.1", "body.2", "button.0"),
    )
    assert json.loads(server.requests[0].body) == samples.data("wa-template-create.request.json")
    assert json.loads(server.requests[1].body) == {
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Other words."}],
    }
    assert (changed.provider_id, changed.name, changed.text) == ("77", "autumn_offer", "Other words.")
    gone = server.requests[2]
    assert (gone.method, gone.query) == ("DELETE", {"hsm_id": "77", "name": "autumn_offer"})


async def test_twilio_makes_a_content_and_submits_it_for_whatsapp(transport: Transport) -> None:
    sid = samples.data("tw-content-create.response.json")["sid"]
    acts = {
        "/v1/Content": answer(201, samples.raw("tw-content-create.response.json")),
        f"/v1/Content/{sid}/ApprovalRequests/whatsapp": answer(
            201, samples.raw("tw-content-approval.response.json")
        ),
        f"/v1/Content/{sid}": answer(204),
    }
    async with Server(by_path(acts)) as server:
        made = await author(server.url, "twilio", transport, ON_WHATSAPP).create_template(
            TWILIO_OFFER, name="autumn_offer", language="en", category="MARKETING"
        )
        await author(server.url, "twilio", transport).delete_template(made)
    assert (made.provider_id, made.status, made.category) == (sid, "RECEIVED", "MARKETING")
    sent = [json.loads(request.body) for request in server.requests[:2]]
    assert sent == [
        samples.data("tw-content-create.request.json"),
        samples.data("tw-content-approval.request.json"),
    ]
    assert (server.requests[2].method, server.requests[2].path) == ("DELETE", f"/v1/Content/{sid}")


async def test_a_content_that_is_not_submitted_is_taken_back(transport: Transport) -> None:
    sid = samples.data("tw-content-create.response.json")["sid"]
    refused = answer(400, {"code": 20001, "message": "category", "more_info": "", "status": 400})
    acts = {
        "/v1/Content": answer(201, samples.raw("tw-content-create.response.json")),
        f"/v1/Content/{sid}/ApprovalRequests/whatsapp": refused,
        f"/v1/Content/{sid}": answer(204),
    }
    async with Server(by_path(acts)) as server:
        with pytest.raises(ProviderRefused, match="category"):
            await author(server.url, "twilio", transport, ON_WHATSAPP).create_template(
                TWILIO_OFFER, name="autumn_offer", language="en", category="X"
            )
    assert [request.method for request in server.requests] == ["POST", "POST", "DELETE"]


async def test_what_is_gone_already_is_deleted(transport: Transport) -> None:
    unknown = {"message": "gone", "type": "OAuthException", "code": 132001, "fbtrace_id": "A"}
    async with Server(answer(404, {"error": unknown})) as server:
        await author(server.url, "whatsapp", transport).delete_template(HELD)
    async with Server(answer(404, samples.raw("tw-error-20404.response.json"))) as server:
        await author(server.url, "twilio", transport).delete_template(HELD)


@pytest.mark.parametrize("name", ["whatsapp", "twilio"])
@pytest.mark.parametrize(("act", "code"), [(answer(502, b"<html>"), "HTTP 502"), (silence, "no_answer")])
async def test_a_provider_that_gives_no_answer_of_its_own_is_unreachable(
    name: str, act: Act, code: str, transport: Transport
) -> None:
    async with Server(act) as server:
        with pytest.raises(ProviderUnreachable) as refused:
            await author(server.url, name, transport).create_template(
                TWILIO_OFFER if name == "whatsapp" else Definition(body="Words."),
                name="offer",
                language="en",
                category="UTILITY",
            )
    assert (refused.value.code, server.posts) == (code, 1)


async def test_a_rule_is_broken_before_anything_is_sent(transport: Transport) -> None:
    with pytest.raises(BadContent, match="body"):
        await author(NOBODY, "whatsapp", transport).create_template(
            Definition(body=""), name="offer", language="en", category="UTILITY"
        )


async def test_metas_own_words_about_a_template_are_passed_on(transport: Transport) -> None:
    error = {
        "message": "Invalid parameter", "type": "OAuthException", "code": 100, "error_subcode": 2388299,
        "error_user_title": "Variables can't be at the end", "error_user_msg": "Add words after it.",
        "fbtrace_id": "A",
    }  # fmt: skip
    async with Server(answer(400, {"error": error})) as server:
        with pytest.raises(ProviderRefused, match=r"at the end: Add words after it\."):
            await author(server.url, "whatsapp", transport).create_template(
                WHATSAPP_OFFER, name="offer", language="en", category="UTILITY"
            )
