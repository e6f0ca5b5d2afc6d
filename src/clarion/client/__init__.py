"""Clarion's API for Python programs: `Client` waits, `AsyncClient` is for asyncio. Neither needs a server's parts.

from clarion.client import Client

with Client("https://clarion.example.org", "clr_live_...") as client:
    for sender in client.list_senders():
        print(sender.id, sender.name)
"""

from typing import TYPE_CHECKING, Any

from clarion.client import models
from clarion.client.calls import Answer, Retries
from clarion.client.errors import BadAnswer, ClientError, Detail, NoAnswer, ProblemError, StreamEnded
from clarion.client.events import Event
from clarion.client.operations import Client
from clarion.client.pages import Page
from clarion.client.sync import Download, Pages
from clarion.client.values import UNSET, Unset

if TYPE_CHECKING:
    from clarion.client.aio import AsyncDownload, AsyncPages
    from clarion.client.operations_async import AsyncClient

__all__ = [
    "UNSET",
    "Answer",
    "AsyncClient",
    "AsyncDownload",
    "AsyncPages",
    "BadAnswer",
    "Client",
    "ClientError",
    "Detail",
    "Download",
    "Event",
    "NoAnswer",
    "Page",
    "Pages",
    "ProblemError",
    "Retries",
    "StreamEnded",
    "Unset",
    "models",
]


def __getattr__(name: str) -> Any:
    """What needs aiohttp is imported by whoever asks for it: it takes as long as all the rest."""
    if name == "AsyncClient":
        from clarion.client import operations_async

        return operations_async.AsyncClient
    if name in ("AsyncDownload", "AsyncPages"):
        from clarion.client import aio

        return getattr(aio, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
