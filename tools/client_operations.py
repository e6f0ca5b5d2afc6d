"""Writes src/clarion/client/operations.py and its twin for asyncio: a method for each operation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.client_models import doc
from tools.client_types import Schema, Types, argument, target

API = "/api/v1"
LEFT_OUT = frozenset({"listen"})
"""Operations that are written by hand."""
ONLY_BROWSERS = frozenset({"Session", "Set-up"})
"""Tags of operations that need a browser's cookie, or make one."""

HEAD = '''"""Every operation of the API{more}. Written by `make docs` from the OpenAPI document; change it there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, cast

from clarion.client import models
from clarion.client.calls import Call, Source
from clarion.client.{module} import {names}
from clarion.client.values import UNSET, Unset, place


class {cls}({base}):
    """The API{more}: a method for each operation, named as in its reference."""
'''


@dataclass(frozen=True)
class Argument:
    """One argument of a method; `name` is the API's."""

    name: str
    kind: str
    required: bool
    told: str = ""
    default: str = "UNSET"

    @property
    def shown(self) -> str:
        return argument(self.name)

    def declare(self) -> str:
        if self.required:
            return f"{self.shown}: {self.kind}"
        kind = self.kind
        if self.default == "UNSET":
            kind = f"{kind.removesuffix(' | None')} | Unset{' | None' if kind.endswith(' | None') else ''}"
        return f"{self.shown}: {kind} = {self.default}"


@dataclass
class Operation:
    """One operation, taken apart."""

    name: str
    method: str
    path: str
    told: str
    ids: list[Argument] = field(default_factory=list)
    query: list[Argument] = field(default_factory=list)
    headers: list[Argument] = field(default_factory=list)
    body: list[Argument] = field(default_factory=list)
    whole: Argument | None = None
    content: bool = False
    keyed: bool = False
    answer: Schema | None = None
    file: bool = False


def operations(types: Types, document: Mapping[str, Any]) -> Iterator[Operation]:
    """Every operation that a key may ask for, in the document's order."""
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            name = said["operationId"]
            asked_with_key = "security" in said and path.startswith(f"{API}/")
            if not asked_with_key or name in LEFT_OUT or ONLY_BROWSERS & set(said["tags"]):
                continue
            yield _operation(types, path, method.upper(), said)


def _operation(types: Types, path: str, method: str, said: Mapping[str, Any]) -> Operation:
    told = "\n\n".join(text for text in (f"{said['summary']}.", said.get("description", "")) if text)
    made = Operation(said["operationId"], method, path.removeprefix(API), told)
    for each in said.get("parameters", ()):
        _parameter(types, made, each)
    _body(types, made, said.get("requestBody"))
    _answer(made, said["responses"])
    return made


def _parameter(types: Types, made: Operation, each: Mapping[str, Any]) -> None:
    if each["name"] == "Idempotency-Key":
        made.keyed = True
        return
    schema = each["schema"]
    told = each.get("description") or schema.get("description", "")
    kind = types.write(schema, lenient=False, prefix="models.")
    required = each.get("required", False)
    match each["in"]:
        case "path":
            made.ids.append(Argument(each["name"], kind, True, told))
        case "query":
            optional = kind if "None" in kind.split(" | ") else f"{kind} | None"
            default = "100" if each["name"] == "limit" and schema.get("maximum") == 100 else "None"
            made.query.append(Argument(each["name"], kind if required else optional, required, told, default))
        case "header":
            made.headers.append(Argument(each["name"].lower(), "str", required, told))


def _body(types: Types, made: Operation, body: Mapping[str, Any] | None) -> None:
    if body is None:
        return
    content = body["content"]
    if "application/json" not in content:
        made.content = True
        return
    schema = content["application/json"]["schema"]
    members = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    component = types.components.get(target(members[0]), {}) if len(members) == 1 else {}
    if "properties" not in component:
        kind = types.write(schema, lenient=False, prefix="models.")
        made.whole = Argument("body", kind, True, schema.get("description", ""))
        return
    needed = set(component.get("required", ())) if body.get("required") else set()
    for name, value in component["properties"].items():
        kind = types.write(value, lenient=False, prefix="models.")
        made.body.append(Argument(name, kind, name in needed, value.get("description", "")))


