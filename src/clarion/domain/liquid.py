"""One text with variables: Liquid without what reads files or clocks, and with limits on what it may cost.

The parse is always python-liquid's. Texts made only of words, `{{ name }}` and `{{ name | default: "x" }}`
are then filled in without its engine, from the parts in its parse tree, which is far cheaper.
"""

import difflib
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import Any

from liquid import BoundTemplate, Environment, RenderContext
from liquid.ast import Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression, Path, StringLiteral
from liquid.builtin.output import OutputNode
from liquid.exceptions import LiquidError, OutputStreamLimitError
from liquid.expression import Expression
from liquid.stringify import to_liquid_string
from liquid.undefined import is_undefined
from liquid.utils import ReadOnlyChainMap

from clarion.domain.errors import BadContent, TemplateSyntax

LONGEST = 10_000
"""Characters a text may have, before and after it is filled in."""

Variables = Mapping[str, Any]
Fill = Callable[[Variables], str]

_TAGS = frozenset(
    {"output", "content", "illegal", "if", "unless", "case", "for", "break", "continue", "assign", "capture"}
    | {"comment", "#"}
)
_DROPPED_FILTERS = ("safe", "escapejs", "date", "default")
_NAME = re.compile(r"[\w\- ]{1,100}")
_HOW = 'Variables are written {{ name }} or {{ name | default: "friend" }}'


@dataclass(frozen=True, slots=True)
class Leaf:
    """A parsed text. `fill` is None when it has no variables and stands for itself.

    `variables`: every attribute it reads. `required`: those shown without a `default` and not inside an `if`,
    `unless`, `case` or `for` that looks at them.
    """

    fill: Fill | None
    variables: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()


def compile_text(source: str, field: str) -> Leaf:
    """Parse one text; `field` is its place in the content, for errors. Raises TemplateSyntax, BadContent."""
    if len(source) > LONGEST:
        raise BadContent(field, f"is {len(source):,} characters long; at most {LONGEST:,} are allowed")
    if "{{" not in source and "{%" not in source:
        return Leaf(None)
    if (at := _unclosed(source)) >= 0:
        raise TemplateSyntax(field, *_position(source, at), f"expected '}}}}' to close this {{{{. {_HOW}")
    try:
        template = parse(source)
        analysis = template.analyze(include_partials=False)
    except LiquidError as error:
        raise _located(error, source, field) from None
    for name, places in analysis.filters.items():
        if name not in _ENVIRONMENT.filters:
            raise TemplateSyntax(field, *_position(source, places[0].index), _unknown_filter(name))
    used = frozenset(analysis.globals)
    for name in sorted(used):
        if not _NAME.fullmatch(name):
            raise TemplateSyntax(
                field, *_position(source, source.find(name)), f"{name!r} cannot be a variable. {_HOW}"
            )
    parts = _simple_parts(template.nodes)
    fill = engine_fill(template, field, used) if parts is None else _quick_fill(parts, field)
    return Leaf(fill, used, used & set(_shown_plainly(template, template.nodes, frozenset())))


def _unclosed(source: str) -> int:
    """Where a `{{` stands that is never closed, -1 if none: the parser takes seconds over a text full of them."""
    at = source.find("{")
    while at >= 0:
        opened = source[at : at + 2]
        if opened in ("{{", "{%"):
            end = source.find("}}" if opened == "{{" else "%}", at + 2)
            if end < 0:
                return at if opened == "{{" else -1
            at = end
        at = source.find("{", at + 1)
    return -1


def is_blank(value: object) -> bool:
    """Whether a value counts as missing: absent, nil, false, empty, or only white space. 0 is a value."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or value is False or is_undefined(value) or value in ([], {})


def parse(source: str) -> BoundTemplate:
    """The engine's own template. Raises LiquidError."""
    return _ENVIRONMENT.from_string(source)


def filters() -> list[str]:
    """The names of all filters, sorted."""
    return sorted(_ENVIRONMENT.filters)


# --- filling in ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hole:
    """`{{ name }}`, or `{{ name | default: fallback }}`."""

    name: str
    fallback: str | None


def _simple_parts(nodes: Iterable[Node]) -> list[str | Hole] | None:
    """The text as words and holes; None when it needs the engine."""
    parts: list[str | Hole] = []
    for node in nodes:
        if isinstance(node, ContentNode):
            parts.append(node.text)
        elif isinstance(node, OutputNode) and (hole := _hole(node.expression)):
            parts.append(hole)
        else:
            return None
    return parts


def _hole(expression: Expression) -> Hole | None:
    match expression:
        case FilteredExpression(left=Path(path=[str(name)]), filters=([] | None)):
            return Hole(name, None)
        case FilteredExpression(left=Path(path=[str(name)]), filters=[only]) if only.name == "default":
            match [(arg.name if hasattr(arg, "name") else None, arg.value) for arg in only.args]:
                case [(None, StringLiteral(value=str(fallback)))]:
                    return Hole(name, fallback)
    return None


