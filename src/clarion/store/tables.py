"""Every table, one metadata for both databases. Instants are microseconds since 1970, UTC; 0 means "never"."""

import sqlalchemy as sa

from clarion.domain.message import Status
from clarion.store.dialect import BigId, Json

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> sa.Column[int]:
    return sa.Column("id", BigId, primary_key=True, autoincrement=True)


def _time(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def _to(column: str, table: str, *, cascade: bool = False) -> sa.Column[int]:
    key = sa.ForeignKey(f"{table}.id", ondelete="CASCADE" if cascade else None)
    return sa.Column(column, sa.BigInteger, key, nullable=False)


def _workspace() -> sa.Column[int]:
    return sa.Column("workspace_id", sa.BigInteger, sa.ForeignKey("workspaces.id"), nullable=False)


workspaces = sa.Table(
    "workspaces",
    metadata,
    _id(),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("opt_out_words", Json, nullable=False, server_default="[]"),
    _time("created_at"),
)

# --- who we are -------------------------------------------------------------------------------------------

senders = sa.Table(
    "senders",
    metadata,
    _id(),
    _workspace(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False, index=True),  # phone number id or account SID
    sa.Column("config", Json, nullable=False, server_default="{}"),
    sa.Column("secrets", sa.Text, nullable=False),  # encrypted, bound to this row (services/secrets.py)
    sa.Column("state", sa.Text, nullable=False, server_default="active"),  # active, paused
    _text("state_reason"),
    _time("created_at"),
    sa.UniqueConstraint("workspace_id", "name"),
)

# Apart from senders: every claim locks a timeline, and every mark holds its sender's state still.
timelines = sa.Table(
    "timelines",
    metadata,
    sa.Column("sender_id", sa.BigInteger, sa.ForeignKey("senders.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("rate", sa.Float, nullable=False),  # messages per second as set; 0 = as fast as it goes
    sa.Column("pace", sa.Float, nullable=False),  # messages per second now, lower after a throttle answer
    _time("paced_at"),  # when `pace` was last true, to climb from
    _time("throttled_at"),
    _time("free_at"),  # the first instant no slot has been given for
    _time("hold_until"),  # nothing starts before (provider asked us to wait)
    _text("worker"),  # who claimed last
)

templates = sa.Table(
    "templates",
    metadata,
    _id(),
    _workspace(),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),  # WABA id or account SID: what the template belongs to
    sa.Column("provider_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    _text("category"),
    _text("status"),  # the provider's word, upper case; only APPROVED is sent
    _flag("named"),
    sa.Column("variables", Json, nullable=False, server_default="[]"),
    _text("text"),
    _text("header_media"),  # image, video, document or location when each message must bring one
    sa.Column("content", Json, nullable=False, server_default="{}"),
    _time("synced_at"),
    sa.UniqueConstraint("workspace_id", "provider", "account", "provider_id"),
    sa.Index(None, "workspace_id", "name", "language"),
)

# --- whom we write to -------------------------------------------------------------------------------------

contacts = sa.Table(
    "contacts",
    metadata,
    _id(),
    sa.Column("workspace_id", sa.BigInteger, nullable=False),  # no foreign key: a tenth of an import's time
    sa.Column("address", sa.Text, nullable=False),  # E.164, what is dialled
    sa.Column("person", sa.Text, nullable=False),  # one key for all spellings of the address
    sa.Column("attributes", Json, nullable=False, server_default="{}"),
    _text("language"),
    _text("timezone"),
    _time("created_at"),
    _time("updated_at"),
    sa.UniqueConstraint("workspace_id", "person"),
)

# Keyed by person, not by contact: an opt-out outlives the contact and covers people we never stored.
suppressions = sa.Table(
    "suppressions",
    metadata,
    sa.Column("workspace_id", sa.BigInteger, sa.ForeignKey("workspaces.id"), primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),  # opt_out, marketing_cap
    _text("source"),
    _time("until"),  # 0 = for good
    _time("created_at"),
)

lists = sa.Table(
    "lists",
    metadata,
    _id(),
    _workspace(),
    sa.Column("name", sa.Text, nullable=False),
    _time("created_at"),
    sa.UniqueConstraint("workspace_id", "name"),
)

list_members = sa.Table(
    "list_members",
    metadata,
    _id(),  # grows with the file's lines: the order campaigns walk
    sa.Column("list_id", sa.BigInteger, nullable=False),  # no foreign key, as above
    _to("contact_id", "contacts", cascade=True),
    _number("import_id"),
    _number("line"),  # in the imported file, 0 when added otherwise
    # The contact first: a look-up by both must never walk a list that was empty when statistics were taken.
    sa.UniqueConstraint("contact_id", "list_id"),
    sa.Index(None, "list_id", "id"),
)

imports = sa.Table(
    "imports",
    metadata,
    _id(),
    _workspace(),
    _to("list_id", "lists"),
    sa.Column("file", sa.Text, nullable=False),  # absolute path of our own copy or the operator's file
    sa.Column("name", sa.Text, nullable=False),  # as the operator called it
    _text("digest"),  # SHA-256 of the bytes: a resumed import must be the same file
    sa.Column("shape", Json, nullable=False, server_default="{}"),  # encoding, delimiter, header, sheet
    sa.Column("mapping", Json, nullable=False, server_default="{}"),  # places of the columns, and the rules
    _text("country"),
    _text("status"),  # running, finished, failed
    _text("error"),
    _number("cursor"),  # the last line handled
    *(_number(verdict) for verdict in ("accepted", "corrected", "duplicate", "invalid", "opted_out")),
    _time("created_at"),
    _time("finished_at"),
)

# A row per verdict that needs telling; plainly accepted rows are the list's members.
import_rows = sa.Table(
    "import_rows",
    metadata,
    sa.Column("import_id", sa.BigInteger, sa.ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("line", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),  # one sentence
    sa.Column(
        "raw", Json, nullable=False, server_default="[]"
    ),  # the cells as they stood, for the rejects file
)

mappings = sa.Table(
    "mappings",
    metadata,
    _id(),
    _workspace(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("mapping", Json, nullable=False),
    _time("created_at"),
    sa.UniqueConstraint("workspace_id", "name"),
)

# --- what we send -----------------------------------------------------------------------------------------

campaigns = sa.Table(
    "campaigns",
    metadata,
    _id(),
    _workspace(),
    sa.Column("name", sa.Text, nullable=False),
    _to("sender_id", "senders"),
    sa.Column("lists", Json, nullable=False, server_default="[]"),  # list ids
    sa.Column("retry_of", sa.BigInteger, sa.ForeignKey("campaigns.id")),  # audience = its messages in ...
    sa.Column("retry_statuses", Json, nullable=False, server_default="[]"),  # ... these statuses
    sa.Column("content", Json, nullable=False),
    sa.Column("required", Json, nullable=False, server_default="[]"),  # attributes that must not be blank
    _text("on_missing"),  # refuse, exclude
    _text("policy"),  # no_duplicates, resend_if_quiet, must_arrive
    _flag("dry_run"),
    sa.Column("status", sa.Text, nullable=False, server_default="draft"),
    _text("status_reason"),
    _number("epoch"),  # raised by pause and stop
    _number("cursor"),  # last list_members.id (or messages.id for a retry) turned into messages
    _number("bound"),  # the audience as it was at launch: nothing above it is taken
    _flag("expanded"),
    _time("scheduled_at"),
    _time("expires_at"),
    _time("created_at"),
    _time("launched_at"),
    _time("finished_at"),
    sa.Index(None, "sender_id", "status"),
    sa.Index(None, "status"),
    sa.UniqueConstraint("workspace_id", "name"),
)

# Moved in the same transaction as the rows it counts. Narrow, so that the update stays in its page.
campaign_counts = sa.Table(
    "campaign_counts",
    metadata,
    sa.Column(
        "campaign_id", sa.BigInteger, sa.ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    ),
    _number("audience"),  # messages written: the sum of the statuses below, always
    *(_number(status.value) for status in Status),
    _number("missing"),  # people left out because a variable was blank
    _number("merged"),  # people met twice in the lists, written once
    _text("breaker"),  # the last outcomes, one letter each (domain/breaker.py)
)

# No foreign keys here and in outbox: their rows are written set-based from rows just read, checking each again
# costs PostgreSQL as much as writing it (a launch takes 1.7 times as long), and check_books() finds strays.
messages = sa.Table(
    "messages",
    metadata,
    _id(),
    sa.Column("workspace_id", sa.BigInteger, nullable=False),
    sa.Column("campaign_id", sa.BigInteger),  # NULL: a single message
    sa.Column("contact_id", sa.BigInteger, nullable=False),
    sa.Column("sender_id", sa.BigInteger, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("variables", Json, nullable=False, server_default="{}"),  # the contact's attributes at launch
    sa.Column("content", Json),  # NULL: the campaign's
    sa.Column("status", sa.Text, nullable=False),  # `queued` while an outbox row says where it stands
    _number("attempts"),  # requests we may have made
    _text("attempt_id"),  # the latest one
    sa.Column("provider_id", sa.Text),
    _text("fault_kind"),
    _text("fault_code"),
    _text("fault_reason"),
    _flag("conflict"),  # delivered or read after failed
    _time("created_at"),
    *(_time(f"{fact}_at") for fact in ("accepted", "sent", "delivered", "read", "failed")),
    sa.UniqueConstraint("campaign_id", "contact_id"),
    sa.Index(
        "ix_messages_provider_id",
        "provider_id",
        sqlite_where=sa.text("provider_id IS NOT NULL"),
        postgresql_where=sa.text("provider_id IS NOT NULL"),
    ),
    # On the code, not on the status: PostgreSQL rewrites no index when a receipt moves a status.
    sa.Index(
        "ix_messages_fault",
        "campaign_id",
        "fault_code",
        sqlite_where=sa.text("fault_code <> ''"),
        postgresql_where=sa.text("fault_code <> ''"),
    ),
    sa.Index("ix_messages_person", "workspace_id", "person"),
)

# Narrow and short-lived: claims, leases and marks touch only this; deleted when the message is settled.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("message_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("workspace_id", sa.BigInteger, nullable=False),
    sa.Column("sender_id", sa.BigInteger, nullable=False),
    _number("campaign_id"),  # 0: a single message
    sa.Column("contact_id", sa.BigInteger, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column(
        "priority", sa.SmallInteger, nullable=False
    ),  # lower first: 0 replies, 10 journeys, 20 campaigns
    sa.Column("state", sa.Text, nullable=False, server_default="queued"),  # queued, leased, sending, unknown
    _time("due_at"),  # queued: not before
    _time("until"),  # leased, sending: how long we believe in the worker; unknown: when to look for evidence
    _number("token"),  # grows with every claim; fences stale workers
    _text("worker"),
    _text("attempt_id"),
    _number("attempts"),  # requests that count against the limit
    _number("throttles"),  # pair-limit answers in a row, for 1, 4, 16, 64 s
    _number("looks"),  # evidence queries made while unknown
    _time("doubted_at"),  # when it became unknown
    _time("expires_at"),
    _flag("unresolved"),  # its window ended: waits for a person
    sa.Index(
        "ix_outbox_due",
        "sender_id",
        "campaign_id",
        "priority",
        "due_at",
        "message_id",
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    ),
    sa.Index(
        "ix_outbox_held",
        "state",
        "until",
        sqlite_where=sa.text("state <> 'queued'"),
        postgresql_where=sa.text("state <> 'queued'"),
    ),
    sa.Index(
        "ix_outbox_in_flight",
        "contact_id",
        sqlite_where=sa.text("state IN ('leased', 'sending')"),
        postgresql_where=sa.text("state IN ('leased', 'sending')"),
    ),
    sa.Index("ix_outbox_campaign", "campaign_id", "state"),
    sa.Index("ix_outbox_person", "workspace_id", "person"),
)

# Only attempts that need telling apart from the latest one: those that ended in a retry or a doubt.
attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("attempt_id", sa.Text, primary_key=True),
    sa.Column(
        "message_id",
        sa.BigInteger,
        sa.ForeignKey("messages.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("outcome", sa.Text, nullable=False),  # not_sent, unknown, accepted, rejected, absent
    _text("code"),
    _text("reason"),
    _text("provider_id"),
    _time("ended_at"),
)

# --- what we hear -----------------------------------------------------------------------------------------

inbox = sa.Table(
    "inbox",
    metadata,
    _id(),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("senders", Json, nullable=False),  # the ids whose secret verified it: it may touch only theirs
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="new"),  # new, done, orphan, aside
    _text("reason"),
    _number("tries"),
    _time("received_at"),
    _time("due_at"),
    sa.UniqueConstraint("provider", "account", "key"),
    sa.Index(
        "ix_inbox_new",
        "due_at",
        "id",
        sqlite_where=sa.text("state IN ('new', 'orphan')"),
        postgresql_where=sa.text("state IN ('new', 'orphan')"),
    ),
)

replies = sa.Table(
    "replies",
    metadata,
    _id(),
    _workspace(),
    sa.Column("sender_id", sa.BigInteger, nullable=False),
    sa.Column("contact_id", sa.BigInteger),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("provider_id", sa.Text, nullable=False),
    _text("kind"),
    _text("text"),
    _text("payload"),
    _text("quoted"),
    _flag("opt_out"),
    _flag("maybe_opt_out"),  # a longer text that contains an opt-out word: for a person to read
    _time("at"),
    _time("received_at"),
    sa.Index(None, "workspace_id", "person", "at"),
    sa.UniqueConstraint("sender_id", "provider_id"),
)

notices = sa.Table(
    "notices",
    metadata,
    _id(),
    _workspace(),
    _text("about"),  # sender:3, campaign:7, template:...
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    _time("created_at"),
    sa.Index(None, "workspace_id", "created_at"),
)

workers = sa.Table(
    "workers",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.BigInteger, nullable=False),
    _number("beat"),  # raised while alive; others watch it move on their own clocks
    _time("started_at"),
)
