"""What is done with an uploaded file: looked at, checked, and its import begun."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from clarion.domain.errors import BadField, BadFile, BadMapping
from clarion.services.importing.check import FileCheck, check_file
from clarion.services.importing.shape import Hints
from clarion.services.importing.start import Inspection, fit, inspect, start_import
from clarion.services.importing.uploads import Upload, find_upload
from clarion.services.ports import Waker
from clarion.store import imports, lists
from clarion.store.db import Database


@dataclass(frozen=True, slots=True)
class Wish:
    """How to read a file; "" and None: find out. Without `mapping` and `mapping_name` the file's guess is taken."""

    country: str = ""
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header: bool | None = None
    mapping: Mapping[str, str] | None = None
    mapping_name: str = ""
    keep_rest: bool = False
    required: Sequence[str] = ()
    campaign_id: int = 0

    @property
    def hints(self) -> Hints:
        return Hints(self.encoding, self.delimiter, self.sheet, self.header)

    def mapped(
        self,
        *,
        mapping: Mapping[str, str] | None,
        mapping_name: str,
        keep_rest: bool,
        required: Sequence[str],
        campaign_id: int,
    ) -> "Wish":
        """The same, with what columns become."""
        return replace(
            self,
            mapping=mapping,
            mapping_name=mapping_name,
            keep_rest=keep_rest,
            required=required,
            campaign_id=campaign_id,
        )


async def look_at(db: Database, upload_id: int, wish: Wish, *, workspace: int) -> Inspection:
    """How the file is read. Stores nothing. Raises NotFound, BadFile, BadMapping (the country)."""
    upload = await find_upload(db, upload_id, workspace=workspace)
    async with _under_its_name(upload):
        return await inspect(upload.path, country=wish.country, hints=wish.hints)


async def check(db: Database, upload_id: int, wish: Wish, *, workspace: int) -> FileCheck:
    """Judge every row. Stores nothing. Raises NotFound, BadFile, BadMapping, BadField, ImportNotPossible."""
    upload = await find_upload(db, upload_id, workspace=workspace)
    required = await _required(db, wish, workspace)
    saved = await _saved(db, wish, workspace)
    async with _under_its_name(upload):
        found = await inspect(upload.path, country=wish.country, hints=wish.hints)
        mapping = _choose(found, saved)
        columns = fit(upload.path, found, mapping, required=required, keep_rest=wish.keep_rest)
        return await check_file(upload.path, found.shape, columns, country=wish.country.upper())


async def begin(
    db: Database,
    waker: Waker,
    upload_id: int,
    wish: Wish,
    *,
    workspace: int,
    list_id: int = 0,
    list_name: str = "",
    overwrite_blanks: bool = False,
) -> int:
    """The id of an import that the engine does; `list_id`, or `list_name`, which is made if it is new.

    Raises NotFound, BadFile, BadMapping, BadField, ImportNotPossible (another import fills the list).
    """
    if bool(list_id) == bool(list_name):
        raise BadField("list_id", "name the list by list_id or list_name, one of them")
    upload = await find_upload(db, upload_id, workspace=workspace)
    required = await _required(db, wish, workspace)
    saved = await _saved(db, wish, workspace)
    if list_id:
        async with db.reading() as tx:
            list_name = (await lists.find(tx, workspace, list_id)).name
    async with _under_its_name(upload):
        found = await inspect(upload.path, country=wish.country, hints=wish.hints)
        import_id = await start_import(
            db,
            workspace=workspace,
            path=upload.path,
            list_name=list_name,
            mapping=_choose(found, saved),
            country=wish.country,
            required=required,
            keep_rest=wish.keep_rest,
            overwrite_blanks=overwrite_blanks,
            hints=wish.hints,
            name=upload.name,
            upload_id=upload.id,
            digest=upload.digest,
        )
    waker.wake(f"import:{import_id}")
    return import_id


async def _required(db: Database, wish: Wish, workspace: int) -> list[str]:
    if not wish.campaign_id:
        return list(wish.required)
    async with db.reading() as tx:
        return [*wish.required, *await imports.needed_by_id(tx, workspace, wish.campaign_id)]


async def _saved(db: Database, wish: Wish, workspace: int) -> Mapping[str, str] | None:
    if wish.mapping is not None and wish.mapping_name:
        raise BadField("mapping_name", "give a mapping or the name of one, not both")
    if not wish.mapping_name:
        return wish.mapping
    async with db.reading() as tx:
        return await imports.saved_mapping(tx, workspace, wish.mapping_name)


def _choose(found: Inspection, saved: Mapping[str, str] | None) -> Mapping[str, str]:
    if saved is not None:
        return saved
    if found.guessed is None:
        raise BadMapping([found.doubt])
    return found.guessed


@asynccontextmanager
async def _under_its_name(upload: Upload) -> AsyncIterator[None]:
    """Problems are told of the name that its owner knows."""
    if not await asyncio.to_thread(Path.is_file, upload.path):
        raise BadFile(upload.name, "is no longer on this server's disk: upload it again")
    try:
        yield
    except BadFile as error:
        raise BadFile(upload.name, error.problem) from None
