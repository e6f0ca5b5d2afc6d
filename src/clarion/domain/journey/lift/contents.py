"""Foreign messages as our contents: text, a file, buttons, a list, or a template with its values."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clarion.domain.journey.lift.loose import as_list, as_map, first, pairs, text
from clarion.domain.journey.lift.report import Report, brief
from clarion.domain.journey.lift.texts import Texts

_SID = re.compile(r"HX[0-9a-fA-F]{32}")
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_NUMBERED = re.compile(r"\{\{\s*(\d{1,2})\s*\}\}")
_BODIES = ("text", "body", "message", "content", "messageText", "caption")
_SIDS = ("contentSid", "content_sid", "contentId", "templateSid", "content_template_sid")
_VALUES = (
    "contentVariables", "content_variables", "content_template_variables", "templateVariables", "variables",
    "params", "parameters",
)  # fmt: skip
_FILES = ("mediaUrl", "media_url", "mediaUrls", "media", "imageUrl", "image", "fileUrl")
_KINDS = {
    "video": "mp4 3gp mov webm",
    "audio": "mp3 ogg oga amr aac m4a opus wav",
    "document": "pdf doc docx xls xlsx ppt pptx txt csv zip vcf",
    "sticker": "webp",
}
_TITLES = ("title", "text", "label", "name")
_IDS = ("payload", "id", "value", "key")
_BUTTONS = ("buttons", "quickReplies", "quick_replies", "options")
_LANGUAGES = ("language", "templateLanguage", "lang")
_NAMED = ("template", "templateName", "template_name")
CONTENT_FIELDS = frozenset({*_BODIES, *_SIDS, *_VALUES, *_FILES, *_BUTTONS, *_LANGUAGES, *_NAMED})
"""Fields of a message that are read here."""
MOST_BUTTONS, MOST_ROWS = 3, 10
"""WhatsApp's own: more buttons become a list, whose rows are limited too."""


