"""Random journeys that may be published, what may happen in them, and playing one person through.

@given(graphs().flatmap(lambda graph: st.tuples(st.just(graph), events_for(graph), facts())))
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from clarion.domain.journey.edges import Payload
from clarion.domain.journey.events import (
    Arrived,
    Called,
    Closed,
    Event,
    MessageStatus,
    Replied,
    Returned,
    Stopped,
    TimerFired,
)
from clarion.domain.journey.graph import Graph, read_graph
from clarion.domain.journey.position import Facts, Position
from clarion.domain.journey.step import Step, step

Json = dict[str, Any]
Kind = Callable[[st.DrawFn, str, Sequence[str]], tuple[Json, list[Json]]]
"""Draws a node's own fields and its ways out (edges without ends); the ids it may name come later in the graph."""

NOW = 1_790_000_000_000_000
"""September 2026, in microseconds."""

WORDS = ("yes", "no", "sim", "não", "👍", "2", "call me back")
ANSWERS = ("yes", "NO!", "Nao", "👍🏽", "２", "please call me back", "order 4711", "?", "", "a" * 5_000)
BUTTONS = ("btn-1", "btn-2", "btn-3")
NAMES = ("name", "city", "v1", "v2", "order")
TEXTS = (
    "Hello",
    "Hello {{ name }}",
    'Hello {{ name | default: "friend" }}',
    "{% if v1 %}You said {{ v1 }}{% endif %}",
    "{{ order }}: {{ contact.phone }}, {{ journey.name }}",
    "{{ city | upcase }}",
)
TESTS: tuple[Json, ...] = (
    {"attribute": "city", "is": "Recife"},
    {"variable": "v1", "exists": True},
    {"variable": "v1", "contains": "yes"},
    {"variable": "order", "at_least": 7},
    {"attribute": "name", "matches": "^a"},
    {"tag": "vip"},
    {"list": "customers"},
    {"message": "read"},
    {"language": "pt"},
    {"consent": True},
)

texts = st.sampled_from(TEXTS)
names = st.sampled_from(NAMES)
spans = st.sampled_from(["1s", "90s", "15m", "1h30m", "1d", "2d", "1w"])
conditions = st.recursive(
    st.sampled_from(TESTS),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=4,
)
contents = st.one_of(
    texts.map(lambda body: {"type": "text", "body": body}),
    texts.map(
        lambda body: {
            "type": "buttons",
            "body": body,
            "buttons": [{"id": each, "title": each} for each in BUTTONS],
        }
    ),
    texts.map(
        lambda body: {
            "type": "template",
            "name": "hello",
            "language": "pt_BR",
            "body": [{"name": "1", "value": body}],
            "buttons": [{"index": 0, "kind": "quick_reply", "value": "btn-1"}],
        }
    ),
    st.just({"type": "media", "kind": "image", "link": "https://example.com/a.png", "caption": "{{ name }}"}),
)


def _ways(*kinds: str) -> list[Json]:
    return [{"on": kind} for kind in kinds]


def _audience(draw: st.DrawFn, node: str, later: Sequence[str]) -> tuple[Json, list[Json]]:
    fields: Json = {
        "lists": ["customers"],
        "reentry": draw(st.sampled_from(["never", "after_end", "always"])),
    }
    if draw(st.booleans()):
        fields["filter"] = draw(conditions)
    if draw(st.booleans()):
        fields["triggers"] = [{"words": ["start", "🚀"], "match": "any"}]
    return fields, _ways("next")


def _message(draw: st.DrawFn, node: str, later: Sequence[str]) -> tuple[Json, list[Json]]:
    fields: Json = {
        "content": draw(contents),
        "policy": draw(st.sampled_from(["no_duplicates", "must_arrive"])),
    }
    if draw(st.booleans()):
        fields["expires"] = draw(spans)
    failed = draw(st.sampled_from([[], ["failed"]]))
    told = draw(st.sampled_from([["next"], ["next"], ["delivered"], ["read"], ["read", "delivered"]]))
    if told == ["next"]:
        return fields, _ways(*told, *failed)
    return {**fields, "timeout": draw(spans)}, _ways(*told, *failed, "timeout")


