"""How the engine does."""

from pydantic import Field

from clarion.api.fields import NoticeId, Shown, Time


class Depth(Shown):
    """How much waits."""

    due: int = Field(examples=[120])
    """Rows that are due, counted up to 1,000; of campaigns' messages exactly."""
    more: bool
    """Whether there are more than `due`: it was not counted on."""
    oldest_s: float
    """Seconds for which the oldest has been due; 0: none is."""


class Lane(Depth):
    """A stream of due work."""

    kind: str = Field(examples=["send"])
    """send: messages; expand: campaigns being written; import: imports that run; run: people entering journeys;
    step: journeys; call: calls of journeys; inbox: receipts; replies: what people wrote; notify: webhooks to
    you."""


class Worker(Shown):
    """A process that sends."""

    name: str
    host: str
    version: str
    started_at: Time
    silent_s: float | None
    """Seconds since its last sign of life, by the clock of the process that answers; null: it does not watch."""
    here: bool
    """Whether it is the process that answers."""


class Loop(Shown):
    """The process that answers."""

    version: str
    lag_ms: float
    """By how many milliseconds its event loop was late just now."""
    worst_lag_ms: float
    """The most within the last minute."""
    sweep_age_s: float | None
    """Seconds since it last looked for due work that nobody was woken for; null: it runs no engine."""


class DatabaseState(Shown):
    """The database."""

    kind: str = Field(examples=["sqlite"])
    revision: str
    at_head: bool
    """Whether its tables are those of this release, or of a newer one."""


class EngineHealth(Shown):
    """How the engine does for this workspace: what waits is the workspace's own, never anybody else's."""

    lanes: list[Lane]
    doubts: Depth
    """Messages of which nobody knows whether they arrived."""
    workers: list[Worker]
    loop: Loop
    database: DatabaseState
    disk_free: int
    """Bytes free in the data directory."""


class Notice(Shown):
    """Something a provider told that a person should read."""

    id: NoticeId
    about: str = Field(examples=["template:order_update"])
    """`sender:` and its number, or `template:` and its name."""
    event: str = Field(examples=["PAUSED"])
    """The provider's word."""
    detail: str
    created_at: Time
