"""Looking at a campaign before it is launched: everything that would go wrong, said before anything is sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from clarion.domain import preview, template
from clarion.domain.content import Content, Template, Text, from_json
from clarion.domain.errors import BadContent
from clarion.domain.template import Compiled, compile_content
from clarion.providers.registry import kind_of
from clarion.services.campaigns.fit import misfits
from clarion.services.templates import matching, template_account
from clarion.store import campaigns, readiness, senders, templates
from clarion.store.audience import Audience
from clarion.store.campaigns import Campaign
from clarion.store.db import Database, Tx
from clarion.store.senders import Sender


@dataclass(frozen=True, slots=True)
class Missing:
    """People with nothing in a variable that must not be blank. `places`: the first of them, file and line."""

    variable: str
    people: int
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What one person would read."""

    address: str
    text: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What launching would do.

    Of `people` distinct persons, `left_out` lack something, `suppressed` of the others must not be written to,
    and `to_send` are sent a message; `merged` were met again on another list. `problems` forbid the launch,
    `missing` does too unless those people are left out by choice; `warnings` are for reading. `seconds` is how
    long sending takes at the sender's rate, 0 if it has none.
    """

    people: int
    to_send: int
    suppressed: int
    merged: int
    left_out: int
    missing: tuple[Missing, ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    previews: tuple[Preview, ...]
    seconds: float


LONGEST = 3  # how many of the longest messages are tried as well


async def check_campaign(
    db: Database, campaign_id: int, *, sample: int = 20, workspace: int | None = None
) -> CheckReport:
    """Look at every recipient's variables, the template and the content. Changes nothing. Raises NotFound.

    `sample`: how many messages are rendered and shown, and how many lines are told per missing variable.
    """
    async with db.reading() as tx:
        return await report_on(tx, await campaigns.find(tx, campaign_id, workspace=workspace), sample=sample)


async def report_on(tx: Tx, campaign: Campaign, *, sample: int) -> CheckReport:
    """The report on a campaign as it is given, stored or not."""
    sender = await senders.find(tx, campaign.workspace_id, campaign.sender_id)
    assert sender is not None
    compiled = compile_content(from_json(campaign.content))
    audience = await campaigns.audience_of(tx, campaign)
    if audience.own:  # every message brings its text: there is nothing to fill in from the contacts
        compiled = compile_content(Text("-"))
    required = sorted(compiled.required)
    seen = await readiness.summary(tx, audience, campaign.workspace_id, required)
    blank = await readiness.blanks(tx, audience, sorted(compiled.variables))
    known = await _known(tx, audience, blank, seen.people)
    missing = [
        Missing(name, blank[name], await _places(tx, audience, name, sample))
        for name in required
        if blank[name] and name in known
    ]
    text, template_problems = await _template(tx, sender, compiled.content)
    previews, broken = await _previews(tx, audience, compiled, sender, text, 0 if audience.own else sample)
    now = await tx.now()
    to_send = seen.people - seen.left_out - seen.suppressed
    unknown = template.problems(compiled.variables, known) if seen.people else []
    return CheckReport(
        people=seen.people,
        to_send=to_send,
        suppressed=seen.suppressed,
        merged=max(0, seen.met - seen.people),
        left_out=seen.left_out,
        missing=tuple(missing),
        problems=(
            *_nobody(seen.people, to_send, seen.left_out),
            *unknown,
            *(template_problems or broken),  # one that does not fit breaks further rules only by that
            *_times(campaign, now),
        ),
        warnings=tuple(_warnings(sender, compiled.content)),
        previews=tuple(previews),
        seconds=to_send / sender.rate if sender.rate else 0.0,
    )


async def _known(tx: Tx, audience: Audience, blank: dict[str, int], people: int) -> set[str]:
    """The attributes there are: any variable somebody has, and the keys of the first people."""
    keys = {name for name, n in blank.items() if n < people}
    if len(keys) < len(blank):
        for _, attributes in await readiness.sample(tx, audience, (), 1_000):
            keys.update(attributes)
    return keys


async def _places(tx: Tx, audience: Audience, variable: str, limit: int) -> tuple[str, ...]:
    rows = await readiness.blank_places(tx, audience, variable, limit)
    return tuple(f"{row.file} line {row.line}" if row.line else row.address for row in rows)


async def _template(tx: Tx, sender: Sender, content: Content) -> tuple[str, list[str]]:
    """The approved text of the content's template, and what does not fit it."""
    if not isinstance(content, Template):
        return "", []
    found = await matching(tx, sender, content.name, content.language)
    account = template_account(sender)
    cached = await templates.of_account(tx, sender.workspace_id, sender.provider, account)
    return found[0].text if found else "", misfits(content, found, [each.name for each in cached])


async def _previews(
    tx: Tx, audience: Audience, compiled: Compiled, sender: Sender, text: str, sample: int
) -> tuple[list[Preview], list[str]]:
    """What the first people would read, and which of the provider's rules they or the longest ones break."""
    kind, required = kind_of(sender.provider), sorted(compiled.required)
    first = await readiness.sample(tx, audience, required, sample)
    longest: Sequence[Any] = ()
    if compiled.variables:
        names = sorted(compiled.variables)
        longest = await readiness.sample(tx, audience, required, LONGEST, longest=names)
    previews: list[Preview] = []
    broken: dict[str, str] = {}
    for n, (address, attributes) in enumerate([*first, *longest]):
        try:
            content = compiled.render(attributes)
        except BadContent as problem:
            broken.setdefault(str(problem), address)
            continue
        for rule in kind.problems(content, sender.config):
            broken.setdefault(str(rule), address)
        if n < len(first):
            previews.append(Preview(address, preview.as_text(content, text)))
    return previews, [f"The message to {address} breaks a rule: {rule}" for rule, address in broken.items()]


def _nobody(people: int, to_send: int, left_out: int) -> list[str]:
    if not people:
        return ["There is nobody to write to: the lists are empty."]
    if not to_send and not left_out:
        return ["There is nobody to write to: everybody on the lists has stopped messages."]
    return []


def _times(campaign: Campaign, now: int) -> list[str]:
    if campaign.expires_at and campaign.expires_at <= now:
        return ["Its messages expire before they could be sent: expires_at lies in the past."]
    return []


def _warnings(sender: Sender, content: Content) -> Iterator[str]:
    if sender.state != "active":
        why = f" ({sender.state_reason})" if sender.state_reason else ""
        yield f"The sender {sender.name} is {sender.state}{why}: nothing is sent until it resumes."
    if not isinstance(content, Template) and _is_whatsapp(sender):
        yield "Without a template it reaches only people who wrote to this number in the last 24 hours."


def _is_whatsapp(sender: Sender) -> bool:
    return "whatsapp" in (sender.provider, sender.config.get("channel"))
