"""Writes src/clarion/client/models.py: a model of everything that the API shows or takes."""

import re
import textwrap
from collections.abc import Mapping
from typing import Any

from tools.client_types import Schema, Types, argument, class_name

WIDTH = 106
"""Of a line of text, with its indent; quotes are beside it."""

HEAD = '''"""What the API shows and takes. Written by `make docs` from the OpenAPI document; change it there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, Field

from clarion.client.calls import Shown
'''


def models(types: Types, wanted: frozenset[str]) -> str:
    """The module's text, before it is formatted."""
    names = sorted(wanted, key=class_name)
    classes = [name for name in names if "properties" in types.components[name]]
    words = [name for name in names if "enum" in types.components[name]]
    others = [name for name in names if name not in classes and name not in words]
    parts = [HEAD]
    parts += [_alias(types, name) for name in words]
    parts += [_class(types, name) for name in classes]
    parts += [_alias(types, name) for name in others]
    return "\n\n".join(parts) + "\n"


def doc(text: str, indent: str = "") -> str:
    """A docstring of a description: its paragraphs are wrapped anew, its lists stay."""
    said = text.strip().replace("\\", "\\\\").replace('"""', "'''")
    lines: list[str] = []
    for line in re.sub(r"(?<!\n)\n(?!\n|- )", " ", said).splitlines():
        hanging = "  " if line.startswith("- ") else ""
        lines += textwrap.wrap(line, WIDTH - len(indent), subsequent_indent=hanging) or [""]
    end = "" if len(lines) == 1 else "\n"
    return textwrap.indent('"""' + "\n".join(lines) + end + '"""', indent)


def _alias(types: Types, name: str) -> str:
    schema = types.components[name]
    written = types.write(schema, lenient=name in types.shown and "enum" not in schema)
    told = schema.get("description")
    return f"{class_name(name)}: TypeAlias = {written}" + (f"\n{doc(told)}" if told else "")


def _class(types: Types, name: str) -> str:
    schema = types.components[name]
    lenient = name in types.shown
    lines = [f"class {class_name(name)}({'Shown' if lenient else 'BaseModel'}):"]
    lines.append(doc(schema.get("description") or f"{class_name(name)}.", "    "))
    required = set(schema.get("required", ()))
    fields = sorted(schema["properties"].items(), key=lambda each: each[0] not in required)
    for field, value in fields:
        lines += _field(types, field, value, lenient=lenient, required=field in required)
    return "\n".join(lines)


def _field(types: Types, name: str, schema: Schema, *, lenient: bool, required: bool) -> list[str]:
    shown = argument(name)
    kind = types.write(schema, lenient=lenient)
    default = "" if required else _default(schema, lenient=lenient)
    if not required and default == "None" and "None" not in kind.split(" | ") and kind != "Any":
        kind += " | None"
    options: dict[str, Any] = {}
    if shown != name:
        options["alias"] = repr(name)
    if default.startswith("default_factory="):
        options["default_factory"] = default.removeprefix("default_factory=")
    elif default:
        options["default"] = default
    if set(options) <= {"default"}:
        value = f" = {default}" if default else ""
    else:
        value = f" = Field({', '.join(f'{option}={text}' for option, text in options.items())})"
    told = _told(schema)
    return [f"    {shown}: {kind}{value}", *([doc(told, "    ")] if told else [])]


def _told(schema: Schema) -> str:
    return str(schema.get("description", ""))


def _default(schema: Schema, *, lenient: bool) -> str:
    """What a field is when it is not there. What is sent leaves it out then, and the server decides."""
    held = schema.get("default")
    if lenient and isinstance(held, list | Mapping):
        return f"default_factory={'list' if isinstance(held, list) else 'dict'}"
    if lenient and isinstance(held, str | bool | int | float) and schema.get("type") != "null":
        return "None" if "anyOf" in schema else repr(held)
    return "None"
