"""The JSON Schema (draft 2020-12) of a graph and of each kind of node: what the builder and other programs go by."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from clarion.domain.journey.graph import Graph
from clarion.domain.journey.nodes import KINDS

DIALECT = GenerateJsonSchema.schema_dialect


def node_schemas() -> dict[str, dict[str, Any]]:
    """The schema of each kind of node, in the order of the documentation."""
    schemas = [node.model_json_schema(by_alias=True) for node in KINDS]
    return {schema["title"]: {"$schema": DIALECT, **schema} for schema in schemas}


def graph_schema() -> dict[str, Any]:
    """The schema of a whole journey."""
    return {"$schema": DIALECT, **Graph.model_json_schema(by_alias=True), "title": "Journey"}
