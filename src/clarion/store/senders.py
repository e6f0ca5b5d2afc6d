"""Senders and their credentials (encrypted text, nothing here can read it)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clarion.domain.errors import AlreadyExists
from clarion.domain.news import Event
from clarion.store import dialect, news
from clarion.store.db import Tx
from clarion.store.tables import senders, timelines


@dataclass(frozen=True, slots=True)
class Sender:
    """A sender as lists show it, without its credentials. `rate` and `pace` are messages per second."""

    id: int
    workspace_id: int
    name: str
    provider: str
    account: str
    config: dict[str, str]
    state: str
    state_reason: str
    created_at: int
    rate: float
    pace: float


_SHOWN = (
    senders.c.id, senders.c.workspace_id, senders.c.name, senders.c.provider, senders.c.account,
    senders.c.config, senders.c.state, senders.c.state_reason, senders.c.created_at,
    timelines.c.rate, timelines.c.pace,
)  # fmt: skip
_JOINED = senders.join(timelines, timelines.c.sender_id == senders.c.id)


async def add(
    tx: Tx, *, workspace: int, name: str, provider: str, account: str, config: Mapping[str, str], rate: float
) -> int:
    """Insert a sender without credentials, and its timeline. Raises AlreadyExists."""
    now = await tx.now()
    try:
        row = await tx.first(
            sa.insert(senders).returning(senders.c.id),
            {
                "workspace_id": workspace, "name": name, "provider": provider, "account": account,
                "config": dict(config), "secrets": "", "created_at": now,
            },
        )  # fmt: skip
    except IntegrityError:
        raise AlreadyExists("sender", name) from None
    assert row is not None
    await tx.run(sa.insert(timelines), {"sender_id": row.id, "rate": rate, "pace": rate, "paced_at": now})
    return int(row.id)


async def find(tx: Tx, workspace: int, sender: int | str) -> Sender | None:
    """One sender by id or by name."""
    by = senders.c.id == sender if isinstance(sender, int) else senders.c.name == sender
    row = await tx.first(
        sa.select(*_SHOWN).select_from(_JOINED).where(senders.c.workspace_id == workspace, by)
    )
    return None if row is None else Sender(**row._mapping)


async def every(tx: Tx, workspace: int) -> list[Sender]:
    """All senders of a workspace, oldest first."""
    rows = await tx.all(
        sa.select(*_SHOWN)
        .select_from(_JOINED)
        .where(senders.c.workspace_id == workspace)
        .order_by(senders.c.id)
    )
    return [Sender(**row._mapping) for row in rows]


async def account_of(tx: Tx, sender_id: int) -> sa.Row[Any] | None:
    """`account`, `config`, `secrets` (encrypted), `provider` of one sender."""
    found = sa.select(senders.c.account, senders.c.config, senders.c.secrets, senders.c.provider)
    return await tx.first(found.where(senders.c.id == sender_id))


async def all_secrets(tx: Tx, *, lock: bool = False) -> Sequence[tuple[int, str]]:
    """Id and encrypted credentials of every sender that has any."""
    locking = dialect.for_update(tx.name) if lock else ""
    rows = await tx.all(f"SELECT id, secrets FROM senders WHERE secrets <> '' ORDER BY id {locking}")
    return [(row.id, row.secrets) for row in rows]


async def set_secrets(tx: Tx, sender_id: int, sealed: str) -> None:
    """Store encrypted credentials."""
    await tx.run("UPDATE senders SET secrets = :sealed WHERE id = :id", {"sealed": sealed, "id": sender_id})


async def set_config(tx: Tx, sender_id: int, config: Mapping[str, str]) -> None:
    """Store what is not secret of a sender's fields."""
    await tx.run(sa.update(senders).where(senders.c.id == sender_id).values(config=dict(config)))


async def state_of(tx: Tx, sender_id: int) -> str | None:
    """`active` or `paused`, held still until the commit; None if there is no such sender."""
    lock = dialect.for_update(tx.name)
    state: str | None = await tx.scalar(f"SELECT state FROM senders WHERE id = :id {lock}", {"id": sender_id})
    return state


async def set_state(tx: Tx, sender_id: int, state: str, reason: str) -> None:
    """Make a sender `active` or `paused`."""
    await tx.run(
        "UPDATE senders SET state = :state, state_reason = :reason WHERE id = :id",
        {"state": state, "reason": reason, "id": sender_id},
    )


async def tell_state(tx: Tx, sender_id: int, state: str, reason: str) -> None:
    """News of a sender that was paused, or goes on."""
    workspace = await tx.scalar("SELECT workspace_id FROM senders WHERE id = :id", {"id": sender_id})
    event = Event.SENDER_PAUSED if state == "paused" else Event.SENDER_RESUMED
    await news.tell(tx, [news.News(workspace, event, sender_id, data={"reason": reason} if reason else {})])


async def rename(tx: Tx, sender_id: int, name: str) -> None:
    """Call it by another name. Raises AlreadyExists."""
    try:
        await tx.run(sa.update(senders).where(senders.c.id == sender_id).values(name=name))
    except IntegrityError:
        raise AlreadyExists("sender", name) from None


async def campaigns_of(tx: Tx, sender_id: int) -> list[str]:
    """Names of campaigns, of any status, that send from it; the first few."""
    rows = await tx.all(
        "SELECT name FROM campaigns WHERE sender_id = :id ORDER BY id LIMIT 4", {"id": sender_id}
    )
    return [row.name for row in rows]


async def graphs_under_way(tx: Tx, workspace: int) -> list[tuple[str, dict[str, Any]]]:
    """Name and graph of every version of a journey that has a run which is not over."""
    rows = await tx.all(
        "SELECT j.name, v.graph FROM journey_versions v JOIN journeys j ON j.id = v.journey_id WHERE v.id IN "
        "(SELECT version_id FROM runs WHERE workspace_id = :workspace AND finished_at = 0) ORDER BY v.id",
        {"workspace": workspace},
    )
    return [(row.name, dialect.json_value(row.graph)) for row in rows]


async def waiting(tx: Tx, sender_id: int) -> bool:
    """Whether a message waits to leave from it, or for its outcome."""
    # In the words of the two partial indexes, each of which knows half.
    return bool(
        await tx.scalar(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE sender_id = :id AND state = 'queued') "
            "OR EXISTS (SELECT 1 FROM outbox WHERE sender_id = :id AND state <> 'queued')",
            {"id": sender_id},
        )
    )


async def delete(tx: Tx, sender_id: int) -> None:
    """Forget a sender, its credentials and its timeline."""
    await tx.run("DELETE FROM senders WHERE id = :id", {"id": sender_id})