def _wait(draw: st.DrawFn, node: str, later: Sequence[str]) -> tuple[Json, list[Json]]:
    ways: list[Json] = [
        *({"on": "payload", "value": each} for each in draw(st.lists(st.sampled_from(BUTTONS), unique=True))),
        *(
            {"on": "keywords", "words": [word]}
            for word in draw(st.lists(st.sampled_from(WORDS), unique=True))
        ),
    ]
    if draw(st.booleans()):
        ways.append({"on": "regex", "pattern": r"order (?P<order>\d+)( for (?P<v2>\w+))?"})
    if draw(st.booleans()):
        ways.append({"on": "keywords", "words": ["call", "back"], "match": "all"})
    ways = draw(st.permutations(ways)) if ways else []
    ways += _ways(*draw(st.sampled_from([["fallback"], ["fallback", "failed"], ["read"], []])))
    # Some orders hide a later edge (`call me back` after all of `call`, `back`): those are left out.
    both = [w for w in ways if w.get("match") == "all"]
    ways = [w for w in ways if w.get("words") != ["call me back"]] if both else ways
    fields: Json = {"save": "v1"} if draw(st.booleans()) else {}
    if not ways or draw(st.booleans()):
        fields["timeout"] = draw(spans)
        ways += _ways("timeout")
    return fields, ways


def _delay(draw: st.DrawFn, node: str, later: Sequence[str]) -> tuple[Json, list[Json]]:
    fields: Json = draw(
        st.one_of(
            spans.map(lambda span: {"for": span}),
            st.just({"until_time": "09:30", "skip_days": ["sat", "sun"]}),
            st.just({"until_attribute": "birthday", "offset": "-1d"}),
        )
    )
    ways = _ways("next", "failure") if "until_attribute" in fields and draw(st.booleans()) else _ways("next")
    return fields, ways


def _api(draw: st.DrawFn, node: str, later: Sequence[str]) -> tuple[Json, list[Json]]:
    fields: Json = {
        "url": draw(
            st.sampled_from(["https://example.com/a", "https://example.com/{{ order }}?q={{ city }}"])
        ),
        "headers": {"X-Name": draw(texts)},
        "save": {"v2": "$.data.value"},
    }
    if draw(st.booleans()):
        fields |= {"method": "POST", "body": {"said": draw(texts)}, "save_status": "order"}
    return fields, _ways(*draw(st.sampled_from([["success"], ["success", "failure"]])))


def _split(draw: st.DrawFn, node: str, later: Sequence[str]) -> tuple[Json, list[Json]]:
    if draw(st.booleans()):
        branches = [{"name": f"b{n}", "percent": 30} for n in range(draw(st.integers(1, 3)))]
    else:
        found = draw(st.lists(conditions, min_size=1, max_size=3))
        branches = [{"name": f"b{n}", "when": when} for n, when in enumerate(found)]
    ways = [{"on": "branch", "branch": each["name"]} for each in branches]
    return {"branches": branches}, [*ways, *_ways("fallback")]


def _update(draw: st.DrawFn, node: str, later: Sequence[str]) -> tuple[Json, list[Json]]:
    fields: Json = {
        "set": {"city": draw(texts)},
        "variables": {"v2": draw(texts)},
        "add_tags": ["asked"],
        "remove_lists": ["customers"],
        "consent": draw(st.sampled_from(["", "opt_in", "opt_out"])),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(fields)), min_size=1, unique=True))
    fields = {name: fields[name] for name in chosen if fields[name]} or {"unset": ["city"]}
    return fields, _ways(*draw(st.sampled_from([["next"], ["next", "failure"]])))


def _handoff(draw: st.DrawFn, node: str, later: Sequence[str]) -> tuple[Json, list[Json]]:
    fields: Json = {"note": draw(texts), "wait": draw(st.booleans())}
    if not fields["wait"]:
        return fields, _ways(*draw(st.sampled_from([["next"], ["next"], []])))
    return {**fields, "timeout": draw(spans)}, _ways("next", "timeout")


def _goto(draw: st.DrawFn, node: str, later: Sequence[str]) -> tuple[Json, list[Json]]:
    if draw(st.booleans()):
        return {"node": draw(st.sampled_from(later))}, []
    if draw(st.integers(0, 4)) == 4:
        return {"journey": "Other"}, []
    ways = _ways(*draw(st.sampled_from([["next"], ["next", "failure"]])))
    return {"journey": "Other", "returns": True, "save": "v1"}, ways


