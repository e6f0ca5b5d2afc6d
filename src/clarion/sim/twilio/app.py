"""The routes of api, content and messaging.twilio.com that a sender of messages uses."""

from __future__ import annotations

import base64
import hmac
import math
import time
from functools import partial
from hashlib import md5
from urllib.parse import parse_qsl

from clarion.sim.accounts import TwilioSettings
from clarion.sim.catalogue import Content
from clarion.sim.desk import Refusal, take
from clarion.sim.http import Answer, Request
from clarion.sim.ledger import ReplyEntry
from clarion.sim.limits import SECOND
from clarion.sim.twilio import hooks
from clarion.sim.twilio.contents import Contents
from clarion.sim.twilio.errors import refusal
from clarion.sim.twilio.messages import API, Messages
from clarion.sim.twilio.send import TwilioSend
from clarion.sim.webhooks import REPEAT_AFTER
from clarion.sim.world import World

_STOP = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
_START = frozenset({"START", "UNSTOP", "YES"})
_HELP = frozenset({"HELP", "INFO"})


class Twilio:
    """The account as the API shows it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.messages = Messages()
        self.contents = Contents(world.config.twilio.account_sid, world.config.twilio.contents)
        self.under_way = 0
        self._free_at: dict[str, int] = {}
        self._inbound = 0

    def configured(self, before: TwilioSettings) -> None:
        """Follow a change of configuration; contents keep their state unless the list itself was changed."""
        settings = self.world.config.twilio
        if (settings.contents, settings.account_sid) != (before.contents, before.account_sid):
            self.contents = Contents(settings.account_sid, settings.contents)

    def answered(self) -> None:
        """A send has got its answer."""
        self.under_way -= 1

    def queue_up(self, sender: str, now: int, rate: float, capacity: int) -> float | None:
        """Seconds a new message waits in the sender's queue; None when the queue is full."""
        free_at = max(self._free_at.get(sender, now), now)
        if math.ceil((free_at - now) * rate / SECOND) >= capacity:
            return None
        self._free_at[sender] = free_at + int(SECOND / rate)
        return (free_at - now) / SECOND

    def authorise(
        self, request: Request, account: str | None = None, *, counted: bool = False
    ) -> Refusal | None:
        """Check the account and token; `account` is the one in the path."""
        settings = self.world.config.twilio
        given = request.headers.get(b"authorization", b"").decode("latin-1")
        login = base64.b64encode(f"{settings.account_sid}:{settings.auth_token}".encode()).decode()
        token = self.world.tokens["twilio"]
        known = hmac.compare_digest(given.encode(), f"Basic {login}".encode())
        if not known or not (token.use() if counted else token.valid):
            return refusal(20003)
        return refusal(20404, request.path) if account not in (None, settings.account_sid) else None

    def handle(self, request: Request) -> Answer:
        """Answer a request to any of the three hosts."""
        segments = request.path.strip("/").split("/")
        match request.method, segments:
            case "POST", ["2010-04-01", "Accounts", account, "Messages.json"]:
                return self._send(request, account)
        named = (
            segments[2].removesuffix(".json") if segments[:2] == [API, "Accounts"] and segments[2:] else None
        )
        answer = self.authorise(request, named) or self._route(request, segments)
        return answer.answer if isinstance(answer, Refusal) else answer

    def _send(self, request: Request, account: str) -> Answer:
        answer = take(self.world, TwilioSend(self, request, account), request.arrival)
        self.under_way += 1
        answer.headers = (("Twilio-Concurrent-Requests", str(self.under_way)),)
        answer.done = self.answered
        return answer

    def _route(self, request: Request, segments: list[str]) -> Answer | Refusal:
        parameters = dict(parse_qsl(request.query, keep_blank_values=True))
        try:
            match request.method, segments:
                case "GET", ["2010-04-01", "Accounts", name] if name.endswith(".json"):
                    return self._account()
                case "GET", ["2010-04-01", "Accounts", _, "Messages.json"]:
                    return Answer.json(self.messages.page(request.path, parameters))
                case _, ["2010-04-01", "Accounts", _, "Messages", name] if name.endswith(".json"):
                    return self._message(request, name.removesuffix(".json"))
                case "GET", ["v1" | "v2", ("Content" | "ContentAndApprovals") as name]:
                    approvals = name == "ContentAndApprovals"
                    return Answer.json(self.contents.page(parameters, request.base, approvals=approvals))
                case "POST", ["v1", "Content"]:
                    return self.contents.create(request.body, request.base)
                case _, ["v1", "Content", sid, *rest] if content := self.contents.get(sid):
                    return self._content(request, content, rest)
                case "GET", ["v2", "Channels", "Senders"]:
                    return self._senders(request.base)
                case "GET", ["v1", "Services", sid] if service := self.world.config.twilio.by_service.get(
                    sid
                ):
                    return Answer.json({"sid": sid, "friendly_name": service.friendly_name})
        except ValueError:
            return refusal(20001)
        return refusal(20404, request.path)

    def _account(self) -> Answer:
        sid = self.world.config.twilio.account_sid
        return Answer.json(
            {"sid": sid, "friendly_name": "Clarion sample", "status": "active", "type": "Full"}
        )

    def _message(self, request: Request, sid: str) -> Answer | Refusal:
        message = self.messages.get(sid)
        if message is None:
            return refusal(20404, request.path)
        if request.method == "GET":
            return Answer.json(message.resource())
        if request.method == "DELETE":
            self.messages.delete(message)
            return Answer(204)
        if request.method != "POST":
            return refusal(20404, request.path)
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        if "Status" in form:
            if form["Status"] != "canceled" or message.status != "scheduled":
                return refusal(30409)
            message.status, message.updated = "canceled", time.time_ns() // 1000
        if form.get("Body") == "":
            message.body = ""
        return Answer.json(message.resource())

    def _content(self, request: Request, content: Content, rest: list[str]) -> Answer | Refusal:
        match request.method, rest:
            case "GET", []:
                return Answer.json(self.contents.resource(content, request.base))
            case "DELETE", []:
                self.contents.remove(content.sid)
                return Answer(204)
            case "GET", ["ApprovalRequests"]:
                return Answer.json(self.contents.approvals(content, request.base))
            case "POST", ["ApprovalRequests", "whatsapp"]:
                return self.contents.submit(content, request.body)
        return refusal(20404, request.path)

    def _senders(self, base: str) -> Answer:
        path = f"{base}/v2/Channels/Senders"
        senders = [
            {
                "sid": "XE" + md5(sender.address.encode(), usedforsecurity=False).hexdigest(),
                "sender_id": sender.address,
                "status": "ONLINE",
                "properties": {"quality_rating": "HIGH", "messaging_limit": "Unlimited"},
                "offline_reasons": None,
            }
            for sender in self.world.config.twilio.senders
            if sender.address.startswith("whatsapp:")
        ]
        meta = {
            "page": 0,
            "page_size": 50,
            "first_page_url": path,
            "previous_page_url": None,
            "next_page_url": None,
            "url": path,
            "key": "senders",
        }
        return Answer.json({"senders": senders, "meta": meta})

    def set_content(self, content: Content, status: str) -> None:
        """Change a content's approval; Twilio tells nobody."""
        approval = content.approval_requests.model_copy(update={"status": status})
        self.contents.put(content.model_copy(update={"approval_requests": approval}))

    def write(
        self,
        person: str,
        to: str,
        *,
        text: str = "",
        payload: str | None = None,
        service: str | None = None,
        quoted: str | None = None,
        posts: int = 1,
    ) -> str:
        """A person writes `text` to one of our senders, or presses a button; gives the message's SID.

        `person` and `to` carry the channel's prefix. STOP, START and their like change what is let through. Its
        webhook is posted `posts` times.
        """
        world = self.world
        settings = world.config.twilio
        if service is None:
            service = next((s.sid for s in settings.services if to in s.senders), None)
        number, opt_out_type = person.removeprefix("whatsapp:"), self._keyword(text)
        now = time.monotonic_ns()
        for sender in filter(None, (to, service)):
            world.hear(sender, number, payload or text, now)
            if opt_out_type in ("STOP", "START"):
                world.opt(sender, number, out=opt_out_type == "STOP")
        self._inbound += 1
        sid = f"SM{world.run:08x}{(1 << 92) + self._inbound:024x}"
        parameters = hooks.inbound(
            settings.account_sid,
            sid,
            person,
            to,
            text=text,
            payload=payload,
            service=service,
            opt_out_type=opt_out_type if settings.advanced_opt_out else None,
            quoted=quoted,
        )
        tally = world.ledger.sender("twilio", to if to in world.ledger.senders else service or to)
        world.courier.count(tally, "replied")
        world.expect_callbacks(tally, posts)
        entry = world.ledger.hear(
            ReplyEntry(now, "twilio", to, number, sid, text, payload or "", quoted or "")
        )
        for post in range(posts):
            if settings.inbound_url is None:
                world.unaddressed(tally)
            else:
                again = partial(hooks.post, world, settings.inbound_url, parameters, tally, entry)
                world.later(post * REPEAT_AFTER, again)
        return sid

    @staticmethod
    def _keyword(text: str) -> str | None:
        word = text.strip().upper()
        for name, words in (("STOP", _STOP), ("START", _START), ("HELP", _HELP)):
            if word in words:
                return name
        return None
