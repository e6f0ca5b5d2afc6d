"""Live events: how a stream of them is read, and how it is taken up again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError

from clarion.client.calls import bad
from clarion.client.errors import StreamEnded

COME_BACK = ("stopping", "unavailable")
"""Reasons of an end after which the stream is opened again."""
SILENCE = 45.0
"""Seconds without a sign of life after which the connection is taken for dead; the server sends one every 15."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `data` is a model of `clarion.client.models`, such as LiveCampaign.

    `resync` means that events were missed: read anew what you show, and go on listening.
    """

    name: str
    data: Any
    id: str


class Reader:
    """Makes events of the bytes of a stream, however they are cut; remembers the last id over connections."""

    def __init__(self, since: str = "") -> None:
        self.last_id, self.retry = since, 2.0
        self._rest = b""
        self._name, self._data = "", ""

    def begin(self) -> None:
        """A new connection: what the last one left unfinished is void."""
        self._rest, self._name, self._data = b"", "", ""

    def feed(self, found: bytes) -> Iterator[Event]:
        """The events that are complete now. Raises StreamEnded, and Reconnect when the server goes away."""
        *lines, self._rest = (self._rest + found).split(b"\n")
        for line in lines:
            event = self._line(line.decode(errors="replace").rstrip("\r"))
            if event is not None:
                yield event

    def _line(self, line: str) -> Event | None:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "event":
                self._name = value
            case "data":
                self._data += value
            case "id":
                self.last_id = value
            case "retry" if value.isdigit():
                self.retry = int(value) / 1_000
            case "" if not line and self._data:
                name, data = self._name, self._data
                self._name, self._data = "", ""
                return self._event(name, orjson.loads(data))
        return None

    def _event(self, name: str, data: Any) -> Event:
        if name == "end":
            if data.get("reason") in COME_BACK:
                raise Reconnect
            raise StreamEnded(str(data.get("reason", "")), str(data.get("detail", "")))
        kind = kinds().get(name)
        if kind is None:
            return Event(name, data, self.last_id)
        try:
            return Event(name, kind.model_validate(data), self.last_id)
        except ValidationError as error:
            raise bad(kind.__name__, error) from None


class Reconnect(Exception):
    """The server ended the stream and will take it up again."""


def kinds() -> dict[str, type[BaseModel]]:
    """The model of each event's data, by its name."""
    from clarion.client import models

    return {
        "campaign": models.LiveCampaign,
        "run": models.LiveRun,
        "conversation": models.LiveConversation,
        "reply": models.LiveReply,
        "engine": models.LiveEngine,
        "notice": models.LiveNotice,
        "resync": models.LiveResync,
    }
