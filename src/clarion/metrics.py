"""What `/metrics` tells, in one list; and the counting, which costs a message less than a microsecond."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal, TypeVar

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from clarion.services.ports import NOWHERE, Span

T = TypeVar("T")

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_REQUEST = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_WAIT = (0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0, 60.0, 300.0, 1_800.0, 3_600.0, 14_400.0, 86_400.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """One name of the page. Labels have few values, all of them words of ours or ids of senders."""

    kind: Literal["counter", "histogram", "gauge"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


METRICS: Mapping[str, Metric] = {
    # Sending
    "clarion_messages_sent_total": Metric(
        "counter",
        "Requests to send that ended. `result`: accepted, rejected (for good), not_sent (tried again), unknown.",
        ("provider", "result"),
    ),
    "clarion_provider_request_seconds": Metric(
        "histogram", "From a request to a provider to its answer.", ("provider",), _REQUEST
    ),
    "clarion_queue_wait_seconds": Metric(
        "histogram", "From when a message was due to the slot it was given: the rate decides.", (), _WAIT
    ),
    "clarion_start_delay_seconds": Metric(
        "histogram", "How much later than its slot a request began. Above 0.05 the machine is too busy.", (), _FAST
    ),
    "clarion_marks_total": Metric(
        "counter",
        "Messages about to be sent, by whether they still might be: allowed, or refused (paused, stopped, expired).",
        ("result",),
    ),
    "clarion_outcomes_journaled_total": Metric(
        "counter", "Outcomes that the database did not take, kept in a file until it does."
    ),
    "clarion_sender_rate": Metric(
        "gauge", "Messages per second as set; 0: as fast as it goes.", ("sender", "provider")
    ),
    "clarion_sender_pace": Metric(
        "gauge",
        "Messages per second now; below the rate after the provider asked to slow down.",
        ("sender", "provider"),
    ),
    "clarion_sender_waiting": Metric(
        "gauge", "Messages that may leave now; single ones are counted to 1,000.", ("sender", "provider")
    ),
    "clarion_sender_active": Metric(
        "gauge", "1 while the sender may send, 0 while it is paused.", ("sender", "provider")
    ),
    "clarion_doubts": Metric("gauge", "Messages of which nobody knows whether they arrived, counted to 1,000."),
    # Hearing
    "clarion_webhooks_total": Metric(
        "counter",
        "Webhooks of providers. `result`: stored, challenge, refused (not signed by anybody we know), unreadable, "
        "too_large, failed (not stored: the provider comes again).",
        ("provider", "result"),
    ),
    "clarion_webhook_seconds": Metric("histogram", "From a webhook to our answer.", ("provider",), _FAST),
    "clarion_events_read_total": Metric(
        "counter", "Events out of webhooks that were read. `lane`: inbox (receipts and others) or replies.", ("lane",)
    ),
    # Journeys
    "clarion_steps_total": Metric("counter", "Positions of journeys that were looked at because something happened."),
    "clarion_calls_total": Metric(
        "counter",
        "Calls of journeys that ended. `result`: answered, failed (no answer), again (tried once more).",
        ("result",),
    ),
    "clarion_call_seconds": Metric("histogram", "How long calls of journeys took.", (), _REQUEST),
    # The engine
    "clarion_lane_runs_total": Metric(
        "counter", "Times that a lane woke and worked. `result`: done, or broke (it is in the log).", ("lane", "result")
    ),
    "clarion_lane_due": Metric("gauge", "Rows that are due in a lane, counted to 1,000.", ("lane",)),
    "clarion_lane_oldest_seconds": Metric(
        "gauge", "For how long the oldest due row of a lane has been due; 0: none is.", ("lane",)
    ),
    "clarion_workers": Metric("gauge", "Processes that send from this database."),
    "clarion_loop_lag_seconds": Metric("gauge", "By how much this process's event loop was late just now."),
    "clarion_loop_lag_worst_seconds": Metric("gauge", "The most within the last minute."),
    "clarion_sweep_age_seconds": Metric(
        "gauge", "Since this process last looked for due work that nobody was woken for."
    ),
    "clarion_database_up": Metric("gauge", "1 when the database answered this scrape within two seconds, else 0."),
    "clarion_database_bytes": Metric("gauge", "What the database takes on its disk."),
    "clarion_disk_free_bytes": Metric("gauge", "Bytes free in the data directory."),
    "clarion_info": Metric("gauge", "Always 1; says which release runs on which database.", ("version", "database")),
    # The API
    "clarion_api_requests_total": Metric(
        "counter", "Requests to the API. `operation` as in the OpenAPI document, `status` 2xx, 4xx ...",
        ("operation", "status"),
    ),
    "clarion_api_request_seconds": Metric(
        "histogram", "From a request to the beginning of its answer.", ("operation",), _FAST
    ),
}  # fmt: skip
"""Every metric of ours. A name that is counted and not here fails at once, one that is here and unused fails a test."""

Gauges = Mapping[str, Sequence[tuple[tuple[str, ...], float]]]
"""What is looked up when somebody asks: values by name, each with its labels."""


class _Spread:
    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0


class Counted:
    """Meters in the memory of this process. For the one thread of its event loop: no locks."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, ...], int] = {}
        self._spreads: dict[tuple[str, ...], _Spread] = {}

    def add(self, name: str, n: int = 1, /, *labels: str) -> None:
        """`n` more of it."""
        key = (name, *labels)
        if key in self._counts:
            self._counts[key] += n
        else:
            _defined(name, "counter", labels)
            self._counts[key] = n

    def time(self, name: str, seconds: float, /, *labels: str) -> None:
        """It took so long once."""
        key = (name, *labels)
        spread = self._spreads.get(key)
        if spread is None:
            spread = self._spreads[key] = _Spread(_defined(name, "histogram", labels).buckets)
        spread.counts[bisect_left(spread.bounds, seconds)] += 1
        spread.total += seconds

    def span(self, name: str, /, *, parent: str = "", **facts: str | int) -> AbstractContextManager[Span]:
        """Nothing: see telemetry.py for what keeps spans."""
        return NOWHERE

    def render(self, gauges: Gauges) -> bytes:
        """The page as Prometheus reads it, with what is known of the process itself."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Page(self._families(gauges)))
        ProcessCollector(registry=registry)
        return generate_latest(registry)

    def _families(self, gauges: Gauges) -> Iterator[Family]:
        for name, metric in METRICS.items():
            match metric.kind:
                case "counter":
                    counter = CounterMetricFamily(name, metric.help, labels=metric.labels)
                    for labels, n in _of(name, self._counts.items()):
                        counter.add_metric(labels, n)
                    if not metric.labels and (name,) not in self._counts:
                        counter.add_metric((), 0)
                    yield counter
                case "histogram":
                    histogram = HistogramMetricFamily(name, metric.help, labels=metric.labels)
                    for labels, spread in _of(name, self._spreads.items()):
                        histogram.add_metric(labels, _cumulative(spread), spread.total)
                    yield histogram
                case "gauge":
                    gauge = GaugeMetricFamily(name, metric.help, labels=metric.labels)
                    for values, value in gauges.get(name, ()):
                        gauge.add_metric(values, value)
                    yield gauge


class _Page(Collector):
    def __init__(self, families: Iterable[Family]) -> None:
        self._found = list(families)

    def collect(self) -> Iterable[Family]:
        return self._found


def _defined(name: str, kind: str, labels: tuple[str, ...]) -> Metric:
    metric = METRICS[name]
    if metric.kind != kind or len(metric.labels) != len(labels):
        raise ValueError(f"{name} is a {metric.kind} with the labels {', '.join(metric.labels) or 'none'}")
    return metric


def _of(name: str, found: Iterable[tuple[tuple[str, ...], T]]) -> Iterator[tuple[tuple[str, ...], T]]:
    return ((key[1:], value) for key, value in sorted(found, key=lambda each: each[0]) if key[0] == name)


def _cumulative(spread: _Spread) -> list[tuple[str, float]]:
    found, reached = [], 0
    for bound, n in zip((*map(str, spread.bounds), "+Inf"), spread.counts, strict=True):
        reached += n
        found.append((bound, float(reached)))
    return found


_INTRODUCTION = """\
# Metrics

<!-- Written by `make docs` from src/clarion/metrics.py; change it there. -->

`GET /metrics` tells them in Prometheus' text format, for the process that answers; gauges about rows are the same
in every process. Who may read it, how to watch it and when to wake somebody: [Watch it](../howto/watch-it.md).

No label holds a campaign, a person, an address or a path: `sender` is an id, everything else one of a few words.
Beside these there are `process_*` (memory, processor, open files) of the Prometheus client.

| Metric | Kind | Labels | Meaning |
|---|---|---|---|
"""


def page() -> str:
    """The page docs/reference/metrics.md."""
    rows = [
        f"| `{name}` | {metric.kind} | {', '.join(f'`{label}`' for label in metric.labels)} | {metric.help} |"
        for name, metric in METRICS.items()
    ]
    return _INTRODUCTION + "\n".join(rows) + "\n"
