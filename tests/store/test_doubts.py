"""What the `doubts` lane concludes from a provider's own list, on both databases."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from clarion.domain.message import Status
from clarion.domain.sending import Outcome, Unknown
from clarion.providers.base import Health, Outgoing, Provider, SenderAccount, SentMessage, TemplateInfo
from clarion.services.doubts import Doubts, Schedule
from clarion.services.secrets import SecretBox, load_or_create_key
from clarion.services.senders import add_sender
from clarion.services.sending.journal import Journal
from clarion.services.sending.ledger import Ledger
from clarion.services.sending.providers import Providers
from clarion.store.db import Database
from clarion.store.outbox.claim import claim
from clarion.store.outbox.mark import Mark, mark
from clarion.store.outbox.recover import recover
from tests.support.world import World, balanced, count_row, make_world

SECOND = 1_000_000
HOUR = 3_600 * SECOND


class Listing:
    """A provider that lists what it was told it sent, as Twilio does."""

    def __init__(self, sent: Sequence[SentMessage]) -> None:
        self.sent = sent

    async def send(self, message: Outgoing) -> Outcome:
        return Unknown("this provider only lists")

    async def templates(self) -> AsyncIterator[TemplateInfo]:
        for info in tuple[TemplateInfo, ...]():
            yield info

    async def health(self) -> Health:
        return Health(ok=True, name="", quality="", limit=0, detail="")

    async def sent_to(self, to: str, *, since: int) -> Sequence[SentMessage]:
        return [one for one in self.sent if one.to == to and one.created_at >= since]


class Nobody:
    def wake(self, lane: str, *, after: int = 0) -> None: ...


async def requested_an_hour_ago(db: Database, folder: Path) -> tuple[World, SecretBox]:
    """One message whose process died around its request, and was started again an hour later."""
    box = SecretBox.from_setting(load_or_create_key(folder / "secret.key"))
    sender = await add_sender(
        db,
        box,
        workspace=1,
        name="tw",
        provider="twilio",
        account="AC00000000000000000000000000000001",
        config={"from": "+15005550006"},
        secrets={"auth_token": "t"},
        rate=0,
    )
    world = await make_world(db, people=1, sender=sender)
    async with db.transaction() as tx:
        found = await claim(
            tx,
            sender,
            worker="gone",
            want=1,
            horizon=SECOND,
            lead=0,
            hurry=0,
            lease=60 * SECOND,
            headroom=0,
            clock=lambda: 0,
        )
        assert found is not None
        one = found.claims[0]
        await mark(tx, [Mark(one.message_id, one.token, "a1", sender, one.campaign_id)], deadline=60 * SECOND)
        now = await tx.now()
        await tx.run("UPDATE messages SET created_at = :at", {"at": now - HOUR})
        await recover(tx, first_look=0, everybody_but="the next one")
    return world, box


async def looked(db: Database, box: SecretBox, folder: Path, sent: Sequence[SentMessage]) -> None:
    """One look at the doubts, as it would be made when no request can be on its way any more."""

    def opened(name: str, account: SenderAccount) -> Provider:
        return Listing(sent)

    providers = Providers(db, box, opened)
    ledger = Ledger(db, Nobody(), Journal(folder, "next"), deadline=60 * SECOND, first_look=SECOND, limit=3)
    await Doubts(db, ledger, providers, Nobody(), Schedule(absent_after=0)).work()


def sent_at(at: int, body: str = "Hi N0") -> SentMessage:
    return SentMessage("SM1", "+447700900000", body, Status.DELIVERED, at)


async def test_a_message_the_provider_took_before_a_long_downtime_is_found_and_not_sent_again(
    db: Database, tmp_path: Path
) -> None:
    world, box = await requested_an_hour_ago(db, tmp_path)
    async with db.reading() as tx:
        taken_at = await tx.now() - HOUR + 2 * SECOND
    await looked(db, box, tmp_path, [sent_at(taken_at)])
    assert await count_row(db, world.campaign) == {"audience": 1, "accepted": 1}
    assert await balanced(db, world.campaign)


async def test_a_message_the_provider_never_got_is_proven_absent_and_queued_again(
    db: Database, tmp_path: Path
) -> None:
    world, box = await requested_an_hour_ago(db, tmp_path)
    await looked(db, box, tmp_path, [])
    assert await count_row(db, world.campaign) == {"audience": 1, "queued": 1}
    assert await balanced(db, world.campaign)


async def test_two_messages_where_one_is_in_doubt_prove_nothing(db: Database, tmp_path: Path) -> None:
    world, box = await requested_an_hour_ago(db, tmp_path)
    async with db.reading() as tx:
        now = await tx.now()
    twice = [sent_at(now), SentMessage("SM2", "+447700900000", "Hi N0", Status.SENT, now)]
    await looked(db, box, tmp_path, twice)
    assert await count_row(db, world.campaign) == {"audience": 1, "unknown": 1}


class Silent(Listing):
    """A provider without a list, as WhatsApp."""

    async def sent_to(self, to: str, *, since: int) -> Sequence[SentMessage]:
        return None  # type: ignore[return-value]  # the protocol allows it, the base class always has a list


async def doubted(db: Database, folder: Path, policy: str, *, seconds: int) -> World:
    """One message in doubt since `seconds`, under a policy, looked at once; its provider has no list."""
    world, box = await requested_an_hour_ago(db, folder)
    async with db.transaction() as tx:
        await tx.run("UPDATE campaigns SET policy = :policy", {"policy": policy})
        at = await tx.now() - seconds * SECOND
        await tx.run("UPDATE outbox SET doubted_at = :at, until = 0", {"at": at})
    await look_in_vain(db, box, folder)
    return world


async def look_in_vain(db: Database, box: SecretBox, folder: Path) -> None:
    providers = Providers(db, box, lambda name, account: Silent([]))
    ledger = Ledger(db, Nobody(), Journal(folder, "next"), deadline=60 * SECOND, first_look=SECOND, limit=3)
    await Doubts(db, ledger, providers, Nobody(), Schedule()).work()


async def heard_of_others(db: Database, world: World, *, count: int) -> None:
    """Later messages of the same sender that receipts came for."""
    async with db.transaction() as tx:
        now = await tx.now()
        for n in range(count):
            await tx.run(
                "INSERT INTO messages (workspace_id, contact_id, sender_id, address, person, status, accepted_at, "
                "sent_at) VALUES (1, :n, :sender, '+1', '1', 'sent', :now, :now)",
                {"n": 1_000 + n, "sender": world.sender, "now": now},
            )


async def test_no_duplicates_waits_for_evidence_and_then_for_a_person(db: Database, tmp_path: Path) -> None:
    world = await doubted(db, tmp_path, "no_duplicates", seconds=25 * 3_600)
    assert await count_row(db, world.campaign) == {"audience": 1, "unknown": 1}
    async with db.reading() as tx:
        assert await tx.scalar("SELECT unresolved FROM outbox")


@pytest.mark.parametrize(("seconds", "status"), [(30, "unknown"), (61, "queued")])
async def test_must_arrive_tries_again_a_minute_after_the_doubt(
    db: Database, tmp_path: Path, seconds: int, status: str
) -> None:
    world = await doubted(db, tmp_path, "must_arrive", seconds=seconds)
    assert await count_row(db, world.campaign) == {"audience": 1, status: 1}
    assert await balanced(db, world.campaign)


async def test_must_arrive_makes_three_attempts_at_the_most(db: Database, tmp_path: Path) -> None:
    world, box = await requested_an_hour_ago(db, tmp_path)
    async with db.transaction() as tx:
        await tx.run("UPDATE campaigns SET policy = 'must_arrive'")
        await tx.run("UPDATE outbox SET attempts = 3, doubted_at = 1, until = 0")
    await look_in_vain(db, box, tmp_path)
    assert await count_row(db, world.campaign) == {"audience": 1, "unknown": 1}


@pytest.mark.parametrize(("others", "status"), [(19, "unknown"), (20, "queued")])
async def test_resend_if_quiet_tries_again_only_when_the_senders_other_messages_are_heard_of(
    db: Database, tmp_path: Path, others: int, status: str
) -> None:
    world, box = await requested_an_hour_ago(db, tmp_path)
    async with db.transaction() as tx:
        await tx.run("UPDATE campaigns SET policy = 'resend_if_quiet'")
        at = await tx.now() - 16 * 60 * SECOND
        await tx.run("UPDATE outbox SET doubted_at = :at, until = 0", {"at": at})
    await heard_of_others(db, world, count=others)
    await look_in_vain(db, box, tmp_path)
    assert await count_row(db, world.campaign) == {"audience": 1, status: 1}
