"""What `campaign create` makes of its options: one content, and instants with their zone."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeVar, cast, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from clarion.cli.base import BadOption
from clarion.domain.content import (
    ButtonParameter,
    Content,
    Media,
    MediaKind,
    Parameter,
    Template,
    Text,
    from_json,
)

T = TypeVar("T")
ButtonKind = Literal["quick_reply", "url", "copy_code"]


def content_of(
    *,
    text: str | None,
    file: Path | None,
    template: str | None,
    params: Sequence[str] = (),
    header: str | None = None,
    header_media: str | None = None,
    buttons: Sequence[str] = (),
) -> Content:
    """The content the options describe: exactly one of `text`, `file`, `template`.

    Raises BadOption, BadContent.
    """
    given = [
        name for name, value in (("--text", text), ("--content", file), ("--template", template)) if value
    ]
    if len(given) != 1:
        raise BadOption(
            "Say what to send by exactly one of --text, --content and --template "
            f"(given: {', '.join(given) or 'none'})."
        )
    if template is None and (params or header or header_media or buttons):
        raise BadOption(
            f"--param, --header, --header-media and --button belong to --template, not to {given[0]}."
        )
    if text:
        return Text(text)
    if file:
        return _from_file(file)
    return _template(template or "", params, header, header_media, buttons)


def _from_file(path: Path) -> Content:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadOption(f"--content: the file {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise BadOption(f"--content: {path} is not JSON: {error}.") from None
    if not isinstance(data, dict):
        raise BadOption(f'--content: {path} must hold an object such as {{"type": "text", "body": "..."}}.')
    return from_json(data)


def _template(
    template: str, params: Sequence[str], header: str | None, header_media: str | None, buttons: Sequence[str]
) -> Template:
    name, _, language = template.partition(":")
    body = tuple(Parameter(*_pair(text, "--param", "1=VALUE or name=VALUE")) for text in params)
    _distinct([parameter.name for parameter in body], "--param")
    numbers = [parameter.name.isdecimal() for parameter in body]
    if any(numbers) and not all(numbers):
        raise BadOption(
            "--param: a template's parameters are all numbered (1=...) or all named (name=...), not both."
        )
    named = bool(body) and not all(numbers)
    if not named:
        body = tuple(sorted(body, key=lambda parameter: int(parameter.name)))
        missing = next((n for n, p in enumerate(body, start=1) if int(p.name) != n), None)
        if missing:
            raise BadOption(f"--param: parameter {missing} is missing; numbered parameters go 1, 2, 3, ...")
    made = tuple(_button(text) for text in buttons)
    _distinct([str(button.index) for button in made], "--button")
    return Template(
        name=name,
        language=language,
        body=body,
        header=_header(header),
        header_media=_media(header_media) if header_media else None,
        buttons=made,
        named=named,
    )


def _header(text: str | None) -> Parameter | None:
    if not text:
        return None
    name, equals, value = text.partition("=")
    # A header has one variable at most, so its number may be left out.
    return (
        Parameter(name, value) if equals and name.isidentifier() else Parameter("1", text.removeprefix("1="))
    )


def _media(text: str) -> Media:
    kind, address = _pair(text, "--header-media", "image=https://... or document=MEDIA_ID")
    kinds = get_args(MediaKind)
    if kind not in kinds:
        raise BadOption(f"--header-media: {kind!r} is not one of {', '.join(kinds)}.")
    by_link = address.startswith(("http://", "https://")) or "{{" in address
    return Media(cast(MediaKind, kind), link=address if by_link else "", id="" if by_link else address)


def _button(text: str) -> ButtonParameter:
    place, value = _pair(text, "--button", "0=PAYLOAD, 0:url=SUFFIX or 0:copy_code=CODE")
    index, _, kind = place.partition(":")
    if not index.isdecimal() or (kind and kind not in get_args(ButtonKind)):
        raise BadOption(f"--button {text!r}: write 0=PAYLOAD, 0:url=SUFFIX or 0:copy_code=CODE.")
    return ButtonParameter(int(index), cast(ButtonKind, kind or "quick_reply"), value)


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise BadOption(f"{option} {text!r}: write {form}.")
    return name.strip(), value


def _distinct(names: Sequence[str], option: str) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadOption(f"{option}: {twice} is given twice; keep one.")


def instant(text: str | None, option: str, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> int:
    """Microseconds of `2026-12-01 09:00 America/Sao_Paulo` or RFC 3339; 0 for none. Raises BadOption.

    A local time that a clock change skips is refused; of one that comes twice the first is taken.
    """
    if not text:
        return 0
    match text.split():
        case [day, time, zone]:
            written = f"{day} {time}"
        case [day, last] if ":" not in last:
            written, zone = day, last
        case _:
            written, zone = text.strip(), ""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise BadOption(
            f"{option} {text!r}: write a date, a time and a zone, "
            "such as '2026-12-01 09:00 America/Sao_Paulo'."
        ) from None
    if moment.tzinfo is None:
        moment = _in_zone(moment, zone, option)
    if moment <= now():
        raise BadOption(f"{option} {text!r} is in the past ({moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC).")
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _in_zone(moment: datetime, name: str, option: str) -> datetime:
    if not name:
        raise BadOption(
            f"{option}: a time without a zone is ambiguous; add one, such as America/Sao_Paulo or UTC."
        )
    try:
        zoned = moment.replace(tzinfo=ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadOption(
            f"{option}: there is no time zone {name!r}; use a name such as America/Sao_Paulo."
        ) from None
    if zoned.astimezone(UTC).astimezone(ZoneInfo(name)).replace(tzinfo=None) != moment:
        raise BadOption(
            f"{option}: {moment:%Y-%m-%d %H:%M} does not exist in {name}: clocks are put forward then."
        )
    return zoned
