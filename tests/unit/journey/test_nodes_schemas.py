"""The published schemas: complete, and closed in themselves."""

from collections.abc import Iterator
from typing import Any

import pytest

from clarion.domain.journey.nodes import KINDS
from clarion.domain.journey.schemas import graph_schema, node_schemas

SCHEMAS = {**node_schemas(), "journey": graph_schema()}


def walk(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from walk(part)
    elif isinstance(value, list):
        for part in value:
            yield from walk(part)


def test_there_is_a_schema_for_each_kind_of_node() -> None:
    assert list(node_schemas()) == [node.model_fields["kind"].default for node in KINDS]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_names_its_draft_and_itself(name: str) -> None:
    schema = SCHEMAS[name]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"].casefold() == name
    assert schema["description"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_reference_in_a_schema_leads_somewhere(name: str) -> None:
    schema = SCHEMAS[name]
    wanted = {each["$ref"] for each in walk(schema) if "$ref" in each}
    assert wanted <= {f"#/$defs/{each}" for each in schema.get("$defs", {})}


@pytest.mark.parametrize("name", node_schemas())
def test_each_field_of_a_node_says_what_it_means(name: str) -> None:
    schema = SCHEMAS[name]
    assert "kind" in schema["required"]
    assert schema["examples"]
    for field, told in schema["properties"].items():
        assert "const" in told or told.get("description"), f"{name}.{field}"


def test_each_field_of_edges_and_conditions_says_what_it_means() -> None:
    for name, part in SCHEMAS["journey"]["$defs"].items():
        for field, told in part.get("properties", {}).items():
            assert "const" in told or told.get("description"), f"{name}.{field}"
