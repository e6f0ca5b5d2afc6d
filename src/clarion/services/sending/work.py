"""The body of a `send:<sender>` lane: keep about a second of slots claimed, mark each just before it is due."""

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from clarion.domain.content import Content
from clarion.domain.errors import ClarionError
from clarion.domain.pacing import SECOND
from clarion.domain.sending import (
    PAUSES_SENDER,
    RESULTS,
    SLOWS_SENDER,
    Accepted,
    Fault,
    FaultKind,
    NotSent,
    Outcome,
    Rejected,
    Unknown,
)
from clarion.providers.base import Outgoing, Provider
from clarion.providers.transport import LEAVES
from clarion.services.ports import UNWATCHED, Meters
from clarion.services.senders import pause_sender
from clarion.services.sending.contents import Contents
from clarion.services.sending.ledger import Ledger
from clarion.services.sending.providers import Providers
from clarion.services.sending.starts import Offset, Ready, Starts, clock
from clarion.store import timelines
from clarion.store.db import Database
from clarion.store.outbox.claim import Claimed, claim, next_due
from clarion.store.outbox.mark import Mark, release
from clarion.store.outbox.settle import Result
from clarion.store.receipts import make_echo

log = structlog.get_logger()

MOST = 256  # messages per claim: reading and rendering more at once would hold up the starts of others
GROUP = 200  # messages per mark
IDLE = 50_000  # nothing is due but slots are still to come: look again after 0.05 s
SLACK = 10_000  # how late a start may be when other processes use the same line
SHARED = 10_000_000  # how long after another process claimed on the line it counts as shared
BLOCKED = 100_000  # due, but its contact has another message on the way: look again after 0.1 s


@dataclass(frozen=True, slots=True)
class Plan:
    """How sending is timed; microseconds unless said otherwise. See settings `sending.*`."""

    horizon: int = 1_000_000
    lease: int = 60_000_000
    mark_group: int = 20_000
    mark_lead: int = 100_000
    mark_expiry: int = 5_000_000
    in_flight: int = 1_024  # requests per sender
    headroom: float = 0.007  # share of the rate


class Sending:
    """All sending of one process. One `work(sender)` runs per sender; they share marks, results and connections."""

    def __init__(
        self,
        db: Database,
        ledger: Ledger,
        providers: Providers,
        *,
        worker: str,
        plan: Plan,
        meters: Meters = UNWATCHED,
    ) -> None:
        self._meters = meters
        self._db, self._ledger, self._providers = db, ledger, providers
        self._worker, self._plan = worker, plan
        self._contents = Contents(db)
        self._offset = Offset()
        self._lines: dict[int, _Line] = {}
        self._stopping = False

    async def work(self, sender_id: int, news: asyncio.Event) -> int | None:
        """Send what is due; returns microseconds until more may be due, None if nothing is.

        `news` set means rows became due meanwhile. Safe to repeat, to run in several processes at once and to
        be killed anywhere: what was claimed returns, what was marked becomes `unknown`.
        """
        line = self._lines.setdefault(sender_id, _Line(self, sender_id))
        return await line.work(news)

    @property
    def stopping(self) -> bool:
        """Whether the process is about to end: begin nothing long."""
        return self._stopping

    async def stop(self, *, grace: float = 30.0) -> None:
        """Claim nothing more, give leases back, let requests finish for `grace` seconds."""
        self._stopping = True
        for line in self._lines.values():
            line.hurry()
        deadline = clock() + int(grace * 1_000_000)
        # Once in a process's life, over many lines: an event for each would not pay.
        while any(line.busy for line in self._lines.values()) and clock() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


