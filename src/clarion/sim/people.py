"""What becomes of an accepted message: pure, and fixed by the configuration and the message's luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from clarion.sim.answers import Asked, Writing, choose, writings
from clarion.sim.config import SimConfig
from clarion.sim.faults import Draws, draws
from clarion.sim.habits import People

# Where in a message's draws each choice is found, so that no two choices share one.
FAULT, LATENCY, HELD, READ, REPLY, REPLY_AFTER, REPLY_WHICH = range(7)
SENT, DELIVERED, READ_AFTER, ORDER, LATE, EARLY, SKIP, SHUFFLE = range(7, 15)

_NOTHING = Asked()
_HANDOVER = 0.01
"""Seconds between callbacks that come in an order of their own."""


@dataclass(slots=True)
class Step:
    """Something that happens `at` seconds after acceptance; `calls` are the instants at which it is told."""

    status: str
    at: float
    calls: tuple[float, ...]
    code: int = 0

    @property
    def prompt(self) -> bool:
        """Whether it is told once, as it happens."""
        return self.calls == (self.at,)


@dataclass(slots=True)
class Fate:
    """The steps of one message in time order, and what the person writes because of it."""

    steps: Sequence[Step]
    writings: Sequence[Writing] = ()


def is_bad(people: People, seed: int, recipient: str) -> bool:
    """Whether this number cannot be reached."""
    return recipient in people.bad or _among(people.bad_share, seed, "bad", recipient)


def has_opted_out(people: People, seed: int, recipient: str) -> bool:
    """Whether this person said stop before the run."""
    return recipient in people.opted_out or _among(people.opted_out_share, seed, "opted out", recipient)


def _among(share: float, seed: int, trait: str, recipient: str) -> bool:
    return share > 0 and draws(seed, trait, recipient)[0] < share


def fate(
    config: SimConfig,
    key: tuple[object, ...],
    luck: Draws,
    *,
    answer_after: float,
    statuses: Sequence[str] = ("sent", "delivered", "read"),
    fail: tuple[str, int] | None = None,
    asked: Asked = _NOTHING,
) -> Fate:
    """What happens to the message `key`, with its draws, when it is answered `answer_after` seconds from now.

    `statuses` are the provider's words for the steps in order; one other than the usual three takes no time.
    `fail` is the status and code that end it instead of the step `sent`; `asked` is what the person sees.
    """
    receipts, people = config.receipts, config.people
    early = luck[EARLY] < receipts.before_answer
    now = 0.0 if early else answer_after
    steps: list[Step] = []
    for status in statuses:
        if status == "sent":
            now += 0.0 if early else receipts.sent.seconds(luck[SENT])
            if fail is not None:
                break
        elif status == "delivered":
            now += receipts.delivered.seconds(luck[DELIVERED])
        elif status == "read":
            if luck[READ] >= people.read_share:
                continue
            now += receipts.read.seconds(luck[READ_AFTER])
        steps.append(Step(status, now, (now,)))
    if fail is not None:
        steps.append(Step(fail[0], now, (now,), fail[1]))
    if not receipts.plain:
        steps = _told(steps, config, key, luck)
    if fail is not None:
        return Fate(steps)
    chosen = choose(people, asked, luck[REPLY], luck[REPLY_WHICH])
    if chosen is None:
        return Fate(steps)
    reply, wait = chosen
    return Fate(steps, writings(config, key, reply, now + wait.seconds(luck[REPLY_AFTER])))


def _told(steps: Sequence[Step], config: SimConfig, key: tuple[object, ...], luck: Draws) -> list[Step]:
    """The steps with the calls that tell of them: moved, dropped and doubled as the settings ask."""
    receipts = config.receipts
    order = list(range(len(steps)))
    if luck[ORDER] < receipts.reversed:
        order.reverse()
    elif luck[ORDER] < receipts.reversed + receipts.shuffled:
        Random(luck[SHUFFLE]).shuffle(order)
    in_order = order == sorted(order)
    late = receipts.late_ms / 1000 if luck[LATE] < receipts.late else 0.0
    skip = luck[SKIP] < receipts.skip_delivered and steps[-1].status == "read"
    each = draws(config.seed, "callback", *key)
    result = []
    for i, step in enumerate(steps):
        when = (step.at if in_order else steps[-1].at + order.index(i) * _HANDOVER) + late
        calls: tuple[float, ...] = (when,)
        if each[2 * i] < receipts.missing or (skip and step.status == "delivered"):
            calls = ()
        elif each[2 * i + 1] < receipts.repeated:
            calls = (when, when + _HANDOVER)
        result.append(Step(step.status, step.at, calls, step.code))
    return result
