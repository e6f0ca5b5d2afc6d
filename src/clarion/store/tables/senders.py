"""Who we are: workspaces, senders and their timelines, templates."""

import sqlalchemy as sa

from clarion.store.dialect import Json
from clarion.store.tables.columns import flag, ident, metadata, number, text, time, workspace

workspaces = sa.Table(
    "workspaces",
    metadata,
    ident(),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("opt_out_words", Json, nullable=False, server_default="[]"),
    time("created_at"),
)

senders = sa.Table(
    "senders",
    metadata,
    ident(),
    workspace(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False, index=True),  # phone number id or account SID
    sa.Column("config", Json, nullable=False, server_default="{}"),
    sa.Column("secrets", sa.Text, nullable=False),  # encrypted, bound to this row (services/secrets.py)
    sa.Column("state", sa.Text, nullable=False, server_default="active"),  # active, paused
    text("state_reason"),
    time("created_at"),
    sa.UniqueConstraint("workspace_id", "name"),
)

# Apart from senders: every claim locks a timeline, and every mark holds its sender's state still.
timelines = sa.Table(
    "timelines",
    metadata,
    sa.Column("sender_id", sa.BigInteger, sa.ForeignKey("senders.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("rate", sa.Float, nullable=False),  # messages per second as set; 0 = as fast as it goes
    sa.Column("pace", sa.Float, nullable=False),  # messages per second now, lower after a throttle answer
    time("paced_at"),  # when `pace` was last true, to climb from
    time("throttled_at"),
    time("free_at"),  # the first instant no slot has been given for
    time("hold_until"),  # nothing starts before (provider asked us to wait)
    text("worker"),  # who claimed last
)

# What came of a sender's requests, by the minute: how it does now, without looking at any message.
sender_minutes = sa.Table(
    "sender_minutes",
    metadata,
    sa.Column("sender_id", sa.BigInteger, sa.ForeignKey("senders.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("minute", sa.BigInteger, primary_key=True),  # since 1970
    *(number(result) for result in ("accepted", "rejected", "not_sent", "unknown")),
    sa.Index(None, "minute"),
)

templates = sa.Table(
    "templates",
    metadata,
    ident(),
    workspace(),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),  # WABA id or account SID: what the template belongs to
    sa.Column("provider_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    text("category"),
    text("status"),  # the provider's word, upper case; only APPROVED is sent
    flag("named"),
    sa.Column("variables", Json, nullable=False, server_default="[]"),
    text("text"),
    text("header_media"),  # image, video, document or location when each message must bring one
    sa.Column("content", Json, nullable=False, server_default="{}"),
    time("synced_at"),
    sa.UniqueConstraint("workspace_id", "provider", "account", "provider_id"),
    sa.Index(None, "workspace_id", "name", "language"),
)
