"""A person of the virtual world, and how an update changes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from clarion.domain.journey.effects import UpdateContact
from clarion.domain.journey.position import Facts


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of one contact before the journey. `key` is the same for every spelling of the number.

    `window_until`: until when they may be sent free text (microseconds since 1970; 0: closed).
    """

    id: int
    key: str
    address: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    language: str = ""
    timezone: str = ""
    tags: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    opted_out: bool = False
    window_until: int = 0

    def updated(self, effect: UpdateContact) -> "Person":
        """The same person afterwards."""
        known = effect.known_after(
            Facts(
                0,
                self.key,
                attributes=self.attributes,
                tags=self.tags,
                lists=self.lists,
                opted_out=self.opted_out,
            )
        )
        return replace(
            self,
            attributes=known.attributes,
            tags=known.tags,
            lists=known.lists,
            opted_out=known.opted_out,
        )
