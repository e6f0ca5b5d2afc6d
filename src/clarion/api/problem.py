"""Refusals as HTTP says them: application/problem+json (RFC 9457)."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from pydantic import BaseModel, Field
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
URN = "urn:clarion:problem:"


class Detail(BaseModel):
    """One thing to mend in what was sent."""

    pointer: str = Field(
        description="Where: a JSON pointer into the body (`#/people/0/phone`), or `query/limit`, `header/If-Match`.",
        examples=["#/name"],
    )
    detail: str = Field(description="What is wrong, in words.", examples=["Field required"])


class Problem(BaseModel):
    """Why a request was refused. `type` is stable; the words may change. Other members belong to their type."""

    type: str = Field(
        description="A stable name of the kind of problem.", examples=["urn:clarion:problem:not-found"]
    )
    title: str = Field(description="The kind of problem in words.", examples=["Not found"])
    status: int = Field(description="The HTTP status, repeated.", examples=[404])
    detail: str = Field(
        description="What happened here, and how to mend it.", examples=["There is no campaign cmp_42."]
    )
    errors: list[Detail] | None = Field(
        default=None, description="Each thing to mend, where several may be wrong."
    )


class ProblemResponse(Response):
    """A refusal."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        status: int,
        slug: str,
        title: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        body: dict[str, Any] = {"type": URN + slug, "title": title, "status": status, "detail": detail}
        if errors:
            body["errors"] = list(errors)
        content = orjson.dumps({**body, **(more or {})}, default=str)
        super().__init__(content, status, dict(headers or {}), MEDIA_TYPE)
