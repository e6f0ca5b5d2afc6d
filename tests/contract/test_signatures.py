"""Only what the provider signed gets in: every recorded vector, and what an attacker would try."""

import base64
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from clarion.providers.base import WebhookRequest
from clarion.providers.twilio import webhook as twilio
from clarion.providers.whatsapp import webhook as whatsapp
from tests.contract import samples

WHATSAPP = {vector["name"]: vector for vector in samples.data("wa-signature-vectors.json")["vectors"]}
TWILIO = {vector["name"]: vector for vector in samples.data("tw-signature-vectors.json")["vectors"]}

SECRET = "0123456789abcdef0123456789abcdef"
TOKEN = "12345abcde12345abcde12345abcde12"


def _whatsapp(vector: dict[str, Any], **changes: Any) -> WebhookRequest:
    url = "https://hooks.example.com/webhooks/whatsapp"
    header = {"x-hub-signature-256": vector["header"]} if vector["header"] is not None else {}
    body = base64.b64decode(vector["body_base64"])
    return WebhookRequest(
        **{"method": "POST", "url": url, "query": "", "headers": header, "body": body, **changes}
    )


def _twilio(vector: dict[str, Any], **changes: Any) -> WebhookRequest:
    headers = {"x-twilio-signature": vector["signature"]}
    if "content_type" in vector:
        headers["content-type"] = vector["content_type"]
    headers |= {name.lower(): value for name, value in vector.get("extra_headers", {}).items()}
    values = {
        "method": vector["method"],
        "url": vector["request_url"],
        "query": urlsplit(vector["request_url"]).query,
        "headers": headers,
        "body": vector.get("raw_body", "").encode(),
    }
    return WebhookRequest(**{**values, **changes})


@pytest.mark.parametrize("name", WHATSAPP)
def test_R10_every_whatsapp_vector(name: str) -> None:
    vector = WHATSAPP[name]
    found = whatsapp.verify(_whatsapp(vector), [vector["app_secret"]])
    assert found == (vector["app_secret"] if vector["expected_valid"] else None)


@pytest.mark.parametrize("name", TWILIO)
def test_R10_every_twilio_vector(name: str) -> None:
    vector = TWILIO[name]
    found = twilio.verify(_twilio(vector), [vector["secret"]])
    assert found == (vector["secret"] if vector["expected_valid"] else None)


def test_R10_reserialised_json_is_refused() -> None:
    request = _whatsapp(WHATSAPP["escaped-unicode-inbound"])
    again = json.dumps(json.loads(request.body), ensure_ascii=False, separators=(",", ":")).encode()
    assert whatsapp.verify(request, [SECRET]) == SECRET
    assert whatsapp.verify(_whatsapp(WHATSAPP["escaped-unicode-inbound"], body=again), [SECRET]) is None


@pytest.mark.parametrize("header", ["", "sha256=", "sha1=abc", "sha256=ä", "sha256=" + "0" * 64])
def test_R10_a_whatsapp_webhook_without_the_right_signature_is_refused(header: str) -> None:
    vector = {**WHATSAPP["compact-ascii-status"], "header": header}
    assert whatsapp.verify(_whatsapp(vector), [SECRET]) is None
    assert whatsapp.verify(_whatsapp({**vector, "header": None}), [SECRET]) is None


@pytest.mark.parametrize("signature", ["", "=", "ä", "DhwOKMUy03V72PApTtYHndASvj=", "0" * 28])
def test_R10_a_twilio_webhook_without_the_right_signature_is_refused(signature: str) -> None:
    vector = {**TWILIO["status-callback-sms-delivered"], "signature": signature}
    assert twilio.verify(_twilio(vector), [TOKEN]) is None


def test_R10_a_signature_of_another_account_is_refused() -> None:
    assert whatsapp.verify(_whatsapp(WHATSAPP["compact-ascii-status"]), ["another app's secret"]) is None
    assert twilio.verify(_twilio(TWILIO["status-callback-sms-delivered"]), ["another token"]) is None


def test_R10_no_secret_and_an_empty_secret_verify_nothing() -> None:
    import hashlib
    import hmac

    request = _whatsapp(WHATSAPP["compact-ascii-status"])
    empty = hmac.new(b"", request.body, hashlib.sha256).hexdigest()
    forged = _whatsapp({**WHATSAPP["compact-ascii-status"], "header": f"sha256={empty}"})
    assert whatsapp.verify(forged, [""]) is None
    assert whatsapp.verify(request, []) is None
    assert twilio.verify(_twilio(TWILIO["status-callback-sms-delivered"]), ["", ""]) is None


