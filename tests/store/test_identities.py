"""Users whom another identity provider vouches for."""

import pytest

from clarion.domain.access import Role
from clarion.services.access import invitations
from clarion.services.access.accounts import user_of_identity
from clarion.services.access.passwords import Hasher
from clarion.services.access.sessions import Access, SignInRefused, Visitor, caller_of, sign_in_user
from clarion.services.access.throttle import Throttle
from clarion.services.secrets import SecretBox
from clarion.store.db import Database

ISSUER = "https://id.example.org"


async def test_an_identity_is_found_linked_or_made(database_url: str) -> None:
    db = await Database.open(database_url)
    hasher = Hasher(passes=1, memory=8, lanes=1)
    access = Access(db, SecretBox({"k": b"k" * 32}), hasher, Throttle(db), idle=10**12, lifetime=10**12)
    held = await invitations.invite(db, "ana@example.org", Role.EDITOR, workspace=1, password="x")
    await invitations.invite(db, "bea@example.org", Role.SENDER, workspace=1)

    async def known(subject: str, email: str) -> int:
        return await user_of_identity(db, issuer=ISSUER, subject=subject, email=email)

    ana = await known("1", "Ana@example.org")
    assert ana == held.user_id
    assert await known("1", "moved@example.org") == ana  # the subject counts, not the address
    bea, cleo = await known("2", "bea@example.org"), await known("3", "cleo@example.org")
    assert len({ana, bea, cleo}) == 3
    started = await sign_in_user(access, bea, Visitor("192.0.2.1"))
    assert started.caller.role is Role.SENDER  # she was invited
    assert await caller_of(access, started.token) == started.caller
    with pytest.raises(SignInRefused):
        await sign_in_user(access, cleo, Visitor("192.0.2.1"))  # who belongs to no workspace
    await db.close()
