"""Imports: begun, watched, stopped; what became of each row; and saved mappings."""

from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response, StreamingResponse

from clarion.api.context import Ctx
from clarion.api.fields import ImportId
from clarion.api.operation import Router
from clarion.api.pages import Cursor, Limit, Page, make_cursor, page, read_cursor
from clarion.api.routers.personal_data import CSV, csv_file
from clarion.api.routers.uploads import wish_of
from clarion.api.schemas.imports import Import, ImportRow, MappingWish, NewImport, SavedMapping, Verdict
from clarion.domain.access import Permission
from clarion.domain.errors import BadField, BadFile, BadMapping, ImportNotPossible, NotFound
from clarion.services.importing import overview, rejects, run, uploaded
from clarion.services.importing.overview import ImportSummary

router = Router("Imports")

NameInPath = Annotated[
    str, Path(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f/]+$", examples=["CRM export"])
]


@router.operation(
    "POST",
    "/imports",
    id="create_import",
    summary="Import an upload into a list",
    needs=Permission.CONTACTS_WRITE,
    status=202,
    refusals=[BadFile, BadMapping, BadField, ImportNotPossible, NotFound],
)
async def create_import(ctx: Ctx, body: NewImport, response: Response) -> Import:
    """Begin an import, which the server does by itself, also after a restart; watch it at `Location`.

    File and mapping are known to fit when this answers. Asking again for the same while it is unfinished gives the
    same import.
    """
    list_name = body.list_name.strip() if body.list_name else ""
    made = await uploaded.begin(
        ctx.db,
        ctx.waker,
        body.upload_id,
        wish_of(body),
        workspace=ctx.workspace,
        list_id=body.list_id or 0,
        list_name=list_name,
        overwrite_blanks=body.overwrite_blanks,
    )
    response.headers["Location"] = f"/api/v1/imports/imp_{made}"
    return await _find(ctx, made)


@router.operation(
    "GET", "/imports", id="list_imports", summary="List imports", needs=Permission.CONTACTS_READ
)
async def list_imports(ctx: Ctx, limit: Limit = 50, cursor: Cursor = None) -> Page[Import]:
    """The newest first; also those that the command line began."""
    after = read_cursor("imports", cursor, int)
    found = await overview.list_imports(
        ctx.db, workspace=ctx.workspace, before=after[0] if after else 0, limit=limit + 1
    )
    return page(found, limit, _shown, lambda each: make_cursor("imports", each.id))


@router.operation(
    "GET", "/imports/{import_id}", id="get_import", summary="Show an import", needs=Permission.CONTACTS_READ
)
async def get_import(ctx: Ctx, import_id: ImportId) -> Import:
    """How far it is."""
    return await _find(ctx, import_id)


@router.operation(
    "GET",
    "/imports/{import_id}/rows",
    id="list_import_rows",
    summary="List an import's rows that need telling",
    needs=Permission.CONTACTS_READ,
)
async def list_import_rows(
    ctx: Ctx,
    import_id: ImportId,
    verdict: Annotated[Verdict | None, Query(description="Only rows with this one.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ImportRow]:
    """By line, each with its verdict and the reason. Rows that were plainly accepted are not among them."""
    after = read_cursor("import rows", cursor, int)
    found = await overview.told_rows(
        ctx.db,
        import_id,
        workspace=ctx.workspace,
        verdict=verdict or "",
        after=after[0] if after else 0,
        limit=limit + 1,
    )
    return page(found, limit, ImportRow.model_validate, lambda each: make_cursor("import rows", each.line))


@router.operation(
    "GET",
    "/imports/{import_id}/rejects",
    id="export_rejects",
    summary="Export an import's invalid rows as CSV",
    needs=Permission.CONTACTS_READ,
    responses=CSV,
    response_class=StreamingResponse,
)
async def export_rejects(ctx: Ctx, import_id: ImportId) -> StreamingResponse:
    """Line and problem, then the file's own columns: mend it and import it again with the same mapping."""
    await overview.find_import(ctx.db, import_id, workspace=ctx.workspace)
    pieces = rejects.reject_rows(ctx.db, import_id, workspace=ctx.workspace)
    return csv_file((text async for _, text in pieces), f"import-{import_id}-rejects.csv")


@router.operation(
    "POST",
    "/imports/{import_id}/stop",
    id="stop_import",
    summary="Stop an import",
    needs=Permission.CONTACTS_WRITE,
)
async def stop_import(ctx: Ctx, import_id: ImportId) -> Import:
    """End it where it stands, for good; what it stored stays. One that has ended is only shown."""
    await run.stop_import(ctx.db, import_id, workspace=ctx.workspace)
    return await _find(ctx, import_id)


@router.operation(
    "GET", "/mappings", id="list_mappings", summary="List saved mappings", needs=Permission.CONTACTS_READ
)
async def list_mappings(ctx: Ctx) -> Page[SavedMapping]:
    """All of them, by name."""
    found = await overview.all_mappings(ctx.db, workspace=ctx.workspace)
    return Page[SavedMapping](items=[SavedMapping.model_validate(each) for each in found])


@router.operation(
    "PUT",
    "/mappings/{name}",
    id="save_mapping",
    summary="Save a mapping",
    needs=Permission.CONTACTS_WRITE,
    refusals=[BadField],
)
async def save_mapping(ctx: Ctx, name: NameInPath, body: MappingWish) -> SavedMapping:
    """Keep which column becomes what; an old one of that name is replaced."""
    if "phone" not in body.mapping:
        raise BadField("mapping", "one column must be the phone")
    await overview.keep_mapping(ctx.db, name, body.mapping, workspace=ctx.workspace)
    found = await overview.all_mappings(ctx.db, workspace=ctx.workspace)
    return SavedMapping.model_validate(next(each for each in found if each.name == name))


@router.operation(
    "DELETE",
    "/mappings/{name}",
    id="delete_mapping",
    summary="Delete a saved mapping",
    needs=Permission.CONTACTS_WRITE,
    status=204,
)
async def delete_mapping(ctx: Ctx, name: NameInPath) -> None:
    """Imports that used it are not touched."""
    await overview.drop_mapping(ctx.db, name, workspace=ctx.workspace)


async def _find(ctx: Ctx, import_id: int) -> Import:
    return _shown(await overview.find_import(ctx.db, import_id, workspace=ctx.workspace))


def _shown(found: ImportSummary) -> Import:
    return Import.model_validate(found)
