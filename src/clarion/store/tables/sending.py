"""What we send: campaigns, messages, the outbox and attempts."""

import sqlalchemy as sa

from clarion.domain.message import Status
from clarion.store.dialect import Json
from clarion.store.tables.columns import flag, ident, metadata, number, text, time, to, workspace

campaigns = sa.Table(
    "campaigns",
    metadata,
    ident(),
    workspace(),
    sa.Column("name", sa.Text, nullable=False),
    to("sender_id", "senders"),
    sa.Column("lists", Json, nullable=False, server_default="[]"),  # list ids
    sa.Column("retry_of", sa.BigInteger, sa.ForeignKey("campaigns.id")),  # audience = its messages in ...
    sa.Column("retry_statuses", Json, nullable=False, server_default="[]"),  # ... these statuses
    sa.Column("content", Json, nullable=False),
    sa.Column(
        "earlier", Json, nullable=False, server_default="[]"
    ),  # [until, content] of each change while paused
    sa.Column("required", Json, nullable=False, server_default="[]"),  # attributes that must not be blank
    text("on_missing"),  # refuse, exclude
    text("policy"),  # no_duplicates, resend_if_quiet, must_arrive
    flag("dry_run"),
    sa.Column("status", sa.Text, nullable=False, server_default="draft"),
    text("status_reason"),
    number("epoch"),  # raised by pause and stop; what was claimed under another one is not sent
    number("members"),  # distinct people of the audience at launch
    number("cursor"),  # last list_members.id (or messages.id for a retry) turned into messages
    number("bound"),  # the audience as it was at launch: nothing above it is taken
    flag("expanded"),
    time("scheduled_at"),
    time("expires_at"),
    time("created_at"),
    time("launched_at"),
    time("finished_at"),
    sa.Index(None, "sender_id", "status"),
    sa.Index(None, "status"),
    sa.Index("ix_campaigns_finished", "workspace_id", "finished_at"),
    sa.UniqueConstraint("workspace_id", "name"),
)

# Moved in the same transaction as the rows it counts. Narrow, so that the update stays in its page.
campaign_counts = sa.Table(
    "campaign_counts",
    metadata,
    sa.Column(
        "campaign_id", sa.BigInteger, sa.ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    ),
    number("audience"),  # messages written: the sum of the statuses below, always
    *(number(status.value) for status in Status),
    number("missing"),  # people left out because a variable was blank
    number("merged"),  # people met twice in the lists, written once
    text("breaker"),  # the last outcomes, one letter each (domain/breaker.py)
)

# No foreign keys here and in outbox: their rows are written set-based from rows just read, checking each again
# costs PostgreSQL as much as writing it (a launch takes 1.7 times as long), and check_books() finds strays.
messages = sa.Table(
    "messages",
    metadata,
    ident(),
    sa.Column("workspace_id", sa.BigInteger, nullable=False),
    sa.Column("campaign_id", sa.BigInteger),  # NULL: a single message, or a journey's
    number("run_id"),  # 0: no journey's
    number("position_id"),
    number("visit"),  # the position's, when it asked for this message
    sa.Column("contact_id", sa.BigInteger, nullable=False),
    number(
        "place"
    ),  # in the batch it came in, from 1; 0: a campaign to lists, which writes to each person once
    sa.Column("sender_id", sa.BigInteger, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("variables", Json, nullable=False, server_default="{}"),  # the contact's attributes at launch
    sa.Column("content", Json),  # NULL: the campaign's
    sa.Column("status", sa.Text, nullable=False),  # `queued` while an outbox row says where it stands
    number("attempts"),  # requests we may have made
    text("attempt_id"),  # the latest one
    sa.Column("provider_id", sa.Text),
    text("fault_kind"),
    text("fault_code"),
    text("fault_reason"),
    flag("conflict"),  # delivered or read after failed
    time("created_at"),
    *(time(f"{fact}_at") for fact in ("accepted", "sent", "delivered", "read", "failed")),
    sa.UniqueConstraint("campaign_id", "contact_id", "place"),
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
    sa.Index("ix_messages_log", "workspace_id", "id"),  # the newest of a workspace, page by page
    # One message for each visit, whatever is repeated.
    sa.Index(
        "uq_messages_visit",
        "position_id",
        "visit",
        unique=True,
        sqlite_where=sa.text("position_id <> 0"),
        postgresql_where=sa.text("position_id <> 0"),
    ),
    sa.Index(
        "ix_messages_run",
        "run_id",
        "id",
        sqlite_where=sa.text("run_id <> 0"),
        postgresql_where=sa.text("run_id <> 0"),
    ),
)

# Narrow and short-lived: claims, leases and marks touch only this; deleted when the message is settled.
outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("message_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("workspace_id", sa.BigInteger, nullable=False),
    sa.Column("sender_id", sa.BigInteger, nullable=False),
    number("campaign_id"),  # 0: a single message, or a journey's
    number("run_id"),  # 0: no journey's
    text("policy"),  # its own, before the campaign's; "" for both = no_duplicates
    sa.Column("contact_id", sa.BigInteger, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column(
        "priority", sa.SmallInteger, nullable=False
    ),  # lower first: 0 replies, 10 journeys, 20 campaigns
    # queued, leased, sending, unknown; held: queued, while its run is paused
    sa.Column("state", sa.Text, nullable=False, server_default="queued"),
    time("due_at"),  # queued: not before
    time("until"),  # leased, sending: how long we believe in the worker; unknown: when to look for evidence
    number("token"),  # grows with every claim; fences stale workers
    text("worker"),
    text("attempt_id"),
    number("attempts"),  # requests that count against the limit
    number("throttles"),  # pair-limit answers in a row, for 1, 4, 16, 64 s
    number("looks"),  # evidence queries made while unknown
    time("doubted_at"),  # when it became unknown
    time("expires_at"),  # its own; a campaign's holds for all of its messages
    flag("unresolved"),  # its window ended: waits for a person
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
    sa.Index(
        "ix_outbox_run",
        "run_id",
        "state",
        sqlite_where=sa.text("run_id <> 0"),
        postgresql_where=sa.text("run_id <> 0"),
    ),
    sa.Index("ix_outbox_person", "workspace_id", "person"),
)

# Messages handed over in one request, each with its own number and text, before they are messages.
batches = sa.Table(
    "batches",
    metadata,
    sa.Column(
        "campaign_id", sa.BigInteger, sa.ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column("workspace_id", sa.BigInteger, nullable=False),
    sa.Column("leader_id", sa.BigInteger, nullable=False),  # the first campaign of the same request
    number("total"),
    sa.Column(
        "rows", sa.LargeBinary
    ),  # a JSON array of [place, number, text], compressed; NULL once all are messages
    sa.Column(
        "refused", Json, nullable=False, server_default="[]"
    ),  # [place, number, why] of what cannot be one
    flag("hidden"),  # taken out of the history
    sa.Index(None, "leader_id"),
    sa.Index("ix_batches_history", "workspace_id", "campaign_id"),
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
    text("code"),
    text("reason"),
    text("provider_id"),
    time("ended_at"),
)
