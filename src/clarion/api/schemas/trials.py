"""Journeys tried out with nothing sent: the dry run of many people, and one person's way step by step."""

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from clarion.api.fields import Body, JourneyId, ListId, Shown, Time, text
from clarion.api.schemas.journeys import GraphJson

Span = Annotated[str, text(40, least=2, examples=["30d", "1h30m"])]
Words = Annotated[str, text(10_000)]


def _plain(value: Any) -> Any:
    if (
        value is None
        or isinstance(value, bool | int | float)
        or (isinstance(value, str) and len(value) <= 4_000)
    ):
        return value
    raise ValueError("must be a text of at most 4,000 characters, a number, true, false or null")


_SCHEMA = {
    "anyOf": [
        {"type": "string", "maxLength": 4_000},
        {"type": "number"},
        {"type": "boolean"},
        {"type": "null"},
    ]
}
Value = Annotated[Any, PlainValidator(_plain), WithJsonSchema(_SCHEMA)]
"""What a variable or an attribute holds."""


class NewSimulation(Body):
    """People sent through a journey on a virtual clock."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """Of the journey; null: its draft."""
    lists: Annotated[list[ListId], Field(max_length=100)] = Field(default_factory=list)
    """Whom to send: the people on these lists, at most 10,000. Empty: the journey's own lists, or `people`."""
    people: Annotated[int, Field(ge=0, le=10_000)] = 0
    """Instead so many invented ones, who have a value for every variable."""
    behaviour: dict[str, Any] = Field(default_factory=dict)
    """How they behave, as `clarion journey simulate --replies FILE` takes it (docs/howto/try-a-journey.md).

    Empty: every way out of a wait is as likely as the others.
    """
    follow: Span = "30d"
    """How long to follow them."""
    seed: Annotated[int, Field(ge=-(2**31), le=2**31 - 1)] = 1
    """Another one, other people's luck; the same one, the same forecast."""
    rate: Annotated[float, Field(ge=0, le=100_000)] | None = None
    """Messages per second (0: no limit); null: the senders' own."""


class NodeForecast(Shown):
    """One node: `entered` is the sum of `left`, `ended` and `here`."""

    id: str
    kind: str
    name: str
    entered: int
    left: dict[str, int]
    """People by the edge they left by."""
    ended: dict[str, int]
    """People by the outcome they ended with here."""
    here: int
    """Who is there at the end."""
    stuck: int
    """Of those here: who wait for something that never comes."""
    replies: dict[str, int]
    unmatched: int
    """Replies that fitted no edge."""
    failures: dict[str, int]
    outside_window: int
    """People who could not be written to, because the 24-hour window was closed."""
    circles: int


class MissingVariable(Shown):
    """A variable that a message needs and people do not have."""

    name: str
    node: str
    people: int
    examples: list[int]
    """Contacts, by number."""


class SentForecast(Shown):
    """Messages of one sender and category to one country."""

    sender: str
    provider: str
    category: str
    country: str
    """The calling code; empty: unknown."""
    in_window: bool
    messages: int
    parts: int
    """SMS segments; else one for each message."""


class Simulation(Shown):
    """What a dry run found. Nothing was sent or stored."""

    people: int
    skipped: dict[str, int]
    """People who did not enter, by why."""
    outcomes: dict[str, int]
    here: int
    """People still under way at the end."""
    nodes: list[NodeForecast]
    replies: dict[str, int]
    unheard: int
    """Replies that came where no node listens."""
    missing: list[MissingVariable]
    sent: list[SentForecast]
    sub_journeys: dict[str, int]
    """Entries into other journeys, which were not played."""
    findings: list[str]
    """What should be mended or known, a sentence each."""
    troubled: bool
    """Whether something should be mended before anybody is written to."""
    started_at: Time
    until: Time
    finished_at: Time
    """When the last person ended; null: somebody is still under way."""


