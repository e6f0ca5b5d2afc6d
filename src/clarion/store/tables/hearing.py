"""What we hear: raw webhooks, replies, notices; and the workers that read them."""

import sqlalchemy as sa

from clarion.store.dialect import Json
from clarion.store.tables.columns import flag, ident, metadata, number, text, time, workspace

inbox = sa.Table(
    "inbox",
    metadata,
    ident(),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("account", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("senders", Json, nullable=False),  # the ids whose secret verified it: it may touch only theirs
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default="new"),  # new, done, orphan, aside
    text("reason"),
    number("tries"),
    time("received_at"),
    time("due_at"),
    sa.UniqueConstraint("provider", "account", "key"),
    # One for each lane: a reply must not wait for the reading of a campaign's receipts.
    sa.Index(
        "ix_inbox_new",
        "due_at",
        "id",
        sqlite_where=sa.text("state IN ('new', 'orphan') AND kind <> 'reply'"),
        postgresql_where=sa.text("state IN ('new', 'orphan') AND kind <> 'reply'"),
    ),
    sa.Index(
        "ix_inbox_replies",
        "due_at",
        "id",
        sqlite_where=sa.text("state IN ('new', 'orphan') AND kind = 'reply'"),
        postgresql_where=sa.text("state IN ('new', 'orphan') AND kind = 'reply'"),
    ),
)

replies = sa.Table(
    "replies",
    metadata,
    ident(),
    workspace(),
    sa.Column("sender_id", sa.BigInteger, nullable=False),
    sa.Column("contact_id", sa.BigInteger),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("provider_id", sa.Text, nullable=False),
    text("kind"),
    text("text"),
    text("payload"),
    text("quoted"),
    flag("opt_out"),
    flag("maybe_opt_out"),  # a longer text that contains an opt-out word: for a person to read
    text("routed"),  # opt_out, position, trigger, late, inbox
    number("position_id"),  # whom it was routed to
    text("why"),  # one sentence
    time("at"),
    time("received_at"),
    time("read_at"),  # when one of us read it; 0: nobody yet, or a journey took it
    sa.Index(None, "workspace_id", "person", "at"),
    sa.Index(None, "workspace_id", "id"),
    sa.UniqueConstraint("sender_id", "provider_id"),
    sa.Index(
        "ix_replies_unwanted",
        "workspace_id",
        "id",
        sqlite_where=sa.text("routed = 'inbox' AND read_at = 0"),
        postgresql_where=sa.text("routed = 'inbox' AND read_at = 0"),
    ),
)

# One person on one of our numbers: where the inbox begins. Moved in the transaction that stores a reply.
conversations = sa.Table(
    "conversations",
    metadata,
    ident(),
    workspace(),
    sa.Column("sender_id", sa.BigInteger, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    text("address"),  # what they last wrote from; "": they hide their number
    number("contact_id"),
    text("state"),  # open, closed
    number("assignee_id"),  # a user; 0: nobody
    number("unread"),  # replies that no journey took and none of us has read
    number("reply_id"),  # the newest one
    time("replied_at"),  # when the person last wrote: the 24-hour window counts from here
    time("moved_at"),  # when they last wrote, were handed over, or were answered from here
    sa.UniqueConstraint("sender_id", "person"),
    # All of them, newest first; then the few that people look for among the many.
    sa.Index("ix_conversations_moved", "workspace_id", "moved_at", "id"),
    *(
        sa.Index(
            f"ix_conversations_{name}",
            *("workspace_id", *first, "moved_at", "id"),
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
        for name, first, where in (
            ("open", (), "state = 'open'"),
            ("unread", (), "unread > 0"),
            ("assignee", ("assignee_id",), "assignee_id <> 0"),
        )
    ),
)

notices = sa.Table(
    "notices",
    metadata,
    ident(),
    workspace(),
    text("about"),  # sender:3, campaign:7, template:...
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    time("created_at"),
    sa.Index(None, "workspace_id", "created_at"),
)

workers = sa.Table(
    "workers",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.BigInteger, nullable=False),
    number("beat"),  # raised while alive; others watch it move on their own clocks
    time("started_at"),
    text("version"),
)
