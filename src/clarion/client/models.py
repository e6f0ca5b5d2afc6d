"""What the API shows and takes. Written by `make docs` from the OpenAPI document; change it there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel

from clarion.client.calls import Shown

CampaignStatus: TypeAlias = Literal[
    "draft", "scheduled", "running", "paused", "finished", "stopped", "failed"
]
"""Where a campaign stands. FINISHED and STOPPED are final."""

Event: TypeAlias = Literal[
    "message.accepted",
    "message.sent",
    "message.delivered",
    "message.read",
    "message.failed",
    "message.unknown",
    "message.cancelled",
    "message.expired",
    "message.suppressed",
    "reply.received",
    "contact.opted_out",
    "contact.opted_in",
    "campaign.launched",
    "campaign.paused",
    "campaign.resumed",
    "campaign.stopped",
    "campaign.finished",
    "campaign.failed",
    "run.started",
    "run.paused",
    "run.resumed",
    "run.stopped",
    "run.finished",
    "sender.paused",
    "sender.resumed",
    "import.finished",
    "handoff.opened",
    "webhook.test",
]
"""The name of something that happened."""

OnMissing: TypeAlias = Literal["refuse", "exclude"]
"""What to do about people whose attributes lack a required variable."""

Permission: TypeAlias = Literal[
    "contacts:read",
    "contacts:write",
    "senders:read",
    "senders:write",
    "templates:read",
    "templates:write",
    "campaigns:read",
    "campaigns:write",
    "campaigns:send",
    "messages:read",
    "messages:send",
    "journeys:read",
    "journeys:write",
    "journeys:run",
    "inbox:read",
    "inbox:reply",
    "webhooks:read",
    "webhooks:write",
    "engine:read",
    "keys:read",
    "keys:write",
    "users:read",
    "users:write",
    "workspace:read",
    "workspace:write",
    "audit:read",
]
"""One thing that a caller may do in a workspace; API keys are given any number of them as scopes."""

Policy: TypeAlias = Literal["no_duplicates", "resend_if_quiet", "must_arrive"]
"""What happens to a message when nobody knows whether the provider took it."""

Resolution: TypeAlias = Literal["resend", "arrived", "give_up"]
"""What a person says about a message in doubt."""

Role: TypeAlias = Literal["owner", "admin", "editor", "sender", "viewer"]
"""What a user is in one workspace."""

Status: TypeAlias = Literal[
    "queued",
    "leased",
    "sending",
    "unknown",
    "accepted",
    "sent",
    "failed",
    "delivered",
    "read",
    "cancelled",
    "expired",
    "suppressed",
]
"""Where a message stands. The first four live in the outbox, the rest are final or move by receipts.

Each of ACCEPTED..READ outranks the ones above it, so receipts may come late, twice and in any order.
FAILED outranks SENT: providers accept first and find the phone unreachable later. DELIVERED outranks
FAILED: one of the person's devices can fail after another showed it.
"""


class Answers(BaseModel):
    """The service that the api node has called answers."""

    do: Literal["answer"]
    status: int | None = None
    """0: it gives no answer."""
    body: Any = None
    error: str | None = None


class Attempt(Shown):
    """A request that did not end in the message's last answer."""

    outcome: str
    """`not_sent`: it did not go out. `unknown`: nobody knows. `rejected`, `accepted`, `absent`: what was
    found out.
    """
    code: str
    reason: str
    ended_at: datetime | None


class AuditEntry(Shown):
    """Who did what to what, when and from where."""

    number: int
    """Its place in the workspace's log, from 1."""
    at: datetime | None
    actor: str
    """`user:3`, `key:7`, `cli`, `settings`, `engine`, or `nobody` who was let in."""
    actor_name: str
    """The user's address or the key's name, as it was then."""
    action: str
    """An operation of this API, such as `launch_campaign`, or an event such as `sign_in_refused`."""
    target: str
    detail: dict[str, Any]
    address: str
    """Where the request came from."""


class BulkContact(BaseModel):
    """One of many."""

    phone: str
    attributes: Mapping[str, str | None] | None = None
    """Put over those that are there; null removes one. `language` and `timezone` are attributes of these
    names too.
    """
    tags: Sequence[str] | None = None
    """All tags the contact shall have."""
    language: str | None = None
    """Empty: not known."""
    timezone: str | None = None
    """As in the IANA database; empty: not known."""


class BulkDone(Shown):
    """What became of all of them."""

    accepted: int
    corrected: int
    duplicate: int
    invalid: int
    opted_out: int
    rows: list[BulkRow]


class BulkRow(Shown):
    """What became of one of them."""

    row: int
    """Its place in `contacts`, counted from 0."""
    verdict: Literal["accepted", "corrected", "duplicate", "invalid", "opted_out"] | str
    """`accepted` and `corrected` are stored. `duplicate`: an earlier row is the same person. `invalid`:
    `detail` says why. `opted_out`: the person must not be written to, and was left as they were.
    """
    contact_id: str | None
    """The contact that was stored."""
    detail: str
    """What was corrected, or why it was not stored."""


class ButtonDefinition(BaseModel):
    """A button below the text."""

    kind: Literal["quick_reply", "url", "phone", "copy_code", "other"]
    """`quick_reply` answers, `url` opens a page, `phone` calls, `copy_code` copies a coupon; `other` is
    shown only.
    """
    text: str | None = None
    url: str | None = None
    """Where it leads; may end in one variable."""
    phone: str | None = None
    id: str | None = None
    """What comes back when a quick reply is pressed, where the provider lets us choose."""
    example: str | None = None
    """For the reviewer: a whole address, or a coupon."""


class ButtonParameter(Shown):
    """What goes into a template's button: a reply's payload, the end of an address, or a coupon code."""

    index: int
    kind: Literal["quick_reply", "url", "copy_code"] | str
    value: str


class ButtonsContent(Shown):
    """A text with one to three reply buttons."""

    type: Literal["buttons"]
    body: str
    buttons: list[Choice]
    header: str = ""
    header_media: MediaFile | None = None
    footer: str = ""


class Campaign(Shown):
    """A campaign."""

    id: str
    """The id of a campaign."""
    name: str
    status: CampaignStatus | str
    shown: str
    """The status in words for people."""
    status_reason: str
    """Why it was paused or failed; empty otherwise."""
    sender_id: str
    """The id of a sender."""
    lists: list[str]
    """Empty: its messages were handed over in one request, each with its own text."""
    retry_of: str | None
    """The campaign whose people it writes to again."""
    retry_statuses: list[str]
    """Where their messages stood."""
    content: TextContent | MediaContent | ButtonsContent | ListContent | TemplateUse | dict[str, Any]
    policy: Policy | str
    on_missing: OnMissing | str
    dry_run: bool
    scheduled_at: datetime | None
    expires_at: datetime | None
    created_at: datetime | None
    launched_at: datetime | None
    finished_at: datetime | None
    counters: Counters


