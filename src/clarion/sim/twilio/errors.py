"""Twilio's error envelope and the codes the simulator answers with or reports in callbacks.

Source: twilio.com/docs/api/errors; HTTP 400 unless given.
"""

from __future__ import annotations

from clarion.sim.desk import Refusal
from clarion.sim.http import Answer

_STATUS = {20003: 401, 20404: 404, 20429: 429, 20500: 500, 20503: 503, 21701: 404, 30409: 409}
_MESSAGES = {
    20001: "Unknown or malformed parameters",
    20003: "Authenticate",
    20404: "The requested resource {} was not found",
    20429: "Too Many Requests",
    20500: "An internal server error has occurred",
    20503: "Service unavailable",
    21211: "Invalid 'To' Phone Number: {}",
    21212: "Invalid 'From' Phone Number: {}",
    21214: "'To' phone number cannot be reached: {}",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {}",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' phone number provided ({}) is not a valid message-capable Twilio phone number"
    " for this destination/account",
    21608: "The number {} is unverified (trial account).",
    21609: "Invalid 'StatusCallback' URL: {}",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number has exceeded the maximum number of queued messages",
    21612: "The 'To' phone number is not currently reachable via SMS or MMS from this sender",
    21614: "'To' number is not a valid mobile number: {}",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21620: "Invalid media URL(s)",
    21623: "Number of media files exceeds allowed limit",
    21624: "Invalid validity period: {}",
    21654: "ContentSid Required",
    21655: "The ContentSid is invalid: {}",
    21656: "The ContentVariables Parameter is invalid",
    21659: "'From' {} is not a Twilio phone number or Short Code country mismatch",
    21701: "The Messaging Service {} does not exist",
    21703: "The Messaging Service does not have a phone number available to send a message",
    30001: "Queue overflow",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30409: "Message cannot be canceled",
    35111: "SendAt is required to schedule a message",
    35114: "SendAt must be 15 minutes to 35 days ahead",
    35118: "MessagingServiceSid is required to schedule a message",
    63007: "Twilio could not find a Channel with the specified From address",
    63008: "Channel module misconfigured",
    63016: "Failed to send freeform message because you are outside the allowed window",
    63024: "Invalid message recipient",
    63027: "Template does not exist for a language and locale",
    63033: "Recipient opted out of marketing messages",
    63040: "Template rejected",
    63041: "Template paused",
    63042: "Template disabled",
    63049: "Meta chose not to deliver this marketing message",
}


def refusal(code: int, subject: str = "") -> Refusal:
    """The error `code` as an HTTP answer; `subject` is what its text speaks of."""
    status = _STATUS.get(code, 400)
    body = {
        "code": code,
        "message": message(code).format(subject),
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return Refusal(code, Answer.json(body, status), throttle=code in (20429, 21611))


def message(code: int) -> str:
    """The error's text."""
    return _MESSAGES.get(code, "Error")
