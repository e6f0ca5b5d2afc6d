"""Templates: what the provider has approved, synced and cached, so that a check needs no network."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from clarion.domain.errors import NotFound
from clarion.providers.base import Provider, TemplateInfo
from clarion.store import templates
from clarion.store.db import Database, Tx
from clarion.store.senders import Sender
from clarion.store.templates import StoredTemplate


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync changed in the cache: names with their language."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    total: int


def template_account(sender: Sender) -> str:
    """What the sender's templates belong to: the WABA on WhatsApp, account and channel elsewhere.

    The same content may need approval on one channel and none on another (Twilio: WhatsApp and SMS).
    """
    channel = sender.config.get("channel", "")
    return sender.config.get("waba_id") or (f"{sender.account}/{channel}" if channel else sender.account)


async def sync_templates(db: Database, provider: Provider, sender: Sender) -> SyncReport:
    """Make the cache equal to the provider's list. Repeating changes nothing.

    Raises ProviderRefused; then the cache stays as it was.
    """
    listed = {info.provider_id: info async for info in provider.templates()}
    account = template_account(sender)
    async with db.transaction() as tx:
        found = await templates.of_account(tx, sender.workspace_id, sender.provider, account)
        held = {each.provider_id: each for each in found}
        removed = [each for key, each in held.items() if key not in listed]
        await templates.drop(tx, [each.id for each in removed])
        await templates.put(
            tx, sender.workspace_id, sender.provider, account, [row_of(info) for info in listed.values()]
        )
    return SyncReport(
        added=tuple(_title(info.name, info.language) for key, info in listed.items() if key not in held),
        changed=tuple(
            _title(info.name, info.language)
            for key, info in listed.items()
            if key in held and _facts(info) != _facts(held[key])
        ),
        removed=tuple(_title(each.name, each.language) for each in removed),
        total=len(listed),
    )


async def list_templates(db: Database, sender: Sender) -> Sequence[StoredTemplate]:
    """The cached templates this sender can use, by name and language."""
    async with db.reading() as tx:
        return await templates.of_account(tx, sender.workspace_id, sender.provider, template_account(sender))


async def find_template(db: Database, sender: Sender, name: str, language: str = "") -> StoredTemplate:
    """One cached template, by its name or its id at the provider. Raises NotFound saying what to do."""
    async with db.reading() as tx:
        found = await matching(tx, sender, name, language)
    if len(found) != 1:
        several = f" in one language: it exists in {', '.join(t.language for t in found)}" if found else ""
        raise NotFound("template", f"{name}{several}" if several else _title(name, language))
    return found[0]


async def matching(tx: Tx, sender: Sender, name: str, language: str) -> list[StoredTemplate]:
    """The sender's templates of that name or provider id; all languages when `language` is ""."""
    cached = await templates.of_account(tx, sender.workspace_id, sender.provider, template_account(sender))
    return [
        each for each in cached if name in (each.name, each.provider_id) and language in ("", each.language)
    ]


def _title(name: str, language: str) -> str:
    return f"{name}:{language}" if language else name


def _facts(info: TemplateInfo | StoredTemplate) -> tuple[object, ...]:
    return (info.category, info.status, info.named, tuple(info.variables), info.text, info.header_media)


def row_of(info: TemplateInfo) -> list[object]:
    """The template as store/templates.put takes it."""
    return [
        info.name,
        info.language,
        info.provider_id,
        info.category,
        info.status,
        int(info.named),
        json.dumps(info.variables, ensure_ascii=False),
        info.text,
        info.header_media,
        json.dumps(dict(info.content), ensure_ascii=False),
    ]