class CampaignCheck(Shown):
    """What launching would do."""

    ok: bool
    """Whether it may be launched as it is."""
    refusals: list[str]
    """What is to be mended first, in sentences."""
    people: int
    to_send: int
    suppressed: int
    """People who do not want messages."""
    merged: int
    """People met on more than one list, written to once."""
    left_out: int
    """People who lack a variable."""
    missing: list[LackingVariable]
    warnings: list[str]
    previews: list[CampaignPreview]
    seconds: float
    """How long sending takes at the sender's rate; 0 without one."""


class CampaignDetail(Shown):
    """A campaign, and how far it has come."""

    id: str
    """The id of a campaign."""
    name: str
    status: CampaignStatus | str
    shown: str
    """The status in words for people."""
    status_reason: str
    """Why it was paused or failed; empty otherwise."""
    sender_id: str
    """The id of a sender."""
    lists: list[str]
    """Empty: its messages were handed over in one request, each with its own text."""
    retry_of: str | None
    """The campaign whose people it writes to again."""
    retry_statuses: list[str]
    """Where their messages stood."""
    content: TextContent | MediaContent | ButtonsContent | ListContent | TemplateUse | dict[str, Any]
    policy: Policy | str
    on_missing: OnMissing | str
    dry_run: bool
    scheduled_at: datetime | None
    expires_at: datetime | None
    created_at: datetime | None
    launched_at: datetime | None
    finished_at: datetime | None
    counters: Counters
    progress: CampaignProgress


class CampaignFunnel(Shown):
    """How many messages came this far, each step counting those beyond it."""

    people: int
    """Everybody who was to get a message: the audience, and who was left out or had stopped."""
    written: int
    """The audience."""
    accepted: int
    """Taken by the provider."""
    sent: int
    delivered: int
    read: int


class CampaignPaused(Shown):
    """Nothing more starts."""

    id: str
    """The id of a campaign."""
    draining: int
    """Requests that were on their way when the pause took hold."""
    status: Literal["paused"] = "paused"


class CampaignPreview(Shown):
    """What one person would read."""

    phone: str
    text: str


class CampaignProgress(Shown):
    """How far a campaign has come."""

    share: float | None
    """Messages that need no more from us, of all expected; null before the launch."""
    done: int
    expected: int
    rate: float
    """Messages per second that the sender is set to; 0: no limit."""
    pace: float
    """What the provider lets it run at now."""
    rate_now: float
    """What the provider took from the sender per second, over the last minute."""
    seconds_left: float | None
    """Null when it cannot be told."""
    sender_state: str
    sender_reason: str
    unresolved: int
    """Messages in doubt that wait for somebody's decision."""
    at: datetime | None


class CampaignStats(Shown):
    """What a campaign has come to."""

    id: str
    """The id of a campaign."""
    shown: str
    counters: Counters
    funnel: CampaignFunnel
    failures: list[FailureGroup]
    """By reason, most frequent first."""
    unresolved: int
    """Messages in doubt that wait for somebody's decision."""


class CampaignStopped(Shown):
    """It is over."""

    id: str
    """The id of a campaign."""
    cancelled: int
    """Messages that will never be sent."""
    draining: int
    """Requests that were on their way."""
    status: Literal["stopped"] = "stopped"


class ChangedPart(Shown):
    """A node, or an edge that leaves it, that both graphs have."""

    node: str
    key: str
    """The edge's label; empty for a node."""
    fields: list[str]
    """The fields that differ; `order` of an edge: it is tried at another place."""


class Check(Shown):
    """What the file alone can tell. Who is a duplicate or opted out, only the import finds."""

    rows: int
    usable: int
    corrected: int
    invalid: int
    problems: list[CheckProblem]
    """The first hundred."""


class CheckProblem(Shown):
    """A row that cannot be used."""

    line: int
    detail: str


class Choice(Shown):
    """A reply button, or a row of a list."""

    id: str
    """What comes back when it is chosen."""
    title: str
    description: str = ""
    """Rows of a list only."""


class ClosedHandoff(Shown):
    """A handoff that is dealt with."""

    id: str
    """The id of a handoff."""
    fresh: bool
    """False: it was closed before."""


class Closes(BaseModel):
    """One of us closes the conversation that a handoff put before people."""

    do: Literal["close"]


class Consent(Shown):
    """What is known of a person's wish to hear from us."""

    person: str
    """The digits that all spellings of their number have in common."""
    state: Literal["opted_out", "opted_in"] | str
    source: str
    """Who told of the opt-out; empty without one."""
    since: datetime | None
    """When they opted out."""
    contact_id: str | None
    """The contact with this number, if there is one."""
    phone: str
    """That contact's number; empty without one."""


class Contact(Shown):
    """A person. However their number is spelled, there is one contact of it."""

    id: str
    """The id of a contact."""
    phone: str
    """As it is dialled, in E.164."""
    attributes: dict[str, Any]
    tags: list[str]
    language: str
    timezone: str
    opted_out: bool
    """They must not be written to."""
    created_at: datetime | None
    updated_at: datetime | None


class ContactList(Shown):
    """A list."""

    id: str
    """The id of a list."""
    name: str
    members: int
    """How many contacts are on it, opted-out ones included."""
    created_at: datetime | None


class Conversation(Shown):
    """One person on one of our numbers."""

    id: str
    """The id of a conversation."""
    sender_id: str
    """The id of a sender."""
    sender: str
    contact_id: str | None
    """null: somebody who is no contact yet."""
    phone: str
    """What they last wrote from; empty: they hide their number."""
    name: str
    """The contact's attribute `name`; empty: not known."""
    state: Literal["open", "closed"] | str
    """open: somebody is to look at it. A journey's own answers open nothing."""
    assignee_id: str | None
    unread: int
    """Replies that no journey took and none of us has read."""
    last_text: str
    """The beginning of what they wrote last."""
    last_kind: str
    """What that was: text, button, image, ..."""
    replied_at: datetime | None
    """When they last wrote."""
    moved_at: datetime | None
    """When they last wrote, were handed over, or were answered from here."""
    has_window: bool
    """Whether free text may be sent for 24 hours only after they wrote (WhatsApp)."""
    window_closes_at: datetime | None
    """When that ends or ended; null: they never wrote, or the sender has no such window."""
    may_write: Literal["anything", "template", "nothing"] | str
    """What may be sent to them now."""
    stopped: str
    """Why they must not be written to: `opt_out`, ...; empty: they may."""
    handoff: OpenHandoff | None


class Counters(Shown):
    """How many messages stand where. All statuses together are the audience."""

    audience: int = 0
    """Messages written."""
    queued: int = 0
    leased: int = 0
    """About to be sent."""
    sending: int = 0
    unknown: int = 0
    """The answer was lost: they may or may not have arrived."""
    accepted: int = 0
    sent: int = 0
    failed: int = 0
    delivered: int = 0
    read: int = 0
    cancelled: int = 0
    expired: int = 0
    suppressed: int = 0
    """People who do not want messages."""
    missing: int = 0
    """People left out: a variable was blank. Not part of the audience."""
    merged: int = 0
    """People met again on another list. Not part of the audience."""


