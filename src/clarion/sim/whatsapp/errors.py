"""WhatsApp's error envelope and the codes the simulator answers with or reports in webhooks.

Source: developers.facebook.com, WhatsApp error codes (May 2026); HTTP values from an earlier edition,
which had the column.
"""

from __future__ import annotations

import secrets

from clarion.sim.desk import Refusal
from clarion.sim.http import Answer

# code: (HTTP status, title, details)
_ERRORS: dict[int, tuple[int, str, str]] = {
    0: (401, "Error validating access token: application not authorised.", "Token cannot be authenticated."),
    2: (503, "Service temporarily unavailable", "Temporary outage."),
    4: (400, "Application request limit reached", "The app reached its call rate limit."),
    10: (403, "Application does not have permission for this action", "Missing permission."),
    100: (400, "Invalid parameter", ""),
    190: (401, "Error validating access token: session expired.", ""),
    368: (403, "Temporarily blocked for policies violations", "The account is temporarily blocked."),
    80007: (400, "Rate limit hit", "The business account reached its rate limit."),
    130429: (400, "Rate limit hit", "Too many messages from this number in a short time."),
    130472: (400, "User's number is part of an experiment", "The message was withheld."),
    130497: (
        403,
        "Business account is restricted from messaging users in this country",
        "Restriction applies.",
    ),
    131000: (500, "Something went wrong", "Unknown error."),
    131005: (403, "Access denied", "Permission not granted."),
    131008: (400, "Required parameter is missing", ""),
    131009: (400, "Parameter value is not valid", ""),
    131016: (500, "Service unavailable", "A service is temporarily unavailable."),
    131021: (400, "Recipient cannot be sender", "Sender and recipient are the same number."),
    131026: (400, "Message undeliverable", "Message undeliverable."),
    131030: (400, "Recipient phone number not in allowed list", "Add the recipient to the test number list."),
    131031: (403, "Business Account locked", "Account locked for a policy violation."),
    131037: (400, "Display name approval needed", "The display name of the number is not approved."),
    131042: (400, "Business eligibility payment issue", "Payment method missing on the account."),
    131047: (400, "Re-engagement message", "Outside the 24-hour service window."),
    131048: (400, "Spam rate limit hit", "Sending from this number is restricted after user reports."),
    131049: (400, "Message not delivered to maintain a healthy ecosystem", "Not delivered to this user now."),
    131050: (
        400,
        "User has stopped marketing messages from this business",
        "The user stopped marketing messages.",
    ),
    131051: (400, "Unsupported message type", ""),
    131053: (400, "Media upload error", "Media could not be fetched or processed."),
    131056: (
        400,
        "(Business Account, Consumer Account) pair rate limit hit",
        "Too many messages from this number to this recipient.",
    ),
    131057: (500, "Account in maintenance mode", "Throughput upgrade in progress."),
    132000: (400, "Number of parameters does not match the expected number of params", ""),
    132001: (404, "Template name does not exist in the translation", ""),
    132005: (400, "Translated text too long", "Hydrated text exceeds the maximum length."),
    132007: (
        400,
        "Template format character policy violated",
        "Text contains characters that are not allowed.",
    ),
    132012: (400, "Parameter format does not match format in the created template", ""),
    132015: (400, "Template is paused", "Template paused because of low quality."),
    132016: (400, "Template is disabled", "Template disabled after repeated pauses."),
    132018: (400, "Template parameters are not valid", ""),
    133010: (400, "Account not registered", "Phone number is not registered on the platform."),
    134100: (400, "Only marketing messages are supported on this endpoint", "Use /messages."),
    135000: (400, "Generic user error", "Unspecified problem with the request."),
}
_TRANSIENT = frozenset({2, 4, 131000, 131016, 131057})
_THROTTLES = frozenset({4, 80007, 130429, 131048, 131056})
_WITHOUT_NUMBER = frozenset({0, 190})
_HREF = "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes"


def refusal(code: int, details: str = "", *, throttle_status: int = 400) -> Refusal:
    """The error `code` as an HTTP answer; `throttle_status` is the HTTP status of rate limits."""
    status, title, usual = _ERRORS.get(code, (400, "Error", ""))
    error: dict[str, object] = {
        "message": title if code in _WITHOUT_NUMBER else f"(#{code}) {title}",
        "type": "OAuthException",
        "code": code,
    }
    if code == 190:
        error["error_subcode"] = 463
    else:
        error["error_data"] = {"messaging_product": "whatsapp", "details": details or usual or title}
    if code in _TRANSIENT:
        error["is_transient"] = True
    return _wrap(code, error, throttle_status if code in _THROTTLES else status)


def unknown_object(method: str, name: str) -> Refusal:
    """Code 100 with subcode 33: an id that does not exist, or is not ours to see."""
    message = f"Unsupported {method.lower()} request: object '{name}' unknown or not permitted"
    return _wrap(
        100, {"message": message, "type": "GraphMethodException", "code": 100, "error_subcode": 33}, 400
    )


def _wrap(code: int, error: dict[str, object], status: int) -> Refusal:
    trace = "A" + secrets.token_hex(10)
    return Refusal(code, Answer.json({"error": {**error, "fbtrace_id": trace}}, status), code in _THROTTLES)


def webhook_error(code: int) -> dict[str, object]:
    """The error `code` as it stands in `statuses[].errors`."""
    _, title, details = _ERRORS.get(code, (400, "Error", ""))
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": details or title},
        "href": _HREF,
    }
