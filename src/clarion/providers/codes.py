"""What a provider's error codes mean for us: its codes.json, read once, and the values made from it."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

import orjson

from clarion.domain.sending import Fault, FaultKind, NotSent, Outcome, Rejected, Unknown

_MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Code:
    """One row of codes.json. `outcome` holds for an HTTP answer; in a status event a code means failed.

    `reason` is one plain sentence for an operator. `retry_after`: microseconds to wait at least, or 0.
    """

    kind: FaultKind
    outcome: Literal["rejected", "not_sent", "unknown"]
    reason: str
    opt_out: bool = False
    cap: bool = False
    retry_after: int = 0


class Codes:
    """A provider's table. Keys are single codes ("131026"), code/subcode ("100/33") or ranges ("200-299")."""

    def __init__(self, package: str) -> None:
        rows: dict[str, dict[str, Any]] = orjson.loads(files(package).joinpath("codes.json").read_bytes())
        self._codes = {code: _code(row) for key, row in rows.items() for code in _expand(key)}

    def __iter__(self) -> Any:
        return iter(self._codes.items())

    def find(self, code: int | str, subcode: object = None) -> Code | None:
        """What the code means; the code with its subcode wins over the code alone."""
        return self._codes.get(f"{code}/{subcode}") or self._codes.get(str(code))

    def fault(self, code: int | str, detail: str = "", subcode: object = None) -> Fault:
        """Why a message failed after the provider had taken it. A code we do not know is a REQUEST fault."""
        known = self.find(code, subcode)
        if known is None:
            return Fault(FaultKind.REQUEST, str(code), _unlisted_reason(code), detail)
        return Fault(known.kind, str(code), known.reason, detail, known.opt_out, known.cap)

    def outcome(
        self, code: int, status: int, detail: str, *, wait: int = 0, subcode: object = None
    ) -> Outcome:
        """What an HTTP answer with the provider's own error envelope means. `wait`: its Retry-After, or 0.

        Only a code we do not know is judged by the HTTP status, and then a 5xx proves nothing.
        """
        known = self.find(code, subcode)
        if known is None:
            return _unlisted(code, status, detail, wait)
        fault = self.fault(code, detail, subcode)
        if known.outcome == "unknown":
            return Unknown(f"{known.reason} (code {code})")
        if known.outcome == "not_sent":
            return NotSent(fault, max(wait, known.retry_after))
        return Rejected(fault)


def _unlisted(code: int, status: int, detail: str, wait: int) -> Outcome:
    if status >= 500:
        return Unknown(f"The provider failed with HTTP {status} and code {code}, which is not known here.")
    reason = (
        f"The provider refused with code {code}, which is not known here: look it up in its documentation."
    )
    if status == 429:
        return NotSent(Fault(FaultKind.THROTTLE_SENDER, str(code), reason, detail), wait)
    kind = FaultKind.AUTH if status in (401, 403) else FaultKind.REQUEST
    return Rejected(Fault(kind, str(code), reason, detail))


def _unlisted_reason(code: int | str) -> str:
    return f"The provider refused with code {code}, which is not known here: look it up in its documentation."


def _code(row: dict[str, Any]) -> Code:
    return Code(
        kind=FaultKind(row["kind"]),
        outcome=row["outcome"],
        reason=row["reason"],
        opt_out=row.get("opt_out", False),
        cap=row.get("cap", False),
        retry_after=row.get("retry_after", 0) * _MICROS,
    )


def _expand(key: str) -> list[str]:
    first, dash, last = key.partition("-")
    return [str(code) for code in range(int(first), int(last) + 1)] if dash else [key]