def _quick_fill(parts: list[str | Hole], field: str) -> Fill:
    constants = [part if isinstance(part, str) else "" for part in parts]
    holes = [(n, part.name, part.fallback) for n, part in enumerate(parts) if isinstance(part, Hole)]

    def fill(variables: Variables) -> str:
        texts = constants.copy()
        for n, name, fallback in holes:
            value = variables.get(name)
            if fallback is not None and is_blank(value):
                value = fallback
            texts[n] = value if type(value) is str else to_liquid_string(value, autoescape=False)
        text = "".join(texts)
        if len(text) > LONGEST:
            raise _too_long(field)
        return text

    return fill


def engine_fill(template: BoundTemplate, field: str, used: Iterable[str]) -> Fill:
    """Fill in through the Liquid engine, whatever the text is made of."""
    names = sorted(used)

    def fill(variables: Variables) -> str:
        for name in names:
            value = variables.get(name)
            if isinstance(value, str) and len(value) > LONGEST:
                raise _too_long(field)
        try:
            text = template.render(variables)
        except OutputStreamLimitError:
            raise _too_long(field) from None
        except LiquidError as error:
            raise BadContent(field, f"cannot be filled in: {error.message}") from None
        except (ArithmeticError, ValueError, TypeError, LookupError, AttributeError) as error:
            # A filter met a value it was not written for; only this person's message is affected.
            raise BadContent(field, f"cannot be filled in: {error}") from None
        if "\x00" in text:  # a decoding filter may make one, and PostgreSQL cannot store it
            raise BadContent(field, "holds a NUL character once it is filled in")
        return text

    return fill


def _too_long(field: str) -> BadContent:
    return BadContent(field, f"is longer than {LONGEST:,} characters once it is filled in")


# --- reading the parse tree ---------------------------------------------------------------------------------


def _shown_plainly(template: BoundTemplate, nodes: Iterable[Node], guarded: frozenset[str]) -> Iterator[str]:
    static = RenderContext(template)
    for node in nodes:
        looked_at = frozenset(name for expression in node.expressions() for name in _names(expression))
        if isinstance(node, OutputNode):
            if not _has_default(node.expression):
                yield from looked_at - guarded
        else:
            children = node.children(static, include_partials=False)
            yield from _shown_plainly(template, children, guarded | looked_at)


def _names(expression: Expression) -> Iterator[str]:
    if isinstance(expression, Path):
        yield str(expression.head())
    for child in expression.children():
        yield from _names(child)


def _has_default(expression: Expression) -> bool:
    filters = expression.filters if isinstance(expression, FilteredExpression) else None
    return any(each.name == "default" for each in filters or ())


def _located(error: LiquidError, source: str, field: str) -> TemplateSyntax:
    index = (
        error.token.start_index if error.token is not None and error.token.start_index >= 0 else len(source)
    )
    return TemplateSyntax(field, *_position(source, index), f"{error.message}. {_HOW}")


def _unknown_filter(name: str) -> str:
    near = difflib.get_close_matches(name, _ENVIRONMENT.filters, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "They are listed in docs/reference/templates.md"
    return f"there is no filter {name!r}. {hint}"


def _position(source: str, index: int) -> tuple[int, int]:
    before = source[: max(index, 0)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


# --- the language -------------------------------------------------------------------------------------------


class _Page(StringIO):
    """What a text is written to: no more than LONGEST characters, line ends left as they are."""

    def __init__(self) -> None:
        super().__init__(newline="")
        self._left = LONGEST

    def write(self, text: str) -> int:
        self._left -= len(text)
        if self._left < 0:
            raise OutputStreamLimitError("too long", token=None)
        return super().write(text)


class _Context(RenderContext):
    """Sees the person's attributes and what the text itself assigned; not the engine's `now` and `today`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope = ReadOnlyChainMap(self.locals, self.globals, self.counters)

    def get_buffer(self, buf: Any = None) -> StringIO:
        return _Page()


class _Text(BoundTemplate):
    context_class = _Context

    def _get_buffer(self) -> StringIO:
        return _Page()


class _Environment(Environment):
    template_class = _Text
    loop_iteration_limit = 1_000
    local_namespace_limit = 100_000
    block_nesting_limit = 10

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        self.tags = {name: tag for name, tag in self.tags.items() if name in _TAGS}
        kept = {name: each for name, each in self.filters.items() if name not in _DROPPED_FILTERS}
        self.filters = {name: _bounded(each) for name, each in kept.items()} | {
            "default": _default,
            "date": _date,
        }


def _bounded(change: Callable[..., Any]) -> Callable[..., Any]:
    """A filter whose result may not swell: a row of `append` or `replace` grows a text with each of them."""

    @functools.wraps(change)
    def bounded(*args: Any, **kwargs: Any) -> Any:
        value = change(*args, **kwargs)
        if isinstance(value, str) and len(value) > LONGEST:
            raise OutputStreamLimitError("too long", token=None)
        return value

    return bounded


def _default(value: object, fallback: object = "", *, allow_false: bool = False) -> object:
    return fallback if is_blank(value) and not (allow_false and value is False) else value


def _date(value: object, form: object = "%Y-%m-%d") -> str:
    """An ISO date or time in another form; anything else as it stands. No clock, no guessed day or month."""
    text = to_liquid_string(None if is_undefined(value) else value, autoescape=False)
    try:
        return datetime.fromisoformat(text.strip()).strftime(str(form))
    except ValueError:
        return text


_ENVIRONMENT = _Environment()
