"""Authors' patterns, on RE2 only: linear time whatever the pattern and the text."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

LONGEST_PATTERN = 1_000
LONGEST_TEXT = 4_096
LARGEST_PATTERN = 1 << 20
"""Bytes one compiled pattern may take, and the most it may use while it searches."""

_SIGN = re.compile(r"\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|.", re.DOTALL)
_NAMED = re.compile(r"\(\?P?<([^>]*)>")
_HALF = re.compile("[\ud800-\udfff]")
_HINTS = {
    "invalid perl operator": "look-around does not exist here",
    "invalid escape sequence": "back-references do not exist here",
    "invalid repetition size": "at most 1,000, repetitions inside repetitions multiplied",
    "pattern too large": "repeat less, or use smaller classes than \\p{…}",
}


class BadPattern(ValueError):
    """A pattern that cannot be used. `position` counts characters from 1 within it."""

    def __init__(self, problem: str, position: int) -> None:
        super().__init__(f"the pattern cannot be used: {problem} (at character {position})")
        self.position = position


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern. Letters' case never matters. `size` is its length in RE2's instructions."""

    source: str
    names: tuple[str, ...]
    size: int
    _compiled: Any

    def search(self, text: str) -> Mapping[str, str] | None:
        """The named groups of the first match in the first 4,096 characters; None if there is none.

        A group that took no part in the match is "".
        """
        found = self._compiled.search(_HALF.sub("\ufffd", text[:LONGEST_TEXT]))
        return None if found is None else {k: v or "" for k, v in found.groupdict().items()}


@lru_cache(maxsize=4_096)
def compile_pattern(source: str) -> Pattern:
    """Compile once. Raises BadPattern."""
    if len(source) > LONGEST_PATTERN:
        raise BadPattern(
            f"it has {len(source):,} characters, at most {LONGEST_PATTERN:,} are allowed", LONGEST_PATTERN + 1
        )
    if not source:
        raise BadPattern("it is empty", 1)
    if found := _HALF.search(source) or re.search("\0", source):
        raise BadPattern("it holds a NUL character or half of a surrogate pair", found.start() + 1)
    options = re2.Options()
    options.log_errors, options.max_mem, options.case_sensitive = False, LARGEST_PATTERN, False
    try:
        compiled = re2.compile(source, options)
    except re2.error as error:
        raise _explained(source, error) from None
    _check_names(source)
    names = sorted(compiled.groupindex, key=compiled.groupindex.__getitem__)
    return Pattern(source, tuple(names), compiled.programsize, compiled)


def _check_names(source: str) -> None:
    """Groups become variables, so their names must be able to, and RE2 would let two share one."""
    seen = set()
    for start, sign in _signs(source):
        found = _NAMED.match(source, start) if sign == "(" else None
        if found is None:
            continue
        name = found.group(1)
        if not name.isidentifier() or len(name) > 64:
            rule = "use letters, digits and _, no digit first, at most 64"
            raise BadPattern(f"{name!r} cannot be a variable: {rule}", found.start(1) + 1)
        if name in seen:
            raise BadPattern(f"two groups are called {name!r}", found.start(1) + 1)
        seen.add(name)


def _explained(source: str, error: Exception) -> BadPattern:
    said = error.args[0] if error.args else b""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    problem, _, piece = text.partition(": ")
    hint = next((f"; {hint}" for start, hint in _HINTS.items() if problem.startswith(start)), "")
    shown = f" {piece!r}" if piece and not problem.startswith(("missing", "unexpected")) else ""
    return BadPattern(f"{problem}{shown}{hint}", _position(source, problem, piece) + 1)


def _position(source: str, problem: str, piece: str) -> int:
    """Where in `source` RE2 stopped: it names the piece it stumbled over, not the place."""
    if problem.startswith("missing ]"):
        return len(source) - len(piece)
    if problem.startswith("trailing"):
        return len(source) - 1
    opened: list[int] = []
    for start, sign in _signs(source):
        if sign == "(":
            opened.append(start)
        elif sign == ")" and opened:
            opened.pop()
        elif sign == ")" and problem.startswith("unexpected"):
            return start
        if piece and piece != source and source.startswith(piece, start):
            return start
    if problem.startswith("missing )"):
        return opened[-1] if opened else len(source)
    return max(source.find(piece), 0)


def _signs(source: str) -> Iterator[tuple[int, str]]:
    """Signs, escapes, quoted texts and classes, with their places."""
    return ((found.start(), found.group()) for found in _SIGN.finditer(source))
