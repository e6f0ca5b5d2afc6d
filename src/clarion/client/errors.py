"""What can go wrong between you and the server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class ClientError(Exception):
    """Every error of the client."""


class NoAnswer(ClientError):
    """The server could not be reached, or the connection broke; repeating did not help, or was not safe."""


class BadAnswer(ClientError):
    """The answer is not what a Clarion server of this release gives: another server, or an older one."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing to mend: `pointer` says where (`#/people/0/phone`, `query/limit`), `detail` what."""

    pointer: str
    detail: str


class ProblemError(ClientError):
    """The server refused. `type` is stable; `title` and `detail` are for people, and may change."""

    def __init__(
        self,
        status: int,
        type: str,
        title: str,
        detail: str,
        errors: Sequence[Detail] = (),
        *,
        more: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(f"{status} {title}: {detail}")
        self.status, self.type, self.title, self.detail = status, type, title, detail
        self.errors = list(errors)
        self.more = dict(more or {})
        self.retry_after = retry_after

    @classmethod
    def read(cls, status: int, data: Any, *, retry_after: str | None = None) -> "ProblemError":
        """The refusal in an answer's body; without one, what the status says."""
        wait = int(retry_after) if retry_after and retry_after.isdigit() else None
        if not isinstance(data, dict) or "type" not in data:
            said = data if isinstance(data, str) and data else "The answer says no more."
            return cls(status, "about:blank", "Refused", said[:500], retry_after=wait)
        details = [
            Detail(str(each.get("pointer", "")), str(each.get("detail", "")))
            for each in data.get("errors") or ()
            if isinstance(each, dict)
        ]
        more = {name: value for name, value in data.items() if name not in _KNOWN}
        kind, title, detail = (str(data.get(name, "")) for name in ("type", "title", "detail"))
        return cls(status, kind, title, detail, details, more=more, retry_after=wait)


_KNOWN = ("type", "title", "status", "detail", "errors")


class StreamEnded(ClientError):
    """You may not listen any more: the key was revoked, or lacks a permission now. `reason` is stable."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail
