"""Foreign texts with variables, as our Liquid reads them."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from clarion.domain.errors import BadContent
from clarion.domain.journey.lift.report import Report, brief
from clarion.domain.liquid import LONGEST, compile_text

Translate = Callable[[str, str], str]
"""A text in the foreign system's words, and the id it belongs to, to a text in ours."""

OUTPUT = re.compile(r"\{\{((?:(?!\{\{|\}\}).)*)\}\}", re.DOTALL)
"""What is shown of a variable. It stops at the next opening, so that looking for many takes linear time."""
_RAW = ("{% raw %}", "{% endraw %}")


class Texts:
    """Carries texts over: translated, readable for our Liquid, and within our limits."""

    def __init__(self, report: Report, translate: Translate) -> None:
        self._report, self._translate = report, translate

    def carry(self, source: str, where: str, what: str, *, blanks: bool = False) -> str:
        """The text in our words. `what` names it in notes.

        `blanks`: a missing value leaves a gap, where our own rule would be to refuse the text.
        """
        translated = self._translate(source, where)
        if blanks and "{%" not in translated:
            translated = OUTPUT.sub(_or_nothing, translated)
        if len(translated) > LONGEST:
            self._report.lost(
                where, f"The {what} had {len(translated):,} characters; only the first {LONGEST:,} were kept."
            )
            translated = translated[:LONGEST]
        if problem := _unreadable(translated):
            self._report.lost(
                where,
                f"The {what} {brief(source)!r} could not be read ({problem}): it is shown as written. "
                "Write its variables anew.",
            )
            return _as_written(translated)
        return translated

    def leaves(self, value: Any, where: str, what: str) -> Any:
        """The same JSON with all its texts carried over; missing values leave gaps."""
        if isinstance(value, str):
            return self.carry(value, where, what, blanks=True)
        if isinstance(value, dict):
            return {name: self.leaves(part, where, what) for name, part in value.items()}
        if isinstance(value, list):
            return [self.leaves(part, where, what) for part in value]
        return value


def form(fields: list[tuple[str, str]]) -> str:
    """Texts, carried over already, as the body of a form: values are encoded when they are filled in."""
    return "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in fields)


def _encoded(text: str) -> str:
    if "{%" in text:
        return f"{{% capture value %}}{text}{{% endcapture %}}{{{{ value | url_encode }}}}"
    parts, last = [], 0
    for found in OUTPUT.finditer(text):
        parts.append(quote(text[last : found.start()], safe=""))
        parts.append(f"{{{{ {_inner(found)} | url_encode }}}}")
        last = found.end()
    return "".join([*parts, quote(text[last:], safe="")])


def _unreadable(text: str) -> str:
    """Why our Liquid cannot read it, "" if it can."""
    if "{{" in OUTPUT.sub("", text):
        return "a {{ is not closed"  # looked for here: the parser takes seconds over a text full of them
    try:
        compile_text(text, "")
    except BadContent as problem:
        return problem.problem.partition(". Variables are written")[0]
    return ""


def _or_nothing(found: re.Match[str]) -> str:
    inner = _inner(found)
    return found.group() if "default" in inner or not inner else f'{{{{ {inner} | default: "" }}}}'


def _inner(found: re.Match[str]) -> str:
    return found.group(1).strip().strip("-").strip()


def _as_written(text: str) -> str:
    opened, closed = _RAW
    plain = text.replace("endraw", "end raw")[: LONGEST - len(opened) - len(closed)]
    return f"{opened}{plain}{closed}"