def _end(draw: st.DrawFn, node: str, later: Sequence[str]) -> tuple[Json, list[Json]]:
    return {"outcome": draw(st.sampled_from(["finished", "bought", "lost"]))}, []


DRAWN: Mapping[str, Kind] = {
    "audience": _audience, "message": _message, "wait": _wait, "delay": _delay, "api": _api, "split": _split,
    "update": _update, "handoff": _handoff, "goto": _goto, "end": _end,
}  # fmt: skip
"""How each kind of node is drawn. A new kind needs a line here, or a test fails."""

_PAUSES = ("wait", "delay")


@st.composite
def graphs(draw: st.DrawFn, *, largest: int = 10) -> Graph:
    """A journey that may be published, over all kinds of nodes, with circles where people wait in them."""
    middle = ["message", "wait", *(kind for kind in DRAWN if kind not in ("audience", "end"))]
    some = st.lists(st.sampled_from(middle), min_size=1, max_size=3)
    many = st.lists(st.sampled_from(middle), min_size=4, max_size=largest)
    kinds = ["audience", *draw(many | many | some), "end"]
    ids = [f"{kind}-{n}" for n, kind in enumerate(kinds)]
    nodes: list[Json] = []
    edges: list[Json] = []
    for n, (kind, node) in enumerate(zip(kinds, ids, strict=True)):
        fields, ways = DRAWN[kind](draw, node, ids[n + 1 :])
        nodes.append({"id": node, "kind": kind, **fields})
        for m, way in enumerate(ways):
            # The first way leads on, so that most nodes are reached; only where people wait, ways lead back.
            back = ids[1:] if kind in _PAUSES else ids[n + 1 :]
            to = ids[n + 1] if m == 0 else draw(st.sampled_from(back))
            edges.append({"from": node, "to": to, **way})
    return read_graph(_reached(nodes, edges))


def _reached(nodes: list[Json], edges: list[Json]) -> Json:
    """The graph without the nodes that nobody comes to."""
    arcs = [(e["from"], e["to"]) for e in edges] + [(n["id"], n["node"]) for n in nodes if "node" in n]
    found = {nodes[0]["id"]}
    while new := {to for source, to in arcs if source in found} - found:
        found |= new
    return {
        "name": "Drawn",
        "sender": "Main",
        "nodes": [node for node in nodes if node["id"] in found],
        "edges": [edge for edge in edges if edge["from"] in found],
    }


@dataclass(frozen=True, slots=True)
class Happening:
    """An event whose visit is only known when it happens: `ago` visits before where the person then is.

    Without an event it is one that the person's node waits for, the `choice`-th of them.
    """

    event: Event | None
    ago: int = 0
    choice: int = 0
    changes: Mapping[str, Any] = field(default_factory=dict)
    """What is known differently from now on (fields of Facts)."""

    def at(self, graph: Graph, position: Position) -> Event:
        """The event as it comes to this position."""
        hoped = awaited(graph, position)
        event = self.event or hoped[self.choice % len(hoped)]
        match event:
            case MessageStatus():
                return replace(event, visit=max(position.message_visit - self.ago, 0))
            case TimerFired() | Called() | Returned() | Closed():
                return replace(event, visit=max(position.visit - self.ago, 0))
        return event


_STATUSES = ("accepted", "sent", "delivered", "read", "failed", "suppressed", "expired", "cancelled")


def awaited(graph: Graph, position: Position) -> Sequence[Event]:
    """Events that the person's node has a use for."""
    edges = graph.leaving(position.node)
    match graph.by_id[position.node].kind:
        case "message":
            return [MessageStatus(0, status) for status in ("accepted", "delivered", "read")]
        case "wait":
            replies = [Replied(word) for edge in edges for word in getattr(edge, "words", ())]
            buttons = [Replied("Yes", edge.value, "button") for edge in edges if isinstance(edge, Payload)]
            return [*replies, *buttons, Replied("order 9 for Ana"), Replied("?"), TimerFired(0)]
        case "api":
            return [Called(0, 200, {"data": {"value": "9"}}), Called(0, 500), Called(0, error="no answer")]
        case "goto":
            return [Returned(0, "finished", variables={"v2": "x"}), Returned(0, reason="it is not published")]
        case "handoff":
            return [Closed(0), TimerFired(0)]
    return [TimerFired(0)]


