"""A message's content as a field of a node: the same JSON as campaigns use."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, TypeAdapter, WithJsonSchema

from clarion.domain.content import Buttons, Content, ListPicker, Media, Template, Text, from_json, to_json
from clarion.domain.errors import BadContent


def _read(data: Any) -> Content:
    if isinstance(data, Text | Media | Buttons | ListPicker | Template):
        return data
    try:
        return from_json(data)
    except BadContent as problem:
        raise ValueError(str(problem)) from None


def _schema() -> dict[str, Any]:
    kinds = []
    for each in (Text, Media, Buttons, ListPicker, Template):
        schema = _spelled_out(TypeAdapter(each).json_schema())
        schema["title"] = each.type
        schema["properties"] = {"type": {"const": each.type}, **schema["properties"]}
        schema["required"] = ["type", *schema.get("required", ())]
        kinds.append(schema)
    return {"oneOf": kinds}


def _spelled_out(value: Any, parts: Mapping[str, Any] | None = None) -> Any:
    """The same schema with each part where it is used: references would point into a schema that this is put in."""
    if isinstance(value, list):
        return [_spelled_out(each, parts) for each in value]
    if not isinstance(value, dict):
        return value
    parts = value.get("$defs", parts)
    if "$ref" in value:
        return _spelled_out((parts or {})[value["$ref"].rpartition("/")[2]], parts)
    return {name: _spelled_out(each, parts) for name, each in value.items() if name != "$defs"}


ContentField = Annotated[Any, PlainValidator(_read), PlainSerializer(to_json), WithJsonSchema(_schema())]
