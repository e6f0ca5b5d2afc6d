"""Commands that change who may ask leave a line in the audit log, in the transaction that changes it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from clarion.bootstrap import Installation
from clarion.store.access import audit
from clarion.store.db import Database, Tx
from clarion.store.joined import Joined


@dataclass(slots=True)
class Deed:
    """What is done, and what the log will say of it: ids and words of ours, no people's data."""

    db: Database
    target: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


@asynccontextmanager
async def audited(
    installed: Installation, action: str, target: str = "", **detail: Any
) -> AsyncIterator[Deed]:
    """A database whose writes are one transaction, stored with the line about them or not at all."""
    joined = Joined(installed.db, _nothing)
    deed = Deed(joined, target, detail)
    try:
        yield deed
        async with joined.transaction() as tx:
            await audit.add(
                tx, installed.workspace, actor="cli", action=action, target=deed.target, detail=deed.detail
            )
    except BaseException as error:
        await joined.abandon(error)
        raise
    await joined.commit()


async def _nothing(_: Tx) -> None:
    """Nothing is to be stored first."""
