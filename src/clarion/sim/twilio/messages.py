"""Messages as Twilio keeps them: the resource, and the list with its filters and pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from itertools import islice
from urllib.parse import urlencode

API = "2010-04-01"
SECOND = 1_000_000
"""Microseconds; all instants here are microseconds since the Unix epoch."""

_RANK = {
    status: rank
    for rank, status in enumerate(
        ("scheduled", "accepted", "queued", "sending", "sent", "failed", "undelivered", "delivered", "read")
    )
}


@lru_cache(maxsize=64)
def _rfc2822(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC))


@dataclass(slots=True)
class Message:
    """One message. `seq` orders them; `sender` is None until a service has picked one."""

    seq: int
    sid: str
    account: str
    to: str
    sender: str | None
    service: str | None
    body: str
    media: int
    status: str
    created: int
    segments: str = "0"
    sent: int | None = None
    updated: int | None = None
    error: int | None = None
    error_text: str | None = None
    price: str | None = None
    direction: str = "outbound-api"

    def advance(self, status: str, now: int) -> None:
        """The message went on; a status never goes back."""
        if _RANK[status] < _RANK.get(self.status, -1):
            return
        self.status, self.updated = status, now
        if self.sent is None and status not in ("queued", "failed"):
            self.sent = now
        if status in ("delivered", "undelivered"):
            self.price = "-0.00830"

    def resource(self) -> dict[str, object]:
        """As the API shows it."""
        uri = f"/{API}/Accounts/{self.account}/Messages/{self.sid}"
        return {
            "account_sid": self.account,
            "api_version": API,
            "body": self.body,
            "date_created": _rfc2822(self.created // SECOND),
            "date_sent": None if self.sent is None else _rfc2822(self.sent // SECOND),
            "date_updated": _rfc2822((self.updated or self.created) // SECOND),
            "direction": self.direction,
            "error_code": self.error,
            "error_message": self.error_text,
            "from": self.sender,
            "messaging_service_sid": self.service,
            "num_media": str(self.media),
            "num_segments": self.segments,
            "price": self.price,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.to,
            "uri": f"{uri}.json",
        }


class Messages:
    """All messages of the account, newest first when listed."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Message] = {}
        self._by_to: dict[str, dict[str, Message]] = {}

    def add(self, message: Message) -> None:
        """Keep it."""
        self._by_sid[message.sid] = message
        self._by_to.setdefault(message.to, {})[message.sid] = message

    def get(self, sid: str) -> Message | None:
        """The message with that SID."""
        return self._by_sid.get(sid)

    def delete(self, message: Message) -> None:
        """Forget it."""
        del self._by_sid[message.sid]
        del self._by_to[message.to][message.sid]

    def page(self, path: str, filters: Mapping[str, str]) -> dict[str, object]:
        """One page of the list at `path`. Raises ValueError for a date or page that cannot be read."""
        size = min(max(int(filters.get("PageSize", "50")), 1), 1000)
        page = max(int(filters.get("Page", "0")), 0)
        found = list(islice(self._find(filters), page * size, (page + 1) * size + 1))
        listed = found[:size]
        kept = [
            (name, value) for name, value in filters.items() if name not in ("Page", "PageToken", "PageSize")
        ]

        def uri(number: int, token: str = "") -> str:
            more = [("PageToken", token)] if token else []
            return f"{path}?{urlencode([*kept, ('PageSize', size), ('Page', number), *more])}"

        return {
            "first_page_uri": uri(0),
            "next_page_uri": uri(page + 1, f"PA{listed[-1].sid}") if len(found) > size else None,
            "previous_page_uri": uri(page - 1, f"PB{listed[0].sid}") if page > 0 and listed else None,
            "page": page,
            "page_size": size,
            "start": page * size,
            "end": page * size + max(len(listed) - 1, 0),
            "uri": uri(page),
            "messages": [message.resource() for message in listed],
        }

    def _find(self, filters: Mapping[str, str]) -> Iterator[Message]:
        low, high = _bounds(filters)
        held = self._by_to.get(filters["To"], {}) if "To" in filters else self._by_sid
        for message in reversed(held.values()):
            if "From" in filters and message.sender != filters["From"]:
                continue
            if (low is not None or high is not None) and message.sent is None:
                continue
            if (low is not None and (message.sent or 0) < low) or (
                high is not None and (message.sent or 0) >= high
            ):
                continue
            yield message


def _bounds(filters: Mapping[str, str]) -> tuple[int | None, int | None]:
    """The span of `date_sent` asked for, in microseconds: from, and before."""
    low = high = None
    if "DateSent" in filters:
        start, step = _instant(filters["DateSent"])
        low, high = start, start + step
    if "DateSent>" in filters:
        low = _instant(filters["DateSent>"])[0]
    if "DateSent<" in filters:
        start, step = _instant(filters["DateSent<"])
        high = start + step
    return low, high


def _instant(text: str) -> tuple[int, int]:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    step = timedelta(days=1) if len(text) == 10 else timedelta(seconds=1)
    return int(moment.timestamp()) * SECOND, int(step.total_seconds()) * SECOND
