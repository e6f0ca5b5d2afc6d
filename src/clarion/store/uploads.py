"""Uploaded files: a row for each that is stored whole."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from clarion.domain.errors import NotFound
from clarion.store.db import Tx
from clarion.store.tables import imports, uploads


async def insert(tx: Tx, values: Mapping[str, Any]) -> int:
    """A new upload's id."""
    statement = sa.insert(uploads).values(**values, created_at=await tx.now()).returning(uploads.c.id)
    return int(await tx.scalar(statement))


async def get(tx: Tx, workspace_id: int, upload_id: int) -> sa.Row[Any]:
    """The upload with all its columns. Raises NotFound."""
    row = await tx.first(
        sa.select(uploads).where(uploads.c.workspace_id == workspace_id, uploads.c.id == upload_id)
    )
    if row is None:
        raise NotFound("upload", upload_id)
    return row


async def in_use(tx: Tx, upload_ids: Sequence[int]) -> set[int]:
    """Those that an unfinished import reads."""
    rows = await tx.all(
        sa.select(imports.c.upload_id).where(
            imports.c.status == "running", imports.c.upload_id.in_(list(upload_ids))
        )
    )
    return {row.upload_id for row in rows}


async def older_than(tx: Tx, at: int, *, limit: int = 1_000) -> Sequence[sa.Row[Any]]:
    """`id` and `file` of the oldest uploads of all workspaces that no unfinished import reads."""
    using = sa.select(imports.c.upload_id).where(imports.c.status == "running")
    return await tx.all(
        sa.select(uploads.c.id, uploads.c.file)
        .where(uploads.c.created_at < at, uploads.c.id.not_in(using))
        .order_by(uploads.c.created_at)
        .limit(limit)
    )


async def known(tx: Tx, files: Collection[str]) -> set[str]:
    """Those of the files that an upload of any workspace owns."""
    rows = await tx.all(sa.select(uploads.c.file).where(uploads.c.file.in_(list(files))))
    return {row.file for row in rows}


async def delete(tx: Tx, upload_ids: Sequence[int]) -> None:
    """Forget uploads."""
    await tx.run(sa.delete(uploads).where(uploads.c.id.in_(list(upload_ids))))
