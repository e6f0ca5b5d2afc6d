"""What a message says: text, media, buttons, a list, or a template with parameters.

Every string leaf may hold Liquid while the content belongs to a campaign, and plain text once it was
rendered for one person. `to_json` and `from_json` are the stored and the API form.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from types import UnionType
from typing import Any, ClassVar, Literal, TypeVar, get_args, get_origin

from clarion.domain.errors import BadContent

C = TypeVar("C")

MediaKind = Literal["image", "video", "audio", "document", "sticker"]


@dataclass(frozen=True, slots=True)
class Media:
    """A file by public `link` or by the provider's media `id`; exactly one of the two."""

    type: ClassVar[str] = "media"
    kind: MediaKind
    link: str = ""
    id: str = ""
    caption: str = ""
    filename: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """Free text. On WhatsApp only inside the 24-hour window."""

    type: ClassVar[str] = "text"
    body: str
    preview_url: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One reply button or one list row. `description` is for list rows only."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Buttons:
    """Text with one to three reply buttons."""

    type: ClassVar[str] = "buttons"
    body: str
    buttons: tuple[Choice, ...]
    header: str = ""
    header_media: Media | None = None
    footer: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    rows: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class ListPicker:
    """Text with a button that opens a list of up to ten rows."""

    type: ClassVar[str] = "list"
    body: str
    button: str
    sections: tuple[Section, ...]
    header: str = ""
    footer: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A template's variable and what goes into it. `name` is "1", "2", ... for positional templates."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ButtonParameter:
    """What goes into a template's button: a quick reply's payload, a URL's suffix, or a coupon code."""

    index: int
    kind: Literal["quick_reply", "url", "copy_code"]
    value: str


@dataclass(frozen=True, slots=True)
class Template:
    """Approved content, named by `name` and `language` on WhatsApp, by its id (HX) as `name` on Twilio."""

    type: ClassVar[str] = "template"
    name: str
    language: str = ""
    body: tuple[Parameter, ...] = ()
    header: Parameter | None = None
    header_media: Media | None = None
    buttons: tuple[ButtonParameter, ...] = ()
    named: bool = False
    """Whether the parameters travel by name (WhatsApp `parameter_format: NAMED`) or by position."""


Content = Text | Media | Buttons | ListPicker | Template
_KINDS: dict[str, type[Content]] = {kind.type: kind for kind in (Text, Media, Buttons, ListPicker, Template)}

FIXED = {"name", "language", "kind", "index", "named", "preview_url"}
"""Fields that address something at the provider: never rendered."""


def to_json(content: Content) -> dict[str, Any]:
    """The stored form: a JSON object with a `type` and only the fields that say something."""
    return {"type": content.type, **_plain(content)}


def from_json(data: Any) -> Content:
    """The content a stored or sent JSON object describes. Raises BadContent naming the field."""
    if not isinstance(data, Mapping):
        raise BadContent("", "must be an object")
    kind = _KINDS.get(str(data.get("type")))
    if kind is None:
        raise BadContent("type", f"must be one of {', '.join(_KINDS)}")
    content: Content = _build(kind, {key: value for key, value in data.items() if key != "type"}, at="")
    return content


def map_text(content: C, change: Callable[[str], str]) -> C:
    """The same content with `change` applied to every string in it that a person or provider reads."""
    values: dict[str, Any] = {}
    for field in fields(content):  # type: ignore[arg-type]  # contents are dataclasses
        value = getattr(content, field.name)
        if field.name in FIXED:
            values[field.name] = value
        elif isinstance(value, str):
            values[field.name] = change(value)
        elif isinstance(value, tuple):
            values[field.name] = tuple(map_text(part, change) for part in value)
        elif is_dataclass(value) and not isinstance(value, type):
            values[field.name] = map_text(value, change)
        else:
            values[field.name] = value
    return type(content)(**values)


def _plain(value: Any) -> dict[str, Any]:
    held = {field: getattr(value, field.name) for field in fields(value)}
    return {field.name: _plain_value(part) for field, part in held.items() if part != field.default}


def _plain_value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return _plain(value) if is_dataclass(value) else value


def _build(kind: type[Any], data: Any, at: str) -> Any:
    if not isinstance(data, Mapping):
        raise BadContent(at.rstrip("/"), "must be an object")
    known = {field.name: field for field in fields(kind)}
    for key in data:
        if key not in known:
            raise BadContent(f"{at}{key}", f"is not a field here; there are {', '.join(known)}")
    for name, field in known.items():
        if name not in data and field.default is MISSING:
            raise BadContent(f"{at}{name}", "is missing")
    return kind(**{name: _read(known[name].type, value, f"{at}{name}") for name, value in data.items()})


def _read(wanted: Any, value: Any, at: str) -> Any:
    """`value` as the type the field is annotated with."""
    if get_origin(wanted) is tuple:
        if not isinstance(value, list | tuple):
            raise BadContent(at, "must be a list")
        return tuple(_read(get_args(wanted)[0], part, f"{at}/{n}") for n, part in enumerate(value))
    if get_origin(wanted) is UnionType:  # the only unions are "... | None"
        return None if value is None else _read(get_args(wanted)[0], value, at)
    if get_origin(wanted) is Literal:
        if value not in get_args(wanted):
            raise BadContent(at, f"must be one of {', '.join(get_args(wanted))}")
        return value
    if isinstance(wanted, type) and is_dataclass(wanted):
        return _build(wanted, value, f"{at}/")
    if type(value) is not wanted:  # True is an int to isinstance
        raise BadContent(at, f"must be {_NAMES[wanted]}")
    if wanted is str and _UNSTORABLE.search(value):
        raise BadContent(at, "must not hold NUL characters or halves of surrogate pairs")
    return value


_NAMES = {str: "a text", bool: "true or false", int: "a whole number"}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL cannot store a NUL, and UTF-8 has no form for a lone surrogate."""
