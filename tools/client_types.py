"""The Python types of an OpenAPI document's schemas, as the client shows them."""

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

Schema = Mapping[str, Any]

_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_FORMATS = {"date-time": "datetime", "date": "date"}
_TAKEN = {*dir(BaseModel), "etag"}
"""Names that a model has already."""


def class_name(name: str) -> str:
    """A component's name as a class: `Foo-Input` becomes FooInput, `a__b__Foo` (one of two Foos) BFoo."""
    *modules, last = name.split("__")
    return (modules[-1].title() if modules else "") + re.sub(r"\W", "", last)


def argument(name: str) -> str:
    """A field's, parameter's or header's name as Python writes it."""
    plain = re.sub(r"\W", "_", name)
    return f"{plain}_" if keyword.iskeyword(plain) or plain in _TAKEN else plain


def target(schema: Schema) -> str:
    """The name of the component that a schema points at; "" when it is one itself."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def targets(schema: Any) -> Iterator[str]:
    """Every component that a schema names, at any depth."""
    if isinstance(schema, Mapping):
        if name := target(schema):
            yield name
        for each in schema.values():
            yield from targets(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from targets(each)


@dataclass(frozen=True)
class Types:
    """`components` of the document. `shown`: what the server may show, read leniently: a newer one knows more words."""

    components: Mapping[str, Schema]
    shown: frozenset[str] = frozenset()

    def reachable(self, names: Iterator[str]) -> frozenset[str]:
        """These components and all they name."""
        found: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += targets(self.components[name])
        return frozenset(found)

    def page_of(self, schema: Schema) -> Schema | None:
        """The items' schema, of a schema that is a page of a list."""
        fields = self.components.get(target(schema), {}).get("properties", {})
        return fields["items"]["items"] if set(fields) == {"items", "next_cursor"} else None

    def write(self, schema: Schema, *, lenient: bool, prefix: str = "") -> str:
        """The annotation. `prefix` stands before the names of models."""
        if name := target(schema):
            component = self.components[name]
            if self.page_of(schema) is not None:
                return f"Page[{self.write(component['properties']['items']['items'], lenient=lenient, prefix=prefix)}]"
            shown = f"{prefix}{class_name(name)}"
            if lenient:
                return f"{shown} | str" if "enum" in component else shown
            # Whoever sends may use a dict wherever there is a model.
            return f"{shown} | Mapping[str, Any]" if "properties" in component else shown
        return self._inline(schema, lenient, prefix)

    def _inline(self, schema: Schema, lenient: bool, prefix: str) -> str:
        if "const" in schema:
            return f"Literal[{schema['const']!r}]"
        if "enum" in schema:
            words = f"Literal[{', '.join(repr(each) for each in schema['enum'])}]"
            return f"{words} | str" if lenient and schema.get("type") == "string" else words
        for union in ("anyOf", "oneOf"):
            if union in schema:
                return self._union(schema[union], lenient, prefix)
        if len(schema.get("allOf", ())) == 1:
            return self.write(schema["allOf"][0], lenient=lenient, prefix=prefix)
        kind = schema.get("type")
        if isinstance(kind, list):
            return self._union([{**schema, "type": each} for each in kind], lenient, prefix)
        if kind == "array":
            items = self.write(schema.get("items", {}), lenient=lenient, prefix=prefix)
            return f"list[{items}]" if lenient else f"Sequence[{items}]"
        if kind == "object":
            values = schema.get("additionalProperties", True)
            inside = "Any" if isinstance(values, bool) else self.write(values, lenient=lenient, prefix=prefix)
            return f"{'dict' if lenient else 'Mapping'}[str, {inside}]"
        return _FORMATS.get(schema.get("format", ""), _PLAIN.get(str(kind), "Any"))

    def _union(self, members: list[Schema], lenient: bool, prefix: str) -> str:
        written: list[str] = []
        for each in members:
            for part in self.write(each, lenient=lenient, prefix=prefix).split(" | "):
                if part not in written:
                    written.append(part)
        models = [each for each in members if target(each) and "properties" in self.components[target(each)]]
        if lenient and len(models) > 1:
            written.append("dict[str, Any]")  # a kind that only a newer server knows
        if "Any" in written:
            return "Any"
        return " | ".join(
            [*(each for each in written if each != "None"), *(["None"] if "None" in written else [])]
        )
