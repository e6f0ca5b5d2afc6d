"""A campaign's status, its allowed moves, and what a person is shown."""

from collections.abc import Mapping
from enum import StrEnum

from clarion.domain.message import Status


class CampaignStatus(StrEnum):
    """Where a campaign stands. FINISHED and STOPPED are final."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    """Its time came and it could not be launched; the reason is kept. It may be launched once mended."""


MOVES: Mapping[CampaignStatus, frozenset[CampaignStatus]] = {
    CampaignStatus.DRAFT: frozenset(
        {CampaignStatus.SCHEDULED, CampaignStatus.RUNNING, CampaignStatus.STOPPED}
    ),
    CampaignStatus.SCHEDULED: frozenset(
        {CampaignStatus.RUNNING, CampaignStatus.PAUSED, CampaignStatus.STOPPED, CampaignStatus.FAILED}
    ),
    CampaignStatus.RUNNING: frozenset(
        {CampaignStatus.PAUSED, CampaignStatus.STOPPED, CampaignStatus.FINISHED}
    ),
    CampaignStatus.PAUSED: frozenset(
        {CampaignStatus.RUNNING, CampaignStatus.STOPPED, CampaignStatus.FINISHED}
    ),
    CampaignStatus.FAILED: frozenset(
        {CampaignStatus.SCHEDULED, CampaignStatus.RUNNING, CampaignStatus.STOPPED}
    ),
    CampaignStatus.FINISHED: frozenset(),
    CampaignStatus.STOPPED: frozenset(),
}


def may_move(held: CampaignStatus, new: CampaignStatus) -> bool:
    """Whether a campaign that is `held` may become `new`."""
    return new in MOVES[held]


class Policy(StrEnum):
    """What happens to a message when nobody knows whether the provider took it."""

    NO_DUPLICATES = "no_duplicates"
    """Wait for evidence, then for a person: never sent twice."""
    RESEND_IF_QUIET = "resend_if_quiet"
    """One more try once the provider has been silent about it for long; a duplicate is possible and shown."""
    MUST_ARRIVE = "must_arrive"
    """Tried again a minute after each doubt, three times at most."""


class OnMissing(StrEnum):
    """What to do about people whose attributes lack a required variable."""

    REFUSE = "refuse"
    EXCLUDE = "exclude"


def shown_status(status: CampaignStatus, *, expanded: bool, counts: Mapping[str, int]) -> str:
    """The status in words for a person.

    "finished" is computed: everybody was written to, and nothing is queued, leased or being sent. What nobody
    knows about yet is told: "finished, 3 being checked".
    """
    waiting = any(counts.get(each, 0) for each in (Status.QUEUED, Status.LEASED, Status.SENDING))
    done = status is CampaignStatus.FINISHED or (
        status in (CampaignStatus.RUNNING, CampaignStatus.PAUSED) and expanded and not waiting
    )
    shown = CampaignStatus.FINISHED.value if done else status.value
    unknown = counts.get(Status.UNKNOWN, 0)
    if unknown and (done or status is CampaignStatus.STOPPED):
        shown += f", {unknown:,} being checked"
    return shown
