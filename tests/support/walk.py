"""Requests to every operation of the API, made from its own document."""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case as AnyCase
from schemathesis.core import NotSet
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation

from clarion.api.app import describe
from clarion.api.fields import PREFIXES
from clarion.sim.server import Simulator
from tests.support.api import Api, api

Case: TypeAlias = AnyCase[Any]
Operation: TypeAlias = APIOperation[Any, Any, Any, Any]

_ID = re.compile(rf"({'|'.join(PREFIXES.values())})_[1-9][0-9]*")

LIVE = {"listen"}
"""Operations whose answer does not end."""


@cache
def operations() -> Mapping[str, Operation]:
    """Every operation by its id."""
    schema = schemathesis.openapi.from_dict(describe())
    found = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    return {each.definition.raw["operationId"]: each for each in found}


def cases(operation: Operation, mode: GenerationMode) -> st.SearchStrategy[Case]:
    """Requests that keep to the document, or (negative) that break it somewhere."""
    return operation.as_strategy(generation_mode=mode)


def with_ids(case: Case, change: Callable[[str, str], str]) -> None:
    """Put `change(prefix, id)` for each id in the path, query and body."""
    for place in ("path_parameters", "query", "body"):
        held = getattr(case, place)
        if not isinstance(held, NotSet) and held is not None:
            setattr(case, place, _changed(held, change))


def _changed(value: Any, change: Callable[[str, str], str]) -> Any:
    if isinstance(value, str):
        found = _ID.fullmatch(value)
        return change(found[1], value) if found else value
    if isinstance(value, Mapping):
        return {name: _changed(each, change) for name, each in value.items()}
    if isinstance(value, list):
        return [_changed(each, change) for each in value]
    return value


def at(sim: Simulator) -> dict[str, Any]:
    """Settings that lead to the simulator."""
    return {
        "whatsapp": {"base_url": sim.url},
        "twilio": dict.fromkeys(("base_url", "content_url", "messaging_url"), sim.url),
    }


@contextmanager
def served(database_url: str, folder: Path, prepare: Callable[[Api], Any]) -> Iterator[tuple[Api, Any]]:
    """The API in a thread of its own, for tests that ask from outside; with what `prepare` gave.

    The simulator stands in for the providers, so that what asks them is answered.
    """
    started, end = threading.Event(), asyncio.Event()
    held: dict[str, Any] = {}

    async def run() -> None:
        held["loop"] = asyncio.get_running_loop()
        async with Simulator() as sim, api(database_url, folder, **at(sim)) as running:
            held["api"], held["made"] = running, await prepare(running)
            started.set()
            await end.wait()

    def work() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:
            held["error"] = error
            raise
        finally:
            started.set()

    thread = threading.Thread(target=work, name="api")
    thread.start()
    started.wait(30)
    assert "error" not in held, held
    try:
        yield held["api"], held["made"]
    finally:
        held["loop"].call_soon_threadsafe(end.set)
        thread.join(30)
