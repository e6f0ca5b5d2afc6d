"""Media: upload, look up, download by a URL that lives five minutes, delete."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from clarion.sim.desk import Refusal
from clarion.sim.http import Answer, Request
from clarion.sim.whatsapp.errors import refusal, unknown_object

URL_LIFE = 300
"""Seconds."""

_MB = 1024 * 1024
_LIMITS = {
    **dict.fromkeys(("image/jpeg", "image/png"), 5 * _MB),
    **dict.fromkeys(("video/mp4", "video/3gp", "video/3gpp"), 16 * _MB),
    **dict.fromkeys(("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"), 16 * _MB),
    "image/webp": 500 * 1024,
}
_DOCUMENT = re.compile(r"^(application/(pdf|msword|vnd\.(ms-|openxmlformats-)[\w.\-]+)|text/(plain|csv))$")
_DOCUMENT_LIMIT = 100 * _MB
_PART_NAME = re.compile(rb'name="?([^";\r\n]+)"?', re.IGNORECASE)
_PART_TYPE = re.compile(rb"content-type:\s*([^;\r\n]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Item:
    content: bytes
    mime_type: str


class Media:
    """What was uploaded in this run."""

    def __init__(self) -> None:
        self._items: dict[str, _Item] = {}
        self._next = 900000000000001

    def has(self, number: str) -> bool:
        """Whether the id exists."""
        return number in self._items

    def upload(self, request: Request) -> Answer | Refusal:
        """`POST /{phone_number_id}/media`, multipart."""
        parts = _parts(request)
        if parts is None or "file" not in parts:
            return refusal(100, "Param file is required, as multipart/form-data.")
        content, kind = parts["file"]
        mime_type = parts["type"][0].decode("latin-1") if "type" in parts else kind
        if parts.get("messaging_product", (b"", ""))[0] != b"whatsapp":
            return refusal(100, "The parameter messaging_product is required and must be whatsapp.")
        limit = _LIMITS.get(
            mime_type.partition(";")[0], _DOCUMENT_LIMIT if _DOCUMENT.match(mime_type) else None
        )
        if limit is None:
            return refusal(100, f"Param file must be a file of a supported type; received {mime_type}.")
        if len(content) > limit:
            return refusal(131053, f"The file has {len(content)} bytes; {mime_type} may have {limit}.")
        number = str(self._next)
        self._next += 1
        self._items[number] = _Item(content, mime_type)
        return Answer.json({"id": number})

    def describe(self, number: str, base: str) -> Answer:
        """`GET /{media_id}`."""
        item = self._items[number]
        expires = int(time.time()) + URL_LIFE
        return Answer.json(
            {
                "messaging_product": "whatsapp",
                "url": f"{base}/whatsapp_business/attachments/?mid={number}&ext={expires}",
                "mime_type": item.mime_type,
                "sha256": sha256(item.content).hexdigest(),
                "file_size": len(item.content),
                "id": number,
            }
        )

    def download(self, parameters: Mapping[str, str]) -> Answer:
        """`GET` of the URL that `describe` gave."""
        item = self._items.get(parameters.get("mid", ""))
        expires = parameters.get("ext", "")
        if item is None or not expires.isdigit() or int(expires) < time.time():
            return Answer(404, b"", "text/plain")
        return Answer(200, item.content, item.mime_type)

    def delete(self, number: str) -> Answer | Refusal:
        """`DELETE /{media_id}`."""
        if self._items.pop(number, None) is None:
            return unknown_object("DELETE", number)
        return Answer.json({"success": True})


def _parts(request: Request) -> dict[str, tuple[bytes, str]] | None:
    """The form's parts by name: content and type. None when the body is not a multipart form."""
    kind, _, rest = request.headers.get(b"content-type", b"").partition(b";")
    found = re.search(rb'boundary="?([^";]+)"?', rest)
    if kind.strip().lower() != b"multipart/form-data" or found is None:
        return None
    parts: dict[str, tuple[bytes, str]] = {}
    for piece in (b"\r\n" + request.body).split(b"\r\n--" + found[1])[1:-1]:
        head, _, content = piece.partition(b"\r\n\r\n")
        name, mime = _PART_NAME.search(head), _PART_TYPE.search(head)
        if name is not None:
            parts[name[1].decode()] = (content, mime[1].decode().strip() if mime else "text/plain")
    return parts
