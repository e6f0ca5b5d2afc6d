"""Authors' patterns, on RE2 only: linear time whatever the pattern and the text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

LONGEST_PATTERN = 1_000
LONGEST_TEXT = 4_096
_MEMORY = 1 << 20  # bytes for one compiled pattern


class BadPattern(ValueError):
    """A pattern that cannot be used. `position` counts from 1 within it."""

    def __init__(self, problem: str, position: int) -> None:
        super().__init__(f"the pattern cannot be used: {problem} (at character {position})")
        self.position = position


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern. Letters' case never matters."""

    source: str
    names: tuple[str, ...]
    _compiled: Any

    def search(self, text: str) -> Mapping[str, str] | None:
        """The named groups of the first match in the first 4,096 characters; None if there is none."""
        found = self._compiled.search(text[:LONGEST_TEXT])
        return None if found is None else {k: v or "" for k, v in found.groupdict().items()}


@lru_cache(maxsize=4_096)
def compile_pattern(source: str) -> Pattern:
    """Compile once. Raises BadPattern."""
    if len(source) > LONGEST_PATTERN:
        raise BadPattern(
            f"it has {len(source):,} characters, at most {LONGEST_PATTERN:,} are allowed", LONGEST_PATTERN
        )
    if not source:
        raise BadPattern("it is empty", 1)
    options = re2.Options()
    options.log_errors, options.max_mem, options.case_sensitive = False, _MEMORY, False
    try:
        compiled = re2.compile(source, options)
    except re2.error as error:
        raise _explained(source, error) from None
    return Pattern(source, tuple(compiled.groupindex), compiled)


def _explained(source: str, error: Exception) -> BadPattern:
    said = error.args[0] if error.args else b""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    problem, _, piece = text.partition(": ")
    position = source.find(piece) + 1 if piece else 0
    hint = ""
    if re.match(r"invalid (perl operator|escape sequence)", problem):
        hint = "; look-around and back-references do not exist here"
    return BadPattern(f"{problem} {piece!r}{hint}" if piece else f"{problem}{hint}", max(position, 1))