class TrialPerson(Body):
    """Who walks."""

    phone: Annotated[str, text(40)] = "+12025550123"
    attributes: Annotated[dict[Annotated[str, text(100, least=1)], Value], Field(max_length=200)] = Field(
        default_factory=dict
    )
    language: Annotated[str, text(35)] = ""
    timezone: Annotated[str, text(64)] = ""
    tags: Annotated[list[Annotated[str, text(100)]], Field(max_length=200)] = Field(default_factory=list)
    lists: Annotated[list[Annotated[str, text(200)]], Field(max_length=200)] = Field(default_factory=list)
    """Names of lists they are on."""
    opted_out: bool = False
    window_open: bool = False
    """Whether they wrote just before, so that free text may be sent to them on WhatsApp."""


class Replies(Body):
    """They write, or press a button or a list's row."""

    do: Literal["reply"]
    payload: Annotated[str, text(256)] = ""
    """The id of the button or row they press."""
    kind: Annotated[str, text(40)] = "text"
    """What it is: text, button, image, reaction, ..."""
    text: Words = ""


class Waits(Body):
    """Time goes by."""

    do: Literal["wait"]
    span: Span


class ServiceAnswer(Body):
    """What a web service answers."""

    status: Annotated[int, Field(ge=0, le=599)] = 200
    """0: it gives no answer."""
    body: Any = None
    error: Annotated[str, text(1_000)] = ""


class Answers(ServiceAnswer):
    """The service that the api node has called answers."""

    do: Literal["answer"]


class Closes(Body):
    """One of us closes the conversation that a handoff put before people."""

    do: Literal["close"]


TrialEvent = Annotated[Replies | Waits | Answers | Closes, Field(discriminator="do")]


class NewTrial(Body):
    """A graph, a person, and what they did so far."""

    graph: GraphJson | None = None
    """Or a journey's."""
    journey_id: JourneyId | None = None
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """Of the journey; null: its draft."""
    person: TrialPerson = TrialPerson()
    start: Time = 0
    """When it begins; null: now. Send back `started_at` to walk the same way again."""
    events: Annotated[list[TrialEvent], Field(max_length=200)] = Field(default_factory=list)
    """In the order in which it happened."""
    answers: Annotated[dict[Annotated[str, text(64)], ServiceAnswer], Field(max_length=200)] = Field(
        default_factory=dict
    )
    """What api nodes, by their id, are answered at once; the others wait for an event `answer`."""


class TrialChoice(Shown):
    """A button, or a row of a list."""

    id: str
    title: str
    description: str


class TriedEdge(Shown):
    """An edge that was looked at, and why it was taken or not."""

    edge: str
    taken: bool
    why: str


class TrialLine(Shown):
    """One thing that happened."""

    kind: Literal["message", "reply", "step", "unheard", "note"]
    """message: ours. reply: theirs. step: an event moved them, or did not. unheard: no node listened."""
    at: Time
    node: str
    text: str
    payload: str
    choices: list[TrialChoice]
    visit: int
    event: str
    edge: str
    """The edge taken; empty: none was."""
    to: str
    outcome: str
    why: str
    tried: list[TriedEdge]
    """Every edge that was looked at."""


class Standing(Shown):
    """Where the person is in the end, and what can happen next."""

    node: str
    visit: int
    now: Time
    variables: dict[str, Any]
    attributes: dict[str, Any]
    tags: list[str]
    outcome: str
    """Empty while they are under way."""
    reason: str
    timer_at: Time
    window_until: Time
    """Until when free text may be sent; null: the window is closed, or this sender has none."""
    has_window: bool
    waits_for: Literal["reply", "answer", "close", "time", "nothing"]
    calls: str
    """The address that the api node has called."""
    choices: list[TrialChoice]
    """What can be pressed."""


class Trial(Shown):
    """What happened, in order, and where it led."""

    lines: list[TrialLine]
    standing: Standing
    started_at: Time
