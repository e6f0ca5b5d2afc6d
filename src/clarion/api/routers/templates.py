"""Templates: what the providers have approved, and submitting new ones."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from clarion.api.context import Context, Ctx
from clarion.api.errors import Changed, NoPrecondition
from clarion.api.fields import SenderId, TemplateId
from clarion.api.match import IfMatch, digest_of, etag, matching
from clarion.api.operation import Router
from clarion.api.pages import BadCursor, Cursor, Limit, Page, make_cursor, page, read_cursor
from clarion.api.schemas.templates import (
    NewTemplate,
    PreviewButton,
    PreviewOf,
    ShownContent,
    SyncResult,
    Template,
    TemplateChange,
    TemplateContent,
    TemplateDetail,
    TemplatePreview,
)
from clarion.domain.access import Permission
from clarion.domain.definition import DefinedButton, Definition
from clarion.domain.errors import (
    AlreadyExists,
    BadContent,
    BadField,
    BadSender,
    InUse,
    KeyMissing,
    KeyWrong,
    NotFound,
    ProviderRefused,
    ProviderUnreachable,
    TemplateSyntax,
)
from clarion.domain.sample import sample
from clarion.services import authoring, senders
from clarion.services.authoring import Wanted, WholeTemplate
from clarion.services.senders import Sender
from clarion.services.templates import sync_templates, template_account

router = Router("Templates")

ASKING = [ProviderRefused, ProviderUnreachable, KeyMissing, KeyWrong, BadSender]
"""What may come of speaking to a provider."""


def _exact(most: int, what: str) -> object:
    return Query(max_length=most, description=f"Only those of this {what}.")


@router.operation(
    "GET",
    "/templates",
    id="list_templates",
    summary="List the templates",
    needs=Permission.TEMPLATES_READ,
    refusals=[BadCursor],
)
async def list_templates(
    ctx: Ctx,
    sender_id: Annotated[SenderId | None, Query(description="Only those that this sender can use.")] = None,
    status: Annotated[str, _exact(40, "status, such as APPROVED")] = "",
    name: Annotated[str, _exact(512, "name")] = "",
    language: Annotated[str, _exact(20, "language")] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Template]:
    """The templates as they were last listed by their providers, by name and language."""
    after = read_cursor("templates", cursor, str, str, int)
    provider = account = ""
    if sender_id is not None:
        found = await _sender(ctx, sender_id, "sender_id")
        provider, account = found.provider, template_account(found)
    wanted = Wanted(provider, account, status=status.upper(), name=name, language=language)
    rows = await authoring.page_of_templates(
        ctx.db, workspace=ctx.workspace, wanted=wanted, after=after, limit=limit + 1
    )
    return page(
        rows,
        limit,
        Template.model_validate,
        lambda row: make_cursor("templates", row.name, row.language, row.id),
    )


@router.operation(
    "POST",
    "/senders/{sender_id}/templates/sync",
    id="sync_templates",
    summary="Fetch a sender's templates",
    needs=Permission.TEMPLATES_WRITE,
    joined=False,
    refusals=ASKING,
)
async def sync(ctx: Ctx, sender_id: SenderId) -> SyncResult:
    """Ask the provider for its templates, and keep what it lists. Campaigns are checked against what was kept last."""
    found = await senders.get_sender(ctx.db, sender_id, workspace=ctx.workspace)
    provider = await ctx.backend.providers.get(found.id)
    return SyncResult.model_validate(await sync_templates(ctx.db, provider, found))


@router.operation(
    "POST",
    "/templates",
    id="create_template",
    summary="Submit a template",
    needs=Permission.TEMPLATES_WRITE,
    status=201,
    joined=False,
    refusals=[AlreadyExists, BadContent, BadField, *ASKING],
)
async def create_template(ctx: Ctx, body: NewTemplate, response: Response) -> TemplateDetail:
    """Submit a template to the provider for approval.

    After an answer that was lost, ask for a sync before repeating it: the provider may have it already.
    """
    sender = await _sender(ctx, body.sender_id, "sender_id")
    provider = await ctx.backend.providers.get(sender.id)
    made = await authoring.create_template(
        ctx.db,
        provider,
        sender,
        _definition(body.content),
        name=body.name,
        language=body.language,
        category=body.category,
    )
    ctx.detail = {"name": body.name, "language": body.language}
    response.headers["Location"] = f"/api/v1/templates/tpl_{made.id}"
    return _tagged(made, response)


@router.operation(
    "GET",
    "/templates/{template_id}",
    id="get_template",
    summary="Show a template",
    needs=Permission.TEMPLATES_READ,
)
async def get_template(ctx: Ctx, template_id: TemplateId, response: Response) -> TemplateDetail:
    """One template with its parts. Its `ETag` is needed to change it."""
    return _tagged(await authoring.find_template(ctx.db, template_id, workspace=ctx.workspace), response)


@router.operation(
    "PUT",
    "/templates/{template_id}",
    id="change_template",
    summary="Change a template",
    needs=Permission.TEMPLATES_WRITE,
    joined=False,
    refusals=[Changed, NoPrecondition, BadContent, *ASKING],
)
async def change_template(
    ctx: Ctx, template_id: TemplateId, body: TemplateChange, response: Response, if_match: IfMatch = None
) -> TemplateDetail:
    """Submit another definition for approval, where the provider allows: WhatsApp once a day, Twilio never."""
    held = await authoring.find_template(ctx.db, template_id, workspace=ctx.workspace)
    matching(if_match, "template")(_digest(held))
    sender = await authoring.sender_of(ctx.db, held)
    provider = await ctx.backend.providers.get(sender.id)
    changed = await authoring.change_template(
        ctx.db, provider, sender, held, _definition(body.content), category=body.category or held.category
    )
    return _tagged(changed, response)


@router.operation(
    "DELETE",
    "/templates/{template_id}",
    id="delete_template",
    summary="Delete a template",
    needs=Permission.TEMPLATES_WRITE,
    status=204,
    joined=False,
    refusals=[InUse, *ASKING],
)
async def delete_template(ctx: Ctx, template_id: TemplateId) -> None:
    """Delete a template at its provider, for every sender of the account. Refused while a campaign needs it."""
    held = await authoring.find_template(ctx.db, template_id, workspace=ctx.workspace)
    sender = await authoring.sender_of(ctx.db, held)
    ctx.detail = {"name": held.name, "language": held.language}
    provider = await ctx.backend.providers.get(sender.id)
    await authoring.delete_template(ctx.db, provider, sender, held)


@router.operation(
    "POST",
    "/templates/{template_id}/preview",
    id="preview_template",
    summary="Show a template as a person sees it",
    needs=Permission.TEMPLATES_READ,
    joined=False,
    audited=False,
    refusals=[BadContent, TemplateSyntax, BadField],
)
async def preview_template(ctx: Ctx, template_id: TemplateId, body: PreviewOf) -> TemplatePreview:
    """The template with its variables filled in, for a contact or with texts of your own. Changes nothing."""
    held = await authoring.find_template(ctx.db, template_id, workspace=ctx.workspace)
    attributes = None
    if body.contact_id is not None:
        ctx.caller.need(Permission.CONTACTS_READ)
        attributes = await authoring.attributes_of(ctx.db, body.contact_id, workspace=ctx.workspace)
        if attributes is None:
            raise BadField("contact_id", "there is no such contact")
    shown = sample(authoring.definition_of(held), tuple(held.variables), body.variables, attributes)
    return TemplatePreview(
        header=shown.header,
        header_media=shown.header_media,
        text=shown.body,
        footer=shown.footer,
        buttons=[PreviewButton.model_validate(each) for each in shown.buttons],
        blank=list(shown.blank),
    )


async def _sender(ctx: Context, sender_id: int, field: str) -> Sender:
    try:
        return await senders.get_sender(ctx.db, sender_id, workspace=ctx.workspace)
    except NotFound:
        raise BadField(field, "there is no such sender") from None


def _definition(given: TemplateContent) -> Definition:
    return Definition(
        body=given.body,
        header=given.header,
        header_media=given.header_media or "",
        header_example=given.header_example,
        footer=given.footer,
        buttons=tuple(DefinedButton(**each.model_dump()) for each in given.buttons),
        examples=given.examples,
    )


def _digest(template: WholeTemplate) -> str:
    return digest_of(template.id, template.status, template.category, template.content)


def _tagged(template: WholeTemplate, response: Response) -> TemplateDetail:
    response.headers["ETag"] = etag(_digest(template))
    # By name: `content` is the provider's own form in the row, and ours in what is shown.
    facts = {name: getattr(template, name) for name in Template.model_fields}
    return TemplateDetail(**facts, content=ShownContent.model_validate(authoring.definition_of(template)))
