"""One Twilio send request, from its form to its receipts."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from clarion.sim import people
from clarion.sim.answers import Asked, Writing
from clarion.sim.catalogue import Content
from clarion.sim.desk import Luck, Refusal, Send
from clarion.sim.http import Answer, Request
from clarion.sim.limits import SlidingWindow
from clarion.sim.twilio import contents, hooks
from clarion.sim.twilio.errors import message as error_text
from clarion.sim.twilio.errors import refusal
from clarion.sim.twilio.messages import Message

if TYPE_CHECKING:
    from clarion.sim.twilio.app import Twilio

_ADDRESS = re.compile(r"^\+[1-9]\d{6,14}$")
_MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
_MAGIC_TO = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
_GSM = re.compile(r"^[\n\r !-Z_a-z£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà^{}\\\[~\]|€]*$")
_GSM_DOUBLE = re.compile(r"[\^{}\\\[~\]|€]")
_URL = re.compile(r"^https?://(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.\-]+)(:\d{1,5})?([/?#]\S*)?$")
_TEMPLATE_STATES = {"paused": 63041, "disabled": 63042, "rejected": 63040}
BODY_MAX = 1600


class TwilioSend(Send):
    """`POST /2010-04-01/Accounts/{sid}/Messages.json`."""

    provider = "twilio"

    def __init__(self, app: Twilio, request: Request, account: str) -> None:
        self._app = app
        self._world = app.world
        self._request = request
        self._account = account
        pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        self._form = dict(pairs)
        self._media = [value for name, value in pairs if name == "MediaUrl"]
        self._to = self._form.get("To", "")
        self._service = self._form.get("MessagingServiceSid") or None
        self._from = self._form.get("From") or None
        self.sender = self._service or self._from or ""
        self.recipient = self._to.removeprefix("whatsapp:")
        self.callback = self._form.get("StatusCallback") or app.world.config.twilio.status_callback
        self.echo = _echo(self.callback or "", app.world.config.twilio.echo_parameter)
        identity = sorted(pair for pair in pairs if pair[0] != "StatusCallback")
        self.content = int.from_bytes(blake2b(repr(identity).encode(), digest_size=8).digest(), "big")
        self._content: Content | None = None
        self._wait = 0.0
        self._overflow = False

    @property
    def _on_whatsapp(self) -> bool:
        return self._to.startswith("whatsapp:")

    def gate(self) -> Refusal | None:
        return self._app.authorise(self._request, self._account, counted=True)

    def throttle(self, now: int, window: SlidingWindow) -> Refusal | None:
        settings = self._world.config.twilio
        service, sender = settings.by_service.get(self.sender), settings.by_address.get(self.sender)
        own = service.rate if service is not None else sender.rate if sender is not None else None
        rate = settings.rate if own is None else own
        crowded = settings.concurrency is not None and self._app.under_way >= settings.concurrency
        full = rate is not None and window.count(now) >= rate
        return (
            refusal(20429) if crowded or full or self._world.held(self.provider, self.sender, now) else None
        )

    def unavailable(self) -> Refusal:
        return refusal(self._world.config.faults.twilio_5xx_code)

    def refuse(self, now: int) -> Refusal | None:
        return (
            self._refuse_addresses()
            or self._refuse_content()
            or self._refuse_options()
            or self._refuse_person()
            or self._refuse_queue(now)
        )

    def _refuse_addresses(self) -> Refusal | None:
        settings = self._world.config.twilio
        if not self._to:
            return refusal(21604)
        if self._from is None and self._service is None:
            return refusal(21603)
        if self._service is not None and self._service not in settings.by_service:
            return refusal(21701, self._service)
        if self._from in _MAGIC_FROM and self._from not in settings.by_address:
            return refusal(_MAGIC_FROM[self._from], self._from)
        if self._from is not None and self._from not in settings.by_address:
            return refusal(63007 if self._from.startswith("whatsapp:") else 21659, self._from)
        if self.recipient in _MAGIC_TO:
            return refusal(_MAGIC_TO[self.recipient], self._to)
        if not _ADDRESS.match(self.recipient):
            return refusal(21211, self._to)
        return None if self._pick() is not None else refusal(21703)

    def _pick(self) -> str | None:
        """The sender itself, or the one a service takes for this person."""
        if self._from is not None:
            return self._from
        service = self._world.config.twilio.by_service[self._service or ""]
        fitting = [one for one in service.senders if one.startswith("whatsapp:") == self._on_whatsapp]
        return fitting[sum(self.recipient.encode()) % len(fitting)] if fitting else None

    def _refuse_content(self) -> Refusal | None:
        form = self._form
        body, sid = form.get("Body", ""), form.get("ContentSid")
        if sid:
            self._content = self._app.contents.get(sid)
            if self._content is None:
                return refusal(21655, sid)
            if contents.variables(form.get("ContentVariables")) is None:
                return refusal(21656)
        elif form.get("ContentVariables"):
            return refusal(21654)
        elif not body and not self._media:
            return refusal(21602)
        if len(body) > BODY_MAX:
            return refusal(21617)
        if len(self._media) > 10:
            return refusal(21623)
        if not all(_URL.match(url) for url in self._media):
            return refusal(21620)
        return None

    def _refuse_options(self) -> Refusal | None:
        form = self._form
        callback, period = form.get("StatusCallback"), form.get("ValidityPeriod")
        if callback and not _URL.match(callback):
            return refusal(21609, callback)
        if period is not None and not (period.isdigit() and 1 <= int(period) <= 36_000):
            return refusal(21624, period)
        if "ScheduleType" not in form:
            return None
        if self._service is None:
            return refusal(35118)
        if not form.get("SendAt"):
            return refusal(35111)
        try:
            at = datetime.fromisoformat(form["SendAt"].replace("Z", "+00:00"))
            self._wait = (at - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return refusal(35114)
        return None if 900 <= self._wait <= 35 * 86_400 else refusal(35114)

    def _refuse_person(self) -> Refusal | None:
        config = self._world.config
        if code := config.people.refuse.get(self.recipient):
            return refusal(code, self._to)
        return refusal(21610) if self._stopped() and not config.twilio.advanced_opt_out else None

    def _stopped(self) -> bool:
        """Whether Twilio blocks this person for this sender; for WhatsApp only Advanced Opt-Out does."""
        config = self._world.config
        said = self._world.opted_out(self.sender, self.recipient)
        if said is not None:
            return said and (not self._on_whatsapp or config.twilio.advanced_opt_out)
        return not self._on_whatsapp and people.has_opted_out(config.people, config.seed, self.recipient)

    def _refuse_queue(self, now: int) -> Refusal | None:
        queue = self._world.config.twilio.queue
        if queue.rate is None:
            return None
        wait = self._app.queue_up(self._pick() or "", now, queue.rate, queue.capacity)
        self._overflow = wait is None
        self._wait += wait or 0.0
        return refusal(21611) if self._overflow and self._service is None else None

    def accept(self, seq: int, luck: Luck) -> tuple[str, Answer]:
        world, form, text = self._world, self._form, self.text
        status = "scheduled" if "ScheduleType" in form else "accepted" if self._service else "queued"
        message = Message(
            seq=seq,
            sid=f"{'MM' if self._media else 'SM'}{world.run:08x}{seq:024x}",
            account=self._account,
            to=self._to,
            sender=None if self._service else self._from,
            service=self._service,
            body=text,
            media=len(self._media),
            status=status,
            created=time.time_ns() // 1000,
            segments="0" if self._service else segments(text),
        )
        self._app.messages.add(message)
        Passage(self._app, self, message, self._pick() or "").begin(luck, self._failure(), self._wait)
        return message.sid, Answer.json(message.resource(), 201)

    def _failure(self) -> tuple[str, int] | None:
        """The status and code this message will end with, if it fails."""
        config = self._world.config
        if code := config.people.fail.get(self.recipient):
            return ("undelivered" if 30003 <= code <= 30008 else "failed"), code
        if self._overflow:
            return "failed", 30001
        if self._stopped():
            return "failed", 21610
        if people.is_bad(config.people, config.seed, self.recipient):
            return ("failed", 63024) if self._on_whatsapp else ("undelivered", 30005)
        return self._whatsapp_failure() if self._on_whatsapp else None

    def _whatsapp_failure(self) -> tuple[str, int] | None:
        config = self._world.config
        if not (self._pick() or "").startswith("whatsapp:"):
            return "failed", 63008
        if self._content is not None:
            approval = self._content.approval_requests
            if approval.status in _TEMPLATE_STATES:
                return "failed", _TEMPLATE_STATES[approval.status]
            out = approval.category == "MARKETING" and people.has_opted_out(
                config.people, config.seed, self.recipient
            )
            if approval.status == "approved":
                return ("undelivered", 63033) if out else None
        opened = self._world.window_open(self._pick() or "", self.recipient, time.monotonic_ns())
        return ("failed", 63016) if config.twilio.enforce_window and not opened else None

    @property
    def text(self) -> str:
        if self._content is None:
            return self._form.get("Body", "")
        return contents.render(self._content, contents.variables(self._form.get("ContentVariables")) or {})

    @property
    def buttons(self) -> list[tuple[str, str]]:
        """Payload and text of the message's quick-reply buttons."""
        return contents.buttons(self._content) if self._content is not None else []


