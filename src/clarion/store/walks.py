"""Long lists of messages, a page at a time, by index only.

A status is in no index: PostgreSQL would have to rewrite one with each receipt. So what is filtered by it is found
in one of two ways. Where few messages can match, and an index names them, they are all gathered. Elsewhere the list
is walked, at most SCAN messages for a page: it may then hold fewer than were asked for, and the next one goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clarion.domain.message import IN_OUTBOX, Status
from clarion.store.db import Tx
from clarion.store.expansion import PRIORITY
from clarion.store.messages import STATUS, Message, by_ids

SCAN = 10_000
FEW = 5_000

Place = tuple[int, ...]
"""Where a walk stands: the keys of the last message that was looked at."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page: its messages, and where the next one begins; None if this was the last."""

    messages: Sequence[Message]
    next: Place | None


@dataclass(frozen=True, slots=True)
class _Walk:
    """A list in the order of an index: `where` and `keys` are that index's columns."""

    where: str
    keys: tuple[str, ...]
    params: Mapping[str, Any]
    down: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of the log; "", 0 and None mean: any. `since` and `until` bound the time of writing, in microseconds."""

    person: str = ""
    campaign: int = 0
    run: int = 0
    sender: int = 0
    status: str = ""
    since: int = 0
    until: int = 0

    def about(self, person: str) -> "Wanted":
        """The same, of one person if named."""
        return replace(self, person=person) if person else self


async def recipients(
    tx: Tx,
    campaign_id: int,
    counts: Mapping[str, int],
    *,
    after: Place | None,
    status: str = "",
    code: str = "",
    limit: int,
) -> Found:
    """People of a campaign in the order of their contacts' ids, with one status or failed for one code.

    Those that are queued come in the order in which they are due.
    """
    walk = _Walk("campaign_id = :campaign", ("contact_id", "place"), {"campaign": campaign_id})
    if code:
        status = Status.FAILED
    if status and not counts.get(status, 0):
        return Found((), None)
    if status == Status.QUEUED:
        return await _queued(tx, campaign_id, after=after, limit=limit)
    if status and counts[status] <= FEW and (status in IN_OUTBOX or status == Status.FAILED):
        return await _gather(tx, walk, status, code, after=after, limit=limit)
    filters = {**_status(status), "fault_code": code}
    return await _go(tx, walk, {k: v for k, v in filters.items() if v}, after=after, limit=limit)


async def log(tx: Tx, workspace: int, wanted: Wanted, *, after: Place | None, limit: int) -> Found:
    """A workspace's messages, newest first; those of one campaign by their contacts' ids, the largest first."""
    walk = _log_walk(workspace, wanted)
    given = {
        "person": wanted.person,
        "campaign_id": wanted.campaign,
        "run_id": wanted.run,
        "sender_id": wanted.sender,
        **_status(wanted.status),
        "since": wanted.since,
        "until": wanted.until,
    }
    filters = {name: value for name, value in given.items() if value and f"{name} =" not in walk.where}
    if walk.keys == ("id",) and "person" not in walk.where and (wanted.since or wanted.until):
        walk, after = await _between(tx, walk, workspace, wanted, after)
    return await _go(tx, walk, filters, after=after, limit=limit)


def _log_walk(workspace: int, wanted: Wanted) -> _Walk:
    mine = {"workspace": workspace}
    if wanted.person:
        where = "workspace_id = :workspace AND person = :person"
        return _Walk(where, ("id",), {**mine, "person": wanted.person}, down=True)
    if wanted.campaign:
        where = "campaign_id = :campaign AND workspace_id = :workspace"
        return _Walk(where, ("contact_id", "place"), {**mine, "campaign": wanted.campaign}, down=True)
    if wanted.run:
        where = "run_id = :run AND run_id <> 0 AND workspace_id = :workspace"
        return _Walk(where, ("id",), {**mine, "run": wanted.run}, down=True)
    return _Walk("workspace_id = :workspace", ("id",), mine, down=True)


_FILTERS = {
    "person": "m.person = :f_person",
    "campaign_id": "m.campaign_id = :f_campaign_id",
    "run_id": "m.run_id = :f_run_id",
    "sender_id": "m.sender_id = :f_sender_id",
    "status": "m.status = :f_status",
    "waits": f"m.status = 'queued' AND {STATUS} = :f_waits",
    "fault_code": "m.fault_code = :f_fault_code",
    "since": "m.created_at >= :f_since",
    "until": "m.created_at < :f_until",
}


def _status(status: str) -> dict[str, str]:
    """The filter for a status: only one that waits is told by the outbox."""
    return {"waits" if status in IN_OUTBOX else "status": status}


async def _go(tx: Tx, walk: _Walk, filters: Mapping[str, Any], *, after: Place | None, limit: int) -> Found:
    keys = ", ".join(walk.keys)
    order = ", ".join(f"{key} {'DESC' if walk.down else 'ASC'}" for key in walk.keys)
    where, params = _from(walk, after)
    scan = SCAN if filters else limit + 1
    outbox = "LEFT JOIN outbox o ON o.message_id = m.id" if "waits" in filters else ""
    passes = " AND ".join(_FILTERS[name] for name in filters) or "1 = 1"
    rows = await tx.all(
        f"""
        SELECT m.id, {", ".join(f"m.{key} AS k_{key}" for key in walk.keys)} FROM (
            SELECT id, contact_id, place, person, campaign_id, run_id, sender_id, status, fault_code, created_at
            FROM messages WHERE {where} ORDER BY {order} LIMIT :scan) m
        {outbox} WHERE {passes}
        ORDER BY {", ".join(f"m.{part}" for part in order.split(", "))} LIMIT :limit
        """,
        {**params, "scan": scan, "limit": limit + 1, **{f"f_{k}": v for k, v in filters.items()}},
    )
    shown = rows[:limit]
    messages = await by_ids(tx, [row.id for row in shown])
    if len(rows) > limit:
        return Found(messages, tuple(getattr(shown[-1], f"k_{key}") for key in walk.keys))
    if not filters:
        return Found(messages, None)
    last = await tx.first(
        f"SELECT {keys} FROM messages WHERE {where} ORDER BY {order} LIMIT 1 OFFSET :scanned",
        {**params, "scanned": scan - 1},
    )
    return Found(messages, None if last is None else tuple(last))


def _from(walk: _Walk, after: Place | None) -> tuple[str, dict[str, Any]]:
    if after is None:
        return walk.where, dict(walk.params)
    places = ", ".join(f":after{n}" for n in range(len(walk.keys)))
    beyond = f"({', '.join(walk.keys)}) {'<' if walk.down else '>'} ({places})"
    return f"{walk.where} AND {beyond}", {
        **walk.params,
        **{f"after{n}": key for n, key in enumerate(after)},
    }


async def _queued(tx: Tx, campaign_id: int, *, after: Place | None, limit: int) -> Found:
    """By the index that the senders' lanes use."""
    beyond = "AND (o.due_at, o.message_id) > (:after0, :after1) " if after else ""
    rows = await tx.all(
        "SELECT o.due_at, o.message_id FROM outbox o "
        "WHERE o.sender_id = (SELECT sender_id FROM campaigns WHERE id = :campaign) AND o.campaign_id = :campaign "
        f"AND o.priority = {PRIORITY} AND o.state = 'queued' {beyond}ORDER BY o.due_at, o.message_id LIMIT :limit",
        {
            "campaign": campaign_id,
            "limit": limit + 1,
            **{f"after{n}": key for n, key in enumerate(after or ())},
        },
    )
    shown = rows[:limit]
    more = (shown[-1].due_at, shown[-1].message_id) if len(rows) > limit else None
    return Found(await by_ids(tx, [row.message_id for row in shown]), more)


