"""Questions about a person with a yes or no: what splits decide by, and whom an audience takes.

A condition is `{"all": [...]}`, `{"any": [...]}`, `{"not": {...}}` or one test, such as
`{"attribute": "city", "is": "Recife"}`, `{"variable": "score", "at_least": 7}`, `{"tag": "vip"}`,
`{"list": "customers"}`, `{"message": "read"}`, `{"language": "pt"}` or `{"consent": true}`.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from clarion.domain.journey.position import Facts
from clarion.domain.journey.regex import compile_pattern
from clarion.domain.journey.words import contains, fold
from clarion.domain.liquid import is_blank

DEEPEST = 10
"""Levels of all, any and not inside each other."""

Scalar = str | bool | int | float

_COMPARED = (
    "is",
    "is_not",
    "one_of",
    "contains",
    "matches",
    "above",
    "at_least",
    "below",
    "at_most",
    "exists",
)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class All(_Strict):
    """Every one of them."""

    all: tuple["Condition", ...] = Field(min_length=1, max_length=50, description="Conditions.")

    def holds(self, facts: Facts, variables: Mapping[str, Any]) -> bool:
        return all(part.holds(facts, variables) for part in self.all)

    def parts(self) -> tuple["Condition", ...]:
        return self.all


class Some(_Strict):
    """At least one of them."""

    any: tuple["Condition", ...] = Field(min_length=1, max_length=50, description="Conditions.")

    def holds(self, facts: Facts, variables: Mapping[str, Any]) -> bool:
        return any(part.holds(facts, variables) for part in self.any)

    def parts(self) -> tuple["Condition", ...]:
        return self.any


class Not(_Strict):
    """The opposite."""

    not_: "Condition" = Field(alias="not", description="A condition.")

    def holds(self, facts: Facts, variables: Mapping[str, Any]) -> bool:
        return not self.not_.holds(facts, variables)

    def parts(self) -> tuple["Condition", ...]:
        return (self.not_,)


class Value(_Strict):
    """What an attribute of the contact, or a variable of the run, holds. Texts are compared as words are.

    Numbers are compared as numbers when both sides are; dates as texts in ISO form.
    """

    attribute: str | None = Field(
        None, min_length=1, max_length=100, description="The name of an attribute of the contact."
    )
    variable: str | None = Field(
        None, min_length=1, max_length=100, description="Or the name of a variable of the run."
    )
    is_: Scalar | None = Field(None, alias="is", description="It is this.")
    is_not: Scalar | None = Field(None, description="It is something else, or nothing.")
    one_of: tuple[Scalar, ...] | None = Field(
        None, min_length=1, max_length=1_000, description="It is one of these."
    )
    contains: str | None = Field(None, min_length=1, description="It has these words, one after another.")
    matches: str | None = Field(None, description="It matches this pattern (RE2; case does not matter).")
    above: float | str | None = Field(None, description="It is greater, or later.")
    at_least: float | str | None = Field(None, description="It is this, greater or later.")
    below: float | str | None = Field(None, description="It is less, or earlier.")
    at_most: float | str | None = Field(None, description="It is this, less or earlier.")
    exists: bool | None = Field(None, description="It holds something: true or false.")

    @field_validator("matches")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            compile_pattern(pattern)
        return pattern

    @model_validator(mode="after")
    def _one_question(self) -> "Value":
        if (self.attribute is None) == (self.variable is None):
            raise ValueError("a test looks at one `attribute` or one `variable`")
        asked = [name for name in _COMPARED if self._wanted(name) is not None]
        if len(asked) != 1:
            raise ValueError(f"a test has exactly one of {', '.join(_COMPARED)}; this one has {len(asked)}")
        return self

    def _wanted(self, name: str) -> Any:
        return getattr(self, "is_" if name == "is" else name)

    def holds(self, facts: Facts, variables: Mapping[str, Any]) -> bool:
        value = facts.attributes.get(self.attribute) if self.attribute else variables.get(self.variable or "")
        name = next(name for name in _COMPARED if self._wanted(name) is not None)
        return _compare(name, value, self._wanted(name))

    def parts(self) -> tuple["Condition", ...]:
        return ()


class Tagged(_Strict):
    """The contact carries this tag."""

    tag: str = Field(min_length=1, max_length=100, description="The tag.")

    def holds(self, facts: Facts, variables: Mapping[str, Any]) -> bool:
        return self.tag in facts.tags

    def parts(self) -> tuple["Condition", ...]:
        return ()


class Listed(_Strict):
    """The contact is on this list."""

    list: str = Field(min_length=1, max_length=200, description="The list's name.")

    def holds(self, facts: Facts, variables: Mapping[str, Any]) -> bool:
        return self.list in facts.lists

    def parts(self) -> tuple["Condition", ...]:
        return ()


class Heard(_Strict):
    """The newest message got at least this far (or failed)."""

    message: Literal["accepted", "sent", "delivered", "read", "failed"] = Field(description="How far.")

    def holds(self, facts: Facts, variables: Mapping[str, Any]) -> bool:
        order = ("accepted", "sent", "delivered", "read")
        if self.message == "failed" or facts.message_status not in order:
            return facts.message_status == self.message
        return order.index(facts.message_status) >= order.index(self.message)

    def parts(self) -> tuple["Condition", ...]:
        return ()


class Speaks(_Strict):
    """The contact's language begins with this: `pt` is also true for `pt_BR`."""

    language: str = Field(min_length=2, max_length=20, description="Such as `pt` or `pt_BR`.")

    def holds(self, facts: Facts, variables: Mapping[str, Any]) -> bool:
        held, wanted = (x.replace("-", "_").casefold() for x in (facts.language, self.language))
        return held == wanted or held.startswith(wanted + "_")

    def parts(self) -> tuple["Condition", ...]:
        return ()