class DatabaseState(Shown):
    """The database."""

    kind: str
    revision: str
    at_head: bool
    """Whether its tables are those of this release, or of a newer one."""


class Delivery(Shown):
    """One event on its way to one webhook."""

    id: str
    """The id of a delivery."""
    webhook_id: str
    """The id of a webhook."""
    event: str
    event_id: str
    """The header `webhook-id`: the same at every try, and when it is sent again."""
    state: Literal["queued", "sending", "delivered", "failed"] | str
    """`queued` also while it waits for its next try; `failed` after the last one."""
    tries: int
    next_try_at: datetime | None
    """When it is tried next, if it is queued."""
    status: int | None
    """The status of the last answer; null: there was none."""
    problem: str
    """What was wrong with the last try, in one sentence."""
    answer: str
    """How the last answer began."""
    took_ms: int
    """How long the last try took, in milliseconds."""
    created_at: datetime | None
    ended_at: datetime | None
    """When it was delivered, or failed for good."""


class DeliveryDetail(Shown):
    """One delivery, with what is sent."""

    id: str
    """The id of a delivery."""
    webhook_id: str
    """The id of a webhook."""
    event: str
    event_id: str
    """The header `webhook-id`: the same at every try, and when it is sent again."""
    state: Literal["queued", "sending", "delivered", "failed"] | str
    """`queued` also while it waits for its next try; `failed` after the last one."""
    tries: int
    next_try_at: datetime | None
    """When it is tried next, if it is queued."""
    status: int | None
    """The status of the last answer; null: there was none."""
    problem: str
    """What was wrong with the last try, in one sentence."""
    answer: str
    """How the last answer began."""
    took_ms: int
    """How long the last try took, in milliseconds."""
    created_at: datetime | None
    ended_at: datetime | None
    """When it was delivered, or failed for good."""
    body: str
    """The very bytes that are signed and sent, JSON."""


class Depth(Shown):
    """How much waits."""

    due: int
    """Rows that are due, counted up to 1,000; of campaigns' messages exactly."""
    more: bool
    """Whether there are more than `due`: it was not counted on."""
    oldest_s: float
    """Seconds for which the oldest has been due; 0: none is."""


class Detail(Shown):
    """One thing to mend in what was sent."""

    pointer: str
    """Where: a JSON pointer into the body (`#/people/0/phone`), or `query/limit`, `header/If-Match`."""
    detail: str
    """What is wrong, in words."""


class DisclosedConsent(Shown):
    """What they decided about hearing from us."""

    state: Literal["opted_out", "opted_in"] | str
    source: str
    since: datetime | None


class DisclosedMessage(Shown):
    """A message as it is kept."""

    id: str
    campaign: str
    """The campaign's name; empty: none."""
    phone: str
    status: str
    content: Any
    """As written, with its variables unfilled."""
    variables: Any
    """What they were filled with."""
    created_at: datetime | None
    accepted_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None


class DisclosedPosition(Shown):
    """A journey they are or were in."""

    id: str
    journey: str
    node: str
    outcome: str
    """Empty: under way."""
    variables: Any
    entered_at: datetime | None
    moved_at: datetime | None
    ended_at: datetime | None


class DisclosedReply(Shown):
    """What the person wrote."""

    id: str
    kind: str
    text: str
    payload: str
    opt_out: bool
    """It was taken as a wish not to be written to."""
    at: datetime | None


class Disclosure(Shown):
    """Everything that is stored of one person."""

    contact: Contact
    lists: list[str]
    consent: DisclosedConsent
    messages: list[DisclosedMessage]
    replies: list[DisclosedReply]
    positions: list[DisclosedPosition]


class EdgeKind(Shown):
    """One kind of edge."""

    on: str
    about: str
    answers: bool
    """Whether a reply decides about it."""
    json_schema: dict[str, Any]


class EdgeName(Shown):
    """An edge by the node it leaves and its label there."""

    node: str
    key: str


class EngineHealth(Shown):
    """How the engine does for this workspace: what waits is the workspace's own, never anybody else's."""

    lanes: list[Lane]
    doubts: Depth
    """Messages of which nobody knows whether they arrived."""
    workers: list[Worker]
    loop: Loop
    database: DatabaseState
    disk_free: int
    """Bytes free in the data directory."""


class EventField(Shown):
    """One field of an event's `data`."""

    name: str
    meaning: str


class EventKind(Shown):
    """An event that a webhook may be told of."""

    name: str
    meaning: str
    fields: list[EventField]
    example: dict[str, Any]
    """The body of one."""


class EventKinds(Shown):
    """Every event."""

    items: list[EventKind]


class FailureGroup(Shown):
    """Messages that failed for one reason."""

    code: str
    """The provider's."""
    kind: str
    """What it is about: recipient, request, template, account, ..."""
    reason: str
    advice: str
    """The one thing to do; empty where there is none."""
    people: int
    at_least: bool
    """Whether there may be more than were counted."""


class GraphCheck(Shown):
    """What is wrong with a graph."""

    ok: bool
    """Whether it could be published."""
    problems: list[GraphProblem]


class GraphKinds(Shown):
    """What a graph is made of."""

    nodes: list[NodeKind]
    edges: list[EdgeKind]
    json_schema: dict[str, Any]
    """Of a whole graph."""


class GraphProblem(Shown):
    """One thing to mend in a graph."""

    node: str
    """The node's id; empty: the journey as a whole."""
    edge: str
    """The edge, by its ends or its label; empty: none."""
    field: str
    """The path of the field; empty: none."""
    problem: str
    level: Literal["error", "warning"] | str
    """An error stands in the way of publishing."""


class Handoff(Shown):
    """A conversation that a journey put before people, and that is open."""

    id: str
    """The id of a handoff."""
    contact_id: str
    """The id of a contact."""
    phone: str
    sender_id: str | None
    sender: str
    journey: str
    run_id: str | None
    position_id: str | None
    note: str
    waits: bool
    """The journey goes on when it is closed."""
    opened_at: datetime | None
    last_text: str


class HeldRun(Shown):
    """A run that was paused or stopped."""

    id: str
    """The id of a run."""
    name: str
    journey_id: str
    """The id of a journey."""
    journey: str
    version: int
    """The version people entered; some may have been moved to another since."""
    kind: Literal["audience", "open"] | str
    status: Literal["running", "paused", "stopped", "finished"] | str
    status_reason: str
    expanded: bool
    """Whether everybody of the audience was let in."""
    entered: int
    under_way: int
    ended: int
    skipped: int
    """People met who did not enter: filtered, opted out, or in it already."""
    created_at: datetime | None
    finished_at: datetime | None
    draining: int
    """Requests that were on the wire already; nothing new is sent."""


