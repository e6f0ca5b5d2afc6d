"""Texts with variables as fields of a node: read when the graph is read, filled in for one person."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from clarion.domain.errors import BadContent
from clarion.domain.liquid import LONGEST, Leaf, compile_text, is_blank


class Unfilled(ValueError):
    """A text has no form for this person: a value is missing, too long, or breaks a filter."""


@lru_cache(maxsize=4_096)
def read(source: str) -> Leaf:
    """Parse once. Raises ValueError, naming line and column."""
    try:
        return compile_text(source, "")
    except BadContent as problem:
        raise ValueError(problem.problem) from None


def filled(source: str, variables: Mapping[str, Any], what: str) -> str:
    """The text for one person; what stands in the variables is put in as it is. `what` names it in errors.

    Raises Unfilled.
    """
    leaf = read(source)
    lacking = sorted(name for name in leaf.required if is_blank(variables.get(name)))
    if lacking:
        raise Unfilled(f"{what}: no value for {', '.join(lacking)}")
    if leaf.fill is None:
        return source
    try:
        return leaf.fill(variables)
    except BadContent as problem:
        raise Unfilled(f"{what} {problem.problem}") from None


def _readable(source: str) -> str:
    read(source)
    return source


LiquidText = Annotated[str, Field(max_length=LONGEST), AfterValidator(_readable)]
"""A text that may hold `{{ variables }}`."""
