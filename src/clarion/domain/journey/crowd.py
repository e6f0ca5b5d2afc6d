"""A crowd that behaves by a plan: shares and delays, drawn by seed.

Every draw depends on seed, person, node and visit alone, so neither the order of people nor the moment of a
draw changes anybody's behaviour.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from clarion.domain.content import Choice
from clarion.domain.journey.behaviour import Asked, News
from clarion.domain.journey.edges import Edge, Keywords, Payload
from clarion.domain.journey.effects import Call, Enter
from clarion.domain.journey.events import Called, Replied, Returned
from clarion.domain.journey.span import SECOND


@dataclass(frozen=True, slots=True)
class Between:
    """A delay drawn evenly between two, in microseconds."""

    least: int
    most: int

    def at(self, draw: float) -> int:
        """The delay for a draw from 0 to 1."""
        return self.least + int((self.most - self.least) * draw)


_USUAL = Between(10 * SECOND, 7_200 * SECOND)


@dataclass(frozen=True, slots=True)
class Answer:
    """One way to answer, by a `share` of people.

    `kind` is button (`value`: its number from 1, or its id), text, or stop.
    """

    share: float
    kind: str
    value: str = ""

    def said(self, offered: Sequence[Choice]) -> Replied | None:
        """The reply; None when there is no such button to press."""
        if self.kind != "button":
            return Replied(text="STOP" if self.kind == "stop" else self.value)
        for n, choice in enumerate(offered, start=1):
            if self.value in (str(n), choice.id):
                return Replied(text=choice.title, payload=choice.id, about="button")
        return None


@dataclass(frozen=True, slots=True)
class Mix:
    """How people answer: the shares of `answers`, the rest silent; `after` the message arrived."""

    answers: tuple[Answer, ...] = ()
    after: Between = _USUAL


@dataclass(frozen=True, slots=True)
class Deliveries:
    """What becomes of messages. `refused` by the provider at once, `failed` on the way, `read` of the rest."""

    refused: float = 0.0
    failed: float = 0.01
    read: float = 0.8
    accepted_after: Between = Between(100_000, 600_000)
    delivered_after: Between = Between(1 * SECOND, 20 * SECOND)
    read_after: Between = Between(5 * SECOND, 3_600 * SECOND)


@dataclass(frozen=True, slots=True)
class Result:
    """How calls of one node end, for a `share` of people: a `status` and `body`, or 0 and an `error`."""

    share: float = 1.0
    status: int = 200
    body: Any = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is assumed. Without `replies` each way out of a wait is as likely as the others."""

    replies: Mix | None = None
    at: Mapping[str, Mix] = field(default_factory=dict)
    deliveries: Deliveries = Deliveries()
    calls: Mapping[str, tuple[Result, ...]] = field(default_factory=dict)
    called_after: Between = Between(100_000, 1 * SECOND)
    closed_after: Between = Between(600 * SECOND, 14_400 * SECOND)


_ACCEPTED, _DELIVERED, _READ = News("accepted"), News("delivered"), News("read")
_REFUSED = News("failed", "simulated", "the provider refused it")
_UNREACHABLE = News("failed", "simulated", "the phone could not be reached")


class Crowd:
    """People who behave by a plan."""

    def __init__(self, plan: Plan, *, seed: int = 1) -> None:
        self._plan, self._seed = plan, str(seed).encode()
        self._even: dict[str, tuple[Answer, ...]] = {}

    def delivery(self, person: str, node: str, visit: int) -> Sequence[tuple[int, News]]:
        plan = self._plan.deliveries
        luck, taken, arrives, reads, reading = self._draws("delivery", person, node, visit, 5)
        accepted = plan.accepted_after.at(taken)
        if luck < plan.refused:
            return ((accepted, _REFUSED),)
        arrived = accepted + plan.delivered_after.at(arrives)
        if luck < plan.refused + plan.failed:
            return (accepted, _ACCEPTED), (arrived, _UNREACHABLE)
        if reads < plan.read:
            return (
                (accepted, _ACCEPTED),
                (arrived, _DELIVERED),
                (arrived + plan.read_after.at(reading), _READ),
            )
        return (accepted, _ACCEPTED), (arrived, _DELIVERED)

    def answer(self, person: str, asked: Asked) -> tuple[int, Replied] | None:
        mix = self._plan.at.get(asked.node) or self._plan.replies or self._evenly(asked)
        luck, waits = self._draws("answer", person, asked.node, asked.visit, 2)
        for answer in mix.answers:
            luck -= answer.share
            if luck < 0:
                said = answer.said(asked.offered)
                return (mix.after.at(waits), said) if said else None
        return None

    def call(self, person: str, call: Call) -> tuple[int, Called] | None:
        luck, takes = self._draws("call", person, call.node, call.visit, 2)
        delay = self._plan.called_after.at(takes)
        for result in self._plan.calls.get(call.node, (Result(),)):
            luck -= result.share
            if luck < 0:
                return delay, Called(call.visit, result.status, result.body, result.error)
        return delay, Called(call.visit, 0, None, "no answer (simulated)")

    def close(self, person: str, node: str, visit: int) -> int | None:
        return self._plan.closed_after.at(self._draws("close", person, node, visit, 1)[0])

    def enter(self, person: str, enter: Enter) -> Returned | None:
        return Returned(enter.visit, "finished")

    def _evenly(self, asked: Asked) -> Mix:
        """Each answer that takes an edge as likely as the others, and as silence; in time where there is a limit."""
        if asked.node not in self._even:
            said = [_taking(edge) for edge in asked.edges if edge.answers]
            share = 1 / (len(said) + 1)
            self._even[asked.node] = tuple(Answer(share, kind, value) for kind, value in said)
        most = min(_USUAL.most, max(0, (asked.patience or _USUAL.most) * 9 // 10))
        return Mix(self._even[asked.node], Between(min(_USUAL.least, most), most))

    def _draws(self, what: str, person: str, node: str, visit: int, count: int) -> Sequence[float]:
        """`count` numbers from 0 to below 1."""
        text = f"{what}\0{person}\0{node}\0{visit}".encode()
        drawn = blake2b(text, key=self._seed, digest_size=8 * count).digest()
        return [n / 2**64 for n in struct.unpack(f"<{count}Q", drawn)]


def _taking(edge: Edge) -> tuple[str, str]:
    """An answer that takes this edge, as far as that can be told from the edge."""
    match edge:
        case Payload(value=value):
            return "button", value
        case Keywords(words=words, match=match):
            return "text", " ".join(words) if match == "all" else words[0]
    return "text", "something else"
