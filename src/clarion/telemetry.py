"""Spans for OpenTelemetry, when an endpoint is set: requests to the API and to providers, and the work of lanes.

A span carries ids and counts, never addresses, texts or query strings. What leaves for a provider carries nothing
of ours: the trace stays inside.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from clarion import __version__
from clarion.domain.errors import ClarionError
from clarion.metrics import Counted
from clarion.services.ports import Span

if TYPE_CHECKING:  # the extra may not be installed
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as Recorded


TIMEOUT = (
    3.0  # seconds, all attempts together: a collector that is away must not hold up the end of the process
)


class TelemetryMissing(ClarionError):
    """An endpoint for spans is set, and what sends them is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "CLARION_TELEMETRY__ENDPOINT is set, but OpenTelemetry is not installed: "
            "`pip install 'clarion[otel]'`, or take the setting away."
        )


class Traced(Counted):
    """Meters that keep spans as well."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry.trace import StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        super().__init__()
        self.provider = provider
        self._tracer = provider.get_tracer("clarion", __version__)
        self._error = StatusCode.ERROR
        self._incoming = TraceContextTextMapPropagator()

    def span(self, name: str, /, *, parent: str = "", **facts: str | int) -> AbstractContextManager[Span]:
        """The work of the block, below the span it is in, or below `parent` of another system."""
        return self._span(name, parent, facts)

    @contextmanager
    def _span(self, name: str, parent: str, facts: dict[str, str | int]) -> Iterator[Span]:
        context = self._incoming.extract({"traceparent": parent}) if parent else None
        attributes = {_named(fact): value for fact, value in facts.items()}
        with self._tracer.start_as_current_span(
            name, context, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as recorded:
            try:
                yield _Recording(recorded)
            except Exception as error:
                # Its kind only: its words may be a person's.
                recorded.set_attribute("error.type", type(error).__name__)
                recorded.set_status(self._error)
                raise

    def close(self) -> None:
        """Send what is left. Blocks for as long as the endpoint takes."""
        self.provider.shutdown()


class _Recording:
    def __init__(self, recorded: "Recorded") -> None:
        self._recorded = recorded

    def tell(self, name: str = "", /, **facts: str | int) -> None:
        """Add facts, and call it `name` if given."""
        if name:
            self._recorded.update_name(name)
        for fact, value in facts.items():
            self._recorded.set_attribute(_named(fact), value)


def open_tracing(endpoint: str) -> Traced:
    """Spans sent to `endpoint` (OTLP over HTTP), in batches from a thread of their own. Raises TelemetryMissing."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise TelemetryMissing from None
    resource = Resource.create({"service.name": "clarion", "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=TIMEOUT)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Traced(provider)


def _named(fact: str) -> str:
    return f"clarion.{fact}"
