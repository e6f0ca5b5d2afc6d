"""Whom we write to: contacts, lists, imports, and who must not be written to."""

import sqlalchemy as sa

from clarion.store.dialect import Json
from clarion.store.tables.columns import ident, metadata, number, text, time, to, workspace

contacts = sa.Table(
    "contacts",
    metadata,
    ident(),
    sa.Column("workspace_id", sa.BigInteger, nullable=False),  # no foreign key: a tenth of an import's time
    sa.Column("address", sa.Text, nullable=False),  # E.164, what is dialled
    sa.Column("person", sa.Text, nullable=False),  # one key for all spellings of the address
    sa.Column("attributes", Json, nullable=False, server_default="{}"),
    sa.Column("tags", Json, nullable=False, server_default="[]"),
    text("language"),
    text("timezone"),
    time("created_at"),
    time("updated_at"),
    sa.UniqueConstraint("workspace_id", "person"),
    sa.Index("ix_contacts_newest", "workspace_id", "id"),  # grows at its end: costs an import little
)

# Keyed by person, not by contact: an opt-out outlives the contact and covers people we never stored.
suppressions = sa.Table(
    "suppressions",
    metadata,
    sa.Column("workspace_id", sa.BigInteger, sa.ForeignKey("workspaces.id"), primary_key=True),
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),  # opt_out, marketing_cap
    text("source"),
    time("until"),  # 0 = for good
    time("created_at"),
    # The newest opt-outs, page by page, whatever the number of caps beside them.
    sa.Index(
        "ix_suppressions_newest",
        "workspace_id",
        "created_at",
        "person",
        sqlite_where=sa.text("reason = 'opt_out'"),
        postgresql_where=sa.text("reason = 'opt_out'"),
    ),
)

lists = sa.Table(
    "lists",
    metadata,
    ident(),
    workspace(),
    sa.Column("name", sa.Text, nullable=False),
    number("members"),  # moved in the transaction that moves the rows (store/lists.py)
    time("created_at"),
    time(
        "deleted_at"
    ),  # the row stays: imports and campaigns point at it, and its number is never given again
    sa.UniqueConstraint("workspace_id", "name"),
)

list_members = sa.Table(
    "list_members",
    metadata,
    ident(),  # grows with the file's lines: the order campaigns walk
    sa.Column("list_id", sa.BigInteger, nullable=False),  # no foreign key, as above
    to("contact_id", "contacts", cascade=True),
    number("import_id"),
    number("line"),  # in the imported file, 0 when added otherwise
    # The contact first: a look-up by both must never walk a list that was empty when statistics were taken.
    sa.UniqueConstraint("contact_id", "list_id"),
    sa.Index(None, "list_id", "id"),
)

imports = sa.Table(
    "imports",
    metadata,
    ident(),
    workspace(),
    to("list_id", "lists"),
    sa.Column("file", sa.Text, nullable=False),  # absolute path of our own copy or the operator's file
    sa.Column("name", sa.Text, nullable=False),  # as the operator called it
    text("digest"),  # SHA-256 of the bytes: a resumed import must be the same file
    sa.Column("shape", Json, nullable=False, server_default="{}"),  # encoding, delimiter, header, sheet
    sa.Column("mapping", Json, nullable=False, server_default="{}"),  # places of the columns, and the rules
    text("country"),
    text("status"),  # running, finished, failed
    text("error"),
    number("cursor"),  # the last line handled
    number("percent"),  # of the file's bytes that were read; 0 when they do not tell (.xlsx)
    number("upload_id"),  # 0: begun by the command line, which does the work; else the engine does
    text("worker"),  # the engine's process that does it now
    number("tries"),  # since the last batch that was stored: three, and it has failed
    *(number(verdict) for verdict in ("accepted", "corrected", "duplicate", "invalid", "opted_out")),
    time("created_at"),
    time("finished_at"),
    sa.Index("ix_imports_newest", "workspace_id", "id"),
    sa.Index(
        "ix_imports_running",
        "id",
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
    ),
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
    sa.Index("ix_import_rows_verdict", "import_id", "verdict", "line"),
)

# Files on their way in: stored whole before anything is read from them.
uploads = sa.Table(
    "uploads",
    metadata,
    ident(),
    workspace(),
    sa.Column("name", sa.Text, nullable=False),  # as the caller called it
    sa.Column("file", sa.Text, nullable=False),  # absolute path of our copy
    number("size"),  # bytes
    text("digest"),  # SHA-256
    time("created_at"),
    sa.Index(None, "workspace_id"),
    sa.Index(None, "created_at"),
)

mappings = sa.Table(
    "mappings",
    metadata,
    ident(),
    workspace(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("mapping", Json, nullable=False),
    time("created_at"),
    sa.UniqueConstraint("workspace_id", "name"),
)
