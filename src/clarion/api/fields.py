"""How ids, instants and names look from outside."""

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
)

from clarion.domain import shown

PREFIXES = shown.PREFIXES
show_id = shown.show_id
show_time = shown.show_time

_MOST = 2**63 - 1


def read_id(kind: str, value: object) -> int:
    """42 of `cmp_42`. Raises ValueError."""
    prefix = PREFIXES[kind]
    if isinstance(value, int) and not isinstance(value, bool):
        return value  # from our own rows
    if isinstance(value, str):
        found = re.fullmatch(rf"{prefix}_([0-9]{{1,19}})", value)
        if found and 0 < int(found[1]) <= _MOST:
            return int(found[1])
    raise ValueError(f"must be the id of a {kind}, such as {prefix}_42")


def _from_outside(info: ValidationInfo) -> bool:
    # A Body is strict: there a bare number would be somebody's guess. What we show is made from our own rows.
    return bool(info.config and info.config.get("strict"))


def _id(kind: str) -> Any:
    prefix = PREFIXES[kind]

    def read(value: object, info: ValidationInfo) -> int:
        return read_id(kind, str(value) if _from_outside(info) else value)

    return (
        BeforeValidator(read),
        PlainSerializer(lambda number: f"{prefix}_{number}", return_type=str),
        WithJsonSchema(
            {
                "type": "string",
                "pattern": f"^{prefix}_[1-9][0-9]{{0,17}}$",
                "examples": [f"{prefix}_42"],
                "description": f"The id of a {kind}.",
            }
        ),
    )


WorkspaceId = Annotated[int, *_id("workspace")]
UserId = Annotated[int, *_id("user")]
SessionId = Annotated[int, *_id("session")]
InvitationId = Annotated[int, *_id("invitation")]
KeyId = Annotated[int, *_id("API key")]
ContactId = Annotated[int, *_id("contact")]
ListId = Annotated[int, *_id("list")]
UploadId = Annotated[int, *_id("upload")]
ImportId = Annotated[int, *_id("import")]
SenderId = Annotated[int, *_id("sender")]
TemplateId = Annotated[int, *_id("template")]
CampaignId = Annotated[int, *_id("campaign")]
MessageId = Annotated[int, *_id("message")]
JourneyId = Annotated[int, *_id("journey")]
RunId = Annotated[int, *_id("run")]
PositionId = Annotated[int, *_id("position")]
ConversationId = Annotated[int, *_id("conversation")]
ReplyId = Annotated[int, *_id("reply")]
HandoffId = Annotated[int, *_id("handoff")]
WebhookId = Annotated[int, *_id("webhook")]
DeliveryId = Annotated[int, *_id("delivery")]
NoticeId = Annotated[int, *_id("notice")]
AuditId = Annotated[int, *_id("audit entry")]


def read_time(value: object) -> int:
    """Microseconds since 1970 of an RFC 3339 time with its offset; 0 for None. Raises ValueError."""
    if value is None:
        return 0
    if isinstance(value, str) and re.fullmatch(
        r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", value
    ):
        at = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", value.upper().replace(" ", "T")))
        if 1970 <= at.year <= 9_000:
            return round(at.replace(microsecond=0).timestamp()) * 1_000_000 + at.microsecond
    raise ValueError("must be a time with its offset, such as 2026-11-30T09:00:00Z")


def _time(value: object, info: ValidationInfo) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and not _from_outside(info):
        return value
    return read_time(value)


_TIME_SCHEMA = {"type": "string", "format": "date-time", "examples": ["2026-11-30T09:00:00Z"]}

Time = Annotated[
    int,
    BeforeValidator(_time),
    PlainSerializer(show_time, return_type=str | None),
    WithJsonSchema({"anyOf": [_TIME_SCHEMA, {"type": "null"}]}),
]
"""An instant inside, in microseconds since 1970; RFC 3339 in UTC outside, null for "never"."""


def text(most: int, *, least: int = 0, **more: Any) -> Any:
    """A text of `least` to `most` characters."""
    return Field(min_length=least, max_length=most, **more)


class Body(BaseModel):
    """What a caller sends: no unknown names, no guessing of types."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


class Shown(BaseModel):
    """What a caller is shown."""

    model_config = ConfigDict(from_attributes=True, use_attribute_docstrings=True)
