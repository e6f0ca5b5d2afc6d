"""What WhatsApp's webhooks say, and the batching of many updates into one signed POST."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import md5

from clarion.sim.accounts import WhatsAppNumber
from clarion.sim.ledger import ReplyEntry, Tally
from clarion.sim.webhooks import Parcel, whatsapp_body, whatsapp_retries, whatsapp_signature
from clarion.sim.whatsapp.errors import webhook_error
from clarion.sim.world import World

Object = Mapping[str, object]


def message_id(digits: str, run: int, seq: int, *, inbound: bool = False) -> str:
    """A `wamid` for message `seq` of a run, unlike any other run's."""
    middle = b"\x15\x02\x00\x12\x18\x12" if inbound else b"\x15\x02\x00\x11\x18\x12"
    person = digits.encode()
    raw = (
        b"\x1c\x18" + bytes([len(person) % 256]) + person + middle + f"{run:06X}{seq:012X}".encode() + b"\x00"
    )
    return "wamid." + base64.b64encode(raw).decode("ascii")


@lru_cache(maxsize=65_536)
def user_id(recipient: str) -> str:
    """The business-scoped user id of a phone number; a user id stays itself."""
    if not recipient.startswith("+"):
        return recipient
    return "ZZ." + str(
        int.from_bytes(md5(recipient.encode(), usedforsecurity=False).digest()[:8], "big")
    ).zfill(20)


@dataclass(slots=True)
class Update:
    """One item of a webhook: `kind` is `statuses` or `messages`, or a field whose value is `item`."""

    number: WhatsAppNumber | None
    kind: str
    item: Object
    contact: Object | None
    tally: Tally
    reply: ReplyEntry | None = None


def _names(identity: str, recipient: str, phone: str, user: str) -> dict[str, object]:
    names: dict[str, object] = {}
    if identity != "user_id" and recipient.startswith("+"):
        names[phone] = recipient[1:]
    if identity != "phone" or not names:
        names[user] = user_id(recipient)
    return names


def contact(identity: str, recipient: str) -> Object:
    """The person, as listed in `contacts`."""
    return {
        "profile": {"name": f"Person {recipient[-4:]}"},
        **_names(identity, recipient, "wa_id", "user_id"),
    }


def status(
    identity: str, wamid: str, recipient: str, echo: str, name: str, code: int, category: str
) -> dict[str, object]:
    """An item of `statuses`, dated now; `code` is the error of a failed one."""
    item: dict[str, object] = {
        "id": wamid,
        "status": name,
        "timestamp": str(int(time.time())),
        **_names(identity, recipient, "recipient_id", "recipient_user_id"),
    }
    if echo:
        item["biz_opaque_callback_data"] = echo
    if name in ("sent", "delivered"):
        kind = "free_customer_service" if category == "service" else "regular"
        item["pricing"] = {
            "billable": kind == "regular",
            "pricing_model": "PMP",
            "type": kind,
            "category": category,
        }
    if code:
        item["errors"] = [webhook_error(code)]
    return item


@dataclass(slots=True)
class Batcher:
    """Collects updates for a moment and posts them together."""

    world: World
    _updates: list[Update] = field(default_factory=list)
    _timed: bool = False

    def add(self, update: Update) -> None:
        """Post it soon. Its callback must have been expected."""
        if self.world.config.whatsapp.webhook_url is None:
            self.world.unaddressed(update.tally)
            return
        self._updates.append(update)
        delivery = self.world.config.delivery
        if len(self._updates) >= delivery.batch_max:
            self._flush()
        elif not self._timed:
            self._timed = True
            self.world.later(delivery.batch_wait_ms / 1000, self._on_time)

    def _on_time(self) -> None:
        self._timed = False
        if self._updates:
            self._flush()

    def _flush(self) -> None:
        updates, self._updates = self._updates, []
        settings = self.world.config.whatsapp
        if settings.webhook_url is None:
            for update in updates:
                self.world.unaddressed(update.tally)
            return
        body = whatsapp_body(self._envelope(updates))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": whatsapp_signature(settings.app_secret, body),
        }
        retries = whatsapp_retries(self.world.config.delivery)
        replies = [update.reply for update in updates if update.reply is not None]
        self.world.courier.send(
            Parcel(settings.webhook_url, headers, body, retries, [u.tally for u in updates], replies=replies)
        )

    def _envelope(self, updates: list[Update]) -> Object:
        settings = self.world.config.whatsapp
        changes: list[Object] = []
        values: dict[str, dict[str, object]] = {}
        for update in updates:
            if update.number is None:
                changes.append({"value": update.item, "field": update.kind})
                continue
            value = values.get(update.number.id)
            if value is None:
                value = values[update.number.id] = _value(update.number)
                changes.append({"value": value, "field": "messages"})
            for kind, item in (("contacts", update.contact), (update.kind, update.item)):
                if item is not None:
                    held = value.setdefault(kind, [])
                    assert isinstance(held, list)
                    held.append(item)
        if settings.extra_fields:
            for value in values.values():
                value["undocumented_field"] = {"version": 1}
            changes.append({"value": {"event": "UNDOCUMENTED"}, "field": "undocumented_update"})
        entry = {"id": settings.waba_id, "time": int(time.time()), "changes": changes}
        return {"object": "whatsapp_business_account", "entry": [entry]}


def _value(number: WhatsAppNumber) -> dict[str, object]:
    return {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": number.digits, "phone_number_id": number.id},
    }


def inbound(
    identity: str,
    wamid: str,
    person: str,
    number: WhatsAppNumber,
    *,
    text: str,
    payload: str | None,
    kind: str,
    context: str | None,
) -> dict[str, object]:
    """An item of `messages`, dated now."""
    item: dict[str, object] = {
        **_names(identity, person, "from", "from_user_id"),
        "id": wamid,
        "timestamp": str(int(time.time())),
    }
    if context is not None:
        item["context"] = {"from": number.digits, "id": context}
    if payload is None:
        item |= {"type": "text", "text": {"body": text}}
    elif kind == "button":
        item |= {"type": "button", "button": {"payload": payload, "text": text or payload}}
    else:
        reply = {"type": kind, kind: {"id": payload, "title": text or payload}}
        item |= {"type": "interactive", "interactive": reply}
    return item
