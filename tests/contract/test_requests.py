"""What we send is what the providers document: every recorded request, byte for meaning."""

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from clarion.domain.content import (
    ButtonParameter,
    Buttons,
    Choice,
    Content,
    ListPicker,
    Media,
    Parameter,
    Section,
    Template,
    Text,
)
from clarion.domain.errors import BadContent
from clarion.providers.base import Outgoing, SenderAccount
from clarion.providers.twilio import payload as twilio
from clarion.providers.whatsapp import payload as whatsapp
from tests.contract import samples

ANA, BO = "+447700900123", "+12025550141"
QUOTED = "wamid.HBgMNDQ3NzAwOTAwMTIzFQIAEhgUQTI3NDVDMzJGNDFGMDYyMEFEAA=="
ECHO = "v1:tenant=7;camp=412;att=01JD3V7Q2N8X"
INVOICE = "900800700600500"


def _body(*values: str) -> tuple[Parameter, ...]:
    return tuple(Parameter(str(number), value) for number, value in enumerate(values, start=1))


WHATSAPP = {
    "wa-send-text.request.json": Outgoing(
        ANA, Text("Your order 1042 has shipped: https://example.com/t/1042", preview_url=True), ECHO
    ),
    "wa-send-text-reply.request.json": Outgoing(ANA, Text("Thanks, we got it."), "", quoted=QUOTED),
    "wa-send-text-bsuid.request.json": Outgoing(
        "", Text("Hello again"), "", user_id="GB.11223344556677889900"
    ),
    "wa-send-image.request.json": Outgoing(
        ANA, Media("image", link="https://cdn.example.com/map.png", caption="Where to find us"), ""
    ),
    "wa-send-document.request.json": Outgoing(
        ANA, Media("document", id=INVOICE, caption="Invoice 1042", filename="invoice-1042.pdf"), ""
    ),
    "wa-send-interactive-buttons.request.json": Outgoing(
        ANA,
        Buttons(
            "Is Monday morning fine?",
            (Choice("slot:mon-am:yes", "Yes"), Choice("slot:mon-am:no", "Another day")),
            header="Delivery",
            footer="Reply within 24 h",
        ),
        ECHO,
    ),
    "wa-send-interactive-list.request.json": Outgoing(
        ANA,
        ListPicker(
            "Pick the delivery slot that suits you.",
            "See slots",
            (
                Section(
                    "Monday",
                    (
                        Choice("mon-am", "Morning", "08:00-12:00"),
                        Choice("mon-pm", "Afternoon", "13:00-17:00"),
                    ),
                ),
                Section("Tuesday", (Choice("tue-am", "Morning"),)),
            ),
            header="Choose a slot",
            footer="You can change it later",
        ),
        "",
    ),
    "wa-send-template-positional.request.json": Outgoing(
        ANA,
        Template(
            "autumn_offer",
            "en_GB",
            _body("Ana", "20%"),
            header_media=Media("image", link="https://cdn.example.com/autumn.jpg"),
            buttons=(
                ButtonParameter(0, "url", "autumn?c=412"),
                ButtonParameter(1, "quick_reply", "OPTOUT:412"),
            ),
        ),
        ECHO,
    ),
    "wa-send-template-named.request.json": Outgoing(
        ANA,
        Template(
            "appointment_reminder",
            "en_US",
            (Parameter("first_name", "Ana"), Parameter("slot", "Monday 09:30")),
            header=Parameter("clinic", "North Clinic"),
            named=True,
        ),
        ECHO,
    ),
    "wa-send-template-document-header.request.json": Outgoing(
        BO,
        Template(
            "invoice_ready",
            "en",
            _body("1042", "$100.99", "25 November 2026"),
            header_media=Media("document", id=INVOICE, filename="invoice-1042.pdf"),
        ),
        "",
    ),
    "wa-send-template-otp.request.json": Outgoing(
        BO,
        Template("login_code", "en_US", _body("493021"), buttons=(ButtonParameter(0, "url", "493021"),)),
        "",
    ),
}

ORDER = Text("Hi Ana, your order 1042 has shipped. Reply STOP to opt out.")
SMS, SERVICE = {"from": "+12025550111"}, {"messaging_service": samples.SERVICE}
WA = {"from": "+12025550100", "channel": "whatsapp"}
TWILIO: dict[str, tuple[dict[str, str], Outgoing]] = {
    "tw-send-sms.request.txt": (SMS, Outgoing(BO, ORDER, "01JD3V7Q2N8X")),
    "tw-send-sms-service.request.txt": (
        {**SERVICE, "validity_period": "3600", "smart_encoded": "true"},
        Outgoing(ANA, Text("Olá Ana 😀"), "01JD3V7Q2N8X"),
    ),
    "tw-send-mms.request.txt": (
        SMS,
        Outgoing(BO, Media("image", link="https://cdn.example.com/map.png", caption="Your map"), ""),
    ),
    "tw-send-whatsapp-content.request.txt": (
        WA,
        Outgoing(
            ANA,
            Template("HX5b7c7d82043de853233efb5420a26b93", body=_body("Ana", "20%")),
            "01JD3V7Q2N8X",
        ),
    ),
    "tw-send-whatsapp-text.request.txt": (WA, Outgoing(ANA, Text("Thanks, we got it."), "01JD3V7Q2N8X")),
}