class Hints(BaseModel):
    """What you know better than can be found out. What is left out is found out."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    """Of an Excel file; else its first visible one."""
    has_header: bool | None = None
    """Whether the first line names the columns."""


class Import(Shown):
    """An import: every row that was read has one of five verdicts."""

    id: str
    """The id of a import."""
    name: str
    """The file's."""
    upload_id: str | None
    """null: the command line began it from a file of its own, and does the work."""
    list_id: str
    """The id of a list."""
    list_name: str
    status: Literal["running", "finished", "failed"] | str
    error: str
    """Why it failed."""
    percent: int | None
    """Of the file that was read; null: an Excel file does not tell."""
    rows: int
    accepted: int
    corrected: int
    duplicate: int
    invalid: int
    opted_out: int
    created_at: datetime | None
    finished_at: datetime | None


class ImportNote(Shown):
    """What became of one part of a foreign journey."""

    level: Literal["carried", "changed", "lost"] | str
    """carried: does here what it did there; changed: goes on in another way; lost: needs a hand."""
    where: str
    """The foreign node's id; empty: the journey as a whole."""
    text: str


class ImportRow(Shown):
    """A row that was not plainly accepted."""

    line: int
    verdict: Literal["accepted", "corrected", "duplicate", "invalid", "opted_out"] | str
    detail: str


class ImportedJourney(Shown):
    """What came of a file."""

    kind: Literal["clarion", "studio", "platform"] | str
    lost: bool
    """Whether something needs a hand before it does here what it did there."""
    report: list[ImportNote]
    graph: dict[str, Any]
    """Nodes and edges, as docs/reference/nodes.md describes them; `GET /journeys/node-kinds` has the JSON
    Schema.
    """
    journey: Journey | None
    """The journey made; null when it was only to be checked."""


class Inspection(Shown):
    """What a file looks like."""

    kind: Literal["csv", "xlsx"] | str
    encoding: str
    """Of a CSV file."""
    delimiter: str
    """Of a CSV file."""
    sheet: str
    """Of an Excel file."""
    has_header: bool
    header: list[str]
    """The columns' names; their numbers where the file has no header."""
    rows: list[SampleRow]
    mapping: dict[str, str] | None
    """A guess, attribute -> column, from names and contents; null where no column looks like phone numbers."""
    doubt: str
    """Why there is no guess."""


class Invitation(Shown):
    """Somebody who may become a user."""

    id: str
    """The id of a invitation."""
    email: str
    role: Role | str
    made_by: str | None
    """null: an API key, or the command line."""
    created_at: datetime | None
    expires_at: datetime | None


class Journey(Shown):
    """A journey with its draft. The header `ETag` stands for the draft."""

    id: str
    """The id of a journey."""
    name: str
    status: Literal["draft", "published", "changed"] | str
    version: int | None
    graph: dict[str, Any]
    """Nodes and edges, as docs/reference/nodes.md describes them; `GET /journeys/node-kinds` has the JSON
    Schema.
    """
    problems: list[GraphProblem]
    """What is wrong with the draft."""
    versions: list[VersionItem]
    """The newest twenty, newest first."""
    created_at: datetime | None
    updated_at: datetime | None


class JourneyDiff(Shown):
    """What must be done to one graph to make it the other."""

    settings: list[str]
    """The journey's own fields that differ: name, description, sender, timezone."""
    nodes_added: list[str]
    nodes_removed: list[str]
    nodes_changed: list[ChangedPart]
    edges_added: list[EdgeName]
    edges_removed: list[EdgeName]
    edges_changed: list[ChangedPart]


class JourneyItem(Shown):
    """A journey in a list."""

    id: str
    """The id of a journey."""
    name: str
    status: Literal["draft", "published", "changed"] | str
    """draft: never published; changed: the draft is not what was published."""
    version: int | None
    """The newest published version, which people enter; null: none."""
    running: int
    """Runs that are running or paused."""
    under_way: int
    """People in it who have not ended."""
    created_at: datetime | None
    updated_at: datetime | None


class Key(Shown):
    """An API key, without the key."""

    id: str
    """The id of a API key."""
    name: str
    hint: str
    """Its first characters, to recognise it by."""
    scopes: list[str]
    made_by: str | None
    """The user who made it; null: the command line, or another key."""
    created_at: datetime | None
    expires_at: datetime | None
    used_at: datetime | None
    """When it was last used, to the minute."""
    revoked_at: datetime | None


class LackingVariable(Shown):
    """People with nothing in a variable that must not be blank."""

    variable: str
    people: int
    places: list[str]
    """The first of them."""


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


class Lane(Shown):
    """A stream of due work."""

    due: int
    """Rows that are due, counted up to 1,000; of campaigns' messages exactly."""
    more: bool
    """Whether there are more than `due`: it was not counted on."""
    oldest_s: float
    """Seconds for which the oldest has been due; 0: none is."""
    kind: str
    """send: messages; expand: campaigns being written; import: imports that run; run: people entering
    journeys; step: journeys; call: calls of journeys; inbox: receipts; replies: what people wrote;
    notify: webhooks to you.
    """


class Limits(Shown):
    """What holds the sender back, and up to where."""

    rate: float
    """Messages per second as set; 0: as fast as it goes."""
    pace: float
    """Messages per second now; 0: as fast as it goes. It climbs back to `rate` by itself."""
    throttled_at: datetime | None
    """When the provider last asked to slow down."""
    hold_until: datetime | None
    """Nothing starts before."""
    default_rate: float
    """What the provider allows every sender of this kind without asking."""
    free_text_for: int
    """Seconds after a person's message in which free text may be sent to them; 0: at any time."""


class ListContent(Shown):
    """A text with a button that opens a list of up to ten rows."""

    type: Literal["list"]
    body: str
    button: str
    """What stands on the button."""
    sections: list[Section]
    header: str = ""
    footer: str = ""


class LiveCampaign(Shown):
    """Event `campaign`: how a campaign stands now."""

    id: str
    """The id of a campaign."""
    name: str
    status: str
    shown: str
    """The status in words for people."""
    status_reason: str
    """Why it was paused or failed; empty otherwise."""
    counters: Counters
    expected: int | None
    """How many messages there will be; null before it was launched."""
    done: int
    """Messages that need no more from us."""
    share: float | None
    """`done` of `expected`, from 0 to 1."""
    rate: float
    """Messages per second that the sender is set to; 0: no limit."""
    pace: float
    """What the provider lets it run at now."""
    rate_now: float
    """The campaign's messages that left per second, over the last five seconds."""
    sender_state: str
    sender_reason: str
    """Why the sender is paused; empty otherwise."""
    seconds_left: int | None
    """Null when it cannot be told: paused, or without a limit."""
    launched_at: datetime | None
    finished_at: datetime | None


