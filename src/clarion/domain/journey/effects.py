"""What a step asks for. Applied in bulk by kind, in the transaction that moves the positions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from clarion.domain.content import Content
from clarion.domain.journey.position import Facts


@dataclass(frozen=True, slots=True)
class Send:
    """One message to the person. `sender` is a name, "" for the journey's own; `urgent`: it answers a reply.

    `expires_after` in microseconds, 0 = never.
    """

    visit: int
    content: Content
    sender: str = ""
    policy: str = "no_duplicates"
    expires_after: int = 0
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Tell this visit when `at` (microseconds since 1970, UTC) has come."""

    visit: int
    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request through the guarded client. Its answer comes back as `Called`.

    `timeout` in microseconds. `repeatable`: the author or the method says that doing it twice does no harm.
    """

    visit: int
    node: str
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    timeout: int = 10_000_000
    retries: int = 2
    redirects: int = 0
    repeatable: bool = False


@dataclass(frozen=True, slots=True)
class UpdateContact:
    """Change what is known of the person. A None among `attributes` removes that attribute."""

    visit: int
    attributes: Mapping[str, str | None] = field(default_factory=dict)
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    add_lists: tuple[str, ...] = ()
    remove_lists: tuple[str, ...] = ()
    consent: Literal["", "opt_in", "opt_out"] = ""

    def known_after(self, facts: Facts) -> Facts:
        """What is known of the person once it is done."""
        attributes = {**facts.attributes, **self.attributes}
        return replace(
            facts,
            attributes={name: value for name, value in attributes.items() if value is not None},
            tags=facts.tags.union(self.add_tags).difference(self.remove_tags),
            lists=facts.lists.union(self.add_lists).difference(self.remove_lists),
            opted_out={"": facts.opted_out, "opt_in": False, "opt_out": True}[self.consent],
        )


@dataclass(frozen=True, slots=True)
class HandOff:
    """Put the conversation before people. `waits`: the visit wants to hear when it is closed."""

    visit: int
    note: str = ""
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Enter:
    """Send the person into another journey's published version. `returns`: the visit wants to hear of its end."""

    visit: int
    journey: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    returns: bool = False


Effect = Send | SetTimer | Call | UpdateContact | HandOff | Enter
