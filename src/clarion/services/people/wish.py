"""What a contact shall be, as somebody outside says it."""

import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from clarion.domain.errors import BadField
from clarion.domain.mapping import PHONE
from clarion.store import dialect
from clarion.store.contacts import Held

MIRRORED = ("language", "timezone")
"""Attributes that are fields of a contact too: changing one changes the other, so that texts can use them."""


@dataclass(frozen=True, slots=True)
class Wish:
    """`attributes` are put over those that are there, None removes one; None elsewhere leaves things as they are."""

    attributes: Mapping[str, str | None] = field(default_factory=dict)
    tags: Sequence[str] | None = None
    language: str | None = None
    timezone: str | None = None

    def check(self) -> None:
        """Raises BadField, named as in a request."""
        for name in self.attributes:
            if name == PHONE or not dialect.safe_key(name) or not name[0].isalpha():
                raise BadField(
                    f"attributes/{name}",
                    "cannot name an attribute: begin with a letter, go on with letters, digits, spaces, - and _, "
                    f"at most 100; {PHONE!r} is taken",
                )
        for name in MIRRORED:
            given = getattr(self, name)
            if given is not None and (self.attributes.get(name, given) or "") != given:
                raise BadField(name, f"the attribute of that name says {self.attributes[name]!r}")
        zone = self._mirrored("timezone")
        if zone and zone not in _timezones():
            raise BadField("timezone", f"{zone!r} does not exist: write one such as America/Sao_Paulo")

    def over(self, held: Held) -> Held:
        """What the contact is once the wish is granted."""
        attributes = {**held.attributes, **self.attributes}
        changed = {name: self._mirrored(name) for name in MIRRORED}
        attributes.update({name: value or None for name, value in changed.items() if value is not None})
        return Held(
            {name: value for name, value in attributes.items() if value is not None},
            held.tags if self.tags is None else list(dict.fromkeys(self.tags)),
            held.language if changed["language"] is None else changed["language"],
            held.timezone if changed["timezone"] is None else changed["timezone"],
        )

    def _mirrored(self, name: str) -> str | None:
        given: str | None = getattr(self, name)
        if given is None and name in self.attributes:
            return self.attributes[name] or ""
        return given


NOBODY = Held({}, [], "", "")
"""What a contact is before anything is known of them."""


@cache
def _timezones() -> set[str]:
    return zoneinfo.available_timezones()
