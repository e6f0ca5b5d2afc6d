"""Content with variables: parsed once, filled in for each person in one pass.

The language is Liquid. What a person's attributes hold is put in as it stands and never read as Liquid again.
"""

import difflib
from collections.abc import Callable, Collection
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from clarion.domain.content import FIXED, Content
from clarion.domain.liquid import Leaf, Variables, compile_text

_Fill = Callable[[Variables], Any]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A content ready to be filled in.

    `variables` are all attributes it uses; `required` those that must not be blank: they are shown with no
    `default`, and not inside an `if` (or `case`) that looks at them.
    """

    content: Content
    variables: frozenset[str]
    required: frozenset[str]
    _fill: _Fill | None

    def render(self, variables: Variables) -> Content:
        """The content for one person. Raises BadContent if a value breaks a filter or a text is too long."""
        if self._fill is None:
            return self.content
        content: Content = self._fill(variables)
        return content


def compile_content(content: Content) -> Compiled:
    """Parse every text of the content. Raises TemplateSyntax naming field, line and column."""
    leaves: list[Leaf] = []
    fill = _compile(content, "", leaves)
    return Compiled(
        content,
        frozenset().union(*(leaf.variables for leaf in leaves)),
        frozenset().union(*(leaf.required for leaf in leaves)),
        fill,
    )


def problems(used: Collection[str], known: Collection[str]) -> list[str]:
    """A sentence for each used variable that the audience does not have, with the nearest name it has."""
    sentences = []
    listed = ", ".join(sorted(known)[:20]) or "none at all"
    for name in sorted(set(used) - set(known)):
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]!r}?" if near else f"The attributes there are: {listed}."
        sentences.append(f"Nobody in the audience has the attribute {name!r}. {hint}")
    return sentences


def _compile(value: Any, at: str, leaves: list[Leaf]) -> _Fill | None:
    """How to fill in `value`; None if it stands for itself. Adds its texts to `leaves`."""
    if isinstance(value, str):
        leaves.append(compile_text(value, at))
        return leaves[-1].fill
    if isinstance(value, tuple):
        return _assemble(tuple, value, [_compile(part, f"{at}/{n}", leaves) for n, part in enumerate(value)])
    if is_dataclass(value) and not isinstance(value, type):
        kind, names = type(value), [field.name for field in fields(value)]
        parts = [getattr(value, name) for name in names]
        fills = [
            None if name in FIXED else _compile(part, f"{at}/{name}".lstrip("/"), leaves)
            for name, part in zip(names, parts, strict=True)
        ]
        return _assemble(lambda values: kind(*values), parts, fills)
    return None


def _assemble(
    make: Callable[[list[Any]], Any], parts: Collection[Any], fills: list[_Fill | None]
) -> _Fill | None:
    moving = [(n, fill) for n, fill in enumerate(fills) if fill is not None]
    constants = list(parts)

    def build(variables: Variables) -> Any:
        values = constants.copy()
        for n, fill in moving:
            values[n] = fill(variables)
        return make(values)

    return build if moving else None
