"""What a dry run assumes, as people write it: `button:1=40%,text:yes=10%,stop=2%`, or a file with more.

A file (TOML or JSON):

    replies = "button:1=40%,text:yes=10%,stop=2%"    # at every wait that is not named below; the rest is silent
    after = "10s..2h"                                # how long after the message arrived

    [nodes.ask_day]                                  # at this wait
    replies = "text:monday=70%"
    after = "1m..10m"

    [messages]
    refused = "0%"                                   # by the provider, at once
    failed = "1%"                                    # on the way
    read = "80%"                                     # of those that arrive
    delivered_after = "1s..20s"
    read_after = "5s..1h"

    [calls.check_stock]                              # how the calls of this api node end
    status = 200
    body = { stock = 3 }

    [[calls.pay]]                                    # or in several ways
    share = "90%"
    status = 201
    [[calls.pay]]
    share = "10%"
    error = "timed out"

    [handoffs]
    closed_after = "10m..4h"
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from clarion.domain.journey.crowd import Answer, Between, Deliveries, Mix, Plan, Result
from clarion.domain.journey.span import micros

_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*%")
_KINDS = "button:1=40%, button:ID=40%, text:yes=10%, stop=2% or none=48%"


def read_mix(text: str, after: Between | None = None) -> Mix:
    """The mix in one line; `after=10s..2h` may stand in it. Raises ValueError naming the part."""
    answers: list[Answer] = []
    silent = 0.0
    delay = after or Mix().after
    for part in next(csv.reader([text], skipinitialspace=True), []):
        what, equals, how = (piece.strip() for piece in part.rpartition("="))
        kind, _, value = (piece.strip() for piece in what.partition(":"))
        if not equals:
            raise ValueError(f"{part!r} has no share: write {_KINDS}")
        if kind == "after":
            delay = read_between(how)
        elif kind == "none":
            silent += read_share(how)
        elif (kind in ("button", "text") and value) or what == "stop":
            answers.append(Answer(read_share(how), kind, value))
        else:
            raise ValueError(f"{what!r} is no way to answer: write {_KINDS}")
    whole = sum(answer.share for answer in answers) + silent
    if whole > 1.000001:
        raise ValueError(f"the shares add up to {whole:.4g} times everybody: at most 100% are there")
    return Mix(tuple(answers), delay)


def read_share(text: Any) -> float:
    """`40%` as 0.4. Raises ValueError."""
    found = _SHARE.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None or float(found[1]) > 100:
        raise ValueError(f"{text!r} is not a share: write 40%")
    return float(found[1]) / 100


def read_between(text: Any) -> Between:
    """`10s..2h`, or `10s` for exactly that. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is not a delay: write 10s..2h")
    least, _, most = text.partition("..")
    between = Between(micros(least), micros(most or least))
    if between.most < between.least:
        raise ValueError(f"{text!r} ends before it begins")
    return between


def read_plan(data: Mapping[str, Any]) -> Plan:
    """The plan in a parsed file. Raises ValueError saying where it is wrong."""
    _only(data, "the file", "replies", "after", "nodes", "messages", "calls", "handoffs")
    whole = {key: data[key] for key in ("replies", "after") if key in data}
    plan = Plan(
        replies=_mix("replies", whole) if "replies" in whole else None,
        at={node: _mix(f"nodes.{node}", mix) for node, mix in _table(data, "nodes").items()},
        deliveries=_deliveries(_table(data, "messages")),
        calls=read_calls(_table(data, "calls")),
    )
    if "after" in whole and "replies" not in whole:
        raise ValueError("`after` belongs to `replies`: say how people answer, too")
    handoffs = _table(data, "handoffs")
    _only(handoffs, "handoffs", "closed_after")
    if not handoffs:
        return plan
    return replace(plan, closed_after=_at("handoffs.closed_after", read_between, handoffs["closed_after"]))


def read_calls(data: Mapping[str, Any]) -> dict[str, tuple[Result, ...]]:
    """How the calls of each api node end. Raises ValueError saying where it is wrong."""
    return {
        node: tuple(_result(f"calls.{node}", each) for each in (ends if isinstance(ends, list) else [ends]))
        for node, ends in data.items()
    }


def _mix(place: str, data: Any) -> Mix:
    table = _is_table(place, data)
    _only(table, place, "replies", "after")
    after = _at(f"{place}.after", read_between, table["after"]) if "after" in table else None
    text = table.get("replies")
    if not isinstance(text, str):
        raise ValueError(f'{place}: say how people answer, such as replies = "button:1=40%"')
    mix: Mix = _at(place, lambda line: read_mix(line, after), text)
    return mix


def _deliveries(data: Mapping[str, Any]) -> Deliveries:
    shares, delays = ("refused", "failed", "read"), ("accepted_after", "delivered_after", "read_after")
    _only(data, "messages", *shares, *delays)
    read: dict[str, Any] = {
        name: _at(f"messages.{name}", read_share if name in shares else read_between, value)
        for name, value in data.items()
    }
    plan = replace(Deliveries(), **read)
    if plan.refused + plan.failed > 1:
        raise ValueError("messages: `refused` and `failed` together are more than everybody")
    return plan


def _result(place: str, data: Any) -> Result:
    table = _is_table(place, data)
    _only(table, place, "share", "status", "body", "error")
    share = _at(f"{place}.share", read_share, table["share"]) if "share" in table else 1.0
    status, error = table.get("status", 0 if "error" in table else 200), table.get("error", "")
    if type(status) is not int or not (status == 0 or 100 <= status <= 599) or not isinstance(error, str):
        raise ValueError(f"{place}: `status` is a number such as 200 (0: no answer), `error` a text")
    return Result(share, status, table.get("body", {} if status else None), error)


def _at(place: str, read: Any, value: Any) -> Any:
    try:
        return read(value)
    except ValueError as problem:
        raise ValueError(f"{place}: {problem}") from None


def _table(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return _is_table(name, data.get(name, {}))


def _is_table(place: str, data: Any) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise ValueError(f"{place} must be a table of names and values")
    return data


def _only(data: Mapping[str, Any], place: str, *names: str) -> None:
    for name in data:
        if name not in names:
            raise ValueError(f"{place} has no {name!r}; there are {', '.join(names)}")
