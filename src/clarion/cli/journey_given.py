"""What the operator gives to `journey simulate` and `journey chat`: graphs, plans, tables in files."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import orjson

from clarion.bootstrap import Installation
from clarion.cli.base import BadOption, named
from clarion.cli.journey_files import read
from clarion.domain.journey.crowd import Plan
from clarion.domain.journey.graph import Graph, read_graph
from clarion.domain.journey.plan import read_mix, read_plan
from clarion.domain.journey.problem import Problem
from clarion.domain.journey.span import micros
from clarion.services.journeys import journeys

T = TypeVar("T")


async def load_graph(installed: Installation, journey: str) -> tuple[Graph, list[Problem]]:
    """The graph of a file or of a saved journey's draft, and what is wrong with it here. Raises BadGraph, NotFound."""
    path = Path(journey)
    source: bytes | dict[str, Any]
    if journey == "-" or path.suffix == ".json":
        source = read(path)
    else:
        source = await journeys.export_journey(installed.db, named(journey), workspace=installed.workspace)
    return read_graph(source), await journeys.check_journey(
        installed.db, source, workspace=installed.workspace
    )


def plan_of(replies: str) -> Plan:
    """How people answer, from one line or a file. Raises BadOption."""
    if not replies:
        return Plan()
    if Path(replies).suffix in (".toml", ".json"):
        return table_in("--replies", Path(replies), read_plan)
    try:
        return Plan(replies=read_mix(replies))
    except ValueError as problem:
        raise BadOption(f"--replies: {problem}.") from None


def span_of(option: str, text: str) -> int:
    """A duration in microseconds. Raises BadOption."""
    try:
        return micros(text)
    except ValueError as problem:
        raise BadOption(f"{option}: {problem}.") from None


def table_in(option: str, path: Path, understand: Callable[[Mapping[str, Any]], T]) -> T:
    """A TOML or JSON file as what `understand` makes of it. Raises BadOption."""
    raw = read(path)
    try:
        data = orjson.loads(raw) if path.suffix == ".json" else tomllib.loads(raw.decode())
        if not isinstance(data, dict):
            raise ValueError("it must hold a table of names and values")
        return understand(data)
    except ValueError as problem:
        raise BadOption(f"{option}: {path} cannot be used: {problem}.") from None
