"""A rendered content as plain text, the way its reader would see it; for previews, dry runs and exports."""

import re

from clarion.domain.content import Buttons, Content, ListPicker, Media, Template, Text

_VARIABLE = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")


def as_text(content: Content, template_text: str = "") -> str:
    """The words of the content. `template_text` is the approved body that a Template's parameters go into."""
    match content:
        case Text(body=body):
            return body
        case Media():
            return _lines(_media(content), content.caption)
        case Buttons():
            header = _media(content.header_media) if content.header_media else content.header
            buttons = " ".join(f"[{button.title}]" for button in content.buttons)
            return _lines(header, content.body, content.footer, buttons)
        case ListPicker():
            rows = " ".join(f"[{row.title}]" for section in content.sections for row in section.rows)
            return _lines(content.header, content.body, content.footer, f"[{content.button}]", rows)
        case Template():
            return _template(content, template_text)


def _template(content: Template, template_text: str) -> str:
    values = {parameter.name: parameter.value for parameter in content.body}
    header = _media(content.header_media) if content.header_media else ""
    header = header or (content.header.value if content.header else "")
    if template_text:
        body = _VARIABLE.sub(lambda found: values.get(found[1], found[0]), template_text)
    else:
        body = _lines(f"template {content.name}", *(f"{name}: {value}" for name, value in values.items()))
    return _lines(header, body, " ".join(f"[{button.value}]" for button in content.buttons))


def _media(media: Media) -> str:
    return f"<{media.kind} {media.filename or media.link or media.id}>"


def _lines(*parts: str) -> str:
    return "\n".join(part for part in parts if part)
