"""A message's content as a field of a node: the same JSON as campaigns use."""

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
        schema = TypeAdapter(each).json_schema()
        schema["properties"] = {"type": {"const": each.type}, **schema["properties"]}
        schema["required"] = ["type", *schema.get("required", ())]
        kinds.append(schema)
    return {"oneOf": kinds}


ContentField = Annotated[Any, PlainValidator(_read), PlainSerializer(to_json), WithJsonSchema(_schema())]
