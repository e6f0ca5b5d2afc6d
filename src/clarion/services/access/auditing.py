"""Reading the audit log, and proving that nobody changed it."""

from collections.abc import Sequence
from dataclasses import dataclass

from clarion.domain.audit import Entry, first_break
from clarion.store.access import audit
from clarion.store.db import Database


@dataclass(frozen=True, slots=True)
class Verdict:
    """What walking the chain found.

    `first_broken` is the number of the first entry that does not follow from the one before, 0 without one: it,
    or the one before it, was changed, moved or removed. Whoever keeps `hash` elsewhere can later prove that
    these entries are still the same.
    """

    entries: int
    hash: str
    first_broken: int

    @property
    def intact(self) -> bool:
        """Whether every entry is as it was written."""
        return not self.first_broken


async def list_entries(
    db: Database,
    *,
    workspace: int,
    before: int = 0,
    actor: str = "",
    action: str = "",
    since: int = 0,
    until: int = 0,
    limit: int,
) -> Sequence[Entry]:
    """A workspace's entries, newest first. Instants in microseconds since 1970, 0: no bound."""
    async with db.reading() as tx:
        return await audit.entries(
            tx,
            workspace,
            before=before,
            actor=actor,
            action=action,
            since=since,
            until=until,
            limit=limit,
        )


async def verify(db: Database, *, workspace: int, batch: int = 2_000) -> Verdict:
    """Walk a workspace's chain from its first entry to the one that is the newest now."""
    async with db.reading() as tx:
        newest, expected = await audit.newest(tx, workspace)
        beyond = await audit.chain(tx, workspace, after=newest, until=2**62, limit=1)
    if beyond:
        return Verdict(newest, expected, newest + 1)
    after, previous = 0, ""
    while after < newest:
        # A view for each batch: a long one would keep the database from tidying up.
        async with db.reading() as tx:
            found = await audit.chain(tx, workspace, after=after, until=newest, limit=batch)
        broken = first_break(workspace, found, previous=previous, after=after)
        if broken is not None or not found:
            return Verdict(newest, expected, broken or after + 1)
        after, previous = found[-1][0].seq, found[-1][1]
    return Verdict(newest, expected, 0 if previous == expected else newest)
