"""The only file that knows SQLite from PostgreSQL: every difference is one function with both forms side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

Name = Literal["sqlite", "postgresql"]

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""A row id. SQLite numbers rows by itself only in a column that says INTEGER."""

Json = sa.JSON().with_variant(postgresql.JSONB, "postgresql")

_ARRAYS = {"int": "bigint[]", "text": "text[]", "json": "jsonb[]"}


def async_url(url: str) -> str:
    """The SQLAlchemy URL of a plain `sqlite:///file` or `postgresql://...` one. Raises ValueError for others."""
    scheme, rest = url.split("://", 1) if "://" in url else (url, "")
    match scheme:
        case "sqlite":
            return f"sqlite://{rest}"
        case "postgresql" | "postgres" | "postgresql+asyncpg":
            return f"postgresql+asyncpg://{rest}"
    raise ValueError(
        f"CLARION_DATABASE_URL begins with {scheme!r}: use sqlite:////absolute/file.db "
        "or postgresql://user:password@host/database"
    )


def now_sql(name: Name) -> str:
    """Microseconds since 1970 by the database's clock.

    clock_timestamp(), not now(): now() is when the transaction began, which is stale after waiting for a lock,
    and a stale clock hands out slots in the past. SQLite has no finer clock than milliseconds in SQL, and its
    host is ours, so a function of the process is registered on each connection instead (db.py).

    A query of its own on PostgreSQL: it is read once for a statement, and may bound an index scan. Bare, the
    volatile function would be compared with every row of the index.
    """
    if name == "sqlite":
        return "clarion_now()"
    return "(SELECT cast(extract(epoch from clock_timestamp()) * 1000000 as bigint))"


def for_update(name: Name, *, skip_locked: bool = False) -> str:
    """Lock the selected rows. SQLite's writers begin with BEGIN IMMEDIATE and are alone anyway."""
    if name == "sqlite":
        return ""
    return "FOR UPDATE SKIP LOCKED" if skip_locked else "FOR UPDATE"


def for_share(name: Name) -> str:
    """Keep the selected rows as they are until commit, beside others who do the same."""
    return "" if name == "sqlite" else "FOR SHARE"


def try_exclusive(name: Name) -> str:
    """True for the one transaction that may work on `:what` until it ends; nobody waits. SQLite's writers are alone."""
    if name == "sqlite":
        return "SELECT :what <> ''"
    return "SELECT pg_try_advisory_xact_lock(hashtextextended(:what, 0))"


CONFINE = (
    "SELECT set_config('role', 'clarion_workspace', true), set_config('clarion.workspace', :workspace, true)"
)
"""Until the transaction ends: a role that owns no table, and the one workspace it sees (migration 0003)."""


def may_confine(name: Name) -> str:
    """Whether CONFINE works here: the role exists, and we may take it on. Never on SQLite, which has no roles."""
    if name == "sqlite":
        return "SELECT 0"
    return (
        "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'clarion_workspace' "
        "AND pg_has_role(current_user, oid, 'MEMBER'))"
    )


def attribute(name: Name, column: str, key: str) -> str:
    """The text of one attribute in a JSON column, NULL when missing. `key` must pass `safe_key`."""
    if not safe_key(key):
        raise ValueError(f"{key!r} cannot be the name of an attribute")
    if name == "sqlite":
        return f"""json_extract({column}, '$."{key}"')"""
    return f"({column}->>'{key}')"


def safe_key(key: str) -> bool:
    """Whether an attribute's name may stand inside SQL text: letters, digits, _, - and spaces, any script."""
    return bool(key) and len(key) <= 100 and all(c.isalnum() or c in "_- " for c in key)


def merge_json(name: Name, old: str, new: str) -> str:
    """The JSON object `old` with the members of `new` put over it."""
    return f"json_patch({old}, {new})" if name == "sqlite" else f"({old} || {new})"


def json_of(name: Name, value: str) -> str:
    """A bound JSON text as a value for a JSON column."""
    return value if name == "sqlite" else f"cast({value} as jsonb)"


