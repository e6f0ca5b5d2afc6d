"""Senders: our numbers and messaging services at the providers, their credentials, pace and state."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from clarion.domain.errors import BadField, BadSender, InUse, NotFound
from clarion.domain.pacing import SECOND, Timeline
from clarion.providers.base import SenderAccount
from clarion.providers.kind import ProviderKind
from clarion.providers.registry import kind_of
from clarion.services.ports import Waker
from clarion.services.secrets import SecretBox
from clarion.store import senders, timelines
from clarion.store.db import Database, Tx
from clarion.store.senders import Sender

__all__ = ["Sender", "add_sender", "get_sender", "list_senders", "load_account"]

WHATSAPP_MOST = 1_000.0


async def add_sender(
    db: Database,
    box: SecretBox,
    *,
    workspace: int,
    name: str,
    provider: str,
    account: str,
    config: Mapping[str, str],
    secrets: Mapping[str, str],
    rate: float | None = None,
) -> int:
    """Store a sender with its credentials encrypted; its id. Repeating raises AlreadyExists.

    `rate` is messages per second, 0 for as fast as it goes, None for the provider's default. Raises BadSender
    naming every field that is missing or wrong.
    """
    kind = kind_of(provider)
    checked = _checked(kind, account, config, secrets)
    if not name.strip():
        raise BadSender(kind.title, ["name is missing (what campaigns call it by)"])
    pace = default_rate(provider, config) if rate is None else rate
    check_rate(provider, pace)
    async with db.transaction() as tx:
        sender_id = await senders.add(
            tx,
            workspace=workspace,
            name=name.strip(),
            provider=provider,
            account=checked.account,
            config=checked.config,
            rate=pace,
        )
        await _keep_secrets(tx, box, sender_id, checked.secrets)
    return sender_id


async def list_senders(db: Database, *, workspace: int = 1) -> Sequence[Sender]:
    """Every sender of the workspace, oldest first."""
    async with db.reading() as tx:
        return await senders.every(tx, workspace)


async def get_sender(db: Database, sender: int | str, *, workspace: int = 1) -> Sender:
    """One sender by id or name. Raises NotFound."""
    async with db.reading() as tx:
        found = await senders.find(tx, workspace, sender)
    if found is None:
        raise NotFound("sender", sender)
    return found


async def stored_secrets(db: Database, box: SecretBox, sender_id: int) -> list[str]:
    """The names of the credentials that a sender has. Raises NotFound, KeyMissing, KeyWrong."""
    async with db.reading() as tx:
        row = await senders.account_of(tx, sender_id)
    if row is None:
        raise NotFound("sender", sender_id)
    return sorted(_opened(box, sender_id, row.secrets))


async def load_account(db: Database, box: SecretBox, sender_id: int) -> SenderAccount:
    """The sender as its provider knows it, credentials decrypted. Raises NotFound, KeyMissing, KeyWrong."""
    async with db.reading() as tx:
        row = await senders.account_of(tx, sender_id)
    if row is None:
        raise NotFound("sender", sender_id)
    return SenderAccount(row.account, row.config, _opened(box, sender_id, row.secrets))


async def set_secrets(db: Database, box: SecretBox, sender_id: int, secrets: Mapping[str, str]) -> None:
    """Replace the credentials named in `secrets` (a new token), keep the others. Raises BadSender."""
    async with db.transaction() as tx:
        row = await senders.account_of(tx, sender_id)
        if row is None:
            raise NotFound("sender", sender_id)
        merged = {**_opened(box, sender_id, row.secrets), **secrets}
        checked = _checked(kind_of(row.provider), row.account, row.config, merged)
        await _keep_secrets(tx, box, sender_id, checked.secrets)


async def change_sender(
    db: Database,
    box: SecretBox,
    sender: Sender,
    *,
    name: str | None = None,
    config: Mapping[str, str | None] | None = None,
) -> None:
    """Give a sender another name, or other values of its fields (None takes one away). None: as it is.

    Raises BadSender, AlreadyExists; InUse for another name while journeys under way call it by this one.
    """
    async with db.transaction() as tx:
        row = await senders.account_of(tx, sender.id)
        if row is None:
            raise NotFound("sender", sender.id)
        kind = kind_of(row.provider)
        if name is not None and name.strip() != sender.name:
            if not name.strip():
                raise BadField("name", "give it a name")
            await _need_unused(tx, sender, "renamed")
            await senders.rename(tx, sender.id, name.strip())
        if config:
            need_fields(row.provider, config, "config")
            merged = {k: v for k, v in {**row.config, **config}.items() if v is not None}
            checked = _checked(kind, row.account, merged, _opened(box, sender.id, row.secrets))
            await senders.set_config(tx, sender.id, checked.config)


def need_fields(provider: str, given: Mapping[str, object], place: Literal["config", "secret"]) -> None:
    """Raises BadField for a name that is not such a field: a credential among the others would be shown."""
    kind = kind_of(provider)
    known = [field.name for field in kind.fields if field.place == place]
    at = "secrets" if place == "secret" else place
    for name in given:
        if name not in known:
            raise BadField(
                f"{at}/{name}", f"is not such a field of {kind.title}: there are {', '.join(known)}"
            )


async def delete_sender(db: Database, sender: Sender) -> None:
    """Forget a sender and its credentials. Raises InUse while anything needs it; its past messages stay."""
    async with db.transaction() as tx:
        if await senders.state_of(tx, sender.id) is None:
            raise NotFound("sender", sender.id)
        named = await senders.campaigns_of(tx, sender.id)
        if named:
            more = " and more" if len(named) > 3 else ""
            raise InUse(
                "sender",
                sender.name,
                f"the campaigns {', '.join(named[:3])}{more} (you may pause it instead)",
            )
        await _need_unused(tx, sender, "deleted")
        if await senders.waiting(tx, sender.id):
            raise InUse("sender", sender.name, "messages that wait to leave, or for their outcome")
        await senders.delete(tx, sender.id)


async def _need_unused(tx: Tx, sender: Sender, wish: str) -> None:
    """Journeys know their senders by name."""
    for journey, graph in await senders.graphs_under_way(tx, sender.workspace_id):
        if sender.name in (graph.get("sender"), *(node.get("sender") for node in graph.get("nodes", ()))):
            raise InUse("sender", sender.name, f"the journey {journey}, which is under way", wish)


async def set_rate(db: Database, waker: Waker, sender_id: int, rate: float) -> None:
    """Send `rate` messages per second from now on (0: as fast as it goes). Takes effect within a second.

    Raises BadSender for a rate the provider does not carry.
    """
    async with db.transaction() as tx:
        row = await senders.account_of(tx, sender_id)
        held = await timelines.lock(tx, sender_id)
        if row is None or held is None:
            raise NotFound("sender", sender_id)
        check_rate(row.provider, rate)
        await timelines.keep(tx, sender_id, at_rate(held.line, rate, now=await tx.now()))
    waker.wake(f"send:{sender_id}")


async def pause_sender(db: Database, sender_id: int, reason: str) -> bool:
    """Nothing starts from this sender once this returns; False if it was paused already (with a new reason now)."""
    return await _set_state(db, sender_id, "paused", reason)


async def resume_sender(db: Database, waker: Waker, sender_id: int) -> None:
    """Let it send again; what waited goes on. Repeating does nothing."""
    await _set_state(db, sender_id, "active", "")
    waker.wake(f"send:{sender_id}")


def default_rate(provider: str, config: Mapping[str, str]) -> float:
    """Messages per second a new sender is given: what the providers allow every account without asking.

    Source: WhatsApp throughput 80/s per number; Twilio 1 SMS segment/s per long-code number, 80/s per
    WhatsApp sender (twilio.com/docs, "Understanding Twilio Rate Limits and Message Queues").
    """
    return 1.0 if provider == "twilio" and config.get("channel", "sms") != "whatsapp" else 80.0


def check_rate(provider: str, rate: float) -> None:
    """Raises BadSender for a rate that cannot be kept."""
    if not math.isfinite(rate) or rate < 0:
        raise BadSender(provider, [f"rate is {rate}: it must be messages per second, or 0 for no limit"])
    if provider == "whatsapp" and rate > WHATSAPP_MOST:
        raise BadSender(
            provider,
            [
                f"rate is {rate:g}/s, but a WhatsApp number carries at most {WHATSAPP_MOST:g}/s "
                "(80/s until Meta upgrades it); what is above is refused and counts against the number's "
                "quality: set 1000 or less, or spread the campaign over several numbers"
            ],
        )


def at_rate(line: Timeline, rate: float, *, now: int) -> Timeline:
    """The line at its new rate: the next slot is one new gap after the last one given, never in the past."""
    last = line.free_at - round(line.gap(0))
    gap = round(SECOND / rate) if rate else 0
    return replace(line, rate=rate, pace=rate, paced_at=now, free_at=max(now, last + gap))


def _checked(
    kind: ProviderKind, account: str, config: Mapping[str, str], secrets: Mapping[str, str]
) -> SenderAccount:
    place = next(field.name for field in kind.fields if field.place == "account")
    return kind.account({place: account, **config, **secrets})


async def _keep_secrets(tx: Tx, box: SecretBox, sender_id: int, secrets: Mapping[str, str]) -> None:
    await senders.set_secrets(tx, sender_id, box.seal(f"sender:{sender_id}", json.dumps(dict(secrets))))


def _opened(box: SecretBox, sender_id: int, sealed: str) -> dict[str, str]:
    opened: dict[str, str] = json.loads(box.open(f"sender:{sender_id}", sealed))
    return opened


async def _set_state(db: Database, sender_id: int, state: str, reason: str) -> bool:
    async with db.transaction() as tx:
        before = await senders.state_of(tx, sender_id)
        if before is None:
            raise NotFound("sender", sender_id)
        await senders.set_state(tx, sender_id, state, reason)
        if before != state:
            await senders.tell_state(tx, sender_id, state, reason)
    return before != state
