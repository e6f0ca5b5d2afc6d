"""Speaking to the WhatsApp Cloud API over HTTP."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import orjson
from yarl import URL

from clarion.domain.definition import Definition
from clarion.domain.errors import BadContent, ProviderRefused
from clarion.domain.sending import Accepted, Outcome, Unknown
from clarion.providers.answers import (
    MOST_PAGES,
    fetch,
    foreign,
    json_object,
    malformed,
    not_sent,
    remove,
    submit,
    unclear,
    wait_of,
)
from clarion.providers.base import Health, Outgoing, SenderAccount, SentMessage, TemplateInfo
from clarion.providers.events import optional, part, parts
from clarion.providers.transport import Answer, MaybeDelivered, NotDelivered, Transport, headers_of
from clarion.providers.whatsapp import payload
from clarion.providers.whatsapp.codes import CODES
from clarion.providers.whatsapp.definitions import check, components
from clarion.providers.whatsapp.templates import read_template

_TEMPLATE_FIELDS = (
    "id,name,language,status,category,parameter_format,components,quality_score,rejected_reason"
)
_NUMBER_FIELDS = "id,display_phone_number,verified_name,quality_rating,status,throughput,health_status"
_PER_SECOND = {"STANDARD": 80, "HIGH": 1_000}
"""Messages per second by `throughput.level`. Source: .../whatsapp/throughput, 2026 edition."""


class WhatsApp:
    """One phone number at Meta. `url` is the Graph API's base, `version` such as "v26.0"."""

    def __init__(self, account: SenderAccount, transport: Transport, *, url: str, version: str) -> None:
        self._account, self._transport = account, transport
        self._base = URL(url.rstrip("/")) / version
        self._messages = self._base / account.account / "messages"
        bearer = ("Authorization", f"Bearer {account.secrets.get('token', '')}")
        self._headers = headers_of(bearer)
        self._send_headers = headers_of(bearer, ("Content-Type", "application/json"))

    async def send(self, message: Outgoing) -> Outcome:
        """Try once; see Provider.send."""
        try:
            body = payload.body(message)
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
        """Every template of the WhatsApp Business Account. Raises ProviderRefused.

        Pages by the `after` cursor and not by the absolute `paging.next`, so that the token never leaves for
        an address we did not configure.
        """
        url = self._template_list().with_query(fields=_TEMPLATE_FIELDS, limit="100")
        after = ""
        for _ in range(MOST_PAGES):
            page = await self._get(url.update_query(after=after) if after else url)
            for row in parts(page, "data"):
                yield read_template(row)
            paging = part(page, "paging")
            if not optional(paging, "next"):
                return
            seen, after = after, optional(part(paging, "cursors"), "after")
            if not after or after == seen:
                raise ProviderRefused(
                    "WhatsApp", "paging", "there is a next page, but no cursor leads to it."
                )

    async def create_template(
        self, wanted: Definition, *, name: str, language: str, category: str
    ) -> TemplateInfo:
        """Submit a template to Meta's review. Raises BadContent, ProviderRefused."""
        row = _row(wanted, name=name, language=language, category=category)
        answer = await submit(
            self._transport, self._template_list(), self._send_headers, orjson.dumps(row), "WhatsApp"
        )
        made = _own(answer)
        return read_template({**row, "status": "PENDING", **made})

    async def change_template(self, held: TemplateInfo, wanted: Definition, *, category: str) -> TemplateInfo:
        """Submit a template again, changed. Raises BadContent, ProviderRefused: approved ones once a day."""
        row = _row(wanted, name=held.name, language=held.language, category=category)
        sent = {"category": category, "components": row["components"]}
        url = self._base / held.provider_id
        _own(await submit(self._transport, url, self._send_headers, orjson.dumps(sent), "WhatsApp"))
        return read_template({**row, "id": held.provider_id, "status": "PENDING"})

    async def delete_template(self, held: TemplateInfo) -> None:
        """Delete a template in its language; Meta keeps the name from new ones for 30 days."""
        url = self._template_list().with_query(hsm_id=held.provider_id, name=held.name)
        try:
            _own(await remove(self._transport, url, self._headers, "WhatsApp"))
        except ProviderRefused as refused:
            if refused.code != "132001":
                raise

    def _template_list(self) -> URL:
        waba = self._account.config.get("waba_id")
        if not waba:
            raise ProviderRefused(
                "WhatsApp", "config", "give the sender its waba_id, which templates belong to."
            )
        return self._base / waba / "message_templates"

    async def health(self) -> Health:
        """Ask for the phone number's state. Raises ProviderRefused."""
        number = await self._get((self._base / self._account.account).with_query(fields=_NUMBER_FIELDS))
        status = optional(number, "status") or "CONNECTED"
        can_send = optional(part(number, "health_status"), "can_send_message")
        return Health(
            ok=status == "CONNECTED" and can_send != "BLOCKED",
            name=f"{optional(number, 'verified_name')} {optional(number, 'display_phone_number')}".strip(),
            quality=optional(number, "quality_rating"),
            limit=_PER_SECOND.get(optional(part(number, "throughput"), "level"), 0),
            detail=f"The number is {status}{f', sending is {can_send}' if can_send else ''}.",
        )

    async def sent_to(self, to: str, *, since: int) -> Sequence[SentMessage] | None:
        """None: WhatsApp has no listing of what was sent."""
        return None

    async def _get(self, url: URL) -> dict[str, Any]:
        return _own(await fetch(self._transport, url, self._headers, "WhatsApp"))


