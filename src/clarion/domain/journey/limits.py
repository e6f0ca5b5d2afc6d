"""What would cost too much to look at closely: found in the plain JSON of a graph, before anything is built from it."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from clarion.domain.journey.problem import Problem, placed
from clarion.domain.journey.regex import BadPattern, compile_pattern

LARGEST = 4 << 20
"""Bytes of JSON."""
MOST_NODES = 2_000
MOST_EDGES = 10_000
DEEPEST = 40
"""Objects and lists inside each other."""

MOST_PATTERNS = 500
MOST_PATTERN_CHARACTERS = 20_000
MOST_PATTERN_SIZE = 200_000
"""RE2 instructions of all patterns together. With the two limits above, compiling them all, or looking for them
all in one long reply, takes about a second at worst."""

MOST_WORDS = 20_000
"""Words and phrases that replies are compared with."""
MOST_FILLED_IN = 500_000
"""Characters of all texts with variables together: reading them takes a few seconds at worst."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_PATTERN_FIELDS = ("pattern", "matches")

_Path = tuple[Any, str | int, int] | None


def too_much(data: Mapping[str, Any]) -> list[Problem]:
    """What forbids a closer look; each list stops at the first kind of problem. Never recurses."""
    for look in (_too_many, _unreadable, _heavy_texts, _heavy_patterns):
        if problems := list(look(data)):
            return problems
    return []


def _too_many(data: Mapping[str, Any]) -> Iterator[Problem]:
    for name, most in (("nodes", MOST_NODES), ("edges", MOST_EDGES)):
        found = data.get(name)
        if isinstance(found, list | tuple) and len(found) > most:
            yield Problem("", name, f"has {len(found):,} entries, at most {most:,} are allowed")


def _unreadable(data: Mapping[str, Any]) -> Iterator[Problem]:
    for path, holder in _holders(data):
        if path and path[2] >= DEEPEST:
            yield placed(_keys(path)[:8], data, f"is nested more than {DEEPEST} levels deep")
            return
        for key, value in _entries(holder):
            words = _unusable(key) or _unusable(value)
            if words:
                yield placed([*_keys(path), key], data, words)
                return


def _unusable(value: Any) -> str:
    if isinstance(value, str) and _UNSTORABLE.search(value):
        return "must not hold NUL characters or halves of surrogate pairs"
    if isinstance(value, float) and not math.isfinite(value):
        return f"is {value}, which is no number in JSON"
    return ""


def _heavy_texts(data: Mapping[str, Any]) -> Iterator[Problem]:
    words = sum(
        len(found)
        for _, holder in _holders(data)
        if isinstance(holder, dict) and isinstance(found := holder.get("words"), list | tuple)
    )
    if words > MOST_WORDS:
        yield Problem("", "", f"has {words:,} keywords, at most {MOST_WORDS:,} are allowed")
    size = sum(
        len(value)
        for _, holder in _holders(data)
        for _, value in _entries(holder)
        if isinstance(value, str) and ("{{" in value or "{%" in value)
    )
    if size > MOST_FILLED_IN:
        yield Problem(
            "",
            "",
            f"has texts with variables of {size:,} characters together, at most {MOST_FILLED_IN:,} are allowed",
        )


def _heavy_patterns(data: Mapping[str, Any]) -> Iterator[Problem]:
    patterns = {
        pattern: (path, field, 0)
        for path, holder in _holders(data)
        if isinstance(holder, dict)
        for field in _PATTERN_FIELDS
        if isinstance(pattern := holder.get(field), str)
    }
    characters = sum(map(len, patterns))
    if len(patterns) > MOST_PATTERNS or characters > MOST_PATTERN_CHARACTERS:
        yield Problem(
            "",
            "",
            f"has {len(patterns):,} patterns with {characters:,} characters together, at most {MOST_PATTERNS:,} "
            f"with {MOST_PATTERN_CHARACTERS:,} are allowed: use keywords where words are enough",
        )
        return
    size = 0
    for pattern, path in patterns.items():
        try:
            size += compile_pattern(pattern).size
        except BadPattern:
            continue  # named with its position when the graph is built
        if size > MOST_PATTERN_SIZE:
            yield placed(_keys(path), data, "is one pattern too many: together they take too long to compile")
            return


def _holders(data: Mapping[str, Any]) -> Iterator[tuple[_Path, Any]]:
    """Every object and list, with its way from the root: the parent's way, its key there, and how deep it lies."""
    waiting: list[tuple[_Path, Any]] = [(None, data)]
    while waiting:
        path, holder = waiting.pop()
        yield path, holder
        depth = path[2] + 1 if path else 1
        for key, part in _entries(holder):
            if isinstance(part, dict | list | tuple):
                waiting.append(((path, key, depth), part))


def _entries(holder: Any) -> Iterable[tuple[Any, Any]]:
    return holder.items() if isinstance(holder, dict) else enumerate(holder)


def _keys(path: _Path) -> list[str | int]:
    keys: list[str | int] = []
    while path:
        path, key, _ = path
        keys.append(key)
    return keys[::-1]
