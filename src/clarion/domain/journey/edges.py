"""The ways out of a node. A node's edges are tried in the order they are written; the first that fits is taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from clarion.domain.journey.events import Replied
from clarion.domain.journey.regex import Pattern, compile_pattern
from clarion.domain.journey.words import contains, fold


@dataclass(frozen=True, slots=True)
class Match:
    """The reply fits; `variables` are what it gives (a pattern's named groups)."""

    why: str
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Miss:
    """The reply does not fit, and why."""

    why: str


class Edge(BaseModel):
    """From node `from` to node `to`. `on` says when it is taken."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    source: str = Field(alias="from", description="The id of the node it leaves.")
    to: str = Field(description="The id of the node it leads to.")
    note: str = Field("", max_length=200, description="For people only.")

    answers: ClassVar[bool] = False
    """Whether a reply decides about it."""

    on: str = ""

    @property
    def label(self) -> str:
        """What people read on the line: unique among the edges of a node unless two are the same."""
        return self.on

    def hears(self, reply: Replied) -> Match | Miss:
        """Whether the reply takes this edge. Only edges with `answers` are asked."""
        return Miss(f"a reply never takes {self.on}")


class Next(Edge):
    """Taken when the node is done."""

    on: Literal["next"] = "next"


class Payload(Edge):
    """The person pressed this button or list row."""

    answers = True
    on: Literal["payload"] = "payload"
    value: str = Field(min_length=1, max_length=256, description="The exact id of the button or list row.")

    @property
    def label(self) -> str:
        return f"payload {self.value}"

    def hears(self, reply: Replied) -> Match | Miss:
        if not reply.payload:
            return Miss("no button was pressed")
        if reply.payload == self.value:
            return Match(f"the button {self.value!r} was pressed")
        return Miss(f"the button {reply.payload!r} was pressed, not {self.value!r}")


class Keywords(Edge):
    """The reply has one of these words or phrases (or all of them)."""

    answers = True
    on: Literal["keywords"] = "keywords"
    words: tuple[str, ...] = Field(min_length=1, max_length=200, description="Words or phrases; emoji count.")
    match: Literal["any", "all", "exact"] = Field(
        "any", description="any: one is enough. all: every one. exact: the whole reply is one of them."
    )

    @field_validator("words")
    @classmethod
    def _has_words(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if not fold(word):
                raise ValueError(f"{word!r} has no letter, digit or emoji")
        return words

    @property
    def label(self) -> str:
        return f"keywords {', '.join(self.words)}"

    @cached_property
    def _phrases(self) -> tuple[tuple[str, ...], ...]:
        return tuple(fold(word) for word in self.words)

    def hears(self, reply: Replied) -> Match | Miss:
        said = fold(reply.text)
        if self.match == "exact":
            found = [w for w, phrase in zip(self.words, self._phrases, strict=True) if said == phrase]
        else:
            found = [w for w, phrase in zip(self.words, self._phrases, strict=True) if contains(said, phrase)]
        if len(found) == len(self.words) or (found and self.match != "all"):
            return Match(f"the reply has {', '.join(map(repr, found))}")
        lacking = next((w for w in self.words if w not in found), "")
        return Miss(
            f"the reply lacks {lacking!r}" if self.match == "all" else "the reply has none of the words"
        )


class Regex(Edge):
    """The reply matches this pattern; its named groups become variables."""

    answers = True
    on: Literal["regex"] = "regex"
    pattern: str = Field(
        min_length=1, description="RE2; case does not matter. `(?P<name>...)` saves a variable."
    )

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        compile_pattern(pattern)
        return pattern

    @property
    def label(self) -> str:
        return f"regex {self.pattern}"

    @property
    def compiled(self) -> Pattern:
        """The pattern, compiled."""
        return compile_pattern(self.pattern)

    def hears(self, reply: Replied) -> Match | Miss:
        groups = self.compiled.search(reply.text)
        if groups is None:
            return Miss("the pattern does not match")
        return Match("the pattern matches", groups)


class Fallback(Edge):
    """Anything else: always tried last."""

    answers = True
    on: Literal["fallback"] = "fallback"

    def hears(self, reply: Replied) -> Match | Miss:
        return Match("no other edge fits")


class Timeout(Edge):
    """Nothing happened in time."""

    on: Literal["timeout"] = "timeout"


class Success(Edge):
    """The call was answered as hoped."""

    on: Literal["success"] = "success"


class Failure(Edge):
    """It could not be done: the call failed, a value was missing, the other journey could not be entered."""

    on: Literal["failure"] = "failure"


class Delivered(Edge):
    """The newest message reached the phone."""

    on: Literal["delivered"] = "delivered"


class Read(Edge):
    """The newest message was read."""

    on: Literal["read"] = "read"


class Failed(Edge):
    """The newest message could not be sent or delivered."""

    on: Literal["failed"] = "failed"


class Branch(Edge):
    """A split chose this branch."""

    on: Literal["branch"] = "branch"
    branch: str = Field(min_length=1, max_length=80, description="The branch's name in the split.")

    @property
    def label(self) -> str:
        return f"branch {self.branch}"


AnyEdge = Annotated[
    Next
    | Payload
    | Keywords
    | Regex
    | Fallback
    | Timeout
    | Success
    | Failure
    | Delivered
    | Read
    | Failed
    | Branch,
    Field(discriminator="on"),
]
