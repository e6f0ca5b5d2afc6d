"""What we tell customers' systems: subscriptions, news that they want, and its deliveries."""

import sqlalchemy as sa

from clarion.store.dialect import Json
from clarion.store.tables.columns import ident, metadata, number, text, time, to, workspace

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    ident(),
    workspace(),
    sa.Column("url", sa.Text, nullable=False),
    text("description"),
    sa.Column("events", Json, nullable=False, server_default="[]"),  # names of domain/news.py; []: all
    sa.Column(
        "secrets", sa.Text, nullable=False
    ),  # sealed JSON list of [secret, valid until]; the first is the newest
    sa.Column("state", sa.Text, nullable=False, server_default="active"),  # active, paused, disabled, deleted
    text("state_reason"),
    time("failing_since"),  # 0: the last delivery went well
    time("created_at"),
    sa.Index(None, "workspace_id"),
)

# Written in the transaction that made it true, only where somebody subscribes; deleted when deliveries are made of it.
news = sa.Table(
    "news",
    metadata,
    ident(),
    sa.Column("workspace_id", sa.BigInteger, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("about", sa.BigInteger, nullable=False),  # the id of the message, reply, campaign, run ...
    sa.Column("data", Json, nullable=False, server_default="{}"),  # what its row will not tell later
    time("at"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    ident(),
    sa.Column("workspace_id", sa.BigInteger, nullable=False),
    to("subscription_id", "subscriptions", cascade=True),
    sa.Column("event", sa.Text, nullable=False),
    text(
        "event_id"
    ),  # the header webhook-id, the same at each try. Not the row's id: SQLite uses those again
    sa.Column("body", sa.Text, nullable=False),  # the bytes that are signed, the same at each try
    sa.Column(
        "state", sa.Text, nullable=False, server_default="queued"
    ),  # queued, sending, delivered, failed
    number("tries"),
    time("due_at"),  # queued: not before; sending: how long we believe in the worker
    text("worker"),
    number("status"),  # of the last answer, 0: none
    text("problem"),  # of the last try
    text("answer"),  # the beginning of the last answer
    number("took"),  # microseconds
    time("created_at"),
    time("ended_at"),
    # By subscription: what a paused one, or one whose endpoint is down, has waiting is not walked over for others.
    sa.Index(
        "ix_deliveries_due",
        "subscription_id",
        "due_at",
        "id",
        sqlite_where=sa.text("state IN ('queued', 'sending')"),
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
    ),
    sa.Index("ix_deliveries_newest", "subscription_id", "id"),
    sa.Index("ix_deliveries_state", "subscription_id", "state", "id"),
    sa.Index("ix_deliveries_event", "subscription_id", "event", "id"),
    sa.Index(None, "workspace_id", "id"),
)
