"""What reached the simulator: a record of every send request and every reply, and figures drawn from it."""

from __future__ import annotations

import threading
import time
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

import orjson

from clarion.sim.limits import SlidingWindow

_CHUNK = 2_000


class Outcome(IntEnum):
    """What became of a request. DROPPED: a fault swallowed it; the provider has nothing."""

    ACCEPTED = 0
    REFUSED = 1
    THROTTLED = 2
    DROPPED = 3


EVENTS = (
    "sent",
    "delivered",
    "read",
    "failed",
    "replied",
    "callbacks_sent",
    "callbacks_failed",
    "callbacks_pending",
    "callbacks_unaddressed",
)
"""What a tally counts after acceptance. The first five happened to the people, told to anyone or not."""


@dataclass(slots=True)
class Entry:
    """One send request.

    `arrival` is monotonic nanoseconds; `content` identifies sender, recipient and everything that makes the
    message, but not the echo string; `code` is the provider's error code or 0; `fault` a faults.Fault or "";
    `text` what it says, where that is kept.
    """

    arrival: int
    provider: str
    sender: str
    recipient: str
    echo: str
    content: int
    outcome: Outcome
    code: int = 0
    fault: str = ""
    provider_id: str = ""
    text: str = ""


@dataclass(slots=True)
class ReplyEntry:
    """One message of a person: when it was written and its webhook first posted (0: not yet).

    Instants are monotonic nanoseconds. `context` is the provider's id of the message it quotes, or "".
    """

    wrote: int
    provider: str
    sender: str
    person: str
    id: str
    text: str
    payload: str = ""
    context: str = ""
    posted: int = 0


@dataclass(slots=True)
class Tally:
    """Running figures for one sender, or for all. `window` holds the arrivals counted towards throughput."""

    provider: str
    window: SlidingWindow = field(default_factory=SlidingWindow)
    requests: int = 0
    outcomes: list[int] = field(default_factory=lambda: [0] * len(Outcome))
    faults: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    recipients: set[int] = field(default_factory=set)
    contents: set[int] = field(default_factory=set)
    first_arrival: int | None = None
    last_arrival: int | None = None
    events: dict[str, int] = field(default_factory=lambda: dict.fromkeys(EVENTS, 0))

    def add(self, entry: Entry, recipient: int) -> None:
        """Count one request; `recipient` is the ledger's number for it."""
        self.requests += 1
        self.outcomes[entry.outcome] += 1
        if entry.fault:
            self.faults[entry.fault] += 1
        if entry.code:
            self.codes[entry.code] += 1
        if entry.outcome is Outcome.ACCEPTED:
            self.recipients.add(recipient)
            self.contents.add(entry.content)
        if self.first_arrival is None:
            self.first_arrival = entry.arrival
        self.last_arrival = entry.arrival

    def as_dict(self, offset: int) -> dict[str, object]:
        """The figures by name; `offset` turns monotonic nanoseconds into microseconds since the epoch."""
        accepted = self.outcomes[Outcome.ACCEPTED]
        mean = self.window.mean
        return {
            "provider": self.provider,
            "requests": self.requests,
            **{outcome.name.lower(): self.outcomes[outcome] for outcome in Outcome},
            "faults": dict(self.faults),
            "codes": {str(code): count for code, count in sorted(self.codes.items())},
            "distinct_recipients": len(self.recipients),
            "duplicates": accepted - len(self.contents),
            "duplicates_by_recipient": accepted - len(self.recipients),
            "first_arrival": None if self.first_arrival is None else self.first_arrival // 1000 + offset,
            "last_arrival": None if self.last_arrival is None else self.last_arrival // 1000 + offset,
            "counted": self.window.total,
            "rate_mean": None if mean is None else round(mean, 4),
            "rate_max_1s": self.window.peak,
            **{name: self.events[name] for name in EVENTS},
        }