class Consents(_Strict):
    """Whether the contact may be written to: false for people who opted out."""

    consent: bool = Field(description="True or false.")

    def holds(self, facts: Facts, variables: Mapping[str, Any]) -> bool:
        return facts.opted_out is not self.consent

    def parts(self) -> tuple["Condition", ...]:
        return ()


_BY_KEY = {
    "all": "all", "any": "any", "not": "not", "attribute": "value", "variable": "value", "tag": "tag",
    "list": "list", "message": "message", "language": "language", "consent": "consent",
}  # fmt: skip


BY_MODEL: dict[type[BaseModel], str] = {
    All: "all", Some: "any", Not: "not", Value: "value", Tagged: "tag", Listed: "list", Heard: "message",
    Speaks: "language", Consents: "consent",
}  # fmt: skip
"""Every kind of condition, in the order of the documentation."""


def _which(data: Any) -> str | None:
    if isinstance(data, Mapping):
        return next((kind for key, kind in _BY_KEY.items() if key in data), None)
    return BY_MODEL.get(type(data))


Condition = Annotated[
    Annotated[All, Tag("all")]
    | Annotated[Some, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[Value, Tag("value")]
    | Annotated[Tagged, Tag("tag")]
    | Annotated[Listed, Tag("list")]
    | Annotated[Heard, Tag("message")]
    | Annotated[Speaks, Tag("language")]
    | Annotated[Consents, Tag("consent")],
    Discriminator(
        _which,
        custom_error_type="condition",
        custom_error_message="a condition begins with one of all, any, not, attribute, variable, tag, list, "
        "message, language, consent",
    ),
]
for _model in (All, Some, Not):
    _model.model_rebuild()


def walk(condition: Condition) -> Iterator[Condition]:
    """The condition and all inside it."""
    yield condition
    for part in condition.parts():
        yield from walk(part)


def _compare(name: str, value: Any, wanted: Any) -> bool:
    match name:
        case "exists":
            return is_blank(value) is not wanted
        case "is":
            return _same(value, wanted)
        case "is_not":
            return not _same(value, wanted)
        case "one_of":
            return any(_same(value, each) for each in wanted)
        case "contains":
            return contains(fold(_text(value)), fold(wanted))
        case "matches":
            return compile_pattern(wanted).search(_text(value)) is not None
    if is_blank(value):
        return False
    left, right = _number(value), _number(wanted)
    if left is None and not isinstance(wanted, str):
        return False  # "six" is not above 5, although its first letter comes after every digit
    a, b = (left, right) if left is not None and right is not None else (_text(value), _text(wanted))
    return {"above": a > b, "at_least": a >= b, "below": a < b, "at_most": a <= b}[name]  # type: ignore[operator]


def _same(value: Any, wanted: Any) -> bool:
    left, right = _number(value), _number(wanted)
    if left is not None and right is not None:
        return left == right
    if isinstance(wanted, bool) or isinstance(value, bool):
        return _text(value).casefold() == _text(wanted).casefold()
    return fold(_text(value)) == fold(_text(wanted)) and (
        bool(fold(_text(wanted))) or _text(value) == _text(wanted)
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if abs(number) < float("inf") else None
