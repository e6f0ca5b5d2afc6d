"""Runs: people sent through a journey, where they stand, and how each one went."""

from typing import Annotated, Any, Literal

from pydantic import Field

from clarion.api.fields import (
    Body,
    ContactId,
    JourneyId,
    ListId,
    MessageId,
    PositionId,
    ReplyId,
    RunId,
    Shown,
    Time,
    text,
)
from clarion.api.schemas.trials import TriedEdge, Value

RunStatus = Literal["running", "paused", "stopped", "finished"]
NodeName = Annotated[str, text(64, least=1)]


class NewRun(Body):
    """A start of a journey's published version."""

    lists: Annotated[list[ListId], Field(max_length=100)] = Field(default_factory=list)
    """Whom it is for; empty: the lists that the journey names."""
    name: Annotated[str, text(200, examples=["November"])] = ""


class NewEntry(Body):
    """One person to be sent into a journey."""

    phone: Annotated[str, text(40, least=1, examples=["+14155552671"])] | None = None
    """In international form; the contact is made if it is new. Or `contact_id`."""
    contact_id: ContactId | None = None
    variables: Annotated[
        dict[Annotated[str, text(100, least=1)], Value],
        Field(max_length=200, examples=[{"order": "4711"}]),
    ] = Field(default_factory=dict)
    """What texts of this journey may use, beside the contact's attributes."""
    key: Annotated[str, text(200, examples=["order-4711"])] = ""
    """The occasion, where people may enter again and again: for the same one they enter once."""


class RunReason(Body):
    """Why a run is paused or stopped."""

    reason: Annotated[str, text(500)] = ""
    """Shown wherever the run is."""


class Run(Shown):
    """One start of a journey. Where people enter one by one, the version has one run of kind `open`."""

    id: RunId
    name: str
    journey_id: JourneyId
    journey: str
    version: int
    """The version people entered; some may have been moved to another since."""
    kind: Literal["audience", "open"]
    status: RunStatus
    status_reason: str
    expanded: bool
    """Whether everybody of the audience was let in."""
    entered: int
    under_way: int
    ended: int
    skipped: int
    """People met who did not enter: filtered, opted out, or in it already."""
    created_at: Time
    finished_at: Time


class HeldRun(Run):
    """A run that was paused or stopped."""

    draining: int
    """Requests that were on the wire already; nothing new is sent."""


class Way(Shown):
    """People who left by one edge, or ended with one outcome."""

    label: str
    n: int
    share: float
    """Of all who left the node, from 0 to 1."""


class NodeStats(Shown):
    """One node of a run."""

    node: str
    kind: str
    name: str
    entered: int
    here: int
    """People who stand there now."""
    left: list[Way]
    """Every edge that is drawn, taken or not."""
    ended: list[Way]
    failed: int
    seconds: float | None
    """How long those who left had been there, on average; null: nobody has left."""


class RunFailure(Shown):
    """Why people failed."""

    reason: str
    people: int
    code: str
    """The provider's, of a message."""
    node: str
    """Where a journey ended as failed."""


class RunStats(Shown):
    """A run at one moment."""

    run: Run
    outcomes: dict[str, int]
    """People who ended, by outcome."""
    nodes: list[NodeStats]
    messages: dict[str, int]
    """Messages by where they stand; empty unless asked for."""
    failures: list[RunFailure]
    at: Time


class Position(Shown):
    """One person in one run."""

    id: PositionId
    run_id: RunId
    contact_id: ContactId
    phone: str
    version: int
    node: str
    visit: int
    variables: dict[str, Any]
    outcome: str
    """How it ended; empty: under way."""
    reason: str
    entered_at: Time
    moved_at: Time
    ended_at: Time
    timer_at: Time
    """When the node stops waiting; null: no timer is set."""


class TrailStep(Shown):
    """What one event did at one visit of a node."""

    at: Time
    visit: int
    node: str
    event: str
    edge: str
    """The edge taken; empty: none was."""
    to: str
    outcome: str
    why: str
    tried: list[TriedEdge]
    reply_id: ReplyId | None


class TrailMessage(Shown):
    """A message of one visit, and what became of it."""

    id: MessageId
    visit: int
    text: str
    sender: str
    status: str
    code: str
    reason: str
    created_at: Time
    accepted_at: Time
    delivered_at: Time
    read_at: Time
    failed_at: Time


class TrailReply(Shown):
    """A reply that was meant for this position; `routed` is `late` when it came to a node already left."""

    id: ReplyId
    kind: str
    text: str
    payload: str
    routed: str
    why: str
    at: Time


class Passage(Shown):
    """One time somebody went through a run, with every reason that was kept."""

    position: Position
    steps: list[TrailStep]
    messages: list[TrailMessage]
    replies: list[TrailReply]


class RunTrace(Shown):
    """How one person went. Several passages when the journey lets people in again."""

    phone: str
    passages: list[Passage]


class NewMove(Body):
    """People under way who are to go over to another version."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    mapping: Annotated[dict[NodeName, NodeName], Field(max_length=2_000, examples=[{"ask": "ask_again"}])] = (
        Field(default_factory=dict)
    )
    """Where people land whose node has another name there: old node, new node of the same kind."""


class Landing(Shown):
    """People at one node of one version, and where they would land."""

    version: int
    node: str
    people: int
    to: str
    """Empty: they stay, and `why`."""
    why: str
    loses: list[str]
    """Ways out of the node that the other version does not draw, such as a timeout that is running."""


class MovePreview(Shown):
    """Who would land where."""

    version: int
    landings: list[Landing]
    moving: int
    staying: int


class Moved(Shown):
    """What was done."""

    moved: int
    stayed: int
    """People for whom the other version has no place."""
    left: int
    """People still to be moved: ask again."""
