"""Signatures by the Standard Webhooks specification (standardwebhooks.com), version 1.0.0, symmetric."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
_SIZE = 32


def new_secret() -> str:
    """A fresh secret: `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SIZE)).decode()


def signature(keys: Iterable[str], event_id: str, timestamp: int, body: str) -> str:
    """The header webhook-signature: one signature for each secret, so that receivers may change theirs in their time.

    `timestamp` in whole seconds since 1970, as in the header webhook-timestamp.
    """
    signed = f"{event_id}.{timestamp}.{body}".encode()
    return " ".join(f"v1,{_sign(key, signed)}" for key in keys)


def _sign(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