async def _gather(tx: Tx, walk: _Walk, status: str, code: str, *, after: Place | None, limit: int) -> Found:
    """All of the few that match, by the index that names them; then the page."""
    if status in IN_OUTBOX:
        source = "SELECT message_id AS id FROM outbox WHERE campaign_id = :campaign AND state = :status"
        params = {"campaign": walk.params["campaign"], "status": status}
    else:
        only = "AND fault_code = :code " if code else ""
        source = (
            "SELECT id FROM messages WHERE campaign_id = :campaign AND fault_code <> '' "
            f"{only}AND status = 'failed'"
        )
        params = {"campaign": walk.params["campaign"], **({"code": code} if code else {})}
    beyond = "WHERE (m.contact_id, m.place) > (:after0, :after1)" if after else ""
    rows = await tx.all(
        f"SELECT m.id, m.contact_id, m.place FROM ({source}) f JOIN messages m ON m.id = f.id {beyond} "
        "ORDER BY m.contact_id, m.place LIMIT :limit",
        {**params, "limit": limit + 1, **{f"after{n}": key for n, key in enumerate(after or ())}},
    )
    shown = rows[:limit]
    more = (shown[-1].contact_id, shown[-1].place) if len(rows) > limit else None
    return Found(await by_ids(tx, [row.id for row in shown]), more)


# --- times: ids grow with the time of writing, up to the length of a transaction -----------------------------

_SLACK = 600_000_000


async def _between(
    tx: Tx, walk: _Walk, workspace: int, wanted: Wanted, after: Place | None
) -> tuple[_Walk, Place | None]:
    """The walk, begun near `until` and ended near `since`: where to is found by halving, not by reading."""
    where, params = walk.where, dict(walk.params)
    if wanted.since:
        params["least"] = await _first_after(tx, workspace, wanted.since - _SLACK)
        where += " AND id >= :least"
    if wanted.until and after is None:
        after = (await _first_after(tx, workspace, wanted.until + _SLACK) + 1,)
    return _Walk(where, walk.keys, params, walk.down), after


async def _first_after(tx: Tx, workspace: int, at: int) -> int:
    """The id from which on messages were written at `at` or later."""
    newest = await tx.scalar(
        "SELECT id FROM messages WHERE workspace_id = :workspace ORDER BY id DESC LIMIT 1",
        {"workspace": workspace},
    )
    low, high = 0, (newest or 0) + 1
    while low < high:
        middle = (low + high) // 2
        row = await tx.first(
            "SELECT id, created_at FROM messages WHERE workspace_id = :workspace AND id >= :id ORDER BY id LIMIT 1",
            {"workspace": workspace, "id": middle},
        )
        if row is None or row.created_at >= at:
            high = middle
        else:
            low = row.id + 1
    return low
