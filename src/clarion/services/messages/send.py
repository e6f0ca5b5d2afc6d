"""Sending single messages: one to a person, or many, each with its own verdict."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clarion.domain.campaign import Policy
from clarion.domain.contact import read_address
from clarion.domain.content import Content, Template, from_json, to_json
from clarion.domain.errors import BadContent, BadField, ClarionError, NotFound, PersonStopped, WindowClosed
from clarion.domain.liquid import is_blank
from clarion.domain.template import Compiled, compile_content
from clarion.providers.registry import kind_of
from clarion.services.campaigns.fit import misfits
from clarion.services.ports import Waker
from clarion.services.templates import matching, template_account
from clarion.store import senders, singles, templates
from clarion.store.db import Database, Tx
from clarion.store.senders import Sender
from clarion.store.singles import Recipient, Single
from clarion.store.templates import StoredTemplate

FIRST, NORMAL = 0, 10
"""Priorities: with replies, or after them; both before every campaign."""


@dataclass(frozen=True, slots=True)
class New:
    """A message to send: to a phone number (`to`, in international form) or to a contact; one of the two.

    `content` is JSON (domain/content.py) and may hold Liquid: `variables` over the contact's attributes. `policy`,
    `expires_at` as of a campaign.
    """

    sender_id: int
    content: Mapping[str, Any]
    to: str = ""
    contact_id: int = 0
    variables: Mapping[str, Any] = field(default_factory=dict)
    priority: int = FIRST
    policy: str = Policy.NO_DUPLICATES
    expires_at: int = 0


Verdict = int | ClarionError
"""The id of a message that is queued, or why it is not."""


async def send_message(db: Database, waker: Waker, new: New, *, workspace: int) -> int:
    """Queue one message; its id. Each call sends one more. Raises what would be its verdict."""
    verdict = (await send_messages(db, waker, [new], workspace=workspace))[0]
    if isinstance(verdict, ClarionError):
        raise verdict
    return verdict


async def send_messages(
    db: Database, waker: Waker, wanted: Sequence[New], *, workspace: int
) -> list[Verdict]:
    """Queue messages, each by itself: one that is refused keeps none of the others back.

    Verdicts in the order given: an id, or NotFound (the sender, the contact), BadAddress, BadField, BadContent,
    TemplateSyntax, PersonStopped or WindowClosed. A number that is no contact yet becomes one, on no list.
    """
    async with db.reading() as tx:
        known = await _Known.of(tx, workspace, wanted)
    judged = [known.judge(new) for new in wanted]
    good = [each for each in judged if isinstance(each, Single)]
    ids: list[int] = []
    if good:
        async with db.transaction() as tx:
            ids = await singles.queue_many(tx, workspace, good)
    for sender_id in sorted({each.sender_id for each in good}):
        waker.wake(f"send:{sender_id}")
    queued = iter(ids)
    return [each if isinstance(each, ClarionError) else next(queued) for each in judged]


@dataclass(slots=True)
class _Known:
    """What is known of everybody who is to be written to, read in one go."""

    now: int
    senders: Mapping[int, Sender]
    contacts: Mapping[int, Recipient]
    addresses: Mapping[str, tuple[str, str] | ClarionError]
    people: Mapping[str, Recipient]
    stopped: Mapping[str, str]
    heard: Mapping[tuple[int, str], int]
    approved: dict[tuple[int, str, str], tuple[Sequence[StoredTemplate], Sequence[str]]]
    compiled: dict[str, Compiled | ClarionError] = field(default_factory=dict)

    @classmethod
    async def of(cls, tx: Tx, workspace: int, wanted: Sequence[New]) -> "_Known":
        now = await tx.now()
        found = {each.id: each for each in await senders.every(tx, workspace)}
        addresses = {new.to: _address(new.to) for new in wanted if new.to}
        persons = {each[1] for each in addresses.values() if isinstance(each, tuple)}
        contacts = await singles.by_id(tx, workspace, {new.contact_id for new in wanted if new.contact_id})
        everybody = persons | {each.person for each in contacts.values()}
        known = cls(
            now=now,
            senders=found,
            contacts=contacts,
            addresses=addresses,
            people=await singles.people(tx, workspace, persons),
            stopped=await singles.stopped_among(tx, workspace, everybody),
            heard=await singles.heard(tx, workspace, everybody),
            approved={},
        )
        for new in wanted:
            await known._look_up(tx, new)
        return known

    async def _look_up(self, tx: Tx, new: New) -> None:
        """The template that a message names, if it names one."""
        sender, compiled = self.senders.get(new.sender_id), self._compiled(new.content)
        if sender is None or not isinstance(compiled, Compiled):
            return
        content = compiled.content
        if isinstance(content, Template) and (key := _key(sender, content)) not in self.approved:
            account = template_account(sender)
            cached = await templates.of_account(tx, sender.workspace_id, sender.provider, account)
            found = await matching(tx, sender, content.name, content.language)
            self.approved[key] = found, [each.name for each in cached]

    def judge(self, new: New) -> Single | ClarionError:
        try:
            return self._judged(new)
        except ClarionError as refusal:
            return refusal

    def _judged(self, new: New) -> Single:
        sender = self.senders.get(new.sender_id)
        if sender is None:
            raise NotFound("sender", new.sender_id)
        if 0 < new.expires_at <= self.now:
            raise BadField("expires_at", "it lies in the past")
        to = self._recipient(new)
        if reason := self.stopped.get(to.person):
            raise PersonStopped(to.address or to.person, reason)
        content = self._filled(new, to)
        self._check(sender, to, content)
        return Single(
            sender_id=sender.id,
            address=to.address,
            person=to.person,
            content=to_json(content),
            priority=new.priority,
            policy="" if new.policy == Policy.NO_DUPLICATES else str(new.policy),
            expires_at=new.expires_at,
        )

    def _recipient(self, new: New) -> Recipient:
        if bool(new.to) == bool(new.contact_id):
            raise BadField("to", "name a phone number, or a contact_id, not both")
        if new.contact_id:
            if new.contact_id not in self.contacts:
                raise NotFound("contact", new.contact_id)
            return self.contacts[new.contact_id]
        address = self.addresses[new.to]
        if isinstance(address, ClarionError):
            raise address
        return self.people.get(address[1]) or Recipient(0, *address, {})

    def _compiled(self, content: Mapping[str, Any]) -> Compiled | ClarionError:
        key = json.dumps(content, sort_keys=True)
        if key not in self.compiled:
            try:
                self.compiled[key] = compile_content(from_json(content))
            except ClarionError as refusal:
                self.compiled[key] = refusal
        return self.compiled[key]

    def _filled(self, new: New, to: Recipient) -> Content:
        compiled = self._compiled(new.content)
        if isinstance(compiled, ClarionError):
            raise compiled
        variables = {**to.attributes, **new.variables}
        lacking = sorted(name for name in compiled.required if is_blank(variables.get(name)))
        if lacking:
            raise BadField("variables", f"give a value for {', '.join(lacking)}")
        return compiled.render(variables)

    def _check(self, sender: Sender, to: Recipient, content: Content) -> None:
        """The rules of the provider that can be known before it is asked."""
        for rule in kind_of(sender.provider).problems(content, sender.config):
            raise rule
        if isinstance(content, Template):
            if problems := misfits(content, *self.approved[_key(sender, content)]):
                raise BadContent("", " ".join(problems))
            return
        window = kind_of(sender.provider).window(sender.config)
        heard_at = self.heard.get((sender.id, to.person), 0)
        if window and heard_at + window <= self.now:
            raise WindowClosed(heard_at + window if heard_at else 0)


def _key(sender: Sender, content: Template) -> tuple[int, str, str]:
    return sender.id, content.name, content.language


def _address(text: str) -> tuple[str, str] | ClarionError:
    try:
        found = read_address(text).address
    except ClarionError as refusal:
        return refusal
    return found.e164, found.person
