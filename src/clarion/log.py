"""The log: one line an event on standard error, for people or machines, from Clarion and its libraries alike.

Modules say `log = structlog.get_logger()` and `log.info("campaign.launched", campaign_id=7)` with a name of
`log_events`.
"""

import logging
import sys
from typing import Any, Literal, TextIO

import orjson
import structlog
from structlog.typing import Processor

from clarion.log_redaction import masked, redact

# Chatty at INFO; what they say there is said by our own events.
QUIET = ("uvicorn.access", "sqlalchemy", "alembic", "aiohttp.access", "asyncio")


def configure(
    level: str = "info",
    form: Literal["auto", "json", "console"] = "auto",
    stream: TextIO | None = None,
) -> None:
    """Send all events of `level` and above to `stream`, by default standard error. Doing it again replaces
    it."""
    target = stream or sys.stderr
    number = logging.getLevelNamesMapping()[level.upper()]
    people = form == "console" or (form == "auto" and target.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            *_renderers(people, colors=target.isatty()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(target),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [_FromLibraries()]
    root.setLevel(number)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    logging.captureWarnings(capture=True)


def _renderers(people: bool, colors: bool) -> list[Processor]:
    if people:
        return [
            structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)
        ]
    return [_to_json]


def _to_json(_logger: Any, _method: str, event: Any) -> str:
    first = {key: event.pop(key) for key in ("timestamp", "level", "event") if key in event}
    return orjson.dumps(first | event, default=lambda value: masked(str(value))).decode()


class _FromLibraries(logging.Handler):
    """Turns a library's record into an event of ours, so that all goes through the same processors."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            structlog.get_logger().log(
                record.levelno,
                "library.logged",
                library=record.name,
                message=record.getMessage(),
                exc_info=record.exc_info or None,
            )
        except Exception:  # noqa: BLE001  # logging must never break the library that logs
            self.handleError(record)
