"""Journeys of the Node and Twilio platform: nodes audience, message, api, delay, wait and end.

Their exact JSON was never published, so this reads the shapes such canvases are saved in: nodes with a `data`
object or with their fields beside the id, edges from `source` to `target` or `from` `to`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from clarion.domain.journey.lift.answers import Answers
from clarion.domain.journey.lift.contents import choice_ids
from clarion.domain.journey.lift.draft import Draft
from clarion.domain.journey.lift.loose import as_map, first, place, text
from clarion.domain.journey.lift.platform_nodes import SAVES, Foreign, Nodes
from clarion.domain.journey.lift.platform_ways import Ways
from clarion.domain.journey.lift.report import Report
from clarion.domain.journey.lift.texts import Texts
from clarion.domain.journey.lift.ways import Way, read_ways
from clarion.domain.journey.lift.words import Words, holds_groups

_KINDS = {
    "audience": "audience start trigger entry begin",
    "message": "message sendmessage send_message text template whatsapp sms",
    "api": "api http webhook request httprequest apicall api_call",
    "delay": "delay sleep pause timer",
    "wait": "wait waitforreply wait_for_reply waitreply waitinput reply",
    "end": "end stop exit finish",
}
_BY_WORD = {word: kind for kind, words in _KINDS.items() for word in words.split()}


def draft_platform(data: Mapping[str, Any], draft: Draft, report: Report) -> None:
    """Fill the draft and the report from one graph."""
    nodes = _nodes(data, report)
    ways = _ways(data, nodes, report)
    groups = _groups(nodes, ways)
    saved = frozenset(text(first(node.fields, *SAVES)) for node in nodes.values())
    texts = Texts(report, Words(report, groups, saved).translate)
    maker = Nodes(draft, report, texts, ways)
    for node in nodes.values():
        maker.make(node)
    _begin(nodes, ways, draft, report)
    drawer = Ways(draft, report, Answers(draft, report, name_groups=groups > 0), maker.saves)
    for node in nodes.values():
        drawer.leave(node, ways[node.where])


def _nodes(data: Mapping[str, Any], report: Report) -> dict[str, Foreign]:
    found: dict[str, Foreign] = {}
    for n, each in enumerate(data["nodes"], 1):
        if not isinstance(each, dict):
            report.lost("", f"Node #{n} is not an object and was left out.")
            continue
        where = text(first(each, "id", "key", "name")) or f"#{n}"
        if where in found:
            report.lost(where, f"Node #{n} has the id of an earlier one and was left out.")
            continue
        fields = {**each, **as_map(each.get("data"))}
        types = [text(each.get("type")), *_types(as_map(each.get("data"))), text(each.get("kind"))]
        kind = next((_BY_WORD[name] for name in map(_plain, types) if name in _BY_WORD), "")
        said = next((name for name in types if name), "")
        found[where] = Foreign(where, kind, said, fields, place(each.get("position") or each))
    return found


def _types(data: Mapping[str, Any]) -> Iterator[str]:
    for key in ("type", "kind", "nodeType"):
        yield text(data.get(key))


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")


def _ways(data: Mapping[str, Any], nodes: Mapping[str, Foreign], report: Report) -> dict[str, list[Way]]:
    found: dict[str, list[Way]] = {where: [] for where in nodes}
    choices = {where: choice_ids(node.fields) for where, node in nodes.items()}
    for way in read_ways(data.get("edges"), choices, report):
        if way.source not in nodes:
            report.lost(way.source, f"An edge leaves it to {way.target!r}, but there is no such node.")
        elif way.target not in nodes:
            report.lost(way.source, f"Its way to {way.target!r} is not drawn: there is no such node.")
        else:
            found[way.source].append(way)
    return found


def _groups(nodes: Mapping[str, Foreign], ways: Mapping[str, list[Way]]) -> int:
    """How many groups the patterns have at most, if a text speaks of one."""
    patterns = [value for each in ways.values() for way in each if way.on == "regex" for value in way.values]
    most = max((len(re.findall(r"(?<!\\)\((?!\?)", pattern)) for pattern in patterns), default=0)
    if most and holds_groups(orjson.dumps([node.fields for node in nodes.values()]).decode()):
        return min(most, 9)
    return 0


def _begin(nodes: Mapping[str, Foreign], ways: Mapping[str, list[Way]], draft: Draft, report: Report) -> None:
    """A start where the file has none: before what nothing leads to."""
    if draft.has_start():
        return
    reached = {way.target for each in ways.values() for way in each}
    first_node = next((node for node in nodes.values() if node.where not in reached), None)
    begin = first_node or next(iter(nodes.values()))
    draft.begin(draft.ids.of(begin.where), begin.at)
    report.changed("", f"It had no audience: a start was put before {begin.where!r}.")
