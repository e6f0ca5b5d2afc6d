"""Writing templates: submitted to the provider, and kept here as it answered. Nothing is stored when it refuses."""

from collections.abc import Mapping, Sequence

from clarion.domain.definition import Definition
from clarion.domain.errors import AlreadyExists, BadContent, BadField, InUse, NotFound, ProviderRefused
from clarion.providers.base import Author, Provider, TemplateInfo
from clarion.providers.registry import kind_of
from clarion.services.templates import row_of, template_account
from clarion.store import contacts, senders, templates
from clarion.store.db import Database
from clarion.store.senders import Sender
from clarion.store.templates import Wanted, WholeTemplate

__all__ = ["Wanted", "WholeTemplate"]


async def find_template(db: Database, template_id: int, *, workspace: int) -> WholeTemplate:
    """One template of a workspace with its definition. Raises NotFound."""
    async with db.reading() as tx:
        found = await templates.find(tx, workspace, template_id)
    if found is None:
        raise NotFound("template", template_id)
    return found


async def attributes_of(db: Database, contact_id: int, *, workspace: int) -> Mapping[str, str] | None:
    """A contact's attributes, as a campaign's texts may use them; None if there is no such contact."""
    async with db.reading() as tx:
        found = await contacts.by_id(tx, workspace, contact_id)
    return None if found is None else dict(found.attributes)


async def page_of_templates(
    db: Database, *, workspace: int, wanted: Wanted, after: tuple[str, str, int] | None, limit: int
) -> Sequence[WholeTemplate]:
    """A workspace's templates by name and language."""
    async with db.reading() as tx:
        return await templates.page(tx, workspace, wanted, after=after, limit=limit)


def definition_of(template: WholeTemplate) -> Definition:
    """What the template is made of, whoever its provider is."""
    return kind_of(template.provider).definition(template.content)


async def sender_of(db: Database, template: WholeTemplate) -> Sender:
    """A sender that the template belongs to: through it the provider is spoken to. Raises NotFound."""
    async with db.reading() as tx:
        listed = await senders.every(tx, template.workspace_id)
    ours = [
        each
        for each in listed
        if each.provider == template.provider and template_account(each) == template.account
    ]
    if not ours:
        raise NotFound("sender", f"of the account {template.account}, to which this template belongs")
    return min(ours, key=lambda each: (each.state != "active", each.id))


async def create_template(
    db: Database,
    provider: Provider,
    sender: Sender,
    wanted: Definition,
    *,
    name: str,
    language: str,
    category: str,
) -> WholeTemplate:
    """Submit a template for approval. Raises AlreadyExists, BadContent, ProviderRefused.

    Repeating it after a lost answer finds the name taken, here or at the provider: a sync tells what is there.
    """
    account = template_account(sender)
    async with db.reading() as tx:
        taken = await templates.page(
            tx,
            sender.workspace_id,
            Wanted(sender.provider, account, name=name, language=language),
            after=None,
            limit=1,
        )
    if taken:
        raise AlreadyExists("template", f"{name}:{language}")
    try:
        made = await _author(provider, sender).create_template(
            wanted, name=name, language=language, category=category
        )
    except BadContent as problem:
        if problem.field == "name":  # not a part of the content to whoever gave it
            raise BadField("name", problem.problem) from None
        raise
    return await _keep(db, sender, made)


async def change_template(
    db: Database,
    provider: Provider,
    sender: Sender,
    held: WholeTemplate,
    wanted: Definition,
    *,
    category: str,
) -> WholeTemplate:
    """Submit another definition of a template. Raises BadContent, ProviderRefused."""
    changed = await _author(provider, sender).change_template(_info(held), wanted, category=category)
    return await _keep(db, sender, changed)


async def delete_template(db: Database, provider: Provider, sender: Sender, held: WholeTemplate) -> None:
    """Delete a template at its provider and here; repeating does nothing. Raises InUse, ProviderRefused."""
    async with db.reading() as tx:
        using = await templates.campaigns_with(
            tx, held.workspace_id, (held.name, held.provider_id), held.language
        )
    if using:
        raise InUse("template", f"{held.name}:{held.language}", f"the campaigns {', '.join(using)}")
    await _author(provider, sender).delete_template(_info(held))
    async with db.transaction() as tx:
        await templates.drop(tx, [held.id])


def _author(provider: Provider, sender: Sender) -> Author:
    if not isinstance(provider, Author):
        raise ProviderRefused(
            kind_of(sender.provider).title, "unsupported", "it has no templates to be written."
        )
    return provider


async def _keep(db: Database, sender: Sender, info: TemplateInfo) -> WholeTemplate:
    account = template_account(sender)
    async with db.transaction() as tx:
        await templates.put(tx, sender.workspace_id, sender.provider, account, [row_of(info)])
        found = await templates.find_listed(
            tx, sender.workspace_id, sender.provider, account, info.provider_id
        )
    assert found is not None
    return found


def _info(held: WholeTemplate) -> TemplateInfo:
    return TemplateInfo(
        provider_id=held.provider_id,
        name=held.name,
        language=held.language,
        category=held.category,
        status=held.status,
        named=held.named,
        variables=tuple(held.variables),
        text=held.text,
        content=held.content,
        header_media=held.header_media,
    )