@dataclass(frozen=True, slots=True)
class Contents:
    """Reads the fields of a foreign message. What it cannot keep it tells the report."""

    texts: Texts
    report: Report

    def read(self, data: Mapping[str, Any], where: str) -> dict[str, Any]:
        """The content as JSON. A message without any has an empty body, which no provider sends."""
        sid, name = _template(data)
        if sid or name:
            return self._template_content(data, where, sid or name)
        words = self._body(data, where)
        file = self._file(data, where)
        choices = list(self._choices(data, where))
        if choices:
            return self._asked(words, file, choices, where)
        if file:
            return {"type": "media", **file, **({"caption": words} if words else {})}
        if not words.strip():
            self.report.lost(where, "No text was found in it: write one, or it can never be sent.")
        return {"type": "text", "body": words}

    def _body(self, data: Mapping[str, Any], where: str) -> str:
        found = first(data, *_BODIES)
        if isinstance(found, dict):
            found = first(found, *_BODIES)
        body = text(found)
        template = data.get("template")
        if not body and isinstance(template, str):
            body = template
        values = dict(pairs(first(data, *_VALUES)) if not _row(data) else _row(data))
        if values and _NUMBERED.search(body):
            body = _NUMBERED.sub(lambda hole: _value(values.get(hole[1], hole[0])), body)
            self.report.changed(where, "Its numbered variables were replaced by what stood for them.")
        elif found := _NUMBERED.search(body):
            self.report.lost(where, f"Nothing says what {found.group()} stands for: write a variable's name.")
        return self.texts.carry(body, where, "text")

    def _template_content(self, data: Mapping[str, Any], where: str, name: str) -> dict[str, Any]:
        inner = as_map(data.get("template"))
        source = inner if first(inner, *_VALUES) is not None else data
        values = _row(source) or list(pairs(first(source, *_VALUES)))
        body = [
            {"name": key, "value": self.texts.carry(_value(value), where, f"value {key}")}
            for key, value in values
        ]
        language = first(inner, "language", "lang") or first(data, *_LANGUAGES)
        if isinstance(language, dict):
            language = language.get("code")
        made: dict[str, Any] = {"type": "template", "name": name}
        if language and not name.startswith("HX"):
            made["language"] = text(language)
        if body:
            made["body"] = body
            made |= {"named": True} if not name.startswith("HX") and not body[0]["name"].isdigit() else {}
        if inner.get("components"):
            self.report.lost(
                where,
                f"The components of the template {brief(name)!r} were not read: fill in its values anew.",
            )
        if list(self._choices(data, where)):
            self.report.changed(
                where, "A template brings its own buttons: the ones drawn here were left out."
            )
        return made

    def _file(self, data: Mapping[str, Any], where: str) -> dict[str, Any]:
        links = [
            text(first(as_map(each), "url", "link", "src") if isinstance(each, dict) else each)
            for each in as_list(first(data, *_FILES))
        ]
        links = [link for link in links if link]
        if not links:
            return {}
        if len(links) > 1:
            self.report.lost(
                where,
                f"Only the first of its {len(links)} files was kept: add a message for each of the others.",
            )
        ending = re.split(r"[?#]", links[0])[0].rpartition(".")[2].lower()
        kind = next((kind for kind, endings in _KINDS.items() if ending in endings.split()), "image")
        return {"kind": kind, "link": self.texts.carry(links[0], where, "address of the file")}

    def _choices(self, data: Mapping[str, Any], where: str) -> Iterator[tuple[str, str]]:
        for each in as_list(first(data, *_BUTTONS)):
            entry = each if isinstance(each, dict) else {"title": each}
            title = text(first(entry, *_TITLES))
            if first(entry, "url", "phone", "phoneNumber"):
                self.report.lost(
                    where, f"The button {brief(title)!r} opens an address or a call: that takes a template."
                )
            elif title:
                yield text(first(entry, *_IDS)) or title, self.texts.carry(title, where, "button")

    def _asked(
        self, words: str, file: dict[str, Any], choices: list[tuple[str, str]], where: str
    ) -> dict[str, Any]:
        rows = [{"id": each[:256], "title": title} for each, title in choices]
        if len(rows) <= MOST_BUTTONS:
            made = {"type": "buttons", "body": words, "buttons": rows}
            return made | ({"header_media": file} if file else {})
        self.report.changed(
            where, f"{len(rows)} buttons became a list, because there may be {MOST_BUTTONS} at most."
        )
        if len(rows) > MOST_ROWS:
            left = ", ".join(repr(brief(row["title"], 20)) for row in rows[MOST_ROWS:])
            self.report.lost(
                where, f"A list has {MOST_ROWS} rows at most; these were left out: {brief(left, 200)}."
            )
        if file:
            self.report.lost(where, "A list carries no file: send it in a message before.")
        sections = [{"title": "", "rows": rows[:MOST_ROWS]}]
        return {"type": "list", "body": words, "button": "…", "sections": sections}


def choice_ids(data: Mapping[str, Any]) -> dict[str, str]:
    """The payload of each button, by its payload and by its title: edges may be drawn from either."""
    found: dict[str, str] = {}
    for each in as_list(first(data, *_BUTTONS)):
        entry = each if isinstance(each, dict) else {"title": each}
        title = text(first(entry, *_TITLES))
        payload = text(first(entry, *_IDS)) or title
        for key in (payload, title):
            if key:
                found.setdefault(key, payload)
    return found


def _template(data: Mapping[str, Any]) -> tuple[str, str]:
    """A Twilio content's id, and a WhatsApp template's name; "" where there is none."""
    template = data.get("template")
    given = (
        text(first(as_map(template), "sid", "contentSid", "name", "id")) if isinstance(template, dict) else ""
    )
    given = given or text(first(data, "templateName", "template_name")) or text(template)
    sid = text(first(data, *_SIDS))
    if sid or _SID.fullmatch(given):
        return sid or given, ""
    return "", given if _NAME.fullmatch(given) else ""


def _row(data: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Values given in a row, without names: the first is 1."""
    found = first(data, *_VALUES)
    if isinstance(found, list) and not any(isinstance(each, dict) for each in found):
        return [(str(n), each) for n, each in enumerate(found, 1)]
    return []


def _value(value: Any) -> str:
    """What stands for a variable: a text, or the name of another one in an object."""
    if isinstance(value, dict):
        return text(first(value, "value", "text", "default"))
    return text(value)
