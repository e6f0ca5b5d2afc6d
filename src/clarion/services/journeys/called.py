"""What the result of a call means: another attempt, or the event that its position waits for. Decides only."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from clarion.domain.journey.effects import Call
from clarion.domain.journey.events import Called
from clarion.net.client import Answer, NotSent, Refused, Result, Unknown

SECOND = 1_000_000
LONGEST_WAIT = 60 * SECOND
"""Whoever asks us to come back later than this gets no further attempt: a person is waiting in the journey."""
DEEPEST = 64
"""Levels of JSON that are kept: databases and variables hold no more."""


@dataclass(frozen=True, slots=True)
class Again:
    """Make the call again in `wait` microseconds."""

    wait: int


class _TooDeep(ValueError):
    pass


def judge(call: Call, attempts: int, result: Result, *, jitter: float) -> Again | Called:
    """What follows from the result of attempt number `attempts`. `jitter`, from 0 to 1, spreads the attempts."""
    if attempts <= call.retries and _may_repeat(call, result):
        wait = max(_backoff(attempts, jitter), asked_to_wait(result))
        if wait <= LONGEST_WAIT:
            return Again(wait)
    match result:
        case Answer(status, headers, text, problem):
            body, wrong = (None, problem) if problem else read_body(text, headers.get("Content-Type", ""))
            return Called(call.visit, status, body, wrong)
        case Unknown(reason) if not call.repeatable:
            return Called(call.visit, error=f"{reason} It is not known whether the other side got it.")
        case Refused(reason) | NotSent(reason) | Unknown(reason):
            return Called(call.visit, error=reason)


def read_body(text: str, content_type: str) -> tuple[Any, str]:
    """The body as JSON, or as text where it is none, and what is wrong with it ("" when nothing is).

    JSON that is sent as something else is common enough to be looked for.
    """
    kind = content_type.partition(";")[0].strip().lower()
    says_json = kind.endswith(("/json", "+json"))
    if not text.strip():
        return (None, "") if says_json else (text, "")
    if not says_json and text.lstrip()[:1] not in ("{", "["):
        return text, ""
    try:
        return _clean(orjson.loads(text)), ""
    except _TooDeep:
        problem = f"The answer is JSON with more than {DEEPEST} levels."
    except orjson.JSONDecodeError as error:
        problem = f"The answer says it is JSON and is not: {error}."
    return text, problem if says_json else ""


def _may_repeat(call: Call, result: Result) -> bool:
    match result:
        case NotSent():
            return True
        case Unknown():
            return call.repeatable
        case Answer(status):
            return call.repeatable and (status == 429 or status >= 500)
    return False


def _backoff(attempts: int, jitter: float) -> int:
    """1, 2, 4 ... seconds, a quarter more or less: a thousand calls that failed together do not come back together."""
    return min(LONGEST_WAIT, int(SECOND * 2 ** (attempts - 1) * (0.75 + 0.5 * jitter)))


def asked_to_wait(result: Result) -> int:
    """Microseconds that the answer's Retry-After asks for, in seconds or as a date; 0 where it says nothing usable."""
    if not isinstance(result, Answer):
        return 0
    value = result.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return int(value[:12]) * SECOND
    until, now = _date(value), _date(result.headers.get("Date", ""))
    return max(0, int((until - now) * SECOND)) if until and now else 0


def _date(text: str) -> float:
    try:
        return parsedate_to_datetime(text).timestamp() if text else 0
    except (ValueError, OverflowError):
        return 0


def _clean(value: Any, level: int = 1) -> Any:
    """The value without NULs in its texts, which databases do not store. Raises _TooDeep."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if not isinstance(value, Mapping | list):
        return value
    if level > DEEPEST:
        raise _TooDeep
    if isinstance(value, Mapping):
        return {name.replace("\0", ""): _clean(part, level + 1) for name, part in value.items()}
    return [_clean(part, level + 1) for part in value]
