"""Workers say they are alive by raising a counter; nobody compares clocks between hosts."""

from clarion.store import dialect
from clarion.store.db import Tx


async def beat(tx: Tx, name: str, *, host: str, pid: int) -> None:
    """One more sign of life of the worker `name`."""
    await tx.run(
        "INSERT INTO workers (name, host, pid, beat, started_at) "
        f"VALUES (:name, :host, :pid, 1, {dialect.now_sql(tx.name)}) "
        "ON CONFLICT (name) DO UPDATE SET beat = workers.beat + 1",
        {"name": name, "host": host, "pid": pid},
    )


async def beats(tx: Tx) -> dict[str, int]:
    """Every worker's counter."""
    return {row.name: row.beat for row in await tx.all("SELECT name, beat FROM workers")}


async def forget(tx: Tx, name: str) -> None:
    """The worker has ended, or is dead and its work has been taken over."""
    await tx.run("DELETE FROM workers WHERE name = :name", {"name": name})
