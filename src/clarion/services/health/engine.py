"""What waits in each lane, and who works."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clarion.services.health.process import Process
from clarion.store import depths, dialect, migrate, notices, presence
from clarion.store.db import Database
from clarion.store.depths import Depth, Waiting
from clarion.store.notices import Notice

__all__ = ["Depth"]


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What was found at one instant, `now` by the database's clock. `lanes` are by kind."""

    now: int
    lanes: Mapping[str, Depth]
    doubts: Depth
    senders: Sequence[Waiting]


@dataclass(frozen=True, slots=True)
class SeenWorker:
    """A process that sends. `silent` for so many seconds, as far as this process has watched; None: not watched."""

    name: str
    host: str
    version: str
    started_at: int
    silent: float | None
    here: bool


async def look(db: Database, workspace: int | None = None) -> LookedAt:
    """What waits, of one workspace or of all, in one consistent view and a few milliseconds.

    `db` is the whole database, also for one workspace: row-level security would make PostgreSQL walk what others
    have waiting, where these queries stop after the first rows and say whose they want.
    """
    async with db.reading() as tx:
        senders = await depths.sending(tx, workspace)
        sending = Depth()
        for each in senders:
            if each.state == "active":
                sending = sending.with_more(each.depth)
        return LookedAt(
            now=await tx.now(),
            lanes={
                "send": sending,
                "expand": await depths.growing(tx, workspace),
                "import": await depths.importing(tx, workspace),
                "run": await depths.entering(tx, workspace),
                "step": await depths.stepping(tx, workspace),
                "call": await depths.calling(tx, workspace),
                "inbox": await depths.hearing(tx, workspace, replies=False),
                "replies": await depths.hearing(tx, workspace, replies=True),
                "notify": (await depths.telling(tx, workspace)).with_more(
                    await depths.delivering(tx, workspace)
                ),
            },
            doubts=await depths.doubting(tx, workspace),
            senders=senders,
        )


async def workers(db: Database, process: Process | None) -> Sequence[SeenWorker]:
    """Every process that sends from this database, oldest first."""
    async with db.reading() as tx:
        listed = await presence.every(tx)
    silence = process.watching.silence() if process else {}
    here = process.worker if process else ""
    return [
        SeenWorker(w.name, w.host, w.version, w.started_at, silence.get(w.name), w.name == here)
        for w in listed
    ]


async def database_size(db: Database) -> int:
    """Bytes that the database takes on its disk."""
    async with db.reading() as tx:
        return int(await tx.scalar(dialect.size_sql(tx.name)))


async def revision(db: Database) -> tuple[str, bool]:
    """The database's revision, and whether it is this release's or a newer one's."""
    async with db.reading() as tx:
        found = str(await tx.scalar("SELECT version_num FROM alembic_version") or "")
    return found, bool(found) and found not in migrate.revisions()[:-1]


async def page_of_notices(
    db: Database, *, workspace: int, before: tuple[int, int] | None, limit: int
) -> Sequence[Notice]:
    """What providers told that a person should read, newest first."""
    async with db.reading() as tx:
        return await notices.page(tx, workspace, before=before, limit=limit)