class LiveConversation(Shown):
    """Event `conversation`: how a conversation of the inbox stands now."""

    id: str
    """The id of a conversation."""
    sender_id: str
    """The id of a sender."""
    contact_id: str | None
    state: str
    assignee_id: str | None
    unread: int
    last_text: str
    """The beginning of what the person wrote last."""
    replied_at: datetime | None
    """When the person last wrote."""
    moved_at: datetime | None
    """When anybody last wrote."""


class LiveEngine(Shown):
    """Event `engine`: the engine's work for this workspace."""

    waiting: int
    """Messages of running campaigns that wait for their slot."""
    due: int
    """What is due and held back by no pace: messages without a campaign, journeys' events. Counted up to
    20,000.
    """
    lag_s: int
    """How long the oldest of these is due."""
    workers: int
    """Processes that send, for all workspaces."""


class LiveNotice(Shown):
    """Event `notice`: something a provider told about a sender, a template or an account. May be told twice."""

    id: str
    """The id of a notice."""
    about: str
    """`sender:` and its number, or `template:` and its name."""
    event: str
    """The provider's word."""
    detail: str
    created_at: datetime | None


class LiveReply(Shown):
    """Event `reply`: what a person wrote."""

    id: str
    """The id of a reply."""
    conversation_id: str | None
    contact_id: str | None
    sender_id: str
    """The id of a sender."""
    type: str
    """What it is: text, button, image, ..."""
    text: str
    """Up to 1,000 characters of it."""
    opt_out: bool
    routed: str
    """Whom it was for: `opt_out`, `position`, `trigger`, `late` or `inbox`."""
    at: datetime | None


class LiveResync(Shown):
    """Event `resync`: you were away for too long, or read too slowly. Read anew what you show; then go on
    here.
    """


class LiveRun(Shown):
    """Event `run`: how a journey's run stands now."""

    id: str
    """The id of a run."""
    name: str
    journey_id: str
    """The id of a journey."""
    status: str
    status_reason: str
    entered: int
    under_way: int
    ended: int
    outcomes: dict[str, int]
    """People who have ended, by outcome."""
    created_at: datetime | None
    finished_at: datetime | None


class Loop(Shown):
    """The process that answers."""

    version: str
    lag_ms: float
    """By how many milliseconds its event loop was late just now."""
    worst_lag_ms: float
    """The most within the last minute."""
    sweep_age_s: float | None
    """Seconds since it last looked for due work that nobody was woken for; null: it runs no engine."""


class MadeInvitation(Shown):
    """What became of an invitation."""

    id: str | None
    """null: they were a user already, and are one of this workspace now."""
    user_id: str | None
    """null: they follow the link first."""
    email: str
    role: Role | str
    link: str | None
    """For them alone, told this once. It works once, for seven days."""
    expires_at: datetime | None


class MadeKey(Shown):
    """A key just made: the only time its secret is told."""

    id: str
    """The id of a API key."""
    name: str
    hint: str
    """Its first characters, to recognise it by."""
    scopes: list[str]
    made_by: str | None
    """The user who made it; null: the command line, or another key."""
    created_at: datetime | None
    expires_at: datetime | None
    used_at: datetime | None
    """When it was last used, to the minute."""
    revoked_at: datetime | None
    secret: str
    """Send it as `Authorization: Bearer ...`. It is not stored, and cannot be shown again."""


class MadeWebhook(Shown):
    """A webhook just made: the only time its secret is told."""

    secret: str
    """What verifies the signatures, by the Standard Webhooks specification. It cannot be shown again."""
    id: str
    """The id of a webhook."""
    url: str
    events: list[str]
    """What it is told of; none: everything."""
    description: str
    state: Literal["active", "paused", "disabled"] | str
    """`paused`: by you, `disabled`: by us. It is told nothing then; what is queued waits, for 30 days."""
    state_reason: str
    """Why it is disabled."""
    failing_since: datetime | None
    """Since when no try succeeded; null: the last one did. Disabled after five days of that."""
    created_at: datetime | None


class MediaContent(Shown):
    """A file with a caption."""

    kind: Literal["image", "video", "audio", "document", "sticker"] | str
    type: Literal["media"]
    link: str = ""
    id: str = ""
    """The provider's id of a file that was uploaded there."""
    caption: str = ""
    filename: str = ""


class MediaFile(Shown):
    """A file, by a public address or by the provider's id; exactly one of the two."""

    kind: Literal["image", "video", "audio", "document", "sticker"] | str
    link: str = ""
    id: str = ""
    """The provider's id of a file that was uploaded there."""
    caption: str = ""
    filename: str = ""


class MembersAdded(Shown):
    """What putting contacts on a list came to."""

    added: int
    already: int
    """Those that were on it before."""
    missing: list[Missing]


class Message(Shown):
    """A message and where it stands."""

    id: str
    """The id of a message."""
    campaign_id: str | None
    run_id: str | None
    """The run of a journey that sent it."""
    position_id: str | None
    contact_id: str
    """The id of a contact."""
    sender_id: str
    """The id of a sender."""
    phone: str
    status: Status | str
    reason: str
    """Why it stands there, where that needs saying."""
    code: str
    """The provider's, of a failure."""
    attempts: int
    """Requests that may have been made."""
    unresolved: bool
    """In doubt, and nothing more will be heard by itself: decide."""
    created_at: datetime | None
    accepted_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None


class MessageDetail(Shown):
    """A message with what it says and all that happened."""

    id: str
    """The id of a message."""
    campaign_id: str | None
    run_id: str | None
    """The run of a journey that sent it."""
    position_id: str | None
    contact_id: str
    """The id of a contact."""
    sender_id: str
    """The id of a sender."""
    phone: str
    status: Status | str
    reason: str
    """Why it stands there, where that needs saying."""
    code: str
    """The provider's, of a failure."""
    attempts: int
    """Requests that may have been made."""
    unresolved: bool
    """In doubt, and nothing more will be heard by itself: decide."""
    created_at: datetime | None
    accepted_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None
    text: str
    """What its reader sees."""
    content: TextContent | MediaContent | ButtonsContent | ListContent | TemplateUse | dict[str, Any] | None
    """What is sent, filled in; null if it could not be made."""
    policy: Policy | str
    due_at: datetime | None
    """Not sent before; null once it is settled."""
    expires_at: datetime | None
    provider_id: str
    """The provider's id of it."""
    fault_kind: str
    """What a failure is about: recipient, request, template, account, ..."""
    conflict: bool
    """It was reported both failed and delivered: some providers do so for people with several devices."""
    earlier_attempts: list[Attempt]


class MessageEntry(Shown):
    """What we sent."""

    kind: Literal["message"]
    id: str
    """The id of a message."""
    at: datetime | None
    text: str
    type: str
    """What kind of content it is: text, template, buttons, ..."""
    status: str
    code: str
    reason: str
    """Why it failed."""
    campaign_id: str | None
    run_id: str | None
    position_id: str | None
    accepted_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None


