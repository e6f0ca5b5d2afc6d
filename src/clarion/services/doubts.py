"""The body of the `doubts` lane: look for evidence about unknown messages, and obey their delivery policy.

Most doubts end before this looks: a status webhook carries the attempt id and settles them (receiving).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from clarion.domain.campaign import Policy
from clarion.domain.content import Text, from_json
from clarion.domain.errors import ClarionError
from clarion.domain.sending import Accepted
from clarion.domain.template import compile_content
from clarion.providers.base import SentMessage
from clarion.services.ports import Waker
from clarion.services.sending.ledger import Ledger
from clarion.services.sending.providers import Providers
from clarion.store import dialect
from clarion.store.db import Database
from clarion.store.outbox import doubts
from clarion.store.outbox.settle import Result

log = structlog.get_logger()

SECOND = 1_000_000
MINUTE = 60 * SECOND
BATCH = 50
SLACK = 2 * MINUTE  # between our clock and the provider's


@dataclass(frozen=True, slots=True)
class Schedule:
    """Microseconds after the doubt began. `looks`: when the provider is asked; see settings `evidence.*`."""

    looks: tuple[int, ...] = (30 * SECOND, 2 * MINUTE, 10 * MINUTE, 60 * MINUTE)
    quiet_after: int = 15 * MINUTE
    unresolved_after: int = 24 * 60 * MINUTE
    absent_after: int = 10 * MINUTE  # a request given up may still be accepted until then
    absent_after_eager: int = 2 * MINUTE  # for policies that would resend anyway
    again_after: int = MINUTE  # must_arrive
    attempts: int = 3  # must_arrive


class Doubts:
    """Works through doubts one by one: they are few, and each may ask the provider."""

    def __init__(
        self, db: Database, ledger: Ledger, providers: Providers, waker: Waker, schedule: Schedule
    ) -> None:
        self._db, self._ledger, self._providers = db, ledger, providers
        self._waker, self._schedule = waker, schedule

    async def work(self) -> int | None:
        """Look into all doubts that are due; microseconds until the next is, None if there is none."""
        while True:
            async with self._db.reading() as tx:
                rows = await doubts.due(tx, limit=BATCH)
            for row in rows:
                try:
                    await self._look(row)
                except Exception:  # the next doubt is not to wait for this one
                    log.exception("doubt.broke", message_id=row.message_id)
                    await self._wait(row, row.now - row.doubted_at, _policy(row))
            if len(rows) < BATCH:
                break
        async with self._db.reading() as tx:
            return await doubts.next_look(tx)

    async def _look(self, row: Any) -> None:
        listing = await self._listing(row)
        if listing is not None and await self._found(row, listing):
            return
        age = row.now - row.doubted_at
        policy = _policy(row)
        wait = (
            self._schedule.absent_after
            if policy is Policy.NO_DUPLICATES
            else self._schedule.absent_after_eager
        )
        if listing is not None and not listing and row.gave_up and age >= wait:
            await self._again(row, absent=True)
        elif await self._allowed(row, policy, age):
            await self._again(row, absent=False)
        else:
            await self._wait(row, age, policy)

    async def _listing(self, row: Any) -> Sequence[SentMessage] | None:
        """What the provider sent to this person since the message was written and we cannot place; None: no listing."""
        try:
            provider = await self._providers.get(row.sender_id)
            # Not since the doubt began: a process that was down for an hour doubts an hour after its request.
            sent = await provider.sent_to(row.address, since=row.created_at - SLACK)
        except ClarionError as problem:
            log.info("evidence.unavailable", sender_id=row.sender_id, error=type(problem).__name__)
            return None
        if sent is None:
            return None
        body = _plain_body(row)
        async with self._db.reading() as tx:
            free = await doubts.strangers(tx, [message.provider_id for message in sent])
        return [m for m in sent if m.provider_id in free and (body is None or m.body == body)]

    async def _found(self, row: Any, listing: Sequence[SentMessage]) -> bool:
        """Adopt the provider's message when there are as many as doubts: by count, never by guessing."""
        if not listing:
            return False
        async with self._db.reading() as tx:
            doubted = await doubts.doubts_about(tx, row.sender_id, row.person)
        if len(listing) != doubted:
            return False
        oldest = min(listing, key=lambda message: (message.created_at, message.provider_id))
        await self._ledger.settle([Result(row.message_id, row.attempt_id, Accepted(oldest.provider_id))])
        log.info("doubt.settled", message_id=row.message_id, by="listing")
        return True

    async def _allowed(self, row: Any, policy: Policy, age: int) -> bool:
        """Whether the policy allows another attempt although this one may have arrived."""
        if row.expires_at and row.expires_at <= row.now:
            return False
        if policy is Policy.MUST_ARRIVE:
            return bool(age >= self._schedule.again_after and row.attempts < self._schedule.attempts)
        if policy is Policy.RESEND_IF_QUIET and age >= self._schedule.quiet_after and not row.earlier_doubts:
            async with self._db.reading() as tx:
                return await doubts.heard_since(tx, row.sender_id, row.doubted_at, enough=20)
        return False

    async def _again(self, row: Any, *, absent: bool) -> None:
        async def work() -> None:
            async with self._db.transaction() as tx:
                await doubts.requeue(tx, row, absent=absent)

        await self._db.persist(work)
        log.info("doubt.requeued", message_id=row.message_id, absent=absent)
        self._waker.wake(f"send:{row.sender_id}")

    async def _wait(self, row: Any, age: int, policy: Policy) -> None:
        plan = self._schedule
        moments = [*plan.looks, plan.unresolved_after]
        if policy is Policy.RESEND_IF_QUIET:
            moments.append(plan.quiet_after)
        if policy is Policy.MUST_ARRIVE:
            moments.append(plan.again_after)
        later = sorted(moment for moment in moments if moment > age)
        until = row.doubted_at + later[0] if later else doubts.FAR
        async with self._db.transaction() as tx:
            await doubts.look_again(tx, [(row.message_id, until, not later)])


def _policy(row: Any) -> Policy:
    return Policy(row.policy) if row.policy else Policy.NO_DUPLICATES


def _plain_body(row: Any) -> str | None:
    """The exact text we sent, when it is plain text; None for templates, whose words are the provider's."""
    content = dialect.json_value(row.content)
    if content is not None:
        made = from_json(content)
    else:
        variables = dialect.json_value(row.variables) or {}
        made = compile_content(from_json(dialect.json_value(row.campaign_content))).render(variables)
    return made.body if isinstance(made, Text) else None
