"""One-time links: a random token, shown once and stored as a hash."""

import hashlib
import secrets
from dataclasses import replace

from clarion.domain.errors import ClarionError
from clarion.store.access import links
from clarion.store.access.links import Link
from clarion.store.db import Tx

HOUR = 3_600_000_000
DAY = 24 * HOUR
LASTS = {links.SETUP: DAY, links.INVITE: 7 * DAY, links.RESET: DAY}
"""How long a link of each purpose can be used, in microseconds."""

PAGES = {links.SETUP: "/setup", links.INVITE: "/invitation", links.RESET: "/password"}
"""The page of the web interface that a link of each purpose leads to."""


class BadLink(ClarionError):
    """A one-time link that is unknown, was used, or has expired: which of them is not told."""

    def __init__(self) -> None:
        super().__init__(
            "This link does not work any more: it was used, or its time is over. Ask for a new one."
        )


async def make(
    tx: Tx,
    purpose: str,
    *,
    user_id: int = 0,
    workspace: int = 0,
    email: str = "",
    role: str = "",
    made_by: int = 0,
) -> tuple[str, Link]:
    """A new link: the path with its token, told this once, and the rest of it."""
    token, now = secrets.token_urlsafe(32), await tx.now()
    link = Link(0, purpose, user_id, workspace, email, role, made_by, now, now + LASTS[purpose], 0)
    made = await links.add(tx, link, _digest(token))
    return f"{PAGES[purpose]}?token={token}", replace(link, id=made)


async def look(tx: Tx, purpose: str, token: str) -> Link:
    """The link with this token, if it can be used. Raises BadLink."""
    return _usable(await links.by_digest(tx, purpose, _digest(token)), await tx.now())


async def use(tx: Tx, purpose: str, token: str) -> Link:
    """Use up the link with this token. Raises BadLink."""
    found = _usable(await links.by_digest(tx, purpose, _digest(token), lock=True), await tx.now())
    await links.used(tx, found.id, await tx.now())
    return found


def _usable(found: Link | None, now: int) -> Link:
    if found is None or found.used_at or found.expires_at <= now:
        raise BadLink
    return found


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
