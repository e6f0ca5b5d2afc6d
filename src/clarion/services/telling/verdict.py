"""What follows from a try of a delivery: it arrived, it is tried again, or it failed. Decides only."""

from dataclasses import dataclass

from clarion.net.client import Answer, NotSent, Refused, Result, Unknown
from clarion.services.journeys.called import asked_to_wait

SECOND = 1_000_000
MINUTE, HOUR = 60 * SECOND, 3_600 * SECOND
DAY = 24 * HOUR

WAITS = (
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)
"""Microseconds after each failed try, a tenth more or less; after the last one it failed for good."""

LONGEST_ANSWER = 500
"""Characters of an answer that are kept."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state` of the delivery now; `wait` until the next try, where there is one. `gone`: 410, tell it nothing more."""

    state: str
    wait: int = 0
    status: int = 0
    problem: str = ""
    answer: str = ""
    gone: bool = False


def judge(result: Result, tries: int, *, chance: float) -> Verdict:
    """What follows from the result of try number `tries`. `chance`, from 0 to 1, spreads those that failed together."""
    match result:
        case Answer(status, _, text, _) if 200 <= status < 300:
            return Verdict("delivered", status=status, answer=_beginning(text))
        case Answer(410, _, text, _):
            said = "It answered 410 Gone."
            return Verdict("failed", status=410, problem=said, answer=_beginning(text), gone=True)
        case Answer(status, _, text, _):
            redirected = 300 <= status < 400
            problem = f"It answered {status}{': redirects are not followed' if redirected else ''}."
            return _later(tries, chance, status, problem, _beginning(text), asked_to_wait(result))
        case Refused(reason) | NotSent(reason) | Unknown(reason):
            return _later(tries, chance, 0, reason, "", 0)


def broken(problem: str, tries: int, *, chance: float) -> Verdict:
    """A try that could not be made because of ourselves."""
    return _later(tries, chance, 0, problem, "", 0)


def _later(tries: int, chance: float, status: int, problem: str, answer: str, asked: int) -> Verdict:
    if tries > len(WAITS):
        return Verdict("failed", status=status, problem=problem, answer=answer)
    wait = int(WAITS[tries - 1] * (0.9 + 0.2 * chance))
    return Verdict("queued", max(wait, min(asked, DAY)), status, problem, answer)


def _beginning(text: str) -> str:
    # PostgreSQL stores neither NUL nor half characters.
    return text[:LONGEST_ANSWER].replace("\0", "").encode(errors="replace").decode()
