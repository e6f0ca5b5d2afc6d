"""The order in which one send request is judged: the same for both providers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from clarion.sim import people
from clarion.sim.faults import BEFORE, Draws, Fault, draws, latency, pick
from clarion.sim.http import Answer
from clarion.sim.ledger import Entry, Outcome
from clarion.sim.limits import SlidingWindow
from clarion.sim.world import World

_HTML = b"<html><head><title>Error</title></head><body><h1>Sorry, something went wrong.</h1></body></html>\n"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A provider's error: its code and the answer that carries it."""

    code: int
    answer: Answer
    throttle: bool = False


@dataclass(frozen=True, slots=True)
class Luck:
    """What is drawn for one attempt, named by `key`, and the seconds its answer takes."""

    key: tuple[object, ...]
    draws: Draws
    answer_after: float


class Send(ABC):
    """One parsed send request of a provider."""

    provider: ClassVar[str]
    sender: str
    recipient: str
    echo: str
    content: int

    @abstractmethod
    def gate(self) -> Refusal | None:
        """Credentials and the sender itself. What is refused here does not count towards throughput."""

    @abstractmethod
    def throttle(self, now: int, window: SlidingWindow) -> Refusal | None:
        """The sender's rate, given the window of its counted arrivals; `now` in monotonic nanoseconds."""

    @abstractmethod
    def unavailable(self) -> Refusal:
        """A 5xx in the provider's own envelope."""

    @abstractmethod
    def refuse(self, now: int) -> Refusal | None:
        """Everything else that is answered with an error."""

    @property
    @abstractmethod
    def text(self) -> str:
        """What an accepted message says."""

    @abstractmethod
    def accept(self, seq: int, luck: Luck) -> tuple[str, Answer]:
        """The provider's id and the answer; receipts are on their way after this."""


def take(world: World, send: Send, arrival: int) -> Answer:
    """Judge a request, write it into the ledger and say how it is answered."""
    now = world.arrived(arrival)
    entry = Entry(now, send.provider, send.sender, send.recipient, send.echo, send.content, Outcome.REFUSED)
    tally = world.ledger.sender(send.provider, send.sender)
    refusal = send.gate()
    if refusal is None and (refusal := send.throttle(now, tally.window)) is None:
        tally.window.add(now)
        world.ledger.total.window.add(now)
        answer = _judge(world, send, entry, now)
    else:
        answer = _refused(entry, refusal)
    world.ledger.add(entry)
    return answer


def _judge(world: World, send: Send, entry: Entry, now: int) -> Answer:
    config = world.config
    attempt = world.attempt(send.provider, send.recipient)
    key = (send.provider, send.recipient, attempt)
    drawn = draws(config.seed, *key)
    luck = Luck(key, drawn, latency(config.latency, drawn[people.LATENCY]))
    fault = pick(config.faults, send.recipient, attempt, drawn[people.FAULT])
    if fault is Fault.PROVIDER_5XX:
        entry.fault = fault
        answer = _refused(entry, send.unavailable())
    elif fault in BEFORE:
        entry.fault, entry.outcome = fault, Outcome.DROPPED
        answer = _spoilt(world, Answer(), fault)
    elif (refusal := send.refuse(now)) is not None:
        answer = _refused(entry, refusal)
    else:
        entry.outcome = Outcome.ACCEPTED
        entry.provider_id, answer = send.accept(len(world.ledger) + 1, luck)
        if config.ledger_texts:
            entry.text = send.text
        if fault is not None:
            entry.fault = fault
            answer = _spoilt(world, answer, fault)
    answer.delay += luck.answer_after
    return answer


def _refused(entry: Entry, refusal: Refusal) -> Answer:
    entry.code = refusal.code
    entry.outcome = Outcome.THROTTLED if refusal.throttle else Outcome.REFUSED
    return refusal.answer


def _spoilt(world: World, answer: Answer, fault: Fault | None) -> Answer:
    faults = world.config.faults
    match fault:
        case Fault.RESET_BEFORE_ACCEPT | Fault.RESET_AFTER_ACCEPT:
            answer.fate = "reset"
        case Fault.HTML_5XX_BEFORE_ACCEPT | Fault.HTML_5XX_AFTER_ACCEPT:
            return Answer(faults.html_status, _HTML, "text/html; charset=utf-8")
        case Fault.ACCEPT_THEN_TIMEOUT if faults.timeout_ms is None:
            answer.fate = "silence"
        case Fault.ACCEPT_THEN_TIMEOUT if faults.timeout_ms is not None:
            answer.delay = faults.timeout_ms / 1000
        case Fault.EMPTY_2XX:
            answer.body = b""
        case Fault.BROKEN_2XX:
            answer.body = answer.body[: len(answer.body) // 2]
    return answer
