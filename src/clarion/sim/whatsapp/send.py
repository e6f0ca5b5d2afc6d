"""One WhatsApp send request, from its body to its receipts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, cast

import orjson

from clarion.sim import people
from clarion.sim.accounts import WhatsAppNumber
from clarion.sim.answers import Asked, Writing
from clarion.sim.desk import Luck, Refusal, Send
from clarion.sim.http import Answer, Request
from clarion.sim.limits import SlidingWindow
from clarion.sim.whatsapp import hooks, words
from clarion.sim.whatsapp.checks import check_message, recipient
from clarion.sim.whatsapp.errors import refusal, unknown_object
from clarion.sim.world import World

if TYPE_CHECKING:
    from clarion.sim.whatsapp.app import WhatsApp

Object = Mapping[str, object]


class WhatsAppSend(Send):
    """`POST /{phone_number_id}/messages`, judged in the order the real one seems to follow."""

    provider = "whatsapp"

    def __init__(self, app: WhatsApp, request: Request, sender: str, *, marketing_only: bool = False) -> None:
        self._app = app
        self._world = app.world
        self._request = request
        self._marketing_only = marketing_only
        self._body = _parse(request.body)
        self.sender = sender
        self.recipient = recipient(self._body or {})
        echo = (self._body or {}).get("biz_opaque_callback_data", "")
        self.echo = echo if isinstance(echo, str) else ""
        self.content = _content(sender, self._body)
        self._number = app.world.config.whatsapp.by_id.get(sender)
        self._category = "service"
        self._choices: words.Choices = ()
        self._text = ""
        self._fail_later = 0

    def gate(self) -> Refusal | None:
        if problem := self._app.authorise(self._request, counted=True):
            return problem
        if self._number is None:
            return unknown_object("POST", self.sender)
        return None

    def throttle(self, now: int, window: SlidingWindow) -> Refusal | None:
        settings = self._world.config.whatsapp
        rate = settings.rate if self._number is None or self._number.rate is None else self._number.rate
        if self._world.held(self.provider, self.sender, now) or (
            rate is not None and window.count(now) >= rate
        ):
            return refusal(130429, throttle_status=settings.throttle_status)
        return None

    def unavailable(self) -> Refusal:
        return refusal(self._world.config.faults.whatsapp_5xx_code)

    def refuse(self, now: int) -> Refusal | None:
        if self._body is None:
            return refusal(100, "The request body is not a JSON object.")
        number = cast(WhatsAppNumber, self._number)
        return (
            check_message(self._body, number.digits, self._app.media.has)
            or self._refuse_template()
            or self._refuse_person(now)
            or self._refuse_pair(now)
        )

    def _refuse_template(self) -> Refusal | None:
        body = cast(Object, self._body)
        if body.get("type") != "template":
            self._choices, self._text = words.choices(body), words.text(body)
            return refusal(134100) if self._marketing_only else None
        sent = cast(Object, body["template"])
        found = self._app.templates.check(sent)
        if isinstance(found, Refusal):
            return found
        template, needs = found
        self._category = template.category.lower()
        self._choices = words.template_choices(sent, needs)
        if self._world.config.reads:
            self._text = words.template_text(sent, needs)
        return refusal(134100) if self._marketing_only and self._category != "marketing" else None

    def _refuse_person(self, now: int) -> Refusal | None:
        config = self._world.config
        if code := config.people.refuse.get(self.recipient):
            return refusal(code, throttle_status=config.whatsapp.throttle_status)
        free_form = self._category == "service" and config.whatsapp.window != "off"
        if free_form and not self._world.window_open(self.sender, self.recipient, now):
            if config.whatsapp.window == "sync":
                return refusal(131047)
            self._fail_later = 131047
        return None

    def _refuse_pair(self, now: int) -> Refusal | None:
        settings = self._world.config.whatsapp
        limit = settings.pair_limit
        pair = (self.sender, self.recipient)
        if limit.enabled and not self._world.pairs.take(
            pair, now, every=int(limit.every_ms * 1_000_000), burst=limit.burst
        ):
            return refusal(131056, throttle_status=settings.throttle_status)
        return None

    def accept(self, seq: int, luck: Luck) -> tuple[str, Answer]:
        world, body = self._world, cast(Object, self._body)
        digits = self.recipient.lstrip("+")
        wamid = hooks.message_id(digits, world.run, seq)
        message: dict[str, object] = {"id": wamid}
        if self._category != "service":
            held = luck.draws[people.HELD] < world.config.whatsapp.held_share
            message["message_status"] = "held_for_quality_assessment" if held else "accepted"
        person = {"wa_id": digits} if self.recipient.startswith("+") else {"user_id": self.recipient}
        answer = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": body.get("to") or body.get("recipient"), **person}],
            "messages": [message],
        }
        Passage(self._app, cast(WhatsAppNumber, self._number), self, wamid).begin(luck, self._failure())
        return wamid, Answer.json(answer)

    def _failure(self) -> int:
        config = self._world.config
        if self._fail_later or (code := config.people.fail.get(self.recipient)) is None:
            code = self._fail_later
        if code:
            return code
        if people.is_bad(config.people, config.seed, self.recipient):
            return 131026
        if self._category == "marketing" and people.has_opted_out(config.people, config.seed, self.recipient):
            return 131050
        return 0

    @property
    def category(self) -> str:
        """The price category: the template's, or `service`."""
        return self._category

    @property
    def choices(self) -> words.Choices:
        """What the person can press."""
        return self._choices

    @property
    def press(self) -> str:
        """What a press comes back as."""
        return words.press(cast(Object, self._body))

    @property
    def text(self) -> str:
        return self._text


