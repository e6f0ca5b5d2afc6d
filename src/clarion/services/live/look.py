"""One look at a workspace: how everything stands that somebody listens to, and what was heard since the last look."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from clarion.services.live.marks import WINDOW, Mark
from clarion.services.live.states import (
    ConversationNow,
    EngineNow,
    News,
    NoticeHeard,
    Pace,
    ReplyHeard,
    State,
    campaign_now,
    left,
    run_now,
)
from clarion.services.live.topics import Key
from clarion.store import live
from clarion.store.db import Database, Tx

MOST = 1_000
"""Replies or notices told of one look, or after an absence."""
NEWEST = 100
"""Conversations that are watched."""
_LATE = 5_000_000  # a notice may be committed this long after its time
_ENGINE_EVERY = 2_000_000


Told = tuple[Mark, Key, News]
"""News, with the mark of who has heard it."""


@dataclass(slots=True)
class Seen:
    """What a look found: the states by key, what is new, and what each newcomer missed (None: too much to tell)."""

    mark: Mark
    states: dict[Key, State] = field(default_factory=dict)
    news: list[Told] = field(default_factory=list)
    missed: list[list[Told] | None] = field(default_factory=list)


class Looking:
    """Looks again and again, and remembers what it needs for that: rates, and what was told."""

    def __init__(self, db: Database, workspace: int) -> None:
        self._db, self._workspace = db.within(workspace), workspace
        self._everything = db  # workers belong to no workspace
        self._paces: dict[int, Pace] = {}
        self._noticed: dict[int, int] = {}
        self._engine: tuple[int, EngineNow] | None = None
        self._mark: Mark | None = None

    async def look(
        self, kinds: Collection[str], things: Collection[Key], newcomers: Sequence[Mark | None]
    ) -> Seen:
        """Everything of these kinds, and these things; what is new; and what was missed since the newcomers' marks."""
        workers = 0
        if "engine" in kinds:
            async with self._everything.reading() as tx:
                workers = await live.workers(tx)
        async with self._db.reading() as tx:
            now = await tx.now()
            seen = await self._news(tx, now)
            seen.missed = [await self._missed(tx, since, seen.mark) for since in newcomers]
            if "campaign" in kinds:
                await self._campaigns(tx, {ident for kind, ident in things if kind == "campaign"}, seen)
            if "run" in kinds:
                await self._runs(tx, {ident for kind, ident in things if kind == "run"}, seen)
            if "conversation" in kinds:
                spoken = {news.conversation_id for _, _, news in seen.news if isinstance(news, ReplyHeard)}
                await self._conversations(tx, spoken - {0}, seen)
            if "engine" in kinds:
                seen.states["engine", 0] = await self._engine_now(tx, now, workers)
        self._mark = seen.mark
        return seen

    async def _news(self, tx: Tx, now: int) -> Seen:
        """What was heard since the last look; nothing at the first one."""
        if self._mark is None:
            self._noticed = {each.id: each.created_at for each in await self._notices(tx, now)}
            return Seen(Mark(now, await live.newest_reply(tx, self._workspace)))
        held = self._mark
        replies = await self._replies(tx, held.reply, MOST)
        notices = [each for each in await self._notices(tx, held.at) if each.id not in self._noticed]
        self._noticed |= {each.id: each.created_at for each in notices}
        self._noticed = {ident: at for ident, at in self._noticed.items() if at >= held.at - 2 * _LATE}
        reached = max([held.reply, *(each.id for each in replies)])
        return Seen(Mark(now, reached), news=_told(held, reached, replies, notices))

    async def _missed(self, tx: Tx, since: Mark | None, mark: Mark) -> list[Told] | None:
        if since is None:
            return []
        if not since.usable(mark.at) or since.reply > mark.reply:
            return None
        replies = await self._replies(tx, since.reply, MOST + 1)
        notices = await self._notices(tx, since.at)
        if len(replies) + len(notices) > MOST:
            return None
        return _told(since, mark.reply, [each for each in replies if each.id <= mark.reply], notices)

    async def _replies(self, tx: Tx, after: int, limit: int) -> list[ReplyHeard]:
        rows = await live.replies(tx, self._workspace, after=after, limit=limit)
        return [ReplyHeard(**{**row._mapping, "opt_out": bool(row.opt_out)}) for row in rows]

    async def _notices(self, tx: Tx, since: int) -> list[NoticeHeard]:
        rows = await live.notices(tx, self._workspace, since=since - _LATE, limit=MOST + 1)
        return [NoticeHeard(**row._mapping) for row in rows]

    async def _campaigns(self, tx: Tx, ids: set[int], seen: Seen) -> None:
        now = seen.mark.at
        rows = await live.campaigns(tx, self._workspace, since=now - WINDOW, ids=ids)
        for row in rows:
            pace = self._paces.setdefault(row.id, Pace())
            seen.states["campaign", row.id] = campaign_now(row, rate_now=pace.rate(now, left(row)))
        found = {row.id for row in rows}
        self._paces = {ident: pace for ident, pace in self._paces.items() if ident in found}

    async def _runs(self, tx: Tx, ids: set[int], seen: Seen) -> None:
        rows = await live.runs(tx, self._workspace, since=seen.mark.at - WINDOW, ids=ids)
        ways: dict[int, dict[str, int]] = {row.id: {} for row in rows}
        for row in await live.run_counts(tx, ways) if rows else ():
            ways[row.run_id][row.way] = int(row.n)
        for row in rows:
            seen.states["run", row.id] = run_now(row, ways[row.id])

    async def _conversations(self, tx: Tx, ids: set[int], seen: Seen) -> None:
        for row in await live.conversations(tx, self._workspace, newest=NEWEST, ids=ids):
            seen.states["conversation", row.id] = ConversationNow(**row._mapping)

    async def _engine_now(self, tx: Tx, now: int, workers: int) -> EngineNow:
        if self._engine is None or now - self._engine[0] >= _ENGINE_EVERY:
            waiting = await live.waiting(tx, self._workspace)
            due, since = await live.due(tx, self._workspace)
            lag = max(0, now - since) // 1_000_000 if due else 0
            self._engine = now, EngineNow(waiting=waiting, due=due, lag_s=lag, workers=workers)
        return self._engine[1]


def _told(
    since: Mark, reached: int, replies: Sequence[ReplyHeard], notices: Sequence[NoticeHeard]
) -> list[Told]:
    """Replies, then notices: whoever stops in between has heard every reply up to the mark, and no notice."""
    told: list[Told] = [(Mark(since.at, each.id), ("reply", each.id), each) for each in replies]
    told += [(Mark(max(since.at, each.created_at), reached), ("notice", each.id), each) for each in notices]
    return told
