"""Uploads: a file taken in whole, looked at, and checked."""

from typing import Annotated, Any

from fastapi import Query
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from clarion.api.context import Ctx
from clarion.api.fields import UploadId
from clarion.api.operation import Router
from clarion.api.schemas.imports import (
    Check,
    CheckProblem,
    FileWish,
    Inspection,
    InspectionWish,
    SampleRow,
    Upload,
)
from clarion.api.strict import BadBody, pieces
from clarion.domain.access import Permission
from clarion.domain.errors import BadFile, BadMapping, DiskFull, ImportNotPossible, NotFound
from clarion.services.importing import uploaded, uploads
from clarion.services.importing.uploaded import Wish

router = Router("Imports")

SAMPLE = 20  # rows shown

_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file's bytes, whatever they are.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.operation(
    "POST",
    "/uploads",
    id="create_upload",
    summary="Upload a file",
    needs=Permission.CONTACTS_WRITE,
    status=201,
    refusals=[BadFile, DiskFull],
    joined=False,
    json=False,
    openapi_extra=_FILE,
)
async def create_upload(
    ctx: Ctx,
    response: Response,
    name: Annotated[
        str,
        Query(
            min_length=1,
            max_length=200,
            pattern=r"^[^\x00-\x1f]+$",
            description="What you call the file.",
            examples=["people.csv"],
        ),
    ] = "upload",
) -> Upload:
    """The body is the file itself, of any Content-Type, as long as it takes. The answer comes once it is safe on disk.

    A file that is too large is refused before it is read, if its length is told; a connection that is cut leaves
    nothing behind: send it again.
    """
    try:
        made = await uploads.take(
            ctx.db,
            ctx.backend.data_dir,
            pieces(ctx.request, ctx.backend.limits.upload),
            workspace=ctx.workspace,
            name=name,
        )
    except ClientDisconnect:
        raise BadBody(
            400, "cut-off", "Connection cut", "The file did not arrive whole: send it again."
        ) from None
    response.headers["Location"] = f"/api/v1/uploads/upl_{made.id}"
    return _shown(made)


@router.operation(
    "GET",
    "/uploads/{upload_id}",
    id="get_upload",
    summary="Show an upload",
    needs=Permission.CONTACTS_READ,
)
async def get_upload(ctx: Ctx, upload_id: UploadId) -> Upload:
    """One file."""
    return _shown(await uploads.find_upload(ctx.db, upload_id, workspace=ctx.workspace))


@router.operation(
    "DELETE",
    "/uploads/{upload_id}",
    id="delete_upload",
    summary="Delete an upload",
    needs=Permission.CONTACTS_WRITE,
    status=204,
    refusals=[ImportNotPossible],
    joined=False,
)
async def delete_upload(ctx: Ctx, upload_id: UploadId) -> None:
    """The file is gone; what was imported from it stays. Refused while it is being imported."""
    await uploads.remove_upload(ctx.db, upload_id, workspace=ctx.workspace)


@router.operation(
    "POST",
    "/uploads/{upload_id}/inspection",
    id="inspect_upload",
    summary="Look at an upload",
    needs=Permission.CONTACTS_READ,
    refusals=[BadFile, BadMapping],
    joined=False,
    audited=False,
)
async def inspect_upload(ctx: Ctx, upload_id: UploadId, body: InspectionWish) -> Inspection:
    """How the file is read, its first rows, and a guess which column is what. Nothing is stored."""
    found = await uploaded.look_at(ctx.db, upload_id, wish_of(body), workspace=ctx.workspace)
    return Inspection(
        kind="xlsx" if found.shape.kind == "xlsx" else "csv",
        encoding=found.shape.encoding,
        delimiter=found.shape.delimiter,
        sheet=found.shape.sheet,
        has_header=found.shape.has_header,
        header=list(found.shape.header),
        rows=[
            SampleRow(line=row.line, cells=[cell[:1_000] for cell in row.cells], problem=row.problem)
            for row in found.sample[:SAMPLE]
        ],
        mapping=found.guessed,
        doubt=found.doubt,
    )


@router.operation(
    "POST",
    "/uploads/{upload_id}/check",
    id="check_upload",
    summary="Check an upload's every row",
    needs=Permission.CONTACTS_READ,
    refusals=[BadFile, BadMapping, ImportNotPossible, NotFound],
    joined=False,
    audited=False,
)
async def check_upload(ctx: Ctx, upload_id: UploadId, body: FileWish) -> Check:
    """What an import would say of each row, as far as the file alone can tell. Nothing is stored.

    Takes as long as reading the file, about ten seconds for a million rows.
    """
    done = await uploaded.check(ctx.db, upload_id, wish_of(body), workspace=ctx.workspace)
    return Check(
        rows=done.rows,
        usable=done.usable,
        corrected=done.corrected,
        invalid=done.invalid,
        problems=[CheckProblem(line=line, detail=detail) for line, detail in done.problems],
    )


def wish_of(body: InspectionWish) -> Wish:
    """How a request wants a file read."""
    hints = body.hints
    wish = Wish(
        country=body.country,
        encoding=hints.encoding or "",
        delimiter=hints.delimiter or "",
        sheet=hints.sheet or "",
        header=hints.has_header,
    )
    if not isinstance(body, FileWish):
        return wish
    return wish.mapped(
        mapping=body.mapping,
        mapping_name=body.mapping_name or "",
        keep_rest=body.keep_rest,
        required=body.required,
        campaign_id=body.campaign_id or 0,
    )


def _shown(upload: uploads.Upload) -> Upload:
    return Upload(
        id=upload.id,
        name=upload.name,
        size=upload.size,
        sha256=upload.digest,
        created_at=upload.created_at,
    )
