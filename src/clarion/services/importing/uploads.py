"""Uploaded files: taken in whole, on disk before anybody is told so, and gone after a week."""

import asyncio
import contextlib
import errno
import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog

from clarion.domain.errors import BadFile, DiskFull, ImportNotPossible
from clarion.store import uploads
from clarion.store.db import Database

log = structlog.get_logger()

FOLDER = "uploads"
"""In the data directory. Several processes on one database must see the same one."""

DAYS = 7
_KEPT = DAYS * 86_400 * 1_000_000  # microseconds
_HALF = 3_600  # seconds without a new byte after which nobody is writing to a file any more
_PIECE = 1 << 20  # bytes written at a time
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is stored whole. `digest` is the SHA-256 of its bytes, in hex."""

    id: int
    name: str
    path: Path
    size: int
    digest: str
    created_at: int


async def take(
    db: Database, data_dir: Path, pieces: AsyncIterator[bytes], *, workspace: int, name: str
) -> Upload:
    """Store a file as it comes, a megabyte in memory at a time. When this returns it is on disk and known.

    Whatever ends it before leaves nothing behind. Raises BadFile (empty), DiskFull, and what `pieces` raises.
    """
    folder = data_dir / FOLDER
    path = folder / secrets.token_hex(16)
    try:
        size, digest = await _write(folder, path, pieces)
        if not size:
            raise BadFile(name, "is empty: send the file's bytes as the body")
        async with db.transaction() as tx:
            upload_id = await uploads.insert(
                tx,
                {"workspace_id": workspace, "name": name, "file": str(path), "size": size, "digest": digest},
            )
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise DiskFull(
                "There is no room for the file on the server's disk: nothing of it was kept."
            ) from error
        raise
    return await find_upload(db, upload_id, workspace=workspace)


async def _write(folder: Path, path: Path, pieces: AsyncIterator[bytes]) -> tuple[int, str]:
    digest, held, size = hashlib.sha256(), bytearray(), 0

    def put(file: BinaryIO) -> None:
        digest.update(held)
        file.write(held)

    def finish(file: BinaryIO) -> None:
        put(file)
        file.flush()
        os.fsync(file.fileno())
        _sync(folder)

    file = await asyncio.to_thread(_create, folder, path)
    try:
        async for piece in pieces:
            held += piece
            size += len(piece)
            if len(held) >= _PIECE:
                await asyncio.to_thread(put, file)
                held.clear()
        await asyncio.to_thread(finish, file)
    finally:
        with contextlib.suppress(OSError):  # told already, by the write that failed
            file.close()
    return size, digest.hexdigest()


def _create(folder: Path, path: Path) -> BinaryIO:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0)


def _sync(folder: Path) -> None:
    """The name of a new file is durable once its folder is."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


async def find_upload(db: Database, upload_id: int, *, workspace: int) -> Upload:
    """One upload. Raises NotFound."""
    async with db.reading() as tx:
        row = await uploads.get(tx, workspace, upload_id)
    return Upload(row.id, row.name, Path(row.file), row.size, row.digest, row.created_at)


async def remove_upload(db: Database, upload_id: int, *, workspace: int) -> None:
    """Forget an upload, then remove its file. Raises NotFound, ImportNotPossible."""
    async with db.transaction() as tx:
        row = await uploads.get(tx, workspace, upload_id)
        if await uploads.in_use(tx, [upload_id]):
            raise ImportNotPossible(
                "The file is being imported: wait until that is done, or stop the import."
            )
        await uploads.delete(tx, [upload_id])
    await asyncio.to_thread(_unlink, [Path(row.file)])


async def forget_old(db: Database, data_dir: Path) -> None:
    """Remove what is older than DAYS and not being imported, and files that a crash left without a row."""
    async with db.transaction() as tx:
        old = await uploads.older_than(tx, await tx.now() - _KEPT)
        await uploads.delete(tx, [row.id for row in old])
    await asyncio.to_thread(_unlink, [Path(row.file) for row in old])
    if old:
        log.info("uploads.removed", files=len(old))
    strays = await asyncio.to_thread(_untouched, data_dir / FOLDER)
    while strays:
        some, strays = strays[:500], strays[500:]
        async with db.reading() as tx:
            known = await uploads.known(tx, [str(path) for path in some])
        await asyncio.to_thread(_unlink, [path for path in some if str(path) not in known])


def _untouched(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.stat().st_mtime < time.time() - _HALF]
    except FileNotFoundError:
        return []


def _unlink(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