def happenings(graph: Graph) -> st.SearchStrategy[Happening]:
    """One thing that may happen to a person in this graph, at the right moment or too late."""
    words = [word for edge in graph.edges for word in getattr(edge, "words", ())]
    replies = st.one_of(
        st.sampled_from([*ANSWERS, *words]).map(Replied),
        st.sampled_from(BUTTONS).map(lambda value: Replied("Yes", value, "button")),
        st.text(max_size=20).map(Replied),
        st.sampled_from(["reaction", "image", "system"]).map(lambda about: Replied(about=about)),
    )
    bodies: st.SearchStrategy[Any] = st.sampled_from(
        [None, "", "text", [], {}, {"data": {"value": 9}}, {"data": {"value": [1, None]}}]
    )
    events = st.one_of(
        replies,
        st.just(TimerFired(0)),
        st.sampled_from(_STATUSES).map(lambda status: MessageStatus(0, status)),
        st.builds(Called, st.just(0), st.sampled_from([0, 200, 204, 404, 500]), bodies),
        st.sampled_from(["", "finished"]).map(lambda outcome: Returned(0, outcome)),
        st.sampled_from([Closed(0), Arrived()]),
        st.sampled_from([Closed(0), Stopped("stopped"), Stopped("opted_out", "STOP")]),
    )
    ago = st.sampled_from([0, 0, 0, 1, 2])
    known: st.SearchStrategy[Json] = st.just({}) | changes()
    fitting = st.integers(0, 20).map(lambda choice: Happening(None, choice=choice))
    return fitting | fitting | fitting | st.builds(Happening, events, ago, changes=known)


def changes() -> st.SearchStrategy[Json]:
    """What may become known while a person is under way."""
    return st.fixed_dictionaries(
        {},
        optional={
            "message_status": st.sampled_from(["", *_STATUSES]),
            "window_until": st.sampled_from([None, 0, NOW + 86_400_000_000]),
            "attributes": st.just({}) | st.just({"name": "Ana", "city": "Recife", "birthday": "2026-12-24"}),
            "opted_out": st.sampled_from([False] * 5 + [True]),
        },
    )


def events_for(graph: Graph) -> st.SearchStrategy[list[Happening]]:
    """What happens to one person, in any order; the arrival at the start comes before it and is not in it."""
    much = st.lists(happenings(graph), min_size=10, max_size=30)
    return much | much | st.lists(happenings(graph), max_size=3)


def facts() -> st.SearchStrategy[Facts]:
    """A person, and what is known of them."""
    return st.builds(
        Facts,
        now=st.integers(NOW, NOW + 400 * 86_400_000_000),
        person=st.sampled_from(["+5581999990000", "+34600000000", "bsuid:1"]),
        address=st.just("+5581999990000"),
        attributes=st.dictionaries(
            st.sampled_from([*NAMES, "birthday"]),
            st.sampled_from(["Ana", "Recife", "", " ", "7", "2026-12-24", "{{ name }}", "x" * 9_000]),
        ).map(lambda some: {"name": "Ana", "city": "Recife", "order": "7", "birthday": "2026-12-24", **some}),
        language=st.sampled_from(["", "pt_BR", "en"]),
        timezone=st.sampled_from(["", "America/Recife", "Europe/Madrid", "Mars/Phobos"]),
        tags=st.frozensets(st.sampled_from(["vip", "asked"])),
        lists=st.frozensets(st.sampled_from(["customers", "others"])),
        opted_out=st.sampled_from([False] * 19 + [True]),
        window_until=st.sampled_from([None, None, None, 0, NOW * 2]),
        run=st.just("7"),
    )


@dataclass(frozen=True, slots=True)
class Played:
    """One step of a person's way: where they stood, what happened, what was known, and what came of it."""

    before: Position
    event: Event
    facts: Facts
    step: Step

    @property
    def after(self) -> Position:
        return self.step.position


def play(graph: Graph, happened: Sequence[Happening], known: Facts) -> list[Played]:
    """A person from the start through all that happens."""
    position, way = Position(graph.start), []
    for each in (Happening(Arrived()), *happened):
        known = replace(known, **each.changes, now=known.now + 1_000_000)
        event = each.at(graph, position)
        way.append(Played(position, event, known, step(graph, position, event, known)))
        position = way[-1].after
    return way
