"""The routes of graph.facebook.com that a sender of messages uses, under any version."""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Mapping
from functools import partial
from urllib.parse import parse_qsl

import orjson
from pydantic import ValidationError

from clarion.sim.accounts import WhatsAppNumber, WhatsAppSettings
from clarion.sim.catalogue import Template
from clarion.sim.desk import Refusal, take
from clarion.sim.http import Answer, Request
from clarion.sim.ledger import ReplyEntry
from clarion.sim.webhooks import REPEAT_AFTER
from clarion.sim.whatsapp import hooks
from clarion.sim.whatsapp.errors import refusal, unknown_object
from clarion.sim.whatsapp.media import Media
from clarion.sim.whatsapp.send import WhatsAppSend
from clarion.sim.whatsapp.templates import Templates
from clarion.sim.world import World

VERSION = re.compile(r"^v\d+\.0$")
ATTACHMENTS = "whatsapp_business"

_NUMBER_FIELDS = ("id", "display_phone_number", "verified_name", "quality_rating")


class WhatsApp:
    """The account as the API shows it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.templates = Templates(world.config.whatsapp.templates)
        self.media = Media()
        self.batcher = hooks.Batcher(world)
        self._inbound = 0

    def configured(self, before: WhatsAppSettings) -> None:
        """Follow a change of configuration; templates keep their state unless the list itself was changed."""
        if self.world.config.whatsapp.templates != before.templates:
            self.templates = Templates(self.world.config.whatsapp.templates)

    def handle(self, request: Request) -> Answer:
        """Answer a request whose path begins with a version, or with the attachments' folder."""
        segments = request.path.strip("/").split("/")[1:]
        if segments[-1:] == ["messages"] and request.method == "POST" and len(segments) == 2:
            if request.body.startswith(b"{") and b'"status"' in request.body and _is_read_mark(request.body):
                return self._mark_read(request, segments[0])
            return take(self.world, WhatsAppSend(self, request, segments[0]), request.arrival)
        if segments[-1:] == ["marketing_messages"] and request.method == "POST" and len(segments) == 2:
            send = WhatsAppSend(self, request, segments[0], marketing_only=True)
            return take(self.world, send, request.arrival)
        problem = self.authorise(request)
        answer = problem if problem is not None else self._manage(request, segments)
        return answer.answer if isinstance(answer, Refusal) else answer

    def authorise(self, request: Request, *, counted: bool = False) -> Refusal | None:
        """Check the bearer token; `counted` requests use it up when it dies after a number of sends."""
        given = request.headers.get(b"authorization", b"").decode("latin-1")
        if not given.startswith("Bearer "):
            return refusal(0)
        known = hmac.compare_digest(given[7:].encode(), self.world.config.whatsapp.token.encode())
        token = self.world.tokens["whatsapp"]
        if not known or not (token.use() if counted else token.valid):
            return refusal(190)
        return None

    def _manage(self, request: Request, segments: list[str]) -> Answer | Refusal:
        settings = self.world.config.whatsapp
        parameters = dict(parse_qsl(request.query))
        if request.path.startswith(f"/{ATTACHMENTS}/"):
            return self.media.download(parameters)
        match request.method, segments:
            case "GET", [waba, "message_templates"] if waba == settings.waba_id:
                return Answer.json(self.templates.page(parameters, request.base + request.path))
            case "POST", [waba, "message_templates"] if waba == settings.waba_id:
                return self._create_template(request)
            case "DELETE", [waba, "message_templates"] if waba == settings.waba_id:
                return self._delete_templates(parameters)
            case "GET", [waba, "phone_numbers"] if waba == settings.waba_id:
                return self._numbers(parameters)
            case (("GET" | "POST"), [waba, "subscribed_apps"]) if waba == settings.waba_id:
                return Answer.json({"success": True} if request.method == "POST" else {"data": []})
            case "POST", [number, "media"] if number in settings.by_id:
                return self.media.upload(request)
            case "POST", [template] if self.templates.by_id(template):
                return self._change_template(request, template)
            case "POST", [template, "unpause"] if self.templates.by_id(template):
                return self._unpause(template)
            case "DELETE", [media] if self.media.has(media):
                return self.media.delete(media)
            case "GET", [name]:
                return self._look_up(name, parameters, request.base)
        return unknown_object(request.method, segments[0] if segments else "")

    def _look_up(self, name: str, parameters: Mapping[str, str], base: str) -> Answer | Refusal:
        settings = self.world.config.whatsapp
        if name in settings.by_id:
            return Answer.json(self._number(settings.by_id[name], parameters))
        if name == settings.waba_id:
            return Answer.json({"id": name, "name": "Clarion Sample Shop", "currency": "USD"})
        if self.media.has(name):
            return self.media.describe(name, base)
        if template := self.templates.by_id(name):
            return Answer.json(template.model_dump(mode="json"))
        return unknown_object("GET", name)

    def _numbers(self, parameters: Mapping[str, str]) -> Answer:
        numbers = self.world.config.whatsapp.numbers
        listed = [self._number(number, parameters) for number in numbers]
        return Answer.json({"data": listed, "paging": {"cursors": {"before": "MAZDZD", "after": "MAZDZD"}}})

    def _number(self, number: WhatsAppNumber, parameters: Mapping[str, str]) -> dict[str, object]:
        rate = number.rate or self.world.config.whatsapp.rate
        known: dict[str, object] = {
            "id": number.id,
            "display_phone_number": number.display_phone_number,
            "verified_name": number.verified_name,
            "quality_rating": number.quality_rating,
            "code_verification_status": "VERIFIED",
            "name_status": "APPROVED",
            "platform_type": "CLOUD_API",
            "account_mode": "LIVE",
            "status": "CONNECTED",
            "throughput": {"level": "HIGH" if rate is None or rate > 80 else "STANDARD"},
            "whatsapp_business_manager_messaging_limit": "TIER_UNLIMITED",
            "health_status": {"can_send_message": "AVAILABLE"},
        }
        wanted = [name for name in parameters.get("fields", "").split(",") if name] or list(_NUMBER_FIELDS)
        return {name: known[name] for name in dict.fromkeys((*wanted, "id")) if name in known}

    def _create_template(self, request: Request) -> Answer | Refusal:
        try:
            asked = orjson.loads(request.body)
            template = Template.model_validate({**asked, "id": self.templates.new_id(), "status": "PENDING"})
        except (orjson.JSONDecodeError, TypeError):
            return refusal(100, "The request body is not a JSON object.")
        except ValidationError as error:
            first = error.errors()[0]
            return refusal(100, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
        if self.templates.find(template.name, template.language):
            return refusal(100, "There is already a template with this name and language.")
        self.templates.put(template)
        return Answer.json({"id": template.id, "status": template.status, "category": template.category})

    def _change_template(self, request: Request, number: str) -> Answer | Refusal:
        held = self.templates.by_id(number)
        assert held is not None
        if held.status not in ("APPROVED", "REJECTED", "PAUSED"):
            return refusal(100, f"A template that is {held.status} cannot be edited.")
        try:
            asked = {k: v for k, v in orjson.loads(request.body).items() if k in ("components", "category")}
            changed = Template.model_validate({**held.model_dump(), **asked, "status": "PENDING"})
        except (orjson.JSONDecodeError, AttributeError, ValidationError):
            return refusal(100, "The request body is not a template's components.")
        self.templates.put(changed)
        return Answer.json({"success": True})

    def _delete_templates(self, parameters: Mapping[str, str]) -> Answer | Refusal:
        found = self.templates.find(parameters.get("name", ""))
        doomed = [template for template in found if parameters.get("hsm_id", template.id) == template.id]
        if not doomed:
            return refusal(132001, f"template name ({parameters.get('name', '')}) does not exist")
        for template in doomed:
            self.templates.remove(template)
        return Answer.json({"success": True})

    def _unpause(self, number: str) -> Answer:
        template = self.templates.by_id(number)
        assert template is not None
        self.set_template(template, "APPROVED")
        return Answer.json({"success": True})

    def set_template(self, template: Template, status: str) -> None:
        """Change a template's status and tell the webhook."""
        before = template.status
        changed = Template.model_validate({**template.model_dump(), "status": status})
        self.templates.put(changed)
        titles = {"PAUSED": ("PAUSED", "FIRST_PAUSE"), "DISABLED": ("DISABLED", "DISABLED")}
        event, title = titles.get(status, (status, ""))
        if status == "APPROVED" and before == "PAUSED":
            event, title = "REINSTATED", "UNPAUSE"
        value: dict[str, object] = {
            "event": event,
            "message_template_id": int(template.id),
            "message_template_name": template.name,
            "message_template_language": template.language,
            "reason": "NONE" if not title else None,
            "message_template_category": template.category,
        }
        if title:
            value["other_info"] = {"title": title, "description": f"The template is {status.lower()} now."}
        tally = self.world.ledger.sender("whatsapp", self.world.config.whatsapp.numbers[0].id)
        self.world.expect_callbacks(tally, 1)
        self.batcher.add(hooks.Update(None, "message_template_status_update", value, None, tally))

    def _mark_read(self, request: Request, number: str) -> Answer:
        problem = self.authorise(request)
        if problem is None and number not in self.world.config.whatsapp.by_id:
            problem = unknown_object("POST", number)
        return problem.answer if problem is not None else Answer.json({"success": True})

    def write(
        self,
        number: WhatsAppNumber,
        person: str,
        *,
        text: str = "",
        payload: str | None = None,
        kind: str = "button",
        context: str | None = None,
        posts: int = 1,
    ) -> str:
        """A person (`+` and digits, or a user id) writes `text`, or presses a button; gives the message's id.

        `kind` is what a payload comes as: `button` (of a template), `button_reply` or `list_reply`. Its webhook
        is posted `posts` times.
        """
        world = self.world
        self._inbound += 1
        now = time.monotonic_ns()
        world.hear(number.id, person, payload or text, now)
        wamid = hooks.message_id(person.lstrip("+"), world.run, self._inbound, inbound=True)
        identity = world.config.whatsapp.identity
        item = hooks.inbound(
            identity, wamid, person, number, text=text, payload=payload, kind=kind, context=context
        )
        tally = world.ledger.sender("whatsapp", number.id)
        world.courier.count(tally, "replied")
        world.expect_callbacks(tally, posts)
        entry = world.ledger.hear(
            ReplyEntry(now, "whatsapp", number.id, person, wamid, text, payload or "", context or "")
        )
        update = hooks.Update(number, "messages", item, hooks.contact(identity, person), tally, entry)
        for post in range(posts):
            world.later(post * REPEAT_AFTER, partial(self.batcher.add, update))
        return wamid


def _is_read_mark(raw: bytes) -> bool:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return False
    return isinstance(body, dict) and body.get("status") == "read" and "message_id" in body
