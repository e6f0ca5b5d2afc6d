"""Speaking to Twilio over HTTP."""

from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
from yarl import URL

from clarion.domain.definition import Definition
from clarion.domain.errors import BadContent, ProviderRefused
from clarion.domain.message import Status
from clarion.domain.sending import Accepted, Outcome, Rejected, Unknown
from clarion.providers.answers import (
    MOST_PAGES,
    fetch,
    foreign,
    json_object,
    malformed,
    next_page,
    not_sent,
    remove,
    submit,
    unclear,
    wait_of,
)
from clarion.providers.base import Health, Outgoing, SenderAccount, SentMessage, TemplateInfo
from clarion.providers.events import optional, part, parts
from clarion.providers.transport import MICROS, Answer, MaybeDelivered, NotDelivered, Transport, headers_of
from clarion.providers.twilio.codes import CODES
from clarion.providers.twilio.definitions import check, samples, types
from clarion.providers.twilio.payload import Form
from clarion.providers.twilio.reading import STATUS
from clarion.providers.twilio.templates import read_template

_SKEW = 60 * MICROS
"""Microseconds. Twilio dates messages by whole seconds of its own clock, which need not be ours."""


class Twilio:
    """One Twilio sender. `url` and `content_url` are the APIs' bases, `callback` our status webhook."""

    def __init__(
        self, account: SenderAccount, transport: Transport, *, url: str, content_url: str, callback: str
    ) -> None:
        self._account, self._transport = account, transport
        self._base, self._content = URL(url.rstrip("/")), URL(content_url.rstrip("/"))
        self._messages = self._base / "2010-04-01/Accounts" / account.account / "Messages.json"
        self._form = Form(account, callback)
        basic = ("Authorization", _basic(account))
        self._headers = headers_of(basic)
        self._json_headers = headers_of(basic, ("Content-Type", "application/json"))
        self._send_headers = headers_of(basic, ("Content-Type", "application/x-www-form-urlencoded"))

    async def send(self, message: Outgoing) -> Outcome:
        """Try once; see Provider.send."""
        try:
            body = self._form.body(message)
        except BadContent as error:
            return malformed(error)
        try:
            answer = await self._transport.post(self._messages, headers=self._send_headers, body=body)
        except NotDelivered as error:
            return not_sent(error)
        except MaybeDelivered as error:
            return Unknown(str(error))
        return outcome(answer)

    async def templates(self) -> AsyncIterator[TemplateInfo]:
        """Every content template of the account, with its WhatsApp approval. Raises ProviderRefused."""
        url: URL | None = (self._content / "v1/ContentAndApprovals").with_query(PageSize="500")
        for _ in range(MOST_PAGES):
            if url is None:
                return
            page = await self._get(url)
            for row in parts(page, "contents"):
                yield read_template(row, self._channel)
            following = optional(part(page, "meta"), "next_page_url")
            url = next_page(self._content, following, "Twilio") if following else None
        raise _endless()

    async def create_template(
        self, wanted: Definition, *, name: str, language: str, category: str
    ) -> TemplateInfo:
        """Make a content and, for WhatsApp, submit it for approval. Raises BadContent, ProviderRefused."""
        for problem in check(name, wanted, self._channel):
            raise problem
        asked = {
            "friendly_name": name,
            "language": language,
            "variables": samples(wanted),
            "types": types(wanted),
        }
        made = await self._post(self._content / "v1/Content", asked)
        approval: dict[str, Any] = {}
        if self._channel == "whatsapp":
            url = self._content / "v1/Content" / optional(made, "sid") / "ApprovalRequests/whatsapp"
            try:
                approval = await self._post(url, {"name": name, "category": category})
            except ProviderRefused:
                # Or repeating would leave one more content that nobody approved.
                await self._delete(optional(made, "sid"))
                raise
        return read_template({**asked, **made, "approval_requests": approval}, self._channel)

    async def change_template(self, held: TemplateInfo, wanted: Definition, *, category: str) -> TemplateInfo:
        """Refused: Twilio's contents cannot be changed."""
        raise ProviderRefused(
            "Twilio", "fixed", "a content cannot be changed once it is made: make a new one, delete this one."
        )

    async def delete_template(self, held: TemplateInfo) -> None:
        """Delete a content, for every channel."""
        try:
            await self._delete(held.provider_id)
        except ProviderRefused as refused:
            if refused.code != "20404":
                raise

    @property
    def _channel(self) -> str:
        return self._account.config.get("channel", "sms")

    async def health(self) -> Health:
        """Ask for one message of the account, which proves the credentials. Raises ProviderRefused."""
        await self._get(self._messages.with_query(PageSize="1"))
        config = self._account.config
        name = config.get("from") or config.get("messaging_service", "")
        return Health(
            ok=True, name=name, quality="", limit=0, detail="Twilio accepts the account and its credentials."
        )

    async def sent_to(self, to: str, *, since: int) -> Sequence[SentMessage]:
        """Everything sent to `to` from `since` on, complete. Raises ProviderRefused when the list is not.

        Asks without a date and without From: a message that still waits has no sent date, and with a
        messaging service it has no From either, so both filters could hide the very message looked for.
        """
        found: list[SentMessage] = []
        url: URL | None = self._messages.with_query(To=self._form.prefix + to, PageSize="1000")
        for _ in range(MOST_PAGES):
            if url is None:
                return [row for row in found if row.created_at >= since - _SKEW]
            page = await self._get(url)
            if not isinstance(page.get("messages"), list):
                raise ProviderRefused("Twilio", "listing", "the list of messages is not in the answer.")
            found += [_sent(row) for row in page["messages"] if self._is_ours(row)]
            following = optional(page, "next_page_uri")
            url = next_page(self._base, following, "Twilio") if following else None
        raise _endless()

    def _is_ours(self, row: Any) -> bool:
        """Whether this sender sent it: by its service, or by its number, which a queued message may lack."""
        config, number = self._account.config, optional(row, "from")
        service = config.get("messaging_service")
        if not optional(row, "direction").startswith("outbound"):
            return False
        if service:
            return optional(row, "messaging_service_sid") == service
        return number in ("", self._form.prefix + config.get("from", ""))

    async def _get(self, url: URL) -> dict[str, Any]:
        return _own(await fetch(self._transport, url, self._headers, "Twilio"))

    async def _post(self, url: URL, asked: dict[str, Any]) -> dict[str, Any]:
        return _own(await submit(self._transport, url, self._json_headers, orjson.dumps(asked), "Twilio"))

    async def _delete(self, sid: str) -> None:
        answer = await remove(self._transport, self._content / "v1/Content" / sid, self._headers, "Twilio")
        if answer.status != 204:
            _own(answer)


