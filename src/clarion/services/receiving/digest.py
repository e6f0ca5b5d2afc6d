"""The body of the lanes `inbox` and `replies`: stored events become receipts, replies, opt-outs and notices."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from clarion.domain.errors import ClarionError
from clarion.providers.base import (
    AccountNotice,
    Event,
    Preference,
    RawEvent,
    Receipt,
    Reply,
    TemplateChange,
    Unread,
)
from clarion.providers.kind import ProviderKind
from clarion.services.campaigns import pause_tripped
from clarion.services.ports import LINGER, UNWATCHED, Meters, Waker
from clarion.services.receiving import people
from clarion.store import counts, inbox, notices, receipts
from clarion.store.db import Database, Tx
from clarion.store.inbox import Stored
from clarion.store.receipts import Heard

log = structlog.get_logger()

COMPANY = 0.02  # seconds that a receipt waits for others, to share a transaction with them
_BUSY = 5_000  # microseconds before another look at replies that another process is reading
BATCH = 250  # on SQLite the marks of running campaigns wait for this transaction: a few milliseconds


@dataclass(slots=True)
class _Sorted:
    """A batch by what each event means. Every stored event is in exactly one of these."""

    receipts: list[Heard] = field(default_factory=list)
    replies: list[tuple[Stored, Reply]] = field(default_factory=list)
    preferences: list[tuple[Stored, Preference]] = field(default_factory=list)
    changes: list[tuple[Stored, TemplateChange | AccountNotice]] = field(default_factory=list)
    aside: list[tuple[int, str]] = field(default_factory=list)


class Digest:
    """Reads the inbox: people's replies, or (without `replies`) everything else.

    Any number may run at once: receipts are shared among them, replies are read by one at a time.
    """

    def __init__(
        self,
        db: Database,
        kinds: Mapping[str, ProviderKind],
        waker: Waker,
        *,
        replies: bool = False,
        meters: Meters = UNWATCHED,
    ) -> None:
        self._meters = meters
        self._db, self._kinds, self._waker, self._replies = db, kinds, waker, replies
        self._blocked = False

    async def work(self) -> int | None:
        """Read all that is due; microseconds until more is, None if nothing waits."""
        if not self._replies:
            # Every batch moves its campaigns' counters, one row that marks and results need too: few, not many.
            await asyncio.sleep(COMPANY)
        while await self._batch(BATCH) == BATCH:
            pass
        if self._replies:
            return _BUSY if self._blocked else None
        async with self._db.reading() as tx:
            found: int | None = await inbox.due(tx)
        return found

    async def _batch(self, size: int) -> int:
        """One transaction for a batch; if it breaks, one event at a time, so that only the poison is set aside."""
        try:
            return await self._db.persist(lambda: self._read(size, []))
        except Exception as error:  # noqa: BLE001  # the batch is read again, event by event
            log.warning("inbox.batch_broke", error=type(error).__name__)
        handled = 0
        while handled < size and await self._one():
            handled += 1
        return handled

    async def _one(self) -> bool:
        """Read the oldest event that is due; False if none is. One that breaks is kept with its reason."""
        taken: list[int] = []
        try:
            return bool(await self._db.persist(lambda: self._read(1, taken)))
        except Exception as error:  # its neighbours go on
            if not taken:
                raise
            log.error("inbox.event_broke", inbox_id=taken[-1], error=type(error).__name__)
            async with self._db.transaction() as tx:
                await inbox.failed(tx, taken[-1], type(error).__name__)
            return True

    async def _read(self, size: int, taken: list[int]) -> int:
        """Read up to `size` events in one transaction; their ids are added to `taken` before anything can break."""
        async with self._db.transaction() as tx:
            events = await inbox.take(tx, size, replies=self._replies)
            self._blocked = events is None
            if not events:
                return 0
            taken += [event.id for event in events]
            found = self._sort(events)
            applied = await self._apply(tx, events, found)
        if found.replies:
            self._waker.wake("step")
        elif applied.told:
            self._waker.wake("step", after=LINGER)
        self._meters.add("clarion_events_read_total", len(events), "replies" if self._replies else "inbox")
        await pause_tripped(self._db, applied.histories)
        return len(events)

    def _sort(self, events: Sequence[Stored]) -> _Sorted:
        found = _Sorted()
        for event in events:
            try:
                meaning = self._translate(event)
            except ClarionError as problem:
                found.aside.append((event.id, str(problem)))
                continue
            match meaning:
                case Receipt(provider_id, echo, status, at, fault):
                    found.receipts.append(
                        Heard(event.id, event.senders, provider_id, echo, status, at, fault)
                    )
                case Reply():
                    found.replies.append((event, meaning))
                case Preference():
                    found.preferences.append((event, meaning))
                case TemplateChange() | AccountNotice():
                    found.changes.append((event, meaning))
                case Unread(reason):
                    found.aside.append((event.id, reason))
        return found

    def _translate(self, event: Stored) -> Event:
        raw = RawEvent(event.account, event.kind, event.key, event.body)
        return self._kinds[event.provider].webhooks.translate(raw)

    async def _apply(self, tx: Tx, events: Sequence[Stored], found: _Sorted) -> receipts.Applied:
        moves = counts.Moves()
        aside = list(found.aside)
        await _take_changes(tx, found.changes)
        aside += await people.take_replies(tx, found.replies, moves)
        await people.take_preferences(tx, found.preferences, moves)
        applied = await receipts.apply(tx, found.receipts, moves)
        gone = {ident for ident, _ in aside} | set(applied.orphans)
        await inbox.aside(tx, aside)
        await inbox.orphans(tx, [e for e in events if e.id in set(applied.orphans)])
        await inbox.done(tx, [e.id for e in events if e.id not in gone])
        return applied


async def _take_changes(tx: Tx, found: Sequence[tuple[Stored, TemplateChange | AccountNotice]]) -> None:
    for event, change in found:
        for sender in sorted(event.senders):
            match change:
                case TemplateChange(name, language, status, reason):
                    await notices.template_changed(
                        tx, sender, name=name, language=language, status=status, reason=reason
                    )
                case AccountNotice(_, what, detail, pause):
                    await notices.account_said(tx, sender, event=what, detail=detail, pause=pause)
