"""Variables as the platform's texts wrote them: {{name}}, ${name}, {{contact.name}}, {{name || "friend"}}, $1."""

import re
from dataclasses import dataclass

from clarion.domain.journey.lift.report import Report

_SCRIPT = re.compile(r"\$\{\s*([A-Za-z_][\w.]*|\d)\s*\}")
_TRIPLE = re.compile(r"\{\{\{([^{}]*)\}\}\}")
_OR = re.compile(r"(\{\{[^{}|]*)\|\|\s*(\"[^\"{}]*\"|'[^'{}]*')\s*\}\}")
_DOTTED = re.compile(r"(\{\{-?\s*)(contact|user|customer|recipient|lead|vars|variables)\.([A-Za-z_]\w*)")
_SPACED = re.compile(r"\{\{\s*([^\W\d]\w*(?: +\w+)+)\s*\}\}")
_GROUP = re.compile(r"\{\{\s*\$?(?:match\.|match\[|groups?\.)?\$?(\d)\]?\s*\}\}|\$(\d)(?!\d|[.,]\d)")
_KEPT = {"phone", "language", "timezone"}
"""What our own `contact` holds."""


def holds_groups(texts: str) -> bool:
    """Whether a text speaks of a group of the last pattern, as in $1."""
    return bool(_GROUP.search(texts) or re.search(r"\$\{\d\}", texts))


@dataclass(frozen=True, slots=True)
class Words:
    """Translates. `groups`: how many groups the graph's patterns have at most; they become group_1, group_2, ...

    `saved`: variables that calls save, whose parts are looked at with a dot.
    """

    report: Report
    groups: int = 0
    saved: frozenset[str] = frozenset()

    def translate(self, source: str, where: str) -> str:
        """The text with variables as we write them."""
        if "{{" not in source and "$" not in source:
            return source
        steps = (
            (_TRIPLE, lambda found: f"{{{{ {found[1].strip()} }}}}", "{{{…}}} became {{ … }}"),
            (_SCRIPT, _scripted, "${…} became {{ … }}"),
            (_GROUP, self._group, "$1 became {{ group_1 }}, which the pattern now saves"),
            (
                _OR,
                lambda found: f"{found[1].rstrip()} | default: {found[2]} }}}}",
                "|| became the filter `default`",
            ),
            (_DOTTED, self._undotted, "names before a dot were dropped: attributes have plain names here"),
            (_SPACED, r'{{ ["\1"] }}', ""),
        )
        for pattern, change, told in steps:
            changed = pattern.sub(change, source)
            if changed != source and told:
                self.report.changed(where, f"Variables are written differently: {told}.")
            source = changed
        return source

    def _group(self, found: re.Match[str]) -> str:
        number = int(found[1] or found[2])
        return f"{{{{ group_{number} }}}}" if 0 < number <= self.groups else found.group()

    def _undotted(self, found: re.Match[str]) -> str:
        start, owner, name = found.groups()
        if owner in self.saved:
            return found.group()
        return f"{start}contact.{name}" if name in _KEPT else f"{start}{name}"


def _scripted(found: re.Match[str]) -> str:
    name = found[1]
    return f"{{{{ ${name} }}}}" if name.isdigit() else f"{{{{ {name} }}}}"
