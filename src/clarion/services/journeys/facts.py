"""What steps may know, loaded for a whole batch of positions at once."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clarion.domain.errors import NotFound
from clarion.domain.journey.position import Facts
from clarion.providers.registry import kind_of
from clarion.services.journeys.versions import Version
from clarion.store import dialect
from clarion.store.db import Tx
from clarion.store.runs import looking


@dataclass(frozen=True, slots=True)
class SenderFacts:
    """A sender as steps need it. `window` in microseconds, 0 = free text at any time."""

    id: int
    window: int


Senders = Mapping[tuple[int, str], SenderFacts]
"""(workspace, name) -> sender."""


class KnownSenders:
    """The senders of workspaces, looked up again every few seconds, and when a name is not among them."""

    def __init__(self, *, within: float = 5.0) -> None:
        self._within = within
        self._held: dict[tuple[int, str], SenderFacts] = {}
        self._read_at: dict[int, float] = {}

    async def of(self, tx: Tx, rows: Sequence[Any], versions: Mapping[int, Version]) -> Senders:
        """Every sender of these positions' workspaces."""
        old = time.monotonic() - self._within
        stale = {
            row.workspace_id
            for row in rows
            if self._read_at.get(row.workspace_id, -self._within) <= old
            or any(
                (row.workspace_id, name) not in self._held for name in versions[row.version_id].sender_names
            )
        }
        if stale:
            self._held = {key: sender for key, sender in self._held.items() if key[0] not in stale}
            for row in await looking.senders(tx, sorted(stale)):
                self._held[row.workspace_id, row.name] = SenderFacts(row.id, _window(row))
            self._read_at |= dict.fromkeys(stale, time.monotonic())
        return self._held


async def load_facts(
    tx: Tx,
    rows: Sequence[Any],
    versions: Mapping[int, Version],
    senders: Senders,
    writing: Collection[int],
    now: int,
) -> dict[int, Facts]:
    """Position -> facts at `now`. The rows are locked; statuses of messages are held still until the commit.

    `writing`: positions whose people have just written, so that nobody need ask when they last did.
    """
    windows = {sender.id: sender.window for sender in senders.values()}
    silent = [r for r in rows if r.id not in writing and windows.get(r.sender_id)]
    heard = await looking.last_heard(tx, [r for r in silent if versions[r.version_id].asks_window(r.node)])
    lists = await looking.lists_of(tx, [r.contact_id for r in rows if versions[r.version_id].asks_lists])
    asking = [r.message_id for r in rows if r.message_id and versions[r.version_id].asks_status]
    statuses = await looking.statuses(tx, asking)
    found: dict[int, Facts] = {}
    for row in rows:
        status, code = statuses.get(row.message_id, ("", ""))
        window = windows.get(row.sender_id, 0)
        last = now if row.id in writing else heard.get((row.workspace_id, row.person, row.sender_id), 0)
        found[row.id] = Facts(
            now=now,
            person=row.person,
            address=row.address,
            attributes=dialect.json_value(row.attributes),
            language=row.language,
            timezone=row.timezone,
            tags=frozenset(dialect.json_value(row.tags)),
            lists=lists.get(row.contact_id, frozenset()),
            opted_out=bool(row.opted_out),
            window_until=(last + window if last else 0) if window else None,
            message_status=status,
            message_code=code,
            run=str(row.run_id),
        )
    return found


def _window(row: Any) -> int:
    try:
        return kind_of(row.provider).window(dialect.json_value(row.config))
    except NotFound:  # a sender of a provider that a newer release knows
        return 0
