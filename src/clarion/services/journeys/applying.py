"""Effects applied in bulk, by kind, for a whole batch of positions in one transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from clarion.domain.content import to_json
from clarion.domain.journey.effects import Call, Effect, Enter, HandOff, Send, SetTimer, UpdateContact
from clarion.services.journeys.entering import Entrance, let_in
from clarion.services.journeys.facts import Senders
from clarion.store.db import Tx
from clarion.store.runs import calls, contacts, events, messages, timers


@dataclass(frozen=True, slots=True)
class Asked:
    """One effect, and the position (a row of that table) that asks for it. `sender` is the journey's own."""

    row: Any
    effect: Effect
    sender: str


@dataclass(slots=True)
class Applied:
    """What to look at once it is committed."""

    senders: set[int] = field(default_factory=set)
    calls: bool = False
    more: bool = False  # events were written that this lane should hear at once
    met: int = 0  # positions that were locked


async def apply(tx: Tx, asked: Sequence[Asked], now: int, applied: Applied) -> None:
    """Apply the effects of a batch that are no messages. The positions are locked and written already."""
    by_kind: defaultdict[type, list[Asked]] = defaultdict(list)
    for each in asked:
        by_kind[type(each.effect)].append(each)
    await timers.put(
        tx,
        [
            (a.row.id, a.row.run_id, a.effect.visit, a.effect.at)
            for a in by_kind[SetTimer]
            if isinstance(a.effect, SetTimer)
        ],
    )
    if by_kind[Call]:
        await calls.add(tx, [_call(a) for a in by_kind[Call]])
        applied.calls = True
    await _update(tx, by_kind[UpdateContact], now, applied)
    for a in by_kind[HandOff]:
        assert isinstance(a.effect, HandOff)
        await contacts.hand_off(
            tx, a.row.id, a.effect.visit, note=a.effect.note, waits=a.effect.waits, now=now
        )
    for a in by_kind[Enter]:
        await _enter(tx, a)
        applied.more = True


async def send(
    tx: Tx, asked: Sequence[Asked], senders: Senders, now: int, applied: Applied
) -> dict[int, tuple[int, int]]:
    """Write the messages a batch asks for; position -> its newest message and that one's sender.

    Before the positions are written, which remember them. What no sender can send fails at once, as an event.
    """
    wanted: list[messages.Wanted] = []
    lost: list[tuple[int, str, dict[str, Any]]] = []
    for a in asked:
        effect = a.effect
        if not isinstance(effect, Send):
            continue
        name = effect.sender or a.sender
        sender = senders.get((a.row.workspace_id, name))
        sender_id = sender.id if sender else (0 if name else a.row.sender_id)
        if not sender_id:
            why = f"there is no sender {name!r}" if name else "the journey names no sender"
            said = {"visit": effect.visit, "status": "failed", "code": "sender", "reason": why}
            lost.append((a.row.id, "message", said))
            continue
        wanted.append(
            messages.Wanted(
                a.row.id,
                effect.visit,
                sender_id,
                to_json(effect.content),
                effect.policy,
                messages.URGENT if effect.urgent else messages.PRIORITY,
                now + effect.expires_after if effect.expires_after else 0,
            )
        )
    made = await messages.queue(tx, wanted, now)
    await events.add(tx, lost)
    applied.more = applied.more or bool(lost)
    applied.senders |= {sender for _, sender in made.values()}
    return made


def _call(asked: Asked) -> calls.NewCall:
    assert isinstance(asked.effect, Call)
    request = orjson.dumps(asdict(asked.effect)).decode()
    return calls.NewCall(asked.row.id, asked.row.run_id, asked.effect.visit, request)


async def _update(tx: Tx, asked: Sequence[Asked], now: int, applied: Applied) -> None:
    """In the order they were asked for, so that of two changes to one person the later one holds."""
    if not asked:
        return
    held = await contacts.lock(tx, [a.row.contact_id for a in asked])
    lists: defaultdict[int, dict[tuple[int, str], bool]] = defaultdict(dict)
    consents: dict[tuple[int, str], str] = {}
    for a in asked:
        effect = a.effect
        assert isinstance(effect, UpdateContact)
        attributes, tags = held[a.row.contact_id]
        for name, value in effect.attributes.items():
            if value is None:
                attributes.pop(name, None)
            else:
                attributes[name] = value
        tags[:] = [*(tag for tag in tags if tag not in effect.remove_tags)]
        tags += [tag for tag in effect.add_tags if tag not in tags]
        for name in effect.add_lists:
            lists[a.row.workspace_id][a.row.contact_id, name] = True
        for name in effect.remove_lists:
            lists[a.row.workspace_id][a.row.contact_id, name] = False
        if effect.consent:
            consents[a.row.workspace_id, a.row.person] = effect.consent
    await contacts.keep(tx, [(contact, *values) for contact, values in held.items()], now)
    for workspace, wishes in lists.items():
        added = [key for key, on in wishes.items() if on]
        await contacts.change_lists(
            tx, workspace, add=added, remove=[key for key, on in wishes.items() if not on]
        )
    await contacts.consent(tx, **_by_wish(consents))
    applied.more = applied.more or bool(consents)  # whoever stops, stops in every journey


def _by_wish(consents: Mapping[tuple[int, str], str]) -> dict[str, list[tuple[int, str]]]:
    return {
        "stop": [who for who, wish in consents.items() if wish == "opt_out"],
        "lift": [who for who, wish in consents.items() if wish == "opt_in"],
    }


async def _enter(tx: Tx, asked: Asked) -> None:
    effect, row = asked.effect, asked.row
    assert isinstance(effect, Enter)
    journey = await tx.scalar(
        "SELECT id FROM journeys WHERE workspace_id = :workspace AND name = :name",
        {"workspace": row.workspace_id, "name": effect.journey},
    )
    parent = (row.id, effect.visit) if effect.returns else (0, 0)
    trigger = f"position:{row.id}:{effect.visit}"
    entrance = Entrance(trigger, effect.variables, row.sender_id, parent)
    refusal = f"there is no journey {effect.journey!r}"
    if journey is not None:
        entered = await let_in(tx, row.workspace_id, journey, row.contact_id, entrance)
        refusal = entered.refusal
    if refusal and effect.returns:
        said = {"visit": effect.visit, "outcome": "", "reason": refusal}
        await events.add(tx, [(row.id, "returned", said)])