def _row(wanted: Definition, *, name: str, language: str, category: str) -> dict[str, Any]:
    """A template as Meta's list will show it. Raises BadContent."""
    for problem in check(name, wanted):
        raise problem
    return {
        "name": name,
        "language": language,
        "category": category,
        "parameter_format": "NAMED" if wanted.named else "POSITIONAL",
        "components": components(wanted),
    }


def _own(answer: Answer) -> dict[str, Any]:
    """What Meta answers to an administrative call. Raises ProviderRefused."""
    data = json_object(answer.body)
    error = part(data, "error")
    if answer.status == 200 and data and not error:
        return data
    if not _is_metas(error):
        raise foreign("WhatsApp", answer)
    code = str(error["code"])
    known = CODES.find(code, error.get("error_subcode"))
    said = ": ".join(filter(None, (optional(error, "error_user_title"), optional(error, "error_user_msg"))))
    reason = known.reason if known else "look the code up in Meta's documentation."
    raise ProviderRefused("WhatsApp", code, f"{reason} ({said or _details(error)})")


def outcome(answer: Answer) -> Outcome:
    """What Meta's answer to a send means. Errors go by the code in its own envelope, not by HTTP status."""
    data = json_object(answer.body)
    if 200 <= answer.status < 300:
        return _accepted(data) or unclear(answer)
    error = part(data, "error")
    if answer.status < 400 or not _is_metas(error):
        return unclear(answer)
    return CODES.outcome(
        error["code"],
        answer.status,
        _details(error),
        wait=wait_of(answer.headers),
        subcode=error.get("error_subcode"),
    )


def _accepted(data: dict[str, Any]) -> Accepted | None:
    messages = parts(data, "messages") if isinstance(data.get("messages"), list) else []
    provider_id = optional(messages[0], "id") if messages else ""
    if not provider_id:
        return None
    held = optional(messages[0], "message_status") in ("held_for_quality_assessment", "paused")
    return Accepted(provider_id, held)


def _is_metas(error: dict[str, Any]) -> bool:
    """Whether this is Meta's envelope and not a proxy's: these four are always there."""
    code = error.get("code")
    return (
        isinstance(code, int)
        and not isinstance(code, bool)
        and all(isinstance(error.get(name), str) for name in ("message", "type", "fbtrace_id"))
    )


def _details(error: dict[str, Any]) -> str:
    return optional(part(error, "error_data"), "details") or optional(error, "message")
