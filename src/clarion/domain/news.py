"""What a customer's system can be told: every event of a webhook, what it means, and the fields it carries.

The names and fields are a promise: fields may be added, nothing else changes. The reference page is written from here
by `make docs`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from clarion.domain.message import Status


class Event(StrEnum):
    """The name of something that happened."""

    MESSAGE_ACCEPTED = "message.accepted"
    MESSAGE_SENT = "message.sent"
    MESSAGE_DELIVERED = "message.delivered"
    MESSAGE_READ = "message.read"
    MESSAGE_FAILED = "message.failed"
    MESSAGE_UNKNOWN = "message.unknown"
    MESSAGE_CANCELLED = "message.cancelled"
    MESSAGE_EXPIRED = "message.expired"
    MESSAGE_SUPPRESSED = "message.suppressed"
    REPLY_RECEIVED = "reply.received"
    CONTACT_OPTED_OUT = "contact.opted_out"
    CONTACT_OPTED_IN = "contact.opted_in"
    CAMPAIGN_LAUNCHED = "campaign.launched"
    CAMPAIGN_PAUSED = "campaign.paused"
    CAMPAIGN_RESUMED = "campaign.resumed"
    CAMPAIGN_STOPPED = "campaign.stopped"
    CAMPAIGN_FINISHED = "campaign.finished"
    CAMPAIGN_FAILED = "campaign.failed"
    RUN_STARTED = "run.started"
    RUN_PAUSED = "run.paused"
    RUN_RESUMED = "run.resumed"
    RUN_STOPPED = "run.stopped"
    RUN_FINISHED = "run.finished"
    SENDER_PAUSED = "sender.paused"
    SENDER_RESUMED = "sender.resumed"
    IMPORT_FINISHED = "import.finished"
    HANDOFF_OPENED = "handoff.opened"
    WEBHOOK_TEST = "webhook.test"


def of_status(status: Status) -> Event | None:
    """The event of a message that came to `status`; None for those nobody is told of."""
    return _OF_STATUS.get(status)


_OF_STATUS = {status: Event(name) for status in Status if (name := f"message.{status}") in set(Event)}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an event's `data`, with an example of its value."""

    name: str
    meaning: str
    example: Any


@dataclass(frozen=True, slots=True)
class Told:
    """What an event means, and what its `data` holds."""

    meaning: str
    fields: tuple[Field, ...]

    @property
    def example(self) -> dict[str, Any]:
        """The `data` of one such event."""
        return {field.name: field.example for field in self.fields}


_CONTACT = Field("contact_id", "the contact; null: nobody we know", "con_7")
_SENDER = Field("sender_id", "our sender", "snd_1")
_RUN = Field("run_id", "the journey's run; null: none", None)
_REASON = Field("reason", "why, in one sentence; may be empty", "the number's quality is low")

_MESSAGE = (
    Field("message_id", "the message", "msg_42"),
    Field("campaign_id", "its campaign; null: none", "cmp_3"),
    _RUN,
    _CONTACT,
    _SENDER,
    Field("to", "the person's number", "+447700900123"),
)
_FAULT = (
    Field("code", "the provider's error code", "131026"),
    Field("reason", "what it means, in one sentence", "The number cannot receive this message."),
)
_CAMPAIGN = (Field("campaign_id", "the campaign", "cmp_3"), Field("name", "its name", "Spring sale"))
_OF_RUN = (
    Field("run_id", "the run", "run_5"),
    Field("journey_id", "its journey", "jrn_2"),
    Field("journey", "the journey's name", "Welcome"),
)
_OF_SENDER = (_SENDER, Field("name", "its name", "Shop"))
_CONSENT = (
    _CONTACT,
    Field("phone", "the person's number; null: one who hides it", "+447700900123"),
    Field(
        "source",
        "how they said so: `reply`, `provider:<code>`, `provider:preference`, `journey`, `operator`, an import ...",
        "reply",
    ),
)

