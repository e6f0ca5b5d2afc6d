"""One-time links' rows. Only a hash of the token is stored."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from clarion.store.db import Tx
from clarion.store.tables import links

SETUP, INVITE, RESET = "setup", "invite", "reset"


@dataclass(frozen=True, slots=True)
class Link:
    """One link, without its token. Instants in microseconds since 1970."""

    id: int
    purpose: str
    user_id: int
    workspace_id: int
    email: str
    role: str
    made_by: int
    created_at: int
    expires_at: int
    used_at: int


_SHOWN = [links.c[each] for each in Link.__dataclass_fields__]


async def add(tx: Tx, link: Link, digest: str) -> int:
    """Insert a link; its id. Those that have ended are forgotten on this occasion."""
    ended = sa.or_(links.c.expires_at <= link.created_at, links.c.used_at > 0)
    await tx.run(sa.delete(links).where(ended))
    values = {**asdict(link), "digest": digest}
    del values["id"]
    return int(await tx.scalar(sa.insert(links).returning(links.c.id), values))


async def by_digest(tx: Tx, purpose: str, digest: str, *, lock: bool = False) -> Link | None:
    """The link with this hash, whatever its state; `lock`: nobody else uses it until the commit."""
    query = sa.select(*_SHOWN).where(links.c.digest == digest, links.c.purpose == purpose)
    row = await tx.first(query.with_for_update() if lock else query)
    return None if row is None else Link(**row._mapping)


async def hold_all(tx: Tx, purpose: str) -> None:
    """Have those who use links of this purpose take turns."""
    query = sa.select(links.c.id).where(links.c.purpose == purpose).order_by(links.c.id)
    await tx.all(query.with_for_update())


async def used(tx: Tx, link_id: int, now: int) -> None:
    """Nobody uses it again."""
    await tx.run(sa.update(links).where(links.c.id == link_id).values(used_at=now))


async def open_invitations(
    tx: Tx, now: int, *, workspace: int = 0, email: str = "", after: int = 0, limit: int = 1_000
) -> Sequence[Link]:
    """Invitations that can be accepted, the oldest first: of a workspace, to an address, or both."""
    wanted = [links.c.purpose == INVITE, links.c.used_at == 0, links.c.expires_at > now, links.c.id > after]
    if workspace:
        wanted.append(links.c.workspace_id == workspace)
    if email:
        wanted.append(links.c.email == email)
    query = sa.select(*_SHOWN).where(*wanted).order_by(links.c.id).limit(limit)
    return [Link(**row._mapping) for row in await tx.all(query)]


async def withdraw(tx: Tx, *, workspace: int, email: str = "", link_id: int = 0) -> int:
    """Delete invitations to a workspace, by address or id; how many."""
    which = links.c.email == email if email else links.c.id == link_id
    mine = (links.c.purpose == INVITE, links.c.workspace_id == workspace, which)
    return await tx.run(sa.delete(links).where(*mine))


async def withdraw_resets(tx: Tx, user_id: int) -> None:
    """Delete a user's links for a new password."""
    await tx.run(sa.delete(links).where(links.c.purpose == RESET, links.c.user_id == user_id))