def _as_we_write_it(sample: Any) -> Any:
    """A sample in our spelling: no `preview_url: false` (the default), no `policy` (the only one there is),
    and amounts and dates as the text the sender formatted."""
    if isinstance(sample, list):
        return [_as_we_write_it(part) for part in sample]
    if not isinstance(sample, dict):
        return sample
    if sample.get("type") in ("currency", "date_time"):
        return {"type": "text", "text": sample[sample["type"]]["fallback_value"]}
    dropped = {"preview_url": False, "policy": "deterministic"}
    return {
        name: _as_we_write_it(value)
        for name, value in sample.items()
        if name not in dropped or value != dropped[name]
    }


@pytest.mark.parametrize("file", WHATSAPP)
def test_a_whatsapp_request_is_the_documented_one(file: str) -> None:
    assert json.loads(whatsapp.body(WHATSAPP[file])) == _as_we_write_it(samples.data(file))


@pytest.mark.parametrize("file", WHATSAPP)
def test_no_recorded_whatsapp_request_breaks_a_rule(file: str) -> None:
    assert whatsapp.problems(WHATSAPP[file].content) == []


@pytest.mark.parametrize("file", TWILIO)
def test_a_twilio_request_is_the_documented_one(file: str) -> None:
    config, message = TWILIO[file]
    account = SenderAccount(samples.ACCOUNT_SID, config, {})
    form = twilio.Form(account, "https://hooks.example.com/twilio/status")
    ours = parse_qsl(form.body(message).decode("ascii"), strict_parsing=True)
    theirs = parse_qsl(samples.raw(file).decode("ascii"), strict_parsing=True)
    if file == "tw-send-mms.request.txt":
        theirs.remove(("MediaUrl", "https://cdn.example.com/map2.png"))  # our messages carry one file
    assert sorted(_without_fragment(ours)) == sorted(theirs)


def _without_fragment(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value.removesuffix("#rc=3&rp=ct,rt,5xx")) for name, value in pairs]


@pytest.mark.parametrize("file", TWILIO)
def test_no_recorded_twilio_request_breaks_a_rule(file: str) -> None:
    assert twilio.problems(TWILIO[file][1].content) == []


def test_twilio_is_asked_to_call_back_with_the_attempt_and_to_repeat() -> None:
    form = twilio.Form(
        SenderAccount(samples.ACCOUNT_SID, SMS, {}), "https://a.example/webhooks/twilio/status"
    )
    pairs = dict(parse_qsl(form.body(Outgoing(BO, ORDER, "0f&9 ")).decode()))
    assert pairs["StatusCallback"] == (
        "https://a.example/webhooks/twilio/status?attempt=0f%269+#rc=3&rp=ct,rt,5xx"
    )


def test_positional_parameters_travel_in_the_order_of_their_numbers() -> None:
    body = tuple(Parameter(str(number), f"v{number}") for number in (2, 10, 1, 3, 4, 5, 6, 7, 8, 9))
    sent = json.loads(whatsapp.body(Outgoing(ANA, Template("a", "en", body), "")))
    parameters = sent["template"]["components"][0]["parameters"]
    assert [parameter["text"] for parameter in parameters] == [f"v{number}" for number in range(1, 11)]


def test_a_coupon_code_travels_in_its_own_field() -> None:
    content = Template("a", "en", buttons=(ButtonParameter(1, "copy_code", "20OFF"),))
    sent = json.loads(whatsapp.body(Outgoing(ANA, content, "")))
    assert sent["template"]["components"] == [
        {
            "type": "button",
            "sub_type": "copy_code",
            "index": "1",
            "parameters": [{"type": "coupon_code", "coupon_code": "20OFF"}],
        }
    ]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (Buttons("a", (Choice("1", "One"),)), "buttons"),
        (ListPicker("a", "b", (Section("", (Choice("1", "One"),)),)), "sections"),
        (Media("image", id="1"), "link"),
        (Template("HX" + "0" * 32, header=Parameter("1", "a")), "header"),
        (Template("HX" + "0" * 32, buttons=(ButtonParameter(0, "url", "a"),)), "buttons"),
    ],
)
def test_twilio_refuses_what_only_a_content_template_can_say(content: Content, field: str) -> None:
    form = twilio.Form(SenderAccount(samples.ACCOUNT_SID, SMS, {}), "https://a.example/status")
    with pytest.raises(BadContent) as refused:
        form.body(Outgoing(BO, content, ""))
    assert refused.value.field == field
    assert [problem.field for problem in twilio.problems(content)] == [field]


@pytest.mark.parametrize("text", ["\ud800", "ok \udfff"])
def test_a_text_that_utf8_cannot_write_is_refused_and_not_sent(text: str) -> None:
    form = twilio.Form(SenderAccount(samples.ACCOUNT_SID, SMS, {}), "https://a.example/status")
    with pytest.raises(BadContent):
        form.body(Outgoing(BO, Text(text), ""))
    with pytest.raises(BadContent):
        whatsapp.body(Outgoing(BO, Text(text), ""))
