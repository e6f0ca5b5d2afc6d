"""Signatures equal the providers' published vectors."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from clarion.sim.webhooks import twilio_signature, whatsapp_body, whatsapp_signature

DATA = Path(__file__).parents[1] / "data" / "providers"
WHATSAPP = json.loads((DATA / "wa-signature-vectors.json").read_text("utf-8"))["vectors"]
TWILIO = json.loads((DATA / "tw-signature-vectors.json").read_text("utf-8"))["vectors"]
FORMS = [v for v in TWILIO if v["expected_valid"] and v["algorithm"] == "HMAC-SHA1"]


@pytest.mark.parametrize("vector", WHATSAPP, ids=lambda vector: vector["name"])
def test_a_whatsapp_signature_is_over_the_raw_bytes(vector: dict[str, Any]) -> None:
    body = base64.b64decode(vector["body_base64"])
    assert (whatsapp_signature(vector["app_secret"], body) == vector["header"]) == vector["expected_valid"]


@pytest.mark.parametrize("vector", FORMS, ids=lambda vector: vector["name"])
def test_a_twilio_signature_is_over_the_url_and_the_sorted_parameters(vector: dict[str, Any]) -> None:
    form = "form" in vector.get("content_type", "")
    parameters = [(name, value) for name, value in vector["params"]] if form else []
    assert twilio_signature(vector["secret"], vector["signed_url"], parameters) == vector["signature"]


def test_the_vectors_are_not_empty() -> None:
    assert len(WHATSAPP) == 10
    assert len(FORMS) > 10


def test_the_fragment_of_a_callback_url_is_not_signed() -> None:
    plain = twilio_signature("token", "https://hooks.example.com/status?attempt=1", [("A", "1")])
    assert (
        twilio_signature("token", "https://hooks.example.com/status?attempt=1#rc=3&rp=5xx", [("A", "1")])
        == plain
    )


def test_whatsapp_bodies_are_ascii_with_lowercase_escapes() -> None:
    assert whatsapp_body({"body": "Olá 😀"}) == rb'{"body":"Ol\u00e1 \ud83d\ude00"}'
