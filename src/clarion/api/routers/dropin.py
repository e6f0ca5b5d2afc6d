"""The addresses and answers of an earlier platform, so that what was written for it goes on working as it is.

`/api/campaign/...`, with an API key as everywhere else. What is sent here is a campaign like others: see /api/v1.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
from fastapi import Query
from pydantic import ConfigDict, Field, with_config
from pydantic.alias_generators import to_camel
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from typing_extensions import TypedDict

from clarion.api.context import Ctx
from clarion.api.errors import REFUSALS, answer
from clarion.api.fields import Body, CampaignId, Shown, Time, text
from clarion.api.operation import ApiRoute, Router
from clarion.api.problem import MEDIA_TYPE
from clarion.api.strict import BadBody, pieces
from clarion.domain.access import Permission
from clarion.domain.errors import BadField, BadFile, BadMapping, NoSenderFor
from clarion.services.campaigns import batch
from clarion.services.importing.shape import rows
from clarion.services.importing.start import inspect

PREFIX = "/api"
MOST = 50_000  # messages in one request
LARGEST = 32 * 1024 * 1024  # bytes of such a request
FILE = 64 * 1024 * 1024  # bytes of a file to look at
PREVIEW = 10  # rows


class _Route(ApiRoute):
    """Refuses in that platform's words as well: `success` and `error` beside the problem."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await inner(request)
            except REFUSALS as error:
                refused = answer(error)
            problem = orjson.loads(bytes(refused.body))
            body = orjson.dumps({"success": False, "error": problem["detail"], **problem})
            headers = {
                k: v for k, v in refused.headers.items() if k not in ("content-length", "content-type")
            }
            return Response(body, refused.status_code, headers, MEDIA_TYPE)

        return handle


router = Router("Drop-in for an earlier platform")
router.route_class = _Route


class _Answer(Shown):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    success: Literal[True] = True


class FileLook(_Answer):
    """What a file holds."""

    filename: str
    rows: int
    """How many, without the header."""
    columns: list[str]
    preview: list[dict[str, str]]
    """The first rows."""


@with_config(ConfigDict(extra="forbid", strict=True))
class BatchMessage(TypedDict):
    """One message."""

    to: Annotated[str, text(100, examples=["+5541991234567"])]
    body: Annotated[str, text(10_000, least=1, examples=["Your order is on its way."])]
    channel: Literal["sms", "whatsapp"]


class BatchWish(Body):
    """Messages to send, each as it stands."""

    messages: Annotated[list[BatchMessage], Field(min_length=1, max_length=MOST)]


class BatchQueued(_Answer):
    """All of them are kept, and will be sent."""

    campaign_id: CampaignId
    total: int
    status: Literal["queued"] = "queued"


