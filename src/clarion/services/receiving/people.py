"""What people tell us: replies, and the wish to be left alone, which is obeyed in the transaction that reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clarion.domain.contact import Address, known_address
from clarion.domain.news import Event
from clarion.domain.opt_out import read_reply
from clarion.providers.base import Preference, Reply
from clarion.services.journeys import answering
from clarion.services.journeys.answering import Said
from clarion.store import conversations, counts, news, replies, suppressions
from clarion.store.db import Tx
from clarion.store.inbox import Stored
from clarion.store.news import News


@dataclass(frozen=True, slots=True)
class _Heard:
    """One reply: whose sender it reached, who wrote it, and whether it was obeyed as a stop."""

    owner: replies.Owner
    who: Address
    reply: Reply
    opt_out: bool
    maybe: bool


async def take_replies(
    tx: Tx, found: Sequence[tuple[Stored, Reply]], moves: counts.Moves
) -> list[tuple[int, str]]:
    """Store replies, obey the opt-outs among them and bring the others where they are waited for.

    The inbox ids that belong to no sender of ours, with why. A reply that is there already goes nowhere again.
    """
    if not found:
        return []
    owners = await _owners(tx, [event for event, _ in found])
    heard: list[_Heard] = []
    stops: dict[tuple[int, str], suppressions.Stop] = {}
    aside = []
    for event, reply in found:
        owner = owners.get(event.id)
        if owner is None:
            aside.append((event.id, "written to a number that is none of our senders"))
            continue
        who = _who(reply.address, reply.user_id)
        said = read_reply(reply.text or reply.payload, owner.words)
        opt_out = said.opt_out or reply.opt_out
        if opt_out:
            stop = suppressions.Stop(owner.workspace_id, who.person, suppressions.OPT_OUT, "reply")
            stops[owner.workspace_id, who.person] = stop
        elif reply.opt_in:
            stops.pop((owner.workspace_id, who.person), None)  # a later word outweighs an earlier one
            await suppressions.lift(tx, owner.workspace_id, who.person)
        heard.append(_Heard(owner, who, reply, opt_out, said.maybe))
    new = await replies.add(tx, [_row(each) for each in heard])
    await answering.deliver(tx, [_said(each, new) for each in heard if _key(each) in new])
    await conversations.heard(tx, [(new[_key(each)], each.who.e164) for each in heard if _key(each) in new])
    await news.tell(tx, [_news(each, new) for each in heard if _key(each) in new])
    await suppressions.stop(tx, list(stops.values()), moves)
    return aside


async def take_preferences(tx: Tx, found: Sequence[tuple[Stored, Preference]], moves: counts.Moves) -> None:
    """Someone stopped, or resumed, marketing inside the provider's app."""
    owners = await _owners(tx, [event for event, _ in found])
    for event, preference in found:
        owner = owners.get(event.id)
        if owner is None:
            continue
        person = _who(preference.address, preference.user_id).person
        if preference.stop:
            stop = suppressions.Stop(owner.workspace_id, person, suppressions.OPT_OUT, "provider:preference")
            await suppressions.stop(tx, [stop], moves)
        else:
            await suppressions.lift(tx, owner.workspace_id, person)


def _row(heard: _Heard) -> replies.Row:
    owner, reply = heard.owner, heard.reply
    said = [reply.provider_id, reply.kind, reply.text, reply.payload, reply.quoted]
    stops = [int(heard.opt_out), int(heard.maybe)]
    return [owner.workspace_id, owner.sender_id, heard.who.person, *said, *stops, reply.at]


def _news(heard: _Heard, new: dict[tuple[int, str], int]) -> News:
    return News(heard.owner.workspace_id, Event.REPLY_RECEIVED, new[_key(heard)], heard.reply.at)


def _key(heard: _Heard) -> tuple[int, str]:
    return heard.owner.sender_id, heard.reply.provider_id


def _said(heard: _Heard, new: dict[tuple[int, str], int]) -> Said:
    reply = heard.reply
    return Said(
        reply_id=new[_key(heard)],
        workspace_id=heard.owner.workspace_id,
        sender_id=heard.owner.sender_id,
        who=heard.who,
        about=reply.kind,
        text=reply.text,
        payload=reply.payload,
        quoted=reply.quoted,
        opt_out=heard.opt_out,
    )


def _who(address: str, user_id: str) -> Address:
    """The number, or the provider's own id of a person who hides it."""
    digits = address.lstrip("+")
    return known_address(digits) if digits else Address("", f"user:{user_id}")


async def _owners(tx: Tx, events: Sequence[Stored]) -> dict[int, Any]:
    """The sender each event was for: the first of those its signature proved."""
    wanted = {event.id: min(event.senders) for event in events if event.senders}
    known = await replies.owners(tx, sorted(set(wanted.values())))
    return {ident: known[sender] for ident, sender in wanted.items() if sender in known}