class MinuteResults(Shown):
    """One minute of them."""

    accepted: int
    """The provider took the message."""
    rejected: int
    """It refused the message for good."""
    not_sent: int
    """Certainly not sent, and tried again."""
    unknown: int
    """Nobody knows yet."""
    at: datetime | None
    """When the minute began."""


class Missing(Shown):
    """Something that was asked for and is no contact."""

    item: str
    """The id or number as it was sent."""
    detail: str


class MissingVariable(Shown):
    """A variable that a message needs and people do not have."""

    name: str
    node: str
    people: int
    examples: list[int]
    """Contacts, by number."""


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


class NodeKind(Shown):
    """One kind of node."""

    kind: str
    title: str
    about: str
    ports: list[str]
    """Which edges may leave it, by their `on`."""
    needs: list[str]
    """Which of them must be drawn."""
    listens: bool
    """Whether replies are meant for it."""
    defaults: dict[str, Any]
    """The fields that may be left out, and what they then are."""
    example: dict[str, Any]
    json_schema: dict[str, Any]
    """JSON Schema, draft 2020-12."""


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


class Notice(Shown):
    """Something a provider told that a person should read."""

    id: str
    """The id of a notice."""
    about: str
    """`sender:` and its number, or `template:` and its name."""
    event: str
    """The provider's word."""
    detail: str
    created_at: datetime | None


class OneOfMany(BaseModel):
    """A message among several."""

    sender_id: str
    """The id of a sender."""
    content: TextContent | Mapping[str, Any] | MediaContent | ButtonsContent | ListContent | TemplateUse
    to: str | None = None
    """A phone number in international form. If it is no contact's yet, it becomes one, on no list."""
    contact_id: str | None = None
    """Or one of your contacts. Exactly one of the two."""
    variables: Mapping[str, Any] | None = None
    """Values for what stands in the content, over the contact's own attributes."""
    priority: Literal["high", "normal"] | None = None
    """`high`: with replies, before journeys. `normal`: after them. Campaigns come after both."""
    expires_at: datetime | None = None
    """Not sent at all if it could not be sent by then; null: however long it takes."""
    policy: Policy | None = None
    """What happens when nobody knows whether the provider took it."""


class OpenHandoff(Shown):
    """A journey put this conversation before people."""

    id: str
    """The id of a handoff."""
    note: str
    waits: bool
    """The journey goes on when it is closed."""
    opened_at: datetime | None


class OwnWorkspaces(Shown):
    """The workspaces of whoever asks."""

    items: list[PlaceShown]


class Parameter(Shown):
    """A template's variable, and what goes into it."""

    name: str
    """`1`, `2`, ... where the template's variables are numbered."""
    value: str


class Passage(Shown):
    """One time somebody went through a run, with every reason that was kept."""

    position: Position
    steps: list[TrailStep]
    messages: list[TrailMessage]
    replies: list[TrailReply]


class PlaceShown(Shown):
    """One workspace of a user."""

    id: str
    """The id of a workspace."""
    name: str
    role: Role | str | None
    """What the user is there; null: an API key asks."""


class Position(Shown):
    """One person in one run."""

    id: str
    """The id of a position."""
    run_id: str
    """The id of a run."""
    contact_id: str
    """The id of a contact."""
    phone: str
    version: int
    node: str
    visit: int
    variables: dict[str, Any]
    outcome: str
    """How it ended; empty: under way."""
    reason: str
    entered_at: datetime | None
    moved_at: datetime | None
    ended_at: datetime | None
    timer_at: datetime | None
    """When the node stops waiting; null: no timer is set."""


class PreviewButton(Shown):
    """A button as it is shown."""

    kind: str
    text: str
    target: str
    """Where it leads: an address, a number, a coupon."""


class Problem(Shown):
    """Why a request was refused. `type` is stable; the words may change. Other members belong to their type."""

    type: str
    """A stable name of the kind of problem."""
    title: str
    """The kind of problem in words."""
    status: int
    """The HTTP status, repeated."""
    detail: str
    """What happened here, and how to mend it."""
    errors: list[Detail] | None = None
    """Each thing to mend, where several may be wrong."""


class Provider(Shown):
    """A company that carries messages."""

    name: str
    title: str
    fields: list[ProviderField]
    webhook_url: str
    """Where the provider tells us what became of messages, and what people answer."""
    webhook_help: str
    """What to do with that address at the provider."""


class ProviderField(Shown):
    """One thing to give when a sender is added."""

    name: str
    help: str
    place: Literal["account", "config", "secret"] | str
    """`account` and `config` are shown again, a `secret` never is."""
    required: bool
    choices: list[str]
    """The values it may have; empty: any."""


class ProviderWord(Shown):
    """What the provider says of a sender, asked just now."""

    ok: bool
    """Whether it can send."""
    name: str
    quality: str
    """Such as GREEN, YELLOW, RED; empty where the provider rates nobody."""
    limit: int
    """Messages per second that the provider allows; 0: it states none."""
    detail: str


class Providers(Shown):
    """Every provider there is."""

    items: list[Provider]


class PublishedVersion(Shown):
    """The version that people enter from now on."""

    number: int
    fresh: bool
    """False: the draft had been published before, and nothing is new."""
    warnings: list[GraphProblem]


class QueuedMessage(Shown):
    """A message that will be sent."""

    id: str
    """The id of a message."""
    status: Literal["queued"] = "queued"


class RateSet(Shown):
    """The pace that all campaigns of the sender share."""

    sender_id: str
    """The id of a sender."""
    rate: float


class Recipient(Shown):
    """One person of a campaign, and what became of their message."""

    message_id: str
    """The id of a message."""
    contact_id: str
    """The id of a contact."""
    phone: str
    status: Status | str
    reason: str
    """Why it stands there, where that needs saying."""
    code: str
    """The provider's, of a failure."""
    attempts: int
    created_at: datetime | None
    accepted_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None


class Replies(BaseModel):
    """They write, or press a button or a list's row."""

    do: Literal["reply"]
    payload: str | None = None
    """The id of the button or row they press."""
    kind: str | None = None
    """What it is: text, button, image, reaction, ..."""
    text: str | None = None


class ReplyEntry(Shown):
    """What they wrote."""

    kind: Literal["reply"]
    id: str
    """The id of a reply."""
    at: datetime | None
    text: str
    type: str
    """What it is: text, button, image, ..."""
    payload: str
    """The id of the button or row that was pressed."""
    opt_out: bool
    """It was obeyed as a wish not to be written to."""
    maybe_opt_out: bool
    """It may be such a wish: read it."""
    routed: str
    """Where it went: position (a journey), trigger, opt_out, late, inbox."""
    why: str
    position_id: str | None
    read_at: datetime | None
    """When one of us read it."""


class Resent(Shown):
    """How many deliveries are sent again."""

    resent: int
    more: bool
    """Whether there may be more: ask again."""


class ResetLink(Shown):
    """A link by which somebody chooses a new password."""

    link: str
    """For them alone, told this once. It works once, for a day."""
    expires_at: datetime | None


