"""What was handed in: parsed, within limits, and told apart by its shape."""

from collections.abc import Mapping
from typing import Any, Literal, NoReturn

import orjson

from clarion.domain.errors import BadGraph
from clarion.domain.journey.lift.loose import as_map
from clarion.domain.journey.limits import DEEPEST, LARGEST, MOST_NODES, too_much
from clarion.domain.journey.problem import Problem

Kind = Literal["platform", "studio"]

_WRAPPERS = ("definition", "flow", "graph", "journey", "workflow", "data")
"""Fields under which exports and APIs put the graph itself."""
_NAMES = ("name", "friendly_name", "friendlyName", "title")


def read_source(source: bytes | Mapping[str, Any]) -> tuple[Kind, dict[str, Any], str]:
    """The kind of graph, the graph, and the name it gives itself. Raises BadGraph."""
    data = _parsed(source)
    if str(data.get("format", "")).startswith("clarion.journey"):
        _refuse("is one of Clarion's own: import it as it is")
    name = _name(data)
    for wrapper in ("", *_WRAPPERS):
        inner = data if not wrapper else as_map(data.get(wrapper))
        for kind, part in (("studio", "states"), ("platform", "nodes")):
            if isinstance(inner.get(part), list):
                _check(inner, part)
                return kind, dict(inner), _name(inner) or name  # type: ignore[return-value]  # the two above
    _refuse(
        "is neither a platform graph (`nodes` and `edges`) nor a Twilio Studio flow (`states`): "
        "give the JSON that the old system exports for one journey"
    )


def _parsed(source: bytes | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(source, Mapping):
        # Looked at first: the JSON writer would refuse what is too deep without saying where.
        _no_more(source)
        try:
            source = orjson.dumps(source)
        except TypeError as error:
            _refuse(f"is not JSON: {error}")
    if len(source) > LARGEST:
        _refuse(f"is larger than {LARGEST >> 20} MiB")
    try:
        data = orjson.loads(source)
    except orjson.JSONDecodeError as error:
        if "depth" in error.msg or "recursion" in error.msg.lower():
            _refuse(f"is nested more than {DEEPEST} levels deep")
        _refuse(f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}")
    if isinstance(data, list) and len(data) == 1:
        data = data[0]  # how Twilio's command line prints one flow
    if not isinstance(data, dict):
        _refuse("must be a JSON object")
    _no_more(data)
    return data


def _check(data: Mapping[str, Any], part: str) -> None:
    count = len(data[part])
    if count > MOST_NODES:
        _refuse(f"has {count:,} {part}, at most {MOST_NODES:,} are allowed: bring it in parts", part)
    if not any(isinstance(each, dict) for each in data[part]):
        _refuse(f"has no {part}", part)
    _no_more(data)


def _name(data: Mapping[str, Any]) -> str:
    return next((data[key].strip() for key in _NAMES if isinstance(data.get(key), str)), "")


def _no_more(data: Mapping[str, Any]) -> None:
    if problems := too_much(data):
        raise BadGraph(problems)


def _refuse(problem: str, field: str = "") -> NoReturn:
    raise BadGraph([Problem("", field, problem)])
