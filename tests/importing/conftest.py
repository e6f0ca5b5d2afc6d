"""A database, and an import in one call."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from clarion.services.importing.run import ImportResult, run_import
from clarion.services.importing.start import start_import
from clarion.store.db import Database

Import = Callable[..., Awaitable[ImportResult]]


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    db = await Database.open(database_url)
    yield db
    await db.close()


@pytest.fixture
def import_file(db: Database, tmp_path: Path) -> Import:
    """`await import_file(content, mapping=..., ...)`: write the content to a file and import it into list `l`."""

    async def run(content: bytes | str, **options: Any) -> ImportResult:
        path = tmp_path / options.pop("name", "people.csv")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        import_id = await start_import(
            db,
            workspace=1,
            path=path,
            list_name=options.pop("list_name", "l"),
            mapping=options.pop("mapping", {"phone": "phone", "name": "name"}),
            country=options.pop("country", "BR"),
            **options,
        )
        return await run_import(db, import_id)

    return run