class Results(Shown):
    """What requests to the provider ended in."""

    accepted: int
    """The provider took the message."""
    rejected: int
    """It refused the message for good."""
    not_sent: int
    """Certainly not sent, and tried again."""
    unknown: int
    """Nobody knows yet."""


class Run(Shown):
    """One start of a journey. Where people enter one by one, the version has one run of kind `open`."""

    id: str
    """The id of a run."""
    name: str
    journey_id: str
    """The id of a journey."""
    journey: str
    version: int
    """The version people entered; some may have been moved to another since."""
    kind: Literal["audience", "open"] | str
    status: Literal["running", "paused", "stopped", "finished"] | str
    status_reason: str
    expanded: bool
    """Whether everybody of the audience was let in."""
    entered: int
    under_way: int
    ended: int
    skipped: int
    """People met who did not enter: filtered, opted out, or in it already."""
    created_at: datetime | None
    finished_at: datetime | None


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
    at: datetime | None


class RunTrace(Shown):
    """How one person went. Several passages when the journey lets people in again."""

    phone: str
    passages: list[Passage]


class SampleRow(Shown):
    """One of the first rows."""

    line: int
    cells: list[str]
    problem: str
    """Why it cannot be used; empty: it can be read."""


class SavedMapping(Shown):
    """A mapping under a name."""

    name: str
    mapping: dict[str, str]
    created_at: datetime | None


class Secret(Shown):
    """A new secret: the only time it is told."""

    secret: str
    """What verifies the signatures, by the Standard Webhooks specification. It cannot be shown again."""


class Section(Shown):
    """Some rows of a list under a title."""

    title: str
    rows: list[Choice]


class Sender(Shown):
    """Our number or messaging service at a provider."""

    id: str
    """The id of a sender."""
    name: str
    provider: str
    account: str
    config: dict[str, str]
    state: Literal["active", "paused"] | str
    state_reason: str
    """Why it is paused."""
    rate: float
    """Messages per second as set; 0: as fast as it goes."""
    pace: float
    """Messages per second as last stored: lower than `rate` after the provider asked to slow down."""
    created_at: datetime | None


class SenderDetail(Shown):
    """A sender, and how it is connected."""

    id: str
    """The id of a sender."""
    name: str
    provider: str
    account: str
    config: dict[str, str]
    state: Literal["active", "paused"] | str
    state_reason: str
    """Why it is paused."""
    rate: float
    """Messages per second as set; 0: as fast as it goes."""
    pace: float
    """Messages per second as last stored: lower than `rate` after the provider asked to slow down."""
    created_at: datetime | None
    secrets: list[str]
    """Which credentials are stored."""
    webhook_url: str
    """Where the provider tells us what became of messages, and what people answer."""
    webhook_help: str
    """What to do with that address at the provider."""


class SenderHealth(Shown):
    """How a sender does, from what is stored here; `POST /senders/{id}/check` asks the provider."""

    state: Literal["active", "paused"] | str
    state_reason: str
    limits: Limits
    waiting: int
    """Messages that may leave now. Of single ones and journeys' no more than 1,000 are counted."""
    oldest_due_at: datetime | None
    """Since when the oldest of them may."""
    last_minute: Results
    """The last whole minute."""
    last_hour: Results
    """The last sixty minutes."""
    refused_share: float
    """Of what ended for good in the last hour, the share that was rejected: 0 to 1."""
    minutes: list[MinuteResults]
    """The last sixty minutes one by one, oldest first; those without requests are left out."""


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


class SentReply(Shown):
    """An answer on its way; see the message for what becomes of it."""

    message_id: str
    """The id of a message."""
    conversation_id: str
    """The id of a conversation."""
    status: Literal["queued"]
    created_at: datetime | None


class ServiceAnswer(BaseModel):
    """What a web service answers."""

    status: int | None = None
    """0: it gives no answer."""
    body: Any = None
    error: str | None = None


class ShownButton(Shown):
    """A button of a template."""

    kind: Literal["quick_reply", "url", "phone", "copy_code", "other"] | str
    text: str
    url: str
    phone: str
    id: str
    example: str


class ShownContent(Shown):
    """A template's parts, in the form in which one is submitted."""

    body: str
    header: str
    header_media: str
    header_example: str
    footer: str
    buttons: list[ShownButton]
    examples: dict[str, str]


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
    started_at: datetime | None
    until: datetime | None
    finished_at: datetime | None
    """When the last person ended; null: somebody is still under way."""


class Standing(Shown):
    """Where the person is in the end, and what can happen next."""

    node: str
    visit: int
    now: datetime | None
    variables: dict[str, Any]
    attributes: dict[str, Any]
    tags: list[str]
    outcome: str
    """Empty while they are under way."""
    reason: str
    timer_at: datetime | None
    window_until: datetime | None
    """Until when free text may be sent; null: the window is closed, or this sender has none."""
    has_window: bool
    waits_for: Literal["reply", "answer", "close", "time", "nothing"] | str
    calls: str
    """The address that the api node has called."""
    choices: list[TrialChoice]
    """What can be pressed."""


class StoredSecrets(Shown):
    """Which credentials a sender has. Their values are never shown."""

    secrets: list[str]


class SyncResult(Shown):
    """What is different from the last time. Names with their language."""

    total: int
    added: list[str]
    changed: list[str]
    removed: list[str]


class Template(Shown):
    """A template as its provider listed it last."""

    id: str
    """The id of a template."""
    provider: str
    account: str
    """What it belongs to: every sender of this account can use it."""
    provider_id: str
    """What the provider knows it by; on Twilio, what campaigns name."""
    name: str
    language: str
    category: str
    status: str
    """The provider's word. Only APPROVED ones are sent."""
    named: bool
    """Whether its variables have names instead of numbers."""
    variables: list[str]
    """What each message gives a value for."""
    text: str
    header_media: str
    """image, video, document or location when each message brings one; else empty."""
    synced_at: datetime | None


class TemplateContent(BaseModel):
    """A template's parts, the same for every provider. Variables are written `{{1}}` or `{{first_name}}`."""

    body: str
    header: str | None = None
    header_media: Literal["image", "video", "document", "location"] | None = None
    """What each message brings in its header, instead of a text."""
    header_example: str | None = None
    """A file for the reviewer: a handle (WhatsApp) or a public address (Twilio)."""
    footer: str | None = None
    buttons: Sequence[ButtonDefinition | Mapping[str, Any]] | None = None
    examples: Mapping[str, str] | None = None
    """For the reviewer: what may stand in each variable."""


class TemplateDetail(Shown):
    """A template with its parts."""

    id: str
    """The id of a template."""
    provider: str
    account: str
    """What it belongs to: every sender of this account can use it."""
    provider_id: str
    """What the provider knows it by; on Twilio, what campaigns name."""
    name: str
    language: str
    category: str
    status: str
    """The provider's word. Only APPROVED ones are sent."""
    named: bool
    """Whether its variables have names instead of numbers."""
    variables: list[str]
    """What each message gives a value for."""
    text: str
    header_media: str
    """image, video, document or location when each message brings one; else empty."""
    synced_at: datetime | None
    content: ShownContent


