"""Problems of a graph, each named by its place; and pydantic's findings in those words."""

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from pydantic import ValidationError

Level = Literal["error", "warning"]

_MOST_COMPARED = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. `node` is an id ("" = the whole journey), `field` a path in it."""

    node: str
    field: str
    problem: str
    level: Level = "error"
    edge: str = ""

    def __str__(self) -> str:
        where = [
            f"node {self.node!r}" if self.node else "",
            f"edge {self.edge!r}" if self.edge else "",
            self.field,
        ]
        return f"{', '.join(filter(None, where)) or 'the journey'}: {self.problem}"


def explain(error: ValidationError, data: Mapping[str, Any]) -> list[Problem]:
    """A Problem for each finding, naming nodes by id and edges by their ends."""
    problems = []
    for found in error.errors(include_url=False, include_context=True):
        path, value = _without_tags(found["loc"], data, ends_in_name=found["type"] == "missing")
        context = found.get("ctx", {})
        if (
            found["type"] == "too_short"
            and isinstance(value, list)
            and len(value) != context["actual_length"]
        ):
            continue  # its entries were refused one by one
        words = _words(found["type"], found["msg"], context)
        field, words = of_content(words)
        problems.append(placed([*path, *field.split("/")[1:]], data, words))
    return problems


def placed(path: Sequence[str | int], data: Mapping[str, Any], words: str) -> Problem:
    """A Problem about the value at `path` of a graph's JSON, whatever shape it has."""
    if len(path) < 2 or path[0] not in ("nodes", "edges") or not isinstance(path[1], int):
        return Problem("", "/".join(map(_shown, path)), words)
    what, number = data[str(path[0])][path[1]], f"#{path[1] + 1}"
    field = "/".join(map(_shown, path[2:]))
    if not isinstance(what, dict):
        return Problem(number, field, words) if path[0] == "nodes" else Problem("", field, words, edge=number)
    if path[0] == "nodes":
        return Problem(_shown(what.get("id") or number), field, words)
    ends = [_shown(what.get(end, "")) for end in ("from", "to")]
    return Problem(ends[0], field, words, edge=" → ".join(ends))


def of_content(sentence: str) -> tuple[str, str]:
    """A refusal of a message's content (BadContent) as the field and what is wrong; others with no field."""
    found = re.fullmatch(r"content(?:\.([^:]*))?: (.*)\.", sentence, re.DOTALL)
    return ("/".join(filter(None, ("content", found[1]))), found[2]) if found else ("", sentence)


def nearest(name: str, known: Collection[str]) -> str:
    """A sentence that helps someone who mistyped `name`; "" if nothing among `known` is like it."""
    few = len(known) <= _MOST_COMPARED
    like = known if few else islice((each for each in known if each[:2] == name[:2]), _MOST_COMPARED)
    near = difflib.get_close_matches(name[:64], sorted(like), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


class Hints:
    """Nearest names for the first hundred who ask: comparing is slow, and a graph may have thousands of wrong names."""

    def __init__(self) -> None:
        self._left = 100

    def nearest(self, name: str, known: Collection[str]) -> str:
        """As the function; "" for those who come too late."""
        self._left -= 1
        return nearest(name, known) if self._left >= 0 else ""


def _without_tags(loc: Sequence[str | int], data: Any, *, ends_in_name: bool) -> tuple[list[str | int], Any]:
    """The place as it stands in the JSON, and what is there: pydantic also names the kind it took a value for."""
    path: list[str | int] = []
    for n, part in enumerate(loc):
        if isinstance(data, dict) and part in data:
            data = data[str(part)]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        elif not (ends_in_name and n == len(loc) - 1):
            continue
        path.append(part)
    return path, data


def _words(kind: str, message: str, context: Mapping[str, Any]) -> str:
    match kind:
        case "union_tag_invalid":
            key, tag = str(context["discriminator"]).strip("'"), str(context["tag"])
            known = re.findall(r"'([^']*)'", str(context["expected_tags"]))
            return f"there is no `{key}` {_shown(tag)!r}: use one of {', '.join(known)}.{nearest(tag, known)}"
        case "union_tag_not_found":
            return f"{str(context['discriminator']).replace(chr(39), '`')} is missing"
        case "extra_forbidden":
            return "is not a field here"
        case "missing":
            return "is missing"
    words = message.removeprefix("Value error, ").replace(" after validation", "")
    words = re.sub(r"^(Input|String|Tuple|List|Dictionary) should ", "must ", words)
    return words[:1].lower() + words[1:]


def _shown(part: Any) -> str:
    """A name from outside, short and printable."""
    text = "".join(c if c.isprintable() else "\ufffd" for c in str(part)[:65])
    return text if len(text) <= 64 else f"{text[:63]}…"
