"""The audit log's chain: each entry's hash covers what it says and the hash before it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what to what, when and from where. `at`: microseconds since 1970, UTC."""

    seq: int
    at: int
    actor: str
    """user:3, key:7, cli or engine."""
    action: str
    """An operation of the API (`launch_campaign`), or an event such as `sign_in_refused`."""
    actor_name: str = ""
    target: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    address: str = ""


def chained(previous: str, workspace: int, entry: Entry) -> str:
    """The entry's hash, in hex, given the hash before it ("" for the first)."""
    said = [
        previous,
        workspace,
        entry.seq,
        entry.at,
        entry.actor,
        entry.actor_name,
        entry.action,
        entry.target,
        entry.detail,
        entry.address,
    ]
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def first_break(
    workspace: int, entries: Iterable[tuple[Entry, str]], *, previous: str = "", after: int = 0
) -> int | None:
    """The number of the first entry that does not follow from the one before it, or None.

    It, or the one before it, was changed, moved or removed. `entries` come with their stored hashes, in order;
    `previous` and `after` are the hash and the number of the entry before them.
    """
    for entry, stored in entries:
        if entry.seq != after + 1 or chained(previous, workspace, entry) != stored:
            return entry.seq
        previous, after = stored, entry.seq
    return None
