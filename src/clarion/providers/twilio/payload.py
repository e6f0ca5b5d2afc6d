"""Content to the form body of `POST /2010-04-01/Accounts/{sid}/Messages.json`, and its rules. Pure.

Source: twilio.com/docs/messaging/api/message-resource and the published OpenAPI (twilio-oai 2.6.7).
"""

import re
from collections.abc import Iterator
from urllib.parse import quote_plus

import orjson

from clarion.domain.content import Buttons, Content, ListPicker, Media, Template, Text
from clarion.domain.errors import BadContent
from clarion.providers.base import Outgoing, SenderAccount

RETRIES = "#rc=3&rp=ct,rt,5xx"
"""Asks Twilio to repeat a status callback that failed. It is neither sent to us nor signed."""

LONGEST_VALIDITY = 36_000

_CONTENT = re.compile(r"HX[0-9a-fA-F]{32}")
_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_UNFIT = re.compile(r"[\n\r\t]| {5}")

Pairs = list[tuple[str, str]]


class Form:
    """Writes the bodies of one sender: what is the same in every message is encoded once.

    `callback` is the public URL of the status webhook, without a query.
    """

    def __init__(self, account: SenderAccount, callback: str) -> None:
        config = account.config
        self.prefix = "whatsapp:" if config.get("channel") == "whatsapp" else ""
        self._sender, self._options = _encode(_sender(account, self.prefix)), _encode(_options(account))
        self._callback = f"&StatusCallback={quote_plus(f'{callback}?attempt=')}"

    def body(self, message: Outgoing) -> bytes:
        """The request body. Raises BadContent for content Twilio cannot send."""
        to = self.prefix + (message.to or message.user_id)
        parts = [_encode([("To", to)]), self._sender, _encode(_content(message.content))]
        if message.echo:
            parts.append(f"{self._callback[1:]}{quote_plus(quote_plus(message.echo) + RETRIES)}")
        if self._options:
            parts.append(self._options)
        return "&".join(parts).encode()


def problems(content: Content) -> list[BadContent]:
    """Every rule of Twilio that a rendered content breaks; [] when it can be sent."""
    return list(_check(content))


def sender_problems(account: SenderAccount) -> list[str]:
    """What does not fit together in a sender's fields."""
    return list(_check_sender(account))


def _sender(account: SenderAccount, prefix: str) -> Pairs:
    config = account.config
    pairs = [("From", prefix + config["from"])] if config.get("from") else []
    service = config.get("messaging_service")
    return [*pairs, ("MessagingServiceSid", service)] if service else pairs


def _options(account: SenderAccount) -> Pairs:
    config = account.config
    pairs = [
        ("ValidityPeriod", config.get("validity_period", "")),
        ("SmartEncoded", config.get("smart_encoded", "")),
    ]
    return [(name, value) for name, value in pairs if value]


def _content(content: Content) -> Pairs:
    match content:
        case Text():
            return [("Body", content.body)]
        case Media():
            if not content.link:
                raise BadContent(
                    "link", "is missing: Twilio sends media by a public https link, not by an id"
                )
            return [*([("Body", content.caption)] if content.caption else []), ("MediaUrl", content.link)]
        case Template():
            if content.header is not None or content.header_media is not None or content.buttons:
                raise BadContent(
                    "header" if not content.buttons else "buttons",
                    "cannot be given apart: Twilio numbers all variables of a content; put them in body",
                )
            variables = orjson.dumps({parameter.name: parameter.value for parameter in content.body}).decode()
            return [
                ("ContentSid", content.name),
                *([("ContentVariables", variables)] if content.body else []),
            ]
        case Buttons():
            raise _needs_template("buttons", "buttons (twilio/quick-reply)")
        case ListPicker():
            raise _needs_template("sections", "a list (twilio/list-picker)")


def _needs_template(field: str, what: str) -> BadContent:
    return BadContent(
        field, f"cannot be sent freely on Twilio: make a content template with {what} and send its HX id"
    )


def _check(content: Content) -> Iterator[BadContent]:
    try:
        _content(content)
    except BadContent as error:
        yield error
        return
    match content:
        case Text():
            yield from _length("body", content.body, required=True)
        case Media():
            yield from _length("caption", content.caption, required=False)
            if content.id:
                yield BadContent("id", "is not possible on Twilio: give a public link only")
            if not content.link.startswith("https://"):
                yield BadContent("link", "must be a public address that starts with https://")
        case Template():
            yield from _template(content)


def _length(field: str, value: str, *, required: bool) -> Iterator[BadContent]:
    if required and not value.strip():
        yield BadContent(field, "is empty")
    if len(value) > 1600:
        yield BadContent(field, f"has {len(value):,} characters, at most 1,600 are allowed")


def _template(content: Template) -> Iterator[BadContent]:
    if not _CONTENT.fullmatch(content.name):
        yield BadContent("name", "must be the content template's id: HX and 32 hex digits")
    names = [parameter.name for parameter in content.body]
    if len(set(names)) < len(names):
        yield BadContent("body", "names a variable twice")
    for n, parameter in enumerate(content.body):
        if not parameter.value.strip():
            yield BadContent(f"body/{n}/value", "is empty, which Twilio refuses: give a default")
        if _UNFIT.search(parameter.value):
            yield BadContent(
                f"body/{n}/value", "must not hold line breaks, tabs or more than four spaces in a row"
            )


def _check_sender(account: SenderAccount) -> Iterator[str]:
    config, secrets = account.config, account.secrets
    if not _ACCOUNT.fullmatch(account.account):
        yield "account_sid must be AC and 32 hex digits"
    if not config.get("from") and not config.get("messaging_service"):
        yield "give a number to send from (from) or a messaging service (messaging_service)"
    if config.get("messaging_service") and not _SERVICE.fullmatch(config["messaging_service"]):
        yield "messaging_service must be MG and 32 hex digits"
    if config.get("from", "").startswith("whatsapp:"):
        yield "from is the plain number; set channel to whatsapp instead of writing it before the number"
    if bool(secrets.get("api_key")) != bool(secrets.get("api_secret")):
        yield "api_key and api_secret belong together: give both or neither"
    validity = config.get("validity_period", "1")
    if not (validity.isascii() and validity.isdigit() and 1 <= int(validity[:6]) <= LONGEST_VALIDITY):
        yield f"validity_period must be 1 to {LONGEST_VALIDITY} seconds"


def _encode(pairs: Pairs) -> str:
    try:
        return "&".join(f"{name}={quote_plus(value)}" for name, value in pairs)
    except UnicodeEncodeError as error:
        raise BadContent("text", f"cannot be written in UTF-8: {error}") from None
