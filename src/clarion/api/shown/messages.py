"""Messages as callers are shown them."""

from typing import Any

from clarion.api.schemas.messages import Attempt, Message, MessageDetail
from clarion.domain.message import reason_for
from clarion.services.messages.look import Story
from clarion.store.messages import Message as Row

_NONE_FOR_0 = ("campaign_id", "run_id", "position_id")


def message_shown(row: Row) -> Message:
    """One line of a list."""
    return Message.model_validate(_values(row))


def message_detail(story: Story) -> MessageDetail:
    """One message with everything."""
    row = story.message
    return MessageDetail.model_validate(
        {
            **_values(row),
            "text": story.text,
            "content": story.content,
            "policy": story.policy,
            "due_at": row.due_at,
            "expires_at": story.expires_at,
            "provider_id": row.provider_id,
            "fault_kind": row.fault_kind,
            "conflict": row.conflict,
            "earlier_attempts": [Attempt.model_validate(each) for each in story.attempts],
        }
    )


def _values(row: Row) -> dict[str, Any]:
    names = (name for name in Row.__dataclass_fields__ if name in Message.model_fields)
    values = {name: getattr(row, name) for name in names}
    return {
        **values,
        **{name: values[name] or None for name in _NONE_FOR_0},
        "phone": row.address,
        "code": row.fault_code,
        "reason": reason_for(row.status, row.fault_reason, unresolved=row.unresolved),
    }