class Ledger:
    """Every send request, in order of arrival; a million take about 600 MB, with all strings."""

    def __init__(self, path: Path | None = None) -> None:
        self.offset = time.time_ns() // 1000 - time.monotonic_ns() // 1000
        self.total = Tally("all")
        self.senders: dict[str, Tally] = {}
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._recipients: list[str] = []
        self._recipient_numbers: dict[str, int] = {}
        self._faults: list[str] = [""]
        self._arrival, self._content = array("q"), array("Q")
        self._sender, self._recipient, self._code = array("I"), array("I"), array("i")
        self._outcome, self._fault = array("B"), array("B")
        self._echo: list[str] = []
        self._provider_id: list[str] = []
        self._texts: dict[int, str] = {}
        self._replies: list[ReplyEntry] = []
        self._file = _File(self, path) if path is not None else None

    def __len__(self) -> int:
        # The column that is filled last: the file's thread must not see half a row.
        return len(self._provider_id)

    def sender(self, provider: str, name: str) -> Tally:
        """The tally of a sender, made on first use."""
        if name not in self.senders:
            self.senders[name] = Tally(provider)
            self._numbers[name] = len(self._names)
            self._names.append(name)
        return self.senders[name]

    def add(self, entry: Entry) -> None:
        """Record a request. Entries come in order of arrival."""
        tally = self.sender(entry.provider, entry.sender)
        number = self._recipient_numbers.get(entry.recipient)
        if number is None:
            number = self._recipient_numbers[entry.recipient] = len(self._recipients)
            self._recipients.append(entry.recipient)
        tally.add(entry, number)
        self.total.add(entry, number)
        if entry.fault not in self._faults:
            self._faults.append(entry.fault)
        self._arrival.append(entry.arrival)
        self._content.append(entry.content)
        self._sender.append(self._numbers[entry.sender])
        self._recipient.append(number)
        self._code.append(entry.code)
        self._outcome.append(entry.outcome)
        self._fault.append(self._faults.index(entry.fault))
        self._echo.append(entry.echo)
        if entry.text:
            self._texts[len(self._provider_id)] = entry.text
        self._provider_id.append(entry.provider_id)

    def row(self, seq: int) -> dict[str, object]:
        """Request number `seq` (from 1); `mono_ns` is the monotonic clock, `wall` microseconds.

        With `text` where that was kept.
        """
        i = seq - 1
        name = self._names[self._sender[i]]
        return {
            "seq": seq,
            "mono_ns": self._arrival[i],
            "wall": self._arrival[i] // 1000 + self.offset,
            "provider": self.senders[name].provider,
            "sender": name,
            "recipient": self._recipients[self._recipient[i]],
            "echo": self._echo[i],
            "outcome": Outcome(self._outcome[i]).name.lower(),
            "code": self._code[i] or None,
            "fault": self._faults[self._fault[i]] or None,
            "provider_id": self._provider_id[i] or None,
            "content": f"{self._content[i]:016x}",
            **({"text": self._texts[i]} if i in self._texts else {}),
        }

    def rows(self, after: int, limit: int) -> Iterator[bytes]:
        """JSON lines of up to `limit` requests with a number above `after`, in pieces."""
        last = min(len(self), after + limit)
        for start in range(after, last, _CHUNK):
            stop = min(start + _CHUNK, last)
            yield b"".join(orjson.dumps(self.row(i + 1)) + b"\n" for i in range(start, stop))

    def accepted(self) -> Iterator[bytes]:
        """JSON lines `[recipient, echo, provider_id]` of the accepted requests, in pieces."""
        for start in range(0, len(self), _CHUNK):
            stop = min(start + _CHUNK, len(self))
            yield b"".join(
                orjson.dumps([self._recipients[self._recipient[i]], self._echo[i], self._provider_id[i]])
                + b"\n"
                for i in range(start, stop)
                if self._outcome[i] == Outcome.ACCEPTED
            )

    def hear(self, entry: ReplyEntry) -> ReplyEntry:
        """Record a person's message; whoever posts its webhook sets `posted`."""
        self._replies.append(entry)
        return entry

    def replies(self) -> Iterator[bytes]:
        """JSON lines of everything people wrote, in pieces. Instants are those of `row`."""
        for start in range(0, len(self._replies), _CHUNK):
            yield b"".join(
                orjson.dumps(
                    {
                        "seq": start + i,
                        "wrote_ns": each.wrote,
                        "posted_ns": each.posted or None,
                        "provider": each.provider,
                        "sender": each.sender,
                        "recipient": each.person,
                        "id": each.id,
                        "text": each.text,
                        "payload": each.payload or None,
                        "context": each.context or None,
                    }
                )
                + b"\n"
                for i, each in enumerate(self._replies[start : start + _CHUNK], start=1)
            )

    def stats(self) -> dict[str, object]:
        """The figures of each sender and of all together."""
        return {
            "total": self.total.as_dict(self.offset),
            "senders": {name: tally.as_dict(self.offset) for name, tally in self.senders.items()},
        }

    def close(self) -> None:
        """Write what is left to the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


class _File:
    """Appends the ledger's rows to a file from a thread of its own, so that a slow disk delays no answer."""

    def __init__(self, ledger: Ledger, path: Path) -> None:
        self._ledger = ledger
        self._file = path.open("ab")
        self._written = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            self._write()
        self._write()

    def _write(self) -> None:
        end = len(self._ledger)
        # Few rows at a time: a write gives the interpreter's lock back, and arrivals must not wait for it.
        while self._written < end:
            limit = min(200, end - self._written)
            self._file.write(b"".join(self._ledger.rows(self._written, limit)))
            self._written += limit
        self._file.flush()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._file.close()