def _answer(made: Operation, responses: Mapping[str, Any]) -> None:
    for status, said in responses.items():
        if status.startswith("2"):
            content = said.get("content", {})
            made.answer = content.get("application/json", {}).get("schema")
            made.file = bool(content) and made.answer is None
            return


@dataclass(frozen=True)
class Style:
    """How one of the twins is written."""

    cls: str
    base: str
    module: str
    more: str
    begin: str
    wait: str
    pages: str
    download: str


SYNC = Style("Client", "SyncBase", "sync", "", "def", "", "Pages", "Download")
ASYNC = Style(
    "AsyncClient",
    "AsyncBase",
    "aio",
    ", for asyncio",
    "async def",
    "await ",
    "AsyncPages",
    "AsyncDownload",
)


def module(types: Types, found: list[Operation], style: Style) -> str:
    """The module's text, before it is formatted."""
    names = ", ".join(sorted(["Page", style.base, style.pages, style.download]))
    head = HEAD.format(more=style.more, module=style.module, names=names, cls=style.cls, base=style.base)
    return head + "\n" + "\n\n".join(_method(types, each, style) for each in found) + "\n"


def _method(types: Types, made: Operation, style: Style) -> str:
    begin, returns, work = _work(types, made, style)
    named = [*made.query, *made.headers, *made.body]
    if made.keyed:
        said = "One of your own, if you may ask again later; else one is made for each call."
        named.append(Argument("idempotency_key", "str | None", False, said, "None"))
    named.sort(key=lambda each: not each.required)
    first = [*made.ids, *([made.whole] if made.whole else [])]
    if made.content:
        first.append(Argument("content", "Source", True, "The file: bytes, an open file, or its path."))
    arguments = ["self", *(each.declare() for each in first)]
    if named:
        arguments += ["*", *(each.declare() for each in named)]
    told = [made.told]
    explained = [
        f"- `{each.shown}`: {' '.join(each.told.split())}"
        for each in [*first, *named]
        if each.told and not each.told.startswith("The id of ")
    ]
    if explained:
        told.append("\n".join(explained))
    lines = [
        f"    {begin} {made.name}({', '.join(arguments)}) -> {returns}:",
        doc("\n\n".join(told), " " * 8),
        f"        {work}",
    ]
    return "\n".join(lines)


def _work(types: Types, made: Operation, style: Style) -> tuple[str, str, str]:
    """How the method begins, what it returns, and what it does."""
    call = _call(made)
    if made.file:
        return "def", style.download, f"return self._download({call})"
    if made.answer is None:
        return style.begin, "None", f"{style.wait}self._none({call})"
    items = types.page_of(made.answer)
    if items is not None:
        kind = types.write(items, lenient=True, prefix="models.")
        return "def", f"{style.pages}[{kind}]", f"return self._pages({kind}, {call})"
    kind = types.write(made.answer, lenient=True, prefix="models.")
    if target(made.answer) and "properties" in types.components[target(made.answer)]:
        return style.begin, kind, f"return {style.wait}self._one({kind}, {call})"
    return style.begin, kind, f"return cast({kind!r}, {style.wait}self._value({kind}, {call}))"


def _call(made: Operation) -> str:
    template = made.path
    for each in made.ids:
        template = template.replace(f"{{{each.name}}}", "{}")
    ids = "".join(f", {each.shown}" for each in made.ids)
    parts = [repr(made.method), f"place({template!r}{ids})" if ids else repr(template)]
    if made.query:
        parts.append(f"query={_table(made.query)}")
    if made.headers:
        parts.append(f"headers={_table(made.headers)}")
    if made.whole:
        parts.append("json=body")
    elif made.body:
        parts.append(f"json={_table(made.body)}")
    if made.content:
        parts.append("content=content")
    if made.keyed:
        parts.append("key=idempotency_key, once=True")
    return f"Call({', '.join(parts)})"


def _table(arguments: list[Argument]) -> str:
    return "{" + ", ".join(f"{each.name!r}: {each.shown}" for each in arguments) + "}"