def test_during_a_rotation_either_secret_verifies_and_is_named() -> None:
    assert whatsapp.verify(_whatsapp(WHATSAPP["compact-ascii-status"]), ["new", SECRET]) == SECRET
    assert twilio.verify(_twilio(TWILIO["status-callback-sms-delivered"]), ["new", TOKEN]) == TOKEN


def test_a_shared_key_signature_is_not_taken_for_one_of_the_auth_token() -> None:
    vector = {**TWILIO["shared-key-hmac-sha256"], "extra_headers": {}}
    assert twilio.verify(_twilio(vector), [vector["secret"]]) is None


def test_a_changed_query_breaks_twilios_signature_so_the_attempt_cannot_be_forged() -> None:
    vector = TWILIO["status-callback-sms-delivered"]
    url = vector["request_url"].replace("01JD3V7Q2N8X", "01JD3V7Q2N8Y")
    assert twilio.verify(_twilio(vector, url=url), [TOKEN]) is None


def test_a_body_that_is_not_a_form_needs_its_hash_in_the_signed_url() -> None:
    vector = TWILIO["get-request"]
    request = _twilio(vector, method="POST", body=b'{"a":1}')
    assert twilio.verify(_twilio(vector), [TOKEN]) == TOKEN
    assert twilio.verify(request, [TOKEN]) is None


def test_a_form_with_thousands_of_fields_is_refused_at_once() -> None:
    vector = TWILIO["status-callback-sms-delivered"]
    assert twilio.verify(_twilio(vector, body=b"&".join([b"a=1"] * 5_000)), [TOKEN]) is None


def _get(query: str) -> WebhookRequest:
    return WebhookRequest("GET", f"https://hooks.example.com/webhooks/whatsapp?{query}", query, {}, b"")


def test_meta_verifies_the_address_with_our_word() -> None:
    request, _, rest = samples.raw("wa-webhook-verify.txt").decode().partition("\n")
    query = urlsplit(request.split(" ")[1]).query
    expected = rest.rstrip().splitlines()[-1]
    assert whatsapp.challenge(_get(query), ["other", "example-verify-token"]) == expected
    assert whatsapp.challenge(_get(query), ["other"]) is None
    assert whatsapp.challenge(_get(query), []) is None


@pytest.mark.parametrize(
    "query",
    [
        "",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=",
        "hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=word",
        "hub.mode=subscribe&hub.verify_token=word",
        "hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=word",
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=word%20",
        "hub.challenge=1&hub.verify_token=word",
    ],
)
def test_a_wrong_verification_is_refused(query: str) -> None:
    assert whatsapp.challenge(_get(query), ["word", ""]) is None


def test_twilio_has_no_verification() -> None:
    assert (
        twilio.challenge(_get("hub.mode=subscribe&hub.challenge=1&hub.verify_token=word"), ["word"]) is None
    )


@pytest.mark.parametrize(
    ("file", "account"),
    [
        ("wa-hook-status-sent.json", "200300400500600"),
        ("wa-hook-inbound-text.json", "200300400500600"),
        ("wa-hook-account-update.json", "100200300400500"),
        ("wa-hook-template-approved.json", "100200300400500"),
    ],
)
def test_the_account_is_known_before_the_signature_is_checked(file: str, account: str) -> None:
    body = samples.raw(file)
    compact = json.dumps(json.loads(body), separators=(",", ":")).encode()
    for written in (body, compact):
        request = WebhookRequest("POST", "https://hooks.example.com/webhooks/whatsapp", "", {}, written)
        assert whatsapp.account_hint(request) == account


def test_the_twilio_account_is_known_before_the_signature_is_checked() -> None:
    for file in ("tw-cb-sms-sent.txt", "tw-in-sms.txt"):
        request = WebhookRequest("POST", "https://hooks.example.com/a", "", {}, samples.raw(file))
        assert twilio.account_hint(request) == samples.ACCOUNT_SID
    query = f"Body=x&AccountSid={samples.ACCOUNT_SID}"
    assert twilio.account_hint(WebhookRequest("GET", "", query, {}, b"")) == samples.ACCOUNT_SID
    assert twilio.account_hint(WebhookRequest("POST", "", "", {}, b"XAccountSid=AC1")) == ""
    assert whatsapp.account_hint(WebhookRequest("POST", "", "", {}, b"{}")) == ""