class TemplatePreview(Shown):
    """A template as the person will see it."""

    header: str
    header_media: str
    text: str
    footer: str
    buttons: list[PreviewButton]
    blank: list[str]
    """Variables with nothing in them. They are shown as they are written, and a campaign leaves such people
    out.
    """


class TemplateUse(Shown):
    """A template that the provider approved."""

    type: Literal["template"]
    name: str
    """Its name; with Twilio its id (HX...)."""
    language: str = ""
    body: list[Parameter] | None = None
    header: Parameter | None = None
    header_media: MediaFile | None = None
    buttons: list[ButtonParameter] | None = None
    named: bool = False
    """Whether the parameters travel by name, not by number."""


class TestSent(Shown):
    """A test message, queued before everything else of its sender."""

    id: str
    """The id of a message."""
    status: Literal["queued"] = "queued"


class TextContent(Shown):
    """Free text. On WhatsApp only within 24 hours after the person wrote."""

    type: Literal["text"]
    body: str
    preview_url: bool = False
    """Whether the first address in it is shown with a preview."""


class TrailMessage(Shown):
    """A message of one visit, and what became of it."""

    id: str
    """The id of a message."""
    visit: int
    text: str
    sender: str
    status: str
    code: str
    reason: str
    created_at: datetime | None
    accepted_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None


class TrailReply(Shown):
    """A reply that was meant for this position; `routed` is `late` when it came to a node already left."""

    id: str
    """The id of a reply."""
    kind: str
    text: str
    payload: str
    routed: str
    why: str
    at: datetime | None


class TrailStep(Shown):
    """What one event did at one visit of a node."""

    at: datetime | None
    visit: int
    node: str
    event: str
    edge: str
    """The edge taken; empty: none was."""
    to: str
    outcome: str
    why: str
    tried: list[TriedEdge]
    reply_id: str | None


class Trial(Shown):
    """What happened, in order, and where it led."""

    lines: list[TrialLine]
    standing: Standing
    started_at: datetime | None


class TrialChoice(Shown):
    """A button, or a row of a list."""

    id: str
    title: str
    description: str


class TrialLine(Shown):
    """One thing that happened."""

    kind: Literal["message", "reply", "step", "unheard", "note"] | str
    """message: ours. reply: theirs. step: an event moved them, or did not. unheard: no node listened."""
    at: datetime | None
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


class TrialPerson(BaseModel):
    """Who walks."""

    phone: str | None = None
    attributes: Mapping[str, str | float | bool | None] | None = None
    language: str | None = None
    timezone: str | None = None
    tags: Sequence[str] | None = None
    lists: Sequence[str] | None = None
    """Names of lists they are on."""
    opted_out: bool | None = None
    window_open: bool | None = None
    """Whether they wrote just before, so that free text may be sent to them on WhatsApp."""


class TriedEdge(Shown):
    """An edge that was looked at, and why it was taken or not."""

    edge: str
    taken: bool
    why: str


class UnwantedReply(Shown):
    """A reply that no journey wanted and nobody has read."""

    id: str
    """The id of a reply."""
    contact_id: str | None
    phone: str
    sender_id: str
    """The id of a sender."""
    sender: str
    kind: str
    text: str
    payload: str
    maybe_opt_out: bool
    """It may be a wish not to be written to."""
    why: str
    """Why it is here."""
    at: datetime | None


class Upload(Shown):
    """A file that is stored whole. It is removed after seven days, unless it is being imported then."""

    id: str
    """The id of a upload."""
    name: str
    size: int
    """Bytes."""
    sha256: str
    """Of its bytes, in hex: compare it with yours."""
    created_at: datetime | None


class UserShown(Shown):
    """A user of the workspace."""

    id: str
    """The id of a user."""
    email: str
    name: str
    role: Role | str
    """What they are in this workspace."""
    second_factor: bool
    """Whether signing in asks them for a code."""
    joined_at: datetime | None
    signed_in_at: datetime | None
    """When they last signed in, to any workspace."""


class Verdict(Shown):
    """What became of one of several messages."""

    index: int
    """Its place in the request, from 0."""
    status: Literal["queued", "refused"] | str
    id: str | None
    problem: Problem | None
    """Why it was refused. Its pointers begin at the message."""


class Verdicts(Shown):
    """What became of each message."""

    queued: int
    refused: int
    items: list[Verdict]


class Verification(Shown):
    """What walking the log's chain of hashes found."""

    intact: bool
    """Whether every entry is as it was written."""
    entries: int
    """How many there are."""
    first_broken: int | None
    """The first entry that does not follow from the one before: it, or the one before it, was changed, moved
    or removed.
    """
    hash: str
    """The newest entry's hash. Kept elsewhere, it proves later that everything up to it is still the same."""


class Version(Shown):
    """A published version with its graph, which never changes."""

    number: int
    note: str
    published_at: datetime | None
    graph: dict[str, Any]
    """Nodes and edges, as docs/reference/nodes.md describes them; `GET /journeys/node-kinds` has the JSON
    Schema.
    """


class VersionItem(Shown):
    """A published version."""

    number: int
    note: str
    published_at: datetime | None


class Waits(BaseModel):
    """Time goes by."""

    do: Literal["wait"]
    span: str


class Way(Shown):
    """People who left by one edge, or ended with one outcome."""

    label: str
    n: int
    share: float
    """Of all who left the node, from 0 to 1."""


class Webhook(Shown):
    """A webhook, without its secret."""

    id: str
    """The id of a webhook."""
    url: str
    events: list[str]
    """What it is told of; none: everything."""
    description: str
    state: Literal["active", "paused", "disabled"] | str
    """`paused`: by you, `disabled`: by us. It is told nothing then; what is queued waits, for 30 days."""
    state_reason: str
    """Why it is disabled."""
    failing_since: datetime | None
    """Since when no try succeeded; null: the last one did. Disabled after five days of that."""
    created_at: datetime | None


class Worker(Shown):
    """A process that sends."""

    name: str
    host: str
    version: str
    started_at: datetime | None
    silent_s: float | None
    """Seconds since its last sign of life, by the clock of the process that answers; null: it does not
    watch.
    """
    here: bool
    """Whether it is the process that answers."""


class WorkspaceShown(Shown):
    """A workspace with its settings."""

    id: str
    """The id of a workspace."""
    name: str
    opt_out_words: list[str]
    """Replies that ask for no more messages, beside STOP and the other usual words. Whole replies only; case
    and punctuation do not matter.
    """
    created_at: datetime | None


Entry: TypeAlias = MessageEntry | ReplyEntry | dict[str, Any]
"""What was said: our message, or their reply."""
