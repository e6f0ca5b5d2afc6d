"""Regular expressions written for JavaScript or Java, as RE2 reads them."""

import re
from dataclasses import dataclass

from clarion.domain.journey.regex import LONGEST_PATTERN, compile_pattern

_SLASHES = re.compile(r"/(.+)/([a-z]*)", re.DOTALL)
_SIGN = re.compile(
    r"\\u\{[0-9A-Fa-f]{1,6}\}|\\u[0-9A-Fa-f]{4}|\\.|\[\^\]|\[\]|\(\?<(?![=!])|\(\?|\(|[\[\]]|.", re.DOTALL
)
"""Escapes, the two classes only JavaScript has, the openings of groups, and single signs."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A pattern RE2 takes. `remarks`: what is different now."""

    pattern: str
    remarks: tuple[str, ...] = ()


def carry(source: str, *, name_groups: bool = False, whole: bool = False) -> Carried:
    """The same pattern for RE2. Raises BadPattern, whose position counts within what RE2 was given.

    `name_groups`: groups without a name are called group_1, group_2, ..., so that they become variables.
    `whole`: it has to match the whole text, not a part of it.
    """
    if len(source) > 2 * LONGEST_PATTERN:
        compile_pattern(source)
    remarks, flags = [], ""
    if found := _SLASHES.fullmatch(source.strip()):
        source, flags = found.groups()
        if "i" not in flags:
            remarks.append("upper and lower case are the same here")
    pattern = "".join(_pieces(source, name_groups=name_groups))
    if whole:
        pattern = rf"(?s)^\s*(?:{pattern})\s*$"
    if kept := "".join(flag for flag in "ms" if flag in flags):
        pattern = f"(?{kept}){pattern}"
    compile_pattern(pattern)
    return Carried(pattern, tuple(remarks))


def literal(words: str, *, start: bool = False) -> str:
    """A pattern for texts that hold `words`, or begin with them."""
    escaped = re.sub(r"([^\w\s]|_)", lambda sign: _escaped(sign.group()), words.strip())
    return rf"^\s*{escaped}" if start else escaped


def _escaped(sign: str) -> str:
    return f"\\{sign}" if sign in r"\.+*?()|[]{}^$-/#&~" else sign


def _pieces(source: str, *, name_groups: bool) -> list[str]:
    pieces: list[str] = []
    groups, in_class = 0, False
    for sign in _SIGN.findall(source):
        if sign.startswith("\\u") and len(sign) > 2:
            pieces.append(f"\\x{{{sign[2:].strip('{}')}}}")
        elif sign == "\\/":
            pieces.append("/")
        elif in_class or (len(sign) == 2 and sign[0] == "\\"):
            in_class = in_class and (sign[0] == "\\" or not sign.endswith("]"))
            pieces.append(sign)
        elif sign == "(":
            groups += 1
            pieces.append(f"(?P<group_{groups}>" if name_groups else sign)
        else:
            in_class = sign == "["
            pieces.append(_SIGNS.get(sign, sign))
    return pieces


_SIGNS = {"(?<": "(?P<", "[^]": r"[\s\S]", "[]": r"[^\s\S]"}
"""JavaScript's way to write a named group, any sign, and no sign at all; and RE2's."""
