"""What people tell us: replies, and the wish to be left alone, which is obeyed in the transaction that reads it."""

from collections.abc import Sequence
from typing import Any

from clarion.domain.contact import known_address
from clarion.domain.opt_out import read_reply
from clarion.providers.base import Preference, Reply
from clarion.store import counts, replies, suppressions
from clarion.store.db import Tx
from clarion.store.inbox import Stored


async def take_replies(
    tx: Tx, found: Sequence[tuple[Stored, Reply]], moves: counts.Moves
) -> list[tuple[int, str]]:
    """Store replies and obey the opt-outs among them; inbox ids that belong to no sender of ours, with why."""
    if not found:
        return []
    owners = await _owners(tx, [event for event, _ in found])
    rows: list[replies.Row] = []
    stops: dict[tuple[int, str], suppressions.Stop] = {}
    aside = []
    for event, reply in found:
        owner = owners.get(event.id)
        if owner is None:
            aside.append((event.id, "written to a number that is none of our senders"))
            continue
        person = _person(reply.address, reply.user_id)
        heard = read_reply(reply.text or reply.payload, owner.words)
        opt_out = heard.opt_out or reply.opt_out
        if opt_out:
            stop = suppressions.Stop(owner.workspace_id, person, suppressions.OPT_OUT, "reply")
            stops[owner.workspace_id, person] = stop
        elif reply.opt_in:
            stops.pop((owner.workspace_id, person), None)  # a later word outweighs an earlier one
            await suppressions.lift(tx, owner.workspace_id, person)
        rows.append(_row(owner, person, reply, opt_out, heard.maybe))
    await replies.add(tx, rows)
    await suppressions.stop(tx, list(stops.values()), moves)
    return aside


async def take_preferences(tx: Tx, found: Sequence[tuple[Stored, Preference]], moves: counts.Moves) -> None:
    """Someone stopped, or resumed, marketing inside the provider's app."""
    owners = await _owners(tx, [event for event, _ in found])
    for event, preference in found:
        owner = owners.get(event.id)
        if owner is None:
            continue
        person = _person(preference.address, preference.user_id)
        if preference.stop:
            stop = suppressions.Stop(owner.workspace_id, person, suppressions.OPT_OUT, "provider:preference")
            await suppressions.stop(tx, [stop], moves)
        else:
            await suppressions.lift(tx, owner.workspace_id, person)


def _row(owner: replies.Owner, person: str, reply: Reply, opt_out: bool, maybe: bool) -> replies.Row:
    said = [reply.provider_id, reply.kind, reply.text, reply.payload, reply.quoted]
    return [owner.workspace_id, owner.sender_id, person, *said, int(opt_out), int(maybe), reply.at]


def _person(address: str, user_id: str) -> str:
    digits = address.lstrip("+")
    return known_address(digits).person if digits else f"user:{user_id}"


async def _owners(tx: Tx, events: Sequence[Stored]) -> dict[int, Any]:
    """The sender each event was for: the first of those its signature proved."""
    wanted = {event.id: min(event.senders) for event in events if event.senders}
    known = await replies.owners(tx, sorted(set(wanted.values())))
    return {ident: known[sender] for ident, sender in wanted.items() if sender in known}
