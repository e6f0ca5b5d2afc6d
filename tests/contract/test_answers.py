"""What each recorded answer to a send means: accepted, rejected, not sent, or no proof either way."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from multidict import CIMultiDict

from clarion.domain.sending import Accepted, FaultKind, NotSent, Outcome, Rejected, Unknown
from clarion.providers.answers import LONGEST_WAIT, wait_of
from clarion.providers.codes import Codes
from clarion.providers.transport import MICROS, Answer
from clarion.providers.twilio import client as twilio
from clarion.providers.twilio.codes import CODES as TWILIO_CODES
from clarion.providers.whatsapp import client as whatsapp
from clarion.providers.whatsapp.codes import CODES as WHATSAPP_CODES
from tests.contract import samples

Read = Callable[[Answer], Outcome]
READ: dict[str, Read] = {"wa": whatsapp.outcome, "tw": twilio.outcome}

ACCEPTED = {
    "wa-send.response.json": Accepted("wamid.HBgMNDQ3NzAwOTAwMTIzFQIAERgSRjQ0QzMwRDA3RDMzMUM2RkY2AA=="),
    "wa-send-template.response.json": Accepted(
        "wamid.HBgMNDQ3NzAwOTAwMTIzFQIAERgSQkM0MzI5NjdCNUE2RDAwNTc2AA=="
    ),
    "wa-send-template-held.response.json": Accepted(
        "wamid.HBgLMTIwMjU1NTAxNDIVAgARGBJDRURERTMxMjI4M0IxMUY2RDcA", held=True
    ),
    "wa-send-bsuid.response.json": Accepted("wamid.HBgMNDQ3NzAwOTAwMTIzFQIAERgSOTE5MTczRTA0NjQ1RjUyMzk5AA=="),
    "tw-send-queued.response.json": Accepted("SM0cc175b9c0f1b6a831c399e269772661"),
    "tw-send-accepted-service.response.json": Accepted("SM92eb5ffee6ae2fec3ad71c777531578f"),
    "tw-send-scheduled.response.json": Accepted("SM47721f99ae60cbec027428e52ad7ca39"),
    "tw-send-mms.response.json": Accepted("MMd55977c223a588fdc11aff690a068b03"),
    "tw-send-whatsapp.response.json": Accepted("SMc68c559d956d4ca20f435ed74a6e71e6"),
}

REFUSED: dict[str, tuple[type[Outcome], FaultKind | None]] = {
    "wa-error-0.response.json": (Rejected, FaultKind.AUTH),
    "wa-error-2.response.json": (NotSent, FaultKind.TRANSIENT),
    "wa-error-4.response.json": (NotSent, FaultKind.THROTTLE_SENDER),
    "wa-error-10.response.json": (Rejected, FaultKind.AUTH),
    "wa-error-100.response.json": (Rejected, FaultKind.REQUEST),
    "wa-error-100-33.response.json": (Rejected, FaultKind.ACCOUNT),
    "wa-error-190.response.json": (Rejected, FaultKind.AUTH),
    "wa-error-368.response.json": (Rejected, FaultKind.ACCOUNT),
    "wa-error-80007.response.json": (NotSent, FaultKind.THROTTLE_SENDER),
    "wa-error-130429.response.json": (NotSent, FaultKind.THROTTLE_SENDER),
    "wa-error-130497.response.json": (Rejected, FaultKind.RECIPIENT),
    "wa-error-131000.response.json": (NotSent, FaultKind.TRANSIENT),
    "wa-error-131005.response.json": (Rejected, FaultKind.AUTH),
    "wa-error-131008.response.json": (Rejected, FaultKind.REQUEST),
    "wa-error-131009.response.json": (Rejected, FaultKind.REQUEST),
    "wa-error-131016.response.json": (NotSent, FaultKind.TRANSIENT),
    "wa-error-131021.response.json": (Rejected, FaultKind.RECIPIENT),
    "wa-error-131030.response.json": (Rejected, FaultKind.RECIPIENT),
    "wa-error-131031.response.json": (Rejected, FaultKind.ACCOUNT),
    "wa-error-131037.response.json": (Rejected, FaultKind.ACCOUNT),
    "wa-error-131042.response.json": (Rejected, FaultKind.PAYMENT),
    "wa-error-131047.response.json": (Rejected, FaultKind.REQUEST),
    "wa-error-131048.response.json": (Rejected, FaultKind.ACCOUNT),
    "wa-error-131053.response.json": (Rejected, FaultKind.REQUEST),
    "wa-error-131056.response.json": (NotSent, FaultKind.THROTTLE_RECIPIENT),
    "wa-error-131057.response.json": (NotSent, FaultKind.THROTTLE_SENDER),
    "wa-error-132000.response.json": (Rejected, FaultKind.TEMPLATE),
    "wa-error-132001.response.json": (Rejected, FaultKind.TEMPLATE),
    "wa-error-132005.response.json": (Rejected, FaultKind.REQUEST),
    "wa-error-132007.response.json": (Rejected, FaultKind.TEMPLATE),
    "wa-error-132012.response.json": (Rejected, FaultKind.TEMPLATE),
    "wa-error-132015.response.json": (Rejected, FaultKind.TEMPLATE),
    "wa-error-132016.response.json": (Rejected, FaultKind.TEMPLATE),
    "wa-error-133010.response.json": (Rejected, FaultKind.ACCOUNT),
    "wa-error-135000.response.json": (Rejected, FaultKind.REQUEST),
    "tw-error-20003.response.json": (Rejected, FaultKind.AUTH),
    "tw-error-20404.response.json": (Rejected, FaultKind.ACCOUNT),
    "tw-error-20429.response.json": (NotSent, FaultKind.THROTTLE_SENDER),
    "tw-error-20500.response.json": (Unknown, None),
    "tw-error-20503.response.json": (Unknown, None),
    "tw-error-21211.response.json": (Rejected, FaultKind.RECIPIENT),
    "tw-error-21408.response.json": (Rejected, FaultKind.RECIPIENT),
    "tw-error-21602.response.json": (Rejected, FaultKind.REQUEST),
    "tw-error-21603.response.json": (Rejected, FaultKind.REQUEST),
    "tw-error-21604.response.json": (Rejected, FaultKind.REQUEST),
    "tw-error-21606.response.json": (Rejected, FaultKind.ACCOUNT),
    "tw-error-21608.response.json": (Rejected, FaultKind.RECIPIENT),
    "tw-error-21610.response.json": (Rejected, FaultKind.RECIPIENT),
    "tw-error-21611.response.json": (NotSent, FaultKind.THROTTLE_SENDER),
    "tw-error-21612.response.json": (Rejected, FaultKind.RECIPIENT),
    "tw-error-21614.response.json": (Rejected, FaultKind.RECIPIENT),
    "tw-error-21617.response.json": (Rejected, FaultKind.REQUEST),
    "tw-error-21620.response.json": (Rejected, FaultKind.REQUEST),
    "tw-error-21656.response.json": (Rejected, FaultKind.TEMPLATE),
    "tw-error-21703.response.json": (Rejected, FaultKind.RECIPIENT),
    "tw-error-63007.response.json": (Rejected, FaultKind.ACCOUNT),
    "tw-error-problem-details.response.json": (NotSent, FaultKind.THROTTLE_SENDER),
}

WITHOUT_ID = (
    "wa-mark-read.response.json",
    "wa-media-upload.response.json",
    "wa-media-get.response.json",
    "wa-template-create.response.json",
    "wa-phone-numbers.response.json",
    "tw-content-approval.response.json",
    "tw-content-approval-fetch.response.json",
)
"""Answers to other calls: as the answer to a send they hold no message id."""


def _answer(file: str, status: int | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status or samples.status(file), CIMultiDict(headers or {}), samples.raw(file))


def _read(file: str, **changes: Any) -> Outcome:
    return READ[file[:2]](_answer(file, **changes))


@pytest.mark.parametrize("file", ACCEPTED)
def test_an_accepted_send_gives_the_providers_id(file: str) -> None:
    assert _read(file) == ACCEPTED[file]


@pytest.mark.parametrize("file", REFUSED)
def test_a_refused_send_is_what_the_failure_contract_says(file: str) -> None:
    outcome, (kind, fault) = _read(file), REFUSED[file]
    assert type(outcome) is kind
    if isinstance(outcome, Rejected | NotSent):
        error = samples.data(file)
        assert outcome.fault.kind is fault
        assert outcome.fault.code == str(error.get("error", error)["code"])
        assert outcome.fault.detail


@pytest.mark.parametrize("file", WITHOUT_ID)
def test_a_success_without_a_message_id_proves_nothing(file: str) -> None:
    assert isinstance(_read(file, status=200), Unknown)


@pytest.mark.parametrize("status", [400, 403, 429, 500, 503])
@pytest.mark.parametrize("file", sorted(file for file in REFUSED if file.startswith("wa-")))
def test_whatsapp_errors_go_by_the_code_whatever_the_http_status(file: str, status: int) -> None:
    assert _read(file, status=status) == _read(file)


@pytest.mark.parametrize("provider", READ)
@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (200, b"{}", "without a message id"),
        (200, b"", "without a message id"),
        (200, b"<html>Sign in</html>", "without a message id"),
        (200, b'{"messages":[{"id":"wamid.1"}', "without a message id"),
        (200, b'{"messages":[]}', "without a message id"),
        (200, b'{"messages":[null]}', "without a message id"),
        (200, b'{"messages":{"id":"wamid.1"}}', "without a message id"),
        (200, b'{"messages":[{"id":""}],"sid":""}', "without a message id"),
        (200, b'{"messages":[{"id":7}],"sid":7}', "without a message id"),
        (201, b'["SM1"]', "without a message id"),
        (301, b"", "proxy"),
        (307, b"", "proxy"),
        (400, b"<html>Bad request</html>", "proxy"),
        (403, b'{"error":{"message":"no","code":190}}', "proxy"),
        (407, b"", "proxy"),
        (429, b'{"message":"slow down"}', "proxy"),
        (404, b'{"error":{"code":"190","message":"","type":"","fbtrace_id":""}}', "proxy"),
        (400, b'{"error":{"code":true,"message":"","type":"","fbtrace_id":""}}', "proxy"),
        (400, b'{"code":21211,"message":"no"}', "proxy"),
        (400, b'{"code":true,"message":"no","more_info":"","status":400}', "proxy"),
        (500, b"", "may have been sent"),
        (502, b"<html>Bad gateway</html>", "may have been sent"),
        (503, b'{"error":{"code":503,"message":"down","status":"UNAVAILABLE"}}', "may have been sent"),
        (503, b'{"status":503,"error":"Service Unavailable"}', "may have been sent"),
    ],
)
def test_R36_what_is_not_the_providers_own_answer_proves_nothing(
    provider: str, status: int, body: bytes, says: str
) -> None:
    outcome = READ[provider](Answer(status, {}, body))
    assert isinstance(outcome, Unknown)
    assert says in outcome.reason


UNLISTED: dict[str, Callable[[int], dict[str, Any]]] = {
    "wa": lambda status: {"error": {"code": 987654, "message": "m", "type": "t", "fbtrace_id": "f"}},
    "tw": lambda status: {"code": 987654, "message": "m", "more_info": "", "status": status},
}


@pytest.mark.parametrize("provider", READ)
@pytest.mark.parametrize(
    ("status", "kind", "fault"),
    [
        (400, Rejected, FaultKind.REQUEST),
        (401, Rejected, FaultKind.AUTH),
        (403, Rejected, FaultKind.AUTH),
        (429, NotSent, FaultKind.THROTTLE_SENDER),
        (500, Unknown, None),
        (503, Unknown, None),
    ],
)
def test_a_code_nobody_listed_is_judged_by_the_http_status(
    provider: str, status: int, kind: type[Outcome], fault: FaultKind | None
) -> None:
    outcome = READ[provider](Answer(status, {}, json.dumps(UNLISTED[provider](status)).encode()))
    assert type(outcome) is kind
    if isinstance(outcome, Rejected | NotSent):
        assert (outcome.fault.kind, outcome.fault.code) == (fault, "987654")
        assert "987654" in outcome.fault.reason


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"Retry-After": "7"}, 7),
        ({"retry-after": " 7 "}, 7),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "-3"}, 0),
        ({"Retry-After": "soon"}, 0),
        ({"Retry-After": "٧"}, 0),
        ({"Retry-After": "9" * 400}, LONGEST_WAIT // MICROS),
        ({"Retry-After": "Fri, 20 Nov 2026 12:00:09 GMT", "Date": "Fri, 20 Nov 2026 12:00:00 GMT"}, 9),
        ({"Retry-After": "Fri, 20 Nov 2026 11:00:00 GMT", "Date": "Fri, 20 Nov 2026 12:00:00 GMT"}, 0),
        ({"Retry-After": "Fri, 20 Nov 2026 12:00:09 GMT"}, 0),
        ({"Retry-After": "Fri, 20 Nov 2026 12:00:09", "Date": "Fri, 20 Nov 2026 12:00:00 GMT"}, 0),
        ({"Retry-After": "Fri, 99 Nov 2026 12:00:09 GMT", "Date": "Fri, 20 Nov 2026 12:00:00 GMT"}, 0),
    ],
)
def test_the_wait_a_provider_asks_for_is_read_in_both_forms(headers: dict[str, str], seconds: int) -> None:
    assert wait_of(CIMultiDict(headers)) == seconds * MICROS


@pytest.mark.parametrize(
    ("file", "headers", "seconds"),
    [
        ("wa-error-130429.response.json", {}, 0),
        ("wa-error-130429.response.json", {"Retry-After": "5"}, 5),
        ("wa-error-131057.response.json", {}, 90),
        ("wa-error-131057.response.json", {"Retry-After": "5"}, 90),
        ("tw-error-20429.response.json", {}, 0),
        ("tw-error-20429.response.json", {"Retry-After": "5"}, 5),
        ("tw-error-21611.response.json", {}, 60),
    ],
)
def test_R34_a_throttle_says_how_long_to_wait_at_least(
    file: str, headers: dict[str, str], seconds: int
) -> None:
    outcome = _read(file, headers=headers)
    assert isinstance(outcome, NotSent)
    assert outcome.retry_after == seconds * MICROS


def test_a_twilio_message_created_as_failed_is_refused_because_no_callback_will_follow() -> None:
    body = {**samples.data("tw-send-queued.response.json"), "status": "failed", "error_code": 21610}
    outcome = twilio.outcome(Answer(201, {}, json.dumps(body).encode()))
    assert isinstance(outcome, Rejected)
    assert (outcome.fault.code, outcome.fault.opt_out) == ("21610", True)


TABLES = {"wa": WHATSAPP_CODES, "tw": TWILIO_CODES}


@pytest.mark.parametrize("provider", TABLES)
def test_every_documented_code_has_a_meaning(provider: str) -> None:
    for row in samples.data(f"{provider}-error-codes.json"):
        for code in _codes_of(row["code"]):
            assert TABLES[provider].find(code), code


@pytest.mark.parametrize("provider", TABLES)
def test_every_reason_is_one_plain_sentence_of_what_happened_and_what_to_do(provider: str) -> None:
    for code, meaning in TABLES[provider]:
        assert meaning.reason.endswith("."), code
        assert len(meaning.reason) <= 140, code
        assert any(mark in meaning.reason for mark in (":", ";", ",")), code


def test_opt_outs_and_caps_are_marked() -> None:
    def marked(codes: Codes, mark: str) -> set[str]:
        return {code for code, meaning in codes if getattr(meaning, mark)}

    assert marked(WHATSAPP_CODES, "opt_out") == {"131050"}
    assert marked(TWILIO_CODES, "opt_out") == {"21610", "63014", "63033"}
    assert marked(WHATSAPP_CODES, "cap") == {"131049"}
    assert marked(TWILIO_CODES, "cap") == {"63049"}


def test_only_meta_s_four_transient_codes_prove_that_nothing_was_sent() -> None:
    transient = {
        code
        for code, meaning in WHATSAPP_CODES
        if meaning.kind is FaultKind.TRANSIENT and meaning.outcome == "not_sent"
    }
    assert transient == {"1", "2", "131000", "131016"}


def _codes_of(written: str) -> list[str]:
    if "-" in written:
        first, last = written.split("-")
        return [str(code) for code in range(int(first), int(last) + 1)]
    return written.split("/")