@dataclass(slots=True)
class Passage:
    """An accepted message on its way to the person and back; `sender` is the number it leaves from."""

    app: Twilio
    send: TwilioSend
    message: Message
    sender: str

    def begin(self, luck: Luck, failure: tuple[str, int] | None, wait: float) -> None:
        """Set off everything that will happen, after `wait` seconds in a queue or schedule."""
        world = self.app.world
        statuses = ["queued"] if self.message.service else []
        statuses += ["sent", "delivered"]
        if self.message.to.startswith("whatsapp:"):
            statuses.append("read")
        said = world.said(self.sender, self.send.recipient)
        fate = people.fate(
            world.config,
            luck.key,
            luck.draws,
            answer_after=luck.answer_after,
            statuses=statuses,
            fail=failure,
            asked=Asked(self.message.body, bool(self.send.buttons), said),
        )
        tally = world.ledger.sender("twilio", self.send.sender)
        world.expect_callbacks(tally, sum(len(step.calls) for step in fate.steps))
        for step in fate.steps:
            world.later(wait + step.at, partial(self._happen, step))
            for call in () if step.prompt else step.calls:
                world.later(wait + call, partial(self._tell, step))
        for writing in fate.writings:
            world.later(wait + writing.at, partial(self._reply, writing))

    def _happen(self, step: people.Step) -> None:
        message, world = self.message, self.app.world
        if message.status != "canceled":
            if message.sender is None:
                message.sender, message.segments = self.sender, segments(message.body)
            message.advance(step.status, time.time_ns() // 1000)
            if step.code:
                message.error, message.error_text = step.code, error_text(step.code)
            event = {"undelivered": "failed", "queued": None}.get(step.status, step.status)
            if event is not None:
                world.courier.count(world.ledger.sender("twilio", self.send.sender), event)
        if step.prompt:
            self._tell(step)

    def _tell(self, step: people.Step) -> None:
        world, url = self.app.world, self.send.callback
        tally = world.ledger.sender("twilio", self.send.sender)
        if url is None or self.message.status == "canceled":
            world.unaddressed(tally)
            return
        if self.message.sender is None:
            self.message.sender = self.sender
        extra = world.config.whatsapp.extra_fields
        hooks.post(world, url, hooks.status(self.message, step.status, step.code, extra=extra), tally)

    def _reply(self, writing: Writing) -> None:
        reply, offered, message = writing.reply, self.send.buttons, self.message
        text, payload = reply.text, reply.payload
        if payload is None and reply.button is not None and reply.button < len(offered):
            payload, text = offered[reply.button]
        self.app.write(
            message.to,
            self.sender,
            text=text,
            payload=payload,
            service=message.service,
            quoted=message.sid if writing.quotes else None,
            posts=writing.posts,
        )


def segments(text: str) -> str:
    """How many SMS parts a text takes: 160 characters, or 153 each, of GSM-7; 70 or 67 otherwise."""
    if _GSM.match(text):
        one, more, length = 160, 153, len(text) + len(_GSM_DOUBLE.findall(text))
    else:
        one, more, length = 70, 67, len(text.encode("utf-16-le")) // 2
    return str(1 if length <= one else -(-length // more))


def _echo(callback: str, parameter: str) -> str:
    """The attempt named in the callback's query; without that parameter the whole URL."""
    for name, value in parse_qsl(callback.partition("#")[0].partition("?")[2]):
        if name == parameter:
            return value
    return callback
