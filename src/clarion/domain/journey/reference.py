"""The page docs/reference/nodes.md, made from the kinds themselves; `make docs` writes it."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, get_args

from pydantic import TypeAdapter

from clarion.domain.journey.conditions import BY_MODEL as CONDITIONS
from clarion.domain.journey.edges import AnyEdge, Edge
from clarion.domain.journey.nodes import KINDS
from clarion.domain.journey.nodes.base import Node
from clarion.domain.journey.schemas import graph_schema
from clarion.domain.journey.span import Span

Schema = Mapping[str, Any]

_NODE = frozenset({"kind", "id", "name", "at"})
_EDGE = frozenset({"from", "to", "note", "on"})
"""Fields that all of them have: in a table of their own."""

_DURATION = TypeAdapter(Span).json_schema()["pattern"]

_INTRODUCTION = """\
# Nodes, edges and conditions

<!-- Written by `make docs` from src/clarion/domain/journey; change it there. -->

A journey is one JSON object: what the builder draws, the API takes, a file holds and the engine runs.
`clarion journey validate FILE` names everything that is wrong with one.

- **Texts** may hold [variables](templates.md) where the table says so: `{{ name }}` is an attribute of the contact,
  or a variable of the run, which comes first. `{{ contact.phone }}`, `{{ contact.language }}`,
  `{{ contact.timezone }}`, `{{ journey.name }}` and `{{ journey.run }}` always exist. What a value holds is put in as
  it stands, and never read as a variable again. A value that is missing and has no `default` refuses the whole text.
- **Durations** are written `90s`, `15m`, `1h30m`, `2d` or `1w`, a year at most. In a delay, days and weeks go by the
  calendar; everywhere else a day is 24 hours.
- **Events** move people: something happens, and the node where the person stands decides. Most events belong to one
  arrival at one node; when the person has left it, they are late and do nothing.
"""

_EDGES = """\
## Edges

An edge is one way out of a node. Those of one node are tried in the order in which they are written, `fallback`
last; the first that fits is taken. What was tried, and why it fitted or not, is kept with the person.
"""

_CONDITIONS = """\
## Conditions

A condition is a JSON object with a yes or no for each person. It stands in the `filter` of an audience and in the
`when` of a split's branches: `{"all": [{"attribute": "city", "is": "Recife"}, {"not": {"tag": "asked"}}]}`.
"""

_CONTENTS = """\
## Contents

