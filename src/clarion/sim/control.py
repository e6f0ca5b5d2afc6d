"""The simulator's own HTTP under `/_sim/`: configuration, figures, ledger, and things done on request."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Literal, Protocol
from urllib.parse import parse_qsl

import aiohttp
import orjson
from pydantic import BaseModel, ConfigDict, Field

from clarion.sim.config import ConfigError, SimConfig, check, merged
from clarion.sim.http import Answer, Request
from clarion.sim.limits import SECOND
from clarion.sim.twilio.app import Twilio
from clarion.sim.whatsapp.app import WhatsApp
from clarion.sim.world import World

LINES = "application/x-ndjson"

ProviderName = Literal["whatsapp", "twilio"]


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Inbound(_Order):
    """`POST /_sim/inbound`: a person writes `text`, or presses a button with `payload`.

    `sender` (in JSON: `to`) is a phone number id, display number or Twilio address; by default the first.
    """

    provider: ProviderName = "whatsapp"
    person: Annotated[
        str, Field(alias="from", pattern=r"^((whatsapp:)?\+\d{5,15}|[A-Z]{2}\.[A-Za-z0-9.]{1,135})$")
    ]
    sender: Annotated[str | None, Field(alias="to")] = None
    text: str = ""
    payload: str | None = None
    kind: Literal["button", "button_reply", "list_reply"] = "button"
    context: str | None = None


class TokenOrder(_Order):
    """`POST /_sim/token`: revoke it, now or `after` so many sends, or restore it."""

    provider: ProviderName
    action: Literal["revoke", "restore"]
    after: Annotated[int, Field(ge=0)] | None = None


class TemplateOrder(_Order):
    """`POST /_sim/template`: change the status of a template or content, in one language or all."""

    name: str
    action: Literal["pause", "approve", "reject", "disable"]
    provider: ProviderName = "whatsapp"
    language: str | None = None


class ThrottleOrder(_Order):
    """`POST /_sim/throttle`: refuse a sender's requests, or all, as too many for `for_ms` milliseconds."""

    provider: ProviderName
    for_ms: Annotated[float, Field(ge=0)]
    sender: str = ""


class Stage(Protocol):
    """The simulator as the control sees it."""

    world: World
    whatsapp: WhatsApp
    twilio: Twilio

    def configure(self, config: SimConfig) -> None: ...
    async def reset(self) -> None: ...


_STATES = {"pause": "PAUSED", "approve": "APPROVED", "reject": "REJECTED", "disable": "DISABLED"}
_CONTENT_STATES = {"pause": "paused", "approve": "approved", "reject": "rejected", "disable": "disabled"}


