"""What is told: snapshots of how things stand, and what was heard. Instants in microseconds, 0 for never."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clarion.domain.campaign import CampaignStatus, shown_status
from clarion.domain.message import Status
from clarion.store.counts import COLUMNS

SPAN = 5_000_000
"""Microseconds that a rate is measured over."""
_AHEAD = (Status.QUEUED, Status.LEASED, Status.SENDING)
_LEFT = (Status.UNKNOWN, Status.ACCEPTED, Status.SENT, Status.FAILED, Status.DELIVERED, Status.READ)


class Pace:
    """Messages per second, measured from a number that grows."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, int]] = deque()

    def rate(self, at: int, total: int) -> float:
        """The rate over the last SPAN, now that `total` have left; 0 before there is anything to compare."""
        self._seen.append((at, total))
        while len(self._seen) > 2 and self._seen[1][0] <= at - SPAN:
            self._seen.popleft()
        first_at, first = self._seen[0]
        return round(max(0, total - first) * 1_000_000 / (at - first_at), 1) if at > first_at else 0.0


@dataclass(frozen=True, slots=True)
class CampaignNow:
    """A campaign. `rate` is set, `pace` what the provider lets the sender run at (0: no limit), `rate_now` measured.

    `expected`, `share` and `seconds_left` are None while they cannot be told.
    """

    id: int
    name: str
    status: str
    shown: str
    status_reason: str
    counters: Mapping[str, int]
    expected: int | None
    done: int
    share: float | None
    rate: float
    pace: float
    rate_now: float
    sender_state: str
    sender_reason: str
    seconds_left: int | None
    launched_at: int
    finished_at: int


@dataclass(frozen=True, slots=True)
class RunNow:
    """A run: `entered` people, of whom some are `under_way` and some have `ended`, by `outcomes`."""

    id: int
    name: str
    journey_id: int
    status: str
    status_reason: str
    entered: int
    under_way: int
    ended: int
    outcomes: Mapping[str, int]
    created_at: int
    finished_at: int


@dataclass(frozen=True, slots=True)
class ConversationNow:
    """A conversation; `last_text` is the beginning of what the person wrote last."""

    id: int
    sender_id: int
    contact_id: int
    state: str
    assignee_id: int
    unread: int
    last_text: str
    replied_at: int
    moved_at: int


@dataclass(frozen=True, slots=True)
class ReplyHeard:
    """Something a person wrote."""

    id: int
    conversation_id: int
    contact_id: int
    sender_id: int
    type: str
    text: str
    opt_out: bool
    routed: str
    at: int


@dataclass(frozen=True, slots=True)
class EngineNow:
    """The engine's work for the workspace; see store/live.py for what counts as due."""

    waiting: int
    due: int
    lag_s: int
    workers: int


@dataclass(frozen=True, slots=True)
class NoticeHeard:
    """Something a provider told about a sender, a template or an account."""

    id: int
    about: str
    event: str
    detail: str
    created_at: int


State = CampaignNow | RunNow | ConversationNow | EngineNow
News = ReplyHeard | NoticeHeard


def left(row: Any) -> int:
    """How many of a campaign's messages have left us."""
    return sum(getattr(row, status) for status in _LEFT)


def _expected(row: Any) -> int | None:
    """How many messages there will be: an upper bound while they are still being written, None before the launch."""
    if row.expanded or row.status == CampaignStatus.STOPPED:
        return int(row.audience)
    return max(row.audience, row.members - row.missing) if row.launched_at else None


def campaign_now(row: Any, *, rate_now: float) -> CampaignNow:
    """A row of store/live.campaigns."""
    expected = _expected(row)
    counts = {column: int(getattr(row, column)) for column in COLUMNS}
    status = CampaignStatus(row.status)
    ahead = sum(counts[each] for each in _AHEAD)
    done = counts["audience"] - ahead - counts[Status.UNKNOWN]
    speed = min(filter(None, (row.rate, row.pace)), default=0.0)
    going = status is CampaignStatus.RUNNING and row.sender_state == "active" and expected is not None
    unwritten = max(0, (expected or 0) - counts["audience"])
    return CampaignNow(
        id=row.id,
        name=row.name,
        status=row.status,
        shown=shown_status(status, expanded=bool(row.expanded), counts=counts),
        status_reason=row.status_reason,
        counters=counts,
        expected=expected,
        done=done,
        share=round(done / expected, 4) if expected else None,
        rate=row.rate,
        pace=row.pace,
        rate_now=rate_now,
        sender_state=row.sender_state,
        sender_reason=row.sender_reason,
        seconds_left=round((ahead + unwritten) / speed) if going and speed else None,
        launched_at=row.launched_at,
        finished_at=row.finished_at,
    )


def run_now(row: Any, ways: Mapping[str, int]) -> RunNow:
    """A row of store/live.runs, and its people by way."""
    outcomes = {way.removeprefix("end:"): n for way, n in ways.items() if way.startswith("end:") and n}
    entered, ended = ways.get("enter", 0), sum(outcomes.values())
    return RunNow(
        id=row.id,
        name=row.name,
        journey_id=row.journey_id,
        status=row.status,
        status_reason=row.status_reason,
        entered=entered,
        under_way=entered - ended,
        ended=ended,
        outcomes=outcomes,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
