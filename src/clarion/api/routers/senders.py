"""Senders: our numbers and messaging services at the providers."""

from typing import Annotated

from fastapi import Body
from starlette.responses import Response

from clarion.api.context import Context, Ctx
from clarion.api.fields import SenderId
from clarion.api.operation import Router
from clarion.api.pages import Page
from clarion.api.schemas.senders import (
    Limits,
    MinuteResults,
    NewRate,
    NewSecrets,
    NewSender,
    Pause,
    Provider,
    ProviderField,
    Providers,
    ProviderWord,
    Results,
    Sender,
    SenderChange,
    SenderDetail,
    SenderHealth,
    StoredSecrets,
)
from clarion.domain.access import Permission
from clarion.domain.errors import (
    AlreadyExists,
    BadField,
    BadSender,
    InUse,
    KeyMissing,
    KeyWrong,
    ProviderRefused,
    ProviderUnreachable,
)
from clarion.providers.kind import ProviderKind
from clarion.providers.registry import PROVIDERS, kind_of
from clarion.services import senders
from clarion.services.health.senders import HOUR, MINUTE, Minute, sender_health, total

router = Router("Senders")

SEALED = [KeyMissing, KeyWrong]


@router.operation(
    "GET", "/providers", id="list_providers", summary="List the providers", needs=Permission.SENDERS_READ
)
async def list_providers(ctx: Ctx) -> Providers:
    """Every provider, with the fields that a sender of it has."""
    return Providers(items=[_provider(ctx, kind) for kind in PROVIDERS.values()])


@router.operation(
    "GET", "/senders", id="list_senders", summary="List the senders", needs=Permission.SENDERS_READ
)
async def list_senders(ctx: Ctx) -> Page[Sender]:
    """Every sender of the workspace, oldest first, on one page."""
    found = await senders.list_senders(ctx.db, workspace=ctx.workspace)
    return Page[Sender](items=[Sender.model_validate(each) for each in found])


@router.operation(
    "POST",
    "/senders",
    id="create_sender",
    summary="Add a sender",
    needs=Permission.SENDERS_WRITE,
    status=201,
    refusals=[BadSender, AlreadyExists, *SEALED],
)
async def create_sender(ctx: Ctx, body: NewSender, response: Response) -> SenderDetail:
    """Add a sender. Nothing is asked of the provider yet: `POST /senders/{id}/check` does."""
    if body.provider not in PROVIDERS:
        raise BadField("provider", f"must be one of {', '.join(PROVIDERS)}")
    senders.need_fields(body.provider, body.config, "config")
    senders.need_fields(body.provider, body.secrets, "secret")
    ctx.detail = {"name": body.name, "provider": body.provider}
    made = await senders.add_sender(
        ctx.db,
        ctx.backend.box,
        workspace=ctx.workspace,
        name=body.name,
        provider=body.provider,
        account=body.account,
        config=body.config,
        secrets=body.secrets,
        rate=body.rate,
    )
    response.headers["Location"] = f"/api/v1/senders/snd_{made}"
    return await _detail(ctx, made)


@router.operation(
    "GET",
    "/senders/{sender_id}",
    id="get_sender",
    summary="Show a sender",
    needs=Permission.SENDERS_READ,
    refusals=SEALED,
)
async def get_sender(ctx: Ctx, sender_id: SenderId) -> SenderDetail:
    """One sender, without its credentials."""
    return await _detail(ctx, sender_id)


@router.operation(
    "PATCH",
    "/senders/{sender_id}",
    id="change_sender",
    summary="Change a sender",
    needs=Permission.SENDERS_WRITE,
    refusals=[BadSender, AlreadyExists, InUse, *SEALED],
)
async def change_sender(ctx: Ctx, sender_id: SenderId, body: SenderChange) -> SenderDetail:
    """Change its name or fields. Used within two seconds, also by what is under way."""
    found = await senders.get_sender(ctx.db, sender_id, workspace=ctx.workspace)
    given = body.model_fields_set
    ctx.detail = {"changed": sorted(given)}
    await senders.change_sender(
        ctx.db,
        ctx.backend.box,
        found,
        name=body.name if "name" in given else None,
        config=body.config if "config" in given else None,
    )
    return await _detail(ctx, sender_id)


@router.operation(
    "DELETE",
    "/senders/{sender_id}",
    id="delete_sender",
    summary="Delete a sender",
    needs=Permission.SENDERS_WRITE,
    status=204,
    refusals=[InUse],
)
async def delete_sender(ctx: Ctx, sender_id: SenderId) -> None:
    """Forget a sender and its credentials. Refused while campaigns, journeys or waiting messages need it."""
    found = await senders.get_sender(ctx.db, sender_id, workspace=ctx.workspace)
    ctx.detail = {"name": found.name}
    await senders.delete_sender(ctx.db, found)


@router.operation(
    "PUT",
    "/senders/{sender_id}/secrets",
    id="replace_sender_secrets",
    summary="Replace a sender's credentials",
    needs=Permission.SENDERS_WRITE,
    refusals=[BadSender, *SEALED],
)
async def replace_sender_secrets(ctx: Ctx, sender_id: SenderId, body: NewSecrets) -> StoredSecrets:
    """Replace credentials, such as a token that ran out. Used within two seconds; a paused sender stays paused."""
    found = await senders.get_sender(ctx.db, sender_id, workspace=ctx.workspace)
    given = {name: value or "" for name, value in body.secrets.items()}
    senders.need_fields(found.provider, given, "secret")
    ctx.detail = {"secrets": sorted(given)}
    await senders.set_secrets(ctx.db, ctx.backend.box, found.id, given)
    return StoredSecrets(secrets=await senders.stored_secrets(ctx.db, ctx.backend.box, found.id))


