"""The one metadata, and how columns are written everywhere."""

import sqlalchemy as sa

from clarion.store.dialect import BigId

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def ident() -> sa.Column[int]:
    return sa.Column("id", BigId, primary_key=True, autoincrement=True)


def time(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


def to(column: str, table: str, *, cascade: bool = False) -> sa.Column[int]:
    key = sa.ForeignKey(f"{table}.id", ondelete="CASCADE" if cascade else None)
    return sa.Column(column, sa.BigInteger, key, nullable=False)


def workspace() -> sa.Column[int]:
    return sa.Column("workspace_id", sa.BigInteger, sa.ForeignKey("workspaces.id"), nullable=False)
