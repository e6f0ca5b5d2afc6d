"""Cutting webhooks into events: reading JSON that is not ours, and the keys that make a repeat a no-op."""

import hashlib
import json
from typing import Any, Never

import orjson

from clarion.domain.errors import BadWebhook
from clarion.providers.base import RawEvent


def read_json(body: bytes) -> Any:
    """The JSON in a webhook, without NUL characters (PostgreSQL cannot store them). Raises BadWebhook.

    A lone surrogate or NaN, which orjson refuses, must not cost the other events of the same request, so such
    a body is read again by the slower and more patient parser and cleaned.
    """
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            data = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise BadWebhook(f"The webhook is not JSON: {error}.") from None
        return clean(data)
    return clean(data) if b"\\u0000" in body else data


def clean(value: Any) -> Any:
    """The same JSON value without NULs and with lone surrogates replaced, so that it can be stored."""
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [clean(part) for part in value]
    if isinstance(value, dict):
        return {clean(key): clean(part) for key, part in value.items()}
    return value


def hashed(account: str, kind: str, event: Any, *, prefix: str) -> RawEvent:
    """An event that has no id of its own: its key is the hash of what it says."""
    body = orjson.dumps(event, option=orjson.OPT_SORT_KEYS)
    return RawEvent(account, kind, f"{prefix}:{kind}:{hashlib.sha256(body).hexdigest()}", body.decode())


def broken(account: str, why: str, event: Any, *, prefix: str) -> RawEvent:
    """An event that cannot be read: kept with the reason, while its neighbours go on."""
    return hashed(account, "other", {"broken": why, "event": event}, prefix=prefix)


def text(data: Any, name: str, *, what: str) -> str:
    """A non-empty string field. Raises BadWebhook naming it."""
    value = data.get(name) if isinstance(data, dict) else None
    if not isinstance(value, str) or not value:
        refuse(f"{what} has no {name}")
    return value


def optional(data: Any, name: str) -> str:
    """A string field, "" when it is absent, null or something else."""
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""


def part(data: Any, name: str) -> dict[str, Any]:
    """An object field, {} when it is absent, null or something else."""
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, dict) else {}


def parts(data: Any, name: str) -> list[Any]:
    """A list field, [] when it is absent or null. Raises BadWebhook when it is something else."""
    value = data.get(name) if isinstance(data, dict) else None
    if value is None:
        return []
    if not isinstance(value, list):
        refuse(f"{name} is not a list")
    return value


def refuse(why: str) -> Never:
    raise BadWebhook(f"The event cannot be read: {why}.")