What a message says, as in campaigns. Every text may hold variables; what names something at the provider (`name`,
`language`, `kind`) may not.
"""

_MORE: Mapping[str, Mapping[str, Any]] = {
    "payload": {"value": "yes"},
    "keywords": {"words": ["yes", "of course", "👍"], "match": "any"},
    "regex": {"pattern": r"order\s*#?(?P<order>\d+)"},
    "branch": {"branch": "happy"},
}


def page() -> str:
    """The whole page as Markdown."""
    schema = graph_schema()
    parts = schema["$defs"]
    lines = [
        _INTRODUCTION,
        "## Journey\n",
        *_table(schema, parts),
        "## Every node\n",
        *_table(Node.model_json_schema(), parts),
        *(line for kind in KINDS for line in _node(kind, parts)),
        _EDGES,
        *_table(Edge.model_json_schema(by_alias=True), parts),
        *(line for edge in get_args(get_args(AnyEdge)[0]) for line in _edge(edge, parts)),
        _CONDITIONS,
        *(line for model in CONDITIONS for line in _condition(parts[model.__name__], parts)),
        _CONTENTS,
        *_contents(parts),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _node(kind: type[Node], parts: Schema) -> Iterator[str]:
    schema = parts[kind.__name__]
    yield f"## {schema['title']}\n\n{schema['description']}\n"
    yield f"{_ways(kind)}\n"
    yield from _table(schema, parts, leave_out=_NODE)
    for name, each in schema["properties"].items():
        if inner := parts.get(_reference(each.get("items", {}))):
            yield f"Each of `{name}`: {_lower(inner['description'])}\n"
            yield from _table(inner, parts)
    yield _json(kind.example)


def _ways(kind: type[Node]) -> str:
    if not kind.ports:
        return "No edge leaves it."
    needed = f" {_names(kind.needs)} must be drawn." if kind.needs else ""
    return f"Edges: {', '.join(map(_link, kind.ports))}.{needed}"


def _edge(edge: type[Edge], parts: Schema) -> Iterator[str]:
    schema = parts[edge.__name__]
    on = schema["properties"]["on"]["const"]
    leaves = [kind.model_fields["kind"].default for kind in KINDS if on in kind.ports]
    yield f"### `{on}`\n\n{schema['description']} From {', '.join(map(_link, leaves))}.\n"
    yield from _table(schema, parts, leave_out=_EDGE)
    yield _json({"from": "here", "to": "there", "on": on, **_MORE.get(on, {})})


def _condition(schema: Schema, parts: Schema) -> Iterator[str]:
    names = list(schema["properties"])
    title = " or ".join(f"`{name}`" for name in (names[:2] if len(names) > 1 else names))
    yield f"### {title}\n\n{schema['description']}\n"
    yield from _table(schema, parts)


def _contents(parts: Schema) -> Iterator[str]:
    yield "| `type` | Fields (* must be there) | Meaning |\n|---|---|---|"
    for each in parts["Message"]["properties"]["content"]["oneOf"]:
        required = each["required"]
        fields = ", ".join(
            f"`{name}`{'*' if name in required else ''}" for name in each["properties"] if name != "type"
        )
        yield f"| `{each['title']}` | {fields} | {_cell(each['description'])} |"


def _table(schema: Schema, parts: Schema, *, leave_out: Collection[str] = ()) -> Iterator[str]:
    rows = [
        f"| `{name}` | {_type(each, parts)} | {_default(name, each, schema)} | {_cell(each['description'])} |"
        for name, each in schema["properties"].items()
        if "description" in each and name not in leave_out
    ]
    if rows:
        yield "| Field | Type | Default | Meaning |\n|---|---|---|---|"
        yield "\n".join(rows) + "\n"


def _default(name: str, field: Schema, schema: Schema) -> str:
    if name in schema.get("required", ()):
        return "required"
    default = field.get("default")
    return f"`{json.dumps(default, ensure_ascii=False)}`" if default not in (None, "", [], {}) else ""


def _type(field: Schema, parts: Schema) -> str:
    """A field's type in words."""
    several = field.get("oneOf") or field.get("anyOf") or ()
    named = {_reference(each) for each in several}
    if "All" in named or _reference(field) == "All":
        return "[condition](#conditions)"
    if several and "title" in several[0] and several[0]["title"] == "text":
        return "[content](#contents)"
    if several:
        words = dict.fromkeys(_type(each, parts) for each in several if each.get("type") != "null")
        return ", ".join(word for word in words if not (word == "whole number" and "number" in words))
    if "enum" in field or "const" in field:
        return _names([json.dumps(each)[1:-1] for each in field.get("enum", [field.get("const")])])
    if name := _reference(field):
        return _type(parts[name], parts) if parts[name] else "any JSON"
    return _plain(field, parts)


def _plain(field: Schema, parts: Schema) -> str:
    match field.get("type"):
        case "array" if "prefixItems" in field:
            return f"{len(field['prefixItems'])} numbers"
        case "array":
            return f"list: {_type(field['items'], parts)}"
        case "object":
            values = [*field.get("patternProperties", {}).values(), field.get("additionalProperties")]
            return f"object: name → {_type(values[0], parts)}" if values[0] else "object"
        case "string" if field.get("pattern") == _DURATION:
            return "duration"
        case "string":
            return f"text such as `{field['examples'][0]}`" if "examples" in field else "text"
        case "integer":
            least, most = field.get("minimum"), field.get("maximum")
            return "whole number" if least is None else f"whole number, {least} to {most}"
        case "boolean":
            return "true or false"
        case "number":
            return "number"
    return "any JSON"


def _reference(field: Schema) -> str:
    return str(field.get("$ref", "")).rpartition("/")[2]


def _link(name: str) -> str:
    return f"[`{name}`](#{name})"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" if name else "empty" for name in names)


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _json(example: Mapping[str, Any]) -> str:
    """The object on one line if it fits, else a line for each field."""
    fields = [f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in example.items()]
    short = "{" + ", ".join(fields) + "}"
    long = "{\n  " + ",\n  ".join(fields) + "\n}"
    return f"```json\n{short if len(short) <= 100 else long}\n```\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