class Control:
    """Routes of `/_sim/`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._routes: Mapping[tuple[str, str], Callable[[Request], Answer | Awaitable[Answer]]] = {
            ("GET", "/healthz"): lambda _request: Answer.json({"status": "ok"}),
            ("GET", "/_sim"): self._index,
            ("GET", "/_sim/config"): self._config,
            ("PUT", "/_sim/config"): self._replace_config,
            ("PATCH", "/_sim/config"): self._patch_config,
            ("GET", "/_sim/stats"): self._stats,
            ("GET", "/_sim/ledger"): self._ledger,
            ("GET", "/_sim/ledger/accepted"): self._accepted,
            ("GET", "/_sim/ledger/replies"): self._replies,
            ("POST", "/_sim/reset"): self._reset,
            ("POST", "/_sim/inbound"): self._inbound,
            ("POST", "/_sim/token"): self._token,
            ("POST", "/_sim/template"): self._template,
            ("POST", "/_sim/throttle"): self._throttle,
            ("POST", "/_sim/verify"): self._verify,
        }

    @property
    def endpoints(self) -> list[str]:
        """Method and path of every route."""
        return [f"{method} {path}" for method, path in self._routes]

    def handle(self, request: Request) -> Answer | Awaitable[Answer]:
        """Answer a request; what is wrong with it is named field by field, with 422."""
        route = self._routes.get((request.method, request.path.rstrip("/")))
        if route is None:
            return Answer.json({"error": "No such endpoint.", "endpoints": self.endpoints}, 404)
        try:
            return route(request)
        except ConfigError as error:
            return Answer.json({"error": str(error), "problems": error.problems}, 422)

    def _index(self, _request: Request) -> Answer:
        return Answer.json({"endpoints": self.endpoints})

    def _config(self, _request: Request) -> Answer:
        return Answer.json(self._stage.world.config.model_dump(mode="json"))

    def _replace_config(self, request: Request) -> Answer:
        self._stage.configure(check(SimConfig, _body(request)))
        return self._config(request)

    def _patch_config(self, request: Request) -> Answer:
        self._stage.configure(merged(self._stage.world.config, _body(request)))
        return self._config(request)

    def _stats(self, _request: Request) -> Answer:
        return Answer.json(self._stage.world.ledger.stats())

    def _ledger(self, request: Request) -> Answer:
        parameters = dict(parse_qsl(request.query))
        after, limit = _number(parameters, "after", 0), _number(parameters, "limit", 1_000_000_000)
        return Answer(content_type=LINES, stream=self._stage.world.ledger.rows(after, limit))

    def _accepted(self, _request: Request) -> Answer:
        return Answer(content_type=LINES, stream=self._stage.world.ledger.accepted())

    def _replies(self, _request: Request) -> Answer:
        return Answer(content_type=LINES, stream=self._stage.world.ledger.replies())

    async def _reset(self, _request: Request) -> Answer:
        await self._stage.reset()
        return Answer.json({"reset": True})

    def _inbound(self, request: Request) -> Answer:
        order = check(Inbound, _body(request))
        if order.provider == "whatsapp":
            return self._whatsapp_inbound(order)
        settings = self._stage.world.config.twilio
        channel = "whatsapp:" if order.person.startswith("whatsapp:") else ""
        fitting = [s.address for s in settings.senders if s.address.startswith("whatsapp:") == bool(channel)]
        to = order.sender or next(iter(fitting), "")
        if to not in settings.by_address:
            raise _unknown("to", "is none of twilio.senders", to)
        sid = self._stage.twilio.write(
            order.person,
            to,
            text=order.text or order.payload or "",
            payload=order.payload,
            quoted=order.context,
        )
        return Answer.json({"id": sid})

    def _whatsapp_inbound(self, order: Inbound) -> Answer:
        numbers = self._stage.world.config.whatsapp.numbers
        digits = re.sub(r"\D", "", order.sender or numbers[0].id)
        for number in numbers:
            if digits in (number.id, number.digits):
                wamid = self._stage.whatsapp.write(
                    number,
                    order.person.removeprefix("whatsapp:"),
                    text=order.text,
                    payload=order.payload,
                    kind=order.kind,
                    context=order.context,
                )
                return Answer.json({"id": wamid})
        raise _unknown("to", "is none of whatsapp.numbers", order.sender)

    def _token(self, request: Request) -> Answer:
        order = check(TokenOrder, _body(request))
        token = self._stage.world.tokens[order.provider]
        token.left = order.after if order.action == "revoke" else None
        token.valid = order.action == "restore" or order.after is not None
        return Answer.json({"provider": order.provider, "valid": token.valid, "left": token.left})

    def _template(self, request: Request) -> Answer:
        order = check(TemplateOrder, _body(request))
        if order.provider == "whatsapp":
            templates = self._stage.whatsapp.templates.find(order.name, order.language)
            for template in templates:
                self._stage.whatsapp.set_template(template, _STATES[order.action])
            changed = [template.id for template in templates]
        else:
            contents = self._stage.twilio.contents.named(order.name)
            for content in contents:
                self._stage.twilio.set_content(content, _CONTENT_STATES[order.action])
            changed = [content.sid for content in contents]
        if not changed:
            raise _unknown("name", f"is no {order.provider} template", order.name)
        return Answer.json({"changed": changed})

    def _throttle(self, request: Request) -> Answer:
        order = check(ThrottleOrder, _body(request))
        until = time.monotonic_ns() + int(order.for_ms / 1000 * SECOND)
        self._stage.world.hold(order.provider, order.sender, until)
        return Answer.json(
            {"provider": order.provider, "sender": order.sender or None, "for_ms": order.for_ms}
        )

    async def _verify(self, _request: Request) -> Answer:
        settings, courier = self._stage.world.config.whatsapp, self._stage.world.courier
        if settings.webhook_url is None:
            error = {"error": "whatsapp.webhook_url is not set; PATCH /_sim/config sets it."}
            return Answer.json(error, 422)
        challenge = str(time.time_ns())
        asked = {
            "hub.mode": "subscribe",
            "hub.challenge": challenge,
            "hub.verify_token": settings.verify_token,
        }
        try:
            status, text = await courier.get(settings.webhook_url, asked)
        except (aiohttp.ClientError, TimeoutError) as error:
            return Answer.json({"verified": False, "error": f"{settings.webhook_url}: {error}"})
        return Answer.json(
            {"verified": status == 200 and text == challenge, "status": status, "body": text[:200]}
        )


def _body(request: Request) -> dict[str, object]:
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise _unknown(
            "(body)", f"is not JSON: {error}", request.body[:80].decode("utf-8", "replace")
        ) from None
    if not isinstance(body, dict):
        raise _unknown("(body)", "must be a JSON object", body)
    return body


def _number(parameters: Mapping[str, str], name: str, default: int) -> int:
    value = parameters.get(name, str(default))
    if not value.isdigit():
        raise _unknown(name, "must be a whole number, 0 or more", value)
    return int(value)


def _unknown(field: str, problem: str, given: object) -> ConfigError:
    return ConfigError([{"field": field, "problem": problem, "given": given}])