EVENTS: Mapping[Event, Told] = {
    Event.MESSAGE_ACCEPTED: Told("The provider took the message.", _MESSAGE),
    Event.MESSAGE_SENT: Told("The provider sent it on its way.", _MESSAGE),
    Event.MESSAGE_DELIVERED: Told(
        "It is on the person's phone. May follow `message.failed`: one device can fail before another shows it.",
        _MESSAGE,
    ),
    Event.MESSAGE_READ: Told("The person opened it, where the provider tells.", _MESSAGE),
    Event.MESSAGE_FAILED: Told("It will not arrive: the provider refused it, or gave up.", _MESSAGE + _FAULT),
    Event.MESSAGE_UNKNOWN: Told(
        "Nobody knows whether the provider took it. We look for evidence; what is found out is told as above.",
        _MESSAGE,
    ),
    Event.MESSAGE_CANCELLED: Told("It was never sent: its campaign or run was stopped.", _MESSAGE),
    Event.MESSAGE_EXPIRED: Told("It was never sent: its time was over first.", _MESSAGE),
    Event.MESSAGE_SUPPRESSED: Told(
        "It was never sent: the person does not want to hear from us, or must be spared for now.", _MESSAGE
    ),
    Event.REPLY_RECEIVED: Told(
        "A person wrote to one of our senders.",
        (
            Field("reply_id", "the reply", "rpl_9"),
            Field("conversation_id", "the conversation it belongs to; null: none", "cnv_4"),
            _CONTACT,
            _SENDER,
            Field("from", "the person's number; null: one who hides it", "+447700900123"),
            Field("kind", "`text`, `button`, `image`, ...: see the reference of providers", "text"),
            Field("text", "what they wrote", "Yes please"),
            Field("payload", "what a tapped button carries", ""),
            Field("message_id", "our message that they quote; null: none", "msg_42"),
            _RUN,
            Field("opt_out", "whether it was obeyed as a wish to be left alone", False),
        ),
    ),
    Event.CONTACT_OPTED_OUT: Told("A person does not want to hear from this workspace any more.", _CONSENT),
    Event.CONTACT_OPTED_IN: Told("A person who had opted out may be written to again.", _CONSENT[:2]),
    Event.CAMPAIGN_LAUNCHED: Told("A campaign began to send.", _CAMPAIGN),
    Event.CAMPAIGN_PAUSED: Told("A campaign was paused, by a person or by itself.", (*_CAMPAIGN, _REASON)),
    Event.CAMPAIGN_RESUMED: Told("A paused campaign goes on.", _CAMPAIGN),
    Event.CAMPAIGN_STOPPED: Told("A campaign was ended for good.", _CAMPAIGN),
    Event.CAMPAIGN_FINISHED: Told(
        "A campaign has nothing left to send. Receipts may still come in.", _CAMPAIGN
    ),
    Event.CAMPAIGN_FAILED: Told(
        "A scheduled campaign could not begin.",
        (*_CAMPAIGN, Field("reason", "why, in one sentence", "The list is empty.")),
    ),
    Event.RUN_STARTED: Told("A journey was started over an audience.", _OF_RUN),
    Event.RUN_PAUSED: Told("A run was paused.", (*_OF_RUN, _REASON)),
    Event.RUN_RESUMED: Told("A paused run goes on.", _OF_RUN),
    Event.RUN_STOPPED: Told("A run was ended for good.", (*_OF_RUN, _REASON)),
    Event.RUN_FINISHED: Told("Nobody is under way in a run any more.", _OF_RUN),
    Event.SENDER_PAUSED: Told("A sender was paused, by a person or by its provider.", (*_OF_SENDER, _REASON)),
    Event.SENDER_RESUMED: Told("A paused sender sends again.", _OF_SENDER),
    Event.IMPORT_FINISHED: Told(
        "An import ended: every row of the file has its verdict, or it failed.",
        (
            Field("import_id", "the import", "imp_6"),
            Field("list_id", "the list it filled", "lst_2"),
            Field("status", "`finished` or `failed`", "finished"),
            Field("error", "why it failed", ""),
            Field("accepted", "rows that became members as they were", 980),
            Field("corrected", "rows whose number was mended first", 12),
            Field("duplicate", "rows with a person of an earlier row", 5),
            Field("invalid", "rows without a number that can be dialled", 2),
            Field("opted_out", "rows with a person who opted out", 1),
        ),
    ),
    Event.HANDOFF_OPENED: Told(
        "A journey handed a conversation over to people.",
        (
            Field("handoff_id", "the handoff", "hnd_8"),
            _CONTACT,
            Field("phone", "the person's number; null: one who hides it", "+447700900123"),
            _SENDER,
            Field("run_id", "the journey's run", "run_5"),
            Field("note", "what the journey says to whoever takes it", "Wants to change the order"),
            Field("waits", "whether the journey goes on once the handoff is closed", True),
        ),
    ),
    Event.WEBHOOK_TEST: Told(
        "Somebody asked for a test of this webhook. Sent whatever events it wants.",
        (Field("webhook_id", "the webhook", "whk_1"),),
    ),
}
"""Every event, in the order of the documentation."""


def wants(events: Iterable[str], event: str) -> bool:
    """Whether a subscription to `events` (none named: all) is told of `event`."""
    named = set(events)
    return not named or event in named
