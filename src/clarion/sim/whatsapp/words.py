"""What a message says to the person who gets it: its text, and the buttons or rows they can press."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast

from clarion.sim.whatsapp.templates import Needs

Object = Mapping[str, object]
Choices = Sequence[tuple[str, str]]
"""Payload and title of each."""

_VARIABLE = re.compile(r"\{\{\s*([a-z0-9_]+)\s*\}\}")


def text(message: Object) -> str:
    """The text of a free-form message, "" where it has none."""
    kind = str(message.get("type") or "text")
    content = message.get(kind)
    if not isinstance(content, Mapping):
        return ""
    body = content.get("body")
    if kind == "interactive" and isinstance(body, Mapping):
        return str(body.get("text", ""))
    return str(body if kind == "text" else content.get("caption", ""))


def choices(message: Object) -> Choices:
    """The reply buttons or list rows of a free-form message."""
    interactive = message.get("interactive")
    if message.get("type") != "interactive" or not isinstance(interactive, dict):
        return ()
    action = interactive["action"]
    if interactive["type"] == "button":
        return [(button["reply"]["id"], button["reply"]["title"]) for button in action["buttons"]]
    if interactive["type"] == "list":
        return [(row["id"], row["title"]) for section in action["sections"] for row in section["rows"]]
    return ()


def press(message: Object) -> str:
    """What a press on one of the message's choices comes back as."""
    if message.get("type") == "template":
        return "button"
    interactive = message.get("interactive")
    listed = isinstance(interactive, dict) and interactive["type"] == "list"
    return "list_reply" if listed else "button_reply"


def template_text(sent: Object, needs: Needs) -> str:
    """The template's body with its variables filled in."""
    parts = (part for part in _components(sent) if str(part.get("type", "")).lower() == "body")
    given = next((part.get("parameters") or [] for part in parts), [])
    values: dict[str, str] = {}
    for parameter, name in zip(cast("list[dict[str, object]]", given), needs.body_variables, strict=False):
        values[str(parameter.get("parameter_name", name))] = str(parameter.get("text", ""))
    return _VARIABLE.sub(lambda found: values.get(found[1], found[0]), needs.body)


def template_choices(sent: Object, needs: Needs) -> Choices:
    """The template's quick replies, with the payloads the message gives them."""
    payloads = {
        int(str(part.get("index", 0))): cast("list[dict[str, str]]", part["parameters"])[0]["payload"]
        for part in _components(sent)
        if str(part.get("sub_type", "")).lower() == "quick_reply"
    }
    return [(payloads.get(index, title), title) for index, title in needs.quick_replies.items()]


def _components(sent: Object) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", sent.get("components") or [])
