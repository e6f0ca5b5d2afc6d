"""Signing in is slowed for those who guess, and for nobody else."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.domain.access import Role
from clarion.domain.throttle import ACCOUNT, EVERYBODY, NETWORK, NOTES, SECOND, Bucket, Rate, take
from clarion.services.access import invitations
from clarion.services.access.accounts import make_link_for, reset_password
from clarion.services.access.passwords import Hasher
from clarion.services.access.sessions import Access, SignInRefused, Started, Visitor
from clarion.services.access.sign_in import sign_in
from clarion.services.access.throttle import Throttle, TooManyAttempts
from clarion.services.secrets import SecretBox
from clarion.store.access import throttles
from clarion.store.db import Database

OWNER, PASSWORD = "ana@example.org", "four random words together"
HOUR = 3_600 * SECOND


class Counting(Hasher):
    """Cheap, and knows how many passwords were compared."""

    def __init__(self) -> None:
        super().__init__(passes=1, memory=8, lanes=1)
        self.compared = 0

    async def matches(self, stored: str, password: str) -> bool:
        self.compared += 1
        return await super().matches(stored, password)


@pytest.fixture(name="access")
async def access_fixture(database_url: str) -> AsyncIterator[Access]:
    db = await Database.open(database_url)
    hasher = Counting()
    access = Access(db, SecretBox({"k": b"k" * 32}), hasher, Throttle(db), idle=HOUR, lifetime=24 * HOUR)
    await invitations.invite(db, OWNER, Role.OWNER, workspace=1, password=await hasher.hash(PASSWORD))
    yield access
    await db.close()


async def _try(access: Access, email: str, password: str, visitor: Visitor) -> Started | str:
    try:
        return await sign_in(access, email=email, password=password, code="", visitor=visitor)
    except (SignInRefused, TooManyAttempts) as error:
        return type(error).__name__


async def _storm(access: Access, tries: list[tuple[str, Visitor]]) -> tuple[Counter[str], float]:
    """What became of many wrong passwords, a few at a time, and how long it took."""
    began, told, waiting = time.monotonic(), Counter[str](), iter(tries)

    async def one() -> None:
        for email, visitor in waiting:
            told[str(await _try(access, email, "password1234", visitor))] += 1

    await asyncio.gather(*(one() for _ in range(8)))
    return told, time.monotonic() - began


async def _log(access: Access) -> Counter[tuple[str, str]]:
    async with access.db.reading() as tx:
        rows = await tx.all("SELECT action, actor FROM audit")
    return Counter((row.action, row.actor) for row in rows)


async def test_R25_ten_thousand_wrong_passwords_for_one_account_from_many_addresses(access: Access) -> None:
    before = await _try(access, OWNER, PASSWORD, Visitor("192.0.2.1"))
    assert isinstance(before, Started)
    tries = [(OWNER, Visitor(f"10.{n // 250}.{n % 250}.9")) for n in range(10_000)]
    told, took = await _storm(access, tries)
    assert told.total() == 10_000
    assert told["SignInRefused"] <= ACCOUNT.burst + took * SECOND / ACCOUNT.gap + 1
    assert isinstance(access.hasher, Counting)
    assert access.hasher.compared <= told["SignInRefused"] + 1  # the others cost no hash
    # The owner comes in: by the browser of before, and by a link when there is none.
    known = Visitor("192.0.2.1", device=before.device)
    assert isinstance(await _try(access, OWNER, PASSWORD, known), Started)
    assert await _try(access, OWNER, PASSWORD, Visitor("192.0.2.1")) == "TooManyAttempts"
    _, path, _ = await make_link_for(access.db, OWNER)
    token = path.partition("token=")[2]
    new = await reset_password(
        access, token=token, password="another four words", code="", visitor=Visitor("198.51.100.1")
    )
    assert new.caller.user_id == before.caller.user_id
    noted = await _log(access)
    assert noted["sign_in_refused", "user:1"] == 1
    assert noted["sign_in_slowed", "user:1"] == 1
    assert noted["reset_password", "user:1"] == 1
    assert noted.total() == 5  # with two sign-ins


async def test_R25_one_password_for_ten_thousand_accounts(access: Access) -> None:
    before = await _try(access, OWNER, PASSWORD, Visitor("192.0.2.1"))
    assert isinstance(before, Started)
    tries = [(f"user{n}@example.org", Visitor(f"203.0.{n % 3}.{n % 250}")) for n in range(6_000)]
    tries += [(f"user{n}@example.org", Visitor(f"10.{n // 250}.{n % 250}.9")) for n in range(6_000, 10_000)]
    told, took = await _storm(access, tries)
    assert told.total() == 10_000
    # Three networks fill their buckets or everybody's; the many fill everybody's.
    assert 3 * NETWORK.burst > EVERYBODY.burst
    assert EVERYBODY.burst <= told["SignInRefused"] <= EVERYBODY.burst + took * SECOND / EVERYBODY.gap + 1
    known = Visitor("192.0.2.1", device=before.device)
    assert isinstance(await _try(access, OWNER, PASSWORD, known), Started)
    noted = await _log(access)
    most = NOTES.burst + took * SECOND / NOTES.gap + 1
    assert NOTES.burst <= noted["sign_in_refused", "nobody"] <= most
    assert 1 <= noted["sign_in_slowed", "nobody"] <= 4
    async with access.db.reading() as tx:
        stored = " ".join(row.bucket for row in await tx.all("SELECT bucket FROM throttles"))
    assert "example.org" not in stored


async def test_right_passwords_count_for_nothing(access: Access) -> None:
    for _ in range(3 * ACCOUNT.burst):
        assert isinstance(await _try(access, OWNER, PASSWORD, Visitor("192.0.2.1")), Started)
    async with access.db.reading() as tx:
        now = await tx.now()
        assert await tx.scalar("SELECT max(empty_at) FROM throttles") <= now


async def test_a_device_of_another_user_or_made_up_opens_no_bucket(access: Access) -> None:
    hashed = await access.hasher.hash(PASSWORD)
    await invitations.invite(access.db, "eve@example.org", Role.VIEWER, workspace=1, password=hashed)
    eve = await _try(access, "eve@example.org", PASSWORD, Visitor("192.0.2.1"))
    assert isinstance(eve, Started)
    for device in (eve.device, "made-up", eve.device[:-4], "é", "=" * 40):
        last: Started | str = ""
        for _ in range(ACCOUNT.burst + 1):
            last = await _try(access, OWNER, "wrong password", Visitor("192.0.2.1", device=device))
        assert last == "TooManyAttempts"


@given(
    st.builds(Rate, st.integers(1, 5), st.integers(1, 40)),
    st.lists(st.integers(0, 60), min_size=1, max_size=30),
)
@settings(max_examples=20)
def test_the_statement_counts_as_the_domain_does(rate: Rate, pauses: list[int]) -> None:
    async def both() -> None:
        db = await Database.open("sqlite://")
        try:
            async with db.transaction() as tx:
                await tx.run("CREATE TABLE throttles (bucket TEXT PRIMARY KEY, empty_at BIGINT)")
                now, empty_at = 1_000, 0
                for pause in pauses:
                    now += pause
                    expected = take(empty_at, now, rate)
                    assert (await throttles.take(tx, Bucket("b", rate), now) == 0) == (expected is not None)
                    empty_at = empty_at if expected is None else expected
        finally:
            await db.close()

    asyncio.run(both())


async def test_buckets_that_are_empty_are_forgotten(access: Access) -> None:
    quick = Rate(1, 1)
    for n in range(60):
        await access.throttle.take(Bucket(f"b{n}", quick))
    async with access.db.reading() as tx:
        assert await tx.scalar("SELECT count(*) FROM throttles") <= 2


async def test_two_processes_share_one_bucket(access: Access) -> None:
    bucket, other = Bucket("b", Rate(5, HOUR)), Throttle(access.db)
    results = await asyncio.gather(
        *(each.first(bucket) for each in (access.throttle, other) for _ in range(10))
    )
    assert results.count(True) == 5