def _own(answer: Answer) -> dict[str, Any]:
    """What Twilio answers to an administrative call. Raises ProviderRefused."""
    data = json_object(answer.body)
    if answer.status in (200, 201) and data:
        return data
    if not _is_twilios(data):
        raise foreign("Twilio", answer)
    code = str(data["code"])
    raise ProviderRefused("Twilio", code, f"{CODES.fault(code).reason} ({_details(data)})")


def outcome(answer: Answer) -> Outcome:
    """What Twilio's answer to a send means. Errors go by the code in Twilio's own envelope."""
    data = json_object(answer.body)
    if 200 <= answer.status < 300:
        return _created(data) or unclear(answer)
    if answer.status < 400 or not _is_twilios(data):
        return unclear(answer)
    return CODES.outcome(data["code"], answer.status, _details(data), wait=wait_of(answer.headers))


def _created(data: dict[str, Any]) -> Outcome | None:
    sid = optional(data, "sid")
    if not sid.startswith(("SM", "MM")):
        return None
    if optional(data, "status") in ("failed", "canceled"):
        # Twilio sends no callback for the status a message is created with, so this is the only word on it.
        return Rejected(CODES.fault(data.get("error_code") or "failed", optional(data, "error_message")))
    return Accepted(sid)


def _is_twilios(data: dict[str, Any]) -> bool:
    """Whether this is Twilio's envelope, old or as RFC 9457 problem details, and not a proxy's."""
    numbers = all(type(data.get(name)) is int for name in ("code", "status"))
    old = all(isinstance(data.get(name), str) for name in ("message", "more_info"))
    new = all(isinstance(data.get(name), str) for name in ("type", "title"))
    return numbers and (old or new)


def _details(data: dict[str, Any]) -> str:
    return optional(data, "message") or optional(data, "detail") or optional(data, "title")


def _sent(row: Any) -> SentMessage:
    status = STATUS.get(optional(row, "status"), Status.ACCEPTED)
    fault = CODES.fault(row.get("error_code") or "none", optional(row, "error_message"))
    return SentMessage(
        provider_id=optional(row, "sid"),
        to=optional(row, "to").removeprefix("whatsapp:"),
        body=optional(row, "body"),
        status=status,
        created_at=_instant(optional(row, "date_created")),
        fault=fault if status is Status.FAILED else None,
    )


def _instant(written: str) -> int:
    try:
        return int(parsedate_to_datetime(written).timestamp()) * MICROS
    except (ValueError, TypeError):
        raise ProviderRefused(
            "Twilio", "listing", f"a message has the date {written!r}, which is none."
        ) from None


def _basic(account: SenderAccount) -> str:
    secrets = account.secrets
    user, password = secrets.get("api_key", ""), secrets.get("api_secret", "")
    if not user:
        user, password = account.account, secrets.get("auth_token", "")
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def _endless() -> ProviderRefused:
    return ProviderRefused(
        "Twilio", "paging", f"there are more than {MOST_PAGES} pages, or they go in a circle."
    )
