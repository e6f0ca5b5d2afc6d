"""News for customers' systems: written in the transaction that made it true, and only where somebody wants it.

Who wants what is asked of the database at most once a second in each process and kept in mind, so that telling costs
nothing where nobody subscribes: a new subscription hears of what happens from two seconds after it was made.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from clarion.domain.news import EVENTS, Event
from clarion.store import dialect
from clarion.store.db import Database, Tx

Wanted = Mapping[int, frozenset[str]]
"""Workspace -> the events that somebody there wants; workspaces where nobody wants any are missing."""

KEPT = 1.0
"""Seconds that the answer is good for."""

_WANTED, _RING = "news.wanted", "news.ring"
_ALL = frozenset(EVENTS)


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened. `about` is the id of what it happened to; `at` in microseconds, 0: now.

    `data`: only what the row of that thing will not tell a moment later.
    """

    workspace_id: int
    event: Event
    about: int
    at: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)


_NEWS = dialect.Rows({"workspace": "int", "event": "text", "about": "int", "data": "json", "at": "int"})
_IDS = dialect.Rows({"id": "int"})


def ring_with(db: Database, ring: Callable[[], None]) -> None:
    """Have `ring` called when this process writes news, before they are committed; a hint that may come to nothing."""
    db.memory[_RING] = ring


async def wanted(tx: Tx) -> Wanted:
    """What is wanted. Falsy where nobody subscribes: ask before anything is prepared for `tell`."""
    if tx.workspace:  # a view of one workspace sees only its own: too little to be kept for others
        return await _wanted(tx)
    held: tuple[float, Wanted] | None = tx.memory.get(_WANTED)
    if held is None or held[0] < time.monotonic():
        held = tx.memory[_WANTED] = time.monotonic() + KEPT, await _wanted(tx)
    return held[1]


async def tell(tx: Tx, news: Iterable[News]) -> None:
    """Write those of the news that somebody wants."""
    want = await wanted(tx)
    if not want:
        return
    rows = [
        [each.workspace_id, each.event, each.about, orjson.dumps(each.data).decode(), each.at]
        for each in news
        if each.event in want.get(each.workspace_id, ())
    ]
    if not rows:
        return
    await tx.run(
        "INSERT INTO news (workspace_id, event, about, data, at) SELECT v.workspace, v.event, v.about, v.data, "
        f"CASE WHEN v.at = 0 THEN {dialect.now_sql(tx.name)} ELSE v.at END FROM {_NEWS.sql(tx.name)} WHERE true",
        _NEWS.params(tx.name, rows),
    )
    ring = tx.memory.get(_RING)
    if ring is not None:
        ring()


async def any_left(tx: Tx) -> bool:
    """Whether there are news that were not passed on."""
    return bool(await tx.scalar("SELECT EXISTS (SELECT 1 FROM news)"))


async def take(tx: Tx, limit: int) -> Sequence[Any]:
    """Up to `limit` of the oldest news that no other process is passing on: `id` and the fields of News."""
    return await tx.all(
        "SELECT id, workspace_id, event, about, data, at FROM news ORDER BY id LIMIT :limit "
        f"{dialect.for_update(tx.name, skip_locked=True)}",
        {"limit": limit},
    )


async def forget(tx: Tx, ids: Sequence[int]) -> None:
    """Remove what was passed on."""
    await tx.run(
        f"DELETE FROM news WHERE id IN (SELECT id FROM {_IDS.sql(tx.name)})",
        _IDS.params(tx.name, [[each] for each in ids]),
    )


async def _wanted(tx: Tx) -> Wanted:
    own = "AND workspace_id = :workspace" if tx.workspace else ""
    rows = await tx.all(
        f"SELECT workspace_id, events FROM subscriptions WHERE state = 'active' {own}",
        {"workspace": tx.workspace} if tx.workspace else {},
    )
    found: dict[int, frozenset[str]] = {}
    for row in rows:
        events = frozenset(dialect.json_value(row.events)) or _ALL
        found[row.workspace_id] = found.get(row.workspace_id, frozenset()) | events
    return found
