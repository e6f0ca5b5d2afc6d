"""The audit log."""

from typing import Any

from clarion.api.fields import Shown, Time


class AuditEntry(Shown):
    """Who did what to what, when and from where."""

    number: int
    """Its place in the workspace's log, from 1."""
    at: Time
    actor: str
    """`user:3`, `key:7`, `cli`, `settings`, `engine`, or `nobody` who was let in."""
    actor_name: str
    """The user's address or the key's name, as it was then."""
    action: str
    """An operation of this API, such as `launch_campaign`, or an event such as `sign_in_refused`."""
    target: str
    detail: dict[str, Any]
    address: str
    """Where the request came from."""


class Verification(Shown):
    """What walking the log's chain of hashes found."""

    intact: bool
    """Whether every entry is as it was written."""
    entries: int
    """How many there are."""
    first_broken: int | None
    """The first entry that does not follow from the one before: it, or the one before it, was changed, moved or
    removed."""
    hash: str
    """The newest entry's hash. Kept elsewhere, it proves later that everything up to it is still the same."""
