"""What was imported, saved mappings, and what a campaign needs: questions around an import."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from clarion.domain.errors import NotFound
from clarion.services.importing.run import told
from clarion.store import imports
from clarion.store.db import Database


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """An import as lists show it; see `run.ImportResult` for the counts.

    `upload_id` None: the command line does it. `percent` of the file that was read, None when it does not tell.
    """

    id: int
    name: str
    upload_id: int | None
    list_id: int
    list_name: str
    status: str
    error: str
    percent: int | None
    rows: int
    accepted: int
    corrected: int
    duplicate: int
    invalid: int
    opted_out: int
    created_at: int
    finished_at: int


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A row that was not plainly accepted."""

    line: int
    verdict: str
    detail: str


@dataclass(frozen=True, slots=True)
class SavedMapping:
    """A mapping under a name."""

    name: str
    mapping: dict[str, str]
    created_at: int


async def list_imports(
    db: Database, *, workspace: int = 1, before: int = 0, limit: int = 50
) -> list[ImportSummary]:
    """The newest imports (before the one with this id), newest first."""
    async with db.reading() as tx:
        return [_summary(row) for row in await imports.overview(tx, workspace, before=before, limit=limit)]


async def find_import(db: Database, import_id: int, *, workspace: int = 1) -> ImportSummary:
    """One import. Raises NotFound."""
    async with db.reading() as tx:
        return _summary(await imports.get(tx, workspace, import_id))


async def told_rows(
    db: Database, import_id: int, *, workspace: int = 1, verdict: str = "", after: int = 0, limit: int = 100
) -> list[ImportRow]:
    """Rows that need telling, by line; `verdict` chooses one kind. Raises NotFound."""
    async with db.reading() as tx:
        await imports.get(tx, workspace, import_id)
        rows = await imports.told(tx, import_id, verdict=verdict, after=after, limit=limit)
    return [ImportRow(row.line, row.verdict, row.detail) for row in rows]


async def keep_mapping(db: Database, name: str, mapping: Mapping[str, str], *, workspace: int = 1) -> None:
    """Save a mapping under a name; an old one of that name is replaced."""
    async with db.transaction() as tx:
        await imports.save_mapping(tx, workspace, name, mapping)


async def load_mapping(db: Database, name: str, *, workspace: int = 1) -> dict[str, str]:
    """The mapping saved under a name. Raises NotFound."""
    async with db.reading() as tx:
        return await imports.saved_mapping(tx, workspace, name)


async def all_mappings(db: Database, *, workspace: int = 1) -> list[SavedMapping]:
    """Every saved mapping, by name."""
    async with db.reading() as tx:
        return [SavedMapping(**row._mapping) for row in await imports.all_mappings(tx, workspace)]


async def drop_mapping(db: Database, name: str, *, workspace: int = 1) -> None:
    """Forget a saved mapping. Raises NotFound."""
    async with db.transaction() as tx:
        if not await imports.drop_mapping(tx, workspace, name):
            raise NotFound("mapping", name)


async def needed_by(db: Database, campaign: str, *, workspace: int = 1) -> list[str]:
    """The attributes that a campaign's text needs. Raises NotFound."""
    async with db.reading() as tx:
        return await imports.needed_by(tx, workspace, campaign)


def _summary(row: sa.Row[Any]) -> ImportSummary:
    result = told(row)
    return ImportSummary(
        id=result.id,
        name=row.name,
        upload_id=row.upload_id or None,
        list_id=row.list_id,
        list_name=result.list_name,
        status=result.status,
        error=result.error,
        percent=_percent(row),
        rows=result.rows,
        accepted=result.accepted,
        corrected=result.corrected,
        duplicate=result.duplicate,
        invalid=result.invalid,
        opted_out=result.opted_out,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def _percent(row: sa.Row[Any]) -> int | None:
    if row.status == "finished":
        return 100
    return None if row.shape.get("kind") == "xlsx" else int(row.percent)
