"""Replies brought to the positions that wait for them, in the transaction that stores them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clarion.domain.contact import Address
from clarion.domain.journey.events import Replied
from clarion.domain.journey.routing import Door, Route, Routed, route
from clarion.services.journeys.entering import Entrance, let_in
from clarion.store import singles
from clarion.store.db import Tx
from clarion.store.runs import events, routing


@dataclass(frozen=True, slots=True)
class Said:
    """A new reply as it was stored: who wrote what to which sender. `opt_out`: it was obeyed as a stop."""

    reply_id: int
    workspace_id: int
    sender_id: int
    who: Address
    about: str
    text: str
    payload: str
    quoted: str
    opt_out: bool


async def deliver(tx: Tx, said: Sequence[Said]) -> None:
    """Decide for each reply whom it is for, in the order they came, and give it to them as an event."""
    asking = [each for each in said if not each.opt_out]
    standing = await routing.standing(tx, [(each.workspace_id, each.who.person) for each in asking])
    quoted = await routing.quoted(tx, [(each.sender_id, each.quoted) for each in asking])
    doors: dict[int, list[Door]] = {}
    kept: list[tuple[int, Routed]] = []
    given: list[tuple[int, str, dict[str, Any]]] = []
    for each in said:
        if each.opt_out:
            kept.append((each.reply_id, Routed(Route.OPT_OUT, "the person does not want to hear from us")))
            continue
        reply = Replied(each.text, each.payload, each.about, each.reply_id)
        here = standing.get((each.workspace_id, each.who.person), ())
        about = quoted.get((each.sender_id, each.quoted))
        routed = route(reply, each.sender_id, about, here, ())
        if routed.route is Route.INBOX:  # most replies are waited for: the doors are looked up for the others
            doors |= await routing.doors(tx, [each.workspace_id]) if each.workspace_id not in doors else {}
            routed = route(reply, each.sender_id, about, here, doors.get(each.workspace_id, ()))
        if routed.route is Route.TRIGGER:
            routed = await _enter(tx, each, routed)
        elif routed.route is Route.POSITION:
            given.append((routed.position_id, Replied.kind, _data(each, routed)))
        kept.append((each.reply_id, routed))
    await events.add(tx, given)
    await routing.keep(tx, kept)


def _data(said: Said, routed: Routed) -> dict[str, Any]:
    return {
        "text": said.text,
        "payload": said.payload,
        "about": said.about,
        "reply_id": said.reply_id,
        "visit": routed.visit,
    }


async def _enter(tx: Tx, said: Said, routed: Routed) -> Routed:
    """Through the door that the reply opened, unless the person may not enter (again)."""
    contact = await singles.contact(tx, said.workspace_id, said.who.e164, said.who.person)
    entrance = Entrance(f"reply:{said.reply_id}", {"reply": said.text}, said.sender_id)
    entered = await let_in(tx, said.workspace_id, routed.journey_id, contact.id, entrance)
    if entered.position_id:
        return Routed(Route.TRIGGER, routed.why, position_id=entered.position_id)
    return Routed(Route.INBOX, f"{routed.why}, but the person cannot enter: {entered.refusal}")