class _Line:
    """One sender's way through claim, mark, start."""

    def __init__(self, sending: Sending, sender_id: int) -> None:
        self._all, self._sender = sending, sender_id
        self._plan = sending._plan
        self._ahead: deque[Ready] = deque()
        self._starts = Starts(self._start)
        self._open = 0  # marked and not settled
        self._freed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._paced = True
        self._shared_until = 0
        self._claimed = asyncio.Event()
        self._news = asyncio.Event()
        self._slowed_at = self._hold = 0

    @property
    def busy(self) -> bool:
        return bool(self._open or self._ahead)

    def hurry(self) -> None:
        """Look around now, however long the sender may not send: the process is about to end."""
        self._news.set()

    async def work(self, news: asyncio.Event) -> int | None:
        """Two hands: one keeps about half a horizon claimed, the other marks each group just before its slots."""
        self._news = news
        claiming = asyncio.create_task(self._keep_claimed(news))
        claiming.add_done_callback(lambda _: self._claimed.set())
        try:
            while self._ahead or not claiming.done():
                if self._ahead and not self._all._stopping:
                    await self._step()
                elif claiming.done():
                    break
                else:
                    self._claimed.clear()
                    await self._claimed.wait()
            return await claiming
        finally:
            claiming.cancel()
            await self._give_back()

    async def _keep_claimed(self, news: asyncio.Event) -> int | None:
        """Claim until nothing is due or the sender pauses; microseconds until more is due, None if nothing is."""
        while not self._all._stopping:
            news.clear()
            wait = self._enough_for()
            if wait:
                await _sleep(news, wait)
                continue
            claimed = await self._claim()
            if claimed is None:
                await self._give_back()
                return None
            if claimed.claims:
                self._claimed.set()
            elif claimed.full_for:
                await _sleep(news, claimed.full_for)
            elif self._ahead:
                await _sleep(news, IDLE)
            else:
                async with self._all._db.reading() as tx:
                    due = await next_due(tx, self._sender)
                return None if due is None else max(due, BLOCKED)
        return None

    def _enough_for(self) -> int:
        """Microseconds for which no claim is needed; 0 when the slots or messages in hand run low."""
        if not self._paced:
            room = self._plan.in_flight - self._open - len(self._ahead)
            return 0 if room >= min(MOST, self._plan.in_flight) else 2_000
        if not self._ahead:
            return 0
        return max(0, self._ahead[-1].at - self._plan.horizon // 2 - clock())

    async def _claim(self) -> Claimed | None:
        plan, sending = self._plan, self._all

        async def work() -> Claimed | None:
            async with sending._db.transaction() as tx:
                return await claim(
                    tx,
                    self._sender,
                    worker=sending._worker,
                    want=MOST,
                    horizon=plan.horizon,
                    lead=plan.mark_lead // 2,
                    hurry=plan.mark_lead // 10,
                    lease=plan.lease,
                    headroom=plan.headroom,
                    clock=clock,
                )

        claimed = await sending._db.persist(work)
        if claimed is not None and claimed.claims:
            offset = sending._offset.after(claimed.clock)
            self._starts.pace(claimed.line.rate, plan.headroom)
            self._paced = claimed.line.rate > 0
            if self._paced and claimed.shared:
                self._shared_until = clock() + SHARED
            for one in claimed.claims:
                sending._meters.time("clarion_queue_wait_seconds", max(0, one.slot - one.due_at) / SECOND)
                self._ahead.append(
                    await sending._contents.render(one, one.slot - offset, secrets.token_hex(16))
                )
        return claimed

    async def _step(self) -> None:
        """Mark the next group when its time has come, else sleep until then."""
        now = clock()
        group_at = self._ahead[0].at - self._plan.mark_lead
        if now < group_at:
            await asyncio.sleep((group_at - now) / 1_000_000)
            return
        room = min(self._plan.in_flight - self._open, GROUP)
        if room <= 0 or len(self._starts) > 2 * GROUP:
            await self._wait_for_room()
            return
        group: list[Ready] = []
        end = max(self._ahead[0].at, now + self._plan.mark_lead) + self._plan.mark_group
        while self._ahead and len(group) < room and self._ahead[0].at <= end:
            group.append(self._ahead.popleft())
        await self._mark(group)

    async def _mark(self, group: Sequence[Ready]) -> None:
        self._open += len(group)
        marks = [_mark_of(ready) for ready in group]
        try:
            allowed = await self._all._ledger.mark(marks)
        except Exception as error:  # noqa: BLE001  # the mark may or may not have been stored: nothing is sent
            log.warning("marks.lost", messages=len(group), error=type(error).__name__)
            await self._disown(group)
            return
        now = clock()
        for ready, may in zip(group, allowed, strict=True):
            if may:
                ready.marked_at = now
                self._starts.add(ready)
            else:
                self._open -= 1

    async def _disown(self, group: Sequence[Ready]) -> None:
        """After a lost commit answer: stored marks are settled as certainly not sent, leases run out."""
        fault = Fault(FaultKind.OURS, "store", "The database went away before the request began.")
        results = [Result(r.claim.message_id, r.attempt_id, NotSent(fault)) for r in group]
        try:
            await self._all._ledger.settle(results)
        finally:
            self._open -= len(group)

    def _start(self, ready: Ready) -> None:
        task = asyncio.create_task(self._request(ready))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _request(self, ready: Ready) -> None:
        LEAVES.set(ready.leaves)
        try:
            outcome = await self._outcome(ready)
            sender = self._sender if ready.asked else 0
            await self._all._ledger.settle(
                [Result(ready.claim.message_id, ready.attempt_id, outcome, sender)]
            )
        finally:
            self._open -= 1
            self._freed.set()

    async def _outcome(self, ready: Ready) -> Outcome:
        if clock() - ready.marked_at > self._plan.mark_expiry:
            return NotSent(Fault(FaultKind.OURS, "late", "The process stood still between mark and request."))
        if clock() < self._shared_until and clock() - ready.at > SLACK:
            # Other processes have the slots after it: sending now would make one too many in that second.
            return NotSent(Fault(FaultKind.OURS, "slot", "The slot was missed; the message gets a new one."))
        if ready.content is None:
            return Rejected(Fault(FaultKind.REQUEST, "content", ready.problem))
        if ready.dry_run:
            return Accepted(f"dry-run-{ready.attempt_id}")
        try:
            provider = await self._all._providers.get(self._sender)
        except ClarionError as problem:  # nothing of this sender can leave: the message is not to blame
            outcome: Outcome = NotSent(Fault(FaultKind.ACCOUNT, "sender", str(problem)))
        except Exception as error:  # noqa: BLE001  # whatever the database says, no request has begun
            return NotSent(Fault(FaultKind.OURS, "store", f"The database went away: {type(error).__name__}."))
        else:
            outcome = await self._ask(provider, ready, ready.content)
        await self._react(outcome)
        return outcome

    async def _ask(self, provider: Provider, ready: Ready, content: Content) -> Outcome:
        meters, name, began = self._all._meters, self._all._providers.name_of(self._sender), clock()
        ready.asked = True
        meters.time("clarion_start_delay_seconds", max(0, began - ready.at) / SECOND)
        with meters.span(
            "provider.request", provider=name, sender_id=self._sender, message_id=ready.claim.message_id
        ) as span:
            outcome = await self._try(provider, ready, content)
            result = RESULTS[type(outcome)]
            span.tell(result=result)
        meters.time("clarion_provider_request_seconds", (clock() - began) / SECOND, name)
        meters.add("clarion_messages_sent_total", 1, name, result)
        return outcome

    async def _try(self, provider: Provider, ready: Ready, content: Content) -> Outcome:
        echo = make_echo(ready.claim.message_id, ready.attempt_id)
        try:
            hidden = "" if ready.claim.address else ready.claim.person.removeprefix("user:")
            return await provider.send(Outgoing(ready.claim.address, content, echo, user_id=hidden))
        except ClarionError as refusal:  # raised before the request: this provider cannot send such content
            return Rejected(Fault(FaultKind.REQUEST, "content", str(refusal)))
        except Exception as error:  # a fault of ours after the mark proves nothing about the request
            log.exception("attempt.broke", message_id=ready.claim.message_id)
            return Unknown(f"an error of our own: {type(error).__name__}")

    async def _react(self, outcome: Outcome) -> None:
        """What an answer means for the sender as a whole, before the message itself is settled: it is in any case."""
        try:
            match outcome:
                case Rejected(fault) | NotSent(fault) if fault.kind in PAUSES_SENDER:
                    await self._pause(fault)
                case NotSent(fault, retry_after) if fault.kind in SLOWS_SENDER:
                    await self._slow_down(fault, retry_after)
                case _:
                    pass
        except Exception:
            log.exception("answer.unheeded", sender_id=self._sender)

    async def _slow_down(self, fault: Fault, hold: int) -> None:
        """Once a second is enough: a thousand requests that are refused at once must not use up the connections."""
        if clock() - self._slowed_at < SECOND and hold <= self._hold:
            return
        self._slowed_at, self._hold = clock(), hold
        async with self._all._db.transaction() as tx:
            slower = await timelines.throttle(tx, self._sender, hold=hold)
        if slower is not None:
            log.info("sender.slowed", sender_id=self._sender, code=fault.code, pace=round(slower.pace, 2))

    async def _pause(self, fault: Fault) -> None:
        """Stop the sender at the first such answer; what is marked and not begun certainly stays unsent."""
        waiting = self._starts.clear()
        results = [Result(r.claim.message_id, r.attempt_id, NotSent(fault)) for r in waiting]
        self._open -= len(waiting)
        try:
            if await pause_sender(self._all._db, self._sender, f"{fault.reason} (code {fault.code})"):
                log.warning("sender.paused", sender_id=self._sender, code=fault.code)
        finally:
            if results:
                await self._all._ledger.settle(results)

    async def _give_back(self) -> None:
        if self._ahead:
            leases = [_mark_of(ready) for ready in self._ahead]
            self._ahead.clear()
            async with self._all._db.transaction() as tx:
                await release(tx, leases)

    async def _wait_for_room(self) -> None:
        self._freed.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._freed.wait(), 0.05)


def _mark_of(ready: Ready) -> Mark:
    claim_ = ready.claim
    return Mark(
        claim_.message_id,
        claim_.token,
        ready.attempt_id,
        claim_.sender_id,
        claim_.campaign_id,
        claim_.run_id,
        claim_.epoch,
    )


async def _sleep(news: asyncio.Event, duration: int) -> None:
    """Sleep `duration` microseconds, or until there is news."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(news.wait(), max(0, duration) / 1_000_000)