def lost_a_race(name: Name, error: object) -> bool:
    """Whether the database rolled a transaction back only because of others: doing it again will do."""
    if name == "sqlite":
        return "database is locked" in str(error)
    return getattr(error, "sqlstate", "") in ("40001", "40P01")  # serialization failure, deadlock


def trouble(name: Name, error: BaseException) -> str:
    """Why nothing can be written: `read-only`, `full`, `locked`, or "" for something else."""
    cause = getattr(error, "orig", None) or error
    if name == "sqlite":
        said = str(cause).lower()
        words = {
            "readonly": "read-only",
            "unable to open": "read-only",
            "disk is full": "full",
            "locked": "locked",
        }
        return next((meaning for word, meaning in words.items() if word in said), "")
    state = getattr(cause, "sqlstate", "") or ""
    return {"25006": "read-only", "53100": "full", "55P03": "locked"}.get(state, "")


def size_sql(name: Name) -> str:
    """Bytes that the database takes on its disk."""
    if name == "sqlite":
        return "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    return "SELECT pg_database_size(current_database())"


def tail(name: Name, text: str, length: int) -> str:
    """The last `length` characters of a text."""
    return f"substr({text}, -{length})" if name == "sqlite" else f"right({text}, {length})"


def has_text(name: Name, column: str, value: str) -> str:
    """Whether a JSON array holds the bound text `value`."""
    if name == "sqlite":
        return f"EXISTS (SELECT 1 FROM json_each({column}) WHERE json_each.value = {value})"
    return f"{column} @> to_jsonb(cast({value} as text))"


def gives_ids_again(name: Name) -> bool:
    """Whether a deleted last row's number is given to the next one. PostgreSQL's sequences only grow."""
    return name == "sqlite"


def json_value(raw: Any) -> Any:
    """A JSON column read by plain SQL: text on SQLite and from some PostgreSQL statements, else decoded already."""
    return orjson.loads(raw) if isinstance(raw, str | bytes) else raw


def json_keys(name: Name, column: str, *, alias: str = "k") -> str:
    """A table of the keys of a JSON object: `CROSS JOIN {...}` gives `{alias}.key`."""
    return f"json_each({column}) {alias}" if name == "sqlite" else f"jsonb_object_keys({column}) {alias}(key)"


@dataclass(frozen=True, slots=True)
class Rows:
    """A small table made of values, to be joined in one statement: `FROM {v} WHERE ...` with alias `v`.

    `columns` names each column and its type (int, text, json). PostgreSQL gets one array per column through
    unnest(), SQLite one JSON text through json_each(): both are one parameter set, parsed once.
    """

    columns: Mapping[str, Literal["int", "text", "json"]]

    def sql(self, name: Name, *, alias: str = "v") -> str:
        if name == "sqlite":
            cells = ", ".join(
                f"json_extract(value, '$[{n}]') AS {column}" for n, column in enumerate(self.columns)
            )
            return f"(SELECT {cells} FROM json_each(:{alias}_rows)) AS {alias}"
        arrays = ", ".join(f"cast(:{alias}_{c} as {_ARRAYS[t]})" for c, t in self.columns.items())
        return f"unnest({arrays}) AS {alias}({', '.join(self.columns)})"

    def params(self, name: Name, rows: Sequence[Sequence[Any]], *, alias: str = "v") -> dict[str, Any]:
        if name == "sqlite":
            return {f"{alias}_rows": orjson.dumps(rows).decode()}
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(self.columns)
        return {f"{alias}_{c}": list(v) for c, v in zip(self.columns, columns, strict=True)}

    def from_json(self, name: Name, *, alias: str = "v") -> str:
        """The same table out of one JSON text, `:{alias}_rows`, an array of arrays that somebody else wrote."""
        if name == "sqlite":
            return self.sql(name, alias=alias)
        kinds = {"int": "cast(e->>{} as bigint)", "text": "e->>{}", "json": "e->{}"}
        cells = ", ".join(f"{kinds[t].format(n)} AS {c}" for n, (c, t) in enumerate(self.columns.items()))
        return f"(SELECT {cells} FROM jsonb_array_elements(cast(:{alias}_rows as jsonb)) AS e) AS {alias}"