class BatchShown(Shown):
    """Messages that were sent in one request."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    campaign_id: CampaignId
    status: Literal["queued", "sending", "paused", "stopped", "completed"]
    total: int
    invalid: int
    """How many of them cannot be sent: what they are to is no phone number, or their text is blank."""
    counts: dict[str, int]
    """Messages by status."""
    created_at: Time
    finished_at: Time


class Invalid(Shown):
    """A message that cannot be sent."""

    index: int
    """Its place in the request, from 0."""
    to: str
    reason: str


class BatchDetail(_Answer):
    """One request."""

    campaign: BatchShown
    invalid: list[Invalid]


class BatchHistory(_Answer):
    """Requests, newest first."""

    campaigns: list[BatchShown]


class Gone(_Answer):
    """It is done."""


_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@router.operation(
    "POST",
    "/campaign/upload",
    id="dropin_upload",
    summary="Look into a CSV file",
    needs=Permission.CONTACTS_READ,
    refusals=[BadFile, BadMapping, BadField],
    joined=False,
    audited=False,
    json=False,
    openapi_extra=_FORM,
    responses={
        400: {"description": "The form cannot be read, or the connection was cut.", "content": _PROBLEM},
        415: {"description": "The body is no form with a file.", "content": _PROBLEM},
    },
)
async def upload(ctx: Ctx) -> FileLook:
    """Rows, columns and a preview of a file in the form field `file`. Nothing of it is kept."""
    async with _file(ctx) as (name, path):
        found = await inspect(path)
        return await asyncio.to_thread(_look, name, path, found.shape)


@router.operation(
    "POST",
    "/campaign/send",
    id="dropin_send",
    summary="Send messages, each with its own text",
    needs=Permission.CAMPAIGNS_SEND,
    refusals=[NoSenderFor],
    limit=LARGEST,
)
async def send(ctx: Ctx, body: BatchWish) -> BatchQueued:
    """Answers as soon as all are kept durably; sending goes on by itself, each message once.

    Two messages to one number are both sent. Numbers are read afterwards: those that are none are listed by
    `GET /api/campaign/{id}`. It goes by the workspace's oldest active sender of each channel.
    """
    given = [batch.Given(each["to"], each["body"], each["channel"]) for each in body.messages]
    ctx.detail = {"total": len(given)}
    made = await batch.send_batch(ctx.db, ctx.waker, given, workspace=ctx.workspace)
    return BatchQueued(campaign_id=made, total=len(given))


@router.operation(
    "GET",
    "/campaign/history",
    id="dropin_history",
    summary="List what was sent",
    needs=Permission.CAMPAIGNS_READ,
)
async def history(
    ctx: Ctx,
    limit: Annotated[int, Query(ge=1, le=100, description="Most of them.")] = 100,
    before: Annotated[CampaignId | None, Query(description="Only those sent before this one.")] = None,
) -> BatchHistory:
    """Every request to send that was not deleted, newest first."""
    found = await batch.list_batches(
        ctx.db, workspace=ctx.workspace, limit=limit, before=before if before is not None else 2**62
    )
    return BatchHistory(campaigns=[_shown(each) for each in found])


@router.operation(
    "GET",
    "/campaign/{campaign_id}",
    id="dropin_status",
    summary="Show what became of a request to send",
    needs=Permission.CAMPAIGNS_READ,
)
async def status(ctx: Ctx, campaign_id: CampaignId) -> BatchDetail:
    """How many messages stand where, and which could not be sent at all."""
    found, refused = await batch.get_batch(ctx.db, campaign_id, workspace=ctx.workspace)
    invalid = [Invalid(index=place - 1, to=to, reason=why) for place, to, why in refused]
    return BatchDetail(campaign=_shown(found), invalid=invalid)


@router.operation(
    "DELETE",
    "/campaign/{campaign_id}",
    id="dropin_delete",
    summary="Stop sending, and take it out of the history",
    needs=Permission.CAMPAIGNS_SEND,
    joined=False,
)
async def delete(ctx: Ctx, campaign_id: CampaignId) -> Gone:
    """What waits is cancelled. What was sent stays in the books, and in /api/v1."""
    await batch.end_batch(ctx.db, campaign_id, workspace=ctx.workspace)
    return Gone()


def _shown(held: batch.Standing) -> BatchShown:
    return BatchShown.model_validate(
        {
            "campaign_id": held.id,
            "status": held.status,
            "total": held.total,
            "invalid": held.refused,
            "counts": {k: v for k, v in held.counts.items() if k not in ("audience", "missing", "merged")},
            "created_at": held.created_at,
            "finished_at": held.finished_at,
        }
    )


@asynccontextmanager
async def _file(ctx: Ctx) -> AsyncIterator[tuple[str, Path]]:
    """The form's file, on disk for as long as the block lasts. A connection that is cut leaves nothing."""
    if not ctx.request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise BadBody(
            415, "unsupported-media-type", "Unsupported media type", "Send a form (multipart/form-data)."
        )
    limit = min(FILE, ctx.backend.limits.upload)
    parser = MultiPartParser(ctx.request.headers, pieces(ctx.request, limit), max_files=1, max_fields=10)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise BadBody(400, "bad-form", "Bad form", f"The form cannot be read: {error.message}") from None
    except ClientDisconnect:
        raise BadBody(
            400, "cut-off", "Connection cut", "The file did not arrive whole: send it again."
        ) from None
    try:
        for field in form:
            if field != "file":
                place = field[:100].replace("~", "~0").replace("/", "~1")
                raise BadField(place, "This is not a field here: send a file in the form field `file`")
        sent = form.get("file")
        if not isinstance(sent, UploadFile):
            raise BadField("file", "send a file in the form field `file`")
        name = (sent.filename or "file")[:200]
        with tempfile.NamedTemporaryFile(dir=ctx.backend.data_dir, prefix="look-") as kept:
            await asyncio.to_thread(_copy, sent, kept)
            yield name, Path(kept.name)
    finally:
        await form.close()


def _copy(sent: UploadFile, kept: Any) -> None:
    shutil.copyfileobj(sent.file, kept)
    kept.flush()


def _look(name: str, path: Path, shape: Any) -> FileLook:
    count, preview = -int(shape.has_header), list[dict[str, str]]()
    with rows(path, shape) as found:
        for record in found.records:
            count += 1
            if count > 0 and len(preview) < PREVIEW and not record.problem:
                preview.append(dict(zip(shape.header, record.cells, strict=False)))
    return FileLook(filename=name, rows=count, columns=list(shape.header), preview=preview)
