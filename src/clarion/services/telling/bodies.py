"""The body of each delivery: the same bytes at every try, because they are what is signed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from clarion.domain.news import EVENTS, Event
from clarion.domain.shown import show_id, show_time
from clarion.store import dialect, news_details
from clarion.store.db import Tx

Data = dict[str, Any]


def body_of(event: str, at: int, data: Mapping[str, Any]) -> str:
    """What is sent: type, time and data, as Standard Webhooks has it."""
    return orjson.dumps({"type": event, "timestamp": show_time(at), "data": data}).decode()


async def bodies(tx: Tx, news: Sequence[Any]) -> dict[int, str]:
    """The body of each of the news (rows of `store.news.take`), by its id; of those whose subject is gone, none."""
    about: dict[str, list[int]] = {}
    for each in news:
        about.setdefault(_kind(each.event), []).append(each.about)
    rows = {kind: await news_details.rows_of(tx, kind, ids) for kind, ids in about.items()}
    people = [
        (each.workspace_id, str(dialect.json_value(each.data)["person"]))
        for each in news
        if _kind(each.event) == "contact"
    ]
    contacts = await news_details.contacts_of(tx, people)
    made: dict[int, str] = {}
    for each in news:
        said = dialect.json_value(each.data)
        if _kind(each.event) == "contact":
            data = _consent(contacts.get((each.workspace_id, said["person"])), said)
        else:
            row = rows[_kind(each.event)].get(each.about)
            if row is None:
                continue
            data = _MADE_OF[_kind(each.event)](row, said)
        made[each.id] = body_of(each.event, each.at, _only(Event(each.event), data))
    return made


def _kind(event: str) -> str:
    return event.partition(".")[0]


def _only(event: Event, data: Data) -> Data:
    """The fields that are promised for the event, in the order of the documentation."""
    return {field.name: data[field.name] for field in EVENTS[event].fields}


def _id(kind: str, number: int | None) -> str | None:
    """Erased contacts have numbers below zero."""
    return show_id(kind, number) if number and number > 0 else None


def _phone(address: str, person: str) -> str | None:
    return address or (f"+{person}" if person.isdigit() else None)


def _message(row: Any, _: Data) -> Data:
    return {
        "message_id": show_id("message", row.id),
        "campaign_id": _id("campaign", row.campaign_id),
        "run_id": _id("run", row.run_id),
        "contact_id": _id("contact", row.contact_id),
        "sender_id": _id("sender", row.sender_id),
        "to": row.address,
        "code": row.fault_code,
        "reason": row.fault_reason,
    }


def _reply(row: Any, _: Data) -> Data:
    return {
        "reply_id": show_id("reply", row.id),
        "conversation_id": _id("conversation", row.conversation_id),
        "contact_id": _id("contact", row.contact_id),
        "sender_id": _id("sender", row.sender_id),
        "from": _phone(row.address, row.person),
        "kind": row.kind,
        "text": row.text,
        "payload": row.payload,
        "message_id": _id("message", row.message_id),
        "run_id": _id("run", row.run_id),
        "opt_out": bool(row.opt_out),
    }


def _consent(contact: Any | None, said: Data) -> Data:
    return {
        "contact_id": _id("contact", contact.id if contact else 0),
        "phone": _phone(contact.address if contact else "", said["person"]),
        "source": said.get("source", ""),
    }


def _campaign(row: Any, said: Data) -> Data:
    return {
        "campaign_id": show_id("campaign", row.id),
        "name": row.name,
        "reason": said.get("reason", ""),
    }


def _run(row: Any, said: Data) -> Data:
    return {
        "run_id": show_id("run", row.id),
        "journey_id": show_id("journey", row.journey_id),
        "journey": row.journey,
        "reason": said.get("reason", ""),
    }


def _sender(row: Any, said: Data) -> Data:
    return {"sender_id": show_id("sender", row.id), "name": row.name, "reason": said.get("reason", "")}


def _import(row: Any, _: Data) -> Data:
    counts = {
        name: getattr(row, name) for name in ("accepted", "corrected", "duplicate", "invalid", "opted_out")
    }
    return {
        "import_id": show_id("import", row.id),
        "list_id": _id("list", row.list_id),
        "status": row.status,
        "error": row.error,
        **counts,
    }


def _handoff(row: Any, _: Data) -> Data:
    return {
        "handoff_id": show_id("handoff", row.id),
        "contact_id": _id("contact", row.contact_id),
        "phone": _phone(row.address, ""),
        "sender_id": _id("sender", row.sender_id),
        "run_id": _id("run", row.run_id),
        "note": row.note,
        "waits": bool(row.waits),
    }


_MADE_OF: Mapping[str, Callable[[Any, Data], Data]] = {
    "message": _message,
    "reply": _reply,
    "campaign": _campaign,
    "run": _run,
    "sender": _sender,
    "import": _import,
    "handoff": _handoff,
}
