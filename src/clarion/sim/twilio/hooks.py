"""What Twilio's webhooks say: status callbacks and people's messages, signed and form encoded."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import md5
from urllib.parse import urlencode

from clarion.sim.ledger import ReplyEntry, Tally
from clarion.sim.twilio.errors import message as error_text
from clarion.sim.twilio.messages import API, Message
from clarion.sim.webhooks import Parcel, twilio_retries, twilio_signature
from clarion.sim.world import World

_OK = frozenset(range(200, 300))
_EVENTS = {"sent": "SENT", "delivered": "DELIVERED", "read": "READ", "failed": "UNDELIVERED"}


def post(
    world: World,
    url: str,
    parameters: Sequence[tuple[str, str]],
    tally: Tally,
    reply: ReplyEntry | None = None,
) -> None:
    """Sign the parameters and hand them to the courier; `reply` is the one they tell of."""
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "User-Agent": "TwilioProxy/1.1",
        "X-Twilio-Signature": twilio_signature(world.config.twilio.auth_token, url, parameters),
        "I-Twilio-Idempotency-Token": secrets.token_hex(16),
    }
    body = urlencode(parameters).encode("ascii")
    retries = twilio_retries(url, world.config.delivery)
    replies = () if reply is None else (reply,)
    world.courier.send(Parcel(url, headers, body, retries, [tally], _OK, replies=replies))


def status(message: Message, name: str, code: int, *, extra: bool = False) -> list[tuple[str, str]]:
    """The parameters of a status callback; `code` is the error of a failed one."""
    parameters = [
        ("ApiVersion", API),
        ("AccountSid", message.account),
        ("From", message.sender or ""),
        ("To", message.to),
        ("MessageSid", message.sid),
        ("SmsSid", message.sid),
        ("MessageStatus", name),
        ("SmsStatus", name),
    ]
    if message.service:
        parameters.append(("MessagingServiceSid", message.service))
    if code:
        parameters += [("ErrorCode", str(code)), ("ErrorMessage", error_text(code))]
    if message.to.startswith("whatsapp:"):
        channel = md5((message.sender or "").encode(), usedforsecurity=False).hexdigest()
        parameters += [
            ("ChannelInstallSid", f"XE{channel}"),
            ("ChannelPrefix", "whatsapp"),
            ("ChannelToAddress", message.to.removeprefix("whatsapp:")),
        ]
        if name in _EVENTS:
            parameters.append(("EventType", _EVENTS[name]))
    elif name in ("delivered", "undelivered"):
        parameters.append(("RawDlrDoneDate", datetime.now(UTC).strftime("%y%m%d%H%M")))
    if extra:
        parameters.append(("UndocumentedParameter", ""))
    return parameters


def inbound(
    account: str,
    sid: str,
    person: str,
    to: str,
    *,
    text: str,
    payload: str | None,
    service: str | None,
    opt_out_type: str | None,
    quoted: str | None,
) -> list[tuple[str, str]]:
    """The parameters of a person's message; `person` and `to` carry the channel's prefix."""
    parameters: dict[str, str] = {
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "MessageSid": sid,
        "AccountSid": account,
        "ApiVersion": API,
        "SmsStatus": "received",
        "NumMedia": "0",
        "NumSegments": "1",
        "From": person,
        "To": to,
        "Body": text,
    }
    if person.startswith("whatsapp:"):
        parameters |= _whatsapp(person.removeprefix("whatsapp:"), to, text, payload, quoted)
    else:
        for side in ("From", "To"):
            parameters |= {f"{side}City": "", f"{side}State": "", f"{side}Zip": "", f"{side}Country": "US"}
    if service:
        parameters["MessagingServiceSid"] = service
    if opt_out_type:
        parameters["OptOutType"] = opt_out_type
    return list(parameters.items())


def _whatsapp(number: str, to: str, text: str, payload: str | None, quoted: str | None) -> Mapping[str, str]:
    parameters = {
        "ProfileName": f"Person {number[-4:]}",
        "WaId": number.lstrip("+"),
        "MessageType": "text" if payload is None else "button",
        "ReferralNumMedia": "0",
    }
    if payload is not None:
        parameters |= {"ButtonPayload": payload, "ButtonText": text, "ButtonType": "REPLY"}
    if quoted is not None:
        parameters |= {"OriginalRepliedMessageSid": quoted, "OriginalRepliedMessageSender": to}
    return parameters
