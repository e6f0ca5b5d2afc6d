"""Foreign names in the form that our ids and variables have, each unlike all others."""

import re
import unicodedata
from dataclasses import dataclass, field

LONGEST = 64


@dataclass(slots=True)
class Names:
    """One foreign name always gives the same one of ours; two never share one.

    `unfit` is what may not stand in a name; `variables`: it may not begin with a digit either.
    """

    unfit: str = r"[^A-Za-z0-9_\-]+"
    variables: bool = False
    _ours: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def of(self, foreign: str) -> str:
        """Ours for it: as it is where it can be."""
        if foreign not in self._ours:
            self._ours[foreign] = self.fresh(foreign)
        return self._ours[foreign]

    def fresh(self, wish: str) -> str:
        """A new name, as near to `wish` as can be."""
        plain = unicodedata.normalize("NFKD", wish).encode("ascii", "ignore").decode()
        base = re.sub(self.unfit, "_", plain).strip("_")[:LONGEST] or "unnamed"
        if self.variables and base[0].isdigit():
            base = f"_{base}"[:LONGEST]
        name, n = base, 2
        while name in self._taken:
            name, n = f"{base[: LONGEST - len(str(n)) - 1]}_{n}", n + 1
        self._taken.add(name)
        return name


def variable_names() -> Names:
    """Names for variables, which may hold no hyphens: Liquid and programs read them as a minus."""
    return Names(unfit=r"[^A-Za-z0-9_]+", variables=True)
