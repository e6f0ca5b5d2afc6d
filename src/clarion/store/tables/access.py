"""Who may ask: users, sessions, API keys; what they asked for already; and what they did."""

import sqlalchemy as sa

from clarion.store.dialect import Json
from clarion.store.tables.columns import flag, ident, metadata, number, text, time, to, workspace

users = sa.Table(
    "users",
    metadata,
    ident(),
    sa.Column("email", sa.Text, nullable=False, unique=True),  # lower case
    text("name"),
    text("password"),  # Argon2id; "": cannot sign in with one
    text("totp"),  # sealed secret of the second factor, "": none
    flag("totp_on"),  # proven once by a code
    number("totp_used"),  # the last time step a code was taken for: none is taken twice
    sa.Column("recovery", Json, nullable=False, server_default="[]"),  # hashes of the codes left
    flag("disabled"),
    time("created_at"),
    time("signed_in_at"),
)

# A user of another identity provider (OIDC).
identities = sa.Table(
    "identities",
    metadata,
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    to("user_id", "users", cascade=True),
    time("created_at"),
)

memberships = sa.Table(
    "memberships",
    metadata,
    sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("workspace_id", sa.BigInteger, sa.ForeignKey("workspaces.id"), primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    time("created_at"),
    sa.Index(None, "workspace_id"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    ident(),
    sa.Column("digest", sa.Text, nullable=False, unique=True),  # SHA-256 of the cookie's value
    to("user_id", "users", cascade=True),
    workspace(),  # the one it looks at
    sa.Column("csrf", sa.Text, nullable=False),
    text("address"),  # the network it was made from
    text("agent"),
    time("created_at"),
    time("seen_at"),
    time("expires_at"),
    sa.Index(None, "user_id"),
)

# Single-use: setting up the first user, joining a workspace, a new password.
links = sa.Table(
    "links",
    metadata,
    ident(),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("purpose", sa.Text, nullable=False),  # setup, invite, reset
    number("user_id"),
    number("workspace_id"),
    text("email"),
    text("role"),
    number("made_by"),
    time("created_at"),
    time("expires_at"),
    time("used_at"),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    ident(),
    workspace(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, unique=True),  # SHA-256 of the whole key
    sa.Column("hint", sa.Text, nullable=False),  # its first characters, to recognise it by
    sa.Column("scopes", Json, nullable=False, server_default="[]"),
    number("made_by"),  # a user; 0: the command line
    time("created_at"),
    time("expires_at"),  # 0: never
    time("used_at"),
    time("revoked_at"),
    sa.Index(None, "workspace_id"),
)

# One row for each bucket of attempts (domain/throttle.py): the instant at which it is empty again.
throttles = sa.Table(
    "throttles",
    metadata,
    sa.Column("bucket", sa.Text, primary_key=True),
    time("empty_at"),
    sa.Index(None, "empty_at"),
)

# Written in the transaction that does what was asked: an answer given once is given again.
idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("workspace_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("caller", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),  # SHA-256 of method, path, query and body
    number("status"),
    sa.Column("headers", Json, nullable=False, server_default="{}"),
    text("body"),
    time("created_at"),
    sa.Index(None, "created_at"),
)

# Append-only; each entry's hash covers the one before it (domain/audit.py).
audit = sa.Table(
    "audit",
    metadata,
    ident(),
    sa.Column("workspace_id", sa.BigInteger, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),  # user:3, key:7, cli, engine
    text("actor_name"),
    sa.Column("action", sa.Text, nullable=False),
    text("target"),
    sa.Column("detail", Json, nullable=False, server_default="{}"),
    text("address"),
    time("at"),
    sa.Column("hash", sa.Text, nullable=False),
    sa.UniqueConstraint("workspace_id", "seq"),
    sa.Index(None, "workspace_id", "actor", "seq"),
    sa.Index(None, "workspace_id", "action", "seq"),
    sa.Index(None, "workspace_id", "at"),
)

audit_heads = sa.Table(
    "audit_heads",
    metadata,
    sa.Column("workspace_id", sa.BigInteger, primary_key=True, autoincrement=False),
    number("seq"),
    text("hash"),
)
