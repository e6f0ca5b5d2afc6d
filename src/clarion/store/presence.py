"""Workers say they are alive by raising a counter; nobody compares clocks between hosts."""

from collections.abc import Sequence
from dataclasses import dataclass

from clarion.store import dialect
from clarion.store.db import Tx


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that runs an engine. `started_at` by the database's clock, microseconds since 1970."""

    name: str
    host: str
    pid: int
    beat: int
    started_at: int
    version: str


async def beat(tx: Tx, name: str, *, host: str, pid: int, version: str = "") -> None:
    """One more sign of life of the worker `name`."""
    await tx.run(
        "INSERT INTO workers (name, host, pid, version, beat, started_at) "
        f"VALUES (:name, :host, :pid, :version, 1, {dialect.now_sql(tx.name)}) "
        "ON CONFLICT (name) DO UPDATE SET beat = workers.beat + 1",
        {"name": name, "host": host, "pid": pid, "version": version},
    )


async def beats(tx: Tx) -> dict[str, int]:
    """Every worker's counter."""
    return {row.name: row.beat for row in await tx.all("SELECT name, beat FROM workers")}


async def every(tx: Tx, limit: int = 1_000) -> Sequence[Worker]:
    """The workers, oldest first."""
    rows = await tx.all(
        "SELECT name, host, pid, beat, started_at, version FROM workers ORDER BY started_at, name LIMIT :limit",
        {"limit": limit},
    )
    return [Worker(**row._mapping) for row in rows]


async def forget(tx: Tx, name: str) -> None:
    """The worker has ended, or is dead and its work has been taken over."""
    await tx.run("DELETE FROM workers WHERE name = :name", {"name": name})