@router.operation(
    "PUT",
    "/senders/{sender_id}/rate",
    id="set_sender_rate",
    summary="Set a sender's rate",
    needs=Permission.SENDERS_WRITE,
    refusals=[BadSender],
)
async def set_sender_rate(ctx: Ctx, sender_id: SenderId, body: NewRate) -> Sender:
    """Send so fast from now on. Takes effect within a second, also while campaigns run."""
    found = await senders.get_sender(ctx.db, sender_id, workspace=ctx.workspace)
    ctx.detail = {"rate": body.rate}
    await senders.set_rate(ctx.db, ctx.waker, found.id, body.rate)
    return await _shown(ctx, sender_id)


@router.operation(
    "POST",
    "/senders/{sender_id}/pause",
    id="pause_sender",
    summary="Pause a sender",
    needs=Permission.SENDERS_WRITE,
)
async def pause_sender(ctx: Ctx, sender_id: SenderId, body: Annotated[Pause | None, Body()] = None) -> Sender:
    """Start nothing more from it, whatever the campaign. Repeating changes the reason."""
    found = await senders.get_sender(ctx.db, sender_id, workspace=ctx.workspace)
    await senders.pause_sender(ctx.db, found.id, (body and body.reason) or f"paused by {ctx.caller.title}")
    return await _shown(ctx, sender_id)


@router.operation(
    "POST",
    "/senders/{sender_id}/resume",
    id="resume_sender",
    summary="Resume a sender",
    needs=Permission.SENDERS_WRITE,
)
async def resume_sender(ctx: Ctx, sender_id: SenderId) -> Sender:
    """Let it send again; what waited goes on."""
    found = await senders.get_sender(ctx.db, sender_id, workspace=ctx.workspace)
    await senders.resume_sender(ctx.db, ctx.waker, found.id)
    return await _shown(ctx, sender_id)


@router.operation(
    "GET",
    "/senders/{sender_id}/health",
    id="get_sender_health",
    summary="How a sender does",
    needs=Permission.SENDERS_READ,
)
async def get_sender_health(ctx: Ctx, sender_id: SenderId) -> SenderHealth:
    """Its state, pace and what came of its requests, from what is stored; the provider is not asked."""
    found = await senders.get_sender(ctx.db, sender_id, workspace=ctx.workspace)
    seen = await sender_health(ctx.db, found.id)
    minute = seen.now // MINUTE * MINUTE
    hour = total(seen.minutes, since=seen.now - HOUR)
    ended = hour.accepted + hour.rejected
    return SenderHealth(
        state=found.state,  # type: ignore[arg-type]  # the table holds one of the two
        state_reason=found.state_reason,
        limits=Limits(
            rate=seen.line.rate,
            pace=seen.line.pace,
            throttled_at=seen.line.throttled_at,
            hold_until=seen.line.hold_until if seen.line.hold_until > seen.now else 0,
            default_rate=senders.default_rate(found.provider, found.config),
            free_text_for=kind_of(found.provider).window(found.config) // 1_000_000,
        ),
        waiting=seen.waiting.due,
        oldest_due_at=seen.waiting.oldest_at,
        last_minute=_results(total(seen.minutes, since=minute - MINUTE, before=minute)),
        last_hour=_results(hour),
        refused_share=round(hour.rejected / ended, 4) if ended else 0.0,
        minutes=[MinuteResults.model_validate(each) for each in seen.minutes],
    )


@router.operation(
    "POST",
    "/senders/{sender_id}/check",
    id="check_sender",
    summary="Ask the provider about a sender",
    needs=Permission.SENDERS_READ,
    joined=False,
    audited=False,
    refusals=[ProviderUnreachable, *SEALED, BadSender],
)
async def check_sender(ctx: Ctx, sender_id: SenderId) -> ProviderWord:
    """Ask the provider whether it can send: credentials, quality, throughput. A refusal is an answer: `ok` false."""
    found = await senders.get_sender(ctx.db, sender_id, workspace=ctx.workspace)
    provider = await ctx.backend.providers.get(found.id)
    try:
        return ProviderWord.model_validate(await provider.health())
    except ProviderUnreachable:
        raise
    except ProviderRefused as refused:
        return ProviderWord(ok=False, name=found.name, quality="", limit=0, detail=str(refused))


async def _shown(ctx: Context, sender_id: int) -> Sender:
    return Sender.model_validate(await senders.get_sender(ctx.db, sender_id, workspace=ctx.workspace))


async def _detail(ctx: Context, sender_id: int) -> SenderDetail:
    found = await senders.get_sender(ctx.db, sender_id, workspace=ctx.workspace)
    kind = kind_of(found.provider)
    return SenderDetail(
        **Sender.model_validate(found).model_dump(mode="python"),
        secrets=await senders.stored_secrets(ctx.db, ctx.backend.box, found.id),
        webhook_url=_webhook_url(ctx, kind),
        webhook_help=kind.webhook_help,
    )


def _provider(ctx: Context, kind: ProviderKind) -> Provider:
    return Provider(
        name=kind.name,
        title=kind.title,
        fields=[ProviderField.model_validate(field) for field in kind.fields],
        webhook_url=_webhook_url(ctx, kind),
        webhook_help=kind.webhook_help,
    )


def _webhook_url(ctx: Context, kind: ProviderKind) -> str:
    return f"{ctx.backend.public_url.rstrip('/')}/webhooks/{kind.name}"


def _results(found: Minute) -> Results:
    return Results.model_validate(found)
