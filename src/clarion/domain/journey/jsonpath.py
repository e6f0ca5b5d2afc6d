"""Where in an answer a value stands: JSONPath (RFC 9535), without what looks at a value more than once."""

from functools import lru_cache
from itertools import islice
from typing import Annotated, Any

from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError, JSONPathQuery
from jsonpath_rfc9535.segments import JSONPathRecursiveDescentSegment
from jsonpath_rfc9535.selectors import FilterSelector
from pydantic import AfterValidator, Field

LONGEST = 500
MOST_STEPS = 20
MOST_FOUND = 1_000
"""Values that a path with `*`, a slice or `..` gives; more are left out."""

_ENVIRONMENT = JSONPathEnvironment()


@lru_cache(maxsize=1_024)
def compile_path(path: str) -> JSONPathQuery:
    """Compile once. Raises ValueError, naming the problem."""
    if len(path) > LONGEST:
        raise ValueError(f"the path has {len(path):,} characters, at most {LONGEST} are allowed")
    try:
        query = _ENVIRONMENT.compile(path)
    except (JSONPathError, ValueError, RecursionError) as error:
        raise ValueError(f"{path!r} is not a JSONPath such as $.data.id: {error}") from None
    selectors = [each.selectors for each in query.segments]
    if any(isinstance(selector, FilterSelector) for row in selectors for selector in row):
        # Their patterns backtrack, and a filter inside a filter takes squared time.
        raise ValueError(f"{path!r}: filters (`?`) cannot be used: save the list whole")
    if any(len(row) > 1 for row in selectors):
        raise ValueError(f"{path!r}: put one name, index or slice between brackets")
    if len(selectors) > MOST_STEPS:
        raise ValueError(f"{path!r} has {len(selectors)} steps, at most {MOST_STEPS} are allowed")
    if sum(isinstance(each, JSONPathRecursiveDescentSegment) for each in query.segments) > 1:
        raise ValueError(f"{path!r}: `..` may stand in a path once")
    return query


def find(path: str, data: Any) -> Any:
    """The value at `path`, None where there is none; the list of all, where the path may name several."""
    query = compile_path(path)
    try:
        found = [node.value for node in islice(query.finditer(data), MOST_FOUND)]
    except (JSONPathError, RecursionError):
        return None  # `..` in an answer nested a hundred levels deep
    if query.singular_query():
        return found[0] if found else None
    return found or None


def _usable(path: str) -> str:
    compile_path(path)
    return path


JsonPath = Annotated[str, AfterValidator(_usable), Field(examples=["$.data.id", "$.items[0].name"])]
"""A path in a JSON answer, such as `$.data.id`."""