@dataclass(slots=True)
class Passage:
    """An accepted message on its way to the person and back."""

    app: WhatsApp
    number: WhatsAppNumber
    send: WhatsAppSend
    wamid: str

    def begin(self, luck: Luck, failure: int) -> None:
        """Set off everything that will happen."""
        world: World = self.app.world
        send = self.send
        said = world.said(send.sender, send.recipient)
        fate = people.fate(
            world.config,
            luck.key,
            luck.draws,
            answer_after=luck.answer_after,
            fail=("failed", failure) if failure else None,
            asked=Asked(send.text, bool(send.choices), said),
        )
        tally = world.ledger.sender("whatsapp", send.sender)
        world.expect_callbacks(tally, sum(len(step.calls) for step in fate.steps))
        for step in fate.steps:
            world.later(step.at, partial(self._happen, step))
            for call in () if step.prompt else step.calls:
                world.later(call, partial(self._tell, step))
        for writing in fate.writings:
            world.later(writing.at, partial(self._reply, writing))

    def _happen(self, step: people.Step) -> None:
        world = self.app.world
        world.courier.count(world.ledger.sender("whatsapp", self.send.sender), step.status)
        if step.prompt:
            self._tell(step)

    def _tell(self, step: people.Step) -> None:
        world, send = self.app.world, self.send
        if world.config.whatsapp.webhook_url is None:
            world.unaddressed(world.ledger.sender("whatsapp", send.sender))
            return
        identity = world.config.whatsapp.identity
        item = hooks.status(
            identity, self.wamid, send.recipient, send.echo, step.status, step.code, send.category
        )
        listed = hooks.contact(identity, send.recipient) if identity != "phone" and not step.code else None
        tally = world.ledger.sender("whatsapp", send.sender)
        self.app.batcher.add(hooks.Update(self.number, "statuses", item, listed, tally))

    def _reply(self, writing: Writing) -> None:
        send, reply = self.send, writing.reply
        text, payload = reply.text, reply.payload
        if payload is None and reply.button is not None and reply.button < len(send.choices):
            payload, text = send.choices[reply.button]
        self.app.write(
            self.number,
            send.recipient,
            text=text,
            payload=payload,
            kind=send.press,
            context=self.wamid if writing.quotes else None,
            posts=writing.posts,
        )


def _parse(raw: bytes) -> dict[str, object] | None:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def _content(sender: str, body: dict[str, object] | None) -> int:
    message = {key: value for key, value in (body or {}).items() if key != "biz_opaque_callback_data"}
    raw = orjson.dumps([sender, message], option=orjson.OPT_SORT_KEYS)
    return int.from_bytes(blake2b(raw, digest_size=8).digest(), "big")
