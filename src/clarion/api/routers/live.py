"""Live updates: one stream for everything that a client shows."""

import re
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator

from clarion.api.authenticate import authenticate
from clarion.api.context import Context, Ctx
from clarion.api.fields import Shown, read_id
from clarion.api.operation import Router
from clarion.api.pace import TooMany
from clarion.api.schemas import live as schemas
from clarion.api.stream import EventStream
from clarion.domain.access import Permission
from clarion.domain.errors import NotFound
from clarion.services.access.callers import NotAllowed, NotSignedIn
from clarion.services.live import NEEDS, Full, Live, Mark, Topic
from clarion.services.live.states import (
    CampaignNow,
    ConversationNow,
    EngineNow,
    News,
    NoticeHeard,
    ReplyHeard,
    RunNow,
    State,
)
from clarion.services.live.topics import Key
from clarion.store import campaigns, run_reports

router = Router("Live")

WIDE = ("campaigns", "runs", "inbox", "engine")
_TOPIC = r"(campaigns|runs|inbox|engine|campaign:cmp_[1-9][0-9]{0,17}|run:run_[1-9][0-9]{0,17})"


def _read_topics(text: str | None) -> str | None:
    for part in text.split(",") if text is not None else ():
        if not re.fullmatch(_TOPIC, part):
            raise ValueError(
                f"{part[:40]!r} is no topic: use some of {', '.join(WIDE)}, campaign:cmp_42, run:run_7, "
                "separated by commas"
            )
    return text


Topics = Annotated[
    str | None,
    AfterValidator(_read_topics),
    Query(
        max_length=2_000,
        description="What to hear of, separated by commas; without it, everything that you may read. "
        "`campaigns`, `runs`, `inbox` (conversations and replies), `engine` (work due, notices), or one thing: "
        "`campaign:cmp_42`, `run:run_7`.",
        json_schema_extra={"pattern": f"^{_TOPIC}(,{_TOPIC})*$"},
        examples=["campaigns,inbox"],
    ),
]


@router.operation(
    "GET",
    "/live",
    id="listen",
    summary="Listen to what happens",
    refusals=[NotAllowed, NotFound],
    response_class=EventStream,
    responses={200: {"model": schemas.LiveEvent, "description": "Server-sent events, until you leave."}},
)
async def listen(ctx: Ctx, topics: Topics = None) -> EventStream:
    """A stream of server-sent events (`text/event-stream`), one for everything a client shows.

    First comes how things stand now: what is active, what ended within the hour, the newest conversations. Then
    each change, at most twice a second. States are whole, never differences: the newest is enough. Come back
    with `Last-Event-ID`, as browsers do, and you are told every reply and notice since then; `resync` says that
    it was too long ago, and everything is to be read anew. A comment is sent when nothing happens for 15
    seconds. The stream ends with `end` within five seconds of your key, session or permission.
    """
    live: Live = ctx.request.app.state.live
    wanted = _wanted(ctx, topics)
    await _resolve(ctx, wanted)
    try:
        live.need_room(ctx.caller.name)
    except Full as full:
        raise TooMany(10, _full(full)) from None
    given = ctx.request.headers.get("last-event-id", "")
    since = Mark.read(given)
    listening = live.listening(
        ctx.workspace, ctx.caller.name, wanted, since, anew=bool(given) and since is None
    )

    async def check() -> None:
        caller = await authenticate(ctx.request, ctx.backend)
        if caller.workspace != ctx.workspace:
            raise NotSignedIn("You have changed to another workspace.")
        for topic in wanted:
            caller.need(NEEDS[topic.name])

    return EventStream(listening, check)


def _wanted(ctx: Context, topics: str | None) -> list[Topic]:
    """What was asked for. Raises NotAllowed for what the caller may not read."""
    if topics is None:
        found = [Topic(name) for name in WIDE if NEEDS[name] in ctx.caller.permissions]
        if not found:
            raise NotAllowed(Permission.CAMPAIGNS_READ)
        return found
    found = []
    for part in dict.fromkeys(topics.split(",")):
        name, _, ident = part.partition(":")
        ctx.caller.need(NEEDS[name])
        found.append(Topic(name, read_id(name, ident) if ident else 0))
    return found


async def _resolve(ctx: Context, topics: list[Topic]) -> None:
    """Raises NotFound for a thing that is not in the caller's workspace."""
    async with ctx.db.reading() as tx:
        for topic in topics:
            if topic.name == "campaign":
                await campaigns.find(tx, topic.id, workspace=ctx.workspace)
            elif topic.name == "run":
                await run_reports.run(tx, ctx.workspace, topic.id)


def _full(full: Full) -> str:
    if full.of_caller:
        return "You have as many live streams open as one caller may: close one, or hear all topics on one."
    return "As many live streams are open here as there may be: come back later, or ask another server."


def show(_: Key, told: State | News) -> bytes:
    """An event's data."""
    return _shown(told).model_dump_json().encode()


def _shown(told: State | News) -> Shown:
    match told:
        case CampaignNow():
            return schemas.LiveCampaign.model_validate(told)
        case RunNow():
            return schemas.LiveRun.model_validate(told)
        case ConversationNow():
            return schemas.LiveConversation.model_validate(told)
        case ReplyHeard():
            return schemas.LiveReply.model_validate(told)
        case EngineNow():
            return schemas.LiveEngine.model_validate(told)
        case NoticeHeard():
            return schemas.LiveNotice.model_validate(told)
