"""Browsers that a user signed in with before: they are not kept waiting by those who guess the password.

The cookie lets nobody in. It is sealed for the user's address, so it cannot be made up or used for another.
"""

import base64
import binascii
import secrets

from clarion.domain.errors import KeyMissing, KeyWrong
from clarion.domain.throttle import account_of
from clarion.services.secrets import SecretBox


def mark(box: SecretBox, email: str, held: str = "") -> str:
    """A cookie for a browser that `email` just signed in with; the one it holds keeps its name."""
    name = name_of(box, email, held) or secrets.token_hex(12)
    return base64.urlsafe_b64encode(box.seal(_identity(email), name).encode()).decode().rstrip("=")


def name_of(box: SecretBox, email: str, cookie: str) -> str:
    """The device's name, or "" if the cookie is none of ours, or not for this address."""
    if not cookie:
        return ""
    try:
        sealed = base64.b64decode(cookie + "=" * (-len(cookie) % 4), altchars=b"-_", validate=True).decode()
        return box.open(_identity(email), sealed)
    except (binascii.Error, ValueError, KeyMissing, KeyWrong):
        return ""


def _identity(email: str) -> str:
    return f"device:{account_of(email)}"
