"""The OpenAPI document: FastAPI's, with our problems, credentials and words."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from clarion import __version__
from clarion.api.problem import Problem

ABOUT = """
Everything Clarion does, for programs.

- **Who asks**: an API key, as `Authorization: Bearer clr_live_...`, made under *API keys* or with `clarion key create`.
- **Refusals** are `application/problem+json`; their `type` is stable, and `errors` names each thing to mend.
- **Repeating** a POST with the same `Idempotency-Key` gives the first answer again and does nothing twice.
- **Lists** come in pages: ask with `next_cursor` as `cursor` for the next one.
- **Times** are RFC 3339 in UTC. **Ids** carry the kind of thing: `cmp_42`.
""".strip()


def document(app: FastAPI) -> dict[str, Any]:
    """The whole document, OpenAPI 3.1."""
    made = get_openapi(
        title="Clarion", version=__version__, openapi_version="3.1.0", description=ABOUT, routes=app.routes
    )
    parts = made.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {})
    schemas["Problem"] = problem
    parts["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key: `clr_live_...`."},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-clarion",
            "description": "A browser's session; what changes something also needs the header X-CSRF-Token.",
        },
    }
    for operations in made["paths"].values():
        for method, operation in operations.items():
            if not operation.pop("x-public", True):
                operation["security"] = [{"key": []}, {"session": []}]
            if operation.pop("x-keyed", False) and method == "post":
                operation.setdefault("parameters", []).append(_IDEMPOTENCY)
    parts["schemas"] = dict(sorted(schemas.items()))
    return made


_IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A text of your own for this one thing to be done: repeating the request with it is safe.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[!-~]([ -~]*[!-~])?$",
        "examples": ["order-4711-confirmation"],
    },
}
